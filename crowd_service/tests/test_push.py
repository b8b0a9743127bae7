import base64
import doctest
import json
import os
from datetime import timedelta
from unittest import skipUnless
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .. import gateways
from ..gateways import push
from ..models.crowd_push import KEY, MOST
from .delivery_case import DeliveryCase
from .page_common import PageCase
from .test_gateway_contract import GatewayContract
from .web_server import WebServer

if push.WebPusher:
    import http_ece
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from py_vapid import Vapid02


def text(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Browser:
    """A browser's side of a subscription."""

    def __init__(self, endpoint):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.secret = os.urandom(16)
        point = self.key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self.values = {
            "endpoint": endpoint,
            "p256dh": text(point),
            "auth": text(self.secret),
        }

    def decrypt(self, body):
        """Return what was encrypted for this browser."""
        return json.loads(
            http_ece.decrypt(
                body,
                private_key=self.key,
                auth_secret=self.secret,
                version="aes128gcm",
            )
        )


class PushCase(DeliveryCase):
    """Anna has a browser that shows notifications."""

    def setUp(self):
        super().setUp()
        self.service = WebServer()
        self.service.start()
        self.addCleanup(self.service.stop)
        self.devices = self.env["crowd.push.subscription"]
        self.device = self._browser("/anna")

    def _browser(self, path, worker=None):
        browser = Browser(self.service.url + path)
        with self.service.allowed():
            self.devices._remember(
                (worker or self.anna).partner_id, device="Test", **browser.values
            )
        return browser

    def _send(self, deliveries):
        with self.service.allowed():
            return super()._send(deliveries)


@skipUnless(push.WebPusher, "without pywebpush there are no notifications")
@tagged("post_install", "-at_install")
class TestPushContract(GatewayContract, PushCase):
    kind = "push"
    LATER, NEVER, LOST = 429, 400, 504

    def _other_side(self):
        return self.service

    def _received(self):
        return len(self.service.hits) - self.service.refused


@skipUnless(push.WebPusher, "without pywebpush there are no notifications")
@tagged("post_install", "-at_install")
class TestPush(PushCase):
    """Notifications, against a real server that stands for a push service."""

    def setUp(self):
        super().setUp()
        self.offer, self.other = self._offer_to(self.anna, self.rival)
        self.delivery = self._deliveries(self.offer)

    def test_doctests(self):
        result = doctest.testmod(push)
        self.assertTrue(result.attempted)
        self.assertFalse(result.failed)

    def test_the_notification(self):
        self.assertEqual(self.delivery.kind, "push")
        self._send(self.delivery)
        self.assertEqual(self.delivery.state, "sent")
        ((path, headers, body),) = self.service.hits
        self.assertEqual(path, "/anna")
        self.assertEqual(headers["Content-Encoding"], "aes128gcm")
        self.assertAlmostEqual(int(headers["TTL"]), 1800, delta=10)
        self.assertEqual(headers["Urgency"], "high")
        message = self.device.decrypt(body)
        self.assertIn("Home network", message["title"])
        self.assertIn("Bern (30…)", message["body"])
        self.assertIn("/crowd/offer/", message["url"])
        kinds = [action["action"] for action in message["actions"]]
        self.assertEqual(kinds, ["accept", "decline"])
        self.assertNoSecrets(message)
        self.assertNotIn(b"Bern", body)

    def test_signed_with_the_key_that_browsers_know(self):
        self._send(self.delivery)
        _path, headers, _body = self.service.hits[0]
        scheme, _space, parts = headers["Authorization"].partition(" ")
        values = dict(part.strip().split("=", 1) for part in parts.split(","))
        self.assertEqual(scheme, "vapid")
        self.assertEqual(values["k"], self.devices._public_key())
        self.assertTrue(Vapid02.verify(headers["Authorization"]))
        claims = values["t"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(claims + "=="))
        self.assertEqual(claims["aud"], self.service.url)
        self.assertEqual(claims["sub"], "mailto:desk@company-a.example")

    def test_all_devices_and_nobody_else(self):
        self._browser("/tablet")
        self._browser("/rival", self.rival)
        self._send(self.delivery)
        self.assertEqual({hit[0] for hit in self.service.hits}, {"/anna", "/tablet"})
        self.assertEqual(self.delivery.provider_ref, "2 devices")

    def test_gone(self):
        """T26: 404 and 410 remove the device; the next gateway has the message."""
        for number, status in enumerate((404, 410)):
            self.service.status = status
            if number:
                self._browser("/anna")
                ticket = self._create_secret_ticket()
                (self.offer,) = self._offer_to(self.anna, ticket=ticket)
                self.delivery = self._deliveries(self.offer)
            self._send(self.delivery)
            self.assertEqual(self.delivery.state, "dead")
            self.assertFalse(self.anna.partner_id._crowd_devices())
            rest = self._deliveries(self.offer) - self.delivery
            self.assertEqual(rest.kind, "mail")

    def test_one_is_gone_the_other_takes_it(self):
        self._browser("/tablet")
        self.service.answers["/anna"] = (410, {})
        self._send(self.delivery)
        self.assertEqual(self.delivery.state, "sent")
        self.assertEqual(len(self.anna.partner_id._crowd_devices()), 1)

    def test_too_many(self):
        """T26: 429 waits as long as the push service asks."""
        self.service.answers["/anna"] = (429, {"Retry-After": "600"})
        now = self.env["crowd.clock"].now()
        self._send(self.delivery)
        self.assertEqual(self.delivery.state, "failed")
        self.assertGreaterEqual(self.delivery.next_try, now + timedelta(seconds=600))
        self.assertEqual(self.anna.partner_id._crowd_devices().failures, 1)
        self.service.answers.clear()
        self._send(self.delivery)
        self.assertEqual(self.delivery.state, "sent")
        self.assertEqual(self.anna.partner_id._crowd_devices().failures, 0)

    def test_too_large(self):
        """T26: 413 is final for this message, not for the device."""
        self.service.status = 413
        self._send(self.delivery)
        self.assertEqual(self.delivery.state, "dead")
        self.assertTrue(self.anna.partner_id._crowd_devices())

    def test_messages_fit(self):
        self.offer.dispatch_id.summary = "🙂" * 3000
        self._send(self.delivery)
        self.assertLess(len(self.service.hits[0][2]), 4096)
        values = {"title": "🙂" * 4000, "body": "🙂" * 4000, "url": "/x"}
        self.assertLess(len(push.encode(values)), push.LONGEST)

    def test_broken_devices_are_forgotten(self):
        device = self.anna.partner_id._crowd_devices()
        device.failures = 19
        self.service.status = 500
        self._send(self.delivery)
        self.assertFalse(device.exists())
        self.assertEqual(self.delivery.state, "failed")

    def test_internal_addresses_are_not_called(self):
        DeliveryCase._send(self, self.delivery)
        self.assertEqual(self.delivery.state, "dead")
        self.assertFalse(self.service.hits)

    def test_what_came_of_it(self):
        self._send(self.delivery)
        self.other._accept("portal")
        self._run_jobs("crowd.dispatch")
        taken = self._deliveries(self.offer, "taken")
        self._send(taken)
        first, second = (self.device.decrypt(hit[2]) for hit in self.service.hits)
        self.assertEqual(first["tag"], second["tag"])  # it replaces the offer
        self.assertIn("Already taken", second["title"])
        self.assertFalse(second["actions"])

    def test_archived_worker_is_told_nothing(self):
        """T49: his devices are forgotten."""
        self.offer._withdraw()
        self.anna.active = False
        partner = self.anna.partner_id
        self.assertFalse(self.devices.search([("partner_id", "=", partner.id)]))
        self._browser("/again")  # whatever happens
        self.assertFalse(partner._crowd_devices())

    def test_no_device(self):
        browser = Browser("https://push.example.com/x")
        for name, values in (
            ("scheme", {"endpoint": "http://push.example.com/x"}),
            ("file", {"endpoint": "file:///etc/passwd"}),
            ("no address", {"endpoint": "x"}),
            ("broken", {"endpoint": "https://[::1"}),
            ("long", {"endpoint": "https://push.example.com/" + "x" * 1000}),
            ("key", {"p256dh": "AAAA"}),
            ("no key", {"p256dh": ""}),
            ("garbage", {"auth": "ä" * 22}),
        ):
            with self.assertRaises(ValidationError, msg=name):
                self.devices._remember(
                    self.anna.partner_id, **dict(browser.values, **values)
                )

    def test_devices_of_one_person(self):
        for number in range(MOST + 3):
            self._browser("/%d" % number)
        mine = self.anna.partner_id._crowd_devices()
        self.assertEqual(len(mine), MOST)
        # a browser has one owner
        self._browser("/0", self.anna)
        self._browser("/12", self.rival)
        hits = self.anna.partner_id._crowd_devices().mapped("endpoint")
        self.assertNotIn(self.service.url + "/12", hits)

    def test_keys(self):
        key = self.devices._private_key()
        self.assertIn("PRIVATE KEY", key)
        self.assertEqual(self.devices._private_key(), key)
        self.assertEqual(len(push.decode_key(self.devices._public_key(), 65)), 65)
        parameters = self.env["ir.config_parameter"].with_user(self.manager)
        self.assertFalse(parameters.check_access_rights("read", raise_exception=False))
        self.assertTrue(self.env["ir.config_parameter"].sudo().get_param(KEY))

    def test_without_the_library(self):
        """It is optional: people are told over their other gateways."""
        adapters = {
            kind: adapter
            for kind, adapter in gateways.base._adapters.items()
            if kind != "push"
        }
        with patch.object(gateways.base, "_adapters", adapters):
            ticket = self._create_secret_ticket()
            (offer,) = self._offer_to(self.anna, ticket=ticket)
        self.assertEqual(self._deliveries(offer).kind, "mail")
        with patch.object(push, "WebPusher", None):
            self.assertEqual(self.devices._public_key(), "")


@skipUnless(push.WebPusher, "without pywebpush there are no notifications")
@tagged("post_install", "-at_install")
class TestPushPage(PageCase):
    """“Tell me here”, on the page of an offer and in the portal."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls._create_user(
            "Anna portal", "base.group_portal", partner_id=cls.anna.partner_id.id
        )

    def setUp(self):
        super().setUp()
        (self.offer,) = self._offer_to(self.anna)
        self.path = "/crowd/offer/%s" % self._mint(self.offer)
        self.app = Browser("https://push.example.com/x")

    def _devices(self):
        return self.anna.partner_id._crowd_devices()

    def test_the_card(self):
        page = self.url_open(self.path)
        self.assertIn('data-crowd-push="%s/push"' % self.path, page.text)
        self.assertIn(self.env["crowd.push.subscription"]._public_key(), page.text)
        self.assertIn("manifest.webmanifest", page.text)
        self.assertIn("worker-src 'self'", page.headers["Content-Security-Policy"])
        self.assertNothingFromElsewhere(page.text)

    def test_on_and_off(self):
        page = self.url_open(self.path)
        answer = self._post(page, "push", **self.app.values)
        self.assertEqual((answer.status_code, answer.json()), (200, {"on": True}))
        self.assertHeaders(answer)
        self.assertEqual(self._devices().endpoint, self.app.values["endpoint"])
        self._post(page, "push", **self.app.values)
        self.assertEqual(len(self._devices()), 1)
        stranger = {"endpoint": "https://push.example.com/y", "off": "1"}
        self._post(page, "push", **stranger)
        self.assertEqual(len(self._devices()), 1)
        self._post(page, "push", endpoint=self.app.values["endpoint"], off="1")
        self.assertFalse(self._devices())

    def test_who_has_the_link_cannot_do_it_secretly(self):
        page = self.url_open(self.path)
        for _twice in range(2):
            self._post(page, "push", **self.app.values)
        told = self._deliveries(self.offer, "new_device")
        self.assertEqual((told.kind, told.state), ("mail", "queued"))
        self.assertTrue(told._is_wanted())
        text = told._render_mail()
        self.assertIn("new device", text["subject"])
        self.assertNotIn("/crowd/offer/", text["body_html"])
        page = self.url_open(self.path)
        self.assertIn("Forget all devices", page.text)
        page = self._post(page, "push", off="all")
        self.assertEqual(page.status_code, 200)
        self.assertFalse(self._devices())

    def test_nothing_without_the_forms_secret(self):
        page = self.url_open(self.path)
        answer = self._post(page, "push", csrf_token="x", **self.app.values)
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self._devices())
        rows = self._rows()
        self.url_open(self.path + "/push")
        self.assertEqual(self._rows(), rows)

    def test_no_device(self):
        page = self.url_open(self.path)
        for values in ({}, {"endpoint": "https://10.0.0.1/x"}, {"auth": "\x00"}):
            answer = self._post(page, "push", **values)
            self.assertEqual(answer.status_code, 400)
        self.assertFalse(self._devices())

    def test_not_when_it_is_over(self):
        page = self.url_open(self.path)
        self.offer._withdraw()
        answer = self._post(page, "push", **self.app.values)
        self.assertEqual(answer.status_code, 404)
        self.assertNotIn("data-crowd-push", self.url_open(self.path).text)
        self.assertFalse(self._devices())

    def test_portal(self):
        self.authenticate("crowd-anna-portal", "crowd-anna-portal")
        page = self.url_open("/my/offers")
        self.assertIn('data-crowd-push="/my/offers/push"', page.text)
        answer = self._post(page, "push", **self.app.values)
        self.assertEqual(answer.json(), {"on": True})
        self.assertEqual(len(self._devices()), 1)
        self.assertFalse(self._deliveries(self.offer, "new_device"))

    def test_portal_of_others(self):
        self.authenticate("crowd-portal", "crowd-portal")
        page = self.url_open("/my/home")
        values = dict(self.app.values, csrf_token=self._csrf(page))
        answer = self.url_open("/my/offers/push", data=values)
        self.assertIn(answer.status_code, (400, 404))
        self.assertFalse(self._devices())

    def test_answered_from_the_notification(self):
        """The link knows that it came over push."""
        with patch.object(gateways.http, "request") as request:
            request.return_value = gateways.http.Reply(201, {}, b"")
            self._post(self.url_open(self.path), "push", **self.app.values)
            ticket = self._create_secret_ticket()
            (offer,) = self._offer_to(self.anna, ticket=ticket)
            self._deliveries(offer)._job_send()
        message = self.app.decrypt(request.call_args[0][3])
        path = message["url"][message["url"].index("/crowd/") :]
        rows = self._rows()
        page = self.url_open(path)
        self.assertEqual(self._rows(), rows)  # a tap on “Accept” only opens the page
        self._post(page, "accept")
        self.assertEqual((offer.state, offer.channel), ("accepted", "push"))

    def test_installable(self):
        values = self.url_open("/crowd/manifest.webmanifest").json()
        self.assertEqual(values["start_url"], "/my/offers")
        self.assertEqual(values["display"], "standalone")
        for icon in values["icons"]:
            self.assertEqual(self.url_open(icon["src"]).status_code, 200)
        for path in ("pwa/sw.js", "js/push.js"):
            answer = self.url_open("/crowd_service/static/src/" + path)
            self.assertEqual(answer.status_code, 200)
