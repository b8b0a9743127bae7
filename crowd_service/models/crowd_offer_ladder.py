from odoo import _, fields, models
from odoo.tools import format_amount


class CrowdOffer(models.Model):
    """What an offer has from the step of the ladder that made it."""

    _inherit = "crowd.offer"

    step_id = fields.Many2one(
        "crowd.dispatch.step", string="Step", readonly=True, ondelete="set null"
    )
    bonus = fields.Float(
        digits="Product Price", readonly=True, help="Paid on top of the price."
    )

    def _public_price(self):
        """Return the price with the bonus of the step."""
        price = super()._public_price()
        if not self.bonus:
            return price
        bonus = format_amount(self.env, self.bonus, self.currency_id)
        if not price:
            return _("%s bonus") % bonus
        return _("%(price)s + %(bonus)s bonus") % {"price": price, "bonus": bonus}
