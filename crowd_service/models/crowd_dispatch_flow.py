from datetime import timedelta

from odoo import _, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from .crowd_dispatch import HELD_STATES, OPEN_STATES


class CrowdDispatch(models.Model):
    """The moves of a dispatch."""

    _inherit = "crowd.dispatch"

    def _after_move(self, source, target):
        res = super()._after_move(source, target)
        if source not in ("draft", "searching"):  # nobody was reminded of these
            self.activity_unlink(["crowd_service.mail_activity_follow_up"])
        self._record("state", from_state=source, to_state=target)
        if target in self._transitions.final:
            self.write({"closed_at": self._now(), "next_deadline": False})
            self._end_steps("over")
        for dispatch in self:
            dispatch._sync_order(source, target)
            dispatch._sync_ticket(target)
        return res

    def _record(self, kind, **values):
        """Add a line to the history of each dispatch."""
        self.env["crowd.event"].create(self._prepare_events(kind, **values))

    def _prepare_events(self, kind, **values):
        """Return the values of a line for the history of each dispatch."""
        user, now = self._acting_user(), self._now()
        return [
            dict(
                values,
                dispatch_id=dispatch.id,
                ticket_id=dispatch.ticket_id.id,
                company_id=dispatch.company_id.id,
                at=now,
                kind=kind,
                user_id=user.id,
            )
            for dispatch in self
        ]

    def _now(self):
        return self.env["crowd.clock"].now()

    def _in_minutes(self, minutes):
        """Return the instant ``minutes`` from now (naive UTC)."""
        return self._now() + timedelta(minutes=minutes)

    def _in_desk_minutes(self, minutes):
        """Return the instant ``minutes`` of the team's desk hours from now."""
        return self.team_id._crowd_desk_time(self._now(), minutes)

    def _in_desk_language(self):
        """Return ``self`` for texts that the desk reads, whoever is acting."""
        return self.with_context(lang=self.responsible_id.lang)

    def _assign(self, offer):
        """``offer`` has won: the others are told, the order exists at once."""
        self.ensure_one()
        if self.state == "draft":
            self._move("searching")
        rivals = self.offer_ids.filtered(lambda o: o.state == "sent")
        rivals._move("lost", answered_at=self._now())
        self._end_steps("assigned")
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
        deliveries._close_messages(offer)
        deliveries._close_todos(rivals | offer)
        deliveries._queue("won", offers=offer)
        if rivals:  # they are many, and the others are waiting for this lock
            self._by_clock(_("Tell the others: %s") % self.name)._job_tell_taken(
                rivals.ids
            )

    def _job_tell_taken(self, offer_ids):
        """Tell the workers of these offers that somebody else has the job."""
        offers = self.env["crowd.offer"].browse(offer_ids).exists()
        deliveries = self.env["crowd.delivery"]
        deliveries._close_activities(offers)
        deliveries._queue("taken", offers=offers)

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
            self.order_id.resolution = plaintext2html(note)

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
        self._ask_again()

    def _ask_again(self):
        """Begin a new round; when nobody can be asked the desk takes over."""
        dispatch = self._in_desk_language()
        if self.company_id.crowd_stopped:
            dispatch._stop()
            return
        if dispatch._choose_policy():
            dispatch._begin_ladder()
            return
        try:
            asked = dispatch._offer_best()
        except UserError as error:
            dispatch._escalate("no_candidate", note=error.args[0])
        else:
            if not asked:
                dispatch._escalate("no_candidate")

    def _withdraw_offers(self, offers=None):
        """Take back offers that nobody answered yet; the desk decides what is next."""
        offers = self.offer_ids if offers is None else offers
        self._take_back(offers.filtered(lambda o: o.state in ("draft", "sent")))
        self._after_no("not_asked")

    def _take_back(self, offers):
        """Withdraw ``offers``, the accepted one included, and tell the people."""
        if not offers:
            return
        holder = offers.filtered(lambda o: o.state == "accepted")
        offers._move("withdrawn")
        offers._record("withdrawn")
        deliveries = self.env["crowd.delivery"]
        deliveries._close_activities(offers)
        deliveries._queue("withdrawn", offers=offers - holder)
        deliveries._queue("job_cancelled", offers=holder)

    def _after_no(self, reason=""):
        """Nobody is left to answer: do not wait for the deadline."""
        if not self._is_silent():
            return
        if not reason and self._pull_next("nobody_left"):
            self._set_deadline()
        else:
            self._escalate(reason or self._silence_reason())

    def _is_silent(self):
        """Tell whether people were asked and none of them can still answer."""
        return self.state == "offered" and not self._open_offers()

    def _open_offers(self):
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
            dispatch._take_back(
                dispatch.offer_ids.filtered(
                    lambda o: o.state in ("draft", "sent", "accepted")
                )
            )
            dispatch._close_escalations("closed")
            dispatch._move("cancelled", close_reason=reason)

    def _pause(self, until, note):
        """Wait for customer or parts until ``until`` (naive UTC)."""
        self._take_back(self._open_offers())
        self._end_steps("paused")
        self._move("paused", paused_from=self.state, next_deadline=until)
        self._record("note", note=note)

    def _resume(self):
        """Go on where the pause began; a search begins again."""
        if self.paused_from in HELD_STATES and self.worker_id:
            self._move(
                self.paused_from,
                next_deadline=self._in_minutes(self.company_id.crowd_follow_up_minutes),
            )
        elif self.paused_from == "escalated":
            self._ensure_responsible()
            self._escalate("manual", user=self.responsible_id)
        else:
            self._move(
                "searching",
                next_deadline=self._in_minutes(
                    self.company_id.crowd_acknowledge_minutes
                ),
            )
            self._ask_again()
