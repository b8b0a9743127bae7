"""One ticket and all its rows: the moves that the engine would have made.

A move writes the same columns, states and lines of history as the engine does; what
no move sets is copied from a row of the engine's own. Everything is naive UTC.
"""

from collections import defaultdict
from datetime import timedelta
from itertools import count

from . import calendar

#: Tables in an order in which no row names one that is not there yet, but for LINKS.
TABLES = (
    "helpdesk_ticket",
    "fsm_order",
    "crowd_dispatch",
    "crowd_offer",
    "crowd_escalation",
    "crowd_event",
    "crowd_delivery",
    "crowd_candidate",
    "rating_rating",
    "crowd_review",
)
#: Columns that name a row of a later table.
LINKS = (
    ("helpdesk_ticket", "crowd_dispatch_id"),
    ("crowd_dispatch", "accepted_offer_id"),
)
#: A line of history, but for what it is about.
EVENT = dict.fromkeys(
    (
        "from_state",
        "to_state",
        "reason",
        "note",
        "channel",
        "quantity",
        "offer_id",
        "escalation_id",
        "worker_id",
        "user_id",
    )
)
#: What the engine counts of the rows afterwards.
DISPATCH_FACTS = dict.fromkeys(
    (
        "day",
        "first_accepted_at",
        "first_accepted_type",
        "first_accepted_wave",
        "first_accepted_offer_id",
        "first_arrived_at",
        "minutes_to_offer",
        "minutes_to_accept",
        "minutes_to_arrive",
        "minutes_to_done",
    )
)
JOB_FACTS = dict.fromkeys(("job_day", "job_arrived_at", "job_ended_at"))
OPEN_MINUTES = 180  # how long offers stand
ACKNOWLEDGE_MINUTES = 20
TRAVEL_MINUTES = 60


class Numbers:
    """The next id of each table, and the next number of each kind of record."""

    def __init__(self, last=None, first=1):
        last = last or {}
        self.ids = {table: count(last.get(table, 0) + 1) for table in TABLES}
        self.names = defaultdict(lambda: count(first))

    def name(self, kind):
        return "%s-%05d" % (kind, next(self.names[kind]))


class Tale:
    """A ticket while it is told: ``now`` moves on, ``rows`` fill.

    :param firm, place, service: of the :mod:`cast`
    :param props: ids of what is no person: gateways, stages, channels
    """

    def __init__(self, numbers, props, firm, place, service, start):
        self.numbers, self.props = numbers, props
        self.firm, self.place, self.service = firm, place, service
        self.now = start
        self.rows = {table: [] for table in TABLES}
        self.ticket = self.dispatch = self.order = self.offer = None
        self.escalation = None
        self.asked = 0  # offers of this dispatch
        self._local = None, None

    # ------------------------------------------------------------------
    # rows
    # ------------------------------------------------------------------

    def add(self, table, **columns):
        """Add a row that was made now; return it: it may change until the end."""
        row = {
            "id": next(self.numbers.ids[table]),
            "create_date": self.now,
            "write_date": self.now,
        }
        if table != "rating_rating":  # Odoo's own, it has no company
            row["company_id"] = self.firm.company_id
        row.update(columns)
        self.rows[table].append(row)
        return row

    def wait(self, minutes):
        """Let time pass."""
        self.now += timedelta(seconds=max(round(minutes * 60), 1))

    @property
    def local(self):
        """Return the local moment; it is asked for often."""
        if self._local[0] != self.now:
            self._local = self.now, calendar.to_local(self.now, self.firm.zone)
        return self._local[1]

    @property
    def day(self):
        """Return the local date."""
        return self.local.date()

    # ------------------------------------------------------------------
    # ticket
    # ------------------------------------------------------------------

    def open(self, text, channel, priority, agent):
        """The ticket comes in.

        :param text: title, description and summary
        """
        service, place = self.service, self.place
        title, description, summary = text
        factor = {"0": 2.0, "1": 1.0, "2": 0.5, "3": 0.25}[priority]
        deadline = self.now + timedelta(hours=service.deadline_hours * factor)
        self.ticket = self.add(
            "helpdesk_ticket",
            number=self.numbers.name("H" + self.now.strftime("%y")),
            name=title,
            description="<p>%s</p>" % description,
            user_id=agent,
            assigned_date=self.now if agent else None,
            stage_id=self.props.stages["new"],
            partner_id=place.customer_id,
            partner_name=place.name,
            partner_email=place.email,
            channel_id=self.props.channels[channel],
            category_id=self.firm.categories.get(service.category),
            team_id=self.firm.team_id,
            priority=priority,
            create_uid=self.firm.agents[0].user_id,
            fsm_location_id=place.location_id,
            crowd_service_id=service.service_id,
            crowd_summary=summary,
            crowd_deadline=deadline,
            crowd_first_answer_deadline=self.now + timedelta(hours=4),
            last_stage_update=self.now,
            closed_date=None,
            unattended=True,
            access_token=None,
            rating_last_value=0,
            crowd_dispatch_id=None,
            crowd_state=None,
            crowd_worker_id=None,
            crowd_responsible_id=None,
            crowd_point_of_no_return=deadline
            - timedelta(minutes=service.minutes + TRAVEL_MINUTES),
            crowd_outcome=None,
            crowd_outcome_by=None,
            crowd_closed_at=None,
            crowd_closed_day=None,
            crowd_reopen_count=0,
            crowd_reopened_at=None,
            all_orders_closed=True,
        )

    def close(self, stage, outcome, by):
        """The ticket is closed.

        :param stage: "done" or "cancelled"
        :param outcome: ``crowd_outcome``; ``by``: whose word it is
        """
        self.ticket.update(
            stage_id=self.props.stages[stage],
            last_stage_update=self.now,
            closed_date=self.now,
            unattended=False,
            write_date=self.now,
            crowd_outcome=outcome,
            crowd_outcome_by=by,
            crowd_closed_at=self.now,
            crowd_closed_day=self.day,
        )

    def reopen(self):
        """The customer is back: what was solved is not."""
        self.ticket.update(
            crowd_reopen_count=self.ticket["crowd_reopen_count"] + 1,
            crowd_reopened_at=self.now,
            crowd_outcome=None,
            crowd_outcome_by=None,
        )

    # ------------------------------------------------------------------
    # dispatch
    # ------------------------------------------------------------------

    def begin(self, responsible):
        """A dispatch begins."""
        ticket, service = self.ticket, self.service
        self.order = self.offer = self.escalation = None
        self.asked = 0
        self.dispatch = self.add(
            "crowd_dispatch",
            name=self.numbers.name("D" + self.now.strftime("%y")),
            ticket_id=ticket["id"],
            team_id=self.firm.team_id,
            partner_id=ticket["partner_id"],
            priority=ticket["priority"],
            service_id=service.service_id,
            summary=ticket["crowd_summary"],
            state="draft",
            round=0,
            responsible_id=responsible.user_id,
            next_deadline=None,
            started_at=self.now,
            offered_at=None,
            assigned_at=None,
            arrived_at=None,
            closed_at=None,
            close_reason=None,
            worker_id=None,
            accepted_offer_id=None,
            order_id=None,
            deadline=ticket["crowd_deadline"],
            point_of_no_return=ticket["crowd_point_of_no_return"],
            create_uid=responsible.user_id,
            territory_id=self.place.territory_id,
            **DISPATCH_FACTS,
        )
        self.ticket["unattended"] = False
        self.note("state", to_state="draft")

    def move(self, state, **values):
        """The dispatch moves on; the ticket's columns follow."""
        dispatch = self.dispatch
        self.note("state", from_state=dispatch["state"], to_state=state)
        dispatch.update(values, state=state, write_date=self.now)

    def finish(self, state, reason):
        """The dispatch is over."""
        self.move(state, closed_at=self.now, close_reason=reason)

    def settle(self):
        """Write into the ticket what it repeats of its last dispatch."""
        dispatch = self.dispatch
        if dispatch:
            self.ticket.update(
                crowd_dispatch_id=dispatch["id"],
                crowd_state=dispatch["state"],
                crowd_worker_id=dispatch["worker_id"],
                crowd_responsible_id=dispatch["responsible_id"],
            )

    def note(self, kind, **columns):
        """Add a line of history."""
        self.add(
            "crowd_event",
            dispatch_id=self.dispatch["id"],
            ticket_id=self.ticket["id"],
            kind=kind,
            **{**EVENT, "at": self.now, **columns},
        )

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
    # escalations
    # ------------------------------------------------------------------

    def escalate(self, reason, user, level=1, minutes=ACKNOWLEDGE_MINUTES):
        """People inside are asked; they have ``minutes`` to say that they care."""
        if self.escalation:
            self._end_escalation("closed")
        elif self.dispatch["state"] != "escalated":
            self.move("escalated")
        self.dispatch["responsible_id"] = user.user_id
        self.escalation = self.add(
            "crowd_escalation",
            name=self.numbers.name("E" + self.now.strftime("%y")),
            dispatch_id=self.dispatch["id"],
            ticket_id=self.ticket["id"],
            team_id=self.firm.team_id,
            state="open",
            reason=reason,
            note="",
            from_user_id=None,
            user_id=user.user_id,
            level=level,
            packet="<p>%s</p>" % self.ticket["name"],
            opened_at=self.now,
            deadline=self.now + timedelta(minutes=minutes),
            acknowledged_at=None,
            acknowledged_by_id=None,
            acknowledged_in_time=False,
            minutes_to_acknowledge=None,
            taken_at=None,
            closed_at=None,
            worker_id=None,
            day=self.day,
        )
        self._escalation_event("open")

    def acknowledge(self, user):
        """Somebody inside says: I am responsible."""
        found = self.escalation
        waited = (self.now - found["opened_at"]).total_seconds() / 60
        found.update(
            state="acknowledged",
            acknowledged_at=self.now,
            acknowledged_by_id=user.user_id,
            acknowledged_in_time=self.now <= found["deadline"],
            minutes_to_acknowledge=waited,
            write_date=self.now,
        )
        self._escalation_event("acknowledged", user_id=user.user_id)

    def _end_escalation(self, state, **values):
        if state == "taken":
            values["taken_at"] = self.now
        self.escalation.update(
            values, state=state, closed_at=self.now, write_date=self.now
        )
        self._escalation_event(state, worker_id=values.get("worker_id"))
        self.escalation = None

    def _escalation_event(self, state, **columns):
        found = self.escalation
        columns.update(reason=found["reason"], escalation_id=found["id"])
        self.note("escalation", to_state=state, **columns)

    # ------------------------------------------------------------------
    # messages
    # ------------------------------------------------------------------

    def tell(
        self, purpose, partner_id, kind="mail", offer=None, escalation=None, **how
    ):
        """A message goes out; ``how`` are other columns, of its state."""
        values = {
            "state": "sent",
            "attempts": 1,
            "sent_at": self.now,
            "failed_at": None,
            "received_at": None,
            "error": None,
        }
        values.update(how)
        return self.add(
            "crowd_delivery",
            gateway_id=self.props.gateways[kind],
            kind=kind,
            purpose=purpose,
            offer_id=offer and offer["id"],
            escalation_id=escalation and escalation["id"],
            dispatch_id=self.dispatch["id"],
            partner_id=partner_id,
            provider_ref=None,
            queued_at=self.now,
            day=self.day,
            **values,
        )

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
