"""One row per dispatch, ticket, offer, escalation, message, answer and cost."""

from types import SimpleNamespace

from .arithmetic import is_job, minutes, share

CLOSED = ("done", "unsolved", "cancelled")


class Facts:
    """Rows of facts: ``None`` is outside of the population. Mixed into ``Books``."""

    def dispatch(self, d):
        yes = self.first(d.id, "answer", "accepted")
        begin = self.first(d.id, "state", "in_progress")
        waited = yes and d.offered_at and max(minutes(d.offered_at, yes.at), 0)
        in_curve = d.offered_at and (yes or d.state != "cancelled")
        offers = self.offers.get(d.id, ())
        kinds = {o.id: o.worker_type for o in offers}
        own = yes and kinds[yes.offer_id] == "technician"
        return SimpleNamespace(
            id=d.id,
            company=d.company_id,
            accepted_by="technician" if own else "crowd" if yes else "nobody",
            in_curve=bool(in_curve),
            offered_at=d.offered_at,
            minutes_to_offer=minutes(d.started_at, d.offered_at),
            minutes_to_accept=waited if yes and d.offered_at else None,
            minutes_to_arrive=minutes(yes and yes.at, begin and begin.at),
            minutes_to_done=minutes(d.started_at, d.closed_at)
            if d.state == "done"
            else None,
            is_accepted=share(yes) if yes or d.state != "cancelled" else None,
            is_escalated=share(d.id in self._escalated),
            is_solved=share(d.state == "done") if d.state in CLOSED else None,
            is_unsolved=share(d.state == "unsolved") if d.state in CLOSED else None,
            is_cancelled=share(d.state == "cancelled") if d.state in CLOSED else None,
            offer_count=sum(o.state != "draft" for o in offers),
            back_out_count=sum(o.state == "backed_out" for o in offers),
            round_count=d.round,
            **{
                "within_%d" % limit: share(yes and waited <= limit)
                if in_curve and (yes or minutes(d.offered_at, self.now) >= limit)
                else None
                for limit in (1, 10, 60, 180)
            },
            **self.of_dispatch(d.id),
            **self.when(d.started_at, d.company_id),
        )

    def outcome(self, t):
        closed = bool(t.crowd_outcome)
        due = t.crowd_first_answer_deadline
        forgotten = (
            not t.user_id
            and t.crowd_outcome_by not in ("agent", "assumed")
            and t.id not in self._answered_tickets
        )
        counts = closed or (due and due < self.now)
        return SimpleNamespace(
            id=t.id,
            company=t.company_id,
            team=t.team_id or None,
            service=t.crowd_service_id or None,
            territory=self.places.get(t.fsm_location_id) or None,
            never_answered=bool(forgotten) if counts else None,
            is_solved=share(t.crowd_outcome == "solved") if closed else None,
            is_not_solved=share(t.crowd_outcome == "not_solved") if closed else None,
            is_abandoned=share(t.crowd_outcome == "abandoned") if closed else None,
            is_reopened=share(t.crowd_reopen_count) if closed else None,
            is_open=share(not closed),
            **self.when(t.crowd_closed_at or t.create_date, t.company_id),
        )

    def offer(self, o):
        closed = o.state != "sent"
        yes = is_job(o)
        answered = o.origin == "match" and (yes or o.state == "declined")
        return SimpleNamespace(
            id=o.id,
            company=o.company_id,
            is_accepted=share(yes) if closed else None,
            is_declined=share(o.state == "declined") if closed else None,
            is_ignored=share(o.state == "expired") if closed else None,
            is_lost=share(o.state == "lost") if closed else None,
            minutes_to_answer=minutes(o.sent_at, o.answered_at) if answered else None,
            distance_km=o.distance_km if o.has_distance else None,
            **self.of_dispatch(o.dispatch_id),
            **self.when(o.sent_at, o.company_id),
        )

    def escalation(self, e):
        moment = e.acknowledged_at or e.taken_at
        waits = e.state == "open" and e.deadline and e.deadline > self.now
        in_time = moment and e.deadline and moment <= e.deadline
        return SimpleNamespace(
            id=e.id,
            company=e.company_id,
            reason=e.reason,
            level=e.level,
            acknowledged_in_time=None if waits and not moment else share(in_time),
            minutes_to_acknowledge=minutes(e.opened_at, e.acknowledged_at),
            is_taken=share(e.state == "taken"),
            **self.of_dispatch(e.dispatch_id),
            **self.when(e.opened_at, e.company_id),
        )

    def delivery(self, m):
        out = m.state in ("sent", "delivered", "read")
        over = out or m.state == "dead"
        return SimpleNamespace(
            id=m.id,
            company=m.company_id,
            kind=m.kind,
            is_reached=share(out) if over else None,
            is_dead=share(not out) if over else None,
            is_receipted=share(m.state != "sent") if out else None,
            minutes_to_send=minutes(m.queued_at, m.sent_at),
            **self.of_dispatch(m.dispatch_id),
            **self.when(m.queued_at, m.company_id),
        )

    def review(self, r):
        again = r.would_book_again
        return SimpleNamespace(
            company=r.company_id,
            stars=r.stars_worker or None,
            would_book_again=share(again == "yes") if again else None,
            **self.of_dispatch(r.dispatch_id),
            **self.when(r.answered_at, r.company_id),
        )

    def cost(self, c):
        """What nobody knows is 0 in the export: the cost has no source then."""
        offer = self._once(
            "offers", lambda: {o.id: o for o in self.rows["crowd.offer"]}
        )[c.offer_id]
        d = self.dispatches[c.dispatch_id]
        known = c.lane == "crowd" and bool(c.source)
        both = known and bool(
            {(c.company_id, False), (c.company_id, c.service_id)} & self._own_lines
        )
        begun = self.when(d.started_at, d.company_id)
        day = self.when(self.job_end(offer), c.company_id)["day"]
        return SimpleNamespace(
            id=c.id,
            company=c.company_id,
            lane=c.lane,
            crowd_cost=c.amount if known else None,
            own_cost=c.own_amount if both else None,
            saving=c.own_amount - c.amount if both else None,
            **self.of_dispatch(c.dispatch_id),
            **dict(begun, day=day),
        )
