from odoo import _, fields, models
from odoo.exceptions import UserError

from ..models.crowd_escalation import REASONS

BY_HAND = ("manual", "scope", "customer", "no_candidate", "all_declined", "all_ignored")


class CrowdEscalate(models.TransientModel):
    """Hand a ticket over to internal people."""

    _name = "crowd.escalate"
    _description = "Escalate a ticket"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        required=True,
        readonly=True,
        auto_join=True,  # the rule follows it, without listing all of them
    )
    company_id = fields.Many2one(related="ticket_id.company_id")
    reason = fields.Selection(
        [pair for pair in REASONS if pair[0] in BY_HAND],
        required=True,
        default="manual",
    )
    note = fields.Text(help="What the next person should know.")
    target = fields.Selection(
        [("user", "A person"), ("team", "A team")], required=True, default="team"
    )
    user_id = fields.Many2one(
        "res.users",
        string="Person",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    team_id = fields.Many2one(
        "helpdesk.ticket.team",
        string="Team",
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        help="The team's leader becomes responsible.",
    )

    def action_escalate(self):
        """Escalate and show the escalation."""
        self.ensure_one()
        if self.target == "user" and not self.user_id:
            raise UserError(_("Choose the person who shall take over."))
        if self.target == "team" and not self.team_id.user_id:
            raise UserError(_("Choose a team that has a leader."))
        escalation = self.ticket_id._crowd_escalate(
            self.reason,
            note=self.note or "",
            user=self.user_id if self.target == "user" else self.team_id.user_id,
            team=self.team_id if self.target == "team" else None,
        )
        return escalation._action_open()
