from odoo import _, models

from ..matching import privacy


class HelpdeskTicket(models.Model):
    """The summary for externals: proposed from the ticket, checked for private data."""

    _inherit = "helpdesk.ticket"

    def _get_summary_warning(self, text):
        """Return in words what ``text`` gives away, or False when it is clean."""
        if not text:
            return False
        found = (
            (_("e-mail addresses"), privacy.find_emails(text)),
            (_("phone numbers"), privacy.find_phones(text)),
            (_("the customer's name"), privacy.find_names(text, self._crowd_names())),
            (_("the street"), privacy.find_streets(text, self._crowd_streets())),
        )
        kinds = [f"{kind} ({', '.join(hits)})" for kind, hits in found if hits]
        if not kinds:
            return False
        return _("The summary contains %s. Externals must not read that.") % (
            ", ".join(kinds)
        )

    def _get_summary_proposal(self):
        """Return the text that Match proposes: the agent's, or service and title."""
        self.ensure_one()
        if self.crowd_summary:
            return self.crowd_summary
        streets = [privacy.street_name(street) for street in self._crowd_streets()]
        title = privacy.redact(self.name, self._crowd_names() + streets)
        service = self.crowd_service_id.name
        return f"{service}: {title}" if service else title

    def _crowd_names(self):
        """Return the customer's names, and a person's words of it, longest first."""
        # whoever may read the ticket need not be able to read the customer
        partner = self.sudo().partner_id
        names = [self.partner_name, partner.name, partner.commercial_company_name]
        if not partner.is_company:
            words = (self.partner_name or partner.name or "").replace(",", " ").split()
            names += [word for word in words if word[0].isupper()]
        return sorted({name for name in names if name}, key=lambda n: (-len(n), n))

    def _crowd_streets(self):
        """Return the streets of customer and location."""
        # whoever may read the ticket need not be able to read these
        ticket = self.sudo()
        places = ticket.partner_id | ticket.fsm_location_id.partner_id
        streets = places.mapped("street") + places.mapped("street2")
        return [street for street in streets if street]
