"""The facts about members, and what the rules make of them."""

from datetime import datetime, time, timedelta

import pytz

from odoo import api, models

from .. import matching

FAIRNESS_DAYS = 7

# One round trip for all facts but schedules and similar tickets.
FACTS = """
SELECT w.id AS worker_id, p.name, w.worker_type, p.tz, w.active AS is_active,
       CASE WHEN w.is_located THEN COALESCE(p.partner_latitude, 0)::float8 END AS lat,
       CASE WHEN w.is_located THEN COALESCE(p.partner_longitude, 0)::float8 END AS lon,
       COALESCE(w.crowd_radius_km, 0) AS own_radius_km,
       CASE w.worker_type WHEN 'technician' THEN ARRAY[p.id]
            ELSE ARRAY[p.id, COALESCE(p.commercial_partner_id, p.id)]
        END AS partner_ids,
       COALESCE(p.email, '') <> '' OR EXISTS (
           SELECT FROM res_users u WHERE u.partner_id = p.id AND u.active
       ) AS is_reachable,
       m.id AS membership_id, m.community_id, COALESCE(m.state, '') AS membership_state,
       COALESCE(m.community_id = ANY(%(communities)s), FALSE) AS does_service,
       COALESCE(m.capacity, 0) AS capacity, COALESCE(m.daily_cap, 0) AS daily_cap,
       COALESCE(m.quality, 0)::float8 AS quality,
       COALESCE(m.quality_count, 0) AS quality_count,
       COALESCE(m.job_count, 0) AS job_count,
       COALESCE(m.solved_count, 0) AS solved_count,
       COALESCE(m.cost_rate, 0)::float8 AS cost_rate,
       COALESCE(r.response_sum, 0)::float8 AS response_sum,
       COALESCE(r.asked_count, 0) AS response_count,
       r.answer_minutes::float8 AS answer_minutes,
       (SELECT array_agg(ARRAY[s.skill_id, COALESCE(s.level_progress, 0),
                               COALESCE(s.valid_until - %(day)s::date, 99999)])
          FROM fsm_person_skill s
         WHERE s.person_id = w.id AND s.skill_id = ANY(%(skills)s)) AS skills,
       CASE WHEN %(language)s IS NOT NULL THEN
            ARRAY(SELECT l.lang_id FROM fsm_person_crowd_language_rel l
                   WHERE l.person_id = w.id) END AS language_ids,
       CASE WHEN %(territory)s IS NOT NULL THEN
            ARRAY(SELECT t.res_territory_id FROM fsm_person_res_territory_rel t
                   WHERE t.fsm_person_id = w.id) END AS territory_ids,
       (SELECT count(*) FROM crowd_offer o
         WHERE o.membership_id = m.id AND o.state = 'accepted') AS open_jobs,
       (SELECT count(*) FROM crowd_offer o
         WHERE o.membership_id = m.id AND o.sent_at >= %(fairness_since)s
       ) AS recent_offers,
       CASE WHEN m.daily_cap > 0 THEN
            ARRAY(SELECT o.answered_at FROM crowd_offer o
                   WHERE o.membership_id = m.id AND o.answered_at >= %(day_since)s
                     AND o.state IN ('accepted', 'completed', 'backed_out', 'no_show'))
        END AS accepted_at
  FROM {source}
  JOIN res_partner p ON p.id = w.partner_id
  LEFT JOIN crowd_response r ON r.membership_id = m.id AND r.bucket = %(bucket)s
"""
OF_MEMBERS = FACTS.format(
    source="crowd_membership m JOIN fsm_person w ON w.id = m.worker_id"
    " AND m.id = ANY(%(ids)s)"
)
OF_WORKERS = FACTS.format(
    source="fsm_person w LEFT JOIN crowd_membership m ON m.worker_id = w.id"
    " AND m.company_id = %(company)s"
    " AND m.community_id IN (SELECT id FROM crowd_community WHERE active)"
) + " WHERE w.id = ANY(%(ids)s)"
FOREVER = 99999  # days


class CrowdMatcher(models.AbstractModel):
    """The facts about members, and what the rules make of them."""

    _inherit = "crowd.matcher"

    @api.model
    def _judge_members(self, ask, membership_ids):
        """Return the judged :class:`matching.Candidate` of each membership."""
        members = self._read_members(ask, membership_ids)
        return [matching.judge(ask.request, worker) for worker in members]

    @api.model
    def _read_members(self, ask, membership_ids):
        """Return the facts of memberships, as :class:`matching.Worker` s."""
        return self._read_workers(ask, OF_MEMBERS, membership_ids)

    @api.model
    def _judge_workers(self, ask, worker_ids):
        """Return a :class:`matching.Candidate` for each membership of these workers in
        the company, and for those without any."""
        workers = self._read_workers(ask, OF_WORKERS, worker_ids)
        return [matching.judge(ask.request, worker) for worker in workers]

    @api.model
    def _read_workers(self, ask, query, ids):
        """Return a :class:`matching.Worker` for each row of facts."""
        if not ids:
            return []
        self.env.cr.execute(query, dict(self._fact_params(ask), ids=list(ids)))
        rows = self.env.cr.dictfetchall()
        worker_ids = [row["worker_id"] for row in rows]
        schedules = self._read_schedules(ask.request, worker_ids)
        similar = self.env["crowd.experience"]._count_similar(
            self.env["helpdesk.ticket"].browse(ask.ticket_id), worker_ids
        )
        midnights = _Midnights(ask.request.now)
        return [
            self._read_worker(ask, row, midnights, schedules, similar) for row in rows
        ]

    @api.model
    def _fact_params(self, ask):
        request = ask.request
        return {
            "company": ask.company_id,
            "communities": ask.doing_ids,
            "bucket": ask.bucket,
            "skills": list(request.skills),
            "language": request.language_id,
            "territory": request.territory_id,
            "day": request.day,
            "fairness_since": request.now - timedelta(days=FAIRNESS_DAYS),
            # no day is longer than 25 hours
            "day_since": request.now - timedelta(hours=26),
        }

    @api.model
    def _read_worker(self, ask, row, midnights, schedules, similar):
        """Return the :class:`matching.Worker` of a row of facts."""
        worker_id = row["worker_id"]
        skills = row.pop("skills") or ()
        zone, accepted = row.pop("tz"), row.pop("accepted_at") or ()
        day = ask.request.day
        if schedules and worker_id in schedules:
            row["schedule"] = schedules[worker_id]
        row["partner_ids"] = frozenset(row["partner_ids"])
        row["language_ids"] = frozenset(row["language_ids"] or ())
        row["territory_ids"] = frozenset(row["territory_ids"] or ())
        return matching.Worker(
            **row,
            levels={skill: level for skill, level, _days in skills},
            valid_until={
                skill: day + timedelta(days=days)
                for skill, _level, days in skills
                if days < FOREVER
            },
            similar_count=similar.get(worker_id, 0),
            preference=ask.preferences.get(worker_id, ""),
            is_blocked=worker_id in ask.blocked_ids,
            was_asked=worker_id in ask.asked_ids,
            gave_back=worker_id in ask.gave_back_ids,
            accepted_today=accepted
            and sum(at >= midnights.get(zone) for at in accepted)
            or 0,
        )


class _Midnights:
    """When today began, per time zone: naive UTC datetimes."""

    def __init__(self, now):
        self._now = pytz.utc.localize(now)
        self._known = {}

    def get(self, zone_name):
        """Return the latest midnight of that zone; none or an unknown one: UTC."""
        if zone_name not in self._known:
            self._known[zone_name] = self._midnight(zone_name)
        return self._known[zone_name]

    def _midnight(self, zone_name):
        try:
            zone = pytz.timezone(zone_name or "UTC")
        except pytz.UnknownTimeZoneError:
            zone = pytz.utc
        today = self._now.astimezone(zone).date()
        midnight = zone.localize(datetime.combine(today, time.min))
        return midnight.astimezone(pytz.utc).replace(tzinfo=None)
