from collections import defaultdict
from datetime import datetime

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
# When and where the work of an accepted offer is done; remote work is done nowhere.
JOB = """
(SELECT json_build_array(
            j.scheduled_date_start::timestamp(0), j.scheduled_date_end::timestamp(0),
            CASE WHEN (SELECT crowd_place FROM product_template
                        WHERE id = j.crowd_service_id) IS DISTINCT FROM 'remote'
                 THEN (SELECT CASE WHEN l.is_located THEN (
                                   SELECT json_build_array(
                                              COALESCE(partner_latitude, 0),
                                              COALESCE(partner_longitude, 0))
                                     FROM res_partner WHERE id = l.partner_id) END
                         FROM fsm_location l WHERE l.id = j.location_id) END)
   FROM fsm_order j
  WHERE j.id = (SELECT order_id FROM crowd_dispatch WHERE id = o.dispatch_id)
    AND j.scheduled_date_start < j.scheduled_date_end)
"""


class CrowdMatcher(models.AbstractModel):
    """When workers have time."""

    _inherit = "crowd.matcher"

    @api.model
    def _make_schedules(self, request, facts):
        """Return ``{worker id: matching.Schedule}``; who is missing always has time.

        Jobs count whichever company they are of. Employees' time off is asked for if
        there may be any; working hours are cached.

        :param facts: ``{worker id: (calendar, presence, until, absences, [membership,
            (start, end, place)] of each job, whether he may have entered time off)}``
        """
        known = {
            worker_id: row
            for worker_id, row in facts.items()
            if row[0] or row[1] != "calendar" or row[3] or row[4]
        }
        leaves = self._read_leaves(request, [w for w, row in facts.items() if row[5]])
        hours = self._read_hours({row[0] for row in known.values()})
        nothing = (None, "calendar", None, None, None, False)
        schedules = {}
        for worker_id in known.keys() | leaves.keys():
            row = known.get(worker_id, nothing)
            calendar, presence, until, absences, jobs, _may_leave = row
            schedules[worker_id] = matching.Schedule(
                hours=hours.get(calendar),
                presence=presence,
                presence_until=until,
                absences=(*map(tuple, absences or ()), *leaves.get(worker_id, ())),
                jobs=tuple(_job(*job) for _member, job in jobs or () if job),
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

    def _read_hours(self, calendar_ids):
        """Return the :class:`WorkingHours` per calendar."""
        return self.env["crowd.working.hours"]._get(sorted(calendar_ids - {None}))


def _job(start, end, place):
    """Return the :class:`Job` of what :data:`JOB` tells."""
    return Job(datetime.fromisoformat(start), datetime.fromisoformat(end), *place or ())
