from odoo import models

#: Kinds of gateways in the order in which people are told who chose no other.
KINDS_OF_EMPLOYEES = ("activity", "push", "mail", "sms")
KINDS_OF_OTHERS = ("webhook", "push", "mail", "sms")


class ResPartner(models.Model):
    """How somebody can be reached."""

    _inherit = "res.partner"

    def _crowd_kinds(self):
        """Return the kinds of gateways for this person, in order."""
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

    def _crowd_reached_by_activity(self, gateway, subject):
        """Employees only; an offer is an activity to a technician only."""
        if not self._crowd_login():
            return False
        is_offer = subject._name == "crowd.offer"
        return not is_offer or subject.worker_type == "technician"
