import logging
import re

from lxml import etree, html
from markupsafe import Markup

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import html2plaintext

from ..gateways import words

_logger = logging.getLogger(__name__)
#: crowd+<secret>@<domain that Odoo receives the mail of>
ADDRESS = re.compile(r"\bcrowd\+([0-9a-f]{32})@", re.I)
LONGEST = 5000  # characters of a mail that the desk reads
QUOTES = "//blockquote|//*[contains(@class, 'gmail_quote')]|//style|//script|//head"
ROBOTS = ("bulk", "auto_reply", "junk", "list")


class CrowdDelivery(models.Model):
    """Answers by e-mail: who writes to the address of a message is its addressee.

    The sender's address proves nothing, so nobody looks at it.
    """

    _inherit = "crowd.delivery"

    purpose = fields.Selection(
        selection_add=[
            ("unclear", "Your answer was not understood"),
            ("too_late", "Your answer changed nothing"),
        ],
        ondelete={"unclear": "cascade", "too_late": "cascade"},
    )

    # ------------------------------------------------------------------
    # out
    # ------------------------------------------------------------------

    @api.model
    def _reply_domain(self):
        """Return the domain whose mail Odoo receives, or ""."""
        parameters = self.env["ir.config_parameter"].sudo()  # no secret
        return (parameters.get_param("mail.catchall.domain") or "").strip()

    def _prepare_mail(self):
        values = super()._prepare_mail()
        domain = self._reply_domain()
        if domain:
            token = self.env["crowd.token"]._mint("reply", self)
            values["reply_to"] = "crowd+%s@%s" % (token, domain)
            values["headers"]["Return-Path"] = values["reply_to"]
        return values

    def _prepare_mail_values(self):
        values = super()._prepare_mail_values()
        values["can_reply"] = bool(self._reply_domain())
        if self.purpose in ("unclear", "too_late"):
            values.update(self._prepare_answer_values())
        return values

    def _prepare_answer_values(self):
        """Return what somebody reads whose answer by mail changed nothing."""
        offer = self.offer_id
        token = self.env["crowd.token"]._mint("offer", offer, self)
        known = offer._known_answer() or offer._refusal() or {}
        return {
            "link": "%s/crowd/offer/%s" % (self._base_url(), token),
            "why": known.get("message") or "",
        }

    def _wanted_states(self):
        over = ("sent", "declined", "expired", "lost", "withdrawn")
        return dict(super()._wanted_states(), unclear=over, too_late=over)

    # ------------------------------------------------------------------
    # in
    # ------------------------------------------------------------------

    @api.model
    def _take_mail(self, message, message_dict):
        """Deal with an incoming mail if it answers one of our messages.

        :param message: ``email.message.EmailMessage``
        :param message_dict: what Odoo understood of it
        :return: whether it was one of ours
        """
        found = ADDRESS.search(message_dict.get("recipients") or "")
        token = found.group(1).lower() if found else ""
        # the secret says whose answer it is, not the user who fetches mails
        deliveries = self.with_env(self.env(user=SUPERUSER_ID, context={}))
        delivery = deliveries._find_answered(token, message_dict)
        if not delivery:
            return False
        if _is_bounce(message):
            delivery._take_bounce(message)
        elif token and not _is_robot(message):
            text = words.own_text(_plain_text(message))[:LONGEST]
            delivery._take_reply(text, message_dict["message_id"])
        return bool(token) or _is_bounce(message)

    @api.model
    def _find_answered(self, token, message_dict):
        """Return the message that ``token`` belongs to, or that came back."""
        if token:
            found = self.env["crowd.token"]._find("reply", token).delivery_id
            return found.filtered(
                lambda d: not d.offer_id or d.offer_id.worker_id.active
            )
        ours = message_dict.get("bounced_msg_id") or []
        domain = [("kind", "=", "mail"), ("provider_ref", "in", ours)]
        return self.search(domain, limit=1) if ours else self

    def _take_bounce(self, message):
        """A mail server far away could not deliver this message after all."""
        failure = _failure(message)
        if failure:
            self._bounce(_("came back: %s") % failure)

    def _take_reply(self, text, message_id):
        """Carry out what the addressee wrote, or show it to the desk."""
        meaning, rest = words.understand(text)
        if self.offer_id and meaning in (words.YES, words.NO):
            self._answer_offer(meaning, rest)
        elif self.escalation_id and meaning:
            rest = self._answer_escalation(meaning, text, rest)
        else:
            rest = text
            self._tell_back("unclear")
        if rest:
            self._show_words(rest, message_id)

    def _reply_channel(self):
        """Return over which channel an answer to this message comes."""
        return "sms" if self.kind == "sms" else "mail_reply"

    def _answer_offer(self, meaning, rest):
        offer = self.offer_id._as_reader()
        if meaning == words.YES:
            answer = offer._crowd_public_act("accept", self._reply_channel())
        else:
            answer = offer._crowd_public_act(
                "decline", self._reply_channel(), reason="other", note=rest[:2000]
            )
        if answer["result"] not in ("accepted", "yours", "declined"):
            self._tell_back("too_late")

    def _answer_escalation(self, meaning, text, rest):
        """Acknowledge, or take the job; return what the desk has to read."""
        escalation = self.escalation_id.with_user(self.escalation_id.user_id)
        if meaning == words.NO and not text.startswith("2"):
            return text
        try:
            if meaning == words.YES:
                escalation.action_acknowledge()
            else:
                escalation._take_job(self._reply_channel())
        except UserError as error:
            return "%s\n(%s)" % (text, error.args[0])
        return rest

    def _tell_back(self, purpose):
        """Answer an answer, once: two robots must not talk for ever."""
        if self.offer_id.state not in (False, "accepted"):
            self._queue(purpose, offers=self.offer_id, gateways=self.gateway_id)

    def _show_words(self, text, message_id):
        """The desk reads what no program understands."""
        dispatch, user = self.dispatch_id, self.dispatch_id.responsible_id
        reader = user.partner_id._crowd_reader_context(self.company_id)
        dispatch = dispatch.with_context(
            **reader, mail_create_nosubscribe=True, mail_activity_quick_update=True
        )
        body = Markup("<p>%s</p>") % Markup("<br/>").join(text.split("\n"))
        dispatch.message_post(
            body=body,
            author_id=self.partner_id.id,
            email_from=self.partner_id.email_formatted,
            message_type="email",
            subtype_xmlid="mail.mt_note",
            message_id=message_id,
        )
        dispatch.activity_schedule(
            "crowd_service.mail_activity_words",
            summary=_("%s has answered in words") % self.partner_id.name,
            note=body,
            user_id=user.id,
        )


def _header(message, name):
    return str(message.get(name) or "").strip().lower()


def _is_bounce(message):
    """Tell whether a mail server reports about a mail of ours."""
    return (
        message.get_content_type() == "multipart/report"
        and message.get_param("report-type") != "disposition-notification"
    ) or "mailer-daemon@" in _header(message, "From")


def _is_robot(message):
    """Tell whether nobody wrote this mail: out of office, read receipts, lists."""
    return (
        _header(message, "Auto-Submitted") not in ("", "no")
        or _header(message, "Precedence") in ROBOTS
        or any(name in message for name in ("X-Autoreply", "X-Autorespond", "List-Id"))
        or message.get_content_type() == "multipart/report"
    )


def _failure(message):
    """Return what the report says if it says that the mail is lost, else ""."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            report = "\n".join(str(block) for block in part.get_payload())
            if re.search(r"^Action:\s*failed", report, re.I | re.M):
                found = re.findall(r"^(?:Diagnostic-Code|Status):\s*(.*)", report, re.M)
                return " ".join(found)[:200] or "?"
            return ""  # only late, or delivered
    return _header(message, "Subject")[:200] or "?"


def _plain_text(message):
    """Return what people see in a mail, without the quotes that are marked as such."""
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        content = part.get_content()
    except (LookupError, UnicodeError):  # an encoding that nobody knows
        content = part.get_payload(decode=True).decode(errors="replace")
    if part.get_content_type() == "text/plain":
        return content
    try:
        tree = html.fromstring(content)
    except (etree.ParserError, ValueError):
        return ""
    for quote in tree.xpath(QUOTES):
        if quote.getparent() is not None:
            quote.drop_tree()
    return html2plaintext(etree.tostring(tree, encoding="unicode"))
