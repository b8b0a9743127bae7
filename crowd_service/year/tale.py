"""One ticket and all its rows: the moves that the engine would have made.

A move writes the same columns, states and lines of history as the engine does; what
no move sets is copied from a row of the engine's own. Everything is naive UTC.
"""

from datetime import timedelta

from .desk import DeskRows

#: What the engine counts of a job afterwards.
JOB_FACTS = dict.fromkeys(("job_day", "job_arrived_at", "job_ended_at"))
OPEN_MINUTES = 180  # how long offers stand


class Tale(DeskRows):
    """A ticket whose workers are asked, come and go."""

    # ------------------------------------------------------------------
    # offers
    # ------------------------------------------------------------------

    def search(self):
        """A new round begins."""
        self.dispatch["round"] += 1
        if self.dispatch["state"] == "draft":
            self.move("searching")

    def ask(self, wave, chosen, stand):
        """Send a wave; return the offers.

        :param chosen: ``(member, km)`` of each
        :param stand: for how many minutes they stand
        """
        offers = [
            self._offer(member, km, rank, wave, stand)
            for rank, (member, km) in enumerate(chosen, start=1)
        ]
        if self.dispatch["state"] == "searching":
            self.dispatch["offered_at"] = self.dispatch["offered_at"] or self.now
            self.move("offered")
        self.note("wave", quantity=len(offers))
        return offers

    def _offer(self, member, km, rank, wave, stand, origin="match"):
        dispatch = self.dispatch
        self.asked += 1
        if self.service.is_remote:
            km = None  # nobody goes there
        return self.add(
            "crowd_offer",
            name="%s-%d" % (dispatch["name"], self.asked),
            dispatch_id=dispatch["id"],
            ticket_id=self.ticket["id"],
            service_id=self.service.service_id,
            worker_id=member.worker_id,
            worker_type=member.worker_type,
            membership_id=member.membership_id,
            community_id=member.community_id,
            state="sent",
            round=max(dispatch["round"], 1),
            wave=wave,
            origin=origin,
            rank=rank,
            score=round(90 - 4 * (rank or 0) - (km or 0), 1) if rank else 0,
            distance_km=km or 0,
            has_distance=km is not None,
            price=self.service.price,
            sent_at=self.now,
            expires_at=self.now + timedelta(minutes=stand),
            answered_at=None,
            minutes_to_answer=None,
            channel=None,
            answered_by_id=None,
            decline_reason=None,
            answer_note=None,
            day=self.day,
            **JOB_FACTS,
        )

    def answer(self, offer, state, channel=None, reason=None, note=None, user=None):
        """The worker says yes or no; or the offer is over without an answer."""
        if state in ("accepted", "declined"):
            waited = (self.now - offer["sent_at"]).total_seconds() / 60
            offer.update(answered_at=self.now, channel=channel)
            if offer["origin"] == "match":  # the others were not asked
                offer["minutes_to_answer"] = waited
        offer.update(state=state, write_date=self.now)
        if reason:
            offer["decline_reason"] = reason
        self.note(
            "answer",
            to_state=state,
            offer_id=offer["id"],
            worker_id=offer["worker_id"],
            channel=channel,
            reason=reason,
            note=note,
            user_id=user,
        )

    def expire(self, offers):
        """Nobody of these answered."""
        for offer in offers:
            self.answer(offer, "expired")

    def accept(self, offer, rivals, channel, user=None):
        """``offer`` wins: order, rivals, escalation and messages follow."""
        self.answer(offer, "accepted", channel, user=user)
        offer["answered_by_id"] = user
        for rival in rivals:
            rival.update(state="lost", answered_at=self.now, write_date=self.now)
        self.offer = offer
        self._order(offer)
        self.dispatch.update(
            worker_id=offer["worker_id"],
            accepted_offer_id=offer["id"],
            order_id=self.order["id"],
        )
        self.move("assigned", assigned_at=self.now)
        if self.escalation:
            self._end_escalation("taken", worker_id=offer["worker_id"])

    def assign(self, member, km, by):
        """The desk, or the technician himself, takes the job from an escalation."""
        rows = self.rows["crowd_offer"][-self.asked :] if self.asked else ()
        if any(offer["worker_id"] == member.worker_id for offer in rows):
            self.dispatch["round"] += 1  # nobody is asked twice in a round
        offer = self._offer(member, km, None, 1, 60, "escalation")
        self.accept(offer, (), "escalation", by.user_id)

    # ------------------------------------------------------------------
    # the job
    # ------------------------------------------------------------------

    def _order(self, offer):
        end = self.now + timedelta(minutes=self.service.minutes)
        schedule = {
            "person_id": offer["worker_id"],
            "request_early": self.now,
            "request_late": self.ticket["crowd_deadline"],
            "scheduled_date_start": self.now,
            "scheduled_date_end": end,
            "scheduled_duration": self.service.minutes / 60,
        }
        if self.order:
            self.order.update(schedule)
            return
        self.order = self.add(
            "fsm_order",
            name=self.numbers.name("FO" + self.now.strftime("%y")),
            ticket_id=self.ticket["id"],
            team_id=self.firm.order_team_id,
            location_id=self.place.location_id,
            territory_id=self.place.territory_id,
            priority=self.ticket["priority"],
            description="%s\n%s" % (self.service.name, self.ticket["crowd_summary"]),
            crowd_service_id=self.service.service_id,
            stage_id=self.props.stages["order_new"],
            resolution=None,
            date_start=None,
            date_end=None,
            **schedule,
        )

    def arrive(self):
        """Work begins."""
        self.move("in_progress", arrived_at=self.now)
        self.order["date_start"] = self.now

    def complete(self, is_solved, note):
        """Work is over."""
        state = "done" if is_solved else "unsolved"
        self.answer(self.offer, "completed", note=note)
        self.finish(state, "solved" if is_solved else "unsolved")
        self.order.update(
            stage_id=self.props.stages["order_done"],
            date_end=self.now,
            resolution="<p>%s</p>" % note,
            write_date=self.now,
        )

    def release(self, state, reason, note):
        """The worker gives the job back, does not come, or it is too much for him."""
        self.answer(self.offer, state, "mail", reason, note)
        self.offer = None
        self.order.update(person_id=None, date_start=None)
        self.dispatch.update(
            worker_id=None, accepted_offer_id=None, assigned_at=None, arrived_at=None
        )
        if state != "out_of_scope":
            self.move("searching")

    def cancel(self, offers, reason):
        """The dispatch is not needed any more."""
        for offer in offers:
            self.answer(offer, "withdrawn")
        if self.order:
            self.order.update(stage_id=self.props.stages["order_cancelled"])
        self.finish("cancelled", reason)

    # ------------------------------------------------------------------
    # near misses
    # ------------------------------------------------------------------

    def miss(self, member, km, reason, detail, skill_id=None):
        """Somebody could not be asked, for one reason that can be cured."""
        found = self.rows["crowd_candidate"]
        km = None if self.service.is_remote else km
        self.add(
            "crowd_candidate",
            dispatch_id=self.dispatch["id"],
            round=max(self.dispatch["round"], 1),
            rank=len(found) + 1,
            judged_at=self.now,
            day=self.day,
            worker_id=member.worker_id,
            worker_type=member.worker_type,
            community_id=member.community_id,
            distance_km=km or 0,
            has_distance=km is not None,
            excluded_reason=reason,
            excluded_detail=detail,
            is_near_miss=True,
            service_id=self.service.service_id,
            team_id=self.firm.team_id,
            skill_id=skill_id,
            area=None if self.service.is_remote else self.place.area,
        )
