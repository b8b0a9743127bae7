from datetime import timedelta

from odoo.tests.common import SavepointCase, tagged

from ..demo import loader
from ..workflow import DISPATCH
from .invariants import broken_invariants, check_invariants

STABLE_STATES = set(DISPATCH.states) - {"draft", "searching"}  # for minutes only


@tagged("post_install", "-at_install")
class TestDemo(SavepointCase):
    """The demo data shows something everywhere, and nothing that could not happen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        name = loader.MODULE + ".company_alpenfunk"
        company = cls.env.ref(name, raise_if_not_found=False)
        cls.has_demo = bool(company)
        if company:
            cls.companies = company | cls.env.ref(loader.MODULE + ".company_heidefunk")

    def setUp(self):
        super().setUp()
        if not self.has_demo:
            self.skipTest("no demo data")

    def _ref(self, name):
        return self.env.ref("%s.%s" % (loader.MODULE, name))

    def _count(self, model, *domain):
        domain += (("company_id", "in", self.companies.ids),)
        return self.env[model].search_count(list(domain))

    def test_there_are_enough_people(self):
        workers = self.env["fsm.person"].search(
            [("crowd_membership_ids.company_id", "in", self.companies.ids)]
        )
        for kind, least in (
            ("friend", 300),
            ("professional", 20),
            ("technician", 25),
            ("partner_staff", 1),
        ):
            found = workers.filtered(lambda w, kind=kind: w.worker_type == kind)
            self.assertGreaterEqual(len(found), least, kind)
        shared = workers.filtered(
            lambda w: len(w.crowd_membership_ids.mapped("company_id")) == 2
        )
        self.assertGreater(len(shared), 5)

    def test_something_is_at_risk(self):
        self.assertTrue(self._count("crowd.dispatch", ("is_at_risk", "=", True)))

    def test_somebody_is_on_call(self):
        duties = self.env["crowd.duty"]
        for company in self.companies:
            for weeks in (0, 4):
                at = self.env["crowd.clock"].now() + timedelta(weeks=weeks)
                self.assertTrue(duties._on_duty(company, at=at), company.name)

    def test_there_are_near_misses_of_every_kind(self):
        memberships = self.env["crowd.membership"]
        for state, _label in memberships._fields["state"].selection:
            self.assertTrue(
                self._count("crowd.membership", ("state", "=", state)), state
            )
        self.assertTrue(self._count("crowd.membership", ("capacity", "=", 0)))
        self.assertTrue(
            self._count("crowd.membership", ("worker_id.is_located", "=", False))
        )

    def test_time_is_shown(self):
        workers = self.env["fsm.person"].search(
            [("crowd_membership_ids.company_id", "in", self.companies.ids)]
        )
        for kind in ("friend", "professional", "technician"):
            same = workers.filtered(lambda w, kind=kind: w.worker_type == kind)
            self.assertTrue(same.mapped("calendar_id"), kind)
            self.assertTrue(same.filtered(lambda w: not w.calendar_id), kind)
            self.assertTrue(same.mapped("crowd_absence_ids"), kind)
        for presence in ("available", "away"):
            switched = [("crowd_presence", "=", presence), ("id", "in", workers.ids)]
            self.assertTrue(workers.search_count(switched), presence)

    def test_every_state_is_shown(self):
        self.assertGreaterEqual(self._count("helpdesk.ticket"), 40)
        self.assertGreater(
            self._count("helpdesk.ticket", ("crowd_dispatch_id", "=", False)), 0
        )
        groups = self.env["crowd.event"].read_group(
            [("company_id", "in", self.companies.ids), ("kind", "=", "state")],
            ["to_state"],
            ["to_state"],
            lazy=False,
        )
        self.assertEqual({group["to_state"] for group in groups}, set(DISPATCH.states))
        for state in STABLE_STATES:
            self.assertTrue(self._count("crowd.dispatch", ("state", "=", state)), state)

    def test_every_list_shows_something(self):
        for model in ("crowd.candidate", "crowd.escalation", "crowd.delivery"):
            self.assertGreater(self._count(model), 10, model)
        offers = self.env["crowd.offer"]
        for state in ("lost", "declined", "expired", "withdrawn", "backed_out"):
            self.assertTrue(self._count(offers._name, ("state", "=", state)), state)
        escalations = self.env["crowd.escalation"]
        self.assertGreater(len(set(escalations.search([]).mapped("reason"))), 4)
        tickets = self.env["helpdesk.ticket"].search(
            [("company_id", "in", self.companies.ids)]
        )
        ratings = self.env["rating.rating"].search(
            [("res_model", "=", "helpdesk.ticket"), ("res_id", "in", tickets.ids)]
        )
        self.assertGreater(len(ratings), 20)

    def test_history_lies_in_the_past_and_deadlines_in_the_future(self):
        loaded_at = self._ref("community_alpen_friends").create_date
        events = self.env["crowd.event"].search(
            [("company_id", "in", self.companies.ids)], order="at"
        )
        self.assertGreater((loaded_at - events[0].at).days, 18)
        tickets = self.env["helpdesk.ticket"].search(
            [("company_id", "in", self.companies.ids), ("closed", "=", True)]
        )
        for ticket in tickets:
            self.assertLessEqual(ticket.create_date, ticket.closed_date)
        dispatches = self.env["crowd.dispatch"].search(
            [
                ("company_id", "in", self.companies.ids),
                ("state", "in", DISPATCH.open),
            ]
        )
        self.assertTrue(all(d.next_deadline > loaded_at for d in dispatches))

    def test_nothing_is_sent_from_the_past(self):
        self.assertFalse(self._count("crowd.delivery", ("state", "=", "queued")))
        sent = self.env["queue.job"].search([("model_name", "=", "crowd.delivery")])
        self.assertFalse(sent)
        loaded_at = self._ref("community_alpen_friends").create_date
        wakes = self.env["queue.job"].search([("model_name", "=", "crowd.dispatch")])
        self.assertTrue(wakes)
        self.assertTrue(all(job.eta > loaded_at for job in wakes))

    def test_nobody_can_be_called_or_written_to(self):
        ids = self.env["ir.model.data"].search(
            [("module", "=", loader.MODULE), ("model", "=", "res.partner")]
        )
        partners = self.env["res.partner"].browse(ids.mapped("res_id"))
        self.assertGreater(len(partners), 500)
        for partner in partners:
            self.assertRegex(
                partner.email or "@x.example.com", r"\.example\.(com|org)$"
            )
            self.assertRegex(partner.phone, r"^(\+41 99 000 |\+49 30 23125 )")

    def test_passwords_are_the_logins(self):
        users = self.env["res.users"].search(
            [("company_ids", "in", self.companies.ids)]
        )
        demo = users.filtered(
            lambda u: u.get_external_id()[u.id].startswith(loader.MODULE)
        )
        self.assertEqual(len(demo), 11)
        for user in demo:
            user.with_user(user)._check_credentials(user.login, {"interactive": True})

    def test_nothing_impossible_has_happened(self):
        check_invariants(self.env.cr)

    def test_invariants_are_looked_at(self):
        """The check itself: each breach is found, or the check proves nothing."""
        self.env.cr.execute(
            "UPDATE crowd_membership SET capacity = 0 WHERE id IN"
            " (SELECT membership_id FROM crowd_offer WHERE state = 'accepted')"
        )
        self.env.cr.execute(
            "UPDATE crowd_event SET to_state = 'done' WHERE kind = 'state'"
            " AND to_state = 'searching'"
        )
        self.env.cr.execute(
            "UPDATE fsm_order SET person_id = NULL WHERE id IN"
            " (SELECT order_id FROM crowd_dispatch WHERE state = 'assigned')"
        )
        self.env.cr.execute("DELETE FROM crowd_delivery WHERE purpose = 'offer'")
        broken = " ".join(broken_invariants(self.env.cr))
        for number in ("I2", "I6", "I7", "I8"):
            self.assertIn(number, broken)
