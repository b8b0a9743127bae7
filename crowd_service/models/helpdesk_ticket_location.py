from odoo import api, models


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    @api.depends("fsm_location_id", "partner_id")
    def _compute_partner_domain(self):
        """Tell which customers the form proposes; the customer stays who he is.

        The method this replaces took the customer off the ticket when the location
        is not his primary one.
        """
        for ticket in self:
            is_narrow = bool(ticket.fsm_location_id and not ticket.partner_id)
            ticket.partner_domain = is_narrow and ticket.fsm_location_id.id
            ticket.all_partners = not is_narrow
