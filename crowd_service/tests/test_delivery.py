import doctest
import logging
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .. import log_filter
from ..gateways import backoff
from ..models import crowd_delivery_mail, crowd_offer_answer, crowd_offer_public
from .delivery_case import DeliveryCase
from .delivery_common import LINK, parse
from .smtp_server import DROP, HANG, LATER, NEVER, SPAM

_logger = logging.getLogger(__name__)


@tagged("post_install", "-at_install")
class TestDeliveryQueue(DeliveryCase):
    """Who is told what, over which gateway."""

    def test_doctests(self):
        for module in (
            backoff,
            log_filter,
            crowd_delivery_mail,
            crowd_offer_answer,
            crowd_offer_public,
        ):
            result = doctest.testmod(module)
            self.assertTrue(result.attempted, module.__name__)
            self.assertFalse(result.failed, module.__name__)

    def test_externals_by_mail_and_technicians_by_activity(self):
        homeless = self._create_worker("Tom Offline", worker_type="technician")
        offers = self._offer_to(self.anna, self.tech, homeless)
        kinds = [self._deliveries(offer).mapped("kind") for offer in offers]
        self.assertEqual(kinds, [["mail"], ["activity"], ["mail"]])

    def test_login_without_rights_gets_a_mail(self):
        worker = self._create_worker(
            "Tess Clerk", worker_type="technician", groups="base.group_user"
        )
        (offer,) = self._offer_to(worker)
        self.assertEqual(self._deliveries(offer).kind, "mail")

    def test_one_job_per_message_and_no_secret_in_it(self):
        (offer,) = self._offer_to(self.anna)
        delivery = self._deliveries(offer)
        job = self._jobs(delivery)
        self.assertEqual(len(job), 1)
        self.assertEqual(job.channel, "root.crowd.message.mail")
        self.assertEqual(job.method_name, "_job_send")
        self.assertFalse(job.args)
        self.assertNoSecrets(job.func_string + job.name)

    def test_nobody_is_lost_silently(self):
        (offer,) = self._offer_to(self.anna)
        for address in (False, "a@example.com, b@example.com", "nonsense"):
            self.anna.email = address
            missed = self.env["crowd.delivery"]._queue("won", offers=offer)
            self.assertEqual(missed, self.anna.partner_id, address)
        self.assertFalse(self._deliveries(offer, "won"))
        notes = offer.dispatch_id.event_ids.filtered(lambda e: e.kind == "note")
        self.assertIn("Anna Helper", notes[0].note)

    def test_own_gateway_of_the_company_comes_first(self):
        own = self.gateway.copy({"company_id": self.company_a.id, "sequence": 99})
        (offer,) = self._offer_to(self.anna)
        self.assertEqual(self._deliveries(offer).gateway_id, own)
        own.active = False
        (offer,) = self._offer_to(self.rival)
        self.assertEqual(self._deliveries(offer).gateway_id, self.gateway)

    def test_taken_only_for_those_who_got_the_offer(self):
        late = self._create_worker("Late Reader")
        anna, rival, late, tech = self._offer_to(self.anna, self.rival, late, self.tech)
        self._send(self._deliveries(anna) | self._deliveries(rival))
        self.assertEqual(anna._accept("mail")["result"], "accepted")
        self._run_jobs("crowd.dispatch")
        self.assertEqual(len(self._deliveries(rival, "taken")), 1)
        self.assertFalse(self._deliveries(late, "taken"))
        self.assertFalse(self._deliveries(tech, "taken"))
        self.assertEqual(len(self._deliveries(anna, "won")), 1)
        self.assertEqual(self._deliveries(late).state, "obsolete")

    def test_the_decision_leaves_the_messages_of_the_losers_alone(self):
        anna, rival, tech = self._offer_to(self.anna, self.rival, self.tech)
        waiting, asked = self._deliveries(rival), self._deliveries(tech)
        anna._accept("mail")
        self.assertEqual((waiting | asked).mapped("state"), ["queued"] * 2)
        self._send(waiting)
        self.assertEqual(waiting.state, "obsolete")
        self.assertFalse(self.server.mails)
        self._run_jobs("crowd.dispatch")
        self.assertEqual(asked.state, "obsolete")
        self.assertFalse(self._deliveries(rival, "taken"))

    def test_a_todo_made_during_the_decision_goes_with_the_job(self):
        anna, tech = self._offer_to(self.anna, self.tech)
        anna._accept("mail")
        # the job of the message had begun before, and is committed after the decision
        self._deliveries(tech)._schedule_activity(self.tech.crowd_user_id)
        self.assertTrue(self._activities(tech.dispatch_id, "offer"))
        self._run_jobs("crowd.dispatch")
        self.assertFalse(self._activities(tech.dispatch_id, "offer"))

    def test_activity_comes_and_goes(self):
        anna, tech = self._offer_to(self.anna, self.tech)
        dispatch = tech.dispatch_id
        self._send(self._deliveries(tech))
        activity = self._activities(dispatch, "offer")
        self.assertEqual(activity.user_id, self.tech.crowd_user_id)
        self.assertIn("res_id=%d" % tech.id, str(activity.note))
        self.assertNoSecrets(activity.note)
        self.assertFalse(self.env["mail.mail"].search([("model", "=", dispatch._name)]))
        anna._accept("mail")
        self.assertFalse(self._activities(dispatch, "offer"))

    def test_a_closed_offer_becomes_no_activity(self):
        (tech,) = self._offer_to(self.tech)
        tech._decline("no_time")
        self._send(self._deliveries(tech))
        self.assertFalse(self._activities(tech.dispatch_id, "offer"))
        self.assertEqual(self._deliveries(tech).state, "obsolete")

    def test_escalation_by_activity_and_mail(self):
        self.ticket.with_user(self.agent).crowd_escalate("manual", note="hurry up")
        deliveries = self.ticket.crowd_escalation_ids.mapped("dispatch_id.id")
        deliveries = self.env["crowd.delivery"].search(
            [("dispatch_id", "in", deliveries), ("purpose", "=", "escalation")]
        )
        self.assertEqual(sorted(deliveries.mapped("kind")), ["activity", "mail"])
        self._send(deliveries)
        self.assertEqual(set(deliveries.mapped("state")), {"sent"})
        escalation = self.ticket.crowd_escalation_ids
        self.assertEqual(escalation.activity_ids.user_id, escalation.user_id)
        _message, text, html = parse(self.server.mails[0])
        self.assertIn("hurry up", text)
        self.assertIn("model=crowd.escalation&amp;res_id=%d" % escalation.id, html)
        self.assertIn("What the customer says", text)


@tagged("post_install", "-at_install")
class TestDeliverySend(DeliveryCase):
    """What happens to one message."""

    def setUp(self):
        super().setUp()
        self.offer, self.other = self._offer_to(self.anna, self.rival)
        self.delivery = self._deliveries(self.offer)

    def test_the_mail(self):
        self._send(self.delivery)
        self.assertEqual(self.delivery.state, "sent")
        self.assertEqual(self.delivery.attempts, 1)
        envelope = self.server.mails[0]
        self.assertEqual(envelope.rcpt_tos, ["anna.helper@example.com"])
        message, text, html = parse(envelope)
        self.assertIn("Friends of A", message["From"])
        self.assertIn("desk@company-a.example", message["From"])
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertEqual(message["Message-Id"], self.delivery.provider_ref)
        for part in (text, html):
            self.assertIn("The home network has to be set up again.", part)
            self.assertIn("Bern (30…)", part)
            self.assertIn("2 to 5 km", part)
            self.assertIn("49.00", part)
            self.assertIn("/crowd/offer/", part)
        self.assertIn("logo.png?company=%d" % self.company_a.id, html)
        self.assertNoSecrets(envelope.content.decode())
        self.assertNoSecrets(text + html + str(message.items()))

    def test_the_link_is_kept_nowhere(self):
        self._send(self.delivery)
        _message, text, _html = parse(self.server.mails[0])
        token = LINK.search(text).group(2)
        tokens = self.env["crowd.token"]
        self.assertEqual(tokens._offer("offer", token), self.offer)
        self.assertGreaterEqual(len(token), 22)  # 128 bits and more
        for table in ("crowd_token", "crowd_delivery", "queue_job", "mail_mail"):
            self.env.cr.execute(
                "SELECT count(*) FROM {} t WHERE t::text LIKE %s".format(table),
                ("%" + token + "%",),
            )
            self.assertEqual(self.env.cr.fetchone(), (0,), table)
        self.assertFalse(self.env["mail.mail"].search([("email_to", "like", "anna.")]))

    def test_sent_once(self):
        self._send(self.delivery)
        self._send(self.delivery)
        self.assertEqual(len(self.server.mails), 1)

    def test_what_is_locked_is_read(self):
        self.assertEqual(self.delivery.attempts, 0)
        self.env.cr.execute(
            "UPDATE crowd_delivery SET attempts = 7 WHERE id = %s", (self.delivery.id,)
        )
        self.assertEqual(self.delivery._lock_open().attempts, 7)
        self.delivery.state = "sent"
        self.assertFalse(self.delivery._lock_open())

    def test_a_server_that_is_busy(self):
        now = self.env["crowd.clock"].now()
        with self.server.doing(LATER), self.at(now):
            self._send(self.delivery)
        self.assertEqual(self.delivery.state, "failed")
        self.assertIn("450", self.delivery.error)
        wait = (self.delivery.next_try - now).total_seconds()
        self.assertTrue(20 <= wait <= 40, wait)
        retry = self._jobs(self.delivery).filtered("eta")
        self.assertTrue(retry)
        self._send(self.delivery)
        self.assertEqual(self.delivery.state, "sent")
        self.assertFalse(self.delivery.error)

    def test_nobody_there_hanging_or_hanging_up(self):
        for mode in (HANG, DROP):
            with self.server.doing(mode):
                self._send(self.delivery)
            self.assertEqual(self.delivery.state, "failed", mode)
        self.gateway.mail_server_id.smtp_port = 1
        self._send(self.delivery)
        self.assertIn("ConnectionRefusedError", self.delivery.error)
        self.assertEqual(self.delivery.attempts, 3)

    def test_a_double_can_be_recognised_and_both_links_work(self):
        with self.server.doing(DROP):
            self._send(self.delivery)
        self._send(self.delivery)
        mails = [parse(envelope) for envelope in self.server.mails]
        self.assertEqual(len({mail[0]["Message-Id"] for mail in mails}), 1)
        tokens = {LINK.search(mail[1]).group(2) for mail in mails}
        self.assertEqual(len(tokens), 2)
        for token in tokens:
            self.assertEqual(self.env["crowd.token"]._offer("offer", token), self.offer)

    def test_refused_for_good(self):
        for mode in (NEVER, SPAM):
            with self.server.doing(mode):
                self._send(self.delivery)
            self.assertEqual(self.delivery.state, "dead", mode)
            self.delivery.action_retry()
        self.delivery.state = "queued"
        other = self._deliveries(self.other)
        with self.server.doing(NEVER):
            self._send(self.delivery | other)
        alarm = self._activities(self.offer.dispatch_id, "dead_delivery")
        self.assertEqual(len(alarm), 1, "one activity, not one per message")
        self.assertEqual(alarm.user_id, self.offer.dispatch_id.responsible_id)
        self.assertIn("Anna Helper", str(alarm.note))

    def test_given_up_after_many_attempts(self):
        self.gateway.max_attempts = 2
        with self.server.doing(LATER):
            self._send(self.delivery)
            self._send(self.delivery)
        self.assertEqual(self.delivery.state, "dead")
        self.assertEqual(self.delivery.attempts, 2)
        self.assertTrue(self._activities(self.offer.dispatch_id, "dead_delivery"))

    def test_an_offer_is_never_sent_late(self):
        with self.at(self.offer.expires_at):
            self._send(self.delivery)
        self.assertEqual(self.delivery.state, "obsolete")
        self.offer._decline("no_time")
        other = self._deliveries(self.other)
        self.other._accept("mail")
        self._send(other)
        self.assertEqual(other.state, "obsolete")
        self.assertFalse(self.server.mails)

    def test_no_sender_address_can_be_repaired(self):
        self.company_a.email = False
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("mail.catchall.domain", False)
        servers = type(self.env["ir.mail_server"])
        with patch.object(servers, "_get_default_from_address", lambda self: None):
            self._send(self.delivery)
        self.assertEqual(self.delivery.state, "failed")
        self.assertIn("no e-mail address", self.delivery.error)

    def test_a_broken_template_stops_no_queue(self):
        template = self.env.ref("crowd_service.mail_template_offer")
        for body in ("${ctx['crowd'].nothing.at_all}", "% if", ""):
            template.body_html = body
            with self.assertLogs("odoo.addons", logging.INFO):
                _logger.info("at least one line")
                self._send(self.delivery)
            self.assertEqual(self.delivery.state, "failed", body)
        self.assertFalse(self.server.mails)

    def test_names_cannot_write_headers(self):
        self.anna.name = "Anna\nBcc: evil@example.com"
        self.service.name = "Service\nBcc: evil@example.com"
        self._send(self.delivery)
        message, _text, _html = parse(self.server.mails[0])
        self.assertNotIn("Bcc", message.keys())
        self.assertEqual(self.server.mails[0].rcpt_tos, ["anna.helper@example.com"])

    def test_markup_in_texts_is_text(self):
        self.offer.dispatch_id.summary = "<script>alert(1)</script> ${7*6} {{7*6}}"
        self._send(self.delivery)
        _message, _text, html = parse(self.server.mails[0])
        self.assertNotIn("<script>", html)
        self.assertIn("&lt;script&gt;", html)
        self.assertNotIn("42", html.split("Hello")[1].split("When")[0])

    def test_sweep_finds_messages_without_a_job(self):
        deliveries = self.env["crowd.delivery"]
        self._jobs(self.delivery).unlink()
        deliveries._cron_sweep()
        self.assertFalse(self._jobs(self.delivery), "not late yet")
        with self.at(self.env["crowd.clock"].now() + timedelta(minutes=6)):
            deliveries._cron_sweep()
            deliveries._cron_sweep()
        self.assertEqual(len(self._jobs(self.delivery)), 1)

    def test_retry_is_for_the_desk(self):
        delivery = self.delivery.with_user(self.agent)
        with self.assertRaises(UserError):
            delivery.action_retry()
        self.delivery.write({"state": "dead", "attempts": 6})
        for user in (self.technician, self.employee, self.portal_user, self.agent_b):
            with self.assertRaises(AccessError):
                self.delivery.with_user(user).action_retry()
        delivery.action_retry()
        self.assertEqual(self.delivery.state, "queued")
        self.assertEqual(self.delivery.attempts, 0)


@tagged("post_install", "-at_install")
class TestDeliveryWords(DeliveryCase):
    """Every message, in two languages, without leftovers of the template language."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")

    def _all_mails(self):
        """Send each purpose once and return ``{purpose: (subject, text, html)}``."""
        offer, rival = self._offer_to(self.anna, self.rival)
        self._send(self._deliveries(offer) | self._deliveries(rival))
        offer._accept("mail")
        self._run_jobs("crowd.dispatch")
        self._send(self._deliveries(offer, "won") | self._deliveries(rival, "taken"))
        offer.dispatch_id._cancel("desk")
        self._send(self._deliveries(offer, "job_cancelled"))
        (again,) = self._offer_to(self.anna, ticket=self._create_secret_ticket())
        self._send(self._deliveries(again))
        again._withdraw()
        self._send(self._deliveries(again, "withdrawn"))
        mails = {}
        for delivery in self.env["crowd.delivery"].search(
            [
                ("state", "=", "sent"),
                ("kind", "=", "mail"),
                ("company_id", "=", self.company_a.id),
            ]
        ):
            envelope = next(
                m
                for m in self.server.mails
                if delivery.provider_ref in m.content.decode()
            )
            message, text, html = parse(envelope)
            mails[delivery.purpose] = (message["Subject"], text, html)
        return mails

    def assertClean(self, mails):
        for purpose, parts in mails.items():
            for part in parts:
                self.assertTrue(part.strip(), purpose)
                for leftover in ("${", "{{", "% if", "% endif", "ctx[", "Markup("):
                    self.assertNotIn(leftover, part, purpose)
                if purpose != "escalation":
                    own = ("rival",) if purpose == "taken" else ()  # his own name
                    self.assertNoSecrets(part, but=own)

    def test_english(self):
        mails = self._all_mails()
        self.assertEqual(
            sorted(mails), ["job_cancelled", "offer", "taken", "withdrawn", "won"]
        )
        self.assertClean(mails)
        self.assertIn("can you help?", mails["offer"][0])
        self.assertIn("As soon as possible", mails["offer"][1])
        self.assertIn("See and answer", mails["offer"][2])
        self.assertIn("/crowd/offer/", mails["won"][1])
        self.assertIn("do not go to the customer", mails["job_cancelled"][1])
        for purpose in ("taken", "withdrawn", "job_cancelled"):
            self.assertNotIn("/crowd/offer/", mails[purpose][2])
            self.assertIn("Home network", mails[purpose][1])

    def test_language_of_the_worker(self):
        self.anna.lang = "fr_FR"
        self.ticket.write(
            {
                "crowd_when": "window",
                "crowd_wished_from": "2030-01-07 08:00:00",
                "crowd_wished_to": "2030-01-07 10:30:00",
            }
        )
        template = self.env.ref("crowd_service.mail_template_offer")
        french = template.body_html.replace("Hello", "Bonjour")
        template.with_context(lang="fr_FR").body_html = french
        self.service.with_context(lang="fr_FR").name = "Réseau domestique"
        mails = self._all_mails()
        self.assertClean(mails)
        subject, text, html = mails["offer"]
        self.assertIn("Réseau domestique", subject)
        self.assertIn("Bonjour Anna Helper", text)
        self.assertIn("49,00", html)

    def test_wished_time_in_the_workers_time_zone(self):
        self.anna.tz = "America/New_York"
        self.ticket.write(
            {
                "crowd_when": "window",
                "crowd_wished_from": "2030-01-07 15:00:00",
                "crowd_wished_to": "2030-01-07 17:30:00",
            }
        )
        (offer,) = self._offer_to(self.anna)
        self._send(self._deliveries(offer))
        _message, text, _html = parse(self.server.mails[0])
        self.assertIn("Mon 7 Jan, 10:00 – 12:30 (EST)", text)

    def test_escalation_in_french(self):
        self.dispatcher.lang = "fr_FR"
        self.ticket.with_user(self.agent).crowd_escalate("manual")
        deliveries = self.env["crowd.delivery"].search(
            [("escalation_id.ticket_id", "=", self.ticket.id)]
        )
        self._send(deliveries)
        message, text, html = parse(self.server.mails[0])
        self.assertClean({"escalation": (message["Subject"], text, html)})
        self.assertIn(self.ticket.number, message["Subject"])
