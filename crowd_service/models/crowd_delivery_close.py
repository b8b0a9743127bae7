from odoo import api, models

from .crowd_delivery import OPEN_STATES


class CrowdDelivery(models.Model):
    """Offers are closed: what is not sent yet never is, and nobody is asked any more."""

    _inherit = "crowd.delivery"

    @api.model
    def _close_activities(self, offers):
        """``offers`` are closed: nothing more is sent, nobody is asked to answer."""
        self._close_messages(offers)
        self._close_todos(offers)

    @api.model
    def _close_messages(self, offers):
        """``offers`` are closed: what is not sent yet never will be.

        Each message asks for itself as well before it is sent. A transaction that finds
        one which a job has changed meanwhile begins anew: a decision in a race leaves
        those of the losers to a job.
        """
        self.sudo().search(  # whoever decides has no rights on messages
            [
                ("offer_id", "in", offers.ids),
                ("purpose", "=", "offer"),
                ("state", "in", OPEN_STATES),
            ]
        )._make_obsolete()

    @api.model
    def _close_todos(self, offers):
        """``offers`` are closed: they are in nobody's to-do list any more."""
        asked = offers.sudo().filtered(lambda o: o.worker_type == "technician")
        if not asked:
            return
        wanted = {
            (offer.dispatch_id.id, user.id)
            for offer in asked
            for user in offer.worker_id.partner_id.user_ids
        }
        activities = self.env["mail.activity"].sudo()  # other people's to-do lists
        activities.search(
            [
                ("res_model", "=", "crowd.dispatch"),
                ("res_id", "in", asked.mapped("dispatch_id").ids),
                ("activity_type_id", "=", self._activity_type("offer").id),
            ]
        ).filtered(lambda a: (a.res_id, a.user_id.id) in wanted).unlink()
