from datetime import timedelta

from odoo import _, fields, models
from odoo.exceptions import AccessError

from ..kpi import Period, before

#: Field of the digest -> key figure.
FIGURES = {
    "kpi_crowd_within_10": "within_10",
    "kpi_crowd_never_answered": "never_answered",
    "kpi_crowd_solved": "solved",
    "kpi_crowd_escalated": "escalated",
    "kpi_crowd_stars": "stars",
}
ACTION = "crowd_service.crowd_kpi_action"


def _value(string):
    return fields.Float(string=string, compute="_compute_crowd_figures", digits=(16, 2))


class DigestDigest(models.Model):
    """The main key figures in Odoo's periodic mail."""

    _inherit = "digest.digest"

    kpi_crowd_within_10 = fields.Boolean("Accepted within 10 minutes")
    kpi_crowd_within_10_value = _value("Accepted within 10 minutes (%)")
    kpi_crowd_never_answered = fields.Boolean("Tickets never answered")
    kpi_crowd_never_answered_value = _value("Tickets never answered (number)")
    kpi_crowd_solved = fields.Boolean("Tickets solved")
    kpi_crowd_solved_value = _value("Tickets solved (%)")
    kpi_crowd_escalated = fields.Boolean("Escalated")
    kpi_crowd_escalated_value = _value("Escalated (%)")
    kpi_crowd_stars = fields.Boolean("Stars for workers")
    kpi_crowd_stars_value = _value("Stars for workers (1-5)")

    def _compute_crowd_figures(self):
        start, end, company = self._get_kpi_compute_parameters()
        figures = self._crowd_measure(company, start, end)
        for digest in self:
            for name, code in FIGURES.items():
                digest[name + "_value"] = figures[code].value or 0.0

    def _crowd_measure(self, company, start, end):
        """Return ``{code: Figure}`` of the days from ``start`` to before ``end``.

        :raise AccessError: the digest leaves out what its reader may not see
        """
        if not self.env.user.has_group("crowd_service.group_crowd_dispatcher"):
            raise AccessError(_("Only dispatchers and managers see these figures."))
        first, last = map(fields.Date.to_date, (start, end))
        period = Period(first, last - timedelta(days=1))
        kpis = self.env["crowd.kpi"]
        cut = kpis._cut(company)._replace(
            period=period, previous=before("d30", period), team=False
        )
        return kpis._measure(list(FIGURES.values()), cut)

    def compute_kpis(self, company, user):
        """Our figures with their units; nothing to count is no 0."""
        kpis = super().compute_kpis(company, user)
        mine = {kpi["kpi_name"]: kpi for kpi in kpis if kpi["kpi_name"] in FIGURES}
        if mine:
            digest = self.with_user(user).with_company(company)
            for number, (_name, days) in enumerate(
                self._compute_timeframes(company), 1
            ):
                figures = digest._crowd_measure(company, *days[0])
                for name, kpi in mine.items():
                    column = kpi["kpi_col%d" % number]
                    column["value"] = digest._crowd_word(FIGURES[name], figures)
        return kpis

    def _crowd_word(self, code, figures):
        kpi = self.env["crowd.kpi"].search([("code", "=", code)])
        value = figures[code].value
        return "–" if value is None else kpi._word_value(value)

    def _compute_kpis_actions(self, company, user):
        res = super()._compute_kpis_actions(company, user)
        return dict(res, **dict.fromkeys(FIGURES, self.env.ref(ACTION).id))
