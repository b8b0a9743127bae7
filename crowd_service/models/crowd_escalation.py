from odoo import api, fields, models

from ..workflow import ESCALATION
from .crowd_transition_mixin import state_selection

REASONS = [
    ("no_candidate", "Nobody fits"),
    ("all_declined", "Everybody asked declined"),
    ("all_ignored", "Nobody answered in time"),
    ("not_asked", "Nobody was asked"),
    ("unsolved", "The work did not solve it"),
    ("first_answer", "Nobody dealt with the ticket"),
    ("not_acknowledged", "Nobody took responsibility in time"),
    ("overdue", "The work is overdue"),
    ("scope", "Beyond what the crowd can do"),
    ("customer", "The customer insists"),
    ("manual", "The desk decided"),
    ("deadline", "The deadline leaves the crowd no time"),
    ("policy", "The policy says so"),
    ("stopped", "All offers are stopped"),
    ("failure", "The clock could not handle it"),
]


class CrowdEscalation(models.Model):
    """A hand-over to internal people, with everything they need to know."""

    _name = "crowd.escalation"
    _description = "Crowd Escalation"
    _inherit = [
        "crowd.transition.mixin",
        "crowd.bulk.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "id desc"
    _transitions = ESCALATION
    _mail_post_access = "read"

    name = fields.Char(string="Reference", required=True, readonly=True, copy=False)
    dispatch_id = fields.Many2one(
        "crowd.dispatch", required=True, index=True, ondelete="restrict", readonly=True
    )
    ticket_id = fields.Many2one(
        "helpdesk.ticket", required=True, index=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True
    )
    state = fields.Selection(
        state_selection(
            ESCALATION,
            open="Open",
            acknowledged="Acknowledged",
            taken="Job taken",
            closed="Closed",
        ),
        required=True,
        default="open",
        readonly=True,
        index=True,
        tracking=True,
        group_expand="_expand_states",
    )
    reason = fields.Selection(REASONS, required=True, readonly=True, index=True)
    note = fields.Text(readonly=True)
    from_user_id = fields.Many2one(
        "res.users", string="From", readonly=True, help="Empty: the clock."
    )
    user_id = fields.Many2one(
        "res.users",
        string="To",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
        ondelete="restrict",
    )
    team_id = fields.Many2one("helpdesk.ticket.team", readonly=True)
    level = fields.Integer(
        default=1, readonly=True, help="1 is the first person asked, 2 his superior."
    )
    packet = fields.Html(
        readonly=True,
        sanitize=False,  # whoever renders it does so, once
        help="Offers and answers so far, customer's words, what was tried.",
    )
    opened_at = fields.Datetime(readonly=True)
    deadline = fields.Datetime(string="Acknowledge until", readonly=True)
    acknowledged_at = fields.Datetime(readonly=True)
    acknowledged_by_id = fields.Many2one("res.users", readonly=True)
    acknowledged_in_time = fields.Boolean(readonly=True)
    taken_at = fields.Datetime(string="Job taken at", readonly=True)
    closed_at = fields.Datetime(readonly=True)
    worker_id = fields.Many2one(
        "fsm.person", string="Job taken by", readonly=True, ondelete="restrict"
    )

    @api.model
    def _next_names(self, count):
        """Return so many new references."""
        companies = (self.env.company.id, False)
        sequence = self.env["ir.sequence"].search(
            [("code", "=", self._name), ("company_id", "in", companies)],
            order="company_id",
            limit=1,
        )
        return [sequence.next_by_id() for _place in range(count)]

    @api.model_create_multi
    def create(self, vals_list):
        escalations = super().create(vals_list)
        if not self.env.context.get("tracking_disable"):
            for user in escalations.user_id:
                theirs = escalations.filtered(lambda e, u=user: e.user_id == u)
                theirs._message_subscribe(user.partner_id.ids)
        return escalations

    def _message_auto_subscribe(self, *args, **kwargs):
        """Whoever is asked follows, see :meth:`create`; our own messages tell him."""
        return True
