from collections import defaultdict
from datetime import timedelta

import pytz

from odoo import fields, models, tools

from ..workflow.desk_hours import after_minutes


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
        end = calendar and calendar._crowd_after_minutes(start, minutes)
        return (end or start + timedelta(minutes=minutes)).replace(microsecond=0)

    def _crowd_is_desk_time(self, at):
        """Tell whether the desk is open at ``at`` (naive UTC)."""
        return self._crowd_desk_time(at, 1) <= at + timedelta(minutes=1)


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    def _crowd_after_minutes(self, start, minutes):
        """Return when ``minutes`` of its hours have gone by, None when it has none.

        As ``plan_hours`` says, which looks for hours and holidays anew at each call.

        :param start: naive UTC datetime
        """
        week = self._crowd_week()
        if week is None:
            return self.plan_hours(minutes / 60.0, start, compute_leaves=True)
        leaves = self.global_leave_ids.filtered(
            lambda leave: leave.time_type == "leave"
        )
        closed = [
            (pytz.utc.localize(e.date_from), pytz.utc.localize(e.date_to))
            for e in leaves
        ]
        zone = pytz.timezone(self.tz)
        end = after_minutes(pytz.utc.localize(start), minutes, week, zone, closed)
        return end and end.astimezone(pytz.utc).replace(tzinfo=None)

    @tools.ormcache("self.id")
    def _crowd_week(self):
        """Return the hours of each weekday, None when weeks differ."""
        week = defaultdict(list)
        for line in self.attendance_ids.sorted(lambda a: (a.hour_from, a.hour_to)):
            hours = week[int(line.dayofweek)]
            is_special = line.date_from or line.date_to or line.resource_id
            if is_special or line.display_type or self.two_weeks_calendar:
                return None
            if hours and hours[-1][1] >= line.hour_from:  # they overlap
                hours[-1] = (hours[-1][0], max(hours[-1][1], line.hour_to))
            else:
                hours.append((line.hour_from, line.hour_to))
        return week
