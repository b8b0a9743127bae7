from odoo import fields, models

from ..workflow import OFFER
from .crowd_transition_mixin import state_selection

CHANNELS = [
    ("portal", "Portal"),
    ("mail", "Link in an e-mail"),
    ("mail_reply", "Reply by e-mail"),
    ("sms", "SMS"),
    ("webhook", "Webhook"),
    ("push", "Push notification"),
    ("backend", "Odoo"),
    ("phone", "Phone, through the desk"),
    ("api", "Interface"),
    ("escalation", "Escalation"),
    ("desk", "The desk"),
]


#: Reasons of each answer, as pages and wizards list them. One field keeps them all.
REASONS = {
    "decline": [
        ("no_time", "No time"),
        ("too_far", "Too far"),
        ("skill", "Not my field"),
        ("price", "Price too low"),
        ("customer", "Not for this customer"),
        ("sick", "Ill"),
        ("other", "Another reason"),
    ],
    "back_out": [
        ("sick", "Ill"),
        ("no_time", "No time"),
        ("transport", "Cannot get there"),
        ("unreachable", "The customer cannot be reached"),
        ("customer", "Not for this customer"),
        ("other", "Another reason"),
    ],
    "scope": [
        ("special", "It takes special knowledge"),
        ("tools", "It takes tools or parts that I do not have"),
        ("rights", "It takes rights in the company's systems"),
        ("bigger", "It is much more than the offer said"),
        ("danger", "It is dangerous"),
        ("other", "Another reason"),
    ],
}
ALL_REASONS = list(
    {code: (code, label) for kind in REASONS.values() for code, label in kind}.values()
)


class CrowdOffer(models.Model):
    """One worker asked once in one round of a dispatch.

    A plain model on purpose: offers are created by the hundred.
    """

    _name = "crowd.offer"
    _description = "Crowd Offer"
    _inherit = ["crowd.transition.mixin", "crowd.bulk.mixin"]
    _order = "id desc"
    _transitions = OFFER

    name = fields.Char(string="Reference", required=True, readonly=True)
    dispatch_id = fields.Many2one(
        "crowd.dispatch", required=True, index=True, ondelete="restrict", readonly=True
    )
    ticket_id = fields.Many2one(
        "helpdesk.ticket", required=True, index=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True
    )
    service_id = fields.Many2one("product.template", readonly=True)
    worker_id = fields.Many2one(
        "fsm.person", required=True, index=True, ondelete="restrict", readonly=True
    )
    worker_type = fields.Selection(
        selection=lambda self: self.env["fsm.person"]._fields["worker_type"].selection,
        readonly=True,
    )
    membership_id = fields.Many2one(
        "crowd.membership",
        required=True,
        ondelete="restrict",
        readonly=True,
    )
    community_id = fields.Many2one("crowd.community", readonly=True, index=True)
    state = fields.Selection(
        state_selection(
            OFFER,
            draft="Draft",
            sent="Sent",
            accepted="Accepted",
            declined="Declined",
            expired="Expired",
            lost="Lost to somebody else",
            withdrawn="Withdrawn",
            backed_out="Backed out",
            no_show="No-show",
            out_of_scope="Beyond scope",
            completed="Completed",
        ),
        required=True,
        default="draft",
        readonly=True,
        index=True,
        group_expand="_expand_states",
    )
    round = fields.Integer(required=True, default=1, readonly=True)
    wave = fields.Integer(required=True, default=1, readonly=True)
    origin = fields.Selection(
        [
            ("match", "Match"),
            ("desk", "The desk"),
            ("escalation", "Escalation"),
        ],
        required=True,
        default="match",
        readonly=True,
    )
    rank = fields.Integer(readonly=True)
    score = fields.Float(digits=(5, 1), readonly=True, group_operator="avg")
    distance_km = fields.Float(digits=(8, 1), readonly=True, group_operator="avg")
    has_distance = fields.Boolean(readonly=True)
    price = fields.Float(
        digits="Product Price", readonly=True, help="Guide price of the service."
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    sent_at = fields.Datetime(readonly=True, index=True)
    expires_at = fields.Datetime(readonly=True)
    answered_at = fields.Datetime(readonly=True)
    minutes_to_answer = fields.Float(
        readonly=True,
        group_operator="avg",
        help="From sending to yes or no. No answer: nothing, so averages are of answers.",
    )
    channel = fields.Selection(CHANNELS, string="Answered by way of", readonly=True)
    answered_by_id = fields.Many2one(
        "res.users", string="On behalf, by", readonly=True, ondelete="restrict"
    )
    decline_reason = fields.Selection(
        ALL_REASONS,
        readonly=True,
        help="Why he said no, gave the job back, or cannot do it.",
    )
    answer_note = fields.Text(string="Remark", readonly=True)

    _sql_constraints = [
        (
            "worker_round_uniq",
            "unique(dispatch_id, worker_id, round)",
            "This worker was already asked in this round.",
        ),
        ("name_uniq", "unique(name)", "Another offer has this reference."),
        (
            "sent_check",
            "CHECK (state = 'draft'"
            " OR (sent_at IS NOT NULL AND expires_at IS NOT NULL))",
            "An offer that was sent has a time and an end.",
        ),
    ]

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS crowd_offer_one_winner"
            " ON crowd_offer (dispatch_id) WHERE state IN ('accepted', 'completed')"
        )
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS crowd_offer_open_job"
            " ON crowd_offer (membership_id) WHERE state = 'accepted'"
        )
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS crowd_offer_worker_job"
            " ON crowd_offer (worker_id, membership_id, dispatch_id)"
            " WHERE state = 'accepted'"
        )
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS crowd_offer_member_sent"
            " ON crowd_offer (membership_id, sent_at)"
        )
