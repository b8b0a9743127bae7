import hashlib
import logging
import random
from datetime import timedelta

import psycopg2
from markupsafe import Markup

from odoo import _, fields, models
from odoo.tools import email_normalize, formataddr, html2plaintext

from .. import compat, race
from ..gateways import PermanentError, TemporaryError, get_adapter, retry_seconds

_logger = logging.getLogger(__name__)

# The state in which an offer or escalation still wants the message of a purpose.
WANTED = {
    "offer": "sent",
    "won": "accepted",
    "taken": "lost",
    "withdrawn": "withdrawn",
    "job_cancelled": "withdrawn",
    "escalation": "open",
}
WITH_LINK = ("offer", "won")


class CrowdDelivery(models.Model):
    """Sending: what the job of a message does."""

    _inherit = "crowd.delivery"

    def _job_send(self):
        """Send this message if it is still wanted.

        It raises nothing but the database's "somebody was faster", after which the
        queue runs it again.
        """
        delivery = self.sudo()._lock_open()  # jobs run as whoever decided
        if not delivery:
            return
        if delivery._is_wanted():
            delivery._attempt()
        else:
            delivery.state = "obsolete"

    def _is_wanted(self):
        """Tell whether the message still says the truth: no offer is sent late."""
        subject = self.offer_id or self.escalation_id
        if subject.state != WANTED[self.purpose]:
            return False
        is_offer = self.purpose == "offer"
        return not is_offer or subject.expires_at > self.env["crowd.clock"].now()

    def _attempt(self):
        self.attempts += 1
        try:
            adapter = get_adapter(self.kind)
            with self.env.cr.savepoint():
                message = adapter.prepare(self)
            reference = adapter.transmit(self, message)
        except psycopg2.OperationalError:
            raise
        except PermanentError as error:
            self._give_up(str(error))
        except TemporaryError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 one bad template stops no queue
            _logger.exception("Message %s could not be prepared", self.id)
            self._fail("%s: %s" % (type(error).__name__, error))
        else:
            self._succeed(reference)

    def _succeed(self, reference):
        self.write(
            {
                "state": "sent",
                "sent_at": self.env["crowd.clock"].now(),
                "next_try": False,
                "error": False,
                "provider_ref": reference,
            }
        )

    def _fail(self, error):
        """Try again later, or give up after too many attempts."""
        if self.attempts >= self.gateway_id.max_attempts:
            self._give_up(error)
            return
        wait = timedelta(seconds=retry_seconds(self.attempts, random.random()))
        next_try = self.env["crowd.clock"].now() + wait
        self.write({"state": "failed", "error": error[:500], "next_try": next_try})
        self._enqueue(eta=next_try)

    def _give_up(self, error):
        """This message will not get through: the responsible person is told."""
        self.write({"state": "dead", "error": error[:500], "next_try": False})
        dispatch = self.dispatch_id
        known = dispatch.activity_ids.mapped("activity_type_id")
        if self._activity_type("dead_delivery") in known:
            return
        user = dispatch.responsible_id
        reader = user.partner_id._crowd_reader_context(self.company_id)
        try:
            with self.env.cr.savepoint():
                self.with_context(**reader)._tell_responsible(dispatch, user)
        except psycopg2.IntegrityError:  # another message of this dispatch died now
            _logger.info("%s: the dead message is told already", dispatch.name)

    def _tell_responsible(self, dispatch, user):
        label = dict(self._fields["purpose"]._description_selection(self.env))
        dispatch.with_context(
            **dict(self.env.context, mail_activity_quick_update=True)
        ).activity_schedule(
            "crowd_service.mail_activity_dead_delivery",
            summary=_("A message did not get through"),
            note=Markup("<p>%s</p>")
            % _("“%(message)s” did not reach %(person)s. Call, or correct the address.")
            % {"message": label[self.purpose], "person": self.partner_id.name},
            user_id=user.id,
        )

    # ------------------------------------------------------------------
    # activity
    # ------------------------------------------------------------------

    def _schedule_activity(self, user):
        """Create the activity that carries this message to ``user``; return it."""
        reader = user.partner_id._crowd_reader_context(self.company_id)
        reader["mail_activity_quick_update"] = True  # no mail from Odoo on top
        delivery = self.with_context(**reader)
        if self.purpose == "escalation":
            record, values = self.escalation_id, delivery._prepare_escalation_activity()
        else:
            race.lock(self.offer_id)  # nobody closes it while it becomes an activity
            record, values = self.dispatch_id, delivery._prepare_offer_activity()
        return record.with_context(**reader).activity_schedule(
            user_id=user.id, **values
        )

    def _prepare_offer_activity(self):
        values = self.offer_id._crowd_public_values()
        return {
            "act_type_xmlid": "crowd_service.mail_activity_offer",
            "summary": _("Offer: %s") % values["service"],
            "note": Markup("<p>%s</p><p>%s</p><p><a href='%s'>%s</a></p>")
            % (
                values["summary"],
                _("Please answer until %s.") % values["expires"],
                self._backend_link(self.offer_id),
                _("See and answer"),
            ),
            "date_deadline": self._local_day(self.offer_id.expires_at),
        }

    def _prepare_escalation_activity(self):
        escalation = self.escalation_id
        return {
            "act_type_xmlid": "crowd_service.mail_activity_escalation",
            "summary": _("Escalation of %s") % escalation.ticket_id.number,
            "note": Markup("<p>%s</p>") % (escalation.note or ""),
            "date_deadline": self._local_day(escalation.deadline),
        }

    def _local_day(self, moment):
        return fields.Datetime.context_timestamp(self, moment).date()

    def _backend_link(self, record):
        return "/mail/view?model=%s&res_id=%d" % (record._name, record.id)

    # ------------------------------------------------------------------
    # e-mail
    # ------------------------------------------------------------------

    def _prepare_mail(self):
        """Return the arguments of ``ir.mail_server.build_email`` for this message.

        The secret link is made here and exists nowhere but in the mail.
        """
        address = self.partner_id._crowd_email()
        if not address:
            raise PermanentError("no e-mail address")
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
        subject = self.offer_id or self.escalation_id
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
        if self.escalation_id:
            return self._prepare_escalation_values()
        values = self.offer_id._crowd_mail_values()
        if self.purpose in WITH_LINK:
            token = self.env["crowd.token"]._mint("offer", self.offer_id, self)
            values["link"] = "%s/crowd/offer/%s" % (self._base_url(), token)
        return values

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
