from odoo import models
from odoo.tools import email_normalize
from odoo.tools.misc import get_lang


class ResPartner(models.Model):
    """A partner as somebody who reads our messages and pages."""

    _inherit = "res.partner"

    def _crowd_reader_context(self, company):
        """Return a clean context with the language and time zone of this reader."""
        return {
            "lang": get_lang(self.env, self.lang or company.partner_id.lang).code,
            "tz": self.tz
            or company.partner_id.tz
            or company.resource_calendar_id.tz
            or "UTC",
        }

    def _crowd_login(self):
        """Return the internal user who sees crowd activities, or an empty one."""
        return self.user_ids.filtered(
            lambda user: (
                user.active
                and not user.share
                and user.has_group("crowd_service.group_crowd_technician")
            )
        )[:1]

    def _crowd_email(self):
        """Return the one address that e-mail can go to, or ""."""
        return email_normalize(self.email or "") or ""
