from odoo import fields, models

from odoo.addons.phone_validation.tools import phone_validation

#: Kinds of gateways in the order in which people are told who chose no other.
KINDS_OF_EMPLOYEES = ("activity", "push", "mail", "sms")
KINDS_OF_OTHERS = ("webhook", "push", "mail", "sms")


class ResPartner(models.Model):
    """How somebody can be reached."""

    _inherit = "res.partner"

    crowd_reach_ids = fields.One2many(
        "crowd.reach", "partner_id", groups="crowd_service.group_crowd_technician"
    )
    crowd_worker_ids = fields.One2many(
        "fsm.person", "partner_id", groups="crowd_service.group_crowd_technician"
    )

    def _crowd_kinds(self):
        """Return the kinds of gateways for this person, in order."""
        chosen = self.crowd_reach_ids.line_ids.mapped("kind")
        if not chosen:
            return self._crowd_default_kinds()
        # the system of his company answers for him, whatever else he chose
        return chosen if "webhook" in chosen else ["webhook"] + chosen

    def _crowd_default_kinds(self):
        return KINDS_OF_EMPLOYEES if self._crowd_login() else KINDS_OF_OTHERS

    def _crowd_reached_by(self, gateway, subject):
        """Tell whether ``gateway`` has a way to this person.

        Each kind has its method ``_crowd_reached_by_<kind>(gateway, subject)``.

        :param subject: the offer, escalation or dispatch that he is told about
        """
        method = getattr(self, "_crowd_reached_by_%s" % gateway.kind, None)
        return bool(method and method(gateway, subject))

    def _crowd_reached_by_mail(self, gateway, subject):
        return bool(self._crowd_email())

    def _crowd_reached_by_sms(self, gateway, subject):
        return bool(self._crowd_mobile())

    def _crowd_reached_by_activity(self, gateway, subject):
        """Employees only; an offer is an activity to a technician only."""
        if not self._crowd_login():
            return False
        is_offer = subject._name == "crowd.offer"
        return not is_offer or subject.worker_type == "technician"

    def _crowd_mobile(self):
        """Return the number that SMS go to, as +41791234567, or "".

        A worker may have another number than his contact.
        """
        country = self.country_id or self.company_id.country_id
        country = country or self.env.company.country_id
        own = self.crowd_worker_ids.mobile if self.crowd_worker_ids else ""
        return format_number(own, country) or format_number(self.mobile, country)

    def _crowd_address(self, kind):
        """Return where messages of a ``kind`` go, "" when nobody knows."""
        if kind == "mail":
            return self._crowd_email()
        if kind == "sms":
            return self._crowd_mobile()
        if kind == "phone":
            return self.mobile or self.phone or ""
        if kind == "activity":
            return self._crowd_login().login or ""
        return ""


def format_number(text, country):
    """Return a phone number as +41791234567, "" if ``text`` is none.

    :param country: ``res.country`` of numbers without an international prefix
    """
    numbers = phone_validation.phone_sanitize_numbers(
        [text or ""], country.code or None, country.phone_code or None
    )
    number = numbers[text or ""]["sanitized"] or ""
    return number if number.startswith("+") else ""
