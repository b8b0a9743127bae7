from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .. import matching
from ..workflow import ladder

#: Kinds of workers that an audience means; nothing: everybody.
AUDIENCES = {
    "friends": ("friend",),
    "professionals": ("professional",),
    "partner_staff": ("partner_staff",),
    "technicians": ("technician",),
    "crowd": matching.EXTERNALS,
    "all": (),
}


class CrowdStepMixin(models.AbstractModel):
    """What a step says: of a policy, and as it was when a dispatch began to climb."""

    _name = "crowd.step.mixin"
    _description = "What a step of a ladder says"

    name = fields.Char(string="Step", compute="_compute_name")
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [("offer", "Offer"), ("escalate", "Escalate")],
        string="What",
        required=True,
        default="offer",
        help="Offer: people are asked whether they take the job. Escalate: somebody "
        "inside the company becomes responsible and has to say so.",
    )
    after_minutes = fields.Integer(
        string="After (minutes)",
        default=0,
        help="Since the ladder began, by the clock beside.",
    )
    clock = fields.Selection(
        [("crowd", "Always running"), ("desk", "Desk hours")],
        required=True,
        default="crowd",
        help="Always running: night and day. Desk hours: only the working hours of "
        "the ticket's team count.",
    )
    audience = fields.Selection(
        [
            ("friends", "Friends"),
            ("professionals", "Professionals"),
            ("partner_staff", "Partner staff"),
            ("crowd", "The crowd"),
            ("technicians", "Own technicians"),
            ("all", "Crowd and technicians"),
        ],
        string="Who",
        default="crowd",
        help="The service's own limits hold as well.",
    )
    community_ids = fields.Many2many(
        "crowd.community", string="Communities", help="Empty: all."
    )
    radius_km = fields.Integer(
        string="Radius (km)", default=0, help="0: the service's."
    )
    quantity = fields.Integer(
        string="People", default=8, help="How many of the best are asked in all."
    )
    per_wave = fields.Integer(
        string="At a time",
        default=0,
        help="0: all at once. Else so many, then a pause.",
    )
    pause_minutes = fields.Integer(
        string="Pause (minutes)",
        default=0,
        help="Between those who are asked one after another.",
    )
    bonus = fields.Float(
        default=0.0,
        digits="Product Price",
        help="Paid on top of the price, in the company's currency; the offer says so.",
    )
    offer_minutes = fields.Integer(
        string="Offers stand for (minutes)",
        default=30,
        help="They end earlier when the ladder leaves the crowd.",
    )
    gateway_ids = fields.Many2many(
        "crowd.gateway",
        string="Over",
        help="In the order of the gateways. Empty: each person's own order.",
    )
    target = fields.Selection(
        [
            ("technician_on_duty", "The best technician on duty"),
            ("user", "One person"),
            ("rota", "Whoever is on call"),
            ("leader", "The team's leader"),
            ("fallback", "The company's fallback"),
        ],
        string="To whom",
        default="leader",
    )
    user_id = fields.Many2one(
        "res.users", string="Person", domain="[('share', '=', False)]"
    )
    rota_id = fields.Many2one("crowd.rota", string="Rota")
    acknowledge_minutes = fields.Integer(
        string="Acknowledge within (minutes)",
        default=0,
        help="By the clock of the step; then the next step comes. 0: the company's "
        "setting.",
    )
    keep_offers = fields.Boolean(
        string="Leave open offers standing",
        help="Whoever was asked may still take the job while somebody inside is told.",
    )

    @api.depends_context("lang")
    @api.depends(
        "kind", "audience", "quantity", "per_wave", "target", "user_id", "rota_id"
    )
    def _compute_name(self):
        for step in self:
            is_offer = step.kind == "offer"
            step.name = step._word_offer() if is_offer else step._word_escalation()

    def _word_label(self, field):
        """Return the translated label of this step's value of a selection."""
        labels = dict(self._fields[field]._description_selection(self.env))
        return labels.get(self[field], "")

    def _word_offer(self):
        values = {
            "people": self.quantity,
            "audience": self._word_label("audience"),
            "wave": self.per_wave,
        }
        if 0 < self.per_wave < self.quantity:
            return _("Ask %(people)s (%(audience)s), %(wave)s at a time") % values
        return _("Ask %(people)s (%(audience)s)") % values

    def _word_escalation(self):
        # a name is all that is shown of the person or the rota
        named = self.sudo()
        names = {"user": named.user_id.name, "rota": named.rota_id.name}
        return _("Escalate to: %s") % (
            names.get(self.target) or self._word_label("target")
        )

    def _to_ladder(self):
        """Return these steps for the arithmetic of ``workflow.ladder``."""
        return [
            ladder.Step(
                kind=step.kind,
                after_minutes=step.after_minutes,
                clock=step.clock,
                quantity=max(step.quantity, 1),
                per_wave=step.per_wave,
                pause_minutes=step.pause_minutes,
                offer_minutes=step.offer_minutes,
                keeps_offers=step.keep_offers,
                key=step.id,
            )
            for step in self
        ]

    # ------------------------------------------------------------------
    # whom it means
    # ------------------------------------------------------------------

    def _narrow(self, ticket):
        """Return whom an offer asks; None: by the customer's will nobody is left.

        :rtype: :class:`matching.Narrow`
        """
        kinds = AUDIENCES[self.audience]
        if not ticket._crowd_externals_allowed():
            kinds = tuple(set(kinds or ("technician",)) - set(matching.EXTERNALS))
            if not kinds:
                return None
        return matching.Narrow(
            worker_types=kinds,
            community_ids=tuple(self.community_ids.ids),
            radius_km=self.radius_km or None,
        )

    def _find_people(self, ticket, at, dispatch=None):
        """Return the ``res.users`` an escalation means, whoever is first at the front.

        Whoever left, lost the company or is absent is passed over.

        :param at: instant of the escalation (naive UTC)
        """
        found = getattr(self, "_find_target_" + self.target)(ticket, at, dispatch)
        return found.filtered(ticket._crowd_is_fit) - self.env["crowd.duty"]._absent(
            found, at
        )

    def _find_target_user(self, ticket, at, dispatch):
        return self.user_id

    def _find_target_rota(self, ticket, at, dispatch):
        duties = self.env["crowd.duty"]
        return duties._on_duty(ticket.company_id, at=at, rota=self.rota_id)

    def _find_target_leader(self, ticket, at, dispatch):
        return ticket.team_id.user_id

    def _find_target_fallback(self, ticket, at, dispatch):
        return ticket.company_id.crowd_fallback_user_id

    def _find_target_technician_on_duty(self, ticket, at, dispatch):
        """Return technicians with a login, the best match first.

        Those who are on call; where nobody is on call at all, all who are at work.
        """
        on_duty = self.env["crowd.duty"]._on_duty(
            ticket.company_id, team=ticket.team_id, at=at
        )
        fit = self._match_technicians(ticket, dispatch)
        return (fit & on_duty) | on_duty if on_duty else fit

    def _match_technicians(self, ticket, dispatch):
        """Return the logins of the technicians who could do the job, best first."""
        narrow = matching.Narrow(worker_types=("technician",))
        try:
            result = self.env["crowd.matcher"]._match(
                ticket, dispatch=dispatch, near_misses=False, narrow=narrow
            )
        except UserError:  # without service or place nobody is better than another
            return self.env["res.users"]
        workers = self.env["fsm.person"].browse(c.worker_id for c in result.ranked)
        return workers.crowd_user_id
