from odoo import api, fields, models

from ..workflow import ladder

SNAPSHOT = (
    "sequence",
    "kind",
    "after_minutes",
    "clock",
    "audience",
    "radius_km",
    "quantity",
    "per_wave",
    "pause_minutes",
    "bonus",
    "offer_minutes",
    "target",
    "acknowledge_minutes",
    "keep_offers",
)
#: Skipped for these reasons, an escalation is wanted again when the job comes back.
SET_ASIDE = ("assigned", "paused")


class CrowdDispatchStep(models.Model):
    """A step of the ladder that a dispatch climbs in one round.

    It says what the policy said when the round began, and what became of it.
    """

    _name = "crowd.dispatch.step"
    _description = "Step of a dispatch"
    _inherit = ["crowd.step.mixin", "crowd.bulk.mixin"]
    _order = "dispatch_id desc, round desc, sequence, id"

    dispatch_id = fields.Many2one(
        "crowd.dispatch", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(
        related="dispatch_id.company_id", store=True, index=True
    )
    policy_step_id = fields.Many2one(
        "crowd.policy.step", readonly=True, ondelete="set null"
    )
    round = fields.Integer(required=True, readonly=True)
    planned_at = fields.Datetime(
        string="Planned",
        required=True,
        readonly=True,
        help="By the step's own minutes.",
    )
    due_at = fields.Datetime(string="Due", required=True, readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("running", "Running"),
            ("done", "Done"),
            ("skipped", "Skipped"),
        ],
        required=True,
        default="waiting",
        readonly=True,
    )
    why = fields.Selection(
        [
            ("too_late", "Skipped: the point of no return would be over."),
            ("pulled", "Brought forward because of the point of no return."),
            ("nobody_left", "Brought forward: nobody was left to answer."),
            ("not_acknowledged", "Brought forward: nobody acknowledged in time."),
            ("nobody_fits", "Nobody was found to ask."),
            ("nobody_there", "Nobody was there to escalate to."),
            ("overslept", "Skipped: it was overdue, and a later step was due as well."),
            ("assigned", "Not needed: somebody took the job."),
            ("acknowledged", "Not needed: somebody took responsibility."),
            ("escalated", "Not needed: people inside were asked first."),
            ("desk", "Not needed: the desk chose whom to ask."),
            ("paused", "The dispatch was paused."),
            ("new_round", "A new round began."),
            ("stopped", "All offers were stopped."),
            ("failed", "The clock failed several times."),
            ("over", "The dispatch was over."),
        ],
        readonly=True,
        help="Why the step is not where the policy put it, or was not taken.",
    )
    started_at = fields.Datetime(string="Began", readonly=True)
    asked = fields.Integer(readonly=True, help="How many people were asked.")
    next_wave_at = fields.Datetime(string="Next people at", readonly=True)
    escalation_id = fields.Many2one("crowd.escalation", readonly=True)

    def init(self):
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS crowd_dispatch_step_round"
            " ON crowd_dispatch_step (dispatch_id, round, sequence)"
        )

    @api.model
    def _prepare(self, dispatch, policy_step, rung):
        """Return the values of a step planned for the present round."""
        values = {name: policy_step[name] for name in SNAPSHOT}
        return dict(
            values,
            dispatch_id=dispatch.id,
            policy_step_id=policy_step.id,
            round=dispatch.round,
            community_ids=[(6, 0, policy_step.community_ids.ids)],
            gateway_ids=[(6, 0, policy_step.gateway_ids.ids)],
            user_id=policy_step.user_id.id,
            rota_id=policy_step.rota_id.id,
            planned_at=rung.planned_at,
            due_at=rung.due_at,
            state="skipped" if rung.is_skipped else "waiting",
            why=rung.why or False,
        )

    def _skip(self, why):
        """These steps are not taken any more; a running one has been."""
        running = self.filtered(lambda step: step.state == "running")
        running.write({"state": "done", "next_wave_at": False})
        (self - running).write({"state": "skipped", "why": why})

    def _move_to(self, rung, now):
        """The plan changed: bring a step that was not taken to where it belongs now.

        A step that was brought forward or put off by hand only comes earlier.
        """
        if rung.is_skipped and self.state == "waiting":
            self.write({"state": "skipped", "why": rung.why})
        elif self.why == "too_late" and not rung.is_skipped and rung.due_at > now:
            self.write({"state": "waiting", "why": False, "due_at": rung.due_at})
        elif self.state == "waiting":
            is_planned = self.due_at == self.planned_at or self.why == ladder.PULLED
            due_at = rung.due_at if is_planned else min(self.due_at, rung.due_at)
            why = rung.why or (False if is_planned else self.why)
            self.write({"due_at": due_at, "why": why})

    def _begin(self):
        self.write({"state": "running", "started_at": self.env["crowd.clock"].now()})

    # ------------------------------------------------------------------
    # offers
    # ------------------------------------------------------------------

    def _next_size(self):
        """Return how many people are asked next."""
        return min(self.per_wave or self.quantity, self.quantity - self.asked)

    def _note_wave(self, wanted, found, ends):
        """Remember that ``found`` of ``wanted`` people were asked just now."""
        now = self.env["crowd.clock"].now()
        values = {"asked": self.asked + found, "next_wave_at": False}
        again = ladder.waves(self._to_ladder()[0], now, ends)[1:2]
        if found == wanted and values["asked"] < self.quantity and again:
            self.write(dict(values, next_wave_at=again[0].at))
        else:
            self.write(dict(values, state="done"))

    # ------------------------------------------------------------------
    # escalations
    # ------------------------------------------------------------------

    def _find_user(self):
        """Return the person to escalate to, who was not asked in vain already."""
        dispatch = self.dispatch_id
        mates = dispatch.step_ids.filtered(lambda step: step.round == self.round)
        asked = mates.escalation_id.user_id
        people = self._find_people(dispatch.ticket_id, dispatch._now(), dispatch)
        return (people - asked)[:1]

    def _acknowledge_until(self):
        """Return when the person who is asked must have answered."""
        dispatch = self.dispatch_id
        minutes = self.acknowledge_minutes or (
            dispatch.company_id.crowd_acknowledge_minutes
        )
        if self.clock == "desk":
            return dispatch._in_desk_minutes(minutes)
        return dispatch._in_minutes(minutes)
