from dataclasses import replace
from datetime import datetime, time, timedelta

import pytz

from odoo import _, api, models
from odoo.exceptions import UserError

from .. import compat, matching
from .crowd_dispatch import OPEN_STATES

FAIRNESS_DAYS = 7

# One round trip for all facts. ``member`` is the best membership of each worker in
# the company: one that is active and whose community does the service comes first.
FACTS = """
WITH community AS (
    SELECT c.id, c.sequence,
           NOT EXISTS (SELECT FROM crowd_community_product_template_rel r
                        WHERE r.crowd_community_id = c.id)
           OR EXISTS (SELECT FROM crowd_community_product_template_rel r
                       WHERE r.crowd_community_id = c.id
                         AND r.product_template_id = %(service)s) AS does_service
      FROM crowd_community c
     WHERE c.company_id = %(company)s AND c.active
), member AS (
    SELECT DISTINCT ON (m.worker_id)
           m.worker_id, m.id, m.community_id, m.state, m.capacity, m.daily_cap,
           m.quality, m.quality_count, c.does_service
      FROM crowd_membership m
      JOIN community c ON c.id = m.community_id
     ORDER BY m.worker_id, (m.state = 'active' AND c.does_service) DESC,
              c.does_service DESC, (m.state = 'active') DESC, c.sequence, m.id
), load AS (
    SELECT o.membership_id,
           count(*) FILTER (WHERE o.state = 'accepted') AS open_jobs,
           count(*) FILTER (WHERE o.sent_at >= %(fairness_since)s) AS recent_offers,
           array_agg(o.answered_at) FILTER (
               WHERE o.answered_at >= %(day_since)s
                 AND o.state IN ('accepted', 'completed', 'backed_out', 'no_show')
           ) AS accepted_at
      FROM crowd_offer o
     WHERE o.company_id = %(company)s
       AND (o.state = 'accepted' OR o.sent_at >= %(fairness_since)s
            OR o.answered_at >= %(day_since)s)
     GROUP BY o.membership_id
), history AS (
    SELECT o.worker_id,
           bool_or(o.round = %(round)s) AS was_asked,
           bool_or(o.state IN ('backed_out', 'no_show')) AS gave_back
      FROM crowd_offer o
     WHERE o.dispatch_id = %(dispatch)s
     GROUP BY o.worker_id
), crowd AS (
    SELECT sum(m.quality * m.quality_count) / NULLIF(sum(m.quality_count), 0) AS mean
      FROM crowd_membership m
     WHERE m.company_id = %(company)s
)
SELECT w.id AS worker_id, p.name, w.worker_type, p.tz,
       w.active AS is_active,
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
       COALESCE(m.does_service, FALSE) AS does_service,
       COALESCE(m.capacity, 0) AS capacity, COALESCE(m.daily_cap, 0) AS daily_cap,
       COALESCE(m.quality, 0)::float8 AS quality,
       COALESCE(m.quality_count, 0) AS quality_count,
       (SELECT array_agg(ARRAY[s.skill_id, COALESCE(s.level_progress, 0)])
          FROM fsm_person_skill s
         WHERE s.person_id = w.id AND s.skill_id = ANY(%(skills)s)) AS levels,
       COALESCE(l.open_jobs, 0) AS open_jobs,
       COALESCE(l.recent_offers, 0) AS recent_offers, l.accepted_at,
       COALESCE(h.was_asked, FALSE) AS was_asked,
       COALESCE(h.gave_back, FALSE) AS gave_back,
       (SELECT mean FROM crowd)::float8 AS mean_quality
  FROM fsm_person w
  JOIN res_partner p ON p.id = w.partner_id
  LEFT JOIN member m ON m.worker_id = w.id
  LEFT JOIN load l ON l.membership_id = m.id
  LEFT JOIN history h ON h.worker_id = w.id
"""
MEMBERS = " WHERE w.active AND m.id IS NOT NULL"
# a worker of unknown position is fetched as well: he can be a near miss
IN_BOX = """
   AND (w.is_located IS NOT TRUE
        OR COALESCE(p.partner_latitude, 0) BETWEEN %(south)s AND %(north)s
           AND (COALESCE(p.partner_longitude, 0) BETWEEN %(west)s AND %(east)s
                OR COALESCE(p.partner_longitude, 0) BETWEEN %(west2)s AND %(east2)s))
"""
ONE = " WHERE w.id = %(worker)s"


class CrowdMatcher(models.AbstractModel):
    """Who could do a ticket, and how well.

    Fetching the facts and judging them are apart: the rules are in ``matching``.
    """

    _name = "crowd.matcher"
    _description = "Crowd Matcher"

    @api.model
    def _match(self, ticket, dispatch=None, limit=50):
        """Judge every member in reach of the ticket.

        The caller has made sure that the user may: facts about members are read as
        superuser, because agents may not read positions and loads themselves.

        :param dispatch: says who was asked already; by default the ticket's open one
        :param limit: how many ranked candidates to return at most; None: all
        :return: :class:`matching.MatchResult`
        :raise UserError: when the ticket cannot be matched, saying what to do
        """
        self._check_matchable(ticket)
        request = self._prepare_request(ticket)
        rows = self._fetch(request, self._prepare_params(ticket, request, dispatch))
        return matching.rank(*self._read_facts(request, rows), limit=limit)

    @api.model
    def _explain(self, ticket, worker, dispatch=None):
        """Judge one worker, however far away: why him, or why not.

        :return: :class:`matching.Candidate` without a rank
        :raise UserError: when there is no such worker, or as :meth:`match`
        """
        self._check_matchable(ticket)
        request = self._prepare_request(ticket)
        params = self._prepare_params(ticket, request, dispatch)
        rows = self._query(FACTS + ONE, dict(params, worker=worker.id))
        if not rows:
            raise UserError(_("There is no worker with the id %s.") % worker.id)
        request, workers = self._read_facts(request, rows)
        return matching.judge(request, workers[0])

    # ------------------------------------------------------------------
    # the request
    # ------------------------------------------------------------------

    @api.model
    def _check_matchable(self, ticket):
        """Raise a sentence that says what to do, if the ticket cannot be matched."""
        ticket.ensure_one()
        ticket = ticket.sudo()  # service and location may belong to others
        service, location = ticket.crowd_service_id, ticket.fsm_location_id
        sentence = False
        if ticket.stage_id.closed:
            sentence = _("%(ticket)s is closed: reopen it first.")
        elif not service:
            sentence = _("%(ticket)s has no service: choose what is to be done.")
        elif service.crowd_place == "on_site" and not location:
            sentence = _(
                "%(ticket)s has no location, but “%(service)s” is done on site: choose "
                "the location."
            )
        elif service.crowd_place == "on_site" and not location.is_located:
            sentence = _(
                "The position of “%(location)s” is unknown: open the location and find "
                "its position, or enter the coordinates."
            )
        if sentence:
            raise UserError(
                sentence
                % {
                    "ticket": ticket.number,
                    "service": service.name,
                    "location": location.name,
                }
            )

    @api.model
    def _prepare_request(self, ticket):
        """Return the :class:`matching.Request` of a ticket that can be matched."""
        ticket = ticket.sudo()  # service and location may belong to others
        service, location = ticket.crowd_service_id, ticket.fsm_location_id
        is_remote = service.crowd_place == "remote"
        partner = ticket.partner_id
        return matching.Request(
            service_id=service.id,
            lat=None if is_remote else location.partner_latitude,
            lon=None if is_remote else location.partner_longitude,
            radius_km=float(service.crowd_radius_km),
            is_remote=is_remote,
            skills=self._prepare_skills(ticket),
            audience=service.crowd_audience,
            customer_ids=frozenset((partner | partner.commercial_partner_id).ids),
        )

    @api.model
    def _prepare_skills(self, ticket):
        """Return ``{skill id: least level}``; skills the agent added have level 0."""
        needed = ticket.crowd_service_id.crowd_skill_ids
        least = {line.skill_id.id: line.level_progress for line in needed}
        return {
            skill_id: least.get(skill_id, 0) for skill_id in ticket.crowd_skill_ids.ids
        }

    # ------------------------------------------------------------------
    # the facts
    # ------------------------------------------------------------------

    @api.model
    def _prepare_params(self, ticket, request, dispatch=None):
        dispatch = dispatch or ticket.sudo().crowd_dispatch_id  # written by the engine
        is_open = dispatch.state in OPEN_STATES
        now = self.env["crowd.clock"].now()
        return {
            "company": ticket.company_id.id,
            "service": request.service_id,
            "skills": list(request.skills),
            "dispatch": dispatch.id if is_open else 0,
            "round": dispatch.round if is_open else 0,
            "fairness_since": now - timedelta(days=FAIRNESS_DAYS),
            # no day is longer than 25 hours
            "day_since": now - timedelta(hours=26),
        }

    @api.model
    def _fetch(self, request, params):
        """Return the fact rows of all members who can be candidates or near misses."""
        if request.is_remote:
            return self._query(FACTS + MEMBERS, params)
        box = matching.bounding_box(
            request.lat, request.lon, request.radius_km * matching.NEAR_FACTOR
        )
        (west, east), (west2, east2) = box.lons[0], box.lons[-1]
        return self._query(
            FACTS + MEMBERS + IN_BOX,
            dict(
                params,
                south=box.south,
                north=box.north,
                west=west,
                east=east,
                west2=west2,
                east2=east2,
            ),
        )

    @api.model
    def _query(self, query, params):
        compat.flush(self.env)
        self.env.cr.execute(query, params)
        return self.env.cr.dictfetchall()

    @api.model
    def _read_facts(self, request, rows):
        """Return request and workers of the rows; the request gets the crowd's mean."""
        midnights = _Midnights(self.env["crowd.clock"].now())
        workers = [self._read_worker(row, midnights) for row in rows]
        mean = rows[0]["mean_quality"] if rows else None
        return replace(request, mean_quality=mean), workers

    @api.model
    def _read_worker(self, row, midnights):
        """Return the :class:`matching.Worker` of a fact row."""
        facts = dict(row)
        facts.pop("mean_quality")
        midnight = midnights.get(facts.pop("tz"))
        accepted = facts.pop("accepted_at") or []
        facts["accepted_today"] = sum(at >= midnight for at in accepted)
        facts["partner_ids"] = frozenset(facts["partner_ids"])
        facts["levels"] = dict(facts["levels"] or [])
        return matching.Worker(**facts)


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
