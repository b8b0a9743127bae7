from odoo import _, api, models
from odoo.tools import format_amount, format_date
from odoo.tools.misc import formatLang

from .. import compat
from ..kpi import BY_CODE, last_whole_month

HOURS, DAYS = 2 * 60, 2 * 24 * 60  # minutes from which on larger units read better
END = "</svg>"
DIGITS = {"%": 1, "km": 1, "offers": 1, "stars": 2, "": 0}


class CrowdKpi(models.Model):
    """Figures in words."""

    _inherit = "crowd.kpi"

    def _word_value(self, value):
        """Return ``value`` with its unit, in the user's language."""
        unit = BY_CODE[self.code].unit
        if unit == "money":
            return format_amount(self.env, value, self.env.company.sudo().currency_id)
        if unit == "min":
            return self._word_minutes(value)
        digits = 2 if self.code == "gini" else DIGITS[unit]
        number = formatLang(self.env, value, digits=digits)
        if unit == "%":
            return _("%s %%") % number
        if unit == "km":
            return _("%s km") % number
        if unit == "stars":
            return _("%s of 5") % number
        return number

    @api.model
    def _word_minutes(self, minutes):
        if minutes >= DAYS:
            return _("%s days") % formatLang(self.env, minutes / 1440, digits=1)
        if minutes >= HOURS:
            return _("%s h") % formatLang(self.env, minutes / 60, digits=1)
        return _("%s min") % formatLang(self.env, minutes, digits=1)

    def _word_previous(self, value):
        """Return what it was in the period before."""
        if BY_CODE[self.code].fact == "now":
            return ""  # it has no period, so none before
        if value is None:
            return _("nothing to compare with")
        return _("%s before") % self._word_value(value)

    def _word_target(self, value):
        if value is None:
            return ""
        words = self._word_value(value)
        if BY_CODE[self.code].direction == "up":
            return _("at least %s") % words
        return _("at most %s") % words

    def _word_population(self, number):
        """Return from how many rows a figure is counted."""
        sentences = {
            "dispatch": _("of %s dispatches"),
            "escalation": _("of %s escalations"),
            "outcome": _("of %s tickets"),
            "job": _("of %s jobs"),
            "offer": _("of %s offers"),
            "review": _("of %s answers"),
            "cost": _("of %s jobs"),
            "member": _("of %s members"),
            "delivery": _("of %s messages"),
            "now": _("of the open dispatches"),
        }
        sentence = sentences[BY_CODE[self.code].fact]
        count = formatLang(self.env, number, digits=0)
        return sentence % count if "%s" in sentence else sentence

    def _word_period(self, cut):
        """Return the days that the figure is of."""
        fact = BY_CODE[self.code].fact
        if fact == "now":
            return _("now")
        if fact == "member":
            month = last_whole_month(cut.period)
            return format_date(self.env, month, date_format="MMMM y")
        start, end = cut.period
        pattern = "d MMM" if start.year == end.year else "d MMM y"
        first = format_date(self.env, start, date_format=pattern)
        last = format_date(self.env, end, date_format="d MMM y")
        return _("%(first)s to %(last)s") % {"first": first, "last": last}

    def _word_points(self, points):
        """Return what a chart shows, for who does not see it."""
        words = ("–" if value is None else self._word_value(value) for value in points)
        return _("%(name)s, from left to right: %(values)s") % {
            "name": self.name,
            "values": ", ".join(words),
        }

    @api.model
    def _render_charts(self, charts):
        """Return the pictures of pairs of a ``kpi.chart.Chart`` and its words."""
        charts = [{"chart": drawn, "words": words} for drawn, words in charts]
        if not charts:
            return []
        page = compat.render_view(
            self.env, "crowd_service.kpi_charts", {"charts": charts}
        )
        return [part + END for part in page.split(END)[:-1]]
