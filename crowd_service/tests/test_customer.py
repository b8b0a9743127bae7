from datetime import datetime, timedelta

from odoo.tests import tagged

from .delivery_common import SECRETS, parse
from .page_common import TABLES, PageCase

NOON = datetime(2026, 6, 10, 10, 0)  # a Wednesday, 12:00 in Zurich
#: Of Anna, whom the customer may call by her first name.
WORKER = {"surname": "Helper", "phone": "+41 79 444 55 66", "email": "anna.helper@"}


@tagged("post_install", "-at_install")
class TestCustomer(PageCase):
    """The customer is told what concerns him, and nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna.phone = cls.anna.mobile = WORKER["phone"]

    def setUp(self):
        super().setUp()
        self.env["crowd.policy"].search([]).active = False
        self.customer.write({"lang": "en_US", "tz": "Europe/Zurich"})
        with self.at(NOON):
            self.offer, self.other = self._offer_to(self.anna, self.rival)
        self.dispatch = self.offer.dispatch_id

    def _told(self, dispatch=None):
        domain = [
            ("dispatch_id", "=", (dispatch or self.dispatch).id),
            ("purpose", "like", "customer%"),
        ]
        return self.env["crowd.delivery"].search(domain, order="id")

    def _accept(self, minutes=0):
        with self.at(NOON + timedelta(minutes=minutes)):
            self.offer._accept("mail")

    def _mail(self, delivery):
        values = delivery._prepare_mail()
        self.assertNotIn("${", values["body"] + values["subject"])
        self.assertNotIn("% if", values["body"])
        return values

    def _page(self, delivery=None):
        delivery = delivery or self._told()[-1:]
        token = self.env["crowd.token"]._mint(
            "customer", delivery.dispatch_id, delivery
        )
        return self.url_open("/crowd/ticket/%s" % token)

    def assertNothingPrivate(self, text):
        """Fail if more than a first name of the worker, or what is internal, shows."""
        for name, secret in WORKER.items():
            self.assertNotIn(secret, text, name)
        for name in ("note", "rival", "rival_price", "knowledge", "directions"):
            self.assertNotIn(SECRETS[name], text, name)

    # ------------------------------------------------------------------
    # what he is told
    # ------------------------------------------------------------------

    def test_every_step(self):
        self._accept()
        with self.at(NOON + timedelta(minutes=20)):
            self.offer._on_my_way(30)
        with self.at(NOON + timedelta(minutes=30)):
            self.offer._be_late(15)
            self.offer._start("mail")
            self.offer._finish(True)
        self.assertEqual(
            self._told().mapped("purpose"),
            [
                "customer_found",
                "customer_on_the_way",
                "customer_late",
                "customer_done",
            ],
        )
        self.assertEqual(self._told().partner_id, self.customer)
        self.assertEqual(
            [d._is_wanted() for d in self._told()], [False, False, False, True]
        )

    def test_words(self):
        self._accept()
        mail = self._mail(self._told())
        self.assertIn("Anna takes care of it", mail["subject"])
        for text in ("Anna", "Friend", self.ticket.number, "13:00 (CEST)"):
            self.assertIn(text, mail["body"])
        self.assertIn("/crowd/ticket/", mail["body"])
        self.assertNothingPrivate(mail["body"])
        with self.at(NOON + timedelta(minutes=20)):
            self.offer._on_my_way(30)
            self.offer._be_late(15)
        way, late = self._told()[1:]
        self.assertIn("on the way", self._mail(way)["subject"])
        self.assertIn("13:05 (CEST)", self._mail(late)["body"])
        self.offer._finish(True)
        self.assertIn("is done", self._mail(self._told()[-1:])["subject"])

    def test_in_his_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        self.service.with_context(lang="fr_FR").name = "Réseau domestique"
        self._accept()
        self.assertIn("Réseau domestique", self._mail(self._told())["body"])
        self.assertIn('lang="fr-FR"', self._page().text)

    def test_a_new_search_is_told(self):
        third = self._create_worker("Third Helper", km=4)
        self._accept()
        self._sync_search()
        self.offer._give_back("sick")
        self.assertEqual(self.dispatch.state, "offered")
        told = self._told()
        self.assertEqual(told[-1:].purpose, "customer_searching")
        self.assertIn("cannot come", self._mail(told[-1:])["body"])
        self.dispatch._open_offers().filtered(lambda o: o.worker_id == third)._accept(
            "mail"
        )
        told = self._told()
        self.assertEqual(told[-1:].purpose, "customer_found")
        self.assertEqual(
            [d._is_wanted() for d in told], [False, False, True], "old news is no news"
        )

    def test_our_own_people_take_over(self):
        self._accept()
        self.offer._raise_scope("tools")
        message = self._told()[-1:]
        self.assertEqual(message.purpose, "customer_technician")
        self.assertIn("our own people", self._mail(message)["body"])
        self.assertIn("Our own people", self._page().text)

    def test_the_desk_s_own_business_is_not_told(self):
        self.ticket.with_user(self.agent).crowd_escalate("manual", "Look at this")
        self.assertFalse(self._told())

    def test_switches(self):
        for name in ("found", "way", "search", "technician", "done"):
            self.company_a["crowd_tell_%s" % name] = False
        self._accept()
        self.offer._on_my_way(30)
        self.offer._be_late(10)
        self.offer._raise_scope("tools")
        self.assertFalse(self._told())

    def test_without_a_customer(self):
        ticket = self._create_ticket(partner_id=False)
        (offer,) = self._offer_to(self.tech, ticket=ticket)
        offer._accept("backend")
        self.assertFalse(self._told(offer.dispatch_id))
        self.assertNotIn(
            "No way", " ".join(offer.dispatch_id.event_ids.mapped("summary"))
        )

    def test_by_sms_without_a_mail_address(self):
        self._accept()
        delivery = self._told()
        with self.at(NOON):
            texts = [
                delivery.with_context(lang="en_US")._render_text(),
            ]
        self.assertIn("Anna (Friend) takes care of your request", texts[0])
        self.assertLess(len(texts[0]), 307)

    # ------------------------------------------------------------------
    # his page
    # ------------------------------------------------------------------

    def test_page(self):
        self._accept()
        page = self._page()
        self.assertEqual(page.status_code, 200)
        self.assertHeaders(page)
        self.assertNothingFromElsewhere(page.text)
        self.assertIn("Anna takes care of your request", page.text)
        self.assertIn("13:00 (CEST)", page.text)
        self.assertNothingPrivate(page.text)
        self.assertNotIn(SECRETS["description"], page.text)
        self.offer._start("mail")
        self.assertIn("Anna is working on it", self._page().text)
        self.offer._finish(True)
        page = self._page()
        self.assertIn("Your request is done", page.text)
        self.assertNotIn("csrf_token", page.text)

    def test_get_writes_nothing(self):
        self._accept()
        url = self._page().url
        path = url[url.index("/crowd") :]
        before = self._rows()
        for action in ("", "/agree", "/refuse", "/nonsense"):
            self.url_open(path + action)
            self.opener.head(self.url_base() + path + action)
        self.assertEqual(self._rows(), before, TABLES)

    def test_post_needs_the_page(self):
        self._accept()
        url = self._page().url
        path = url[url.index("/crowd") :]
        answer = self.url_open(path + "/refuse", data={"csrf_token": "wrong"})
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.ticket.crowd_consent)

    def test_whose_link(self):
        self._accept()
        delivery = self._told()
        url = self._page(delivery).url
        path = url[url.index("/crowd") :]
        token = path.rpartition("/")[2]
        self.assertEqual(self.url_open("/crowd/offer/%s" % token).status_code, 404)
        offer_token = self._mint(self.offer)
        wrong = self.url_open("/crowd/ticket/%s" % offer_token)
        self.assertEqual(wrong.status_code, 404)
        self.assertNoSecrets(wrong.text)
        self.ticket.partner_id = self.anna.partner_id
        self.assertEqual(self.url_open(path).status_code, 404)
        self.ticket.partner_id = self.customer
        self.assertEqual(self.url_open(path).status_code, 200)
        self.customer.active = False
        self.assertEqual(self.url_open(path).status_code, 404)

    def test_a_reopened_ticket_has_the_same_page(self):
        self._accept()
        url = self._page().url
        path = url[url.index("/crowd") :]
        self.offer._finish(True)
        self.ticket.stage_id = self.env.ref(
            "helpdesk_mgmt.helpdesk_ticket_stage_in_progress"
        )
        self._offer_to(self.rival)
        page = self.url_open(path)
        self.assertIn("We are looking for somebody", page.text)

    def test_a_real_mail(self):
        self._accept()
        delivery = self._told()
        server = self.env["ir.mail_server"]
        message = server.build_email(subtype="html", **delivery._prepare_mail())

        class Envelope:
            content = message.as_bytes()

        _message, plain, html = parse(Envelope)
        for part in (plain, html):
            self.assertIn("Anna", part)
            self.assertNothingPrivate(part)
