from odoo import fields, models
from odoo.exceptions import UserError

from .. import race
from ..workflow import ladder
from .crowd_dispatch import HELD_STATES
from .crowd_dispatch_step import SET_ASIDE


class CrowdDispatch(models.Model):
    """A dispatch climbs the ladder of its policy, one round after the other."""

    _inherit = "crowd.dispatch"

    policy_id = fields.Many2one(
        "crowd.policy", readonly=True, index=True, ondelete="restrict"
    )
    policy_why = fields.Char(
        string="Why this policy", readonly=True, help="As it was when a round began."
    )
    round_at = fields.Datetime(
        string="Round began", readonly=True, help="From here the ladder counts."
    )
    step_ids = fields.One2many(
        "crowd.dispatch.step",
        "dispatch_id",
        string="Ladder",
        readonly=True,
        groups="crowd_service.group_crowd_agent",
    )
    point_of_no_return = fields.Datetime(
        related="ticket_id.crowd_point_of_no_return", store=True, index=True
    )

    # ------------------------------------------------------------------
    # plan
    # ------------------------------------------------------------------

    def _choose_policy(self):
        """Look for the policy of the next round; return it."""
        policy, why = self.env["crowd.policy"]._choose(self.ticket_id)
        self.write({"policy_id": policy.id, "policy_why": why})
        return policy

    def _may_begin_round(self):
        """Tell whether nobody was asked yet, or nobody will be without a new round."""
        if self.state == "searching":
            return not self._waiting_steps()
        return self.state in ("draft", "escalated")

    def _stop(self):
        """All offers of the company are stopped: people inside go on."""
        self._end_steps("stopped", kind="offer")
        self._escalate("stopped", note=self.company_id.crowd_stop_reason or "")

    def _begin_ladder(self):
        """Begin a new round of the policy, from now on; do what is due at once."""
        self.round += 1
        self._plan_ladder()
        if self.state != "offered":
            self._close_escalations("closed")
            if self.state != "searching":
                self._move("searching")
        self._climb_ladder()
        self._set_deadline()

    def _plan_ladder(self):
        """Store when which step of the policy is due in this round."""
        steps = self.env["crowd.dispatch.step"]
        self._end_steps("new_round")
        self.round_at = self._now()
        policy_steps = self.policy_id.sudo().step_ids.sorted()
        rungs = self._rungs(policy_steps)
        return steps.create(
            [
                steps._prepare(self, policy_step, rung)
                for policy_step, rung in zip(policy_steps, rungs)
            ]
        )

    def _rungs(self, steps):
        """Return the ``ladder.Rung`` of each of ``steps`` in this round."""
        return ladder.plan(
            steps._to_ladder(),
            self.round_at,
            self.point_of_no_return or None,
            self.team_id._crowd_desk_time,
        )

    def _job_replan(self):
        """The deadline was moved: squeeze or stretch what is still to come."""
        race.lock(self)
        if self.state in ("searching", "offered") and self._waiting_steps():
            self._replan()

    def _replan(self):
        steps = self.step_ids.filtered(lambda s: s.round == self.round).sorted()
        for step, rung in zip(steps, self._rungs(steps)):
            step._move_to(rung, self._now())
        ends = self._ends_of_offers()
        for offer in self._open_offers():
            offer.expires_at = min([offer.expires_at, *ends])
        self._set_deadline()

    def _plan_by_hand(self, until):
        """The desk chose whom to ask: of a ladder only its escalations are left.

        :param until: before then nobody is escalated to (naive UTC)
        """
        if not self._choose_policy():
            return
        planned = self._plan_ladder()
        planned.filtered(lambda s: s.kind == "offer")._skip("desk")
        self._postpone(until)

    def _postpone(self, until):
        """Let escalations that wait not come before ``until`` (naive UTC)."""
        early = self._waiting_steps("escalate").filtered(lambda s: s.due_at < until)
        early.write({"due_at": until})

    def _waiting_steps(self, kind=None):
        """Return the steps of this round that are still to come, in order."""
        return self.step_ids.filtered(
            lambda s: (
                s.round == self.round
                and s.state == "waiting"
                and kind in (None, s.kind)
            )
        ).sorted()

    def _running_step(self):
        """Return the offer step that has more people to ask, if any."""
        return self.step_ids.filtered(lambda s: s.state == "running" and s.next_wave_at)

    def _end_steps(self, why, kind=None):
        """Nothing more is done of the ladder; ``kind``: of such steps only."""
        for dispatch in self:
            dispatch.step_ids.filtered(
                lambda s: s.state in ("waiting", "running") and kind in (None, s.kind)
            )._skip(why)

    # ------------------------------------------------------------------
    # climb
    # ------------------------------------------------------------------

    def _climb_ladder(self):
        """Do what is due; tell whether anything was."""
        step = self._due_step()
        if step:
            self._take_step(step)
        return bool(step)

    def _due_step(self):
        """Return the step that is due, or that has more people to ask by now.

        Of several steps that are due only the last is taken: after an outage there
        is one escalation, and no storm.
        """
        if not self.step_ids:
            return self.step_ids
        now = self._now()
        due = self._waiting_steps().filtered(lambda s: s.due_at <= now)
        if due:
            due[:-1]._skip("overslept")
            return due[-1]
        return self._running_step().filtered(lambda s: s.next_wave_at <= now)

    def _take_step(self, step):
        if step.kind == "escalate":
            self._escalate_by(step, self._ladder_reason())
            return
        if step.state == "waiting":
            self._running_step()._skip("overslept")
            step._begin()
        self._ask_wave(step)

    def _ask_wave(self, step):
        """Ask the next people of an offer step."""
        ends = self._ends_of_offers()
        if any(end - self._now() < ladder.LEAST_STAND for end in ends):
            asked = 0
            state = "done" if step.asked else "skipped"
            step.write({"state": state, "why": "too_late", "next_wave_at": False})
        else:
            wanted = step._next_size()
            asked = self._offer_step(step, wanted, ends)
            step._note_wave(wanted, asked, ends)
        if not asked:
            self._after_empty_wave(step)

    def _after_empty_wave(self, step):
        if not step.asked and step.state == "done":
            step.why = "nobody_fits"
        if not self._open_offers() and self._pull_next("nobody_left"):
            self._climb_ladder()

    def _ends_of_offers(self):
        """Return the instants at which offers end, whatever their step says."""
        first = self._waiting_steps("escalate")[:1]
        ends = [] if first.keep_offers else [first.due_at]
        return [end for end in ends + [self.point_of_no_return] if end]

    def _offer_step(self, step, wanted, ends):
        """Find ``wanted`` people for a step and ask them; return how many."""
        narrow = step._narrow(self.ticket_id)
        if narrow is None or not self._is_matchable():
            return 0
        is_first = not self._asked_workers()
        result = self.env["crowd.matcher"]._match(
            self.ticket_id,
            dispatch=self,
            limit=max(50, wanted) if is_first else wanted,
            near_misses=is_first,
            narrow=narrow,
        )
        best = result.ranked[:wanted]
        if is_first:
            self.env["crowd.candidate"]._store(self, result)
        else:
            self.env["crowd.candidate"]._store_more(self, best)
        return self._offer_to(best, step=step, ends=ends) if best else 0

    def _is_matchable(self):
        """Tell whether people can be looked for; the history says why not."""
        try:
            self.env["crowd.matcher"]._check_matchable(self.ticket_id)
            self._check_settings()
        except UserError as error:
            self._record("note", note=error.args[0])
            return False
        return True

    def _pull_next(self, why):
        """Bring the next people or step forward to now; tell whether there is one.

        A step by the desk's clock waits for the desk.
        """
        running = self._running_step()
        if running:
            running.next_wave_at = self._now()
            return True
        step = self._waiting_steps()[:1]
        if not step:
            return False
        at = self._in_desk_minutes(0) if step.clock == "desk" else self._now()
        if at < step.due_at:
            step.write({"due_at": at, "why": why})
        return True

    def _set_deadline(self):
        """Let the clock look again at what comes first: step, wave or last offer."""
        if self.state not in ("searching", "offered"):
            return
        moments = self._waiting_steps().mapped("due_at")
        moments += self._running_step().mapped("next_wave_at")
        offers = self._open_offers()
        if offers:
            moments.append(max(offers.mapped("expires_at")))
        if moments:
            self.next_deadline = min(moments)

    def _ladder_reason(self):
        """Return the code of why the ladder left the crowd."""
        steps = self.step_ids.filtered(lambda s: s.round == self.round)
        if steps.escalation_id:
            return "not_acknowledged"
        if self.offer_ids.filtered(lambda o: o.round == self.round):
            return self._silence_reason()
        if "nobody_fits" in steps.mapped("why"):
            return "no_candidate"
        return "deadline" if "too_late" in steps.mapped("why") else "policy"

    # ------------------------------------------------------------------
    # escalations of the ladder
    # ------------------------------------------------------------------

    def _next_escalation(self):
        """Return the next person to hand over to by the ladder: a step, or nothing.

        What was set aside because somebody had the job is wanted again.
        """
        if self.state in HELD_STATES + ("paused", "searching"):
            aside = self.step_ids.filtered(
                lambda s: (
                    s.round == self.round
                    and s.kind == "escalate"
                    and s.state == "skipped"
                    and s.why in SET_ASIDE
                )
            )
            aside.write({"state": "waiting", "why": False, "due_at": self._now()})
        return self._waiting_steps("escalate")[:1]

    def _space_out(self, escalation):
        """Whoever comes next is not asked before this person had time to answer."""
        if self._waiting_steps("escalate").filtered(lambda s: s.due_at <= self._now()):
            self._postpone(escalation.deadline)
        moments = self._waiting_steps("escalate").mapped("due_at")
        offers = self._open_offers()
        moments += [max(offers.mapped("expires_at"))] if offers else []
        self.next_deadline = min(moments + [escalation.deadline])
