from odoo import models

from .crowd_dispatch import OPEN_STATES


class ResUsers(models.Model):
    _inherit = "res.users"

    def write(self, vals):
        res = super().write(vals)
        if vals.get("active") is False:
            self._crowd_hand_over()
        return res

    def _crowd_hand_over(self):
        """Somebody else answers for the open dispatches of people who have left."""
        self.env["crowd.dispatch"].sudo().search(  # of every company
            [("responsible_id", "in", self.ids), ("state", "in", OPEN_STATES)]
        )._ensure_responsible()
