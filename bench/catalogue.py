"""What the ORM makes for a crowd: companies, skills, services, tickets, and a prototype of each row."""

import random
from datetime import timedelta

from . import towns
from .cells import (
    CELLS,
    COMMUNITIES,
    CUSTOMERS_PER_COMPANY,
    LANGUAGES,
    LEVELS,
    NOW,
    RADIUS_KM,
    SERVICES,
    SKILLS,
    TICKETS_PER_CELL,
    TITLES,
)

#: Hours of working calendars: the day, or the evening.
HOURS = {"Bench day": (8, 18), "Bench evening": (17, 22)}


class Base:
    """What the ORM makes: catalogue, prototypes and tickets."""

    now = NOW

    def __init__(self, env):
        self.env = env(
            context=dict(
                env.context,
                tracking_disable=True,
                no_reset_password=True,
                mail_create_nosubscribe=True,
            )
        )
        self.random = random.Random(14)
        self.places = _places(self.random)

    def create(self):
        """Make everything but the crowd."""
        self._create_companies()
        self._create_agent()
        self._create_skills()
        self._create_services()
        self._create_customers()
        self._create_calendars()
        self._create_worker()
        self._create_job()
        self.env["base"].flush()
        return self

    def create_tickets(self):
        """Make the tickets that are matched."""
        for cell in CELLS:
            for number in range(TICKETS_PER_CELL):
                self._create_ticket(cell, number)
        self.env["base"].flush()

    def _ref(self, xml_id):
        return self.env.ref(xml_id)

    def _create_companies(self):
        self.companies = self.env["res.company"].create(
            [{"name": f"Bench {name}"} for name in ("first", "second", "third")]
        )
        self.env.user.company_ids |= self.companies
        communities = self.env["crowd.community"]
        self.communities, self.special = [], communities
        for number, company in enumerate(self.companies):
            internal = communities.search(
                [("company_id", "=", company.id), ("is_internal", "=", True)]
            )
            others = communities.create(
                [{"name": n, "company_id": company.id} for n in COMMUNITIES[1:]]
            )
            for kind, found in enumerate([*internal, *others]):
                row = (number, kind, found.id, company.id, found.name)
                self.communities.append(row)
            self.special |= others[0]
        self.ordinary = communities.browse(row[2] for row in self.communities)
        self.ordinary -= self.special

    def _create_agent(self):
        groups = self._ref("crowd_service.group_crowd_dispatcher")
        self.agent = self.env["res.users"].create(
            {
                "name": "Bench agent",
                "login": "bench",
                "email": "bench@example.org",
                "tz": "Europe/Berlin",
                "company_id": self.companies[0].id,
                "company_ids": [(6, 0, self.companies.ids)],
                "groups_id": [(4, groups.id)],
            }
        )
        self.companies.write({"crowd_fallback_user_id": self.agent.id})

    def _create_skills(self):
        kind = self.env["hr.skill.type"].create(
            {
                "name": "Bench skills",
                "skill_ids": [(0, 0, {"name": name}) for name in SKILLS],
                "skill_level_ids": [
                    (0, 0, {"name": f"Level {n}", "level_progress": n}) for n in LEVELS
                ],
            }
        )
        self.skills = {skill.name: skill for skill in kind.skill_ids}
        self.levels = {lv.level_progress: lv for lv in kind.skill_level_ids}
        found = (
            self.env["res.lang"]
            .with_context(active_test=False)
            .search([("code", "in", list(LANGUAGES))])
        )
        self.languages = {language.code: language for language in found}

    def _create_services(self):
        self.services = {}
        for name, (skills, place, doers) in SERVICES.items():
            service = self.env["product.template"].create(
                {
                    "name": f"Bench {name}",
                    "type": "service",
                    "is_crowd_service": True,
                    "list_price": 60.0,
                    "crowd_place": place,
                    "crowd_radius_km": RADIUS_KM,
                    "crowd_skill_ids": [
                        (0, 0, self._prepare_need(skill, level))
                        for skill, level in skills.items()
                    ],
                }
            )
            self.services[name] = service
            doing = self.special if doers == "specialists" else self.ordinary
            (doing | self.special).write({"service_ids": [(4, service.id)]})

    def _prepare_need(self, skill, level):
        least = self.levels[level].id if level else False
        return {"skill_id": self.skills[skill].id, "skill_level_id": least}

    def _create_customers(self):
        self.customers = self.env["res.partner"].create(
            [
                {"name": f"Bench customer {n}", "email": f"customer{n}@example.org"}
                for n in range(CUSTOMERS_PER_COMPANY * len(self.companies))
            ]
        )

    def _create_calendars(self):
        self.calendars = self.env["resource.calendar"].create(
            [
                {
                    "name": name,
                    "tz": "Europe/Berlin",
                    "company_id": False,
                    "attendance_ids": [
                        (0, 0, self._prepare_hours(str(day), *hours))
                        for day in range(5)
                    ],
                }
                for name, hours in HOURS.items()
            ]
        )

    def _prepare_hours(self, day, start, end):
        return {"name": day, "dayofweek": day, "hour_from": start, "hour_to": end}

    def _create_worker(self):
        self.worker = self.env["fsm.person"].create(
            {
                "name": "Worker 0000000",
                "email": "worker0@example.org",
                "worker_type": "friend",
                "lang": "en_US",
                "tz": "Europe/Berlin",
                "partner_latitude": 52.5,
                "partner_longitude": 13.4,
            }
        )
        neighbours = next(row for row in self.communities if row[:2] == (0, 3))
        if "res.partner.grade" in self.env:  # Odoo's own assignment looks for it
            grade = {"name": "Bench", "partner_weight": 10}
            self.worker.partner_id.grade_id = self.env["res.partner.grade"].create(
                grade
            )
        self.membership = self.env["crowd.membership"].create(
            {"worker_id": self.worker.id, "community_id": neighbours[2]}
        )
        self.membership.action_activate()
        self.membership.action_leave()
        level = self.levels[50]
        self.worker_skill = self.env["fsm.person.skill"].create(
            {
                "person_id": self.worker.id,
                "skill_id": self.skills["phones"].id,
                "skill_level_id": level.id,
                "skill_type_id": level.skill_type_id.id,
            }
        )

    def _create_job(self):
        """Prototypes of ticket, dispatch and offer."""
        self.busy_stage = self._ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")
        self.done_stage = self._ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        service = self.services["anything"]
        self.ticket = self.env["helpdesk.ticket"].create(
            {
                "name": "Prototype",
                "description": "Prototype",
                "company_id": self.companies[0].id,
                "crowd_service_id": service.id,
            }
        )
        common = {
            "ticket_id": self.ticket.id,
            "company_id": self.companies[0].id,
            "service_id": service.id,
        }
        self.dispatch = self.env["crowd.dispatch"].create(
            dict(
                common,
                responsible_id=self.agent.id,
                next_deadline=NOW + timedelta(days=365),
            )
        )
        self.offer = self.env["crowd.offer"].create(
            dict(
                common,
                name="B0",
                dispatch_id=self.dispatch.id,
                worker_id=self.worker.id,
                worker_type="friend",
                membership_id=self.membership.id,
                community_id=self.membership.community_id.id,
            )
        )

    def _create_ticket(self, cell, number):
        customers = self.customers[cell.company * CUSTOMERS_PER_COMPANY :]
        customer = customers[number % CUSTOMERS_PER_COMPANY]
        self.env["helpdesk.ticket"].create(
            {
                "name": TITLES[number % len(TITLES)],
                "number": f"BENCH-{CELLS.index(cell):02}-{number:02}",
                "description": "Bench",
                "company_id": self.companies[cell.company].id,
                "partner_id": customer.id,
                "crowd_service_id": self.services[cell.service].id,
                "crowd_language_id": self.languages[cell.language].id
                if cell.language
                else False,
                "fsm_location_id": self._create_location(cell, number, customer).id,
            }
        )

    def _create_location(self, cell, number, customer):
        locations = self.env["fsm.location"]
        if not cell.place:
            return locations
        lat, lon = self.places[cell.place][number]
        return locations.create(
            {
                "name": f"Place of {cell.name}, {number}",
                "owner_id": customer.id,
                "partner_latitude": lat,
                "partner_longitude": lon,
            }
        )


def _places(chance):
    """Return ``{place: [(lat, lon), ...]}``, one for each ticket of a cell."""
    chosen = towns.towns()
    hubs = [chosen[0]] * TICKETS_PER_CELL
    around = towns.villages(chosen, TICKETS_PER_CELL)

    def near(town, km):
        lat = town["lat"] + chance.gauss(0, km) / towns.KM_PER_DEGREE
        return round(lat, 5), round(town["lon"] + chance.gauss(0, km) / 68, 5)

    def beyond(lon):
        return round((lon + 180) % 360 - 180, 5)

    return {
        "berlin": [near(town, 6) for town in hubs],
        "village": [near(town, 2) for town in around],
        "fiji": [
            (
                round(-16.8 + chance.uniform(-0.1, 0.1), 5),
                beyond(chance.gauss(180, 0.1)),
            )
            for _n in range(TICKETS_PER_CELL)
        ],
        "pole": [
            (round(chance.uniform(89.5, 90), 5), round(chance.uniform(-180, 180), 5))
            for _n in range(TICKETS_PER_CELL)
        ],
    }
