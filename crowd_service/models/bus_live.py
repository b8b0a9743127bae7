"""Open screens learn through Odoo's bus that a dispatch has changed.

What is sent are ids. Whoever listens reads the records again, with his own rights.
"""

from odoo import api, models

from .crowd_clock import is_simulated

CHANNEL = "crowd.dispatch"
TOUCHED = "crowd_service.live"  # ids of dispatches, in the data of the transaction


class CrowdLive(models.AbstractModel):
    """What changed in a transaction, told once, when it is committed."""

    _name = "crowd.live"
    _description = "Live Screens"

    @api.model
    def _touch(self, dispatches):
        """``dispatches`` look different now."""
        if not dispatches or is_simulated():
            return
        precommit = self.env.cr.precommit
        if TOUCHED not in precommit.data:
            precommit.data[TOUCHED] = set()
            precommit.add(self.sudo()._tell)  # the bus is nobody's
        precommit.data[TOUCHED].update(dispatches.ids)

    @api.model
    def _tell(self):
        """Send one message per company, in the transaction that made the changes."""
        touched = self.env.cr.precommit.data.pop(TOUCHED, ())
        dispatches = self.env["crowd.dispatch"].browse(touched).exists()
        messages = []
        for company in dispatches.mapped("company_id"):
            ours = dispatches.filtered(lambda d, c=company: d.company_id == c)
            message = {
                "crowd.dispatch": ours.ids,
                "helpdesk.ticket": ours.mapped("ticket_id").ids,
            }
            messages.append((self._channel(company.id), message))
        self.env["bus.bus"].sendmany(messages)

    @api.model
    def _channel(self, company_id):
        """Return a company's channel. Clients may only ask for strings, so not for it."""
        return (self.env.cr.dbname, CHANNEL, company_id)

    @api.model
    def _channels(self):
        """Return the channels that the user is given: of his companies, or none."""
        user = self.env.user
        if not user.has_group("crowd_service.group_crowd_technician"):
            return []
        return [self._channel(company_id) for company_id in user.company_ids.ids]


class CrowdDispatch(models.Model):
    _inherit = "crowd.dispatch"

    @api.model_create_multi
    def create(self, vals_list):
        dispatches = super().create(vals_list)
        self.env["crowd.live"]._touch(dispatches)
        return dispatches

    def write(self, vals):
        res = super().write(vals)
        self.env["crowd.live"]._touch(self)
        return res


class CrowdOffer(models.Model):
    _inherit = "crowd.offer"

    @api.model_create_multi
    def create(self, vals_list):
        offers = super().create(vals_list)
        self.env["crowd.live"]._touch(offers.mapped("dispatch_id"))
        return offers

    def write(self, vals):
        res = super().write(vals)
        if "state" in vals:
            self.env["crowd.live"]._touch(self.mapped("dispatch_id"))
        return res


class CrowdEscalation(models.Model):
    _inherit = "crowd.escalation"

    @api.model_create_multi
    def create(self, vals_list):
        escalations = super().create(vals_list)
        self.env["crowd.live"]._touch(escalations.mapped("dispatch_id"))
        return escalations

    def write(self, vals):
        res = super().write(vals)
        self.env["crowd.live"]._touch(self.mapped("dispatch_id"))
        return res
