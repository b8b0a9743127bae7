import json
from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .page_common import PageCase
from .sms_case import ANNA, TECH, SmsCase, SmsFactory
from .smtp_server import real_mail


@tagged("post_install", "-at_install")
class TestSmsAnswers(SmsCase):
    """What people write back."""

    def setUp(self):
        super().setUp()
        (self.offer,) = self._offer_to(self.anna)
        self._send(self._deliveries(self.offer))
        self.counter = 0

    def _receive(self, text, sender=ANNA, number=None):
        self.counter += 1
        data = {"from": sender, "text": text, "id": number or "in-%d" % self.counter}
        self.sms._take_inbound(data)
        self.env["base"].flush()
        return self.env["crowd.sms.answer"].search([], limit=1)

    def _escalate(self):
        ticket = self._create_secret_ticket()
        user = self.tech.crowd_user_id
        ticket.with_user(self.agent).crowd_escalate("manual", user_id=user.id)
        escalation = ticket.crowd_escalation_ids
        self._send(
            self.env["crowd.delivery"].search([("escalation_id", "=", escalation.id)])
        )
        return escalation

    def test_yes(self):
        for number, word in enumerate(("1", "JA", "Yes!", "oui merci", "sì", "ok")):
            ticket = self._create_secret_ticket()
            worker = self._create_worker("Yes %d" % number)
            worker.mobile = "+4179111100%d" % number
            self.env["crowd.reach"]._of(worker.partner_id)._choose(["sms"], {})
            (offer,) = self._offer_to(worker, ticket=ticket)
            self._send(self._deliveries(offer))
            answer = self._receive(word, worker.mobile)
            self.assertEqual(offer.state, "accepted", word)
            self.assertEqual(offer.channel, "sms")
            self.assertEqual(answer.outcome, "answered")
            self.assertEqual(answer.dispatch_id, offer.dispatch_id)
            self.assertEqual(self._deliveries(offer, "won").kind, "sms")

    def test_no(self):
        self._receive("2")
        self.assertEqual(self.offer.state, "declined")
        self.assertEqual(self.offer.channel, "sms")

    def test_the_number_is_written_in_many_ways(self):
        self.company_a.country_id = self.env.ref("base.ch")
        self._receive("1", "0791110001")
        self.assertEqual(self.offer.state, "accepted")

    def test_somebody_else(self):
        for sender in ("+41791119999", "", "nonsense", "\x00", TECH):
            answer = self._receive("1", sender)
            self.assertEqual(answer.outcome, "unknown", sender)
        self.assertFalse(
            self.env["crowd.delivery"].search([("purpose", "=", "unclear")])
        )

    def test_what_comes_twice_acts_once(self):
        self._receive("1", number="same")
        self.assertEqual(self.offer.state, "accepted")
        before = self.env["crowd.delivery"].search_count([])
        events = len(self.offer.dispatch_id.event_ids)
        for _n in range(3):
            self._receive("2", number="same")
        self.assertEqual(self.offer.state, "accepted")
        self.assertEqual(self.env["crowd.delivery"].search_count([]), before)
        self.assertEqual(len(self.offer.dispatch_id.event_ids), events)
        answers = self.env["crowd.sms.answer"].search([("message_id", "=", "same")])
        self.assertEqual(len(answers), 1)

    def test_two_open_offers_ask_for_the_code(self):
        (second,) = self._offer_to(self.anna, ticket=self._create_secret_ticket())
        self._send(self._deliveries(second))
        answer = self._receive("1")
        self.assertEqual(answer.outcome, "which_one")
        self.assertEqual((self.offer.state, second.state), ("sent", "sent"))
        question = self.env["crowd.delivery"].search([("purpose", "=", "which_one")])
        self._send(question)
        text = self.provider.messages[-1]["text"]
        for offer in (self.offer, second):
            self.assertIn("1 %s" % offer._sms_code(), text)
        self._receive("1 %s" % second._sms_code())
        self.assertEqual((self.offer.state, second.state), ("sent", "accepted"))
        self._receive("2")
        self.assertEqual(self.offer.state, "declined", "only one is left")

    def test_too_late(self):
        with self.at(self.offer.expires_at + timedelta(minutes=1)):
            self._receive("1")
            told = self._deliveries(self.offer, "too_late")
            self.assertEqual(told.kind, "sms")
            self._send(told)
        self.assertIn("time to answer is over", self.provider.messages[-1]["text"])

    def test_words_are_for_the_desk(self):
        self._receive("Morgen geht es, heute nicht")
        self.assertEqual(self.offer.state, "sent")
        self.assertIn(
            "Morgen geht es", str(self.offer.dispatch_id.message_ids.mapped("body"))
        )
        self.assertEqual(self._deliveries(self.offer, "unclear").kind, "sms")

    def test_acknowledge(self):
        escalation = self._escalate()
        self.assertIn("I am responsible", self.provider.messages[-1]["text"])
        self._receive("1", TECH)
        self.assertEqual(escalation.state, "acknowledged")
        self.assertEqual(escalation.acknowledged_by_id, self.tech.crowd_user_id)

    def test_take_the_job(self):
        for word in ("2", "job", "Take"):
            escalation = self._escalate()
            self._receive(word, TECH)
            self.assertEqual(escalation.state, "taken", word)
            offer = escalation.dispatch_id.accepted_offer_id
            self.assertEqual(offer.worker_id, self.tech)
            self.assertEqual((offer.origin, offer.channel), ("escalation", "sms"))
            offer._finish(True)

    def test_acknowledge_then_take(self):
        escalation = self._escalate()
        self._receive("1", TECH)
        self._receive("2", TECH)
        self.assertEqual(escalation.state, "taken")

    def test_technician_with_an_escalation_and_an_offer(self):
        escalation = self._escalate()
        (offer,) = self._offer_to(self.tech, ticket=self._create_secret_ticket())
        self._send(self._deliveries(offer))
        self.assertEqual(self._receive("1", TECH).outcome, "which_one")
        question = self.env["crowd.delivery"].search([("purpose", "=", "which_one")])
        self._send(question)
        self.assertEqual(question.state, "sent")
        text = self.provider.messages[-1]["text"]
        for subject in (offer, escalation):
            self.assertIn("1 %s" % subject._sms_code(), text)
        offer._decline("no_time")
        self._receive("1", TECH)
        self.assertEqual(escalation.state, "acknowledged")

    def test_code_of_an_escalation(self):
        escalation = self._escalate()
        (offer,) = self._offer_to(self.tech, ticket=self._create_secret_ticket())
        self._send(self._deliveries(offer))
        self._receive("1 %s" % escalation._sms_code(), TECH)
        self.assertEqual((escalation.state, offer.state), ("acknowledged", "sent"))

    def test_nonsense(self):
        for text in ("", "\x00", "1" * 5000, "💥", "1 2", "1 99999-9"):
            self._receive(text)
            self.assertEqual(self.offer.state, "sent", repr(text))

    def test_receipts(self):
        delivery = self._deliveries(self.offer)
        number = delivery.provider_ref
        for status, state in (
            ("DELIVERED", "delivered"),
            ("sent", "delivered"),
            ("failed", "delivered"),
            ("read", "read"),
            ("delivered", "read"),
            ("whatever", "read"),
        ):
            known = self.sms._take_receipt({"id": number, "status": status})
            self.assertTrue(known)
            self.assertEqual(delivery.state, state, status)
        self.assertFalse(self.sms._take_receipt({"id": "?", "status": "delivered"}))
        self.assertFalse(self.sms._take_receipt({"status": "delivered"}))

    def test_receipt_by_our_number_after_the_answer_was_lost(self):
        delivery = self._deliveries(self.offer)
        delivery.write({"state": "failed", "provider_ref": False})
        key = delivery._idempotency_key()
        for wrong in (key + "1", key[:-1] + "7", "crowd_x_%d_0" % delivery.id):
            self.assertFalse(self.sms._take_receipt({"id": wrong, "status": "read"}))
        self.assertTrue(self.sms._take_receipt({"id": key, "status": "delivered"}))
        self.assertEqual(delivery.state, "delivered")
        hits = len(self.provider.hits)
        self._send(delivery)
        self.assertEqual(len(self.provider.hits), hits)

    def test_not_delivered_gives_the_next_gateway_its_turn(self):
        delivery = self._deliveries(self.offer)
        self.sms._take_receipt({"id": delivery.provider_ref, "status": "undelivered"})
        self.assertEqual(delivery.state, "dead")
        self.assertEqual((self._deliveries(self.offer) - delivery).kind, "mail")

    def test_receipts_of_another_gateway(self):
        other = self.sms.copy()
        number = self._deliveries(self.offer).provider_ref
        self.assertFalse(other._take_receipt({"id": number, "status": "delivered"}))


@tagged("post_install", "-at_install")
class TestSmsRoutes(SmsFactory, PageCase):
    """The addresses that the provider calls."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_sms()
        cls.key = "k" * 43
        cls.sms.inbound_hash = cls.sms._hash_key(cls.key)

    def setUp(self):
        super().setUp()
        self._start_provider()
        (self.offer,) = self._offer_to(self.anna)
        with real_mail(self.registry):
            self._deliveries(self.offer)._job_send()

    def _call(self, end, body, kind="application/json", key=None, gateway=None):
        address = "/crowd/gateway/%d/%s/%s" % (
            gateway or self.sms.id,
            self.key if key is None else key,
            end,
        )
        if isinstance(body, dict) and kind == "application/json":
            body = json.dumps(body)
        return self.url_open(address, data=body, headers={"Content-Type": kind})

    def test_json(self):
        body = {"from": ANNA, "text": "1", "id": "x1"}
        answer = self._call("in.json", body)
        self.assertEqual((answer.status_code, answer.json()), (200, {"status": "ok"}))
        self.assertEqual(self.offer.state, "accepted")
        self.assertEqual(self.offer.channel, "sms")
        self.assertEqual(self._call("in.json", body).status_code, 200)

    def test_nested_json(self):
        self.sms.write(
            {
                "inbound_sender_path": "results.0.sender.number",
                "inbound_text_path": "results.0.message",
                "inbound_id_path": "results.0.id",
            }
        )
        result = {"sender": {"number": ANNA[1:]}, "message": "2", "id": 77}
        result["sender"]["number"] = ANNA
        self._call("in.json", {"results": [result]})
        self.assertEqual(self.offer.state, "declined")

    def test_form(self):
        answer = self._call(
            "in",
            {"from": ANNA, "text": "Ja", "id": "x2"},
            "application/x-www-form-urlencoded",
        )
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.offer.state, "accepted")

    def test_receipt(self):
        delivery = self._deliveries(self.offer)
        body = {"id": delivery.provider_ref, "status": "delivered"}
        self.assertEqual(self._call("receipt.json", body).status_code, 200)
        self.assertEqual(delivery.state, "delivered")
        body["id"] = "nobody knows it"
        self.assertEqual(self._call("receipt.json", body).status_code, 404)

    def test_wrong_keys_all_look_the_same(self):
        body = {"from": ANNA, "text": "1", "id": "x3"}
        mail = self.env.ref("crowd_service.crowd_gateway_mail").id
        answers = [
            self._call("in.json", body, key="wrong"),
            self._call("in.json", body, key=self.key[:-1]),
            self._call("in.json", body, key=self.sms.inbound_hash),
            self._call("in.json", body, gateway=999999999),
            self._call("in.json", body, gateway=mail),
            self._call("receipt.json", body, key="wrong"),
        ]
        self.sms.inbound_hash = False
        answers.append(self._call("in.json", body))
        self.assertEqual({a.status_code for a in answers}, {404})
        self.assertEqual(len({a.text for a in answers}), 1)
        self.assertEqual(self.offer.state, "sent")

    def test_bad_bodies(self):
        for body in ("{}", '{"from": {"a": []}, "text": 1}', '{"params": {"a": 1}}'):
            answer = self._call("in.json", body)
            self.assertLess(answer.status_code, 500, body)
            self.assertNotIn("Traceback", answer.text)
        answer = self._call("in.json", '{"text": "%s"}' % ("x" * 70000))
        self.assertEqual(answer.status_code, 400)
        answer = self._call(
            "in", {"text": "x" * 70000}, "application/x-www-form-urlencoded"
        )
        self.assertEqual(answer.status_code, 400)
        self.assertEqual(self.offer.state, "sent")

    def test_context_of_the_sender_is_nothing(self):
        body = {
            "from": ANNA,
            "text": "1",
            "id": "x4",
            "params": {"context": {"default_outcome": "unknown", "lang": "xx"}},
        }
        self.assertEqual(self._call("in.json", body).status_code, 200)
        answer = self.env["crowd.sms.answer"].search([("message_id", "=", "x4")])
        self.assertEqual(answer.outcome, "answered")

    def test_get_does_nothing(self):
        answer = self.url_open("/crowd/gateway/%d/%s/in" % (self.sms.id, self.key))
        self.assertIn(answer.status_code, (404, 405))
        self.assertEqual(self.offer.state, "sent")

    def test_keys(self):
        with self.assertRaises(AccessError):
            self.sms.with_user(self.agent).action_new_inbound_key()
        shown = self.sms.with_user(self.manager).action_new_inbound_key()
        address = shown["params"]["message"].splitlines()[0]
        key = address.split("/")[-2]
        self.assertEqual(self._call("in.json", {}, key=self.key).status_code, 404)
        body = {"from": ANNA, "text": "1", "id": "x5"}
        self.assertEqual(self._call("in.json", body, key=key).status_code, 200)
        self.assertEqual(self.offer.state, "accepted")
        self.assertNotIn(key, str(self.sms.read()))
