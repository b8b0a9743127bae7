from datetime import timedelta

from odoo import _, api, models
from odoo.exceptions import AccessError, UserError

from .. import race
from .crowd_dispatch import HELD_STATES, OPEN_STATES


class CrowdDispatch(models.Model):
    """The moves of a dispatch, and the clock that makes sure there is a next one."""

    _inherit = "crowd.dispatch"

    # ------------------------------------------------------------------
    # moves
    # ------------------------------------------------------------------

    def _after_move(self, source, target):
        super()._after_move(source, target)
        self._record("state", from_state=source, to_state=target)
        if target in self._transitions.final:
            self.write({"closed_at": self._now(), "next_deadline": False})
        for dispatch in self:
            dispatch._sync_order(source, target)
            dispatch._sync_ticket(target)

    def _record(self, kind, **values):
        """Add a line to the history of each dispatch."""
        user = self._acting_user()
        self.env["crowd.event"].create(
            [
                dict(
                    values,
                    dispatch_id=dispatch.id,
                    at=self._now(),
                    kind=kind,
                    user_id=user.id,
                )
                for dispatch in self
            ]
        )

    def _now(self):
        return self.env["crowd.clock"].now()

    def _in_minutes(self, minutes):
        """Return the instant ``minutes`` from now (naive UTC)."""
        return self._now() + timedelta(minutes=minutes)

    def _in_desk_minutes(self, minutes):
        """Return the instant ``minutes`` of the team's desk hours from now."""
        return self.team_id._crowd_desk_time(self._now(), minutes)

    def _assign(self, offer):
        """``offer`` has won: the others are told, the order exists at once."""
        self.ensure_one()
        if self.state == "draft":
            self._move("searching")
        rivals = self.offer_ids.filtered(lambda o: o.state == "sent")
        rivals._move("lost", answered_at=self._now())
        self.write({"accepted_offer_id": offer.id, "worker_id": offer.worker_id.id})
        order = self._ensure_order(offer)
        self._move(
            "assigned",
            order_id=order.id,
            assigned_at=self._now(),
            next_deadline=order.scheduled_date_end
            + timedelta(minutes=self.company_id.crowd_follow_up_minutes),
        )
        self._close_escalations("taken", worker_id=offer.worker_id.id)
        deliveries = self.env["crowd.delivery"]
        deliveries._close_activities(rivals | offer)
        deliveries._queue("won", offers=offer)
        deliveries._queue("taken", offers=rivals)

    def _begin(self):
        """The worker is at work."""
        self._move(
            "in_progress",
            arrived_at=self._now(),
            next_deadline=self._in_minutes(
                (self.service_id.crowd_minutes or 60)
                + self.company_id.crowd_follow_up_minutes
            ),
        )

    def _finish(self, solved, note=""):
        """The work is over: order first, then ticket."""
        offer = self.accepted_offer_id
        offer._move("completed")
        offer._record("completed", note=note)
        self._move(
            "done" if solved else "unsolved",
            close_reason="solved" if solved else "unsolved",
        )
        if note:
            self.order_id.resolution = note

    def _release(self):
        """Take the job from its worker: the search begins a new round."""
        if self.state in HELD_STATES:
            self.write({"accepted_offer_id": False, "worker_id": False})
            self._move(
                "searching",
                assigned_at=False,
                arrived_at=False,
                next_deadline=self._in_minutes(
                    self.company_id.crowd_acknowledge_minutes
                ),
            )

    def _find_another(self):
        """The worker gave the job back: ask others, or hand it to the desk."""
        self._release()
        try:
            asked = self._offer_best()
        except UserError as error:
            self._escalate("no_candidate", note=error.args[0])
        else:
            if not asked:
                self._escalate("no_candidate")

    def _withdraw_offers(self, offers=None):
        """Take back offers that nobody answered yet, and tell the people."""
        offers = (self.offer_ids if offers is None else offers).filtered(
            lambda o: o.state in ("draft", "sent")
        )
        if offers:
            offers._move("withdrawn")
            offers._record("withdrawn")
            self.env["crowd.delivery"]._close_activities(offers)
            self.env["crowd.delivery"]._queue("withdrawn", offers=offers)
        self._after_no("not_asked")

    def _after_no(self, reason=""):
        """Nobody is left to answer: do not wait for the deadline."""
        if self.state != "offered" or self.open_offers():
            return
        self._escalate(reason or self._silence_reason())

    def open_offers(self):
        """Return the offers that can still be answered."""
        return self.offer_ids.filtered(lambda o: o.state == "sent")

    def _silence_reason(self):
        """Return the code of why nobody took it in this round."""
        asked = self.offer_ids.filtered(lambda o: o.round == self.round)
        if not asked:
            return "not_asked"
        declined = asked.filtered(lambda o: o.state == "declined")
        return "all_declined" if declined == asked else "all_ignored"

    def _cancel(self, reason):
        """Stop: offers are withdrawn, the worker is told, the order is cancelled."""
        for dispatch in self.filtered(lambda d: d.state in OPEN_STATES):
            offers = dispatch.offer_ids.filtered(
                lambda o: o.state in ("draft", "sent", "accepted")
            )
            holder = offers.filtered(lambda o: o.state == "accepted")
            offers._move("withdrawn")
            offers._record("withdrawn")
            dispatch._close_escalations("closed")
            dispatch._move("cancelled", close_reason=reason)
            deliveries = self.env["crowd.delivery"]
            deliveries._close_activities(offers)
            deliveries._queue("withdrawn", offers=offers - holder)
            deliveries._queue("job_cancelled", offers=holder)

    def _pause(self, until, note):
        """Wait for customer or parts until ``until`` (naive UTC)."""
        offers = self.open_offers()
        offers._move("withdrawn")
        offers._record("withdrawn")
        self.env["crowd.delivery"]._close_activities(offers)
        self.env["crowd.delivery"]._queue("withdrawn", offers=offers)
        self._move("paused", paused_from=self.state, next_deadline=until)
        self._record("note", note=note)

    def _resume(self):
        """Go on where the pause began; a search begins again."""
        if self.paused_from in HELD_STATES and self.worker_id:
            self._move(
                self.paused_from,
                next_deadline=self._in_minutes(
                    self.company_id.crowd_follow_up_minutes
                ),
            )
        elif self.paused_from == "escalated":
            self._escalate("manual")
        else:
            self._move(
                "searching",
                next_deadline=self._in_minutes(
                    self.company_id.crowd_acknowledge_minutes
                ),
            )
            if not self._offer_best():
                self._escalate("no_candidate")

    # ------------------------------------------------------------------
    # the clock
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        dispatches = super().create(vals_list)
        for dispatch in dispatches:
            dispatch._schedule_wake()
        return dispatches

    def write(self, vals):
        res = super().write(vals)
        if vals.get("next_deadline"):
            for dispatch in self:
                dispatch._schedule_wake()
        return res

    def _schedule_wake(self):
        """Let a job look at the dispatch at its deadline, to the second."""
        self.with_delay(
            eta=self.next_deadline, description="Deadline of %s" % self.name
        )._job_wake()

    def _job_wake(self):
        """Do what is due; a job that comes too early or too late does no harm."""
        if self.exists():
            self._handle_due()

    @api.model
    def _cron_sweep(self, limit=500):
        """Do what is due and was not done: the net below the jobs."""
        now = self._now()
        due = self.search(
            [("state", "in", OPEN_STATES), ("next_deadline", "<=", now)],
            limit=limit,
            order="next_deadline, id",
        )
        for dispatch_id in due.ids:
            self._alone(dispatch_id, "_handle_due")
        self.env["helpdesk.ticket"]._crowd_sweep_first_answers(limit)

    @api.model
    def _alone(self, record_id, method, model="crowd.dispatch"):
        """Run one record's ``method`` in its own transaction; log, never stop."""
        try:
            race.decide(
                self.env, lambda env: getattr(env[model].browse(record_id), method)()
            )
        except Exception:  # one bad row must not stop the others
            self.env["crowd.clock"]._log_failure(model, record_id)

    def _handle_due(self):
        """Make the move that the deadline asks for."""
        race.lock(self)
        if self.state in OPEN_STATES and self.next_deadline <= self._now():
            getattr(self, "_due_" + self.state)()

    def _due_draft(self):
        self._escalate("not_asked")

    def _due_searching(self):
        self._escalate("not_asked")

    def _due_offered(self):
        late = self.open_offers().filtered(lambda o: o.expires_at <= self._now())
        late._move("expired")
        late._record("expired")
        self.env["crowd.delivery"]._close_activities(late)
        waiting = self.open_offers()
        if waiting:
            self.next_deadline = max(waiting.mapped("expires_at"))
        else:
            self._escalate(self._silence_reason())

    def _due_assigned(self):
        self._look_again(_("The job should be done by now: is everything all right?"))

    def _due_in_progress(self):
        self._look_again(_("The job takes longer than planned."))

    def _due_escalated(self):
        escalation = self.escalation_ids.filtered(
            lambda e: e.state in ("open", "acknowledged")
        )[:1]
        if escalation.state == "acknowledged":
            self._look_again(_("You said you are responsible: what is next?"))
        else:
            self._climb(escalation)

    def _due_paused(self):
        self._resume()

    def _look_again(self, text):
        """Remind the responsible person, once per follow-up period."""
        self._ensure_responsible()
        kind = "crowd_service.mail_activity_follow_up"
        self.activity_unlink([kind])
        self.activity_schedule(kind, summary=text, user_id=self.responsible_id.id)
        self._record("note", note=text)
        self.next_deadline = self._in_desk_minutes(
            self.company_id.crowd_follow_up_minutes
        )

    def _ensure_responsible(self):
        """Replace a responsible person who has left."""
        for dispatch in self:
            if not dispatch.responsible_id.active:
                dispatch.responsible_id = dispatch.ticket_id._crowd_find_responsible()

    # ------------------------------------------------------------------
    # buttons
    # ------------------------------------------------------------------

    def _as_desk(self):
        """Return ``self`` as superuser, locked, if an agent is acting.

        Agents read dispatches; only the engine changes them.
        """
        if not self.env.user.has_group("crowd_service.group_crowd_agent"):
            raise AccessError(_("Only the desk can do this."))
        self.check_access_rule("read")
        race.lock(self.sudo())
        return self.sudo()

    def action_match(self):
        """Look for (more) people."""
        return self.ticket_id.action_crowd_match()

    def action_escalate(self):
        """Hand over to internal people."""
        return self.ticket_id.action_crowd_escalate()

    def action_withdraw_offers(self):
        """Take all open offers back; the ticket goes to its responsible person."""
        self._as_desk()._withdraw_offers()
        return True

    def action_start(self):
        """Work begins."""
        return self.accepted_offer_id.action_start()

    def action_done(self):
        """The problem is solved."""
        return self.accepted_offer_id.action_done()

    def action_unsolved(self):
        """The work is over and the problem is not solved."""
        return self.accepted_offer_id.action_unsolved()

    def action_back_out(self):
        """The worker gives the job back."""
        return self.accepted_offer_id.action_back_out()

    def action_no_show(self):
        """The worker did not come."""
        return self.accepted_offer_id.action_no_show()

    def action_cancel(self):
        """The desk stops the dispatch."""
        self._as_desk()._cancel("desk")
        return True

    def action_pause(self):
        """Ask until when, then pause."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crowd.pause",
            "view_mode": "form",
            "target": "new",
            "name": _("Pause"),
            "context": {"default_dispatch_id": self.id},
        }

    def _pause_as_user(self, until, note):
        self._as_desk()._pause(until, note)

    def action_resume(self):
        """Go on before the pause ends."""
        dispatch = self._as_desk()
        if dispatch.state != "paused":
            raise UserError(_("%s is not paused.") % dispatch.name)
        dispatch._resume()
        return True

    def action_take_responsibility(self):
        """The user answers for the ticket from now on."""
        dispatch = self._as_desk()
        dispatch.responsible_id = self.env.user
        return True

    def action_view_offers(self):
        """Open the offers of this dispatch."""
        return self._action_related("crowd_service.crowd_offer_action")

    def action_view_escalations(self):
        """Open the escalations of this dispatch."""
        return self._action_related("crowd_service.crowd_escalation_action")

    def _action_related(self, xml_id):
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        action["domain"] = [("dispatch_id", "in", self.ids)]
        action["context"] = {}
        return action

    def action_view_order(self):
        """Open the service order."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "fsm.order",
            "view_mode": "form",
            "res_id": self.order_id.id,
        }

    def _check_deletable(self):
        if self:
            raise UserError(
                _("A dispatch is history and cannot be deleted. Cancel it instead.")
            )
