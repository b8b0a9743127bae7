from collections import defaultdict

from odoo import api, models
from odoo.tools import ormcache

from ..matching.calendars import Attendance, WorkingHours

ATTENDANCES = """
SELECT a.calendar_id, a.dayofweek::int, a.hour_from, a.hour_to,
       CASE WHEN c.two_weeks_calendar THEN a.week_type::int END, a.date_from, a.date_to
  FROM resource_calendar_attendance a
  JOIN resource_calendar c ON c.id = a.calendar_id
 WHERE a.calendar_id = ANY(%(calendars)s)
   AND a.display_type IS NULL AND a.resource_id IS NULL
"""
CALENDARS = """
SELECT c.id, c.tz, array_agg(l.date_from) FILTER (WHERE l.id IS NOT NULL),
       array_agg(l.date_to) FILTER (WHERE l.id IS NOT NULL)
  FROM resource_calendar c
  LEFT JOIN resource_calendar_leaves l
         ON l.calendar_id = c.id AND l.resource_id IS NULL AND l.time_type = 'leave'
 WHERE c.id = ANY(%(calendars)s)
 GROUP BY c.id
"""


class CrowdWorkingHours(models.AbstractModel):
    """Working hours as the matcher reads them: many workers share few calendars."""

    _name = "crowd.working.hours"
    _description = "Working hours of calendars"

    @api.model
    def _get(self, calendar_ids):
        """Return the :class:`WorkingHours` per id of ``resource.calendar``.

        Two queries for all that were not asked for since a calendar was changed.
        """
        known = self._known()
        unknown = [one for one in calendar_ids if one not in known]
        if unknown:
            known.update(self._read(unknown))
        return {one: known[one] for one in calendar_ids}

    @api.model
    @ormcache()
    def _known(self):
        """Return what was read before; Odoo forgets it when its caches are cleared."""
        return {}

    @api.model
    def _read(self, calendar_ids):
        params, lines = {"calendars": calendar_ids}, defaultdict(list)
        self.env.cr.execute(ATTENDANCES, params)
        for calendar_id, *facts in self.env.cr.fetchall():
            lines[calendar_id].append(Attendance.from_hours(*facts))
        self.env.cr.execute(CALENDARS, params)
        return {
            calendar_id: WorkingHours(
                zone, tuple(lines[calendar_id]), tuple(zip(starts or (), ends or ()))
            )
            for calendar_id, zone, starts, ends in self.env.cr.fetchall()
        }


class ResourceCalendar(models.Model):
    _name = "resource.calendar"
    _inherit = ["crowd.kept.mixin", "resource.calendar"]


class ResourceCalendarAttendance(models.Model):
    _name = "resource.calendar.attendance"
    _inherit = ["crowd.kept.mixin", "resource.calendar.attendance"]


class ResourceCalendarLeaves(models.Model):
    _name = "resource.calendar.leaves"
    _inherit = ["crowd.kept.mixin", "resource.calendar.leaves"]

    def _crowd_is_kept(self):
        """Those of single people are not."""
        return not all(leave.resource_id for leave in self)
