"""A company with its own crowd, made through XML-RPC: nothing of the demo data."""

import hashlib
import secrets
from itertools import count

BERN = (46.94800, 7.44740)
KM_PER_DEGREE = 111.195  # of latitude
QUIET = {
    "no_reset_password": True,
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
}


def token_hash(cr, token):
    """Return what the database of ``cr`` keeps of a secret."""
    cr.execute("SELECT value FROM ir_config_parameter WHERE key = 'database.uuid'")
    [uuid] = cr.fetchone()
    return hashlib.sha256(f"{uuid} {token}".encode()).hexdigest()


class Crowd:
    """Company, desk, service, place and people; ``admin`` is an :class:`Rpc`."""

    def __init__(self, server, admin, name="E2E"):
        self.server, self.admin, self.name = server, admin, name
        self.tag = name.lower()
        self._number = count(1)
        self.company = self._create("res.company", name=name)
        self._join_company()
        self._make_desk()
        self._make_service()

    # -- records ------------------------------------------------------------

    def _create(self, model, **values):
        return self.admin(model, "create", values, context=QUIET)

    def _group(self, xml_id):
        return self.ref("crowd_service.group_crowd_" + xml_id)

    def ref(self, xml_id):
        module, name = xml_id.split(".")
        domain = [["module", "=", module], ["name", "=", name]]
        return self.admin("ir.model.data", "search_read", domain, ["res_id"])[0][
            "res_id"
        ]

    def _join_company(self):
        """Admin works in the new company, to begin with."""
        self.admin(
            "res.users",
            "write",
            [self.admin.uid],
            {"company_ids": [[4, self.company]], "company_id": self.company},
        )

    def user(self, login, *groups, partner=None):
        """Return the :class:`Rpc` of a new user whose password is the login."""
        login = f"{self.tag}-{login}"
        values = {
            "name": login.title(),
            "login": login,
            "password": login,
            "email": login + "@example.com",
            "company_id": self.company,
            "company_ids": [[6, 0, [self.company]]],
            "groups_id": [[6, 0, list(groups)]],
            "tz": "Europe/Zurich",
        }
        if partner:
            values["partner_id"] = partner
        self._create("res.users", **values)
        return self.server.login(login)

    def _make_desk(self):
        employee = self.ref("base.group_user")
        self.agent = self.user("agent", employee, self._group("agent"))
        self.dispatcher = self.user("dispatcher", employee, self._group("dispatcher"))
        self.admin(
            "res.company",
            "write",
            [self.company],
            {"crowd_fallback_user_id": self.admin.uid},
        )
        self.team = self._create(
            "helpdesk.ticket.team",
            name=f"Desk of {self.name}",
            company_id=self.company,
            user_id=self.dispatcher.uid,
            user_ids=[[6, 0, [self.agent.uid, self.dispatcher.uid]]],
        )

    def _make_service(self):
        self.service = self._create(
            "product.template",
            name=f"Home network of {self.name}",
            type="service",
            is_crowd_service=True,
            list_price=49.0,
        )
        self.customer = self._create(
            "res.partner", name="Carla Customer", email=f"{self.tag}-carla@example.com"
        )
        self.location = self._create(
            "fsm.location",
            name="House in Bern",
            owner_id=self.customer,
            partner_latitude=BERN[0],
            partner_longitude=BERN[1],
        )
        self.community = self._create(
            "crowd.community", name=f"Friends of {self.name}", company_id=self.company
        )
        domain = [["company_id", "=", self.company], ["is_internal", "=", True]]
        [self.technicians] = self.admin("crowd.community", "search", domain)

    def workers(self, number, worker_type="friend", capacity=1):
        """Return the ids of new active members; their mails are those of :meth:`mail`."""
        people = [
            {
                "name": f"{worker_type.title()} {n} of {self.name}",
                "email": f"{self.tag}-{worker_type}-{n}@example.com",
                "worker_type": worker_type,
                "partner_latitude": BERN[0] + (n % 25 + 0.5) / KM_PER_DEGREE,
                "partner_longitude": BERN[1],
            }
            for n in (next(self._number) for _ in range(number))
        ]
        ids = self.admin("fsm.person", "create", people, context=QUIET)
        internal = worker_type == "technician"
        members = self.admin(
            "crowd.membership",
            "create",
            [
                {
                    "worker_id": worker,
                    "community_id": self.technicians if internal else self.community,
                    "capacity": capacity,
                }
                for worker in ids
            ],
            context=QUIET,
        )
        self.admin("crowd.membership", "action_activate", members, context=QUIET)
        return ids

    def user_of(self, worker, *groups):
        """Return the :class:`Rpc` of a new login of a worker."""
        [person] = self.admin("fsm.person", "read", [worker], ["partner_id"])
        return self.user(f"worker-{worker}", *groups, partner=person["partner_id"][0])

    def portal_user(self, worker):
        return self.user_of(worker, self.ref("base.group_portal"))

    def technician_user(self, worker):
        groups = self.ref("base.group_user"), self._group("technician")
        return self.user_of(worker, *groups)

    def free(self, workers):
        """Return those of ``workers`` who have no job at present."""
        rows = self.server.sql(
            "SELECT worker_id FROM crowd_offer WHERE state = 'accepted'"
        )
        busy = {worker for (worker,) in rows}
        return [worker for worker in workers if worker not in busy]

    def mail(self, worker):
        return self.admin("fsm.person", "read", [worker], ["email"])[0]["email"]

    def address(self, user):
        """Return the e-mail address of a user of :meth:`user`."""
        return user.login + "@example.com"

    # -- tickets ------------------------------------------------------------

    def ticket(self, name="No internet", **values):
        values = dict(
            {
                "name": name,
                "description": "<p>Since this morning.</p>",
                "team_id": self.team,
                "company_id": self.company,
                "partner_id": self.customer,
                "crowd_service_id": self.service,
                "fsm_location_id": self.location,
                "crowd_summary": "The home network has to be set up again.",
            },
            **values,
        )
        return self.agent("helpdesk.ticket", "create", values)

    def offered(self, workers, minutes=30, **values):
        """Return ``(ticket, dispatch, {worker: offer})`` of a new ticket."""
        ticket = self.ticket(**values)
        dispatch = self.agent(
            "helpdesk.ticket", "crowd_dispatch", [ticket], list(workers), minutes
        )
        return ticket, dispatch, self.offers(dispatch)

    def offers(self, dispatch):
        """Return ``{worker: offer}`` of a dispatch."""
        rows = self.server.sql(
            "SELECT worker_id, id FROM crowd_offer WHERE dispatch_id = %s ORDER BY id",
            dispatch,
        )
        return dict(rows)

    def tokens(self, offers):
        """Return a secret link's token for each offer.

        The mails carry such links; with two hundred people, writing the hash is how a
        test gets them fast. The links of the mails are tested by themselves.
        """
        made = {offer: secrets.token_urlsafe(32) for offer in offers}
        with self.server.cursor() as cr:
            cr.executemany(
                "INSERT INTO crowd_token (token_hash, purpose, offer_id)"
                " VALUES (%s, 'offer', %s)",
                [(token_hash(cr, token), offer) for offer, token in made.items()],
            )
        return made

    def dispatch(self, dispatch):
        """Return state, winner, order and ticket of a dispatch, from the database."""
        [row] = self.server.sql(
            "SELECT state, accepted_offer_id, worker_id, order_id, ticket_id,"
            " close_reason FROM crowd_dispatch WHERE id = %s",
            dispatch,
        )
        names = "state offer worker order ticket close_reason".split()
        return dict(zip(names, row))

    def states(self, dispatch):
        """Return how many offers of the dispatch are in each state."""
        return dict(
            self.server.sql(
                "SELECT state, count(*) FROM crowd_offer WHERE dispatch_id = %s"
                " GROUP BY state",
                dispatch,
            )
        )

    def path(self, dispatch):
        """Return the states that the dispatch went through."""
        rows = self.server.sql(
            "SELECT to_state FROM crowd_event WHERE dispatch_id = %s"
            " AND kind = 'state' ORDER BY id",
            dispatch,
        )
        return [state for (state,) in rows]

    def finish(self, dispatch):
        """The job is done: its worker is free again."""
        offer = self.dispatch(dispatch)["offer"]
        self.agent("crowd.offer", "action_done", [offer])
