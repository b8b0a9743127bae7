from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

REPORT = "crowd_service.crowd_report_monthly_action"


class CrowdMonthly(models.TransientModel):
    """Of which month, and of what, the monthly report is printed."""

    _name = "crowd.monthly"
    _description = "Monthly report"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        domain="[('id', 'in', allowed_company_ids)]",
    )
    month = fields.Date(
        required=True,
        default=lambda self: self._default_month(),
        help="Any day of it: the report is about the whole month.",
    )
    team_id = fields.Many2one(
        "helpdesk.ticket.team",
        check_company=True,
        help="Empty: all teams.",
    )
    territory_id = fields.Many2one("res.territory", help="Empty: everywhere.")

    @api.model
    def _default_month(self):
        """Return the first day of the last month that is over."""
        company = self.env.company
        today = company._crowd_day(self.env["crowd.clock"].now())
        return today.replace(day=1) - relativedelta(months=1)

    @api.onchange("company_id")
    def _onchange_company_id(self):
        if self.team_id.company_id != self.company_id:
            self.team_id = False

    def _get_period(self):
        """Return the first and the last day."""
        self.ensure_one()
        first = self.month.replace(day=1)
        return first, first + relativedelta(months=1) - timedelta(days=1)

    def action_print(self):
        """Print it: a PDF for A4."""
        return self._get_report()

    def action_preview(self):
        """Show it on the screen, also of a phone."""
        return dict(self._get_report(), report_type="qweb-html")

    def _get_report(self):
        self.ensure_one()
        self.check_access_rights("read")
        self.check_access_rule("read")
        return self.env.ref(REPORT).report_action(self, config=False)
