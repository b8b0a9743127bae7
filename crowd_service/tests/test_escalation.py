from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CrowdCase


@tagged("post_install", "-at_install")
class TestEscalation(CrowdCase):
    """Handing over: by hand, by the clock, and up the ladder."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls._create_worker("Anna", km=2)
        cls.tech = cls._create_worker(
            "Tina Technician",
            worker_type="technician",
            groups="crowd_service.group_crowd_technician",
        )
        cls.tech_user = cls.tech.crowd_user_id
        cls.ticket = cls._create_ticket()

    def _dispatch(self, workers=None, minutes=30):
        dispatch_id = self.ticket.with_user(self.agent).crowd_dispatch(
            workers and workers.ids, minutes
        )
        return self.env["crowd.dispatch"].browse(dispatch_id)

    def _escalate(self, **values):
        ticket = self.ticket.with_user(self.agent)
        return self.env["crowd.escalation"].browse(
            ticket.crowd_escalate(values.pop("reason", "manual"), **values)
        )

    def _sweep(self, moment):
        with self.at(moment):
            self.env["crowd.dispatch"]._cron_sweep()

    def test_by_hand_to_a_person(self):
        dispatch = self._dispatch()
        escalation = self._escalate(note="two months old", user_id=self.tech_user.id)
        self.assertEqual(escalation.dispatch_id, dispatch)
        self.assertEqual(dispatch.state, "escalated")
        self.assertEqual(dispatch.responsible_id, self.tech_user)
        self.assertEqual(set(dispatch.offer_ids.mapped("state")), {"withdrawn"})
        self.assertIn("two months old", str(escalation.packet))
        self.assertIn("Anna", str(escalation.packet))
        self.assertIn("It does not work", str(escalation.packet))

    def test_by_hand_without_a_dispatch(self):
        escalation = self._escalate()
        self.assertEqual(escalation.user_id, self.dispatcher)
        self.assertEqual(self.ticket.crowd_state, "escalated")

    def test_wizard_to_a_team(self):
        wizard = (
            self.env["crowd.escalate"]
            .with_user(self.agent)
            .create({"ticket_id": self.ticket.id, "team_id": self.team.id})
        )
        action = wizard.action_escalate()
        escalation = self.env["crowd.escalation"].browse(action["res_id"])
        self.assertEqual(escalation.user_id, self.dispatcher)
        self.assertEqual(escalation.team_id, self.team)

    def test_wizard_wants_an_addressee(self):
        leaderless = self.env["helpdesk.ticket.team"].create({"name": "Nobody"})
        values = {"ticket_id": self.ticket.id}
        for more in ({"target": "user"}, {"team_id": leaderless.id}):
            wizard = self.env["crowd.escalate"].create(dict(values, **more))
            with self.assertRaises(UserError):
                wizard.with_user(self.agent).action_escalate()

    def test_bad_input(self):
        ticket = self.ticket.with_user(self.agent)
        for args in (
            {"reason": "because"},
            {"reason": "manual", "user_id": self.portal_user.id},
            {"reason": "manual", "user_id": self.agent_b.id},
            {"reason": "manual", "user_id": 10**8},
        ):
            with self.assertRaises(UserError):
                ticket.crowd_escalate(**args)
        for user in (self.tech_user, self.employee, self.agent_b):
            with self.assertRaises(AccessError):
                self.ticket.with_user(user).crowd_escalate("manual")

    def test_acknowledge_is_not_taking(self):
        escalation = self._escalate(user_id=self.tech_user.id)
        escalation.with_user(self.tech_user).action_acknowledge()
        dispatch = escalation.dispatch_id
        self.assertEqual(escalation.state, "acknowledged")
        self.assertTrue(escalation.acknowledged_in_time)
        self.assertEqual(dispatch.state, "escalated")
        self.assertEqual(dispatch.responsible_id, self.tech_user)
        self.assertFalse(dispatch.order_id)
        self.assertGreater(dispatch.next_deadline, escalation.deadline)

    def test_take_the_job(self):
        escalation = self._escalate(user_id=self.tech_user.id)
        escalation.with_user(self.tech_user).action_take_job()
        dispatch = escalation.dispatch_id
        self.assertEqual(escalation.state, "taken")
        self.assertEqual(dispatch.state, "assigned")
        self.assertEqual(dispatch.worker_id, self.tech)
        self.assertEqual(dispatch.accepted_offer_id.origin, "escalation")
        self.assertEqual(dispatch.order_id.person_id, self.tech)

    def test_only_workers_take_jobs(self):
        escalation = self._escalate(user_id=self.dispatcher.id)
        with self.assertRaisesRegex(UserError, "no worker"):
            escalation.with_user(self.dispatcher).action_take_job()

    def test_only_the_addressee_or_the_desk(self):
        escalation = self._escalate(user_id=self.dispatcher.id)
        for user in (self.tech_user, self.agent_b, self.portal_user):
            with self.assertRaises(AccessError):
                escalation.with_user(user).action_acknowledge()
        escalation.with_user(self.agent).action_acknowledge()
        self.assertEqual(escalation.acknowledged_by_id, self.agent)

    def test_back_to_the_crowd(self):
        escalation = self._escalate()
        dispatch = self._dispatch(self.anna)
        self.assertEqual(dispatch, escalation.dispatch_id)
        self.assertEqual(dispatch.state, "offered")
        self.assertEqual(escalation.state, "closed")

    def test_nobody_answers(self):
        dispatch = self._dispatch(minutes=5)
        self._sweep(dispatch.next_deadline + timedelta(seconds=1))
        self.assertEqual(dispatch.state, "escalated")
        self.assertEqual(dispatch.escalation_ids.reason, "all_ignored")
        self.assertEqual(set(dispatch.offer_ids.mapped("state")), {"expired"})
        self.assertFalse(dispatch.escalation_ids.from_user_id)

    def test_clock_is_idempotent(self):
        dispatch = self._dispatch(minutes=5)
        moment = dispatch.next_deadline + timedelta(seconds=1)
        with self.at(moment):
            dispatch._job_wake()
            dispatch._job_wake()
            self.env["crowd.dispatch"]._cron_sweep()
        self.assertEqual(len(dispatch.escalation_ids), 1)

    def test_too_early_job_does_nothing(self):
        dispatch = self._dispatch(minutes=5)
        dispatch._job_wake()
        self.assertEqual(dispatch.state, "offered")

    def test_silence_climbs_the_ladder(self):
        escalation = self._escalate()
        self._sweep(escalation.deadline + timedelta(seconds=1))
        dispatch = escalation.dispatch_id
        self.assertEqual(escalation.state, "closed")
        above = dispatch.escalation_ids - escalation
        self.assertEqual(above.user_id, self.manager)
        self.assertEqual(above.level, 2)
        self.assertEqual(above.reason, "not_acknowledged")

    def test_top_of_the_ladder_is_reminded_without_a_storm(self):
        escalation = self._escalate()
        dispatch = escalation.dispatch_id
        for _step in range(4):
            self._sweep(dispatch.next_deadline + timedelta(seconds=1))
        self.assertLessEqual(len(dispatch.escalation_ids), 3)
        self.assertEqual(dispatch.state, "escalated")
        self.assertTrue(dispatch.next_deadline)
        self.assertLessEqual(len(dispatch.activity_ids), 1)

    def test_outage_escalates_once(self):
        dispatch = self._dispatch(minutes=5)
        self._sweep(dispatch.next_deadline + timedelta(hours=6))
        self.assertEqual(len(dispatch.escalation_ids), 1)

    def test_overdue_job_reminds_the_responsible(self):
        dispatch = self._dispatch()
        dispatch.offer_ids[0]._accept("api")
        dispatch.accepted_offer_id._on_my_way(30)
        before = dispatch.next_deadline
        self._sweep(before + timedelta(seconds=1))
        self.assertEqual(dispatch.state, "assigned")
        self.assertGreater(dispatch.next_deadline, before)
        self.assertEqual(dispatch.activity_ids.user_id, dispatch.responsible_id)
        dispatch.accepted_offer_id._finish(True)
        self.assertFalse(dispatch.activity_ids)

    def test_unanswered_ticket_is_escalated(self):
        deadline = self.ticket.crowd_first_answer_deadline
        self.assertTrue(deadline)
        self._sweep(deadline - timedelta(minutes=1))
        self.assertFalse(self.ticket.crowd_dispatch_ids)
        self._sweep(deadline + timedelta(seconds=1))
        self.assertEqual(self.ticket.crowd_state, "escalated")
        self.assertEqual(self.ticket.crowd_escalation_ids.reason, "first_answer")

    def test_answered_ticket_is_left_alone(self):
        self.ticket.stage_id = self.env.ref(
            "helpdesk_mgmt.helpdesk_ticket_stage_in_progress"
        )
        deadline = self.ticket.crowd_first_answer_deadline
        self._sweep(deadline + timedelta(seconds=1))
        self.assertFalse(self.ticket.crowd_dispatch_ids)

    def test_one_bad_row_does_not_stop_the_others(self):
        bad = self._dispatch(minutes=5)
        ticket = self._create_ticket()
        good_id = ticket.with_user(self.agent).crowd_dispatch(False, 5)
        good = self.env["crowd.dispatch"].browse(good_id)
        original = type(bad)._due_offered

        def explode(dispatch):
            if dispatch.id == bad.id:
                raise ValueError("bad row")
            return original(dispatch)

        with (
            patch.object(type(bad), "_due_offered", explode),
            self.assertLogs("odoo.addons.crowd_service", level="ERROR"),
        ):
            self._sweep(good.next_deadline + timedelta(minutes=1))
        self.assertEqual(good.state, "escalated")
        self.assertEqual(bad.state, "offered")

    def test_responsible_person_leaves(self):
        escalation = self._escalate(user_id=self.tech_user.id)
        self.tech_user.active = False
        dispatch = escalation.dispatch_id
        self.assertEqual(dispatch.responsible_id, self.dispatcher)

    def test_scope_alarm_takes_the_job_without_harm(self):
        dispatch = self._dispatch(self.anna)
        dispatch.offer_ids._accept("api")
        offer, order = dispatch.accepted_offer_id, dispatch.order_id
        self._escalate(reason="scope", user_id=self.tech_user.id)
        self.assertEqual(offer.state, "withdrawn")
        self.assertFalse(order.person_id)
        dispatch.escalation_ids.with_user(self.tech_user).action_take_job()
        self.assertEqual(dispatch.order_id, order)
        self.assertEqual(order.person_id, self.tech)
