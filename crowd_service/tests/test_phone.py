from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .delivery_case import DeliveryCase


@tagged("post_install", "-at_install")
class TestPhone(DeliveryCase):
    """The desk calls, reads out, and answers on behalf."""

    def setUp(self):
        super().setUp()
        self.phone = self.env.ref("crowd_service.crowd_gateway_phone")
        self.anna.mobile = "+41 79 000 00 01"
        self.offer, self.other = self._offer_to(self.anna, self.rival)
        self._deliveries(self.offer).unlink()
        deliveries = self.env["crowd.delivery"]
        deliveries._queue("offer", offers=self.offer, gateways=self.phone)
        self.delivery = self._deliveries(self.offer)
        self._send(self.delivery)

    def _call(self, user=None, **values):
        action = self.delivery.with_user(user or self.agent).action_call()
        calls = self.env["crowd.call"].with_user(user or self.agent)
        with Form(calls.with_context(**action["context"])) as form:
            for name, value in values.items():
                setattr(form, name, value)
            return form.save()

    def _calls(self):
        return self._activities(self.offer.dispatch_id, "call")

    def test_the_task(self):
        self.assertEqual(self.delivery.gateway_id, self.phone)
        self.assertEqual(self.delivery.state, "sent")
        activity = self._calls()
        self.assertEqual(activity.user_id, self.offer.dispatch_id.responsible_id)
        self.assertIn("Anna Helper", activity.summary)
        self.assertIn("+41 79 000 00 01", str(activity.note))
        self.assertIn("res_id=%d" % self.delivery.id, str(activity.note))
        self.assertNoSecrets(activity.note)

    def test_what_is_read_out(self):
        call = self._call()
        self.assertEqual(call.number, "+41 79 000 00 01")
        for text in ("Home network", "Bern (30…)", "2 to 5 km", "49.00"):
            self.assertIn(text, str(call.script))
        self.assertNoSecrets(call.script)

    def test_accept(self):
        action = self._call().action_accept()
        call = self.env["crowd.call"].browse(action["res_id"])
        self.assertEqual(call.result, "good")
        self.assertEqual(self.offer.state, "accepted")
        self.assertEqual(self.offer.channel, "phone")
        self.assertEqual(self.offer.answered_by_id, self.agent)
        event = self.offer.dispatch_id.event_ids.filtered("offer_id")[-1:]
        self.assertEqual((event.channel, event.user_id), ("phone", self.agent))
        self.assertEqual(self.delivery.state, "read")
        self.assertFalse(self._calls())
        # and he gets where to go in writing
        self.assertEqual(self._deliveries(self.offer, "won").kind, "mail")

    def test_decline(self):
        self._call(reason="no_time", note="on holiday").action_decline()
        self.assertEqual(self.offer.state, "declined")
        self.assertEqual(self.offer.channel, "phone")
        self.assertEqual(self.offer.decline_reason, "no_time")
        self.assertEqual(self.offer.answer_note, "on holiday")
        self.assertFalse(self._calls())

    def test_somebody_else_was_faster(self):
        call = self._call()
        self.other._accept("portal")
        self.assertFalse(self._calls())
        call.action_accept()
        self.assertEqual(call.result, "bad")
        self.assertIn("faster", call.message)
        self.assertEqual(self.offer.state, "lost")

    def test_no_answer_then_the_next_gateway(self):
        self._call().action_no_answer()
        self.assertEqual((self.delivery.state, self.delivery.calls), ("sent", 1))
        self.assertTrue(self._calls())
        self._call().action_no_answer()
        self.assertEqual(self.delivery.state, "dead")
        self.assertFalse(self._calls())
        self.assertEqual((self._deliveries(self.offer) - self.delivery).kind, "mail")
        notes = self.offer.dispatch_id.event_ids.filtered(lambda e: e.kind == "note")
        self.assertIn("did not answer the phone (2 of 2)", notes[-1].note)

    def test_nobody_calls_about_what_is_over(self):
        call = self._call()
        self.offer._withdraw()
        self.assertFalse(self._calls())
        self.delivery._bounce("x")
        with self.assertRaises(UserError):
            self.delivery.with_user(self.agent).action_call()
        call.action_accept()
        self.assertEqual(call.result, "bad")

    def test_cancelled_job_is_told(self):
        self.offer._accept("portal")
        self.offer.dispatch_id._cancel("desk")
        deliveries = self.env["crowd.delivery"]
        deliveries._queue(
            "job_cancelled", offers=self.offer, gateways=self.phone, occasion="2"
        )
        self.delivery = self._deliveries(self.offer, "job_cancelled").filtered(
            lambda d: d.kind == "phone"
        )
        self._send(self.delivery)
        call = self._call()
        self.assertIn("cancelled", str(call.script))
        call.action_told()
        self.assertEqual(self.delivery.state, "read")
        self.assertFalse(self._calls())

    def test_no_number_no_call(self):
        for number in ("mobile", "phone"):
            self.anna[number] = self.anna.partner_id[number] = False
        partner = self.anna.partner_id
        self.assertFalse(partner._crowd_reached_by(self.phone, self.offer))

    def test_rights(self):
        call = self._call()
        for user in (self.agent_b, self.technician, self.employee):
            with self.assertRaises((AccessError, UserError), msg=user.name):
                self._call(user).action_accept()
            with self.assertRaises(AccessError):
                call.with_user(user).action_accept()
        self.assertEqual(self.offer.state, "sent")
