from datetime import timedelta

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .ladder_common import LadderCase


@tagged("post_install", "-at_install")
class TestLadder(LadderCase):
    """A dispatch climbs its policy by itself."""

    def test_waves_then_people_inside(self):
        self._create_policy(
            self._ask("friends"),
            self._ask("technicians", 15),
            self._tell("leader", 30),
            self._tell("fallback", 45),
        )
        dispatch = self._start()
        self.assertEqual(dispatch.state, "offered")
        self.assertEqual(dispatch.offer_ids.worker_id, self.anna | self.beat)
        self.assertEqual(self._minutes(dispatch, dispatch.next_deadline), 15)
        self._due(dispatch)
        self.assertEqual(
            dispatch.offer_ids.worker_id, self.anna | self.beat | self.tech
        )
        self.assertEqual(set(dispatch.offer_ids.mapped("round")), {1})
        self._due(dispatch)
        self.assertEqual(dispatch.state, "escalated")
        self.assertEqual(dispatch.escalation_ids.user_id, self.dispatcher)
        self.assertEqual(dispatch.escalation_ids.reason, "all_ignored")
        self._due(dispatch)
        self.assertEqual(dispatch.escalation_ids[0].user_id, self.manager)
        self.assertEqual(dispatch.escalation_ids[0].reason, "not_acknowledged")
        self.assertEqual(set(dispatch.step_ids.mapped("state")), {"done"})

    def test_offers_end_when_the_ladder_leaves_the_crowd(self):
        self._create_policy(self._ask(offer_minutes=60), self._tell(after=20))
        dispatch = self._start()
        ends = set(dispatch.offer_ids.mapped("expires_at"))
        self.assertEqual({self._minutes(dispatch, end) for end in ends}, {20})

    def test_whom_each_wave_considered_is_kept(self):
        self._create_policy(self._ask(radius_km=3), self._ask("all", 10), self._tell())
        dispatch = self._start()
        self._due(dispatch)
        asked = dispatch.candidate_ids.filtered(lambda c: not c.excluded_reason)
        self.assertEqual(asked.worker_id, dispatch.offer_ids.worker_id)
        self.assertEqual(len(dispatch.candidate_ids.worker_id), 3)
        ranks = dispatch.candidate_ids.mapped("rank")
        self.assertEqual(len(ranks), len(set(ranks)))

    def test_accept_ends_the_ladder(self):
        self._create_policy(self._ask(), self._ask("all", 10), self._tell())
        dispatch = self._start()
        self._offer(dispatch, self.anna)._accept("api")
        self.assertEqual(dispatch.state, "assigned")
        self.assertEqual(dispatch.step_ids.mapped("state"), ["done"] + ["skipped"] * 2)
        self.assertEqual(set(dispatch.step_ids[1:].mapped("why")), {"assigned"})
        self._wake(dispatch, 31)
        self.assertEqual(dispatch.state, "assigned")

    def test_nobody_left_pulls_the_next_step(self):
        self._create_policy(
            self._ask(), self._ask("technicians", 60), self._tell(after=90)
        )
        dispatch = self._start()
        for offer in dispatch.offer_ids:
            offer._decline("no_time")
        moment = dispatch.next_deadline
        self.assertLess(self._minutes(dispatch, moment), 1)
        self._wake(dispatch, moment=moment)
        self.assertEqual(dispatch.state, "offered")
        self.assertEqual(self._offer(dispatch, self.tech).state, "sent")
        self.assertEqual(dispatch.step_ids[1].why, "nobody_left")

    def test_expired_offers_pull_the_next_step(self):
        self._create_policy(self._ask(offer_minutes=5), self._tell(after=90))
        dispatch = self._start()
        self._wake(dispatch, 5)
        self.assertEqual(set(dispatch.offer_ids.mapped("state")), {"expired"})
        self._wake(dispatch, 6)
        self.assertEqual(dispatch.state, "escalated")

    def test_first_step_may_wait(self):
        self._create_policy(self._ask(after=10), self._tell())
        dispatch = self._start()
        self.assertEqual(dispatch.state, "searching")
        self.assertFalse(dispatch.offer_ids)
        self._due(dispatch)
        self.assertEqual(dispatch.state, "offered")

    def test_nobody_fits_at_once_the_next(self):
        self._create_policy(
            self._ask("professionals"), self._ask(after=20), self._tell()
        )
        dispatch = self._start()
        self.assertEqual(dispatch.offer_ids.worker_id, self.anna | self.beat)
        self.assertEqual(dispatch.step_ids[0].why, "nobody_fits")

    def test_nobody_at_all_goes_to_people_inside_at_once(self):
        self._create_policy(
            self._ask("professionals"), self._ask("partner_staff", 10), self._tell()
        )
        dispatch = self._start()
        self.assertEqual(dispatch.state, "escalated")
        self.assertEqual(dispatch.escalation_ids.reason, "no_candidate")

    def test_one_after_the_other(self):
        self._create_policy(
            self._ask("all", quantity=3, per_wave=1, pause_minutes=5), self._tell()
        )
        dispatch = self._start()
        self.assertEqual(dispatch.offer_ids.worker_id, self.anna)
        self._due(dispatch)
        self.assertEqual(dispatch.offer_ids.worker_id, self.anna | self.beat)
        self.assertEqual(self._minutes(dispatch, dispatch.next_deadline), 10)
        self._due(dispatch)
        self.assertEqual(len(dispatch.offer_ids), 3)
        self.assertEqual(dispatch.step_ids[0].state, "done")
        self.assertEqual(self._minutes(dispatch, dispatch.next_deadline), 30)

    def test_decline_pulls_the_next_of_the_wave(self):
        self._create_policy(
            self._ask(quantity=2, per_wave=1, pause_minutes=20), self._tell(after=60)
        )
        dispatch = self._start()
        dispatch.offer_ids._decline("no_time")
        self._wake(dispatch, moment=dispatch.next_deadline)
        self.assertEqual(dispatch.offer_ids.worker_id, self.anna | self.beat)

    def test_bonus_and_step_are_on_the_offer(self):
        self._create_policy(self._ask(bonus=15.0), self._tell())
        dispatch = self._start()
        self.assertEqual(set(dispatch.offer_ids.mapped("bonus")), {15.0})
        price = dispatch.offer_ids[0]._crowd_public_values()["price"]
        self.assertIn("49.00", price)
        self.assertIn("15.00", price)
        self.assertEqual(dispatch.offer_ids.step_id, dispatch.step_ids[0])

    def test_radius_and_community_narrow(self):
        self._create_policy(self._ask(radius_km=3), self._tell())
        self.assertEqual(self._start().offer_ids.worker_id, self.anna)

    # -- people inside ------------------------------------------------------

    def test_technician_on_duty(self):
        self._create_policy(self._ask(), self._tell("technician_on_duty"))
        dispatch = self._start()
        self._wake(dispatch, 30)
        self.assertEqual(dispatch.escalation_ids.user_id, self.tech_user)

    def test_silent_technician_then_leader_at_once(self):
        self._create_policy(
            self._ask(),
            self._tell("technician_on_duty", 20, acknowledge_minutes=5),
            self._tell("leader", 60),
        )
        dispatch = self._start()
        self._wake(dispatch, 20)
        self._wake(dispatch, 25)
        self.assertEqual(dispatch.escalation_ids[0].user_id, self.dispatcher)
        self.assertEqual(dispatch.escalation_ids[0].level, 2)

    def test_absent_people_are_passed_over(self):
        self._create_policy(
            self._tell("user", 0, user_id=self.tech_user.id), self._tell("leader", 15)
        )
        now = self.env["crowd.clock"].now()
        self.env["crowd.absence"].create(
            {
                "worker_id": self.tech.id,
                "date_from": now - timedelta(hours=1),
                "date_to": now + timedelta(days=1),
            }
        )
        dispatch = self._start()
        self.assertEqual(dispatch.escalation_ids.user_id, self.dispatcher)
        self.assertEqual(dispatch.step_ids[0].why, "nobody_there")

    def test_after_the_last_step_the_old_climb(self):
        self._create_policy(self._tell("technician_on_duty", 0))
        dispatch = self._start()
        self.assertEqual(dispatch.escalation_ids.reason, "policy")
        for user in (self.dispatcher, self.manager):
            self._due(dispatch)
            self.assertEqual(dispatch.escalation_ids[0].user_id, user)
        self._due(dispatch)
        self.assertEqual(len(dispatch.escalation_ids), 3)
        self.assertEqual(len(dispatch.activity_ids), 1)

    def test_acknowledged_ends_the_ladder(self):
        self._create_policy(self._tell("technician_on_duty", 0), self._tell(after=5))
        dispatch = self._start()
        dispatch.escalation_ids.with_user(self.tech_user).action_acknowledge()
        self._wake(dispatch, 60)
        self.assertEqual(len(dispatch.escalation_ids), 1)
        self.assertEqual(dispatch.step_ids[1].why, "acknowledged")

    def test_offers_that_were_left_standing(self):
        self._create_policy(
            self._ask(offer_minutes=60), self._tell(after=10, keep_offers=True)
        )
        dispatch = self._start()
        self._wake(dispatch, 10)
        self.assertEqual(dispatch.state, "escalated")
        offer = self._offer(dispatch, self.anna)
        self.assertEqual(offer.state, "sent")
        self.assertEqual(offer._accept("api")["result"], "accepted")
        self.assertEqual(dispatch.state, "assigned")
        self.assertEqual(dispatch.escalation_ids.state, "taken")

    def test_offers_left_standing_expire_all_the_same(self):
        self._create_policy(
            self._ask(offer_minutes=20), self._tell(after=10, keep_offers=True)
        )
        dispatch = self._start()
        self._wake(dispatch, 10)
        dispatch.escalation_ids.with_user(self.dispatcher).action_acknowledge()
        for _look in range(2):
            self._due(dispatch)
        self.assertEqual(set(dispatch.offer_ids.mapped("state")), {"expired"})
        self.assertEqual(dispatch.escalation_ids.state, "acknowledged")

    # -- again ----------------------------------------------------------------

    def test_back_out_plans_anew(self):
        self._create_policy(self._ask(), self._tell())
        dispatch = self._start()
        self._offer(dispatch, self.anna)._accept("api")
        dispatch.accepted_offer_id._give_back("sick")
        self.assertEqual(dispatch.round, 2)
        self.assertEqual(dispatch.state, "offered")
        fresh = dispatch.offer_ids.filtered(lambda o: o.round == 2)
        self.assertEqual(fresh.worker_id, self.beat)
        self.assertEqual(
            dispatch.step_ids.filtered(lambda s: s.round == 2).mapped("state"),
            ["done", "waiting"],
        )

    def test_pause_and_go_on(self):
        self._create_policy(self._ask(), self._tell())
        dispatch = self._start()
        dispatch._pause(dispatch.started_at + timedelta(days=1), "parts")
        self._wake(dispatch, 40)
        self.assertEqual(dispatch.state, "paused")
        dispatch._resume()
        self.assertEqual((dispatch.state, dispatch.round), ("offered", 2))

    def test_desk_escalates_by_hand(self):
        self._create_policy(self._ask(), self._ask("all", 10), self._tell())
        dispatch = self._start()
        self.ticket.with_user(self.agent).crowd_escalate("manual", "", self.manager.id)
        self.assertEqual(dispatch.escalation_ids.user_id, self.manager)
        self._due(dispatch)
        self.assertEqual(dispatch.escalation_ids[0].user_id, self.dispatcher)

    def test_desk_chooses_people_and_the_ladder_watches(self):
        self._create_policy(self._ask(), self._tell("technician_on_duty", 5))
        ticket = self.ticket.with_user(self.agent)
        dispatch = self.env["crowd.dispatch"].browse(
            ticket.crowd_dispatch(self.beat.ids, 30)
        )
        self.assertEqual(dispatch.offer_ids.worker_id, self.beat)
        self._due(dispatch)
        self.assertEqual(dispatch.escalation_ids.user_id, self.tech_user)

    def test_job_taken_away_goes_to_the_ladder(self):
        self._create_policy(self._ask(), self._tell("technician_on_duty"))
        dispatch = self._start()
        self._offer(dispatch, self.anna)._accept("api")
        self.ticket.with_user(self.agent).crowd_escalate("scope")
        self.assertEqual(dispatch.escalation_ids.user_id, self.tech_user)
        self.assertEqual(dispatch.escalation_ids.reason, "scope")

    # -- point of no return, outage --------------------------------------------

    def test_squeezed_by_the_deadline(self):
        self._create_policy(self._ask(), self._ask("all", 60), self._tell(after=90))
        point = self.ticket.crowd_point_of_no_return
        spare = self.ticket.crowd_deadline - point
        now = self.env["crowd.clock"].now()
        self.ticket.crowd_deadline = now + spare + timedelta(minutes=20)
        dispatch = self._start()
        first, second, last = dispatch.step_ids
        self.assertEqual(second.why, "too_late")
        self.assertEqual(last.why, "pulled")
        self.assertEqual(last.due_at, self.ticket.crowd_point_of_no_return)
        self.assertEqual(set(first.mapped("state")), {"done"})
        self.assertEqual(
            set(dispatch.offer_ids.mapped("expires_at")),
            {self.ticket.crowd_point_of_no_return},
        )

    def test_deadline_that_is_moved(self):
        self._create_policy(self._ask(), self._ask("all", 60), self._tell(after=90))
        dispatch = self._start()
        point, deadline = (
            self.ticket.crowd_point_of_no_return,
            self.ticket.crowd_deadline,
        )
        near = dispatch.started_at + timedelta(minutes=20)
        self.ticket.with_user(self.agent).crowd_deadline = near + (deadline - point)
        self._run_jobs("crowd.dispatch", is_due=True)
        self.assertEqual(dispatch.step_ids[1].why, "too_late")
        self.assertEqual(dispatch.step_ids[2].due_at, near)
        self.assertEqual(dispatch.next_deadline, near)
        self.assertEqual(set(dispatch.offer_ids.mapped("expires_at")), {near})
        self.ticket.crowd_deadline = deadline
        self._run_jobs("crowd.dispatch", is_due=True)
        self.assertEqual(
            [self._minutes(dispatch, step.due_at) for step in dispatch.step_ids],
            [0, 60, 90],
        )
        self.assertEqual(dispatch.step_ids.mapped("why"), [False] * 3)

    def test_no_time_at_all(self):
        self._create_policy(self._ask(), self._tell())
        self.ticket.crowd_deadline = self.env["crowd.clock"].now()
        dispatch = self._start()
        self.assertEqual(dispatch.state, "escalated")
        self.assertEqual(dispatch.escalation_ids.reason, "deadline")
        self.assertFalse(dispatch.offer_ids)

    def test_outage_escalates_once(self):
        self._create_policy(
            self._ask(),
            self._ask("all", 10),
            self._tell("technician_on_duty", 20),
            self._tell("leader", 40),
        )
        dispatch = self._start()
        self._wake(dispatch, 6 * 60)
        self.assertEqual(dispatch.escalation_ids.user_id, self.dispatcher)
        self.assertEqual(set(dispatch.offer_ids.mapped("state")), {"expired"})
        self.assertEqual(
            dispatch.step_ids.mapped("why"), [False, "overslept", "overslept", False]
        )

    # -- policies ---------------------------------------------------------------

    def test_policy_ends_inside(self):
        with self.assertRaisesRegex(ValidationError, "must escalate"):
            self._create_policy(self._ask())
        with self.assertRaisesRegex(ValidationError, "cannot stand below"):
            self._create_policy(self._tell(), self._ask(), self._tell())

    def test_without_policy_as_before(self):
        dispatch = self._start()
        self.assertFalse(dispatch.policy_id)
        self.assertEqual(len(dispatch.offer_ids), 3)
