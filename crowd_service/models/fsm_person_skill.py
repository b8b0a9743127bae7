from datetime import timedelta

from odoo import api, fields, models

#: Certificates that end within so many days are shown in another colour.
SOON_DAYS = 30


class FSMPersonSkill(models.Model):
    """A skill of a worker, as long as its certificate is valid."""

    _inherit = "fsm.person.skill"

    valid_until = fields.Date(
        index=True,
        help="Last day on which the certificate counts. Empty: for good.",
    )
    validity = fields.Selection(
        [
            ("unlimited", "For good"),
            ("valid", "Valid"),
            ("soon", "Expires soon"),
            ("expired", "Expired"),
        ],
        compute="_compute_validity",
        help="Soon: within 30 days. Who has only an expired certificate is not asked.",
    )

    @api.depends("valid_until")
    def _compute_validity(self):
        today = self.env["crowd.clock"].now().date()
        for skill in self:
            end = skill.valid_until
            if not end:
                skill.validity = "unlimited"
            elif end < today:
                skill.validity = "expired"
            else:
                is_soon = end <= today + timedelta(days=SOON_DAYS)
                skill.validity = "soon" if is_soon else "valid"
