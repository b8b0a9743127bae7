from collections import defaultdict

from odoo import api, models

from .. import compat, matching
from ..matching.availability import Job
from ..matching.calendars import Attendance, WorkingHours

PEOPLE = """
SELECT id, calendar_id, crowd_presence, crowd_presence_until
  FROM fsm_person
 WHERE id = ANY(%(workers)s)
   AND (calendar_id IS NOT NULL OR crowd_presence <> 'calendar')
"""
# what employees enter as time off is theirs as well; jobs are those of all companies
BUSY = """
SELECT worker_id, FALSE AS is_job, date_from, date_to,
       NULL::float8 AS lat, NULL::float8 AS lon
  FROM crowd_absence
 WHERE worker_id = ANY(%(workers)s) AND date_to > %(now)s
 UNION ALL
SELECT w.id, FALSE, l.date_from, l.date_to, NULL, NULL
  FROM resource_calendar_leaves l
  JOIN resource_resource r ON r.id = l.resource_id
  JOIN res_users u ON u.id = r.user_id
  JOIN fsm_person w ON w.partner_id = u.partner_id
 WHERE w.id = ANY(%(workers)s) AND l.date_to > %(now)s AND l.time_type = 'leave'
 UNION ALL
SELECT f.worker_id, TRUE, o.scheduled_date_start, o.scheduled_date_end,
       CASE WHEN at.is_located THEN COALESCE(p.partner_latitude, 0)::float8 END,
       CASE WHEN at.is_located THEN COALESCE(p.partner_longitude, 0)::float8 END
  FROM crowd_offer f
  JOIN crowd_dispatch d ON d.id = f.dispatch_id
  JOIN fsm_order o ON o.id = d.order_id
  LEFT JOIN product_template s
         ON s.id = o.crowd_service_id AND s.crowd_place = 'remote'
  LEFT JOIN fsm_location at ON at.id = o.location_id AND s.id IS NULL
  LEFT JOIN res_partner p ON p.id = at.partner_id
 WHERE f.worker_id = ANY(%(workers)s) AND f.state = 'accepted'
   AND o.scheduled_date_start < o.scheduled_date_end
"""
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
         ON l.calendar_id = c.id AND l.resource_id IS NULL
        AND l.time_type = 'leave' AND l.date_to > %(now)s
 WHERE c.id = ANY(%(calendars)s)
 GROUP BY c.id
"""


class CrowdMatcher(models.AbstractModel):
    """When workers have time."""

    _inherit = "crowd.matcher"

    @api.model
    def _read_schedules(self, request, worker_ids):
        """Return ``{worker id: matching.Schedule}``; who is missing always has time.

        Two queries, and two more if one of them has working hours.
        """
        compat.flush(self.env)
        params = {"workers": list(worker_ids), "now": request.now}
        absences, jobs = self._read_busy(params)
        people = {row[0]: row[1:] for row in self._rows(PEOPLE, params)}
        hours = self._read_hours({row[0] for row in people.values()} - {None}, request)
        schedules = {}
        for worker_id in people.keys() | absences.keys() | jobs.keys():
            calendar_id, presence, until = people.get(worker_id, (None, None, None))
            schedules[worker_id] = matching.Schedule(
                hours=hours.get(calendar_id),
                presence=presence or "calendar",
                presence_until=until,
                absences=tuple(absences.get(worker_id, ())),
                jobs=tuple(jobs.get(worker_id, ())),
            )
        return schedules

    def _read_busy(self, params):
        """Return the absences and the jobs per worker."""
        absences, jobs = defaultdict(list), defaultdict(list)
        for worker_id, is_job, start, end, lat, lon in self._rows(BUSY, params):
            if is_job:
                jobs[worker_id].append(Job(start, end, lat, lon))
            else:
                absences[worker_id].append((start, end))
        return absences, jobs

    def _read_hours(self, calendar_ids, request):
        """Return the :class:`WorkingHours` per calendar."""
        if not calendar_ids:
            return {}
        params = {"calendars": list(calendar_ids), "now": request.now}
        lines = defaultdict(list)
        for calendar_id, *facts in self._rows(ATTENDANCES, params):
            lines[calendar_id].append(Attendance.from_hours(*facts))
        return {
            calendar_id: WorkingHours(
                zone, tuple(lines[calendar_id]), tuple(zip(starts or (), ends or ()))
            )
            for calendar_id, zone, starts, ends in self._rows(CALENDARS, params)
        }

    def _rows(self, query, params):
        self.env.cr.execute(query, params)
        return self.env.cr.fetchall()
