"""What the demo company lacks for a simulation: policies, people on call, an SMS gateway."""

from contextlib import suppress
from datetime import timedelta

from odoo.exceptions import UserError

from .demand import arrivals

MAIL_SHARE = 4  # every fourth external wants e-mail only, the others an SMS first
EXPERTS_SHARE = 4  # a service of experts is asked for as rarely
WAYS = ("sms", "mail")
#: Numbers of no network; a worker's own one shadows that of his partner.
NUMBERS = (
    "UPDATE res_partner SET mobile = '+4179' || lpad(id::text, 7, '0') WHERE id IN %s",
    "UPDATE fsm_person SET mobile = '+4179' || lpad(partner_id::text, 7, '0')"
    " WHERE partner_id IN %s",
)
OFFER, ESCALATE = "offer", "escalate"

#: What a policy has besides its steps, and the steps: kind, then values.
POLICIES = (
    (
        {"name": "Simulation: faults", "is_automatic": True, "least_priority": "3"},
        (
            (OFFER, {"audience": "all", "quantity": 10, "offer_minutes": 30}),
            (ESCALATE, {"target": "technician_on_duty", "after_minutes": 15}),
            (ESCALATE, {"target": "leader", "after_minutes": 30}),
            (ESCALATE, {"target": "fallback", "after_minutes": 45}),
        ),
    ),
    (
        {"name": "Simulation: evening", "is_automatic": True, "hours": "outside"},
        (
            (OFFER, {"audience": "crowd", "quantity": 8, "offer_minutes": 120}),
            (
                OFFER,
                {
                    "audience": "crowd",
                    "quantity": 12,
                    "radius_km": 60,
                    "bonus": 15,
                    "after_minutes": 30,
                    "offer_minutes": 120,
                },
            ),
            (OFFER, {"audience": "all", "after_minutes": 120, "offer_minutes": 60}),
            (ESCALATE, {"target": "leader", "clock": "desk", "after_minutes": 60}),
            (ESCALATE, {"target": "fallback", "clock": "desk", "after_minutes": 90}),
        ),
    ),
    (
        {"name": "Simulation: remote", "place": "remote"},
        (
            (OFFER, {"quantity": 9, "per_wave": 3, "pause_minutes": 4}),
            (OFFER, {"audience": "technicians", "after_minutes": 20}),
            (ESCALATE, {"target": "technician_on_duty", "after_minutes": 45}),
            (ESCALATE, {"target": "leader", "after_minutes": 60}),
            (ESCALATE, {"target": "fallback", "after_minutes": 75}),
        ),
    ),
    (
        {"name": "Simulation: crowd first", "is_automatic": True},
        (
            (OFFER, {"audience": "crowd", "quantity": 8, "offer_minutes": 60}),
            (
                OFFER,
                {
                    "audience": "crowd",
                    "quantity": 10,
                    "radius_km": 60,
                    "bonus": 10,
                    "after_minutes": 10,
                    "offer_minutes": 60,
                },
            ),
            (OFFER, {"audience": "technicians", "after_minutes": 30}),
            (
                ESCALATE,
                {
                    "target": "technician_on_duty",
                    "after_minutes": 60,
                    "keep_offers": True,
                },
            ),
            (ESCALATE, {"target": "leader", "after_minutes": 90}),
            (ESCALATE, {"target": "fallback", "after_minutes": 120}),
        ),
    ),
)
PRIORITIES = ("0", "1", "1", "1", "2", "3")


class World:
    """The companies of the demo data, and the tickets of their customers."""

    def __init__(self, simulation):
        self.simulation = simulation

    def prepare(self, env, until):
        """Add what the demo data lacks; ``until``: people are on call until then."""
        places = env["fsm.location"].search([("company_id", "!=", False)])
        companies = places.company_id.filtered("crowd_fallback_user_id")
        assert companies, "Simulations need the demo data."
        self._create_gateway(env)
        for company in companies:
            self._create_policies(env, company)
            self._create_duties(env, company, until)
        self._choose_ways(env)
        self.places = [(p.id, p.company_id.id) for p in places if p.is_located]
        self.services = {
            company.id: self._services_of(env, company) for company in companies
        }
        self.places = [p for p in self.places if self.services.get(p[1])]
        self.teams = {c.id: self._team_of(env, c).id for c in companies}

    def _create_gateway(self, env):
        """An SMS provider that is never called."""
        values = {"name": "Simulated SMS", "kind": "sms"}
        env["crowd.gateway"].create(dict(values, sms_url="http://sms.example/send"))

    def _services_of(self, env, company):
        """Return ids; those of services for experts are fewer than the others."""
        services = env["product.template"].search(
            [("is_crowd_service", "=", True), ("company_id", "=", company.id)]
        )
        experts = services.filtered(lambda s: s.crowd_audience == "experts")
        return (services - experts).ids * EXPERTS_SHARE + experts.ids

    def _team_of(self, env, company):
        return env["helpdesk.ticket.team"].search(
            [("company_id", "=", company.id), ("user_id", "!=", False)], limit=1
        )

    def _create_policies(self, env, company):
        env["crowd.policy"].create(
            [
                dict(
                    values,
                    sequence=place - 100,  # before those that are there
                    company_id=company.id,
                    step_ids=[
                        (0, 0, dict(step, kind=kind, sequence=number))
                        for number, (kind, step) in enumerate(steps)
                    ],
                )
                for place, (values, steps) in enumerate(POLICIES)
            ]
        )

    def _create_duties(self, env, company, until):
        """Technicians with a login are on call, day by day in turn."""
        workers = (
            env["crowd.membership"]
            .search(
                [
                    ("company_id", "=", company.id),
                    ("worker_type", "=", "technician"),
                    ("state", "=", "active"),
                ]
            )
            .worker_id
        )
        users = workers.crowd_user_id
        if not users:
            return
        rota = env["crowd.rota"].create(
            {"name": "Simulation", "company_id": company.id}
        )
        day, values = self.simulation.start, []
        while day < until:
            user = users[len(values) % len(users)]
            end = day + timedelta(days=1)
            values.append(
                {"rota_id": rota.id, "user_id": user.id, "start": day, "stop": end}
            )
            day = end
        env["crowd.duty"].create(values)

    def _choose_ways(self, env):
        """Most externals want an SMS first; they have a number for it."""
        workers = env["fsm.person"].search([("worker_type", "!=", "technician")])
        workers = workers.filtered(lambda w: w.id % MAIL_SHARE)
        partners = workers.partner_id
        for query in NUMBERS:
            env.cr.execute(query, [tuple(partners.ids)])
        env.cache.invalidate()
        reaches = env["crowd.reach"].search([("partner_id", "in", partners.ids)])
        lines = [(0, 0, {"kind": k, "sequence": n}) for n, k in enumerate(WAYS)]
        env["crowd.reach"].create(
            [
                {
                    "partner_id": partner.id,
                    "has_quiet": partner.id % 2 == 0,
                    "line_ids": lines,
                }
                for partner in partners - reaches.partner_id
            ]
        )

    # ------------------------------------------------------------------
    # tickets
    # ------------------------------------------------------------------

    def plan(self, count, per_day):
        """Put the arrivals of ``count`` tickets into the queue; return the last one."""
        simulation = self.simulation
        chance = simulation.lot("arrivals")
        moments = arrivals(chance, count, simulation.start, per_day)
        for number, moment in enumerate(moments):
            simulation.queue.push(moment, self.create_ticket, number)
        return moments[-1]

    def create_ticket(self, number):
        """A customer has a problem."""
        chance = self.simulation.lot("ticket", number)
        place_id, company_id = chance.choice(self.places)
        with self.simulation.transaction() as env:
            place = env["fsm.location"].browse(place_id)
            tickets = env["helpdesk.ticket"].with_company(company_id)
            ticket = tickets.create(
                dict(
                    self._wish(chance),
                    name="Simulated ticket %d" % number,
                    description="<p>It does not work.</p>",
                    company_id=company_id,
                    team_id=self.teams[company_id],
                    partner_id=place.owner_id.id,
                    fsm_location_id=place_id,
                    crowd_service_id=chance.choice(self.services[company_id]),
                    crowd_summary="It has to be set up again.",
                    priority=chance.choice(PRIORITIES),
                )
            )
            self._date(ticket)
            ticket_id = ticket.id
            at = ticket.team_id._crowd_desk_time(
                self.simulation.now, chance.uniform(1, 30)
            )
        self.simulation.queue.push(at, self.dispatch_ticket, ticket_id)

    def _date(self, ticket):
        """Deadlines count from the creation, which the ORM dates today."""
        ticket.flush()
        ticket.env.cr.execute(
            "UPDATE helpdesk_ticket SET create_date = %s WHERE id = %s",
            (self.simulation.now, ticket.id),
        )
        ticket.invalidate_cache(["create_date"], ticket.ids)
        ticket._compute_crowd_deadline()

    def _wish(self, chance):
        """Return the time that every eighth customer wishes."""
        if chance.random() >= 0.125:
            return {}
        begin = self.simulation.now + timedelta(hours=chance.randrange(4, 48))
        return {
            "crowd_when": "window",
            "crowd_wished_from": begin,
            "crowd_wished_to": begin + timedelta(hours=3),
        }

    def dispatch_ticket(self, ticket_id):
        """An agent sends off what did not start by itself; some are forgotten."""
        chance = self.simulation.lot("agent", ticket_id)
        with self.simulation.transaction() as env:
            ticket = env["helpdesk.ticket"].browse(ticket_id)
            if ticket.crowd_dispatch_ids or chance.random() < 0.05:
                return
            agents = ticket.team_id.user_ids.filtered(
                lambda user: user.has_group("crowd_service.group_crowd_agent")
            )
            with suppress(UserError):  # he leaves it, until its first answer is due
                ticket.with_user(agents[:1]).crowd_dispatch()
