from odoo import fields, models


class FSMPersonSkill(models.Model):
    """A skill of a worker, as long as its certificate is valid."""

    _inherit = "fsm.person.skill"

    valid_until = fields.Date(
        index=True,
        help="Last day on which the certificate counts. Empty: for good.",
    )
