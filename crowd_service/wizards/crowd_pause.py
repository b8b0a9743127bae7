from odoo import _, fields, models
from odoo.exceptions import UserError


class CrowdPause(models.TransientModel):
    """Wait for the customer or for parts, until a moment that is written down."""

    _name = "crowd.pause"
    _description = "Pause a dispatch"

    dispatch_id = fields.Many2one(
        "crowd.dispatch",
        required=True,
        readonly=True,
        auto_join=True,  # the rule follows it, without listing all of them
    )
    until = fields.Datetime(required=True)
    note = fields.Char(string="Waiting for", required=True)

    def action_pause(self):
        """Pause until the moment given."""
        self.ensure_one()
        if self.until <= self.env["crowd.clock"].now():
            raise UserError(_("A pause must end in the future."))
        self.dispatch_id._pause_as_user(self.until, self.note)
        return {"type": "ir.actions.act_window_close"}
