import hashlib

from markupsafe import Markup

from odoo import models
from odoo.tools import email_normalize, formataddr, html2plaintext

from .. import compat
from ..gateways import PermanentError, TemporaryError

WITH_LINK = ("offer", "won")


class CrowdDelivery(models.Model):
    """The words of a message, and the e-mail they are in."""

    _inherit = "crowd.delivery"

    def _prepare_mail(self):
        """Return the arguments of ``ir.mail_server.build_email`` for this message.

        The secret link is made here and exists nowhere but in the mail.
        """
        address = self.partner_id._crowd_email()
        if not address:
            raise PermanentError("no e-mail address")
        self.address = address
        reader = self.partner_id._crowd_reader_context(self.company_id)
        text = self.with_context(**reader)._render_mail()
        sender = self._sender_address()
        return {
            "email_from": formataddr((_display_name(self._sender_name()), sender)),
            "email_to": [formataddr((_display_name(self.partner_id.name), address))],
            "subject": _one_line(text["subject"]),
            "body": text["body_html"],
            "body_alternative": text["body_text"],
            "message_id": self._message_id(sender),
            "headers": {
                "Auto-Submitted": "auto-generated",
                "X-Auto-Response-Suppress": "All",
            },
        }

    def _render_mail(self):
        """Return subject and body, as HTML and text, in the language of the context."""
        template = self.env.ref("crowd_service.mail_template_" + self.purpose)
        values = self._prepare_mail_values()
        subject = self._subject()
        text = compat.render_template(template.with_context(crowd=values), subject)
        if not text["body_html"].strip():
            raise TemporaryError("the e-mail template “%s” is broken" % template.name)
        text["body_text"] = html2plaintext(text["body_html"])
        values["logo"] = self._base_url() + values["logo"]
        values["body"] = Markup(text["body_html"])  # the template escapes its values
        text["body_html"] = compat.render_view(
            self.env, "crowd_service.mail_layout", values
        )
        return text

    def _prepare_mail_values(self):
        """Return what templates know as ``ctx['crowd']``."""
        return self._prepare_values()

    def _prepare_values(self):
        """Return what the reader may know, in words, for any gateway."""
        if self.escalation_id:
            return self._prepare_escalation_values()
        if self.offer_id:
            return self._prepare_offer_values()
        return self._prepare_dispatch_values()

    def _prepare_offer_values(self):
        values = self.offer_id._crowd_mail_values()
        if self.purpose in WITH_LINK:
            token = self.env["crowd.token"]._mint("offer", self.offer_id, self)
            values["link"] = "%s/crowd/offer/%s" % (self._base_url(), token)
        return values

    def _prepare_dispatch_values(self):
        """Return what the customer may know; extended where he is told."""
        dispatch = self.dispatch_id
        return {
            **self.env["crowd.offer"]._look_of(self.company_id),
            "person": self.partner_id.name or "",
            "ticket": dispatch.ticket_id.number,
            "service": dispatch.service_id.name or "",
        }

    def _prepare_escalation_values(self):
        escalation = self.escalation_id
        labels = escalation._fields["reason"]._description_selection(self.env)
        return {
            **self.env["crowd.offer"]._look_of(self.company_id),
            "person": escalation.user_id.name,
            "ticket": escalation.ticket_id.number,
            "title": escalation.ticket_id.name,
            "reason": dict(labels)[escalation.reason],
            "note": escalation.note or "",
            "packet": Markup(escalation.packet or ""),
            "until": self.env["crowd.offer"]._format_moment(escalation.deadline),
            "link": self._base_url() + self._backend_link(escalation),
        }

    def _base_url(self):
        return (self.company_id.get_base_url() or "").rstrip("/")

    def _sender_name(self):
        """Friends know their community, everybody else the company."""
        community = self.offer_id.community_id
        named = (
            community if community and not community.is_internal else self.company_id
        )
        return named.name

    def _sender_address(self):
        default = self.env["ir.mail_server"]._get_default_from_address()
        address = email_normalize(self.company_id.email or "") or default
        if not address:
            raise TemporaryError("the company has no e-mail address to send from")
        return address

    def _message_id(self, sender):
        """Return the same id at each attempt, so that a double can be recognised."""
        parameters = self.env["ir.config_parameter"]
        database = parameters.get_param("database.uuid", "")
        mark = hashlib.sha256(database.encode()).hexdigest()[:12]
        domain = email_normalize(sender or "").rpartition("@")[2] or "localhost"
        return "<crowd.%d.%s@%s>" % (self.id, mark, domain)


def _one_line(text):
    """Return ``text`` for a mail header: no line breaks, not endless.

    >>> _one_line("Jo\\nBcc: all@example.com")
    'Jo Bcc: all@example.com'
    """
    return " ".join((text or "").split())[:200]


def _display_name(name):
    """Return ``name`` to stand before an address, or "".

    Odoo sends a mail to whatever looks like an address in its headers.

    >>> _display_name("Anna"), _display_name("Anna eve@example.com")
    ('Anna', '')
    """
    name = _one_line(name)
    return "" if "@" in name else name
