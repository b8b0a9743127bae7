import hashlib

from odoo import _, api, fields, models

from ..gateways import PermanentError, gsm


class CrowdDelivery(models.Model):
    """The words of a message as an SMS: two parts at most, links whole."""

    _inherit = "crowd.delivery"

    purpose = fields.Selection(
        selection_add=[("which_one", "Which offer do you mean?")],
        ondelete={"which_one": "cascade"},
    )

    def _idempotency_key(self):
        """Return what the other side knows this message by, at each attempt the same.

        Messages of two databases have different keys; a message that the desk sends
        again is a new one.
        """
        uuid = self.env["crowd.gateway"]._database_uuid() or ""
        mark = hashlib.sha256(uuid.encode()).hexdigest()[:12]
        return "crowd_%s_%d_%d" % (mark, self.id, self.resends)

    @api.model
    def _find_by_number(self, gateway, number):
        """Return the message that a provider names: by his number, or by ours."""
        if not number:
            return self
        found = self.search(
            [("gateway_id", "=", gateway.id), ("provider_ref", "=", number)], limit=1
        )
        parts = number.split("_")
        if found or parts[0] != "crowd" or len(parts) != 4:
            return found
        if not (parts[2].isascii() and parts[2].isdecimal() and len(parts[2]) < 10):
            return found
        ours = self.browse(int(parts[2])).exists()
        is_right = ours.gateway_id == gateway and ours._idempotency_key() == number
        return ours if is_right else found

    def _wanted_states(self):
        asked = ("sent", "accepted", "open", "acknowledged")
        return dict(super()._wanted_states(), which_one=asked)

    def _prepare_sms(self):
        """Return ``(number, text)`` of this message."""
        number = self.partner_id._crowd_mobile()
        if not number:
            raise PermanentError("no mobile number")
        self.address = number
        reader = self.partner_id._crowd_reader_context(self.company_id)
        return number, self.with_context(**reader)._render_text()

    def _render_text(self):
        """Return the text in the language of the context."""
        values = self._prepare_text_values()
        make = getattr(self, "_text_" + self.purpose)
        return gsm.fit(
            lambda about: make(dict(values, about=about)), values.get("about", "")
        )

    def _prepare_text_values(self):
        """Return the words for the text; ``about`` is what may be cut."""
        values = self._prepare_values()
        if self.offer_id:
            place = values["is_remote"] and _("remote") or values["area"]
            about = (values["service"], place, values["distance"], values["when"])
            values["about"] = ", ".join(filter(None, about))
            values["code"] = self.offer_id._sms_code()
        elif self.escalation_id:
            values["about"] = "%s. %s" % (values["title"], values["note"])
            values["code"] = self.escalation_id._sms_code()
        return values

    def _text_offer(self, values):
        return _(
            "%(company)s: can you help? %(about)s%(price)s. Reply 1 = yes, 2 = no, by "
            "%(expires)s (%(code)s). %(link)s"
        ) % dict(values, price=values["price"] and ", " + values["price"])

    def _text_won(self, values):
        return _(
            "%(company)s: the job is yours, thank you! %(about)s. Address and phone of "
            "the customer: %(link)s"
        ) % dict(values)

    def _text_taken(self, values):
        return _(
            "%(company)s: somebody else was faster (%(code)s, %(service)s). Thank you "
            "all the same!"
        ) % dict(values)

    def _text_withdrawn(self, values):
        return _(
            "%(company)s: we have taken our offer back (%(code)s, %(service)s). You "
            "need not do anything."
        ) % dict(values)

    def _text_job_cancelled(self, values):
        return _(
            "%(company)s: your job %(service)s (%(code)s) is CANCELLED. Please do not "
            "go to the customer."
        ) % dict(values)

    def _text_escalation(self, values):
        return _(
            "%(company)s: ticket %(ticket)s needs you: %(reason)s. %(about)s Reply 1 = "
            "I am responsible, 2 = I take the job, by %(until)s (%(code)s). %(link)s"
        ) % dict(values)

    def _text_unclear(self, values):
        return _(
            "%(company)s: we did not understand your answer. Please reply 1 = yes or "
            "2 = no (%(code)s). Your words are read by a person."
        ) % dict(values)

    def _text_too_late(self, values):
        known = self.offer_id._known_answer() or self.offer_id._refusal() or {}
        why = known.get("message") or _("Your answer changed nothing.")
        return "%s: %s (%s)" % (values["company"], why, values["code"])

    def _text_which_one(self, values):
        """Ask which of the open offers and escalations of this number is meant."""
        asked = self._awaiting_answers(
            self.gateway_id, self.address or self.partner_id._crowd_mobile()
        )
        lines = [
            _("“1 %(code)s” or “2 %(code)s” for %(what)s")
            % {"code": each._subject()._sms_code(), "what": each._sms_label()}
            for each in asked[:4]
        ]
        return _("%(company)s: which one do you mean? Reply %(lines)s.") % {
            "company": values["company"],
            "lines": _("; ").join(lines),
        }

    def _sms_label(self):
        """Return a few words about what is asked."""
        if self.offer_id:
            return (self.offer_id.service_id.name or self.offer_id.name)[:20]
        return self.escalation_id.ticket_id.number or ""

    # ------------------------------------------------------------------
    # what may be answered
    # ------------------------------------------------------------------

    @api.model
    def _awaiting_answers(self, gateway, number):
        """Return the messages to this ``number`` whose question is open, one each."""
        asked = self._sent_to(gateway, number)
        first = {}
        for delivery in asked.filtered(lambda d: d._awaits_answer()):
            first.setdefault(delivery._subject(), delivery)
        return self.browse().concat(*first.values())

    @api.model
    def _sent_to(self, gateway, number):
        """Return the last SMS to this ``number`` that asked something."""
        return self.search(
            [
                ("gateway_id", "=", gateway.id),  # another one knows nothing of it
                ("address", "=", number),
                ("state", "!=", "queued"),
                ("purpose", "in", self._questions()),
            ],
            order="id desc",
            limit=100,
        )

    @api.model
    def _questions(self):
        """Return the purposes of messages that ask something."""
        return ("offer", "escalation", "still_coming")

    def _awaits_answer(self):
        """Tell whether an answer to this message would still change something."""
        if self.purpose == "offer":
            return self.offer_id._phase() == "open"
        if self.purpose == "escalation":
            return self.escalation_id.state in ("open", "acknowledged")
        return self._is_wanted()


class CrowdOffer(models.Model):
    _inherit = "crowd.offer"

    def _sms_code(self):
        """Return what a worker types to name this offer: "12-3" for D00012-3."""
        return self.name.lstrip("D").lstrip("0")


class CrowdEscalation(models.Model):
    _inherit = "crowd.escalation"

    def _sms_code(self):
        """Return what somebody types to name this escalation: "E5" for E00005."""
        return "E" + self.name.lstrip("E").lstrip("0")
