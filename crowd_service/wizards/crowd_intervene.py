from odoo import _, api, fields, models
from odoo.tools.misc import clean_context

from ..models.crowd_dispatch import HELD_STATES
from ..models.crowd_dispatch_desk import DESK_REASONS


class CrowdIntervene(models.TransientModel):
    """The desk decides against the course of things: why."""

    _name = "crowd.intervene"
    _description = "Decision of the desk"

    dispatch_id = fields.Many2one(
        "crowd.dispatch",
        required=True,
        readonly=True,
        auto_join=True,  # the rule follows it, without listing all of them
    )
    kind = fields.Selection(
        [
            ("withdraw", "Withdraw the offers"),
            ("redispatch", "Look for somebody else"),
            ("take_over", "Take over"),
        ],
        required=True,
        readonly=True,
    )
    reason = fields.Selection(DESK_REASONS, required=True, default="other")
    note = fields.Text(string="Remark")
    consequence = fields.Char(
        compute="_compute_consequence", help="What happens to those who are at it."
    )

    @api.depends_context("lang")
    @api.depends("dispatch_id", "kind")
    def _compute_consequence(self):
        for wizard in self:
            wizard.consequence = " ".join(wizard._get_consequences())

    def _get_consequences(self):
        dispatch = self.dispatch_id
        if dispatch.open_offer_count:
            yield _("%s open offers are withdrawn, and the people are told.") % (
                dispatch.open_offer_count
            )
        if dispatch.state in HELD_STATES:
            yield _("%s loses the job; it does not count as a back-out.") % (
                dispatch.worker_id.name
            )
        yield {
            "withdraw": _("The ticket goes to its responsible person."),
            "redispatch": _("A new round of the search begins at once."),
            "take_over": _("You are responsible for the ticket."),
        }.get(self.kind, "")

    def action_confirm(self):
        """Carry the decision out."""
        self.ensure_one()
        # the defaults of this form are not those of the records it leads to
        context = clean_context(self.env.context)
        dispatch = self.dispatch_id
        dispatch = dispatch.with_context(context)  # pylint: disable=context-overridden
        dispatch._intervene(self.kind, self.reason, self.note or "")
        return {"type": "ir.actions.act_window_close"}
