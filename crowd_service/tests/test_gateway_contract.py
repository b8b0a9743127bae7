"""What every gateway keeps, whichever way it goes out: shared by all adapters."""

from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..gateways import base, http
from . import sms_server, smtp_server
from .sms_case import KEY, SmsCase


class GatewayContract:
    """The contract. A test class per kind says how its other side fails."""

    kind = None
    worker = "anna"
    LATER = NEVER = LOST = None  # modes of the other side; None: it cannot do that

    def setUp(self):
        super().setUp()
        seconds = patch.object(http, "TOTAL_SECONDS", 1)
        seconds.start()
        self.addCleanup(seconds.stop)
        person = getattr(self, self.worker)
        reach = self.env["crowd.reach"]._of(person.partner_id)
        reach._choose([self.kind], {})
        (self.offer,) = self._offer_to(person)
        self.delivery = self._deliveries(self.offer)

    def _other_side(self):
        """Return what has ``doing(mode)``."""
        return self.provider

    def _received(self):
        """Return how many messages arrived at people."""
        raise NotImplementedError

    def _attempt(self, mode=None):
        if not mode:
            self._send(self.delivery)
            return
        with self._other_side().doing(mode):
            self._send(self.delivery)

    def test_its_kind(self):
        self.assertEqual(self.delivery.kind, self.kind)
        self.assertTrue(base.carries(self.kind, "offer"))
        job = self._jobs(self.delivery)
        self.assertEqual(job.channel, "root.crowd.message." + self.kind)

    def test_sent_once(self):
        self._attempt()
        self._attempt()
        self.assertEqual(self.delivery.state, "sent")
        self.assertTrue(self.delivery.provider_ref)
        self.assertEqual(self.delivery.attempts, 1)
        self.assertFalse(self.delivery.next_try)
        self.assertEqual(self._received(), 1)

    def test_tried_again(self):
        if not self.LATER:
            return
        self._attempt(self.LATER)
        self.assertEqual(self.delivery.state, "failed")
        self.assertTrue(self.delivery.next_try)
        self.assertTrue(self.delivery.failed_at)
        self.assertEqual(self._received(), 0)
        self._attempt()
        self.assertEqual(self.delivery.state, "sent")
        self.assertFalse(self.delivery.error)

    def test_given_up_at_once(self):
        if not self.NEVER:
            return
        self._attempt(self.NEVER)
        self.assertEqual(self.delivery.state, "dead")
        self.assertEqual(self.delivery.attempts, 1)
        self.assertTrue(self._activities(self.offer.dispatch_id, "dead_delivery"))

    def test_given_up_in_the_end(self):
        if not self.LATER:
            return
        self.delivery.gateway_id.max_attempts = 2
        self._attempt(self.LATER)
        self._attempt(self.LATER)
        self.assertEqual(self.delivery.state, "dead")

    def test_nobody_knows_whether_it_arrived(self):
        if not self.LOST:
            return
        self._attempt(self.LOST)
        self.assertEqual(self.delivery.state, "failed")
        self._attempt()
        self.assertEqual(self.delivery.state, "sent")

    def test_not_wanted_any_more(self):
        self.offer._decline("no_time")
        self._attempt()
        self.assertEqual(self.delivery.state, "obsolete")
        self.assertEqual(self._received(), 0)

    def test_never_late(self):
        with self.at(self.offer.expires_at):
            self._attempt()
        self.assertEqual(self.delivery.state, "obsolete")
        self.assertEqual(self._received(), 0)

    def test_a_copy_of_the_database_sends_nothing(self):
        if self.kind == "activity":
            return  # it leads to nobody outside
        self.env["ir.config_parameter"].set_param("database.uuid", "copy")
        self._attempt()
        self.assertEqual(self._received(), 0)
        self.assertEqual(self.delivery.attempts, 0)

    @mute_logger("odoo.addons.crowd_service.models.crowd_delivery_send")
    def test_what_an_adapter_did_not_expect(self):
        adapter = type(base.get_adapter(self.kind))

        def explode(*_args):
            raise ZeroDivisionError("boom " + KEY[:0])

        with patch.object(adapter, "transmit", explode):
            self._attempt()
        self.assertEqual(self.delivery.state, "failed")
        self.assertIn("ZeroDivisionError", self.delivery.error)

    def test_nothing_secret_stays(self):
        self._attempt()
        self.env["base"].flush()
        self.env.cr.execute(
            "SELECT d::text FROM crowd_delivery d WHERE id = %s", (self.delivery.id,)
        )
        row = self.env.cr.fetchone()[0]
        self.assertNotIn(KEY, row)
        self.assertNotIn("/crowd/offer/", row)
        self.assertNoSecrets(row)


@tagged("post_install", "-at_install")
class TestMailContract(GatewayContract, SmsCase):
    kind = "mail"
    LATER, NEVER, LOST = smtp_server.LATER, smtp_server.NEVER, smtp_server.DROP

    def _other_side(self):
        return self.server

    def _received(self):
        return len(self.server.mails)


@tagged("post_install", "-at_install")
class TestSmsContract(GatewayContract, SmsCase):
    kind = "sms"
    LATER, NEVER, LOST = sms_server.BUSY, sms_server.REFUSED, sms_server.TAKEN

    def _received(self):
        return len(self.provider.messages)


@tagged("post_install", "-at_install")
class TestActivityContract(GatewayContract, SmsCase):
    kind = "activity"
    worker = "tech"

    def _received(self):
        return len(self._activities(self.offer.dispatch_id, "offer"))


@tagged("post_install", "-at_install")
class TestPhoneContract(GatewayContract, SmsCase):
    kind = "phone"

    def _received(self):
        return len(self._activities(self.offer.dispatch_id, "call"))


@tagged("post_install", "-at_install")
class TestWebhookContract(GatewayContract, SmsCase):
    kind = "webhook"
    LATER, NEVER, LOST = sms_server.BUSY, sms_server.REFUSED, sms_server.TAKEN

    def setUp(self):
        self.env["crowd.gateway"].create(
            {
                "name": "Partner",
                "kind": "webhook",
                "company_id": self.company_a.id,
                "community_id": self.community.id,
                "webhook_url": "http://127.0.0.1:1/hook",
            }
        )
        super().setUp()

    def _start_provider(self):
        res = super()._start_provider()
        hook = self.env["crowd.gateway"].search([("kind", "=", "webhook")])
        hook.webhook_url = self.provider.url
        return res

    def _received(self):
        return len(self.provider.messages)
