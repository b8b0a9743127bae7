from odoo import fields, models


class CrowdPromise(models.TransientModel):
    """When the worker comes, as he says or as the desk was told by phone."""

    _name = "crowd.promise"
    _description = "When the worker comes"

    offer_id = fields.Many2one("crowd.offer", required=True, readonly=True)
    kind = fields.Selection(
        [("on_my_way", "On the way"), ("late", "Later than promised")],
        required=True,
        readonly=True,
    )
    minutes = fields.Integer(required=True, default=30)

    def action_confirm(self):
        """Tell everybody."""
        self.ensure_one()
        self.offer_id._answer_promise(self.kind, self.minutes)
        return {"type": "ir.actions.act_window_close"}
