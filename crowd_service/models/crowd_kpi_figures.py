from odoo import api, fields, models

from .. import compat
from ..kpi import (
    BY_CODE,
    FACTS,
    PERIODS,
    Period,
    before,
    current,
    last_whole_month,
    of_fact,
    slices,
)
from ..kpi.figures import NOTHING, SCOPE, Cut, Figure
from ..kpi.measures import gini
from ..kpi.periods import months_before
from .crowd_kpi_sql import compose

MONTHS = 12  # of members that the chart shows
METHODS = {"member": "months", "now": "now"}  # else "fact"


class CrowdKpi(models.Model):
    """What is counted, and how the answers of the database become figures."""

    _inherit = "crowd.kpi"

    # ------------------------------------------------------------------
    # what is counted
    # ------------------------------------------------------------------

    @api.model
    def _cut(self, companies=None):
        """Return the :class:`Cut` that the context asks for.

        :param companies: ``res.company``; none: those that are switched on
        """
        context = self.env.context
        companies = companies or self.env.companies
        kind = context.get("crowd_period")
        kind = kind if kind in PERIODS else PERIODS[0]
        days = [fields.Date.to_date(context.get("crowd_" + k)) for k in ("from", "to")]
        now = self.env["crowd.clock"].now()
        period = Period(*days) if all(days) else current(kind, self._today(now))
        scope = (self._one_id(context.get("crowd_" + name)) for name in SCOPE)
        ids = tuple(companies.ids)
        return Cut(kind, period, before(kind, period), ids, *scope, now)

    @api.model
    def _today(self, now=None):
        """Return the day that it is at the present company."""
        return self.env.company._crowd_day(now or self.env["crowd.clock"].now())

    @api.model
    def _one_id(self, value):
        """Return the id that a search filter has put into the context, or False.

        Of several the last one counts.
        """
        values = value if isinstance(value, (list, tuple)) else [value]
        ids = [one for one in values if isinstance(one, int) and one > 0]
        return ids[-1] if ids else False

    @api.model
    def _cut_domain(self, cut, fact):
        """Return the domain of ``cut`` over the rows of ``fact``."""
        names = FACTS[fact]
        domain = [("company_id", "in", self._companies(fact, cut))]
        if names.day:
            period = self._month_of(cut) if fact == "member" else cut.period
            start, end = map(fields.Date.to_string, period)
            domain += [(names.day, ">=", start), (names.day, "<=", end)]
        limits = {name: getattr(cut, name) for name in SCOPE if getattr(cut, name)}
        if limits and not names.team:
            return [("id", "=", False)]
        return domain + [(getattr(names, name), "=", i) for name, i in limits.items()]

    @api.model
    def _month_of(self, cut):
        month = last_whole_month(cut.period)
        return Period(month, month)

    # ------------------------------------------------------------------
    # counting
    # ------------------------------------------------------------------

    @api.model
    def _measure(self, codes, cut):
        """Return ``{code: Figure}``, with one statement per fact."""
        compat.flush(self.env)
        figures = {}
        for fact, wanted in of_fact(codes).items():
            figures.update(
                getattr(self, "_measure_" + METHODS.get(fact, "fact"))(
                    fact, wanted, cut
                )
            )
        return figures

    @api.model
    def _measure_fact(self, fact, codes, cut):
        points = range(
            (cut.period.end - cut.period.start).days // slices(cut.period) + 1
        )
        lines = {
            (is_current, None if is_total else number): cells
            for is_current, number, is_total, cells in self._ask(
                fact, codes, cut, cut.period.start, cut.previous.start, cut.period.end
            )
            if is_current or is_total
        }
        return self._figures(
            codes,
            lines.get((True, None)),
            lines.get((False, None)),
            [lines.get((True, number)) for number in points],
        )

    @api.model
    def _measure_months(self, fact, codes, cut):
        """A member's month counts when it is over."""
        if cut.team or cut.service or cut.territory:
            return dict.fromkeys(codes, NOTHING)
        month = last_whole_month(cut.period)
        months = [months_before(month, number) for number in range(MONTHS)][::-1]
        lines = {
            day: cells
            for _is_current, day, _total, cells in self._ask(
                fact, codes, cut, month, months[0], month
            )
        }
        cells = [lines.get(day) for day in months]
        return self._figures(codes, cells[-1], cells[-2], cells)

    @api.model
    def _measure_now(self, fact, codes, cut):
        """How it is at this moment: there is no period, and no other one."""
        domain = list(BY_CODE[codes[0]].population) + self._cut_domain(cut, fact)
        number = self.env[FACTS[fact].model].search_count(domain)
        return dict.fromkeys(codes, Figure(number, None, number, []))

    @api.model
    def _ask(self, fact, codes, cut, start, first, end):
        """Yield ``(is current, slice, is total, [(value, population)])``."""
        scope = [name for name in SCOPE if getattr(cut, name)]
        statement = compose(fact, [(c, BY_CODE[c].how) for c in codes], scope)
        values = {name: getattr(cut, name) for name in scope}
        values.update(
            companies=self._companies(fact, cut),
            start=start,
            before=first,
            end=end,
            days=slices(cut.period),
            now=cut.now,
        )
        self.env.cr.execute(statement, values)
        for row in self.env.cr.fetchall():
            yield (*row[:3], list(zip(row[3::2], row[4::2])))

    @api.model
    def _companies(self, fact, cut):
        """Return the companies to count. Money of another currency is not added up."""
        if fact != "cost":
            return list(cut.companies)
        companies = self.env["res.company"].sudo().browse(cut.companies)  # currencies
        mine = self.env.company.currency_id
        return companies.filtered(lambda c: c.currency_id == mine).ids

    @api.model
    def _figures(self, codes, now, earlier, points):
        """Return ``{code: Figure}`` of the cells ``(value, population)`` of each."""
        figures = {}
        for place, code in enumerate(codes):
            numbers = [
                self._number(code, cells[place] if cells else (None, 0))
                for cells in (now, earlier, *points)
            ]
            counts = [cells[place][1] if cells else 0 for cells in (now, earlier)]
            figures[code] = Figure(*numbers[:2], counts[0], numbers[2:], counts[1])
        return figures

    @api.model
    def _number(self, code, cell):
        value, population = cell
        if value is None or not population:
            return None
        return gini(map(float, value)) if BY_CODE[code].how == "gini" else float(value)
