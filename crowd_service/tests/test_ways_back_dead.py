import email.message
import email.policy
import json

from odoo.tests import tagged

from ..gateways import webhook
from .delivery_common import SECRETS
from .page_common import PageCase
from .test_webhook import WebhookFactory


@tagged("post_install", "-at_install")
class TestWaysBackOfAnArchivedWorker(WebhookFactory, PageCase):
    """T49: whoever is archived is out, at once, over every way back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].sudo().set_param(
            "mail.catchall.domain", "desk.example.com"
        )
        cls._set_up_webhook("https://partner.example.com/offers")
        cls._create_user(
            "Anna portal", "base.group_portal", partner_id=cls.anna.partner_id.id
        )

    def setUp(self):
        super().setUp()
        self.authenticate("crowd-anna-portal", "crowd-anna-portal")
        (self.offer,) = self._offer_to(self.anna)
        self.link = "/crowd/offer/%s" % self._mint(self.offer)
        tokens = self.env["crowd.token"]
        self.address = tokens._mint("reply", self._deliveries(self.offer))
        self.page = self.url_open("/my/offers/%d" % self.offer.id)
        self.assertIn("Accept the job", self.page.text)
        # a worker with open offers cannot be archived: they are taken back first
        self.offer._withdraw()
        self.anna.active = False
        self.env["base"].flush()

    def test_session(self):
        self.assertEqual(self._post(self.page, "accept").status_code, 404)
        self.assertEqual(
            self.url_open("/my/offers/%d" % self.offer.id).status_code, 404
        )
        self.assertNotIn(self.offer.name, self.url_open("/my/offers").text)
        answer = self.url_open("/my/offers/push", data={"csrf_token": "x"})
        self.assertIn(answer.status_code, (400, 404))

    def test_link(self):
        for path in (self.link, self.link + "/accept"):
            page = self.url_open(path)
            self.assertEqual(page.status_code, 404)
            self.assertNotIn(self.offer.name, page.text)
            self.assertNoSecrets(page.text, but=())

    def test_address(self):
        message = email.message.EmailMessage(policy=email.policy.SMTP)
        message["From"] = "anna.helper@example.com"
        message["To"] = "crowd+%s@desk.example.com" % self.address
        message["Message-Id"] = "<dead@example.org>"
        message.set_content("yes")
        with self.assertRaises(ValueError):  # nobody's mail
            self.env["mail.thread"].message_process(None, message.as_bytes())

    def test_webhook(self):
        body = json.dumps({"offer": self.offer.name, "answer": "accept"})
        now = self.env["crowd.clock"].now()
        headers = webhook.signed_headers([self.hook.webhook_secret], "d1", now, body)
        headers["Content-Type"] = "application/json"
        answer = self.url_open(
            "/crowd/webhook/%d" % self.hook.id, data=body.encode(), headers=headers
        )
        self.assertEqual(answer.status_code, 404)
        self.assertNotIn(SECRETS["name"], answer.text)

    def tearDown(self):
        self.assertEqual(self.offer.state, "withdrawn")
        super().tearDown()
