from odoo import api, fields, models


class CrowdStop(models.TransientModel):
    """The stop switch: asks why."""

    _name = "crowd.stop"
    _description = "Stop all offers of a company"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        domain="[('id', 'in', allowed_company_ids)]",
    )
    reason = fields.Char(help="Everybody at the desk reads it.")
    is_stopped = fields.Boolean(related="company_id.crowd_stopped")
    stopped_at = fields.Datetime(related="company_id.crowd_stopped_at")
    stopped_by_id = fields.Many2one(related="company_id.crowd_stopped_by_id")
    present_reason = fields.Char(string="Why", related="company_id.crowd_stop_reason")
    open_offer_count = fields.Integer(
        string="Open offers", compute="_compute_open_offer_count"
    )

    @api.depends("company_id")
    def _compute_open_offer_count(self):
        for wizard in self:
            wizard.open_offer_count = self.env["crowd.offer"].search_count(
                [("company_id", "=", wizard.company_id.id), ("state", "=", "sent")]
            )

    def action_stop(self):
        """Nobody is asked any more; open offers are withdrawn."""
        self.ensure_one()
        self.company_id._crowd_stop(self.reason)
        return {"type": "ir.actions.client", "tag": "reload"}

    def action_go_on(self):
        """Offers may be sent again."""
        self.ensure_one()
        self.company_id._crowd_go_on()
        return {"type": "ir.actions.client", "tag": "reload"}
