from datetime import datetime, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .invariants import check_invariants
from .page_common import PageCase

NOON = datetime(2026, 6, 10, 10, 0)  # a Wednesday, 12:00 in Zurich


@tagged("post_install", "-at_install")
class TestPromise(PageCase):
    """On my way, later, and nobody comes."""

    def setUp(self):
        super().setUp()
        self.env["crowd.policy"].search([]).active = False
        with self.at(NOON):
            (self.offer,) = self._offer_to(self.anna)
            self.offer._accept("mail")
        self.dispatch = self.offer.dispatch_id
        self.url = "/crowd/offer/%s" % self._mint(self.offer)

    def tearDown(self):
        self.env["base"].flush()
        check_invariants(self.env.cr)
        super().tearDown()

    def _after(self, minutes):
        return self.at(NOON + timedelta(minutes=minutes))

    def _wake(self, minutes):
        with self._after(minutes):
            self.dispatch._job_wake()

    def _asked(self):
        return self._deliveries(self.offer, "still_coming")

    # ------------------------------------------------------------------
    # what is expected
    # ------------------------------------------------------------------

    def test_expected_soon(self):
        self.assertEqual(self.dispatch.promised_at, NOON + timedelta(minutes=60))
        self.assertEqual(self.dispatch.next_deadline, self.dispatch.promised_at)

    def test_expected_within_the_wished_time(self):
        ticket = self._create_secret_ticket(
            crowd_when="window",
            crowd_wished_from=NOON + timedelta(hours=24),
            crowd_wished_to=NOON + timedelta(hours=28),
        )
        with self.at(NOON):
            (offer,) = self._offer_to(self.rival, ticket=ticket)
            offer._accept("mail")
        dispatch = offer.dispatch_id
        self.assertEqual(dispatch.promised_at, NOON + timedelta(hours=27))
        self.assertEqual(dispatch.next_deadline, dispatch.promised_at)

    # ------------------------------------------------------------------
    # the worker says so
    # ------------------------------------------------------------------

    def test_on_my_way_by_the_page(self):
        page = self.url_open(self.url)
        self.assertIn("I am on my way", page.text)
        page = self._post(page, "on_my_way", minutes="20")
        self.assertIn("You are expected at", page.text)
        self.assertNotIn("I am on my way", page.text)
        self.assertTrue(self.dispatch.on_the_way_at)
        left = self.dispatch.promised_at - self.dispatch.on_the_way_at
        self.assertEqual(left, timedelta(minutes=20))
        order = self.dispatch.order_id
        self.assertEqual(order.scheduled_date_start, self.dispatch.promised_at)
        self.assertEqual(order.person_id, self.anna)
        event = self.dispatch.event_ids[-1:]
        self.assertEqual(event.summary, "Anna Helper is on the way")

    def test_in_the_portal(self):
        login = "anna helper"
        partner = self.anna.partner_id
        self._create_user(login, "base.group_portal", partner_id=partner.id)
        self.authenticate("crowd-anna-helper", "crowd-anna-helper")
        url = "/my/offers/%d" % self.offer.id
        self._post(self.url_open(url), "late", minutes="15")
        self.assertEqual(self.dispatch.promise_moves, 1)
        self._post(self.url_open(url), "on_my_way", minutes="10")
        self.assertTrue(self.dispatch.on_the_way_at)
        self._post(self.url_open(url), "scope", reason="danger")
        self.assertEqual(self.offer.state, "out_of_scope")
        event = self.dispatch.event_ids.filtered(lambda e: e.kind == "answer")[-1:]
        self.assertEqual(event.channel, "portal")

    def test_nobody_on_his_way_is_asked(self):
        with self._after(30):
            self.offer._on_my_way(45)
        self._wake(90)
        self.assertFalse(self._asked())
        self.assertEqual(self.dispatch.state, "assigned")

    def test_late_moves_the_promise(self):
        with self._after(50):
            self.offer._be_late(30)
        self.assertEqual(self.dispatch.promised_at, NOON + timedelta(minutes=90))
        self.assertEqual(self.dispatch.next_deadline, self.dispatch.promised_at)
        self._wake(61)
        self.assertFalse(self._asked())
        self._wake(90)
        self.assertTrue(self._asked())

    def test_bad_times(self):
        for minutes in ("", "7", "-10", "x" * 10000, "1e9", "20\x00"):
            page = self._post(self.url_open(self.url), "late", minutes=minutes)
            self.assertIn("choose a time", page.text)
        self.assertEqual(self.offer._be_late(99999)["result"], "refused")
        self.assertFalse(self.dispatch.promise_moves)
        self.offer._start("mail")
        self.assertEqual(self.offer._on_my_way(20)["result"], "refused")

    def test_by_phone(self):
        offer = self.offer.with_user(self.agent)
        action = offer.action_on_my_way()
        wizard = self.env["crowd.promise"].with_user(self.agent)
        wizard = wizard.with_context(**action["context"]).create({"minutes": 25})
        wizard.action_confirm()
        self.assertTrue(self.dispatch.on_the_way_at)
        self.assertEqual(self.dispatch.event_ids[-1:].user_id, self.agent)
        wizard.minutes = 0
        with self.assertRaises(UserError):
            wizard.action_confirm()
        with self.assertRaises(AccessError):
            self.offer.with_user(self.technician).action_late()

    # ------------------------------------------------------------------
    # nobody comes
    # ------------------------------------------------------------------

    def test_asked_then_redistributed(self):
        self._sync_search()
        self._wake(60)
        self.assertEqual(self.dispatch.state, "assigned")
        message = self._asked()
        self.assertEqual(message.partner_id, self.anna.partner_id)
        self._wake(60)
        self.assertEqual(len(self._asked()), 1)
        self.assertIn("Are you still coming?", self.url_open(self.url).text)
        self._wake(75)
        self.assertEqual(self.offer.state, "no_show")
        self.assertEqual(self.dispatch.state, "offered")
        self.assertEqual(self.dispatch.round, 2)
        self.assertNotIn(self.anna, self.dispatch._open_offers().worker_id)
        self.assertFalse(self.dispatch.order_id.person_id)
        activity = self.dispatch.activity_ids
        self.assertIn("Anna Helper did not come", " ".join(activity.mapped("summary")))
        self.assertEqual(
            activity.filtered(lambda a: "did not come" in a.summary).user_id,
            self.dispatch.responsible_id,
        )
        self.assertNoSecrets(self.url_open(self.url).text)

    def test_the_question(self):
        self._wake(60)
        with self._after(61):
            message = self._asked()._prepare_mail()
        self.assertIn("Are you still coming?", message["subject"])
        self.assertIn("13:00 (CEST)", message["body"])
        self.assertIn("13:15 (CEST)", message["body"])
        self.assertIn("/crowd/offer/", message["body"])
        self.assertNotIn("${", message["body"])
        self.assertNoSecrets(message["body"])

    def test_an_answer_keeps_the_job(self):
        self._wake(60)
        with self._after(70):
            self.offer._on_my_way(20)
            self.assertFalse(self._asked()._is_wanted())
        self._wake(75)
        self.assertEqual(self.offer.state, "accepted")
        self.assertEqual(self.dispatch.promised_at, NOON + timedelta(minutes=90))

    def test_replies_by_mail(self):
        self._wake(60)
        with self._after(70):
            self._asked()._take_reply("Yes", "<1@example.com>")
        self.assertEqual(self.dispatch.on_the_way_at, NOON + timedelta(minutes=70))
        with self._after(71):
            self._asked()._take_reply("no\nI am ill", "<2@example.com>")
        self.assertEqual(self.offer.state, "backed_out")
        self.assertEqual(self.offer.answer_note, "I am ill")

    def test_of_a_technician_the_desk_is_told(self):
        with self.at(NOON):
            (offer,) = self._offer_to(self.tech, ticket=self._create_secret_ticket())
            offer._accept("backend")
        self.dispatch = offer.dispatch_id
        self._wake(60)
        self._wake(75)
        self.assertEqual(offer.state, "accepted")
        self.assertEqual(self.dispatch.state, "assigned")
        activity = self.dispatch.activity_ids
        self.assertIn("does not say", " ".join(activity.mapped("summary")))
        self.assertGreater(self.dispatch.next_deadline, NOON + timedelta(minutes=75))

    def test_overslept_clock_asks_first(self):
        self._wake(60 * 8)
        self.assertEqual(self.offer.state, "accepted")
        self.assertTrue(self._asked())

    def test_switched_off(self):
        self.company_a.crowd_promise_minutes = 0
        self._wake(60)
        self._wake(60 * 24)
        self.assertFalse(self._asked())
        self.assertEqual(self.offer.state, "accepted")

    def test_a_pause_renews_the_promise(self):
        with self._after(10):
            self.dispatch._pause(NOON + timedelta(days=1), "Parts")
        self._wake(24 * 60)
        self.assertEqual(self.dispatch.state, "assigned")
        self.assertEqual(self.dispatch.promised_at, NOON + timedelta(hours=25))
