from odoo import api, fields, models

from .. import race
from ..sanitize import without_scripts
from .crowd_dispatch import OPEN_STATES

SHOWN_AS_HTML = ("todo", "resolution")


class FSMOrder(models.Model):
    """A service order that came from a dispatch."""

    _inherit = "fsm.order"

    ticket_id = fields.Many2one(index=True)  # each change of a ticket looks for them
    crowd_dispatch_ids = fields.One2many(
        "crowd.dispatch", "order_id", string="Dispatches", readonly=True
    )
    crowd_dispatch_id = fields.Many2one(
        "crowd.dispatch", string="Dispatch", compute="_compute_crowd_dispatch_id"
    )
    crowd_service_id = fields.Many2one(
        "product.template", string="Service", readonly=True
    )

    def _compute_crowd_dispatch_id(self):
        for order in self:
            order.crowd_dispatch_id = order.sudo().crowd_dispatch_ids[:1]

    @api.model
    def create(self, vals):
        return super().create(without_scripts(vals, SHOWN_AS_HTML))

    def write(self, vals):
        res = super().write(without_scripts(vals, SHOWN_AS_HTML))
        if "person_id" in vals or "stage_id" in vals:
            self._crowd_follow()
        return res

    def _crowd_follow(self):
        """Let the dispatch follow what somebody changed here by hand.

        The engine changes the dispatch first, so that there is nothing to follow
        when it writes the order.
        """
        for order in self.sudo():  # whoever may write the order may do this
            dispatch = order.crowd_dispatch_ids.filtered(
                lambda d: d.state in OPEN_STATES
            )[:1]
            if dispatch and (
                order.person_id != dispatch.worker_id or order.stage_id.is_closed
            ):
                race.lock(dispatch)
                dispatch._after_order_write(order)

    def action_view_crowd_dispatch(self):
        """Open the dispatch."""
        self.ensure_one()
        return self.crowd_dispatch_id.get_formview_action()
