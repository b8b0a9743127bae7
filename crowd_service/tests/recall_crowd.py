"""Random crowds and tickets, written by SQL: hundreds of people in a second.

One record of each kind is made by the ORM and copied with other values. Facts come
from short lists, so that many people are equal in all that counts: ties are common.
"""

import json
import random
from datetime import timedelta

from psycopg2 import sql

from .common import BERN
from .matcher_common import NOON

CLONE = """
INSERT INTO {table}
SELECT (jsonb_populate_record(prototype, row.vals)).*
  FROM {table} AS prototype, jsonb_array_elements(%(rows)s::jsonb) AS row(vals)
 WHERE prototype.id = %(id)s
"""
#: Where people live, how many of a hundred, and how many degrees apart.
PLACES = (
    (BERN, 50, 0.15),
    ((46.20, 6.15), 10, 0.02),
    ((0.0, 179.98), 12, 0.2),
    ((89.6, 40.0), 10, 0.4),
    ((-89.99, 0.0), 4, 0.01),
    ((0.0, 0.0), 4, 0.1),
    ((47.0, 8.0), 10, 3.0),
)
STATES = ("active",) * 12 + ("paused", "applied", "verified", "suspended", "left")
RADII = (0, 0, 0, 0, 5, 15, 40, 300)
ASKED_STATES = ("sent", "declined", "expired", "backed_out", "no_show", "withdrawn")
WORDS = ("router", "cable", "television", "printer", "wireless", "telephone")
TYPES = ("friend", "friend", "professional", "partner_staff", "technician")


def clone(env, prototype, rows):
    """Insert copies of a record with other values; return their ids."""
    table = sql.Identifier(prototype._table)
    ids = next_ids(env, prototype._table, len(rows))
    payload = [dict(row, id=id_) for row, id_ in zip(rows, ids)]
    query = sql.SQL(CLONE).format(table=table)
    payload = json.dumps(payload, default=str)
    env.cr.execute(query, {"rows": payload, "id": prototype.id})
    return ids


def next_ids(env, table, number):
    env.cr.execute(
        "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
        (table, number),
    )
    return [row[0] for row in env.cr.fetchall()]


def relate(env, table, columns, pairs):
    """Insert pairs into the table of a many2many field."""
    query = sql.SQL(
        "INSERT INTO {} ({}) SELECT * FROM unnest(%s::int[], %s::int[])"
        " ON CONFLICT DO NOTHING"
    ).format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)))
    env.cr.execute(query, ([a for a, _b in pairs], [b for _a, b in pairs]))


def update(env, record, **values):
    """Write columns of a record by SQL: fast, and without any side effect."""
    query = sql.SQL("UPDATE {} SET {} WHERE id = {}").format(
        sql.Identifier(record._table),
        sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name))
            for name in values
        ),
        sql.Placeholder("id"),
    )
    env.cr.execute(query, dict(values, id=record.id))


class RandomCrowd:
    """Members of two companies with random facts.

    ``case`` is a test class with what ``CrowdCase`` sets up.
    """

    def __init__(self, case, seed, size=400):
        self.case, self.env = case, case.env
        self.random = random.Random(seed)
        self.size = size
        self.companies = case.company_a | case.company_b
        self._set_up_catalogue()
        self.workers, self.positions = self._make_people()
        self.members = self._make_members()
        self._make_skills()
        self._make_relations()
        self._make_history()
        self._make_offers()
        self._make_wishes()
        case.env["base"].invalidate_cache()
        case.env["crowd.worker.search"]._rebuild()
        # how a nightly run of the database leaves the table
        case.env.cr.execute("ANALYZE crowd_worker_search")

    # ------------------------------------------------------------------
    # what there is to choose from
    # ------------------------------------------------------------------

    def _set_up_catalogue(self):
        env, case = self.env, self.case
        self.skills = case.skill_type.skill_ids | env["hr.skill"].create(
            [
                {"name": name, "skill_type_id": case.skill_type.id}
                for name in ("Rare", "Common")
            ]
        )
        self.levels = case.skill_type.skill_level_ids
        self.languages = (
            env["res.lang"].with_context(active_test=False).search([], limit=4)
        )
        region = env["res.region"].create({"name": "Recall"})
        district = env["res.district"].create(
            {"name": "Recall", "region_id": region.id}
        )
        branch = env["res.branch"].create(
            {"name": "Recall", "district_id": district.id}
        )
        self.territories = env["res.territory"].create(
            [{"name": name, "branch_id": branch.id} for name in ("North", "South")]
        )
        self.communities = case.community | case.community_b
        self.communities |= case._create_community("Second of A")
        self.internal = case.technicians | case.technicians_b
        self.services = env["product.template"]
        for number in range(4):
            self.services |= case._create_service("Recall %d" % number)
        case.community.service_ids = self.services[:3]
        self.calendars = env["resource.calendar"].create(
            [
                {"name": "Weekday", "tz": "Europe/Zurich", "company_id": False},
                {"name": "Never", "attendance_ids": [(5,)], "company_id": False},
            ]
        )
        self._set_up_customers()
        self._set_up_teams()

    def _set_up_customers(self):
        partners = self.env["res.partner"]
        firm = partners.create({"name": "Firm", "is_company": True})
        inside = partners.create({"name": "Inside", "parent_id": firm.id})
        self.customers = firm | inside | self.case.customer
        customer = self.case.customer
        self.locations = {
            company: self.case._create_location("Recall", BERN, customer)
            for company in self.companies
        }
        self.tickets = {
            company: self.case._create_ticket("Wireless router", company)
            for company in self.companies
        }

    def _set_up_teams(self):
        """Teams with scorings of all sorts, and one without."""
        rows = [{}]
        rows.append({"distance": 100, "preference": 0})
        rows.append({"quality": 100})
        rows.append({"cost": 50, "fairness": 50})
        rows.append({"preference": 100})
        rows.append({"response": 7, "experience": 11, "distance": 1})
        names = ("distance", "quality", "response", "experience", "fairness")
        names += ("preference", "cost")
        self.teams = {}
        for company in self.companies:
            teams = self.env["helpdesk.ticket.team"]
            for number, row in enumerate(rows):
                team = self.env["helpdesk.ticket.team"].create(
                    {"name": "Recall %d" % number, "company_id": company.id}
                )
                if row:
                    weights = {"weight_" + name: row.get(name, 0) for name in names}
                    vals = dict(weights, name=team.name, team_id=team.id)
                    self.env["crowd.scoring"].create(dict(vals, company_id=company.id))
                teams |= team
            self.teams[company] = teams
        self.case.company_b.write({"crowd_mean_stars": 3.2, "crowd_mean_response": 0.3})

    # ------------------------------------------------------------------
    # people
    # ------------------------------------------------------------------

    def _make_people(self):
        prototype = self.case._create_worker(
            "Prototype", skills={}, community=False, tz="Europe/Zurich"
        )
        rows, positions = [], []
        for number in range(self.size):
            place = self._place(positions)
            positions.append(place)
            is_reachable = self.random.random() > 0.03
            rows.append(
                {
                    "name": "Member %d" % number,
                    "email": "m%d@example.com" % number if is_reachable else None,
                    "partner_latitude": place[0],
                    "partner_longitude": place[1],
                    "tz": self.random.choice(["Europe/Zurich", "Asia/Tokyo", None]),
                    "commercial_partner_id": self.random.choice(self.customers.ids)
                    if self.random.random() < 0.02
                    else None,
                }
            )
        partners = clone(self.env, prototype.partner_id, rows)
        self.types = [self.random.choice(TYPES) for _partner in partners]
        people = [
            {
                "partner_id": partner,
                "worker_type": kind,
                "is_located": self.random.random() > 0.04,
                "active": self.random.random() > 0.02,
                "crowd_radius_km": self.random.choice(RADII),
                "calendar_id": self._rarely(0.1, self.calendars.ids),
                "crowd_presence": self._rarely(0.08, ["away", "available"])
                or "calendar",
                "crowd_presence_until": self._rarely(0.5, [NOON + timedelta(hours=2)]),
            }
            for partner, kind in zip(partners, self.types)
        ]
        return clone(self.env, prototype, people), positions

    def _place(self, before):
        """Return a random place; often one where somebody lives already."""
        if before and self.random.random() < 0.4:
            return self.random.choice(before[-40:])
        (lat, lon), _share, spread = self.random.choices(
            PLACES, weights=[place[1] for place in PLACES]
        )[0]
        return self._near(lat, lon, spread)

    def _near(self, lat, lon, spread):
        lat = max(-90.0, min(90.0, lat + self.random.gauss(0, spread)))
        lon += self.random.gauss(0, spread) * (1 if abs(lat) < 85 else 100)
        return round(lat, 5), round((lon + 180) % 360 - 180, 5)

    def _rarely(self, chance, choices):
        return self.random.choice(choices) if self.random.random() < chance else None

    def _make_members(self):
        prototype = self.case._create_membership(
            self.case._create_worker("Member", skills={}, community=False),
            self.case.community,
        )
        rows = []
        for worker, kind in zip(self.workers, self.types):
            pool = self.internal if kind == "technician" else self.communities
            number = self.random.choice((1, 1, 1, 2, 3))
            for community in self.random.sample(pool, min(number, len(pool))):
                rows.append(self._member_row(worker, kind, community))
        self.member_rows = rows
        members = clone(self.env, prototype, rows)
        self._make_costs(members)
        return members

    def _make_costs(self, members):
        """Some cost something per hour; lines of other kinds are of no matter."""
        prototype = self.env["crowd.cost"].create(
            {
                "company_id": self.case.company_a.id,
                "membership_id": self.case._create_membership(
                    self.case._create_worker("Costs", community=False),
                    self.case.community,
                ).id,
                "amount": 1.0,
            }
        )
        rows = []
        for member, row in zip(members, self.member_rows):
            line = {"membership_id": member, "company_id": row["company_id"]}
            rate = self.random.choice((None, None, None, 0, 0.01, 19.99, 45, 300))
            basis = self._rarely(0.1, ["job"]) or "hour"
            if rate is not None:
                rows.append(dict(line, amount=rate, basis=basis))
            if self.random.random() < 0.1:
                rows.append(dict(line, amount=77, service_id=self.case.service.id))
        clone(self.env, prototype, rows)

    def _member_row(self, worker, kind, community):
        pick = self.random.choice
        ratings, jobs = pick((0, 0, None, 1, 2, 40)), pick((0, 0, None, 3, 30))
        return {
            "worker_id": worker,
            "worker_type": kind,
            "community_id": community.id,
            "company_id": community.company_id.id,
            "state": pick(STATES),
            "capacity": pick((1, 1, 2, 5, 0)),
            "daily_cap": pick((0, 0, 0, 1, None)),
            "quality_count": ratings,
            "quality": ratings and pick((1.0, 3.33, 4.2, 4.97, 5.0)),
            "job_count": jobs,
            "solved_count": jobs and pick((0, 1, jobs)),
        }

    def _make_skills(self):
        worker = self.case._create_worker("Skilled", community=False)
        rows = []
        for worker_id in self.workers:
            for skill in self.skills:
                if self.random.random() > (0.05 if skill.name == "Rare" else 0.6):
                    continue
                level = self.random.choice(self.levels)
                days = self.random.choice((None, None, None, -1, 0, 1, -30, 400))
                rows.append(
                    {
                        "person_id": worker_id,
                        "skill_id": skill.id,
                        "skill_level_id": level.id,
                        "level_progress": level.level_progress,
                        "valid_until": days is not None
                        and (NOON + timedelta(days=days)).date()
                        or None,
                    }
                )
        clone(self.env, worker.skill_ids, rows)

    def _make_relations(self):
        def pairs(records, chance):
            return [
                (worker, record)
                for worker in self.workers
                for record in records.ids
                if self.random.random() < chance
            ]

        columns = ("person_id", "lang_id")
        relate(
            self.env,
            "fsm_person_crowd_language_rel",
            columns,
            pairs(self.languages, 0.4),
        )
        columns = ("fsm_person_id", "res_territory_id")
        relate(
            self.env,
            "fsm_person_res_territory_rel",
            columns,
            pairs(self.territories, 0.15),
        )
        absence = self.env["crowd.absence"].create(
            {
                "worker_id": self.workers[0],
                "date_from": NOON - timedelta(hours=1),
                "date_to": NOON + timedelta(hours=5),
            }
        )
        some = self.random.sample(self.workers, self.size // 20)
        clone(self.env, absence, [{"worker_id": worker} for worker in some])

    # ------------------------------------------------------------------
    # what happened so far
    # ------------------------------------------------------------------

    def _make_history(self):
        self._make_responses()
        tickets = self._make_tickets(self.size)
        dispatches = self._make_dispatches(tickets, "done")
        experience = self._first_experience(tickets[0], dispatches[0])
        clone(
            self.env,
            experience,
            [
                {
                    "ticket_id": ticket,
                    "dispatch_id": dispatch,
                    "worker_id": self.random.choice(self.workers),
                    "company_id": self.random.choice(self.companies.ids),
                    "service_id": self.random.choice(self.services.ids),
                    "terms": self._terms(),
                }
                for ticket, dispatch in zip(tickets[1:], dispatches[1:])
            ],
        )

    def _make_responses(self):
        response = self.env["crowd.response"].create(
            {
                "membership_id": self.members[0],
                "company_id": self.case.company_a.id,
                "bucket": 7,
                "week_part": "7",
            }
        )
        rows = []
        for member, row in zip(self.members, self.member_rows):
            for bucket in self.random.sample(range(7), self.random.choice((0, 1, 3))):
                asked = self.random.choice((1, 2, 30))
                rows.append(
                    {
                        "membership_id": member,
                        "company_id": row["company_id"],
                        "bucket": bucket,
                        "week_part": str(bucket),
                        "asked_count": asked,
                        "response_sum": asked
                        * self.random.choice((0.0, 0.3333, 0.9, 1.0)),
                    }
                )
        clone(self.env, response, rows)

    def _make_tickets(self, number):
        """Return the ids of solved tickets, each with a number of its own."""
        ticket = self.case._create_ticket()
        rows = [
            {"number": "RECALL-%s" % n, "crowd_dispatch_id": None}
            for n in next_ids(self.env, "crowd_offer", number)
        ]
        return clone(self.env, ticket, rows)

    def _make_dispatches(self, tickets, state):
        prototype = self.case._create_ticket()._crowd_open_dispatch()
        rows = [
            {"name": "RECALL-D%d" % ticket, "ticket_id": ticket, "state": state}
            for ticket in tickets
        ]
        self.env["base"].flush()
        return clone(self.env, prototype, rows)

    def _first_experience(self, ticket, dispatch):
        return self.env["crowd.experience"].create(
            {
                "ticket_id": ticket,
                "dispatch_id": dispatch,
                "worker_id": self.workers[0],
                "company_id": self.case.company_a.id,
                "language": "simple",
                "solved_at": NOON - timedelta(days=9),
            }
        )

    def _terms(self):
        words = self.random.sample(WORDS, self.random.choice((1, 2, 3)))
        return " ".join("'%s'" % word for word in sorted(words))

    def _make_offers(self):
        """Busy people, and rounds of the tickets in which some were asked."""
        dispatch = self.case._create_ticket()._crowd_open_dispatch()
        worker = self.case._create_worker("Asked")
        self.offer = self.env["crowd.offer"].create(
            {
                "name": "recall-first",
                "dispatch_id": dispatch.id,
                "ticket_id": dispatch.ticket_id.id,
                "company_id": dispatch.company_id.id,
                "worker_id": worker.id,
                "membership_id": worker.crowd_membership_ids.id,
                "state": "withdrawn",
                "round": 1,
                "sent_at": NOON,
                "expires_at": NOON + timedelta(minutes=30),
            }
        )
        members = list(zip(self.members, self.member_rows))
        busy = self.random.sample(members, self.size // 3)
        tickets = self._make_tickets(len(busy))
        dispatches = self._make_dispatches(tickets, "assigned")
        rows = [
            self._offer_row(dispatch, ticket, member, row, "accepted")
            for dispatch, ticket, (member, row) in zip(dispatches, tickets, busy)
        ]
        self.dispatches = {}
        for company in self.companies:
            rows += self._make_rounds(company, members)
        clone(self.env, self.offer, rows)

    def _make_rounds(self, company, members):
        tickets = self._make_tickets(3)
        ids = self._make_dispatches(tickets, "offering")
        self.dispatches[company] = self.env["crowd.dispatch"].browse(ids)
        own = [pair for pair in members if pair[1]["company_id"] == company.id]
        return [
            self._offer_row(dispatch, ticket, *member, self.random.choice(ASKED_STATES))
            for dispatch, ticket, share in zip(ids, tickets, (4, 2, 1))
            for member in {
                pair[1]["worker_id"]: pair
                for pair in self.random.sample(own, len(own) // share)
            }.values()
        ]

    def _offer_row(self, dispatch, ticket, member, row, state):
        hours = self.random.choice((1, 20, 100, 200))
        at = NOON - timedelta(hours=hours)
        return {
            "name": "recall-%d-%d" % (dispatch, member),
            "dispatch_id": dispatch,
            "ticket_id": ticket,
            "company_id": row["company_id"],
            "worker_id": row["worker_id"],
            "membership_id": member,
            "community_id": row["community_id"],
            "state": state,
            "round": self.random.choice((1, 1, 2)),
            "sent_at": at,
            "answered_at": None if state == "sent" else at,
        }

    def _make_wishes(self):
        wish = self.env["crowd.preference"].create(
            {
                "partner_id": self.case.customer.id,
                "worker_id": self.workers[0],
                "company_id": self.case.company_a.id,
                "kind": "preferred",
            }
        )
        rows = [
            {
                "partner_id": customer,
                "worker_id": worker,
                "company_id": company,
                "kind": self.random.choice(("preferred", "blocked")),
            }
            for customer in self.customers.ids
            for company in self.companies.ids
            for worker in self.random.sample(self.workers[1:], 15)
        ]
        clone(self.env, wish, rows)
