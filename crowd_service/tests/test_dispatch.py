from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..exceptions import IllegalTransition, NobodyResponsible
from .common import CrowdCase


@tagged("post_install", "-at_install")
class TestDispatch(CrowdCase):
    """From the button to the order, and everything that can happen on the way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls._create_worker("Anna", km=2)
        cls.beat = cls._create_worker("Beat", km=4)
        cls.tech = cls._create_worker(
            "Tina Technician",
            worker_type="technician",
            km=6,
            groups="crowd_service.group_crowd_technician",
            membership={"capacity": 3},
        )
        cls.tech_user = cls.tech.crowd_user_id
        cls.ticket = cls._create_ticket()

    def _dispatch(self, ticket=None, workers=None, minutes=30):
        ticket = (ticket or self.ticket).with_user(self.agent)
        dispatch_id = ticket.crowd_dispatch(workers and workers.ids, minutes)
        return self.env["crowd.dispatch"].browse(dispatch_id)

    def _offer(self, dispatch, worker):
        return dispatch.offer_ids.filtered(lambda o: o.worker_id == worker)[:1]

    def _win(self, dispatch, worker):
        answer = self._offer(dispatch, worker)._accept("api")
        self.assertEqual(answer["result"], "accepted", answer)
        return answer

    # -- offering ---------------------------------------------------------

    def test_offer_to_the_best(self):
        dispatch = self._dispatch()
        self.assertEqual(dispatch.state, "offered")
        self.assertEqual(
            dispatch.offer_ids.worker_id, self.anna | self.beat | self.tech
        )
        self.assertEqual(set(dispatch.offer_ids.mapped("state")), {"sent"})
        self.assertEqual(dispatch.responsible_id, self.dispatcher)
        self.assertEqual(dispatch.next_deadline, dispatch.offer_ids[0].expires_at)
        self.assertEqual(self.ticket.crowd_dispatch_id, dispatch)
        self.assertEqual(self.ticket.crowd_state, "offered")

    def test_one_note_per_wave(self):
        before = len(self.ticket.message_ids)
        self._dispatch()
        self.assertEqual(len(self.ticket.message_ids), before + 1)

    def test_second_call_adds_people(self):
        dispatch = self._dispatch(workers=self.anna)
        again = self._dispatch(workers=self.anna | self.beat)
        self.assertEqual(again, dispatch)
        self.assertEqual(len(dispatch.offer_ids), 2)
        self.assertEqual(dispatch.offer_ids.mapped("round"), [1, 1])

    def test_nobody_is_asked_while_somebody_has_the_job(self):
        dispatch = self._dispatch(workers=self.anna)
        self._win(dispatch, self.anna)
        with self.assertRaisesRegex(UserError, "Anna"), self.env.cr.savepoint():
            self._dispatch(workers=self.beat)
        self.assertEqual(self._dispatch(), dispatch)
        self.assertEqual(dispatch.state, "assigned")

    def test_unfit_worker_is_refused_by_name(self):
        far = self._create_worker("Far Frida", km=200)
        with self.assertRaisesRegex(UserError, "Far Frida"), self.env.cr.savepoint():
            self._dispatch(workers=self.anna | far)
        self.assertFalse(self.ticket.crowd_dispatch_ids)

    def test_nobody_fits_escalates_at_once(self):
        lonely = self._create_location("Hut", (10.0, 10.0))
        ticket = self._create_ticket(fsm_location_id=lonely.id)
        dispatch = self._dispatch(ticket)
        self.assertEqual(dispatch.state, "escalated")
        self.assertEqual(dispatch.escalation_ids.reason, "no_candidate")
        self.assertEqual(dispatch.escalation_ids.user_id, self.dispatcher)

    def test_bad_minutes(self):
        for minutes in (-1, 10**6, "soon"):
            with self.assertRaises(UserError):
                self.ticket.with_user(self.agent).crowd_dispatch(False, minutes)

    def test_only_agents_offer(self):
        for user in (self.employee, self.technician, self.portal_user, self.agent_b):
            with self.assertRaises(AccessError):
                self.ticket.with_user(user).crowd_dispatch()

    def test_closed_ticket_is_not_offered(self):
        self.ticket.stage_id = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        with self.assertRaises(UserError):
            self._dispatch()

    def test_company_without_settings(self):
        self.company_a.crowd_fsm_team_id = False
        with self.assertRaisesRegex(UserError, "field service team"):
            self._dispatch()

    def test_remote_work_without_a_place_in_the_books(self):
        self.service.crowd_place = "remote"
        self.ticket.fsm_location_id = False
        self.company_a.crowd_remote_location_id = False
        with self.assertRaisesRegex(UserError, "no location"):
            self._dispatch()

    def test_client_defaults_stay_outside(self):
        ticket = self.ticket.with_context(default_state="done", default_worker_id=1)
        dispatch = self._dispatch(ticket)
        self.assertEqual(dispatch.state, "offered")
        self.assertFalse(dispatch.worker_id)

    def test_nobody_responsible_is_said(self):
        self.team.user_id = False
        self.company_a.crowd_fallback_user_id = False
        with self.assertRaises(NobodyResponsible):
            self.ticket.sudo()._crowd_find_responsible(exclude=self.env.user)

    def test_creating_offers_takes_few_queries(self):
        friends = [self._create_worker("Friend %d" % i, km=3) for i in range(40)]
        self.company_a.crowd_wave_size = 50
        self._dispatch(self._create_ticket())
        few, many = self._create_ticket(), self._create_ticket()
        self.env["base"].flush()
        start = self.env.cr.sql_log_count
        self._dispatch(few, workers=self.anna | self.beat)
        small = self.env.cr.sql_log_count - start
        workers = self.env["fsm.person"].browse([w.id for w in friends])
        start = self.env.cr.sql_log_count
        self._dispatch(many, workers=workers)
        large = self.env.cr.sql_log_count - start
        self.assertLess((large - small) / 38.0, 8, "queries per further offer")

    # -- accepting --------------------------------------------------------

    def test_first_accept_wins(self):
        dispatch = self._dispatch()
        answer = self._win(dispatch, self.anna)
        self.assertEqual(dispatch.state, "assigned")
        self.assertEqual(dispatch.worker_id, self.anna)
        self.assertEqual(answer["order_id"], dispatch.order_id.id)
        self.assertEqual(self._offer(dispatch, self.beat).state, "lost")
        late = self._offer(dispatch, self.beat)._accept("api")
        self.assertEqual(late["result"], "taken")
        self.assertFalse(late["order_id"])
        again = self._offer(dispatch, self.anna)._accept("api")
        self.assertEqual(again["result"], "yours")
        self.assertEqual(len(self.ticket.fsm_order_ids), 1)

    def test_order_of_the_winner(self):
        self.ticket.write(
            {
                "crowd_when": "window",
                "crowd_wished_from": "2100-01-02 10:00:00",
                "crowd_wished_to": "2100-01-02 12:00:00",
            }
        )
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        order = dispatch.order_id
        self.assertEqual(order.person_id, self.anna)
        self.assertEqual(order.location_id, self.location)
        self.assertEqual(order.skill_ids, self.skill_wlan)
        self.assertEqual(order.company_id, self.company_a)
        self.assertEqual(order.crowd_service_id, self.service)
        self.assertEqual(str(order.scheduled_date_start), "2100-01-02 10:00:00")
        self.assertEqual(str(order.request_late), "2100-01-02 12:00:00")
        self.assertEqual(order.stage_id.name, "Assigned")
        self.assertNotIn(
            "It does not work", order.description or "", "the ticket's own words"
        )

    def test_expired_offer(self):
        dispatch = self._dispatch(minutes=5)
        later = dispatch.next_deadline + timedelta(seconds=1)
        with self.at(later):
            answer = self._offer(dispatch, self.anna)._accept("api")
        self.assertEqual(answer["result"], "expired")
        self.assertEqual(dispatch.state, "offered")

    def test_capacity(self):
        first, second = self._dispatch(), self._dispatch(self._create_ticket())
        self._win(first, self.anna)
        answer = self._offer(second, self.anna)._accept("api")
        self.assertEqual(answer["result"], "refused")
        self.assertIn("1 of 1", answer["message"])
        first.accepted_offer_id._finish(True)
        self._win(second, self.anna)

    def test_daily_cap(self):
        self.anna.crowd_membership_ids.write({"daily_cap": 1, "capacity": 5})
        first, second = self._dispatch(), self._dispatch(self._create_ticket())
        self._win(first, self.anna)
        answer = self._offer(second, self.anna)._accept("api")
        self.assertEqual(answer["result"], "refused")
        with self.at(first.assigned_at + timedelta(days=1)):
            second.offer_ids.write(
                {"expires_at": first.assigned_at + timedelta(days=2)}
            )
            self._win(second, self.anna)

    def test_inactive_member_is_refused(self):
        dispatch = self._dispatch()
        offer = self._offer(dispatch, self.anna)
        self.env.cr.execute(
            "UPDATE crowd_membership SET state = 'suspended' WHERE worker_id = %s",
            (self.anna.id,),
        )
        self.env["base"].invalidate_cache()
        self.assertEqual(offer._accept("api")["result"], "refused")

    def test_own_ticket_is_refused(self):
        dispatch = self._dispatch()
        self.ticket.partner_id = self.anna.partner_id
        answer = self._offer(dispatch, self.anna)._accept("api")
        self.assertEqual(answer["result"], "refused")

    def test_technicians_work_for_their_own_company(self):
        company = self.company_a.partner_id
        self.tech.partner_id.parent_id = company
        self.ticket.partner_id = company
        dispatch = self._dispatch(workers=self.tech)
        self._win(dispatch, self.tech)

    def test_who_may_accept(self):
        dispatch = self._dispatch()
        tech_offer = self._offer(dispatch, self.tech)
        friend_offer = self._offer(dispatch, self.anna)
        for user, offer, on_behalf in (
            (self.tech_user, friend_offer, False),
            (self.tech_user, friend_offer, True),
            (self.agent, friend_offer, False),
            (self.portal_user, friend_offer, True),
            (self.agent_b, friend_offer, True),
        ):
            with self.assertRaises(AccessError):
                offer.with_user(user).crowd_accept(on_behalf=on_behalf)
        answer = tech_offer.with_user(self.tech_user).crowd_accept()
        self.assertEqual(answer["result"], "accepted")

    def test_agent_accepts_on_behalf(self):
        dispatch = self._dispatch()
        offer = self._offer(dispatch, self.anna)
        offer.with_user(self.agent).action_accept_on_behalf()
        self.assertEqual(offer.state, "accepted")
        self.assertEqual(offer.channel, "phone")
        self.assertEqual(offer.answered_by_id, self.agent)

    def test_one_winner_in_the_database(self):
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                self.env.cr.execute(
                    "UPDATE crowd_offer SET state = 'accepted' WHERE id = %s",
                    (self._offer(dispatch, self.beat).id,),
                )

    def test_guards_are_in_the_database(self):
        self.env.cr.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname IN %s",
            (
                (
                    "crowd_offer_one_winner",
                    "crowd_dispatch_one_open",
                    "fsm_person_crowd_partner_uniq",
                ),
            ),
        )
        definitions = [row[0] for row in self.env.cr.fetchall()]
        self.assertEqual(len(definitions), 3)
        self.assertTrue(all("UNIQUE" in text for text in definitions))
        self.env.cr.execute(
            "SELECT count(*) FROM pg_constraint"
            " WHERE conname = 'crowd_dispatch_never_silent_check'"
        )
        self.assertEqual(self.env.cr.fetchone()[0], 1)

    def test_open_dispatch_is_never_silent(self):
        dispatch = self._dispatch()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                dispatch.next_deadline = False
                dispatch.flush()

    # -- declining and giving back ----------------------------------------

    def test_decline(self):
        dispatch = self._dispatch()
        offer = self._offer(dispatch, self.anna)
        answer = offer._decline("no_time", "on holiday")
        self.assertEqual(answer["result"], "declined")
        self.assertEqual(offer.decline_reason, "no_time")
        self.assertEqual(dispatch.state, "offered")
        self.assertEqual(offer._accept("api")["result"], "refused")

    def test_unknown_reason(self):
        offer = self._offer(self._dispatch(), self.anna)
        with self.assertRaises(UserError):
            offer._decline("because")

    def test_all_declined_escalates(self):
        dispatch = self._dispatch(workers=self.anna | self.beat)
        self._offer(dispatch, self.anna)._decline("no_time")
        self._offer(dispatch, self.beat)._decline("price")
        self.assertEqual(dispatch.state, "escalated")
        self.assertEqual(dispatch.escalation_ids.reason, "all_declined")

    def test_give_back_asks_others(self):
        dispatch = self._dispatch(workers=self.anna | self.beat)
        self._win(dispatch, self.anna)
        order = dispatch.order_id
        dispatch.accepted_offer_id._give_back("sick", "flu")
        self.assertEqual(dispatch.state, "offered")
        self.assertEqual(dispatch.round, 2)
        self.assertFalse(dispatch.worker_id)
        self.assertFalse(order.person_id)
        asked = dispatch.offer_ids.filtered(lambda o: o.round == 2)
        self.assertNotIn(self.anna, asked.worker_id)
        self.assertEqual(asked[0]._accept("api")["order_id"], order.id)
        self.assertEqual(order.person_id, asked[0].worker_id)
        self.assertEqual(len(self.ticket.fsm_order_ids), 1)

    def test_give_back_with_nobody_left_escalates(self):
        dispatch = self._dispatch(workers=self.anna)
        self._win(dispatch, self.anna)
        for worker in self.beat | self.tech:
            worker.crowd_membership_ids._move("paused")
        dispatch.accepted_offer_id._give_back("sick")
        self.assertEqual(dispatch.state, "escalated")

    def test_no_show_is_the_desks_word(self):
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        offer = dispatch.accepted_offer_id
        answers = self.env["crowd.answer"].with_user(self.agent)
        wizard = answers.create(
            {"offer_id": offer.id, "kind": "no_show", "note": "rang, nobody came"}
        )
        with self.assertRaises(AccessError):
            offer.with_user(self.tech_user).action_no_show()
        wizard.action_confirm()
        self.assertEqual(offer.state, "no_show")

    # -- working ----------------------------------------------------------

    def test_work_to_the_end(self):
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        offer, order = dispatch.accepted_offer_id, dispatch.order_id
        offer._start()
        self.assertEqual(dispatch.state, "in_progress")
        self.assertEqual(order.stage_id.name, "In Progress")
        offer._finish(True, "changed the cable")
        self.assertEqual(dispatch.state, "done")
        self.assertEqual(offer.state, "completed")
        self.assertTrue(order.stage_id.is_closed)
        self.assertIn("changed the cable", order.resolution)
        self.assertTrue(self.ticket.stage_id.closed)
        self.assertFalse(dispatch.next_deadline)

    def test_remarks_are_no_scripts(self):
        payload = "<script>alert(1)</script><img src=x onerror=alert(1)>"
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        order = dispatch.order_id
        dispatch.accepted_offer_id._finish(True, payload)
        self.assertNotIn("<script", order.resolution)
        self.assertNotIn("<img", order.resolution)
        order.write({"todo": payload})
        self.assertNotIn("onerror", order.todo)
        self.ticket.resolution = payload
        self.assertNotIn("onerror", self.ticket.resolution)
        self.assertNotIn("<script", self.ticket.resolution)

    def test_unsolved_comes_back_to_the_desk(self):
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        dispatch.accepted_offer_id._finish(False, "needs an expert")
        self.assertEqual(dispatch.state, "unsolved")
        self.assertFalse(self.ticket.stage_id.closed)
        deadline = self.ticket.crowd_first_answer_deadline
        with self.at(deadline + timedelta(seconds=1)):
            self.env["crowd.dispatch"]._cron_sweep()
        self.assertEqual(self.ticket.crowd_state, "escalated")
        self.assertEqual(self.ticket.crowd_escalation_ids[:1].reason, "unsolved")

    def test_only_the_holder_works(self):
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        lost = self._offer(dispatch, self.beat)
        self.assertEqual(lost._start()["result"], "refused")
        self.assertEqual(lost._finish(True)["result"], "refused")
        self.assertEqual(dispatch.state, "assigned")

    # -- the desk ---------------------------------------------------------

    def test_withdraw_goes_to_the_desk(self):
        dispatch = self._dispatch()
        dispatch.with_user(self.agent).action_withdraw_offers()
        self.assertEqual(set(dispatch.offer_ids.mapped("state")), {"withdrawn"})
        self.assertEqual(dispatch.state, "escalated")
        answer = self._offer(dispatch, self.anna)._accept("api")
        self.assertEqual(answer["result"], "refused")

    def test_cancel(self):
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        dispatch.with_user(self.agent).action_cancel()
        self.assertEqual(dispatch.state, "cancelled")
        self.assertEqual(dispatch.accepted_offer_id.state, "withdrawn")
        self.assertTrue(dispatch.order_id.stage_id.is_closed)
        self.assertFalse(self.ticket.stage_id.closed)

    def test_technicians_are_not_the_desk(self):
        dispatch = self._dispatch()
        for method in ("action_cancel", "action_withdraw_offers", "action_resume"):
            with self.assertRaises(AccessError):
                getattr(dispatch.with_user(self.tech_user), method)()

    def test_closing_the_ticket_ends_the_search(self):
        dispatch = self._dispatch()
        self.ticket.with_user(self.agent).stage_id = self.env.ref(
            "helpdesk_mgmt.helpdesk_ticket_stage_done"
        )
        self.assertEqual(dispatch.state, "cancelled")
        self.assertEqual(dispatch.close_reason, "ticket_closed")

    def test_ticket_with_a_running_job_stays_open(self):
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        with self.assertRaises(UserError):
            self.ticket.with_user(self.agent).stage_id = self.env.ref(
                "helpdesk_mgmt.helpdesk_ticket_stage_done"
            )

    def test_reopened_ticket_gets_a_new_dispatch(self):
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        dispatch.accepted_offer_id._finish(True)
        self.ticket.stage_id = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_new")
        again = self._dispatch()
        self.assertNotEqual(again, dispatch)
        self.assertEqual(self.ticket.crowd_dispatch_id, again)

    def test_pause_and_resume(self):
        dispatch = self._dispatch()
        until = dispatch._in_minutes(60)
        pauses = self.env["crowd.pause"].with_user(self.agent)
        wizard = pauses.create(
            {"dispatch_id": dispatch.id, "until": until, "note": "a spare part"}
        )
        wizard.action_pause()
        self.assertEqual(dispatch.state, "paused")
        self.assertEqual(dispatch.next_deadline, until)
        with self.at(until + timedelta(seconds=1)):
            self.env["crowd.dispatch"]._cron_sweep()
        self.assertEqual(dispatch.state, "offered")
        self.assertEqual(dispatch.round, 2)

    def test_pause_that_ends_without_a_place_goes_to_the_desk(self):
        dispatch = self._dispatch()
        dispatch._pause(dispatch._in_minutes(60), "the customer moves")
        self.ticket.fsm_location_id = False
        dispatch._resume()
        self.assertEqual(dispatch.state, "escalated")

    def test_paused_job_goes_on(self):
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        dispatch._pause(dispatch._in_minutes(60), "the customer is away")
        dispatch.with_user(self.agent).action_resume()
        self.assertEqual(dispatch.state, "assigned")
        self.assertEqual(dispatch.worker_id, self.anna)

    # -- the order, changed by hand ---------------------------------------

    def test_dispatcher_names_another_worker(self):
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        dispatch.order_id.with_user(self.dispatcher).person_id = self.tech
        self.assertEqual(dispatch.state, "assigned")
        self.assertEqual(dispatch.worker_id, self.tech)
        self.assertEqual(self._offer(dispatch, self.anna).state, "withdrawn")
        self.assertEqual(dispatch.accepted_offer_id.worker_id, self.tech)
        self.assertEqual(dispatch.order_id.person_id, self.tech)

    def test_dispatcher_takes_the_worker_off(self):
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        dispatch.order_id.with_user(self.dispatcher).person_id = False
        self.assertEqual(dispatch.state, "searching")
        self.assertFalse(dispatch.worker_id)
        self.assertTrue(dispatch.next_deadline)

    def test_stranger_on_the_order_is_refused(self):
        stranger = self._create_worker("Stranger", community=False)
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        with self.assertRaisesRegex(UserError, "Stranger"):
            dispatch.order_id.with_user(self.dispatcher).person_id = stranger

    def test_completing_the_order_finishes_the_job(self):
        dispatch = self._dispatch()
        self._win(dispatch, self.tech)
        dispatch.order_id.with_user(self.tech_user).action_complete()
        self.assertEqual(dispatch.state, "done")
        self.assertEqual(dispatch.accepted_offer_id.state, "completed")
        self.assertTrue(self.ticket.stage_id.closed)

    def test_cancelling_the_order_cancels_the_dispatch(self):
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        dispatch.order_id.with_user(self.dispatcher).action_cancel()
        self.assertEqual(dispatch.state, "cancelled")
        self.assertEqual(dispatch.close_reason, "order_cancelled")

    # -- what may not be done ---------------------------------------------

    def test_states_are_not_written(self):
        dispatch = self._dispatch()
        offer = self._offer(dispatch, self.anna)
        for record in (dispatch, offer):
            with self.assertRaises(AccessError):
                record.with_user(self.manager).write({"state": "draft"})

    def test_illegal_move(self):
        dispatch = self._dispatch()
        with self.assertRaises(IllegalTransition):
            dispatch._move("done")

    def test_history_stays(self):
        dispatch = self._dispatch()
        with self.assertRaises(UserError):
            dispatch.unlink()
        with self.assertRaises(UserError):
            self.ticket.unlink()

    def test_worker_with_a_job_is_not_archived(self):
        dispatch = self._dispatch()
        self._win(dispatch, self.anna)
        with self.assertRaises(UserError):
            self.anna.active = False
        self.beat.active = False

    def test_archived_worker_loses_his_offers(self):
        dispatch = self._dispatch()
        self.anna.active = False
        self.assertEqual(self._offer(dispatch, self.anna).state, "withdrawn")
