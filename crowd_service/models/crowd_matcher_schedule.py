from collections import defaultdict

from odoo import api, models

from .. import matching
from ..matching.availability import Job

LEAVES = """
SELECT w.id, l.date_from, l.date_to
  FROM resource_calendar_leaves l
  JOIN resource_resource r ON r.id = l.resource_id
  JOIN res_users u ON u.id = r.user_id
  JOIN fsm_person w ON w.partner_id = u.partner_id
 WHERE w.id = ANY(%(workers)s) AND l.date_to > %(now)s AND l.time_type = 'leave'
"""
# places by subqueries: a join of five takes longer to plan than to run
JOBS = """
SELECT d.id, o.scheduled_date_start, o.scheduled_date_end,
       CASE WHEN (SELECT crowd_place FROM product_template
                   WHERE id = o.crowd_service_id) IS DISTINCT FROM 'remote'
            THEN (SELECT CASE WHEN l.is_located THEN (
                              SELECT ARRAY[COALESCE(partner_latitude, 0)::float8,
                                           COALESCE(partner_longitude, 0)::float8]
                                FROM res_partner WHERE id = l.partner_id) END
                    FROM fsm_location l WHERE l.id = o.location_id) END
  FROM crowd_dispatch d
  JOIN fsm_order o ON o.id = d.order_id
 WHERE d.id = ANY(%(dispatches)s) AND o.scheduled_date_start < o.scheduled_date_end
"""


class CrowdMatcher(models.AbstractModel):
    """When workers have time."""

    _inherit = "crowd.matcher"

    @api.model
    def _make_schedules(self, request, facts):
        """Return ``{worker id: matching.Schedule}``; who is missing always has time.

        Jobs count whichever company they are of. Queries only for what somebody has:
        one for jobs, one for employees' time off; working hours are cached.

        :param facts: ``{worker id: (calendar, presence, until, absences, [membership,
            dispatch] of each job, whether he may have entered time off)}``
        """
        known = {
            worker_id: row
            for worker_id, row in facts.items()
            if row[0] or row[1] != "calendar" or row[3] or row[4]
        }
        leaves = self._read_leaves(request, [w for w, row in facts.items() if row[5]])
        hours = self._read_hours({row[0] for row in known.values()})
        jobs = self._read_jobs(known)
        nothing = (None, "calendar", None, None, None, False)
        schedules = {}
        for worker_id in known.keys() | leaves.keys():
            calendar, presence, until, absences, *_ = known.get(worker_id, nothing)
            schedules[worker_id] = matching.Schedule(
                hours=hours.get(calendar),
                presence=presence,
                presence_until=until,
                absences=(*map(tuple, absences or ()), *leaves.get(worker_id, ())),
                jobs=tuple(jobs.get(worker_id, ())),
            )
        return schedules

    def _read_leaves(self, request, worker_ids):
        """Return ``{worker id: stretches}`` of the time off of employees."""
        leaves = defaultdict(list)
        if worker_ids:
            params = {"workers": worker_ids, "now": request.now}
            for worker_id, start, end in self._run(LEAVES, params):
                leaves[worker_id].append((start, end))
        return leaves

    def _read_jobs(self, known):
        """Return ``{worker id: jobs}``; remote jobs have no place."""
        workers, jobs = {}, defaultdict(list)
        for worker_id, row in known.items():
            workers.update((dispatch, worker_id) for _member, dispatch in row[4] or ())
        if not workers:
            return {}
        rows = self._run(JOBS, {"dispatches": list(workers)})
        for dispatch_id, start, end, place in rows:
            jobs[workers[dispatch_id]].append(Job(start, end, *place or ()))
        return jobs

    def _read_hours(self, calendar_ids):
        """Return the :class:`WorkingHours` per calendar."""
        return self.env["crowd.working.hours"]._get(sorted(calendar_ids - {None}))
