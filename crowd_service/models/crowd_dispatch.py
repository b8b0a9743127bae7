from odoo import api, fields, models

from ..workflow import DISPATCH
from .crowd_transition_mixin import state_selection

STATE_LABELS = {
    "draft": "Draft",
    "searching": "Searching",
    "offered": "Offers out",
    "assigned": "Assigned",
    "in_progress": "In progress",
    "escalated": "Escalated",
    "paused": "Paused",
    "done": "Done",
    "unsolved": "Unsolved",
    "cancelled": "Cancelled",
}
OPEN_STATES = DISPATCH.open
HELD_STATES = ("assigned", "in_progress")


class CrowdDispatch(models.Model):
    """The work of finding a worker for a ticket, and of seeing it through."""

    _name = "crowd.dispatch"
    _description = "Crowd Dispatch"
    _inherit = [
        "crowd.transition.mixin",
        "crowd.tracking.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "next_deadline, id desc"
    _transitions = DISPATCH
    _mail_post_access = "read"

    name = fields.Char(string="Reference", required=True, readonly=True, copy=False)
    ticket_id = fields.Many2one(
        "helpdesk.ticket", required=True, index=True, ondelete="restrict", readonly=True
    )
    slot = fields.Integer(
        default=1,
        required=True,
        readonly=True,
        help="A second person on the same ticket is a second slot.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True
    )
    team_id = fields.Many2one(related="ticket_id.team_id", store=True, index=True)
    partner_id = fields.Many2one(related="ticket_id.partner_id", store=True)
    priority = fields.Selection(related="ticket_id.priority", store=True)
    service_id = fields.Many2one("product.template", readonly=True)
    summary = fields.Text(readonly=True, help="What externals may read.")
    state = fields.Selection(
        state_selection(DISPATCH, **STATE_LABELS),
        required=True,
        default="draft",
        readonly=True,
        index=True,
        tracking=True,
        group_expand="_expand_states",
    )
    paused_from = fields.Char(readonly=True)
    round = fields.Integer(default=0, readonly=True)
    wave_size = fields.Integer(readonly=True, help="People asked per wave.")
    offer_minutes = fields.Integer(readonly=True, help="How long offers stand.")
    responsible_id = fields.Many2one(
        "res.users",
        required=True,
        index=True,
        tracking=True,
        readonly=True,
        ondelete="restrict",
        help="Answers for this ticket until somebody has the job.",
    )
    next_deadline = fields.Datetime(
        index=True, readonly=True, help="When the clock looks at it again, at latest."
    )
    started_at = fields.Datetime(readonly=True)
    offered_at = fields.Datetime(readonly=True, help="First offer sent.")
    assigned_at = fields.Datetime(readonly=True, help="Accepted by the present worker.")
    arrived_at = fields.Datetime(readonly=True, help="Work began.")
    closed_at = fields.Datetime(readonly=True)
    close_reason = fields.Selection(
        [
            ("solved", "Solved"),
            ("unsolved", "Not solved"),
            ("customer", "Cancelled by the customer"),
            ("desk", "Cancelled by the desk"),
            ("ticket_closed", "The ticket was closed"),
            ("order_cancelled", "The order was cancelled"),
        ],
        readonly=True,
    )
    worker_id = fields.Many2one(
        "fsm.person", readonly=True, index=True, ondelete="restrict", tracking=True
    )
    accepted_offer_id = fields.Many2one("crowd.offer", readonly=True)
    order_id = fields.Many2one(
        "fsm.order",
        string="Service order",
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    offer_ids = fields.One2many("crowd.offer", "dispatch_id", readonly=True)
    candidate_ids = fields.One2many("crowd.candidate", "dispatch_id", readonly=True)
    escalation_ids = fields.One2many("crowd.escalation", "dispatch_id", readonly=True)
    event_ids = fields.One2many("crowd.event", "dispatch_id", readonly=True)
    offer_count = fields.Integer(compute="_compute_counts")
    open_offer_count = fields.Integer(compute="_compute_counts")
    declined_offer_count = fields.Integer(compute="_compute_counts")
    escalation_count = fields.Integer(compute="_compute_counts")
    is_overdue = fields.Boolean(compute="_compute_is_overdue")

    _sql_constraints = [
        ("name_uniq", "unique(name)", "Another dispatch has this reference."),
        (
            "never_silent_check",
            "CHECK (state IN ('done', 'unsolved', 'cancelled')"
            " OR (responsible_id IS NOT NULL AND next_deadline IS NOT NULL))",
            "An open dispatch has a responsible person and a next deadline.",
        ),
    ]

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS crowd_dispatch_one_open"
            " ON crowd_dispatch (ticket_id, slot)"
            " WHERE state NOT IN ('done', 'unsolved', 'cancelled')"
        )

    def _expand_states(self, states, domain, order=None):
        return list(OPEN_STATES)  # closed ones have a column when some are shown

    def _compute_counts(self):
        offers = self.env["crowd.offer"].read_group(
            [("dispatch_id", "in", self.ids)],
            ["dispatch_id"],
            ["dispatch_id", "state"],
            lazy=False,
        )
        counts = {(g["dispatch_id"][0], g["state"]): g["__count"] for g in offers}
        escalations = self.env["crowd.escalation"].read_group(
            [("dispatch_id", "in", self.ids)],
            ["dispatch_id"],
            ["dispatch_id"],
            lazy=False,
        )
        escalated = {g["dispatch_id"][0]: g["__count"] for g in escalations}
        for record in self:
            record.offer_count = sum(
                n for (dispatch_id, _s), n in counts.items() if dispatch_id == record.id
            )
            record.open_offer_count = counts.get((record.id, "sent"), 0)
            record.declined_offer_count = counts.get((record.id, "declined"), 0)
            record.escalation_count = escalated.get(record.id, 0)

    @api.depends("next_deadline", "state")
    def _compute_is_overdue(self):
        now = self.env["crowd.clock"].now()
        for record in self:
            record.is_overdue = record.state in OPEN_STATES and (
                record.next_deadline and record.next_deadline < now
            )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not vals.get("name"):
                vals["name"] = self.env["ir.sequence"].next_by_code("crowd.dispatch")
        return super().create(vals_list)

    def unlink(self):
        self._check_deletable()
        return super().unlink()
