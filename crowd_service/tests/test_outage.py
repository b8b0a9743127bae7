from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from .sms_case import SmsCase
from .sms_server import BROKEN
from .smtp_server import LATER

MINUTE = timedelta(minutes=1)
OPEN = ("queued", "failed")


@tagged("post_install", "-at_install")
class TestOutage(SmsCase):
    """T17: the other side is away for an hour; nothing is lost, nothing comes late."""

    def setUp(self):
        super().setUp()
        self.gateway.max_attempts = 60  # an older database keeps its own number
        self.start = self.env["crowd.clock"].now()
        self.people = [self._create_worker("Out %d" % n) for n in range(12)]

    def _pass(self, deliveries, minutes, begin=0):
        """Let time pass, minute by minute; do what is due as the jobs would."""
        for minute in range(begin, begin + minutes):
            moment = self.start + minute * MINUTE
            with self.at(moment):
                due = deliveries.filtered(
                    lambda d, now=moment: d.state in OPEN and d.next_try <= now
                )
                self._send(due)

    def _all(self):
        return self.env["crowd.delivery"].search(
            [("company_id", "=", self.company_a.id), ("purpose", "=", "offer")]
        )

    def test_mail_server_is_away_for_an_hour(self):
        with self.at(self.start):
            self._offer_to(*self.people[:8], minutes=180)
            lasting = self._all()
            ticket = self._create_secret_ticket()
            self._offer_to(*self.people[8:], ticket=ticket, minutes=30)
            short = self._all() - lasting
        with self.server.doing(LATER):
            self._pass(lasting | short, 60)
        self.assertFalse(self.server.mails)
        self.assertEqual(set(lasting.mapped("state")), {"failed"})
        self.gateway.invalidate_cache()
        self.assertTrue(self.gateway.is_flagged)
        self._pass(lasting | short, 13, begin=60)
        self.assertEqual(set(lasting.mapped("state")), {"sent"}, "0 lost, 10 minutes")
        self.assertEqual(set(short.mapped("state")), {"obsolete"}, "none is late")
        self.assertEqual(len(self.server.mails), 8, "each once")
        self.assertEqual(len({m.rcpt_tos[0] for m in self.server.mails}), 8)
        alarms = self._activities(self.ticket.crowd_dispatch_id, "dead_delivery")
        self.assertFalse(alarms)

    def test_odoos_own_mails_wait_for_its_queue(self):
        """It sends them after the commit: the decision must not look as if it failed."""
        (offer,) = self._offer_to(self.people[0])
        offer._accept("mail")
        dispatch, mails = offer.dispatch_id, self.env["mail.mail"]
        dispatch._begin()
        dispatch.responsible_id.notification_type = "email"
        with patch.object(type(mails), "send") as send:
            with self.at(dispatch.next_deadline):
                dispatch._cron_sweep()  # is the work done? somebody should ask
        self.assertTrue(self._activities(dispatch, "follow_up"))
        self.assertFalse(send.called)
        waiting = mails.search([("state", "=", "outgoing")])
        self.assertIn(dispatch.responsible_id.partner_id, waiting.recipient_ids)

    def test_they_do_not_come_back_together(self):
        with self.at(self.start):
            self._offer_to(*self.people, minutes=180)
            deliveries = self._all()
            with self.server.doing(LATER):
                self._send(deliveries)
                self._send(deliveries)
                self._send(deliveries)
        moments = {d.next_try for d in deliveries}
        self.assertGreater(len(moments), 6)

    def test_sms_while_mail_is_away(self):
        for worker in self.people[:4]:
            worker.partner_id.mobile = "+41791112%03d" % (worker.id % 1000)
            self.env["crowd.reach"]._of(worker.partner_id)._choose(["mail", "sms"], {})
        with self.at(self.start):
            self._offer_to(*self.people[:4], minutes=180)
        with self.server.doing(LATER):
            self._pass(self._all(), 2)
            self._pass(self._all(), 2, begin=2)
        self.assertEqual(len(self.provider.messages), 4)
        mails = self._all().filtered(lambda d: d.kind == "mail")
        self.assertEqual(set(mails.mapped("state")), {"obsolete"})
        self._pass(self._all(), 120, begin=4)
        self.assertFalse(self.server.mails, "who was told is not told again")

    def test_everything_is_away_and_comes_back(self):
        worker = self.people[0]
        worker.partner_id.mobile = "+41791112000"
        self.env["crowd.reach"]._of(worker.partner_id)._choose(["sms", "mail"], {})
        with self.at(self.start):
            self._offer_to(worker, minutes=300)
        with self.server.doing(LATER), self.provider.doing(BROKEN):
            for minute in range(120):
                self._pass(self._all(), 1, begin=minute)
        for minute in range(120, 133):
            self._pass(self._all(), 1, begin=minute)
        states = sorted(self._all().mapped("state"))
        self.assertEqual(states, ["obsolete", "sent"])
        told = len(self.provider.messages) + len(self.server.mails)
        self.assertEqual(told, 1, "over one gateway, once")
