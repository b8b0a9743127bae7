from odoo import fields, models
from odoo.tools.misc import clean_context


class CrowdPromise(models.TransientModel):
    """When the worker comes, as he says or as the desk was told by phone."""

    _name = "crowd.promise"
    _description = "When the worker comes"

    offer_id = fields.Many2one(
        "crowd.offer",
        required=True,
        readonly=True,
        auto_join=True,  # the rule follows it, without listing all of them
    )
    kind = fields.Selection(
        [("on_my_way", "On the way"), ("late", "Later than promised")],
        required=True,
        readonly=True,
    )
    minutes = fields.Integer(required=True, default=30)

    def action_confirm(self):
        """Tell everybody."""
        self.ensure_one()
        # the defaults of this form are not those of the records it leads to
        context = clean_context(self.env.context)
        offer = self.offer_id.with_context(context)  # pylint: disable=context-overridden
        offer._answer_promise(self.kind, self.minutes)
        return {"type": "ir.actions.act_window_close"}
