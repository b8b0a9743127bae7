from odoo import api, fields, models

from ..models.crowd_dispatch import HELD_STATES
from ..models.helpdesk_ticket_outcome import OUTCOMES

VERDICTS = {"done": "solved", "unsolved": "not_solved"}


class CrowdTicketClose(models.TransientModel):
    """An agent closes a ticket and says what became of it."""

    _name = "crowd.ticket.close"
    _description = "Close a ticket"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        required=True,
        readonly=True,
        auto_join=True,  # the rule follows it, without listing all of them
    )
    company_id = fields.Many2one(related="ticket_id.company_id")
    is_closed = fields.Boolean(related="ticket_id.closed")
    outcome = fields.Selection(
        OUTCOMES,
        required=True,
        compute="_compute_outcome",
        store=True,
        readonly=False,
        help="Abandoned: the customer does not need it any more, or went elsewhere.",
    )
    stage_id = fields.Many2one(
        "helpdesk.ticket.stage",
        string="Stage",
        compute="_compute_stage_id",
        store=True,
        readonly=False,
        domain="[('closed', '=', True), '|', ('company_id', '=', False),"
        " ('company_id', '=', company_id)]",
    )
    note = fields.Text(string="Remark", help="Kept on the ticket, for the desk only.")
    worker_id = fields.Many2one(
        "fsm.person", string="Has the job", compute="_compute_worker_id"
    )

    @api.depends("ticket_id")
    def _compute_outcome(self):
        """Propose what is known, or what the worker said."""
        for wizard in self:
            ticket = wizard.ticket_id
            verdict = VERDICTS.get(ticket.crowd_dispatch_id.state)
            wizard.outcome = ticket.crowd_outcome or verdict

    @api.depends("outcome", "ticket_id")
    def _compute_stage_id(self):
        """Propose the first closing stage that says the same, or says nothing."""
        stages = self.env["helpdesk.ticket.stage"]
        for wizard in self:
            company = wizard.ticket_id.company_id
            closing = stages.search(
                [("closed", "=", True), ("company_id", "in", (False, company.id))]
            )
            wizard.stage_id = (
                closing.filtered(lambda s, o=wizard.outcome: s.crowd_outcome == o)
                or closing.filtered(lambda s: not s.crowd_outcome)
                or closing
            )[:1]

    @api.depends("ticket_id")
    def _compute_worker_id(self):
        for wizard in self:
            dispatch = wizard.ticket_id.crowd_dispatch_id
            is_held = dispatch.state in HELD_STATES
            wizard.worker_id = dispatch.worker_id if is_held else False

    def action_close(self):
        """Close the ticket; a closed one gets another outcome."""
        self.ensure_one()
        self.ticket_id._crowd_close(self.outcome, self.stage_id, self.note)
        return {"type": "ir.actions.act_window_close"}
