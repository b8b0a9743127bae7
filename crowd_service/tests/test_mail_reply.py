import doctest
import email
import email.policy
from textwrap import dedent

from odoo.tests import tagged

from ..gateways import words
from .delivery_case import DeliveryCase
from .delivery_common import parse

BOUNCE = """\
    From: MAILER-DAEMON@mx.example.com
    To: {to}
    Subject: Undelivered Mail Returned to Sender
    Message-Id: <bounce-1@mx.example.com>
    Auto-Submitted: auto-replied
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=delivery-status; boundary="b"

    --b
    Content-Type: text/plain

    I'm sorry, but your message could not be delivered. yes

    --b
    Content-Type: message/delivery-status

    Reporting-MTA: dns; mx.example.com

    Final-Recipient: rfc822; anna.helper@example.com
    Action: {action}
    Status: 5.1.1
    Diagnostic-Code: smtp; 550 5.1.1 no such user

    --b
    Content-Type: text/rfc822-headers

    Message-Id: {reference}
    Subject: Offer

    --b--
    """


@tagged("post_install", "-at_install")
class TestMailReply(DeliveryCase):
    """Answers by e-mail: the address says who answers, the first own line says what."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        parameters = cls.env["ir.config_parameter"].sudo()
        parameters.set_param("mail.catchall.domain", "desk.example.com")
        parameters.set_param("mail.catchall.alias", "catchall")

    def setUp(self):
        super().setUp()
        self.offer, self.other = self._offer_to(self.anna, self.rival)
        self.delivery = self._deliveries(self.offer)
        self._send(self.delivery)
        self.address = self._message()["Reply-To"]

    def _message(self, place=0):
        return parse(self.server.mails[place])[0]

    def _reply(self, text, to=None, subtype="plain", message_id="r1", **headers):
        """Let Odoo receive an answer to our message."""
        message = email.message.EmailMessage(policy=email.policy.SMTP)
        message["From"] = "Somebody Else <forged@example.org>"
        message["To"] = to or self.address
        message["Subject"] = "Re: can you help?"
        message["Message-Id"] = "<%s@example.org>" % message_id
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text, subtype=subtype)
        return self._receive(message.as_bytes())

    def _receive(self, content, model=None):
        self.env["mail.thread"].message_process(model, content)
        self.env["base"].flush()
        self.env["base"].invalidate_cache()

    def _words(self, dispatch=None):
        return self._activities(dispatch or self.offer.dispatch_id, "words")

    def test_doctests(self):
        result = doctest.testmod(words)
        self.assertTrue(result.attempted)
        self.assertFalse(result.failed)

    def test_the_address_is_secret_and_kept_nowhere(self):
        self.assertRegex(self.address, r"^crowd\+[0-9a-f]{32}@desk\.example\.com$")
        message, text, html = parse(self.server.mails[0])
        self.assertEqual(self.server.mails[0].mail_from, self.address)
        self.assertIn("reply to this e-mail", text)
        token = self.address[6:38]
        for table in ("crowd_token", "crowd_delivery", "queue_job", "mail_mail"):
            self.env.cr.execute(
                "SELECT count(*) FROM {} t WHERE t::text LIKE %s".format(table),
                ("%" + token + "%",),
            )
            self.assertEqual(self.env.cr.fetchone(), (0,), table)

    def test_no_domain_no_address(self):
        self.env["ir.config_parameter"].sudo().set_param("mail.catchall.domain", "")
        self._send(self._deliveries(self.other))
        message, text, _html = parse(self.server.mails[1])
        self.assertNotIn("crowd+", message["Reply-To"] or "")
        self.assertNotIn("reply to this e-mail", text)

    def test_yes_in_many_languages(self):
        for number, text in enumerate(
            ("Yes", "JA, gerne!", "Oui.", "Sì grazie", "1", "ok", "sí")
        ):
            ticket = self._create_secret_ticket()
            worker = self._create_worker("Helper %d" % number)
            (offer,) = self._offer_to(worker, ticket=ticket)
            self._send(self._deliveries(offer))
            address = parse(self.server.mails[-1])[0]["Reply-To"]
            self._reply(text + "\n\n> can you help?", address.upper())
            self.assertEqual(offer.state, "accepted", text)
            self.assertEqual(offer.channel, "mail_reply")
            self.assertFalse(offer.answered_by_id)
            self.assertFalse(self._words(offer.dispatch_id), text)

    def test_no(self):
        self._reply("Nein\n\nich bin in den Ferien\n-- \nAnna")
        self.assertEqual(self.offer.state, "declined")
        self.assertEqual(self.offer.channel, "mail_reply")
        self.assertEqual(self.offer.answer_note, "ich bin in den Ferien")
        self.assertIn("in den Ferien", str(self._words().note))

    def test_html_with_a_quote(self):
        self._reply(
            "<html><head><style>p{}</style></head><body><div>Ja</div><div>"
            "<br></div><div class='gmail_quote'>Am Montag schrieb Desk:<br>"
            "<blockquote>no</blockquote></div></body></html>",
            subtype="html",
        )
        self.assertEqual(self.offer.state, "accepted")

    def test_words_are_for_the_desk(self):
        text = "Yes, but only <script>alert(1)</script> tomorrow"
        self._reply(text)
        self.assertEqual(self.offer.state, "sent")
        activity = self._words()
        self.assertEqual(activity.user_id, self.offer.dispatch_id.responsible_id)
        self.assertIn("Anna Helper", activity.summary)
        self.assertNotIn("<script", str(activity.note))
        posted = self.offer.dispatch_id.message_ids.filtered(
            lambda m: m.message_id == "<r1@example.org>"
        )
        self.assertEqual(posted.author_id, self.anna.partner_id)
        self.assertNotIn("<script", str(posted.body))
        self.assertNotIn(
            self.anna.partner_id, self.offer.dispatch_id.message_partner_ids
        )
        # fetched twice: read once
        self._reply(text)
        self.assertEqual(len(self._words()), 1)

    def test_who_was_not_understood_is_told_once(self):
        self._reply("Which house?")
        self._reply("And when?", message_id="r2")
        unclear = self._deliveries(self.offer, "unclear")
        self.assertEqual(len(unclear), 1)
        self._send(unclear)
        _message, text, html = parse(self.server.mails[-1])
        self.assertIn("did not take the job", text.replace("*", ""))
        self.assertIn("/crowd/offer/", html)
        self.assertNotIn("% if", html)
        self.assertNotIn("${", html)
        self.assertNoSecrets(text + html)

    def test_too_late_is_told_why(self):
        self.other._accept("portal")
        self._reply("yes")
        self.assertEqual(self.offer.state, "lost")
        late = self._deliveries(self.offer, "too_late")
        self._send(late)
        self.assertIn("Somebody else was faster", parse(self.server.mails[-1])[1])
        self.assertEqual(late.state, "sent")

    def test_yes_twice(self):
        self._reply("yes")
        self._reply("yes", message_id="r2")
        self.assertEqual(self.offer.state, "accepted")
        self.assertFalse(self._deliveries(self.offer, "too_late"))

    def test_robots_answer_nothing(self):
        for name, headers in (
            ("vacation", {"Auto_Submitted": "auto-replied"}),
            ("generated", {"Auto_Submitted": "auto-generated; x"}),
            ("list", {"Precedence": "bulk"}),
            ("old", {"X_Autoreply": "yes"}),
        ):
            self._reply("yes", message_id=name, **headers)
            self.assertEqual(self.offer.state, "sent", name)
        self.assertFalse(self._words())

    def test_out_of_office_says_no(self):
        self._reply("no", Auto_Submitted="no")
        self.assertEqual(self.offer.state, "declined")

    def _bounce(self, to, action, reference="<x@y>"):
        text = dedent(BOUNCE).format(to=to, action=action, reference=reference)
        self._receive(text.encode())

    def test_what_comes_back_is_dead(self):
        self._bounce(self.address, "delayed")
        self.assertEqual(self.delivery.state, "sent")
        self._bounce(self.address, "failed")
        self.assertEqual(self.delivery.state, "dead")
        self.assertIn("no such user", self.delivery.error)
        self.assertEqual(self.offer.state, "sent")

    def test_what_comes_back_to_another_address(self):
        for reference, state in (
            ("<crowd.1.abc@desk.example.com>", "sent"),
            (self.delivery.provider_ref, "dead"),
        ):
            self._bounce("postmaster@desk.example.com", "failed", reference)
            self.assertEqual(self.delivery.state, state)

    def test_from_proves_nothing(self):
        for to in (
            "crowd+%s@desk.example.com" % ("0" * 32),
            "crowd+%s@desk.example.com" % self.address[7:39],
            "crowd@desk.example.com",
        ):
            with self.assertRaises(ValueError):  # no route: nobody's mail
                self._reply("yes", to, From="anna.helper@example.com")
        self.assertEqual(self.offer.state, "sent")

    def test_dead_with_the_worker(self):
        self.offer._withdraw()
        self.anna.active = False
        with self.assertRaises(ValueError):
            self._reply("yes")

    def test_a_link_is_no_address(self):
        token = self._mint(self.offer)
        self.assertFalse(self.env["crowd.token"]._find("reply", token))
        self.assertFalse(self.env["crowd.token"]._offer("offer", self.address[6:38]))

    def test_unclear_mails_do_no_harm(self):
        for number, raw in enumerate(
            (
                b"Content-Type: text/html\r\n\r\n",
                b"Content-Type: text/plain; charset=ascii\r\n\r\nfoo \xff\xfe",
                b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nxx",
                b"\r\n\x00\r\n",
            )
        ):
            head = "To: %s\r\nFrom: a@b.example\r\nMessage-Id: <n%d@x>\r\n"
            self._receive((head % (self.address, number)).encode() + raw)
        self.assertEqual(self.offer.state, "sent")

    def _escalated(self):
        dispatch = self.offer.dispatch_id
        dispatch._escalate("manual", "look", user=self.technician)
        mail = self.env["crowd.delivery"].search(
            [
                ("escalation_id", "=", dispatch.escalation_ids.id),
                ("kind", "=", "mail"),
            ]
        )
        self._send(mail)
        return dispatch.escalation_ids, parse(self.server.mails[-1])[0]["Reply-To"]

    def test_escalation_is_acknowledged(self):
        escalation, address = self._escalated()
        self._reply("OK\n\nbin dran", address)
        self.assertEqual(escalation.state, "acknowledged")
        self.assertEqual(escalation.acknowledged_by_id, self.technician)
        self.assertIn("bin dran", str(self._words().note))

    def test_escalation_no_is_read_by_the_desk(self):
        escalation, address = self._escalated()
        self._reply("no", address)
        self.assertEqual(escalation.state, "open")
        self.assertTrue(self._words())

    def test_escalation_job_is_taken_by_technicians_only(self):
        escalation, address = self._escalated()
        self._reply("job", address)
        self.assertEqual(escalation.state, "open")
        self.assertIn("You are no worker", str(self._words().note))
