from datetime import datetime

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .ladder_common import LadderCase

SUNDAY = datetime(2026, 3, 29, 10, 0)
MONDAY = datetime(2026, 3, 30, 8, 0)


@tagged("post_install", "-at_install")
class TestPolicy(LadderCase):
    """Which ladder a ticket climbs, why, and when it begins."""

    def _choose(self, **values):
        ticket = self._create_ticket(**values)
        return self.env["crowd.policy"]._choose(ticket)

    def _fits(self, conditions, **values):
        policy = self._create_policy(self._tell(), **conditions)
        return self._choose(**values)[0] == policy

    def test_first_in_order(self):
        second = self._create_policy(self._tell(), sequence=20)
        first = self._create_policy(self._tell(), sequence=10)
        policy, why = self._choose()
        self.assertEqual(policy, first)
        self.assertIn("first policy in order", why)
        first.active = False
        self.assertEqual(self._choose()[0], second)

    def test_no_policy(self):
        self.assertEqual(self._choose(), (self.env["crowd.policy"], ""))

    def test_agent_overrules(self):
        self._create_policy(self._tell(), sequence=1)
        other = self._create_policy(self._tell(), sequence=2)
        self.ticket.with_user(self.agent).crowd_policy_id = other
        dispatch = self._start()
        self.assertEqual(dispatch.policy_id, other)
        self.assertIn("on the ticket", dispatch.policy_why)

    def test_service(self):
        conditions = {"service_ids": [(6, 0, self.service.ids)]}
        self.assertTrue(self._fits(conditions))
        other = self._create_service("Other")
        self.assertFalse(self._choose(crowd_service_id=other.id)[0])

    def test_team(self):
        self.assertTrue(self._fits({"team_ids": [(6, 0, self.team.ids)]}))
        self.assertFalse(self._choose(team_id=False)[0])

    def test_priority(self):
        self.assertTrue(self._fits({"least_priority": "2"}, priority="3"))
        self.assertTrue(self._choose(priority="2")[0])
        self.assertFalse(self._choose(priority="1")[0])

    def test_customer_and_his_people(self):
        company = self.env["res.partner"].create({"name": "Big", "is_company": True})
        clerk = self.env["res.partner"].create(
            {"name": "Clerk", "parent_id": company.id}
        )
        self._create_policy(self._tell(), partner_ids=[(6, 0, company.ids)])
        self.assertTrue(self._choose(partner_id=clerk.id)[0])
        self.assertTrue(self._choose(partner_id=company.id)[0])
        self.assertFalse(self._choose()[0])

    def test_place(self):
        self.assertFalse(self._fits({"place": "remote"}))
        remote = self._create_service("Phone help", crowd_place="remote")
        self.assertTrue(self._choose(crowd_service_id=remote.id)[0])

    def test_territory(self):
        territory = self.env["res.territory"].create({"name": "West"})
        self.assertFalse(self._fits({"territory_ids": [(6, 0, territory.ids)]}))
        self.location.territory_id = territory
        self.assertTrue(self._choose()[0])

    def test_desk_hours(self):
        self.team.crowd_calendar_id = self.env["resource.calendar"].create(
            {"name": "Work week", "tz": "Europe/Zurich"}
        )
        policy = self._create_policy(self._tell(), hours="outside")
        for moment, chosen in ((SUNDAY, policy), (MONDAY, policy.browse())):
            with self.at(moment):
                self.assertEqual(self._choose()[0], chosen)
        policy.hours = "inside"
        with self.at(MONDAY):
            self.assertEqual(self._choose()[0], policy)
        self.assertIn("In desk hours", policy._word_why())

    def test_other_company(self):
        self._create_policy(self._tell(), company_id=self.company_b.id)
        self.assertFalse(self._choose()[0])
        common = self._create_policy(self._tell(), company_id=False)
        self.assertEqual(self._choose()[0], common)

    def test_policies_and_steps_stay_in_their_company(self):
        foreign = self._create_policy(self._tell(), company_id=self.company_b.id)
        with self.assertRaisesRegex(ValidationError, "another company"):
            self.ticket.with_user(self.agent).crowd_policy_id = foreign
        gateway = self.env["crowd.gateway"].create(
            {"name": "B's", "kind": "mail", "company_id": self.company_b.id}
        )
        for step in (
            self._ask(community_ids=[(6, 0, self.community_b.ids)]),
            self._ask(gateway_ids=[(6, 0, gateway.ids)]),
        ):
            with self.assertRaisesRegex(ValidationError, "company only"):
                self._create_policy(step, self._tell())
        with self.assertRaisesRegex(ValidationError, "no internal user"):
            self._create_policy(self._tell("user", user_id=self.manager_b.id))

    def test_steps_that_make_no_sense(self):
        for step in (
            self._ask(quantity=0),
            self._ask(quantity=4, per_wave=2),
            self._ask(offer_minutes=0),
            self._ask(after=-1),
        ):
            with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
                with self.env.cr.savepoint():
                    self._create_policy(step, self._tell())
        for target in ("user", "rota"):
            with self.assertRaisesRegex(ValidationError, "Choose the"):
                self._create_policy(self._tell(target))

    def test_gateways_of_a_step(self):
        mail = self.env.ref("crowd_service.crowd_gateway_mail")
        only = mail.copy({"name": "Mail of steps", "company_id": self.company_a.id})
        self._create_policy(
            self._ask(gateway_ids=[(6, 0, only.ids)]),
            self._tell(gateway_ids=[(6, 0, only.ids)]),
        )
        dispatch = self._start()
        deliveries = self.env["crowd.delivery"].search(
            [("dispatch_id", "=", dispatch.id)]
        )
        self.assertEqual(deliveries.gateway_id, only)
        self._wake(dispatch, 30)
        told = self.env["crowd.delivery"].search(
            [("escalation_id", "in", dispatch.escalation_ids.ids)]
        )
        mails = told.filtered(lambda d: d.kind == "mail")
        self.assertEqual(mails.gateway_id, only)

    def test_common_policies_are_the_administrators(self):
        common = self._create_policy(self._tell(), company_id=False)
        own = self._create_policy(self._tell())
        own.with_user(self.manager).name = "Mine"
        with self.assertRaises(AccessError):
            common.with_user(self.manager).name = "Everybody's"
        with self.assertRaises(AccessError):
            common.step_ids.with_user(self.manager).after_minutes = 0

    def test_dispatch_keeps_what_the_policy_said(self):
        policy = self._create_policy(self._ask(), self._tell(after=30))
        dispatch = self._start()
        policy.step_ids[1].after_minutes = 300
        self.assertEqual(self._minutes(dispatch, dispatch.next_deadline), 30)
        policy.step_ids[0].unlink()
        self.assertEqual(len(dispatch.step_ids), 2)

    # -- by itself ------------------------------------------------------------

    def _run_start(self):
        return self._run_jobs("helpdesk.ticket")

    def test_starts_by_itself(self):
        self._create_policy(self._ask(), self._tell(), is_automatic=True)
        ticket = self._create_ticket()
        self.assertEqual(self._run_start(), 1)
        self.assertEqual(ticket.crowd_state, "offered")
        self.assertEqual(ticket.crowd_dispatch_id.responsible_id, self.dispatcher)

    def test_starts_when_the_service_comes(self):
        self._create_policy(self._ask(), self._tell(), is_automatic=True)
        ticket = self._create_ticket(crowd_service_id=False)
        self.assertEqual(self._run_start(), 0)
        ticket.crowd_service_id = self.service
        self._run_start()
        self.assertEqual(ticket.crowd_state, "offered")

    def test_waits_for_the_location(self):
        self._create_policy(self._ask(), self._tell(), is_automatic=True)
        ticket = self._create_ticket(fsm_location_id=False)
        self._run_start()
        self.assertFalse(ticket.crowd_dispatch_ids)
        ticket.fsm_location_id = self.location
        self._run_start()
        self.assertEqual(ticket.crowd_state, "offered")

    def test_agent_was_faster(self):
        self._create_policy(self._ask(), self._tell(), is_automatic=True)
        ticket = self._create_ticket()
        self._start(ticket)
        self._run_start()
        self.assertEqual(len(ticket.crowd_dispatch_ids), 1)
        self.assertEqual(ticket.crowd_dispatch_id.round, 1)

    def test_others_wait_for_an_agent(self):
        self._create_policy(self._ask(), self._tell(), sequence=1)
        self._create_policy(self._ask(), self._tell(), is_automatic=True, sequence=2)
        ticket = self._create_ticket()
        self._run_start()
        self.assertFalse(ticket.crowd_dispatch_ids)

    # -- stop switch -------------------------------------------------------------

    def test_stop_switch(self):
        self._create_policy(self._ask(), self._tell("technician_on_duty"))
        searching = self._start()
        working = self._start(self._create_ticket())
        working.offer_ids.filtered(lambda o: o.worker_id == self.beat)._accept("api")
        self.company_a.with_user(self.manager)._crowd_stop("Wrong prices")
        self._run_jobs("res.company")
        self.assertEqual(searching.state, "escalated")
        self.assertEqual(searching.escalation_ids.reason, "stopped")
        self.assertEqual(searching.escalation_ids.note, "Wrong prices")
        self.assertEqual(set(searching.offer_ids.mapped("state")), {"withdrawn"})
        self.assertEqual(working.state, "assigned")
        fresh = self._start(self._create_ticket())
        self.assertEqual(fresh.state, "escalated")
        self.assertFalse(fresh.offer_ids)
        with self.assertRaisesRegex(UserError, "Wrong prices"):
            self.ticket.with_user(self.agent).crowd_dispatch(self.anna.ids)
        self.company_a.with_user(self.manager)._crowd_go_on()
        self.assertEqual(self._start(), searching)
        self.assertEqual(searching.state, "offered")

    def test_stop_switch_is_the_managers(self):
        for user in (self.agent, self.dispatcher, self.manager_b):
            with self.assertRaises(AccessError):
                self.company_a.with_user(user)._crowd_stop("Because")
