from datetime import timedelta

from odoo.tests import tagged

from ..models.crowd_clock import simulated_clock
from .common import CrowdCase


@tagged("post_install", "-at_install")
class TestBoard(CrowdCase):
    """What the desk sees of time: countdowns, risks, and silence."""

    def setUp(self):
        super().setUp()
        self.worker = self._create_worker("Friend")
        self.now = self.env["crowd.clock"].now()
        self.ticket = self._create_ticket()

    def _dispatched(self, ticket=None, **values):
        ticket = (ticket or self.ticket).with_user(self.agent)
        dispatch = self.env["crowd.dispatch"].browse(
            ticket.crowd_dispatch(self.worker.ids, 30)
        )
        dispatch.write(values)
        return dispatch

    def _at(self, minutes):
        return self.now + timedelta(minutes=minutes)

    def _seen(self, record, minutes, field):
        """Return what ``field`` shows in so many minutes."""
        with simulated_clock(self._at(minutes)):
            record.invalidate_cache()
            return record[field]

    def test_countdown(self):
        dispatch = self._dispatched(next_deadline=self._at(30))
        self.assertEqual(self._seen(dispatch, 18, "time_left"), "12 min left")
        self.assertEqual(self._seen(dispatch, 33, "time_left"), "overdue 3 min")
        self.assertEqual(self._seen(dispatch, 30 + 180, "time_left"), "overdue 3 h")

    def test_urgency(self):
        dispatch = self._dispatched(next_deadline=self._at(30))
        self.ticket.crowd_deadline = False
        self.assertEqual(self._seen(dispatch, 0, "urgency"), "calm")
        self.assertEqual(self._seen(dispatch, 21, "urgency"), "soon")
        self.assertEqual(self._seen(dispatch, 31, "urgency"), "late")
        self.ticket.crowd_deadline = self._at(70)
        self.assertEqual(self._seen(dispatch, 11, "urgency"), "risk")

    def _is_found(self, minutes, dispatch):
        with simulated_clock(self._at(minutes)):
            dispatch.invalidate_cache()
            found = dispatch.search([("is_at_risk", "=", True)])
            self.assertEqual(dispatch in found, dispatch.is_at_risk, dispatch.risk)
            others = dispatch.search([("is_at_risk", "=", False)])
            self.assertNotEqual(dispatch in found, dispatch in others)
            return dispatch in found

    def test_columns(self):
        self._dispatched()
        ours = [("company_id", "=", self.company_a.id)]
        groups = self.env["crowd.dispatch"].read_group(ours, ["state"], ["state"])
        columns = [group["state"] for group in groups]
        self.assertEqual(columns, ["escalated", "offered", "assigned", "in_progress"])
        self.assertEqual([g["state_count"] for g in groups], [0, 1, 0, 0])

    def test_escalations_count_down_until_they_are_acknowledged(self):
        self._dispatched()
        self.ticket.with_user(self.agent).crowd_escalate("manual", "", self.agent.id)
        escalation = self.ticket.crowd_escalation_ids
        escalation.deadline = self._at(15)
        self.assertEqual(self._seen(escalation, 3, "time_left"), "12 min left")
        self.assertFalse(self._seen(escalation, 3, "is_late"))
        self.assertTrue(self._seen(escalation, 16, "is_late"))
        escalation.with_user(self.agent).action_acknowledge()
        self.assertFalse(self._seen(escalation, 16, "time_left"))

    def test_at_risk_while_nobody_has_it(self):
        dispatch = self._dispatched()
        self.ticket.crowd_deadline = False
        self.assertFalse(self._is_found(0, dispatch))
        self.ticket.crowd_deadline = self._at(24 * 60)
        self.assertFalse(self._is_found(0, dispatch))
        point = self.ticket.crowd_point_of_no_return
        minutes = int((point - self.now).total_seconds() // 60)
        self.assertFalse(self._is_found(minutes - 62, dispatch))
        self.assertTrue(self._is_found(minutes - 58, dispatch))
        self.assertIn("58 min left", self._seen(dispatch, minutes - 58, "risk"))

    def test_at_risk_when_the_deadline_has_passed(self):
        dispatch = self._dispatched()
        dispatch._assign_worker(self.worker)
        dispatch.promised_at = False
        self.ticket.crowd_deadline = self._at(30)
        self.assertFalse(self._is_found(10, dispatch), "somebody has it")
        self.assertTrue(self._is_found(31, dispatch))
        dispatch._pause(self._at(600), "parts")
        self.assertFalse(self._is_found(31, dispatch), "paused")

    def test_at_risk_when_the_worker_does_not_come(self):
        dispatch = self._dispatched()
        dispatch._assign_worker(self.worker)
        self.ticket.crowd_deadline = False
        dispatch.promised_at = self._at(20)
        self.assertFalse(self._is_found(19, dispatch))
        self.assertTrue(self._is_found(21, dispatch))
        dispatch.on_the_way_at = self._at(20)
        self.assertFalse(self._is_found(21, dispatch))

    def _is_silent(self, minutes, ticket=None):
        ticket = ticket or self.ticket
        with simulated_clock(self._at(minutes)):
            ticket.invalidate_cache()
            found = ticket.search([("crowd_is_unanswered", "=", True)])
            self.assertEqual(ticket in found, ticket.crowd_is_unanswered)
            self.assertEqual(bool(ticket.crowd_unanswered_why), ticket in found)
            others = ticket.search([("crowd_is_unanswered", "=", False)])
            self.assertNotEqual(ticket in found, ticket in others)
            return ticket in found

    def test_never_answered_without_dispatch(self):
        self.ticket.crowd_first_answer_deadline = self._at(60)
        self.assertFalse(self._is_silent(61), "the clock has two minutes")
        self.assertTrue(self._is_silent(63))
        self.ticket._crowd_miss_first_answer()
        self.assertFalse(self._is_silent(0))

    def test_never_answered_when_the_clock_stands_still(self):
        dispatch = self._dispatched(next_deadline=self._at(30))
        self.assertFalse(self._is_silent(31))
        self.assertTrue(self._is_silent(33))
        with simulated_clock(self._at(33)):
            dispatch._handle_due()
        self.assertFalse(self._is_silent(33), "it was escalated")

    def test_never_answered_when_the_responsible_person_has_left(self):
        dispatch = self._dispatched()
        self.assertFalse(self._is_silent(0))
        self.env["res.users"].flush()
        self.env.cr.execute(  # in Odoo somebody else would become responsible
            "UPDATE res_users SET active = FALSE WHERE id = %s",
            (dispatch.responsible_id.id,),
        )
        self.assertTrue(self._is_silent(0))

    def test_boards_read_with_a_fixed_number_of_statements(self):
        dispatches = self._dispatched()
        for _number in range(6):
            dispatches |= self._dispatched(self._create_ticket())
        names = ["time_left", "urgency", "risk", "open_offer_count", "state"]
        self.env["crowd.dispatch"].flush()

        def read(records):
            records.invalidate_cache()
            before = self.env.cr.sql_log_count
            records.with_user(self.agent).read(names)
            return self.env.cr.sql_log_count - before

        read(dispatches)
        self.assertEqual(read(dispatches[0]), read(dispatches))
