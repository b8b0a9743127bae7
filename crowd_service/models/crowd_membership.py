from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..workflow import MEMBERSHIP
from .crowd_transition_mixin import state_selection


class CrowdMembership(models.Model):
    """One worker in one community: what he may do there, and how much."""

    _name = "crowd.membership"
    _description = "Crowd Membership"
    _inherit = ["mail.thread", "crowd.transition.mixin"]
    _order = "community_id, worker_id, id"
    _transitions = MEMBERSHIP
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    worker_id = fields.Many2one(
        "fsm.person", required=True, index=True, ondelete="restrict", tracking=True
    )
    community_id = fields.Many2one(
        "crowd.community",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    company_id = fields.Many2one(
        related="community_id.company_id", store=True, index=True
    )
    worker_type = fields.Selection(related="worker_id.worker_type", store=True)
    state = fields.Selection(
        state_selection(
            MEMBERSHIP,
            applied="Applied",
            verified="Verified",
            active="Active",
            paused="Paused",
            suspended="Suspended",
            left="Left",
        ),
        required=True,
        default="applied",
        index=True,
        tracking=True,
        copy=False,
        group_expand="_expand_states",
        help="Only active members are asked.",
    )
    capacity = fields.Integer(
        default=1,
        required=True,
        tracking=True,
        help="How many jobs this member may have open at the same time.",
    )
    daily_cap = fields.Integer(
        tracking=True,
        help="How many jobs this member may take in one day. 0: no limit.",
    )
    quality = fields.Float(
        digits=(3, 2),
        readonly=True,
        copy=False,
        group_operator="avg",
        help="Mean of the stars (1 to 5) that customers gave for his jobs here.",
    )
    quality_count = fields.Integer(
        string="Ratings",
        readonly=True,
        copy=False,
        help="How many ratings the quality is made of.",
    )
    job_count = fields.Integer(
        string="Jobs ended",
        readonly=True,
        copy=False,
        help="Jobs that were completed, given back or missed.",
    )
    solved_count = fields.Integer(
        string="Jobs solved",
        readonly=True,
        copy=False,
        help="How many of the ended jobs were solved.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    terms_accepted_at = fields.Datetime(copy=False, tracking=True)
    joined_at = fields.Datetime(
        default=lambda self: self.env["crowd.clock"].now(), copy=False
    )
    accept_count = fields.Integer(
        readonly=True,
        copy=False,
        help="Moves with every accept, so that two at once cannot both count the same "
        "open jobs.",
    )
    open_job_count = fields.Integer(compute="_compute_open_job_count")

    _sql_constraints = [
        (
            "worker_community_uniq",
            "unique(worker_id, community_id)",
            "This worker already is a member of that community.",
        ),
        ("capacity_check", "CHECK (capacity >= 0)", "Capacity cannot be negative."),
        ("daily_cap_check", "CHECK (daily_cap >= 0)", "The cap cannot be negative."),
        (
            "quality_check",
            "CHECK (quality >= 0 AND quality <= 5 AND quality_count >= 0)",
            "Quality lies between 0 and 5 stars.",
        ),
        (
            "jobs_check",
            "CHECK (solved_count >= 0 AND solved_count <= job_count)",
            "No more jobs can be solved than ended.",
        ),
    ]

    def _compute_open_job_count(self):
        groups = self.env["crowd.offer"].read_group(
            [("membership_id", "in", self.ids), ("state", "=", "accepted")],
            ["membership_id"],
            ["membership_id"],
            lazy=False,
        )
        counts = {group["membership_id"][0]: group["__count"] for group in groups}
        for membership in self:
            membership.open_job_count = counts.get(membership.id, 0)

    @api.depends("worker_id.name", "community_id.name")
    def _compute_name(self):
        for membership in self:
            membership.name = "%s (%s)" % (
                membership.worker_id.name or "",
                membership.community_id.name or "",
            )

    @api.constrains("worker_id", "community_id")
    def _check_worker_type(self):
        for membership in self:
            is_technician = membership.worker_id.worker_type == "technician"
            if is_technician != membership.community_id.is_internal:
                raise ValidationError(
                    _(
                        "%(worker)s cannot join %(community)s: technicians join "
                        "communities of own technicians, all others join the others."
                    )
                    % {
                        "worker": membership.worker_id.name,
                        "community": membership.community_id.name,
                    }
                )

    def action_verify(self):
        """Identity and qualification were checked."""
        return self._move_as_user("verified")

    def action_activate(self):
        """The member is asked from now on."""
        return self._move_as_user("active")

    def action_pause(self):
        """The member is not asked for a while."""
        return self._move_as_user("paused")

    def action_suspend(self):
        """The desk stops asking this member."""
        return self._move_as_user("suspended")

    def action_leave(self):
        """The member leaves; open offers are withdrawn."""
        return self._move_as_user("left")

    def action_reapply(self):
        """A former member comes back."""
        return self._move_as_user("applied")

    def _after_move(self, source, target):
        if target in ("suspended", "left", "paused"):
            self.env["crowd.offer"].search(
                [("membership_id", "in", self.ids), ("state", "=", "sent")]
            )._withdraw()
