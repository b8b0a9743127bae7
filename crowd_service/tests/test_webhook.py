import doctest
import json
import logging
from datetime import datetime, timedelta

from standardwebhooks import Webhook, WebhookVerificationError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..gateways import webhook
from .delivery_case import DeliveryCase
from .page_common import PageCase
from .web_server import WebServer

NOW = datetime(2026, 3, 1, 12, 0, 0)


class WebhookFactory:
    """A partner's system whose people are the friends of company A."""

    @classmethod
    def _set_up_webhook(cls, url):
        cls.hook = cls.env["crowd.gateway"].create(
            {
                "name": "Partner",
                "kind": "webhook",
                "company_id": cls.company_a.id,
                "community_id": cls.community.id,
                "webhook_url": url,
            }
        )


@tagged("post_install", "-at_install")
class TestWebhookOut(WebhookFactory, DeliveryCase):
    """Messages to a partner's system, against a real server."""

    def setUp(self):
        super().setUp()
        self.partner_server = WebServer()
        self.partner_server.start()
        self.addCleanup(self.partner_server.stop)
        self._set_up_webhook(self.partner_server.url + "/offers")
        self.offer, self.other = self._offer_to(self.anna, self.rival)
        self.delivery = self._deliveries(self.offer)

    def _send(self, deliveries):
        with self.partner_server.allowed():
            return super()._send(deliveries)

    def test_doctests(self):
        result = doctest.testmod(webhook)
        self.assertTrue(result.attempted)
        self.assertFalse(result.failed)

    def test_the_message(self):
        self.assertEqual(self.delivery.gateway_id, self.hook)
        self._send(self.delivery)
        self.assertEqual(self.delivery.state, "sent")
        ((path, headers, body),) = self.partner_server.hits
        self.assertEqual(path, "/offers")
        # the partner's side uses the library as it is
        values = Webhook(self.hook.webhook_secret).verify(body, headers)
        self.assertEqual(values["type"], "offer.sent")
        data = values["data"]
        self.assertEqual(data["offer"], self.offer.name)
        self.assertEqual(data["service"], "Home network")
        self.assertEqual(data["area"], "Bern (30…)")
        self.assertTrue(data["expires_at"].endswith("+00:00"))
        self.assertIn("/crowd/offer/", data["link"])
        self.assertNoSecrets(body.decode())
        self.assertEqual(headers["webhook-id"], self.delivery.provider_ref)

    def test_what_came_of_it_goes_the_same_way(self):
        self._send(self.delivery)
        self.other._accept("portal")
        self._run_jobs("crowd.dispatch")
        taken = self._deliveries(self.offer, "taken")
        self.assertEqual(taken.gateway_id, self.hook)
        self._send(taken)
        values = json.loads(self.partner_server.hits[-1][2])
        self.assertEqual(values["type"], "offer.taken")
        self.assertEqual(values["data"]["state"], "lost")

    def test_same_id_new_signature_at_each_attempt(self):
        self.partner_server.status = 503
        now = self.env["crowd.clock"].now()
        for minutes in range(60):
            with self.at(now + timedelta(minutes=minutes)):
                if self.delivery.next_try <= self.env["crowd.clock"].now():
                    self.offer.expires_at = now + timedelta(hours=9)
                    self._send(self.delivery)
        self.assertEqual(self.delivery.state, "failed")
        failed = [hit[1] for hit in self.partner_server.hits]
        self.assertGreater(len(failed), 4)
        self.assertEqual(len({h["webhook-id"] for h in failed}), 1)
        self.assertEqual(len({h["webhook-signature"] for h in failed}), len(failed))
        # whoever was down for an hour has it within a quarter of an hour
        self.assertLess(self.delivery.next_try, now + timedelta(minutes=75))
        self.partner_server.status = 204
        with self.at(self.delivery.next_try):
            self._send(self.delivery)
        self.assertEqual(self.delivery.state, "sent")

    def test_three_days(self):
        self.assertEqual(self.hook.max_attempts, 450)  # of ten minutes

    def test_gone(self):
        self.partner_server.status = 410
        self._send(self.delivery)
        self.assertEqual(self.delivery.state, "dead")
        self.assertFalse(self.hook.active)
        self.assertIn("410", self.hook.off_reason)
        # the next gateway of that person has it now
        self.assertEqual((self._deliveries(self.offer) - self.delivery).kind, "mail")
        late = self._deliveries(self.other)
        self._send(late)
        self.assertEqual(late.state, "dead")
        self.assertEqual(len(self.partner_server.hits), 1)
        self.hook.active = True
        self.assertFalse(self.hook.off_reason)

    def test_internal_addresses_are_not_called(self):
        DeliveryCase._send(self, self.delivery)
        self.assertEqual(self.delivery.state, "dead")
        self.assertIn("internal", self.delivery.error)
        self.assertFalse(self.partner_server.hits)

    def test_rotation(self):
        before = self.hook.webhook_secret
        shown = self.hook.action_new_secret()["params"]["message"]
        self.assertNotEqual(self.hook.webhook_secret, before)
        self.assertIn(self.hook.webhook_secret, shown)
        self.assertTrue(self.hook.has_secret_before)
        self._send(self.delivery)
        _path, headers, body = self.partner_server.hits[0]
        for secret in (before, self.hook.webhook_secret):
            Webhook(secret).verify(body, headers)
        self.hook.action_forget_secret()
        self._send(self._deliveries(self.other))
        _path, headers, body = self.partner_server.hits[1]
        with self.assertRaises(WebhookVerificationError):
            Webhook(before).verify(body, headers)

    def test_only_its_own_people(self):
        stranger = self._create_worker(
            "Stranger", community=self._create_community("Others")
        )
        ticket = self._create_secret_ticket()
        (offer,) = self._offer_to(stranger, ticket=ticket)
        self.assertEqual(self._deliveries(offer).kind, "mail")
        company = self.env["res.partner"].create({"name": "P", "is_company": True})
        self.hook.write({"community_id": False, "partner_id": company.id})
        ticket = self._create_secret_ticket()
        self.anna.partner_id.parent_id = company
        both = self._offer_to(self.anna, stranger, ticket=ticket)
        kinds = [self._deliveries(offer).kind for offer in both]
        self.assertEqual(kinds, ["webhook", "mail"])

    def test_it_has_people(self):
        with self.assertRaises(ValidationError):
            self.hook.community_id = False

    def test_secrets_are_for_the_administrator(self):
        hook = self.hook.with_user(self.manager)
        for name in ("webhook_secret", "webhook_secret_before", "webhook_url"):
            self.assertNotIn(name, hook.fields_get())
            with self.assertRaises(AccessError):
                hook.read([name])
            with self.assertRaises((AccessError, UserError)):
                hook.export_data([name])
        with self.assertRaises(UserError):
            hook.action_new_secret()
        form = self.env["crowd.gateway"].fields_view_get(view_type="form")
        self.assertFalse([n for n in form["fields"] if n.startswith("webhook_secret")])
        self.assertFalse(self.hook.copy().webhook_secret == self.hook.webhook_secret)

    def test_secret_is_nowhere_else(self):
        secret = self.hook.webhook_secret
        with self.assertLogs("odoo", "DEBUG") as logs:
            logging.getLogger("odoo").debug("there is one line at least")
            self._send(self.delivery)
        self.assertNotIn(secret[6:], "".join(logs.output))
        for table in ("queue_job", "crowd_delivery", "ir_logging", "mail_message"):
            self.env.cr.execute(
                "SELECT count(*) FROM {} t WHERE t::text LIKE %s".format(table),
                ("%" + secret[6:] + "%",),
            )
            self.assertEqual(self.env.cr.fetchone(), (0,), table)


@tagged("post_install", "-at_install")
class TestWebhookIn(WebhookFactory, PageCase):
    """Answers of a partner's system: only the signature counts, and each id once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_webhook("https://partner.example.com/offers")
        cls.hook.webhook_secret_before = cls.hook._new_secret()

    def setUp(self):
        super().setUp()
        self.offer, self.other = self._offer_to(self.anna, self.rival)

    def _call(self, values, message_id="m1", gateway=None, secret=None, **changes):
        """Post ``values`` signed; ``changes`` overwrite headers or ``data``."""
        gateway = gateway or self.hook
        body = values if isinstance(values, str) else json.dumps(values)
        now = self.env["crowd.clock"].now()
        headers = webhook.signed_headers(
            [secret or gateway.webhook_secret], message_id, now, body
        )
        headers["Content-Type"] = "application/json"
        data = changes.pop("data", body)
        for name, value in changes.items():
            headers["webhook-" + name] = value
        return self.url_open(
            "/crowd/webhook/%d" % gateway.id, data=data.encode(), headers=headers
        )

    def _accept(self, **changes):
        return self._call({"offer": self.offer.name, "answer": "accept"}, **changes)

    def test_accept(self):
        response = self._accept()
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["result"], "accepted")
        self.assertEqual(response.json()["state"], "accepted")
        self.assertEqual(self.offer.channel, "webhook")
        self.assertFalse(self.offer.answered_by_id)
        self.assertNoSecrets(response.text)

    def test_decline_in_an_envelope(self):
        data = {"offer": self.offer.name, "answer": "decline", "note": "busy \x00"}
        response = self._call({"type": "offer.answer", "data": data})
        self.assertEqual(response.json()["result"], "declined")
        self.assertEqual(self.offer.state, "declined")
        self.assertEqual(self.offer.answer_note, "busy")

    def test_too_late(self):
        self.other._accept("portal")
        response = self._accept()
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["result"], "taken")

    def test_repeated_acts_once(self):
        first = self._accept()
        self.offer._give_back("other")
        again = self._accept()
        self.assertEqual(again.text, first.text)
        self.assertEqual(self.offer.state, "backed_out")
        other = self._call({"offer": self.offer.name, "answer": "done"})
        self.assertEqual(other.status_code, 409)

    def test_wrong_signatures(self):
        """T45: only valid messages act, and every refusal looks the same."""
        now = int(
            (self.env["crowd.clock"].now() - datetime(1970, 1, 1)).total_seconds()
        )
        good = webhook.sign(
            self.hook.webhook_secret, "m1", self.env["crowd.clock"].now(), "{}"
        )
        stranger = self.env["crowd.gateway"]._new_secret()
        told = set()
        for name, changes in (
            ("key", {"secret": stranger}),
            (
                "body",
                {"data": json.dumps({"offer": self.other.name, "answer": "accept"})},
            ),
            (
                "space",
                {"data": '{"offer": "%s",  "answer": "accept"}' % self.offer.name},
            ),
            ("truncated", {"signature": good[:-4]}),
            ("none", {"signature": ""}),
            ("other version", {"signature": good.replace("v1,", "v2,")}),
            (
                "garbage",
                {"signature": "v1, v1 , ,,, \u20ac".encode("latin-1", "replace")},
            ),
            ("id", {"id": "m2"}),
            ("no id", {"id": ""}),
            ("time", {"timestamp": str(now - 1)}),
            ("no time", {"timestamp": "soon"}),
            ("negative", {"timestamp": "-5"}),
            ("huge", {"timestamp": "9" * 40}),
        ):
            response = self._accept(**changes)
            self.assertEqual(response.status_code, 401, name)
            told.add(response.text)
        for gateway in (
            self.env["crowd.gateway"].browse(99999999),
            self.env.ref("crowd_service.crowd_gateway_mail"),
        ):
            response = self._accept(gateway=gateway, secret=stranger)
            self.assertEqual(response.status_code, 401)
            told.add(response.text)
        self.assertEqual(len(told), 1)
        self.assertEqual(self.offer.state, "sent")
        self.assertFalse(self.env["crowd.webhook.answer"].search([]))

    def test_window_of_five_minutes(self):
        body = json.dumps({"offer": self.offer.name, "answer": "accept"})
        now = self.env["crowd.clock"].now()
        secrets = [self.hook.webhook_secret]
        for seconds, valid in ((-300, True), (-301, False), (300, True), (301, False)):
            moment = now + timedelta(seconds=seconds)
            headers = webhook.signed_headers(secrets, "m", moment, body)
            found = webhook.verify(secrets, headers, body.encode(), now)
            self.assertEqual(found == "m", valid, seconds)

    def test_no_secret_no_answer(self):
        for name in ("webhook_secret", "webhook_secret_before"):
            self.hook[name] = False
        self.env["base"].flush()
        response = self._accept(secret="whsec_YWFh")
        self.assertEqual(response.status_code, 401)

    def test_both_secrets_during_rotation(self):
        for number, secret in enumerate(self.hook._webhook_secrets()):
            response = self._accept(secret=secret, message_id="r%d" % number)
            self.assertEqual(response.status_code, 200)

    def test_only_offers_it_was_told_of(self):
        stranger = self._create_worker(
            "Stranger", community=self._create_community("Others")
        )
        (offer,) = self._offer_to(stranger, ticket=self._create_secret_ticket())
        bodies = set()
        for number, name in enumerate((offer.name, "OFF-0", "", None, ["x"], {"a": 1})):
            response = self._call({"offer": name, "answer": "accept"}, "o%d" % number)
            self.assertEqual(response.status_code, 404, name)
            bodies.add(response.text)
        self.assertEqual(len(bodies), 1)
        self.assertEqual(offer.state, "sent")

    def test_nothing_but_answers(self):
        for number, answer in enumerate(("withdraw", "no_show", "", None, ["accept"])):
            response = self._call(
                {"offer": self.offer.name, "answer": answer, "state": "accepted"},
                "n%d" % number,
            )
            self.assertEqual(response.status_code, 400, answer)
        self.assertEqual(self.offer.state, "sent")

    def test_context_is_ignored(self):
        values = {
            "offer": self.offer.name,
            "answer": "decline",
            "params": {"context": {"default_state": "accepted", "lang": "xx_XX"}},
        }
        self.assertEqual(self._call(values).status_code, 200)
        self.assertEqual(self.offer.state, "declined")

    @mute_logger("odoo.http")
    def test_malformed(self):
        response = self._call("{nonsense")
        self.assertEqual(response.status_code, 400)
        self.assertEqual(self.offer.state, "sent")

    def test_archived_worker(self):
        self.offer._withdraw()
        self.anna.active = False
        self.env["base"].flush()
        self.assertEqual(self._accept().status_code, 404)

    def test_old_ids_are_forgotten(self):
        self._accept()
        answers = self.env["crowd.webhook.answer"]
        self.assertTrue(answers.search([]))
        with self.at(self.env["crowd.clock"].now() + timedelta(days=8)):
            answers._gc_answers()
        self.assertFalse(answers.search([]))
