from odoo import fields, models


class CrowdMembership(models.Model):
    """A membership knows when it ended."""

    _inherit = "crowd.membership"

    left_at = fields.Datetime(
        string="Left", readonly=True, copy=False, help="Empty while he is a member."
    )

    def _move(self, target, **values):
        if target == "left":
            values["left_at"] = self.env["crowd.clock"].now()
        elif target == "applied":
            values["left_at"] = False
        return super()._move(target, **values)
