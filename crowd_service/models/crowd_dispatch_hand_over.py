from dataclasses import dataclass
from datetime import datetime

from odoo import api, models

from .crowd_dispatch import HELD_STATES


@dataclass
class HandOver:
    """A dispatch that goes to somebody inside: to whom, and why."""

    dispatch: models.Model
    reason: str
    user: models.Model
    note: str = ""
    team: models.Model = None
    level: int = 1
    step: models.Model = None  # of the ladder that asks him
    packet: str = ""
    source: str = ""  # state before
    deadline: datetime = None  # for the answer, naive UTC

    def prepare(self, **values):
        """Return the values of its ``crowd.escalation``."""
        dispatch = self.dispatch
        return dict(
            values,
            dispatch_id=dispatch.id,
            ticket_id=dispatch.ticket_id.id,
            company_id=dispatch.company_id.id,
            reason=self.reason,
            note=self.note,
            user_id=self.user.id,
            team_id=(self.team or dispatch.team_id).id,
            level=self.level,
            packet=self.packet,
            deadline=self.deadline,
        )


class CrowdDispatch(models.Model):
    """Many dispatches at once go to people inside."""

    _inherit = "crowd.dispatch"

    # ------------------------------------------------------------------
    # to whom
    # ------------------------------------------------------------------

    def _plan_escalation(self, reason, note=""):
        """Return the :class:`HandOver` to whoever is next.

        That is the next one of the ladder, else the ticket's responsible person.
        """
        step = self._next_escalation()
        if step:
            return self._plan_step(step, reason, note)
        user = self.ticket_id._crowd_find_responsible()
        return HandOver(self, reason, user, note)

    def _plan_step(self, step, reason, note=""):
        """Return the :class:`HandOver` to whom ``step`` names; nobody there: the next."""
        self._waiting_steps("offer")._skip("escalated")
        done = self.step_ids.filtered(
            lambda s: s.round == self.round and s.escalation_id
        )
        while step:
            step._begin()
            user = step._find_user()
            if user:
                level = len(done) + 1
                return HandOver(self, reason, user, note, level=level, step=step)
            step.write({"state": "done", "why": "nobody_there"})
            step = self._waiting_steps("escalate")[:1]
        return HandOver(self, reason, self.ticket_id._crowd_find_responsible(), note)

    # ------------------------------------------------------------------
    # hand over
    # ------------------------------------------------------------------

    @api.model
    def _hand_over_all(self, hand_overs):
        """Make people answer for dispatches; return their escalations, in order.

        Open offers are withdrawn, unless the step of the ladder keeps them.
        """
        if not hand_overs:
            return self.env["crowd.escalation"]
        for hand_over in hand_overs:
            hand_over.source = hand_over.dispatch.state
            hand_over.packet = hand_over.dispatch.with_context(
                lang=hand_over.user.lang
            )._render_packet(hand_over.reason, hand_over.note)
        self._leave_crowd(hand_overs)
        self._become_escalated(hand_overs)
        escalations = self._create_escalations(hand_overs)
        for hand_over, escalation in zip(hand_overs, escalations):
            hand_over.dispatch._after_escalation(hand_over.step, escalation)
        self._after_hand_over(hand_overs)
        return escalations

    @api.model
    def _leave_crowd(self, hand_overs):
        """Nobody outside is asked any more, or has the job."""
        alone = [h.dispatch for h in hand_overs if not (h.step and h.step.keep_offers)]
        self._take_back(self.browse().concat(*alone)._open_offers())
        dispatches = self.browse().concat(*(h.dispatch for h in hand_overs))
        dispatches._withdraw_job()
        dispatches._end_steps("escalated", kind="offer")
        dispatches._close_escalations("closed")

    def _withdraw_job(self):
        """Take the jobs from whoever holds them."""
        held = self.filtered(
            lambda d: d.state in HELD_STATES and d.accepted_offer_id.state == "accepted"
        )
        if held:
            held._take_back(held.accepted_offer_id)
            held.write(
                {"accepted_offer_id": False, "worker_id": False, "assigned_at": False}
            )

    @api.model
    def _become_escalated(self, hand_overs):
        """Name the responsible people and until when they have to answer."""
        now = self._now()
        alike = {}
        for hand_over in hand_overs:
            dispatch, step = hand_over.dispatch, hand_over.step
            hand_over.deadline = (
                step._acknowledge_until()
                if step
                else dispatch.team_id._crowd_desk_time(
                    now, dispatch.company_id.crowd_acknowledge_minutes
                )
            )
            key = (hand_over.user, hand_over.deadline, dispatch.state == "escalated")
            alike[key] = alike.get(key, self.browse()) | dispatch
        for (user, deadline, is_escalated), dispatches in alike.items():
            values = {"responsible_id": user.id, "next_deadline": deadline}
            if is_escalated:
                dispatches.write(values)
            else:
                dispatches._move("escalated", **values)

    @api.model
    def _create_escalations(self, hand_overs):
        """Create the escalations and tell the people; return them."""
        user, model = self._acting_user(), self.env["crowd.escalation"]
        common = {"from_user_id": user.id, "opened_at": self._now()}
        created = model.with_context(mail_create_nosubscribe=not user)
        names = model._next_names(len(hand_overs))
        escalations = created.create(
            [
                hand_over.prepare(name=name, **common)
                for hand_over, name in zip(hand_overs, names)
            ]
        ).with_env(self.env)
        escalations._record("open")
        alike = {}
        for hand_over, escalation in zip(hand_overs, escalations):
            gateways = hand_over.step and hand_over.step.gateway_ids or None
            alike[gateways] = alike.get(gateways, escalation) | escalation
        for gateways, told in alike.items():
            self.env["crowd.delivery"]._queue(
                "escalation", escalation=told, gateways=gateways
            )
        return escalations

    def _after_escalation(self, step, escalation):
        """What is left of the ladder waits for the answer to ``escalation``."""
        if step:
            step.write({"state": "done", "escalation_id": escalation.id})
            self._space_out(escalation)
        else:
            self._postpone(escalation.deadline)

    @api.model
    def _after_hand_over(self, hand_overs):
        """Hook: dispatches were handed over, as these :class:`HandOver` s say."""
