from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .ladder_common import LadderCase


@tagged("post_install", "-at_install")
class TestDryRun(LadderCase):
    """What a ladder would do, in words and pictures; nothing happens."""

    def _rehearse(self, **values):
        wizard = self.env["crowd.dry.run"].with_user(self.agent)
        return wizard.browse(wizard._open(ticket_id=self.ticket.id, **values)["res_id"])

    def test_people_times_and_ends(self):
        self._create_policy(
            self._ask(), self._ask("all", 20), self._tell("leader", 40), name="Mine"
        )
        picture = str(self._rehearse().picture)
        for words in (
            "Ask 2 (Friends)",
            "Anna, Beat",
            "The nearest lives 2.0 km away.",
            "Ask 1 (Crowd and technicians)",
            self.tech.name,
            "Escalate to %s" % self.dispatcher.name,
            "Point of no return",
            "Deadline",
        ):
            self.assertIn(words, picture)
        self.assertFalse(self.ticket.crowd_dispatch_ids)

    def test_it_comes_as_rehearsed(self):
        self._create_policy(self._ask(), self._ask("all", 20), self._tell(after=40))
        asked = str(self._rehearse().picture)
        dispatch = self._start()
        self._wake(dispatch, 20)
        for worker in dispatch.offer_ids.worker_id:
            self.assertIn(worker.name, asked)

    def test_one_after_the_other(self):
        self._create_policy(
            self._ask(quantity=2, per_wave=1, pause_minutes=10), self._tell(after=40)
        )
        self.assertEqual(str(self._rehearse().picture).count("Ask 1 (Friends)"), 2)

    def test_no_time_and_nobody(self):
        self._create_policy(
            self._ask("professionals"), self._ask(after=60), self._tell(after=90)
        )
        spare = self.ticket.crowd_deadline - self.ticket.crowd_point_of_no_return
        now = self.env["crowd.clock"].now()
        self.ticket.crowd_deadline = now + spare + timedelta(minutes=20)
        picture = str(self._rehearse().picture)
        self.assertIn("Nobody fits", picture)
        self.assertIn("point of no return would be over", picture)
        self.assertIn("Brought forward because of the point of no return", picture)

    def test_nobody_there(self):
        self.team.user_id = False
        self._create_policy(self._tell("leader", 0), self._tell("fallback", 10))
        picture = str(self._rehearse().picture)
        self.assertIn("Nobody would be there", picture)
        self.assertIn("Escalate to %s" % self.manager.name, picture)

    def test_why_this_policy(self):
        self._create_policy(self._tell(), name="Mine", sequence=1)
        other = self._create_policy(self._tell(), name="Other", sequence=2)
        self.assertIn("Mine: The first policy", self._rehearse().why)
        self.assertIn("Other: Chosen", self._rehearse(policy_id=other.id).why)

    def test_without_policy_it_says_so(self):
        with self.assertRaisesRegex(UserError, "No policy fits"):
            self._rehearse()

    def test_names_are_the_desks(self):
        self._create_policy(self._tell())
        for user in (self.agent_b, self.technician):
            with self.assertRaises(AccessError):
                self.ticket.with_user(user).action_crowd_dry_run()

    def test_picture_of_a_policy(self):
        policy = self._create_policy(
            self._ask(
                bonus=15,
                radius_km=10,
                quantity=6,
                per_wave=2,
                pause_minutes=5,
                community_ids=[(6, 0, self.community.ids)],
            ),
            self._tell("user", 30, user_id=self.manager.id, clock="desk"),
        )
        picture = str(policy.with_user(self.manager).picture)
        for words in (
            "at once",
            "Ask 6 (Friends), 2 at a time",
            "Within 10 km.",
            "15.00",
            self.community.name,
            "+30 min",
            "desk hours",
            "Escalate to: %s" % self.manager.name,
        ):
            self.assertIn(words, picture)

    def test_picture_and_bar_of_a_ticket(self):
        self._create_policy(self._ask(), self._tell("leader", 30))
        dispatch = self._start()
        self.assertIn("2 people asked.", str(dispatch.ladder_picture))
        bar = str(self.ticket.with_user(self.agent).crowd_time_bar)
        for words in ("Now", "Escalate to", "Point of no return", "Deadline"):
            self.assertIn(words, bar)
        self._wake(dispatch, 30)
        self.assertIn(self.dispatcher.name, str(dispatch.ladder_picture))

    def test_names_cannot_break_the_picture(self):
        self.community.name = "<img src=x onerror=alert(1)>"
        policy = self._create_policy(
            self._ask(community_ids=[(6, 0, self.community.ids)]), self._tell()
        )
        self.assertNotIn("<img", str(policy.picture))

    def test_shipped_policies(self):
        """They are switched off, can be used at once, and are good ladders."""
        policies = self.env["crowd.policy"].with_context(active_test=False)
        shipped = policies.search([("company_id", "=", False), ("active", "=", False)])
        self.assertGreaterEqual(len(shipped), 6)
        shipped._check_steps()
        mine = shipped[0].with_user(self.manager).with_company(self.company_a)
        own = policies.browse(mine.action_use()["res_id"])
        self.assertEqual((own.company_id, own.active), (self.company_a, True))
        self.assertEqual(len(own.step_ids), len(shipped[0].step_ids))
