import doctest
import logging
from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..gateways import gsm, http, sms, templates
from ..models import crowd_sms_answer
from ..models.crowd_gateway import SECRETS
from .sms_case import ANNA, KEY, SmsCase
from .sms_server import (
    BROKEN,
    BUSY,
    DRIP,
    GARBAGE,
    HANG,
    REFUSED,
    TAKEN,
    UNKNOWN,
)
from .smtp_server import NEVER


@tagged("post_install", "-at_install")
class TestSms(SmsCase):
    """T18: each failure of a provider is understood; nobody is billed twice."""

    def setUp(self):
        super().setUp()
        self.offer, self.other = self._offer_to(self.anna, self.rival)
        self.delivery = self._deliveries(self.offer)

    def test_doctests(self):
        for module in (gsm, sms, templates, crowd_sms_answer):
            result = doctest.testmod(module)
            self.assertTrue(result.attempted, module.__name__)
            self.assertFalse(result.failed, module.__name__)

    def test_the_sms(self):
        self.assertEqual(self.delivery.kind, "sms")
        self._send(self.delivery)
        self.assertEqual(self.delivery.state, "sent")
        self.assertEqual(self.delivery.provider_ref, "sms-1")
        self.assertEqual(self.delivery.address, ANNA)
        message = self.provider.messages[0]
        self.assertEqual(message["to"], ANNA)
        self.assertEqual(message["id"], self.delivery._idempotency_key())
        for part in ("Home network", "Bern", "49", "1 = yes", "/crowd/offer/"):
            self.assertIn(part, message["text"])
        self.assertIn("(%s)" % self.offer._sms_code(), message["text"])
        self.assertNoSecrets(message["text"])
        self.assertEqual(gsm.segments(message["text"]), 2)
        headers = self.provider.hits[0][1]
        self.assertEqual(headers["Authorization"], "Bearer " + KEY)

    def test_own_channel(self):
        self.assertEqual(self._jobs(self.delivery).channel, "root.crowd.message.sms")

    def test_failures(self):
        http_patch = patch.object(http, "TOTAL_SECONDS", 1)
        http_patch.start()
        self.addCleanup(http_patch.stop)
        for mode, state, words in (
            (BROKEN, "failed", "500"),
            (BUSY, "failed", "429"),
            (GARBAGE, "failed", "cannot be read"),
            (TAKEN, "failed", "no answer"),
            (HANG, "failed", "no answer"),
            (DRIP, "failed", "no answer"),
            (REFUSED, "dead", "400"),
            (UNKNOWN, "dead", "no_such_number"),
        ):
            with self.provider.doing(mode):
                self._send(self.delivery)
            self.assertEqual(self.delivery.state, state, mode)
            self.assertIn(words, self.delivery.error, mode)
            self.delivery.write({"state": "queued", "attempts": 0})
            (self._deliveries(self.offer) - self.delivery).unlink()

    def test_retry_after_is_honoured(self):
        now = self.env["crowd.clock"].now()
        with self.provider.doing(BUSY), self.at(now):
            self._send(self.delivery)
        wait = (self.delivery.next_try - now).total_seconds()
        self.assertTrue(120 <= wait <= 145, wait)

    def test_billed_once_when_the_answer_is_lost(self):
        for mode in (TAKEN, GARBAGE):
            with self.provider.doing(mode):
                self._send(self.delivery)
        self._send(self.delivery)
        self.assertEqual(len(self.provider.hits), 3)
        self.assertEqual(len(self.provider.messages), 1)
        self.assertEqual(self.delivery.state, "sent")
        self.assertEqual(self.delivery.provider_ref, "sms-1")

    def test_without_a_number_it_is_not_sent_again(self):
        self.sms.sms_body = '{"to": "{to}", "text": "{text}"}'
        with self.provider.doing(TAKEN):
            self._send(self.delivery)
        self.assertEqual(self.delivery.state, "dead")
        mail = self._deliveries(self.offer) - self.delivery
        self.assertEqual(mail.kind, "mail")
        self._send(self.delivery)
        self.assertEqual(len(self.provider.messages), 1)

    def test_what_the_desk_sends_again_is_a_new_message(self):
        with self.provider.doing(REFUSED):
            self._send(self.delivery)
        key = self.delivery._idempotency_key()
        self.delivery.with_user(self.agent).action_retry()
        self.assertNotEqual(self.delivery._idempotency_key(), key)

    def test_sms_when_mail_is_down(self):
        reach = self.anna.partner_id.crowd_reach_ids
        reach._choose(["mail", "sms"], {})
        (offer,) = self._offer_to(self.anna, ticket=self._create_secret_ticket())
        mail = self._deliveries(offer)
        with self.server.doing(NEVER):
            self._send(mail)
        second = self._deliveries(offer) - mail
        self.assertEqual(second.kind, "sms")
        self._send(second)
        self.assertEqual(len(self.provider.messages), 1)

    def test_internal_addresses_are_refused(self):
        for url in ("http://10.0.0.1/send", "http://169.254.169.254/latest"):
            self.sms.sms_url = url
            self.delivery.write({"state": "queued", "attempts": 0})
            self._send(self.delivery)
            self.assertEqual(self.delivery.state, "dead")
            self.assertIn("internal", self.delivery.error)
            (self._deliveries(self.offer) - self.delivery).unlink()
        self.assertFalse(self.provider.hits)

    def test_numbers(self):
        partner = self.anna.partner_id
        switzerland = self.env.ref("base.ch")
        for text, country, expected in (
            ("079 111 00 01", switzerland, "+41791110001"),
            ("0041 79 111 00 01", switzerland, "+41791110001"),
            ("+1 212 555 0100", switzerland, "+12125550100"),
            ("12", switzerland, ""),
            ("nonsense", switzerland, ""),
            (False, switzerland, ""),
        ):
            partner.write({"mobile": text, "country_id": country.id})
            self.assertEqual(partner._crowd_mobile(), expected, text)
        self.anna.mobile = "079 111 00 09"
        self.assertEqual(partner._crowd_mobile(), "+41791110009")

    def test_form_and_get(self):
        self.sms.write(
            {
                "sms_content_type": "application/x-www-form-urlencoded",
                "sms_body": "to={to}&text={text}&id={id}",
                "sms_id_path": False,
                "sms_status_path": False,
            }
        )
        self._send(self.delivery)
        self.assertIn(b"to=%2B41791110001&text=", self.provider.hits[0][2])
        self.assertEqual(self.delivery.state, "sent")
        self.sms.write(
            {
                "sms_method": "GET",
                "sms_body": False,
                "sms_url": self.provider.url + "?to={to}&text={text}",
            }
        )
        (offer,) = self._offer_to(self.anna, ticket=self._create_secret_ticket())
        self._send(self._deliveries(offer))
        self.assertIn("?to=%2B41791110001&text=", self.provider.hits[1][0])

    def test_texts_cannot_break_out_of_the_template(self):
        self.company_a.name = 'A", "to": "+41900"} {secret:key} \\'
        self._send(self.delivery)
        message = self.provider.messages[0]
        self.assertEqual(message["to"], ANNA)
        self.assertNotIn(KEY, message["text"])

    def test_mistakes_in_a_template(self):
        for values in (
            {"sms_url": "ftp://example.com"},
            {"sms_url": False},
            {"sms_body": "{to}"},
            {"sms_headers": "no header"},
            {"sms_headers": "X Y: 1"},
        ):
            with self.assertRaises(ValidationError, msg=str(values)):
                self.sms.write(values)


@tagged("post_install", "-at_install")
class TestSmsSecrets(SmsCase):
    """T50: the provider's key is nowhere but in the request."""

    def test_key_is_read_by_nobody(self):
        for user in (self.agent, self.manager):
            with self.assertRaises(AccessError):
                self.sms.with_user(user).read(["sms_secrets"])
            self.assertNotIn(KEY, str(self.sms.with_user(user).read()))
        self.assertEqual(self.sms.sms_secret_names, "key")
        self.assertFalse(self.sms.sms_new_secret)
        self.assertFalse(self.sms.copy().sms_secrets)

    def test_secrets_are_not_exported(self):
        (offer,) = self._offer_to(self.anna)
        delivery = self._deliveries(offer)
        for name in SECRETS:
            with self.assertRaises(AccessError):
                self.sms.export_data(["id", name])
            with self.assertRaises(AccessError):
                delivery.export_data(["id", "gateway_id/" + name])
        self.assertTrue(self.sms.export_data(["id", "name"])["datas"])

    def test_secrets_are_added_and_forgotten(self):
        self.sms.sms_new_secret = "user = someone"
        self.assertEqual(self.sms.sms_secret_names, "key, user")
        self.assertIn(KEY, self.sms.sms_secrets)
        self.sms.sms_new_secret = "key="
        self.assertEqual(self.sms.sms_secret_names, "user")
        for text in ("nonsense", "a b=c"):
            with self.assertRaises(ValidationError):
                self.sms.sms_new_secret = text

    def test_key_is_in_no_log_no_job_no_error(self):
        (offer,) = self._offer_to(self.anna)
        delivery = self._deliveries(offer)
        root = logging.getLogger()
        records = []
        handler = logging.Handler()
        handler.emit = lambda record: records.append(record.getMessage())
        loggers = [root, logging.getLogger("odoo"), logging.getLogger("urllib3")]
        levels = [logger.level for logger in loggers]
        for logger in loggers:
            logger.setLevel(logging.DEBUG)
        root.addHandler(handler)
        try:
            for mode in (BROKEN, TAKEN, UNKNOWN):
                with self.provider.doing(mode):
                    self._send(delivery)
        finally:
            root.removeHandler(handler)
            for logger, level in zip(loggers, levels):
                logger.setLevel(level)
        self.assertTrue(records)
        text = self.provider.hits[0][2].decode()
        token = text.partition("/crowd/offer/")[2].split('"')[0][:43]
        self.assertEqual(len(token), 43)
        for secret in (KEY, token):
            self.assertFalse([line for line in records if secret in line])
            for table in ("queue_job", "ir_logging", "mail_mail", "crowd_delivery"):
                self.env.cr.execute(
                    "SELECT count(*) FROM {} t WHERE t::text LIKE %s".format(table),
                    ("%" + secret + "%",),
                )
                self.assertEqual(self.env.cr.fetchone(), (0,), table)

    def test_a_provider_that_repeats_the_key(self):
        reading = self.sms._sms_reading()
        with self.assertRaises(sms.PermanentError) as caught:
            sms.read_reply(
                b'{"message": {"status": "bad key %s"}}' % KEY.encode(), reading
            )
        self.assertNotIn(KEY, sms.hide(str(caught.exception), [KEY]))


@tagged("post_install", "-at_install")
class TestSmsWords(SmsCase):
    """Every text: two SMS at most, the link whole, in the reader's language."""

    def test_all_purposes(self):
        self.env["ir.config_parameter"].set_param(
            "web.base.url", "https://service.a-rather-long-name.example.com"
        )
        self.service.name = "Network installation « Façade » with a long name " * 3
        self.location.city = "Saint-Jean-de-la-Forêt-Noire sur l’Œuvre"
        (offer,) = self._offer_to(self.anna)
        self.ticket.with_user(self.agent).crowd_escalate("manual", note="Quick! " * 50)
        escalation = self.ticket.crowd_escalation_ids
        escalation.user_id.partner_id.mobile = "+41791110003"
        deliveries = self.env["crowd.delivery"]
        texts = {}
        for purpose in (
            "offer",
            "won",
            "taken",
            "withdrawn",
            "job_cancelled",
            "unclear",
            "too_late",
            "which_one",
        ):
            row = {
                "purpose": purpose,
                "gateway_id": self.sms.id,
                "company_id": self.company_a.id,
                "offer_id": offer.id,
                "dispatch_id": offer.dispatch_id.id,
                "partner_id": self.anna.partner_id.id,
                "occasion": "words",
            }
            offer.state = "accepted" if purpose == "won" else "sent"
            texts[purpose] = deliveries.create(row)._prepare_sms()[1]
        row.update(
            purpose="escalation",
            offer_id=False,
            escalation_id=escalation.id,
            partner_id=escalation.user_id.partner_id.id,
        )
        texts["escalation"] = deliveries.create(row)._prepare_sms()[1]
        for purpose, text in texts.items():
            self.assertLessEqual(gsm.segments(text), 2, purpose)
            self.assertLessEqual(set(text), gsm.ALPHABET | gsm.EXTENDED, purpose)
            for leftover in ("%(", "{", "None", "False"):
                self.assertNotIn(leftover, text, purpose)
            if purpose != "escalation":
                self.assertNoSecrets(text)
        for purpose in ("offer", "won"):
            self.assertRegex(texts[purpose], r"/crowd/offer/[\w-]{43}$")
        self.assertIn("model=crowd.escalation", texts["escalation"])
