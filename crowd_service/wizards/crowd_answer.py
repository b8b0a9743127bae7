from odoo import fields, models


class CrowdAnswer(models.TransientModel):
    """Say no to an offer, or give a job back: why."""

    _name = "crowd.answer"
    _description = "Answer to an offer"

    offer_id = fields.Many2one("crowd.offer", required=True, readonly=True)
    kind = fields.Selection(
        [
            ("decline", "Decline the offer"),
            ("back_out", "Give the job back"),
            ("no_show", "The worker did not come"),
        ],
        required=True,
        readonly=True,
    )
    reason = fields.Selection(
        selection=lambda self: (
            self.env["crowd.offer"]._fields["decline_reason"].selection
        ),
        default="other",
    )
    note = fields.Text(string="Remark")

    def action_confirm(self):
        """Carry the answer out."""
        self.ensure_one()
        answer = getattr(self.offer_id, "_answer_%s" % self.kind)
        return answer(self.reason or "other", self.note or "")
