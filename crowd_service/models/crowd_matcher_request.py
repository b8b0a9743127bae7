"""What a ticket asks for, read in one round trip."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import pytz

from odoo import api, models

from .. import compat, matching
from ..matching import hours, scoring
from .crowd_clock import MOMENT
from .crowd_dispatch import OPEN_STATES, STATE_LABELS

ENDED_STATES = [state for state in STATE_LABELS if state not in OPEN_STATES]

# Other tables are read by subqueries of their own, each as an array in JSON: a join of so
# many takes PostgreSQL longer to plan than the whole search takes.
TICKET = f"""
SELECT {MOMENT} AS now,
       t.crowd_service_id AS service_id, t.company_id, t.team_id, t.partner_id, t.name,
       t.crowd_summary, t.crowd_language_id, t.crowd_dispatch_id,
       t.crowd_when, t.crowd_wished_from, t.crowd_wished_to, t.crowd_consent,
       (SELECT closed FROM helpdesk_ticket_stage WHERE id = t.stage_id) AS is_closed,
       (SELECT json_build_array(
                   s.crowd_place = 'remote', s.crowd_radius_km, s.crowd_audience,
                   s.crowd_minutes, s.list_price)
          FROM product_template s WHERE s.id = t.crowd_service_id) AS service,
       (SELECT json_build_array(
                   l.is_located, l.territory_id,
                   (SELECT json_build_array(COALESCE(p.partner_latitude, 0),
                                            COALESCE(p.partner_longitude, 0))
                      FROM res_partner p WHERE p.id = l.partner_id))
          FROM fsm_location l WHERE l.id = t.fsm_location_id) AS place,
       (SELECT json_build_array(p.commercial_partner_id, p.lang)
          FROM res_partner p WHERE p.id = t.partner_id) AS customer,
       (SELECT json_build_array(
                   c.crowd_mean_stars, c.crowd_mean_success, c.crowd_mean_response,
                   (SELECT lang FROM res_partner WHERE id = c.partner_id),
                   (SELECT tz FROM resource_calendar
                     WHERE id = c.resource_calendar_id))
          FROM res_company c WHERE c.id = t.company_id) AS company,
       (SELECT json_agg(json_build_array(
                   k.skill_id,
                   (SELECT COALESCE(max(n.level_progress), 0) FROM crowd_service_skill n
                     WHERE n.service_id = t.crowd_service_id
                       AND n.skill_id = k.skill_id)))
          FROM helpdesk_ticket_crowd_skill_rel k WHERE k.ticket_id = t.id) AS skills,
       (SELECT json_agg(json_build_array(
                   m.id, m.is_internal,
                   (SELECT array_agg(r.product_template_id)
                      FROM crowd_community_product_template_rel r
                     WHERE r.crowd_community_id = m.id)))
          FROM crowd_community m
         WHERE m.company_id = t.company_id AND m.active) AS communities
  FROM helpdesk_ticket t
 WHERE t.id = %(ticket)s
"""
# What the arrays hold, by name, and what stands for one that is missing.
SERVICE = {
    "is_remote": False,
    "crowd_radius_km": 0,
    "crowd_audience": "both",
    "crowd_minutes": 0,
    "list_price": 0.0,
}
PLACE = {"is_located": False, "territory_id": None, "position": (None, None)}
CUSTOMER = {"commercial_partner_id": None, "lang": None}
COMPANY = ("mean_stars", "mean_success", "mean_response", "company_lang", "tz")
# a bound was rounded before, by up to half a step
BOUND_SLACK = 0.5 / scoring.SCORE_STEPS + 2e-9
AUDIENCES = ("crowd", "experts")  # of external and internal communities
TECHNICIAN = "technician"  # in internal communities, and only there

# Who was asked in the present round of the open dispatch, and who gave the job back.
ASKED = """
SELECT o.worker_id, bool_or(o.round = d.round),
       bool_or(o.state IN ('backed_out', 'no_show', 'out_of_scope'))
  FROM crowd_dispatch d
  JOIN crowd_offer o ON o.dispatch_id = d.id
 WHERE d.id = %(dispatch)s AND d.state <> ALL(%(ended)s)
 GROUP BY o.worker_id
"""


@dataclass(frozen=True)
class Ask:
    """A request, and what the matcher has to know besides.

    ``doing_ids`` are the communities that do the service, ``community_ids`` those of
    them whom the service is meant for. ``preferences`` maps workers whom the customer
    wants to how, ``asked_ids`` have an offer of this round. ``similar`` are parameters
    of ``crowd.experience``.
    """

    ticket_id: int
    company_id: int
    request: matching.Request
    doing_ids: list
    community_ids: list
    bucket: int
    asked_ids: frozenset
    gave_back_ids: frozenset
    preferences: dict
    similar: dict
    blocked_ids: frozenset
    similar_counts: dict = field(default_factory=dict)

    def count_similar(self, env, worker_ids):
        """Learn how many similar tickets these workers solved, as far as unknown."""
        unknown = [i for i in dict.fromkeys(worker_ids) if i not in self.similar_counts]
        if unknown:
            found = env["crowd.experience"]._run_similar(self.similar, unknown)
            self.similar_counts.update((i, found.get(i, 0)) for i in unknown)

    def refined(self, bound, open_jobs, tickets, similar):
        """Return a bound made with the open jobs, and with the similar tickets instead
        of all ``tickets``."""
        if not (open_jobs or tickets):
            return bound
        less = self.most_points["fairness"] * (1 - scoring.NEWCOMER_SHARE)
        less *= 1 - scoring.calm(scoring.JOB_WEIGHT * open_jobs)
        most = self.most_points["experience"]
        less += most * (scoring.experience(tickets) - scoring.experience(similar))
        return scoring.rounded(bound - less + BOUND_SLACK)

    @cached_property
    def most_points(self):
        """Return the points that each part can give."""
        return scoring.points(self.request)

    @property
    def out_ids(self):
        """Return the workers who cannot be asked, whatever their facts."""
        return sorted(self.asked_ids | self.gave_back_ids | self.blocked_ids)


class CrowdMatcher(models.AbstractModel):
    """What a ticket asks for."""

    _inherit = "crowd.matcher"

    @api.model
    def _read_ask(self, ticket, dispatch=None, narrow=None):
        """Return the :class:`Ask` of a ticket.

        :param dispatch: says who was asked already; by default the ticket's open one
        :param narrow: :class:`matching.Narrow`
        :raise UserError: when the ticket cannot be matched, saying what to do
        """
        ticket.ensure_one()
        narrow = narrow or matching.Narrow()
        compat.flush(self.env)
        self.env["crowd.worker.search"]._sync_pending()
        row = self._read_ticket(ticket)
        if not self._is_matchable(row):
            self._check_matchable(ticket)
        if row["crowd_consent"] == "withdrawn":  # no external learns who it is
            narrow = replace(narrow, worker_types=(TECHNICIAN,))
        now = self.env["crowd.clock"]._as_told(row["now"])
        asked = self._read_asked(dispatch.id if dispatch else row["crowd_dispatch_id"])
        customers = {row["partner_id"], row["commercial_partner_id"]} - {None}
        preferences, blocked = self.env["crowd.preference"]._read_preferences(
            row["company_id"], customers
        )
        return Ask(
            ticket_id=ticket.id,
            company_id=row["company_id"],
            request=self._prepare_request(row, now, customers, narrow),
            doing_ids=[community for community, _is_internal in row["communities"]],
            community_ids=self._choose_communities(row, narrow),
            bucket=self._bucket(now, row["tz"]),
            asked_ids=frozenset(worker for worker, asked, _back in asked if asked),
            gave_back_ids=frozenset(worker for worker, _asked, back in asked if back),
            preferences=preferences,
            similar=self._prepare_similar(ticket.id, row),
            blocked_ids=frozenset(blocked),
        )

    @api.model
    def _choose_communities(self, row, narrow):
        """Return the communities whose members may be asked."""
        chosen = [
            (community, is_internal)
            for community, is_internal in row["communities"]
            if row["crowd_audience"] in ("both", AUDIENCES[bool(is_internal)])
        ]
        if narrow.community_ids:
            chosen = [one for one in chosen if one[0] in narrow.community_ids]
        if narrow.worker_types:
            kinds = {kind == TECHNICIAN for kind in narrow.worker_types}
            chosen = [one for one in chosen if bool(one[1]) in kinds]
        return [community for community, _is_internal in chosen]

    @api.model
    def _read_ticket(self, ticket):
        self.env.cr.execute(TICKET, {"ticket": ticket.id})
        row = self.env.cr.dictfetchone()
        for name, parts in (
            ("service", SERVICE),
            ("place", PLACE),
            ("customer", CUSTOMER),
        ):
            row.update(zip(parts, row[name] or parts.values()))
        row.update(zip(COMPANY, row["company"]))
        row["communities"] = [
            (community, is_internal)
            for community, is_internal, services in row["communities"] or ()
            if not services or row["service_id"] in services
        ]
        return row

    @api.model
    def _is_matchable(self, row):
        is_placed = row["is_remote"] or row["is_located"]
        return bool(row["service_id"] and is_placed and not row["is_closed"])

    @api.model
    def _read_asked(self, dispatch_id):
        if not dispatch_id:
            return []
        params = {"dispatch": dispatch_id, "ended": ENDED_STATES}
        self.env.cr.execute(ASKED, params)
        return self.env.cr.fetchall()

    @api.model
    def _prepare_similar(self, ticket_id, row):
        experience = self.env["crowd.experience"]
        return experience._prepare_similar_values(
            ticket_id=ticket_id,
            company_id=row["company_id"],
            service_id=row["service_id"] or 0,
            language=experience._get_config(row["lang"] or row["company_lang"]),
            text=experience._join_title(row["name"], row["crowd_summary"]),
        )

    @api.model
    def _bucket(self, now, zone_name):
        """Return the part of the week it is where the company is."""
        zone = pytz.timezone(zone_name or "UTC")
        return hours.bucket(pytz.utc.localize(now).astimezone(zone))

    @api.model
    def _prepare_request(self, row, now, customer_ids, narrow):
        """Return the :class:`matching.Request` of a row of :data:`TICKET`."""
        is_remote = row["is_remote"]
        lat, lon = (None, None) if is_remote else row["position"]
        window = (row["crowd_wished_from"], row["crowd_wished_to"])
        radius = narrow.radius_km or row["crowd_radius_km"] or 0
        return matching.Request(
            service_id=row["service_id"],
            lat=lat,
            lon=lon,
            radius_km=float(radius),
            is_remote=is_remote,
            skills=dict(row["skills"] or ()),
            audience=row["crowd_audience"],
            narrow=narrow,
            customer_ids=frozenset(customer_ids),
            language_id=row["crowd_language_id"],
            territory_id=None if is_remote else row["territory_id"],
            now=now,
            window=window if row["crowd_when"] == "window" and all(window) else None,
            minutes=row["crowd_minutes"] or 0,
            price=row["list_price"] or 0.0,
            weights=self.env["crowd.scoring"]._get_weights(
                row["company_id"], row["team_id"]
            ),
            mean_quality=row["mean_stars"] or None,
            mean_success=row["mean_success"] or None,
            mean_response=row["mean_response"] or None,
        )
