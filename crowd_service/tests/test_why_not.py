from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .matcher_common import NOON, MatcherCase


@tagged("post_install", "-at_install")
class TestWhyNot(MatcherCase):
    """Any worker on any ticket: the full verdict, today's and the earlier ones."""

    def _ask(self, worker, ticket=None, user=None):
        ticket = (ticket or self.ticket).with_user(user or self.agent)
        action = ticket.action_crowd_why_not()
        wizard = self.env[action["res_model"]].with_user(user or self.agent)
        wizard = wizard.browse(action["res_id"])
        wizard.worker_id = worker
        return wizard

    def test_whoever_can_be_asked(self):
        self._create_worker("Near", km=1)
        worker = self._create_worker("Fit", km=4)
        wizard = self._ask(worker)
        self.assertTrue(wizard.is_askable)
        found = self.matcher._explain(self.ticket, worker)
        self.assertEqual(
            wizard.verdict, f"Fit can be asked: rank 2, {found.score:.1f} points."
        )
        for words in (
            "4.0 km away",
            "Near the customer",
            "30.0",
            "not rated yet",
            "not asked in the last 7 days",
            "no similar ticket solved yet",
            "no wish of this customer",
        ):
            self.assertIn(words, str(wizard.details))

    def test_every_rule_that_fails(self):
        worker = self._create_worker(
            "Nobody", km=40, skills={}, membership={"state": "paused"}
        )
        wizard = self._ask(worker)
        self.assertFalse(wizard.is_askable)
        self.assertEqual(wizard.verdict, "Nobody cannot be asked.")
        for words in (
            "Not an active member",
            "A skill is missing",
            "missing: WLAN",
            "Too far away",
            "10.0 km too far",
        ):
            self.assertIn(words, str(wizard.details))

    def test_behind_the_best(self):
        for n in range(50):
            self._create_worker(f"Near {n}", km=1)
        worker = self._create_worker("Far", km=29)
        self.assertIn("50 others have more", self._ask(worker).verdict)

    def test_archived(self):
        worker = self._create_worker("Gone")
        worker.active = False
        self.assertIn("The worker is archived", str(self._ask(worker).details))

    def test_no_member(self):
        worker = self._create_worker("Stranger", community=False)
        self.assertIn("no membership in this company", str(self._ask(worker).details))

    def test_names_are_escaped(self):
        self.skill_wlan.name = "<b>WLAN</b>"
        worker = self._create_worker("Unskilled", skills={})
        self.assertIn("&lt;b&gt;WLAN", str(self._ask(worker).details))

    def test_choosing_in_the_form(self):
        worker = self._create_worker("Fit")
        with Form(self._ask(self.env["fsm.person"])) as form:
            self.assertFalse(form.verdict)
            form.worker_id = worker
            self.assertIn("Fit can be asked", form.verdict)

    def test_remote_work_has_no_distance(self):
        service = self._create_service("By phone", crowd_place="remote")
        ticket = self._create_ticket(crowd_service_id=service.id)
        wizard = self._ask(self._create_worker("Fit", km=400), ticket)
        self.assertTrue(wizard.is_askable)
        self.assertNotIn("Near the customer", str(wizard.details))

    def test_words(self):
        for code, data, words in (
            ("response", {"minutes": 0.2}, "answers in 1 min at this hour"),
            ("response", {"minutes": 150}, "answers in 2 h at this hour"),
            ("similar", {"count": 3}, "solved 3 like this"),
            ("liked", {}, "helped this customer before and was liked"),
            ("rating", {"stars": 4.55, "count": 1}, "4.5 stars from one rating"),
            ("success", {"solved": 0, "jobs": 1}, "one job, unsolved"),
            ("cost", {"percent": 40.4}, "costs less than the price"),
            ("cost", {"percent": 100.0}, "costs as much as the price, or more"),
            ("capacity", {"open_jobs": 0, "capacity": 0}, "takes no jobs"),
            ("capacity", {"open_jobs": 2, "capacity": 2}, "2 of 2 jobs open"),
            (
                "expired",
                {"expired": ((self.skill_wlan.id, NOON.date(), 1),)},
                "WLAN expired one day ago",
            ),
        ):
            with self.subTest(words=words):
                self.assertEqual(self.matcher._word_remark(code, data), words)

    # ------------------------------------------------------------------
    # earlier rounds
    # ------------------------------------------------------------------

    def test_earlier_rounds(self):
        best = self._create_worker("Best", km=1)
        far = self._create_worker("Far", km=40)
        lost = self._create_worker("Lost", skills={}, km=40)
        dispatch = self.ticket._crowd_open_dispatch()
        with self.at(NOON):
            dispatch._offer_best()
        with self.at(NOON + timedelta(hours=1)):
            dispatch._offer_best()
        dispatch.flush()
        points = dispatch.candidate_ids.filtered(lambda c: c.worker_id == best)[0].score
        history = str(self._ask(best).history)
        self.assertEqual(history.count("<li>"), 2)
        for words in (
            dispatch.name,
            "round 1",
            "round 2",
            "3/4/26, 1:00 PM",
            "3/4/26, 2:00 PM",
            f"rank 1 of 1, {points:.1f} points",
            "1.0 km away",
        ):
            self.assertIn(words, history)
        self.assertIn("near miss: Too far away", str(self._ask(far).history))
        self.assertIn("neither among the best", str(self._ask(lost).history))

    def test_no_round_yet(self):
        self.assertFalse(self._ask(self._create_worker("Fit")).history)

    def test_a_closed_ticket_still_answers(self):
        worker = self._create_worker("Fit")
        dispatch = self.ticket._crowd_open_dispatch()
        dispatch._offer_best()
        self.ticket.stage_id = self.env["helpdesk.ticket.stage"].search(
            [("closed", "=", True)], limit=1
        )
        wizard = self._ask(worker)
        self.assertIn("is closed", wizard.verdict)
        self.assertFalse(wizard.details)
        self.assertIn("rank 1 of 1", str(wizard.history))

    # ------------------------------------------------------------------
    # rights
    # ------------------------------------------------------------------

    def test_agents_only(self):
        worker = self._create_worker("Fit")
        for user in (self.technician, self.employee, self.agent_b):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._ask(worker, user=user)

    def test_tickets_of_others_stay_theirs(self):
        ticket = self._create_ticket(company=self.company_b, partner_id=False)
        model = self.env["crowd.why.not"].with_user(self.agent)
        with self.assertRaises(AccessError):
            model.create({"ticket_id": ticket.id}).read(["ticket_id"])

    def test_workers_of_others_stay_theirs(self):
        worker = self._create_worker(
            "B's", company_id=self.company_b.id, community=False
        )
        with self.assertRaises(AccessError):
            self._ask(worker).read(["verdict", "details"])

    # ------------------------------------------------------------------
    # ways to it
    # ------------------------------------------------------------------

    def test_from_the_match_screen_and_back(self):
        match = self.env["crowd.match"].with_user(self.agent)
        match = match.browse(
            self.ticket.with_user(self.agent).action_crowd_match()["res_id"]
        )
        action = match.action_why_not()
        wizard = self.env["crowd.why.not"].with_user(self.agent)
        wizard = wizard.browse(action["res_id"])
        self.assertEqual(wizard.ticket_id, self.ticket)
        back = wizard.action_back()
        self.assertEqual((back["res_model"], back["res_id"]), (match._name, match.id))

    def test_from_the_dispatch(self):
        dispatch = self.ticket._crowd_open_dispatch().with_user(self.agent)
        self.assertEqual(dispatch.action_why_not()["res_model"], "crowd.why.not")
