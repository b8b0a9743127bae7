"""The facts about members, and what the rules make of them."""

from datetime import datetime, time, timedelta

import pytz

from odoo import api, models

from .. import matching
from .crowd_matcher_schedule import JOB
from .crowd_matcher_sql import array

FAIRNESS_DAYS = 7

# One round trip for all facts but similar tickets. The columns up to ``solved_count``
# are those of ``matching.Worker``, in its order. Nothing is joined: there is one way to
# the facts of an id, and PostgreSQL shall not look for others.
FACTS = """
SELECT w.id, p.name, w.worker_type,
       CASE WHEN w.is_located THEN COALESCE(p.partner_latitude, 0)::float8 END,
       CASE WHEN w.is_located THEN COALESCE(p.partner_longitude, 0)::float8 END,
       COALESCE(w.crowd_radius_km, 0),
       CASE w.worker_type WHEN 'technician' THEN ARRAY[p.id]
            ELSE ARRAY[p.id, COALESCE(p.commercial_partner_id, p.id)] END,
       w.active,
       COALESCE(p.email, '') <> '' OR EXISTS (
           SELECT FROM res_users u WHERE u.partner_id = p.id AND u.active),
       m.id, m.community_id, COALESCE(m.state, ''),
       COALESCE(m.community_id = ANY(%(communities)s), FALSE),
       COALESCE(m.capacity, 0), COALESCE(m.daily_cap, 0),
       COALESCE(m.quality, 0)::float8, COALESCE(m.quality_count, 0),
       COALESCE(m.job_count, 0), COALESCE(m.solved_count, 0),
       (SELECT ARRAY[COALESCE(r.response_sum, 0), COALESCE(r.asked_count, 0),
                     r.answer_minutes]::float8[]
          FROM crowd_response r
         WHERE r.membership_id = m.id AND r.bucket = %(bucket)s),
       COALESCE((SELECT k.amount FROM crowd_cost k
                  WHERE k.membership_id = m.id AND k.service_id IS NULL
                    AND k.basis = 'hour'), 0)::float8,
       CASE WHEN %(language)s IS NOT NULL AND {is_unsure} THEN
            ARRAY(SELECT l.lang_id FROM fsm_person_crowd_language_rel l
                   WHERE l.person_id = w.id) END,
       CASE WHEN %(territory)s IS NOT NULL AND {is_unsure} THEN
            ARRAY(SELECT t.res_territory_id FROM fsm_person_res_territory_rel t
                   WHERE t.fsm_person_id = w.id) END,
       (SELECT count(*) FROM crowd_offer o
         WHERE o.membership_id = m.id AND o.sent_at >= %(fairness_since)s),
       CASE WHEN m.daily_cap > 0 THEN
            ARRAY(SELECT o.answered_at FROM crowd_offer o
                   WHERE o.membership_id = m.id AND o.answered_at >= %(day_since)s
                     AND o.state IN ('accepted', 'completed', 'backed_out', 'no_show'))
        END,
       p.tz,
       CASE WHEN {is_unsure} THEN
            ARRAY(SELECT ARRAY[s.skill_id, COALESCE(s.level_progress, 0),
                               COALESCE(s.valid_until - %(day)s, 99999)]
                    FROM fsm_person_skill s
                   WHERE s.person_id = w.id AND s.skill_id = ANY(%(skills)s)) END,
       w.calendar_id, w.crowd_presence, w.crowd_presence_until,
       (SELECT array_agg(ARRAY[a.date_from, a.date_to]) FROM crowd_absence a
         WHERE a.worker_id = w.id AND a.date_to > %(now)s),
       (SELECT json_agg(json_build_array(o.membership_id, {job})) FROM crowd_offer o
         WHERE o.worker_id = w.id AND o.state = 'accepted'),
       w.worker_type = 'technician' AND EXISTS (
           SELECT FROM resource_calendar_leaves
            WHERE resource_id IS NOT NULL AND time_type = 'leave' AND date_to > %(now)s)
  FROM {source}
 CROSS JOIN LATERAL (
       SELECT id, name, email, tz, partner_latitude, partner_longitude,
              commercial_partner_id
         FROM res_partner WHERE id = w.partner_id OFFSET 0) p
"""
MEMBER = """
(SELECT id, worker_id, community_id, state, capacity, daily_cap, quality, quality_count,
        job_count, solved_count
   FROM crowd_membership WHERE {} OFFSET 0) m
"""
WORKER = """
(SELECT id, partner_id, worker_type, is_located, crowd_radius_km, active, calendar_id,
        crowd_presence, crowd_presence_until
   FROM fsm_person WHERE id = {} OFFSET 0) w
"""
BY_MEMBER = (
    "unnest(%(ids)s::int4[]) AS i(id) CROSS JOIN LATERAL"
    + MEMBER.format("id = i.id")
    + " CROSS JOIN LATERAL"
    + WORKER.format("m.worker_id")
)


def _facts(source, is_unsure="TRUE"):
    """Return the statement for the people of ``source``.

    :param is_unsure: of whom skills, language and territory are read
    """
    return FACTS.format(source=source, is_unsure=is_unsure, job=JOB)


OF_MEMBERS = _facts(BY_MEMBER)
# the search has seen to those of whom it found, but for whom the customer wants
OF_FOUND = _facts(BY_MEMBER, is_unsure="w.id = ANY(%(preferred)s)")
OF_WORKERS = _facts(
    "unnest(%(ids)s::int4[]) AS i(id) CROSS JOIN LATERAL"
    + WORKER.format("i.id")
    + " LEFT JOIN LATERAL"
    + MEMBER.format(
        "worker_id = w.id AND company_id = %(company)s AND community_id IN"
        " (SELECT id FROM crowd_community WHERE active)"
    )
    + " ON TRUE"
)
FOREVER = 99999  # days
NONE = frozenset()
NO_RESPONSE = (0.0, 0, None)
ALWAYS = matching.Schedule()


class CrowdMatcher(models.AbstractModel):
    """The facts about members, and what the rules make of them."""

    _inherit = "crowd.matcher"

    @api.model
    def _weigh_found(self, ask, membership_ids):
        """Return the verdict on each membership that the search found."""
        workers = self._read_workers(ask, OF_FOUND, membership_ids)
        return [matching.weigh(ask.request, worker) for worker in workers]

    @api.model
    def _weigh_workers(self, ask, worker_ids):
        """Return the verdict on each membership of these workers in the company, and on
        those without any."""
        workers = self._read_workers(ask, OF_WORKERS, worker_ids)
        return [matching.weigh(ask.request, worker) for worker in workers]

    @api.model
    def _read_members(self, ask, membership_ids):
        """Return the facts of memberships, as :class:`matching.Worker` s."""
        return self._read_workers(ask, OF_MEMBERS, membership_ids)

    @api.model
    def _read_workers(self, ask, query, ids):
        """Return a :class:`matching.Worker` for each row of facts."""
        if not ids:
            return []
        self.env.cr.execute(query, dict(self._fact_params(ask), ids=array(ids)))
        rows = self.env.cr.fetchall()
        worker_ids = [row[0] for row in rows]
        schedules = self._make_schedules(
            ask.request, {row[0]: row[-6:] for row in rows}
        )
        ask.count_similar(self.env, worker_ids)
        read = _Reader(ask, schedules)
        return [read(*row) for row in rows]

    @api.model
    def _fact_params(self, ask):
        request = ask.request
        return {
            "company": ask.company_id,
            "communities": ask.doing_ids,
            "bucket": ask.bucket,
            "preferred": list(ask.preferences),
            "skills": list(request.skills),
            "language": request.language_id,
            "territory": request.territory_id,
            "day": request.day,
            "now": request.now,
            "fairness_since": request.now - timedelta(days=FAIRNESS_DAYS),
            # no day is longer than 25 hours
            "day_since": request.now - timedelta(hours=26),
        }


class _Reader:
    """Makes a :class:`matching.Worker` of a row of :data:`FACTS`."""

    def __init__(self, ask, schedules):
        request = ask.request
        self._ask = ask
        # what those have of whom it was not read
        self._wanted_skills = (request.skills, {})
        self._wanted_languages = frozenset({request.language_id} - {None})
        self._day = request.day
        self._midnights = _Midnights(request.now)
        self._schedules = schedules

    def __call__(self, worker_id, *row):
        ask = self._ask
        *before, response, cost_rate, languages, territories = row[:-10]
        offers, accepted, zone, skills = row[-10:-6]
        membership_id, jobs = before[8], row[-2] or ()
        response_sum, response_count, answer_minutes = response or NO_RESPONSE
        before[5] = frozenset(before[5])
        levels, valid_until = self._split(skills)
        return matching.Worker(
            worker_id,
            *before,
            response_sum=response_sum,
            response_count=int(response_count),
            answer_minutes=answer_minutes,
            similar_count=ask.similar_counts[worker_id],
            preference=ask.preferences.get(worker_id, ""),
            cost_rate=cost_rate,
            levels=levels,
            valid_until=valid_until,
            language_ids=self._wanted_languages
            if languages is None
            else frozenset(languages),
            territory_ids=frozenset(territories) if territories else NONE,
            schedule=self._schedules.get(worker_id, ALWAYS),
            open_jobs=sum(member == membership_id for member, _job in jobs),
            accepted_today=self._count_today(accepted, zone) if accepted else 0,
            recent_offers=offers,
            was_asked=worker_id in ask.asked_ids,
            gave_back=worker_id in ask.gave_back_ids,
            is_blocked=worker_id in ask.blocked_ids,
        )

    def _split(self, skills):
        """Return levels and last days of rows of skill, level and days left."""
        if skills is None:
            return self._wanted_skills
        levels = {skill: level for skill, level, _days in skills}
        ends = {
            skill: self._day + timedelta(days=days)
            for skill, _level, days in skills
            if days < FOREVER
        }
        return levels, ends

    def _count_today(self, accepted, zone):
        midnight = self._midnights.get(zone)
        return sum(at >= midnight for at in accepted)


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
