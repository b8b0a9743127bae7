from odoo import models

from .. import compat, race


class MailActivity(models.Model):
    _inherit = "mail.activity"

    def unlink(self):
        """Odoo forgets all that was read; what is set up does not change by this."""
        known = compat.cached(self.env, race.SETTLED) if self else {}
        res = super().unlink()
        if self:
            compat.invalidate(self.env, known)
        return res
