"""Who takes part in the demo's year: read from the records of the demo."""

import csv
from collections import defaultdict

from odoo import api, models
from odoo.tools import file_open

from ..year import Cast, Firm, Member, Place, Props, Service, User, enrol
from .territories import HARD

FIRMS = {
    "alpen": {
        "agents": ("user_agent", "user_dispatcher"),
        "dispatcher": "user_dispatcher",
        "technicians": ("user_technician", "user_technician2"),
    },
    "heide": {
        "agents": ("user_agent_de", "user_dispatcher_de"),
        "dispatcher": "user_dispatcher_de",
        "technicians": ("user_technician_de",),
    },
}
CATEGORIES = ("internet", "tv", "device", "home")
#: How often each service is asked for; all others: 1.
DEMAND = {"wlan": 10, "tv_box": 7, "remote": 7, "mesh": 5, "email": 4, "line": 3}
DEMAND.update(iphone=4, android=4, pc=3, printer=3, virus=2, smart=2, tv_sound=2)
KINDS = {"tv_box": "tv", "tv_sound": "tv", "smart": "home", "camera": "home"}
NETWORK = ("wlan", "mesh", "line", "cabling", "business")
HARD_WEIGHT = 6.0
SEED = 1
MEMBERS = """
SELECT m.id, m.worker_id, w.partner_id, m.community_id, m.company_id, m.worker_type,
       m.state, CASE WHEN w.is_located THEN p.partner_latitude END,
       CASE WHEN w.is_located THEN p.partner_longitude END,
       (SELECT min(u.id) FROM res_users u WHERE u.partner_id = p.id AND u.active),
       (SELECT min(o.sent_at)::date FROM crowd_offer o WHERE o.membership_id = m.id)
  FROM crowd_membership m
  JOIN fsm_person w ON w.id = m.worker_id
  JOIN res_partner p ON p.id = w.partner_id
 WHERE m.company_id IN %s AND m.state NOT IN ('applied', 'verified')
 ORDER BY m.id
"""
#: Members who have all skills of a service, in a community that does it.
SKILLED = """
SELECT s.id, m.id
  FROM product_template s
  JOIN crowd_membership m ON m.company_id = s.company_id
 WHERE s.id IN %(services)s AND m.company_id IN %(companies)s
   AND NOT EXISTS (
       SELECT FROM crowd_service_skill n
         LEFT JOIN hr_skill_level l ON l.id = n.skill_level_id
        WHERE n.service_id = s.id AND NOT EXISTS (
              SELECT FROM fsm_person_skill k
               WHERE k.person_id = m.worker_id AND k.skill_id = n.skill_id
                 AND k.level_progress >= COALESCE(l.level_progress, 0)))
"""
SKILLS = """
SELECT DISTINCT ON (n.service_id) n.service_id, n.skill_id, k.name
  FROM crowd_service_skill n JOIN hr_skill k ON k.id = n.skill_id
 WHERE n.service_id IN %s ORDER BY n.service_id, n.id
"""


class CrowdDemo(models.AbstractModel):
    _inherit = "crowd.demo"

    @api.model
    def _read_cast(self, year):
        """Return everybody who takes part in the year, :class:`year.Cast`."""
        firms = {firm.company_id: firm for firm in map(self._read_firm, FIRMS)}
        services = {service.service_id: service for service in self._read_services()}
        companies, ids = tuple(firms), tuple(services)
        skilled = self._read_skilled(companies, ids)
        self.env.cr.execute(SKILLS, [ids])
        skills = {row[0]: row[1:] for row in self.env.cr.fetchall()}
        self.env.cr.execute(MEMBERS, [companies])
        members = enrol([Member(*row) for row in self.env.cr.fetchall()], year, SEED)
        places = list(self._read_places(companies))
        return Cast(firms, services, places, members, skilled, skills)

    @api.model
    def _read_skilled(self, companies, services):
        """Return ``{service: memberships}`` that can do it, and whose community does."""
        closed = self._read_closed_communities()
        params = {"services": services, "companies": companies}
        self.env.cr.execute(SKILLED, params)
        skilled = defaultdict(set)
        for service_id, membership_id in self.env.cr.fetchall():
            if service_id not in closed.get(membership_id, ()):
                skilled[service_id].add(membership_id)
        return skilled

    @api.model
    def _read_firm(self, prefix):
        company = self._ref("company_%sfunk" % prefix)
        names = FIRMS[prefix]
        return Firm(
            company_id=company.id,
            zone=company.resource_calendar_id.tz,
            team_id=self._id("team_%s_care" % prefix),
            order_team_id=self._id("fsm_team_%s" % prefix),
            agents=tuple(map(self._read_user, names["agents"])),
            dispatcher=self._read_user(names["dispatcher"]),
            manager=self._read_user("user_manager"),
            technicians=tuple(map(self._read_user, names["technicians"])),
            categories={
                kind: self._id("category_%s_%s" % (prefix, kind)) for kind in CATEGORIES
            },
        )

    @api.model
    def _read_user(self, name):
        user = self._ref(name)
        return User(user.id, user.partner_id.id)

    @api.model
    def _read_services(self):
        texts = self._read_texts()
        for name, product in sorted(
            self._find_known(self.env["product.template"]).items()
        ):
            family = name.replace("service_de_", "").replace("service_", "")
            yield Service(
                service_id=product.id,
                company_id=product.company_id.id,
                family=family,
                category=self._get_category(family),
                name=product.name,
                minutes=product.crowd_minutes,
                price=product.list_price,
                deadline_hours=product.crowd_deadline_hours,
                is_remote=product.crowd_place == "remote",
                audience=product.crowd_audience,
                weight=DEMAND.get(family, 1),
                texts=texts.get(family)
                or ((product.name, product.name, product.name),),
            )

    @api.model
    def _get_category(self, family):
        return "internet" if family in NETWORK else KINDS.get(family, "device")

    @api.model
    def _read_texts(self):
        """Return what customers say of each service: that of the last three weeks."""
        texts = defaultdict(tuple)
        with file_open("crowd_service/demo/tickets.csv") as file:
            for row in csv.DictReader(file):
                text = row["title"], row["description"], row["summary"]
                texts[row["service"]] += (text,)
        return texts

    @api.model
    def _read_words(self):
        """Return ``{stars: [what customers say]}``."""
        words = defaultdict(list)
        with file_open("crowd_service/demo/tickets.csv") as file:
            for row in csv.DictReader(file):
                if row["feedback"]:
                    words[int(row["rating"])].append(row["feedback"])
        return words

    @api.model
    def _read_closed_communities(self):
        """Return ``{membership: services}`` that its community does not do."""
        services = self._find_known(self.env["product.template"]).values()
        ids = {service.id for service in services}
        communities = self.env["crowd.community"].search([])
        picky = communities.filtered("service_ids")
        members = self.env["crowd.membership"].search(
            [("community_id", "in", picky.ids)]
        )
        return {m.id: ids - set(m.community_id.service_ids.ids) for m in members}

    @api.model
    def _read_places(self, companies):
        """Give each customer without a login; they see what is theirs."""
        hard = {self._id(name) for name in HARD}
        for _name, place in sorted(self._find_known(self.env["fsm.location"]).items()):
            customer = place.owner_id
            if place.company_id.id not in companies or customer.user_ids:
                continue
            territory = place.territory_id
            yield Place(
                location_id=place.id,
                company_id=place.company_id.id,
                customer_id=customer.id,
                name=customer.name,
                email=customer.email,
                lat=place.partner_latitude,
                lon=place.partner_longitude,
                territory_id=territory.id or None,
                area=territory.name or place.city or "",
                is_hard=territory.id in hard,
                weight=HARD_WEIGHT if territory.id in hard else 1.0,
            )

    @api.model
    def _read_props(self):
        """Return the ids that are nobody's, :class:`year.Props`."""
        gateways = self.env["crowd.gateway"].search([], order="id desc")
        desk, field = "helpdesk_mgmt.helpdesk_ticket_", "fieldservice.fsm_stage_"
        stages = {
            name: self._id(desk + "stage_" + name)
            for name in ("new", "done", "cancelled")
        }
        stages["order_new"] = self._id(field + "new")
        stages["order_done"] = self._id(field + "completed")
        stages["order_cancelled"] = self._id(field + "cancelled")
        channels = {
            name: self._id(desk + "channel_" + name)
            for name in ("web", "phone", "email")
        }
        return Props({g.kind: g.id for g in gateways}, stages, channels)
