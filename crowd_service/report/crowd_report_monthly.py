from dateutil.relativedelta import relativedelta

from odoo import _, api, fields, models
from odoo.tools import format_date
from odoo.tools.misc import formatLang

from ..kpi import page_charts

TRENDED = "within_60"  # the share that the months are compared by
MONTHS = 12
MOST_LISTED = 40  # tickets that are named one by one
NOW = ("at_risk",)  # how it is at this moment is nothing about a month
#: Tables of dispatches: the field they are cut by, and their name on the page.
CUTS = (("territory_id", "territories"), ("service_id", "services"))
#: What the tables show of each group: measure and unit.
DISPATCHES = {
    "nbr": "",
    "within_10": "%",
    "within_60": "%",
    "minutes_to_accept": "min",
    "is_escalated": "%",
    "is_solved": "%",
}
ESCALATIONS = {"nbr": "", "acknowledged_in_time": "%", "minutes_to_acknowledge": "min"}
MESSAGES = {
    "nbr": 0,
    "is_reached": "%",
    "is_receipted": "%",
    "minutes_to_answer": "min",
}


class CrowdReportMonthly(models.AbstractModel):
    """The pages of the monthly report.

    Everything is read with the rights of the reader, in his language.
    """

    _name = "report.crowd_service.crowd_report_monthly"
    _description = "Monthly report"

    @api.model
    def _get_report_values(self, docids, data=None):
        wizards = self.env["crowd.monthly"].browse(docids)
        wizards.check_access_rights("read")
        wizards.check_access_rule("read")  # whatever is in the cache
        return {
            "doc_ids": docids,
            "doc_model": "crowd.monthly",
            "docs": wizards,
            "pages": [self._get_page(wizard) for wizard in wizards],
        }

    @api.model
    def _get_page(self, wizard):
        """Return what is printed for ``wizard``, a dictionary."""
        company = wizard.company_id
        # whoever may not be in that company is refused here
        self = self.with_company(company).with_context(
            allowed_company_ids=company.ids, **self._get_context(wizard)
        )
        period = wizard._get_period()
        domain = self._get_domain(wizard, *period)
        return {
            "company": company,
            "month": self._word_month(period[0]),
            "scope": ", ".join(
                filter(None, wizard.mapped("team_id.name") + [wizard.territory_id.name])
            ),
            "printed": format_date(self.env, self.env["crowd.kpi"]._today()),
            "areas": self._get_areas(),
            "curve": self._get_curve(domain),
            "trend": self._get_trend(wizard, period[0]),
            "forgotten": self._get_forgotten(domain),
            "escalations": self._get_table("escalation", "reason", domain, ESCALATIONS),
            "gateways": self._get_table("delivery", "gateway_id", domain, MESSAGES),
            **{
                name: self._get_table("dispatch", field, domain, DISPATCHES)
                for field, name in CUTS
            },
        }

    @api.model
    def _get_context(self, wizard):
        first, last = wizard._get_period()
        return {
            "crowd_period": "month",
            "crowd_from": fields.Date.to_string(first),
            "crowd_to": fields.Date.to_string(last),
            "crowd_team": wizard.team_id.id,
            "crowd_territory": wizard.territory_id.id,
        }

    @api.model
    def _get_domain(self, wizard, first, last):
        """Return the domain of the rows of a period, the same for all fact views."""
        domain = [
            ("company_id", "=", wizard.company_id.id),
            ("day", ">=", fields.Date.to_string(first)),
            ("day", "<=", fields.Date.to_string(last)),
        ]
        for name in ("team_id", "territory_id"):
            if wizard[name]:
                domain.append((name, "=", wizard[name].id))
        return domain

    @api.model
    def _word_month(self, day):
        return format_date(self.env, day, date_format="MMMM y")

    # ------------------------------------------------------------------
    # figures
    # ------------------------------------------------------------------

    @api.model
    def _get_areas(self):
        """Return ``[(area, key figures)]``; costs are managers' alone, by rule."""
        kpis = self.env["crowd.kpi"].search([("code", "not in", NOW)])
        labels = self._labels("crowd.kpi", "area")
        areas = {}
        for kpi in kpis:
            areas.setdefault(labels[kpi.area], []).append(kpi)
        return list(areas.items())

    @api.model
    def _labels(self, model, name):
        return dict(self.env[model]._fields[name]._description_selection(self.env))

    # ------------------------------------------------------------------
    # charts
    # ------------------------------------------------------------------

    @api.model
    def _get_curve(self, domain):
        """Return the acceptance curve: its lines, and which is which; or None."""
        groups = self.env["crowd.report.curve"].read_group(
            domain, ["share"], ["series", "minutes"], lazy=False
        )
        series = {}
        for group in groups:
            series.setdefault(group["series"], {})[group["minutes"]] = group["share"]
        drawn = page_charts.draw_curve(series)
        labels = self._labels("crowd.report.curve", "series")
        return drawn and {
            "chart": drawn,
            "series": [(name, labels[name]) for name in labels if name in drawn.lines],
        }

    @api.model
    def _get_trend(self, wizard, month):
        """Return the bars of the year that ends with ``month``, or None."""
        months = [month - relativedelta(months=n) for n in reversed(range(MONTHS))]
        domain = self._get_domain(wizard, months[0], wizard._get_period()[1])
        groups = self.env["crowd.report.dispatch"].read_group(
            domain, ["nbr", TRENDED], ["day:month"], lazy=False
        )
        found = {group["day:month"]: group for group in groups}
        return page_charts.draw_bars([self._get_bar(one, found) for one in months])

    @api.model
    def _get_bar(self, month, found):
        """Return label, number and share of a month; ``found``: groups by label."""
        group = found.get(format_date(self.env, month, date_format="MMMM yyyy"), {})
        label = format_date(self.env, month, date_format="MMM yy")
        return label, group.get("nbr", 0), group.get(TRENDED)

    # ------------------------------------------------------------------
    # tables
    # ------------------------------------------------------------------

    @api.model
    def _get_forgotten(self, domain):
        """Return the tickets that nobody answered, and how many are not listed."""
        rows = self.env["crowd.report.outcome"]
        domain = domain + [("never_answered", "=", True)]
        count = rows.search_count(domain)
        listed = rows.search(domain, limit=MOST_LISTED, order="day, id")
        return {"rows": listed, "more": count - len(listed), "count": count}

    @api.model
    def _get_table(self, fact, dimension, domain, measures):
        """Return ``[(name, texts of the measures)]``, the largest rows first."""
        model = self.env["crowd.report." + fact]
        groups = model.read_group(domain, list(measures), [dimension], lazy=False)
        groups.sort(key=lambda group: -group["nbr"])
        return [
            (
                self._word_group(model, dimension, group[dimension]),
                [self._word_number(group[name], measures[name]) for name in measures],
            )
            for group in groups
        ]

    @api.model
    def _word_group(self, model, dimension, value):
        if not value:
            return _("Unknown")
        if isinstance(value, tuple):
            return value[1]
        return self._labels(model._name, dimension).get(value, value)

    @api.model
    def _word_number(self, value, unit):
        """Return a number with its unit in the reader's language; a dash for none."""
        if value is None or value is False:  # a mean of nothing, in each series' way
            return "–"
        if not unit:
            return formatLang(self.env, value, digits=0)
        if unit == "min":
            return self.env["crowd.kpi"]._word_minutes(value)
        return _("%s %%") % formatLang(self.env, value, digits=1)
