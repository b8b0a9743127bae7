import doctest
from datetime import datetime, timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..controllers import reach as reach_page
from ..models import crowd_reach
from ..workflow import quiet
from .delivery_case import DeliveryCase
from .page_common import PageCase
from .smtp_server import LATER, NEVER

NIGHT = datetime(2030, 1, 7, 22, 30)  # 23:30 in Zurich
MORNING = datetime(2030, 1, 8, 6, 0)


@tagged("post_install", "-at_install")
class TestReach(DeliveryCase):
    """Everybody is reached as he wants to be."""

    def _reach(self, partner, *kinds, **values):
        reach = self.env["crowd.reach"]._of(partner)
        reach._choose(kinds or ["mail"], values)
        return reach

    def _night(self, partner, *kinds):
        return self._reach(
            partner, *kinds, has_quiet=True, quiet_from=22.0, quiet_to=7.0
        )

    def test_doctests(self):
        for module in (quiet, crowd_reach, reach_page):
            result = doctest.testmod(module)
            self.assertTrue(result.attempted, module.__name__)
            self.assertFalse(result.failed, module.__name__)

    def test_order_of_the_person(self):
        self._reach(self.tech.partner_id, "mail", "activity")
        (offer,) = self._offer_to(self.tech)
        delivery = self._deliveries(offer)
        self.assertEqual(delivery.kind, "mail")
        kinds = self.env["crowd.gateway"].browse(
            [int(i) for i in delivery.gateway_order.split(",")]
        )
        self.assertEqual(kinds.mapped("kind"), ["mail", "activity"])

    def test_gateways_of_a_step_come_first(self):
        activity = self.env.ref("crowd_service.crowd_gateway_activity")
        mail = self.env.ref("crowd_service.crowd_gateway_mail")
        (offer,) = self._offer_to(self.anna)
        self.env["crowd.delivery"]._queue(
            "withdrawn", offers=offer, gateways=activity | mail, occasion="2"
        )
        again = self._deliveries(offer, "withdrawn")
        self.assertEqual(again.gateway_id, mail, "no activity for people outside")

    def test_said_once_per_occasion(self):
        (offer,) = self._offer_to(self.anna)
        queue = self.env["crowd.delivery"]._queue
        for occasion in ("1", "1", "2", "2"):
            queue("won", offers=offer, occasion=occasion)
        self.assertEqual(len(self._deliveries(offer, "won")), 2)

    def test_a_dispatch_is_told_to_the_customer(self):
        (offer,) = self._offer_to(self.anna)
        deliveries = self.env["crowd.delivery"]
        deliveries._queue("won", dispatches=offer.dispatch_id)
        told = deliveries.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(told.dispatch_id, offer.dispatch_id)
        self.assertFalse(told.offer_id)
        self.assertEqual(told._subject(), offer.dispatch_id)

    def test_next_gateway_when_one_is_dead(self):
        self._reach(self.tech.partner_id, "mail", "activity")
        (offer,) = self._offer_to(self.tech)
        first = self._deliveries(offer)
        with self.server.doing(NEVER):
            self._send(first)
        second = self._deliveries(offer) - first
        self.assertEqual(first.state, "dead")
        self.assertEqual(second.kind, "activity")
        self.assertFalse(self._activities(offer.dispatch_id, "dead_delivery"))
        self._send(second)
        self.assertEqual(second.state, "sent")

    def test_next_gateway_after_two_failures_and_first_come_wins(self):
        self._reach(self.tech.partner_id, "mail", "activity")
        (offer,) = self._offer_to(self.tech)
        first = self._deliveries(offer)
        with self.server.doing(LATER):
            self._send(first)
            self.assertEqual(self._deliveries(offer), first, "once is no reason")
            self._send(first)
        second = self._deliveries(offer) - first
        self.assertEqual((first.state, second.state), ("failed", "queued"))
        self._send(first)
        self.assertEqual((first.state, second.state), ("sent", "obsolete"))
        self._send(second)
        self.assertFalse(self._activities(offer.dispatch_id, "offer"))

    def test_what_got_through_ends_the_others(self):
        self._reach(self.tech.partner_id, "mail", "activity")
        (offer,) = self._offer_to(self.tech)
        first = self._deliveries(offer)
        with self.server.doing(LATER):
            self._send(first)
            self._send(first)
        second = self._deliveries(offer) - first
        second._receipt("delivered")
        self.assertEqual(first.state, "obsolete")
        self._send(first)
        self.assertFalse(self.server.mails)

    def test_desk_is_told_when_all_are_dead(self):
        self._reach(self.tech.partner_id, "mail", "activity")
        (offer,) = self._offer_to(self.tech)
        with self.server.doing(NEVER):
            self._send(self._deliveries(offer))
        second = self._deliveries(offer).filtered(lambda d: d.kind == "activity")
        self.tech.crowd_user_id.active = False
        self._send(second)
        self.assertEqual(second.state, "dead")
        self.assertTrue(self._activities(offer.dispatch_id, "dead_delivery"))

    def test_bounce_gives_the_next_gateway_its_turn(self):
        self._reach(self.tech.partner_id, "mail", "activity")
        (offer,) = self._offer_to(self.tech)
        first = self._deliveries(offer)
        self._send(first)
        self.assertTrue(first._bounce("mailbox full"))
        self.assertEqual(first.state, "dead")
        self.assertEqual((self._deliveries(offer) - first).kind, "activity")
        self.assertFalse(first._bounce("again"))
        self.assertEqual(len(self._deliveries(offer)), 2)

    def test_addresses_that_bounced_are_tried_last(self):
        self._reach(self.tech.partner_id, "mail", "activity")
        (first,) = self._offer_to(self.tech)
        self._send(self._deliveries(first))
        self._deliveries(first)._bounce("no such mailbox")
        (again,) = self._offer_to(self.tech, ticket=self._create_secret_ticket())
        self.assertEqual(self._deliveries(again).kind, "activity")
        line = self.tech.partner_id.crowd_reach_ids.line_ids[0]
        self.assertIn("nothing arrives", line.address)
        self.tech.partner_id.email = "other@example.com"
        (corrected,) = self._offer_to(self.tech, ticket=self._create_secret_ticket())
        self.assertEqual(self._deliveries(corrected).kind, "mail")
        self.tech.partner_id.email = "tina.technician@example.com"
        (later,) = self._offer_to(self.tech, ticket=self._create_secret_ticket())
        self.assertEqual(self._deliveries(later).kind, "activity")
        self.env.cr.execute(
            "UPDATE crowd_delivery SET create_date = create_date - interval '8 days'"
        )
        (forgotten,) = self._offer_to(self.tech, ticket=self._create_secret_ticket())
        self.assertEqual(self._deliveries(forgotten).kind, "mail")

    def test_the_only_address_is_tried_again(self):
        (first,) = self._offer_to(self.anna)
        self._send(self._deliveries(first))
        self._deliveries(first)._bounce("no such mailbox")
        (again,) = self._offer_to(self.anna, ticket=self._create_secret_ticket())
        self.assertEqual(self._deliveries(again).kind, "mail")
        self._send(self._deliveries(again))
        self.assertEqual(self._deliveries(again).state, "sent")

    def test_receipts_never_go_back(self):
        (offer,) = self._offer_to(self.anna)
        delivery = self._deliveries(offer)
        self._send(delivery)
        for state, news, expected in (  # as they came
            ("sent", False, "sent"),
            ("delivered", True, "delivered"),
            ("sent", False, "delivered"),
            ("delivered", False, "delivered"),
            ("failed", False, "delivered"),
            ("read", True, "read"),
            ("delivered", False, "read"),
            ("failed", False, "read"),
        ):
            self.assertEqual(delivery._receipt(state), news, state)
            self.assertEqual(delivery.state, expected, state)

    def test_offers_wait_for_the_morning(self):
        self._night(self.anna.partner_id)
        with self.at(NIGHT):
            (offer,) = self._offer_to(self.anna, minutes=600)
            delivery = self._deliveries(offer)
            self._jobs(delivery).unlink()
            self._send(delivery)
            self.assertEqual(delivery.state, "queued")
            self.assertEqual(delivery.next_try, MORNING)
            self.assertIn("Quiet", delivery.error)
            self.assertEqual(delivery.attempts, 0)
            self.assertTrue(self._jobs(delivery).filtered("eta"))
        with self.at(MORNING):
            self._send(delivery)
        self.assertEqual(delivery.state, "sent")

    def test_offers_that_end_before_are_not_sent(self):
        self._night(self.anna.partner_id)
        with self.at(NIGHT):
            (offer,) = self._offer_to(self.anna, minutes=60)
            delivery = self._deliveries(offer)
            self._send(delivery)
            self.assertEqual(delivery.state, "obsolete")
            self.assertIn("Quiet", delivery.error)
        self.assertFalse(self.server.mails)

    def test_an_answer_comes_at_night(self):
        self._night(self.anna.partner_id)
        with self.at(NIGHT):
            (offer,) = self._offer_to(self.anna)
            offer._accept("portal")
            won = self._deliveries(offer, "won")
            self._send(won)
            self.assertEqual(won.state, "sent")

    def test_escalations_break_quiet_hours_on_duty_only(self):
        self._night(self.dispatcher.partner_id)
        duty = type(self.env["crowd.duty"])
        for is_on_duty, state in ((False, "queued"), (True, "sent")):
            ticket = self._create_secret_ticket()
            with (
                self.at(NIGHT),
                patch.object(duty, "_is_on_duty", lambda *_a, d=is_on_duty: d),
            ):
                ticket.with_user(self.agent).crowd_escalate(
                    "manual", user_id=self.dispatcher.id
                )
                deliveries = self.env["crowd.delivery"].search(
                    [("escalation_id.ticket_id", "=", ticket.id)]
                )
                self._send(deliveries)
            states = {d.kind: d.state for d in deliveries}
            self.assertEqual(states, {"activity": "sent", "mail": state})

    def test_pace_of_a_gateway(self):
        self.gateway.rate_per_minute = 2
        people = [self._create_worker("Pace %d" % n) for n in range(5)]
        now = self.env["crowd.clock"].now()
        with self.at(now):
            offers = self._offer_to(*people)
            deliveries = self.env["crowd.delivery"].search(
                [("offer_id", "in", [o.id for o in offers])], order="id"
            )
            for delivery in deliveries:
                self._send(delivery)
            self.assertEqual(deliveries.mapped("state"), ["sent"] * 2 + ["queued"] * 3)
            waits = [(d.next_try - now).total_seconds() for d in deliveries[2:]]
            self.assertEqual(waits, [30, 60, 90])
        with self.at(now + timedelta(seconds=61)):
            self._send(deliveries)
            self.assertEqual(deliveries.mapped("state"), ["sent"] * 4 + ["queued"])

    def test_a_copied_database_sends_nothing(self):
        (offer,) = self._offer_to(self.anna, minutes=600)
        delivery = self._deliveries(offer)
        self.env["ir.config_parameter"].set_param("database.uuid", "a-copy")
        self.assertTrue(self.gateway.is_foreign)
        self._send(delivery)
        self.assertEqual((delivery.state, delivery.attempts), ("queued", 0))
        self.assertFalse(self.server.mails)
        with self.assertRaises(AccessError):
            self.gateway.with_user(self.agent).action_enable()
        self.gateway.with_user(self.env.user).action_enable()
        self.assertFalse(self.gateway.is_foreign)
        self._send(delivery)
        self.assertEqual(delivery.state, "sent")

    def test_health_of_a_gateway(self):
        offers = self._offer_to(*[self._create_worker("Ill %d" % n) for n in range(4)])
        deliveries = self.env["crowd.delivery"].search(
            [("offer_id", "in", [o.id for o in offers])]
        )
        self.gateway.copy()  # one without messages
        with self.server.doing(NEVER):
            self._send(deliveries[:3])
        self.gateway.invalidate_cache()
        self.assertTrue(self.gateway.is_flagged)
        self.assertEqual(self.gateway.failures_in_row, 3)
        with self.at(self.env["crowd.clock"].now() + timedelta(seconds=5)):
            self._send(deliveries[3])
        self.gateway.invalidate_cache()
        self.assertFalse(self.gateway.is_flagged)
        self.assertEqual(self.gateway.failures_in_row, 0)
        self.assertTrue(self.gateway.last_success_at > self.gateway.last_failure_at)

    def test_who_may_change_it(self):
        mine = self._reach(self.tech.partner_id)
        annas = self._reach(self.anna.partner_id)
        him = self.tech.crowd_user_id
        mine.with_user(him).has_quiet = True
        with self.assertRaises(AccessError):
            annas.with_user(him).has_quiet = True
        annas.with_user(self.agent).has_quiet = True
        with self.assertRaises(UserError):
            annas.with_user(self.agent).partner_id = self.rival.partner_id
        for user in (self.employee, self.portal_user, self.agent_b):
            with self.assertRaises(AccessError):
                annas.with_user(user).has_quiet = False
        self.assertEqual(him.with_user(him).action_crowd_reach()["res_id"], mine.id)
        opened = self.anna.with_user(self.agent).action_crowd_reach()
        self.assertEqual(opened["res_id"], annas.id)
        self.assertIn("22:00", self.anna.with_user(self.agent).crowd_reach_summary)

    @mute_logger("odoo.sql_db")
    def test_quiet_hours_end(self):
        reach = self._night(self.anna.partner_id)
        with self.assertRaises(ValidationError):
            reach.quiet_to = 22.0
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            reach.write({"quiet_to": 24.0})
            reach.flush()


@tagged("post_install", "-at_install")
class TestPortalReach(PageCase):
    """A friend says in the portal how he is reached."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_user(
            "anna helper", "base.group_portal", partner_id=cls.anna.partner_id.id
        )

    def setUp(self):
        super().setUp()
        self.authenticate("crowd-anna-helper", "crowd-anna-helper")
        self.page = self.url_open("/my/offers")

    def test_choose(self):
        self.assertIn("You are reached over: E-mail", self.page.text)
        answer = self._post(
            self.page,
            "reach",
            way_0="sms",
            way_1="mail",
            way_2="sms",
            quiet="1",
            quiet_from="22:30",
            quiet_to="06:45",
        )
        self.assertEqual(answer.status_code, 200)
        reach = self.anna.partner_id.crowd_reach_ids
        self.assertEqual(reach.line_ids.mapped("kind"), ["sms", "mail"])
        self.assertEqual((reach.quiet_from, reach.quiet_to), (22.5, 6.75))
        self.assertIn("No offers from 22:30 to 06:45.", answer.text)

    def test_nonsense(self):
        for values, sentence in (
            ({}, "Please choose one way"),
            ({"way_0": "activity"}, "Please choose one way"),
            ({"way_0": "mail", "quiet": "1"}, "two different times"),
            (
                {
                    "way_0": "mail",
                    "quiet": "1",
                    "quiet_from": "7:00",
                    "quiet_to": "7:00",
                },
                "two different times",
            ),
            (
                {"way_0": "mail", "quiet": "1", "quiet_from": "x", "quiet_to": "25:0"},
                "two different times",
            ),
        ):
            answer = self._post(self.page, "reach", **values)
            self.assertIn(sentence, answer.text, values)
        self.assertFalse(self.anna.partner_id.crowd_reach_ids)
