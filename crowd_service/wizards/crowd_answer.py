from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context

from ..models.crowd_offer import REASONS


class CrowdAnswer(models.TransientModel):
    """Say no to an offer, give a job back, or raise the scope alarm: why."""

    _name = "crowd.answer"
    _description = "Answer to an offer"

    offer_id = fields.Many2one(
        "crowd.offer",
        required=True,
        readonly=True,
        auto_join=True,  # the rule follows it, without listing all of them
    )
    kind = fields.Selection(
        [
            ("decline", "Decline the offer"),
            ("back_out", "Give the job back"),
            ("scope", "Beyond what the worker can do"),
            ("no_show", "The worker did not come"),
        ],
        required=True,
        readonly=True,
    )
    decline_reason = fields.Selection(REASONS["decline"], string="Why", default="other")
    back_out_reason = fields.Selection(
        REASONS["back_out"], string="Why give it back", default="other"
    )
    scope_reason = fields.Selection(REASONS["scope"], string="Why beyond scope")
    note = fields.Text(string="Remark")
    consequence = fields.Char(
        compute="_compute_consequence", help="What it means for the worker."
    )

    @api.depends_context("lang")
    @api.depends("offer_id", "kind")
    def _compute_consequence(self):
        for answer in self:
            answer.consequence = answer._get_consequence()

    def _get_consequence(self):
        offer = self.offer_id
        worker = (
            "" if offer._is_mine() else offer.sudo().worker_id.name
        )  # his name only
        if self.kind in ("back_out", "no_show"):
            return offer._back_out_sentence(worker)
        if self.kind == "scope":
            return _(
                "It does not count against the worker. A technician takes over, with "
                "what is written here."
            )
        return _("Saying no does no harm: it lets somebody else be asked sooner.")

    def action_confirm(self):
        """Carry the answer out."""
        self.ensure_one()
        # the defaults of this form are not those of the records it leads to
        context = clean_context(self.env.context)
        offer = self.offer_id.with_context(context)  # pylint: disable=context-overridden
        answer = getattr(offer, "_answer_%s" % self.kind)
        return answer(self._get_reason(), self.note or "")

    def _get_reason(self):
        if self.kind == "no_show":
            return ""
        reason = self["%s_reason" % self.kind]
        if not reason:
            raise UserError(_("Please choose a reason."))
        return reason
