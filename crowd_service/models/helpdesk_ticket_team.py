from datetime import timedelta

from odoo import fields, models


class HelpdeskTicketTeam(models.Model):
    _inherit = "helpdesk.ticket.team"

    crowd_fsm_team_id = fields.Many2one(
        "fsm.team",
        string="Field service team",
        check_company=True,
        help="Team of the service orders of this team's tickets. Empty: the company's.",
    )
    crowd_calendar_id = fields.Many2one(
        "resource.calendar",
        string="Desk hours",
        check_company=True,
        help="When this team is at work: deadlines of people at the desk count in "
        "these hours, less holidays. Empty: around the clock.",
    )

    def _crowd_desk_time(self, start, minutes):
        """Return when ``minutes`` of desk hours have gone by since ``start``.

        :param start: naive UTC datetime
        :return: naive UTC datetime; a calendar without hours counts as always open
        """
        calendar = self.crowd_calendar_id
        end = calendar and calendar.plan_hours(
            minutes / 60.0, start, compute_leaves=True
        )
        return (end or start + timedelta(minutes=minutes)).replace(microsecond=0)

    def _crowd_is_desk_time(self, at):
        """Tell whether the desk is open at ``at`` (naive UTC)."""
        return self._crowd_desk_time(at, 1) <= at + timedelta(minutes=1)
