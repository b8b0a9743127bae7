from odoo import fields, models


class CrowdOffer(models.Model):
    """What an offer has from the step of the ladder that made it."""

    _inherit = "crowd.offer"

    step_id = fields.Many2one(
        "crowd.dispatch.step", string="Step", readonly=True, ondelete="set null"
    )
    bonus = fields.Float(
        digits="Product Price", readonly=True, help="Paid on top of the price."
    )
