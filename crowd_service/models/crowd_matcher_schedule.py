from collections import defaultdict

from odoo import api, models

from .. import matching
from ..matching.availability import Job

# What is known of whom: plain scans of four tables, the rest is read where it is needed.
# The last part tells whether any employee has entered time off at all.
KNOWN = """
SELECT 'switch', id, calendar_id, crowd_presence, crowd_presence_until, NULL::timestamp
  FROM fsm_person
 WHERE id = ANY(%(workers)s)
   AND (calendar_id IS NOT NULL OR crowd_presence <> 'calendar')
 UNION ALL
SELECT 'absence', worker_id, NULL, NULL, date_from, date_to
  FROM crowd_absence
 WHERE worker_id = ANY(%(workers)s) AND date_to > %(now)s
 UNION ALL
SELECT 'job', worker_id, dispatch_id, NULL, NULL, NULL
  FROM crowd_offer
 WHERE worker_id = ANY(%(workers)s) AND state = 'accepted'
 UNION ALL
(SELECT 'leave', 0, NULL, NULL, NULL, NULL
   FROM resource_calendar_leaves
  WHERE resource_id IS NOT NULL AND time_type = 'leave' AND date_to > %(now)s
  LIMIT 1)
"""
LEAVES = """
SELECT w.id, l.date_from, l.date_to
  FROM resource_calendar_leaves l
  JOIN resource_resource r ON r.id = l.resource_id
  JOIN res_users u ON u.id = r.user_id
  JOIN fsm_person w ON w.partner_id = u.partner_id
 WHERE w.id = ANY(%(workers)s) AND l.date_to > %(now)s AND l.time_type = 'leave'
"""
JOBS = """
SELECT d.id, o.scheduled_date_start, o.scheduled_date_end,
       COALESCE(p.partner_latitude, 0)::float8, COALESCE(p.partner_longitude, 0)::float8,
       at.is_located AND s.crowd_place IS DISTINCT FROM 'remote'
  FROM crowd_dispatch d
  JOIN fsm_order o ON o.id = d.order_id
  LEFT JOIN product_template s ON s.id = o.crowd_service_id
  LEFT JOIN fsm_location at ON at.id = o.location_id
  LEFT JOIN res_partner p ON p.id = at.partner_id
 WHERE d.id = ANY(%(dispatches)s) AND o.scheduled_date_start < o.scheduled_date_end
"""


class CrowdMatcher(models.AbstractModel):
    """When workers have time."""

    _inherit = "crowd.matcher"

    @api.model
    def _read_schedules(self, request, worker_ids):
        """Return ``{worker id: matching.Schedule}``; who is missing always has time.

        Jobs count whichever company they are of. One query, and more only for what
        somebody has: one for jobs, one for employees' time off; working hours are cached.
        """
        params = {"workers": list(worker_ids), "now": request.now}
        known = defaultdict(list)
        for kind, *facts in self._run(KNOWN, params):
            known[kind].append(facts)
        switches = {facts[0]: facts[1:4] for facts in known["switch"]}
        hours = self._read_hours({facts[0] for facts in switches.values()})
        absences = self._read_absences(known, params)
        jobs = self._read_jobs(known["job"])
        schedules = {}
        for worker_id in switches.keys() | absences.keys() | jobs.keys():
            switch = switches.get(worker_id, (None, "calendar", None))
            schedules[worker_id] = matching.Schedule(
                hours=hours.get(switch[0]),
                presence=switch[1],
                presence_until=switch[2],
                absences=tuple(absences.get(worker_id, ())),
                jobs=tuple(jobs.get(worker_id, ())),
            )
        return schedules

    def _read_absences(self, known, params):
        """Return ``{worker id: stretches}`` of absences, and of employees' time off."""
        absences = defaultdict(list)
        for worker_id, _number, _text, start, end in known["absence"]:
            absences[worker_id].append((start, end))
        if known["leave"]:
            for worker_id, start, end in self._run(LEAVES, params):
                absences[worker_id].append((start, end))
        return absences

    def _read_jobs(self, accepted):
        """Return ``{worker id: jobs}``; remote jobs have no place."""
        if not accepted:
            return {}
        workers, jobs = {facts[1]: facts[0] for facts in accepted}, defaultdict(list)
        rows = self._run(JOBS, {"dispatches": list(workers)})
        for dispatch_id, start, end, lat, lon, has_place in rows:
            place = (lat, lon) if has_place else ()
            jobs[workers[dispatch_id]].append(Job(start, end, *place))
        return jobs

    def _read_hours(self, calendar_ids):
        """Return the :class:`WorkingHours` per calendar."""
        return self.env["crowd.working.hours"]._get(sorted(calendar_ids - {None}))
