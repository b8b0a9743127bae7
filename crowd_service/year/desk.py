"""What the desk does with a ticket: it comes in, is dispatched, escalated, closed."""

from datetime import timedelta

from .rows import Rows

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
#: A dispatch in which nothing has happened.
NEW_DISPATCH = dict.fromkeys(
    (
        "offered_at",
        "assigned_at",
        "arrived_at",
        "closed_at",
        "close_reason",
        "worker_id",
        "accepted_offer_id",
        "order_id",
    )
)
#: A ticket that nobody has dealt with.
NEW_TICKET = {
    "closed_date": None,
    "unattended": True,
    "access_token": None,
    "rating_last_value": 0,
    "crowd_dispatch_id": None,
    "crowd_state": None,
    "crowd_worker_id": None,
    "crowd_responsible_id": None,
    "crowd_outcome": None,
    "crowd_outcome_by": None,
    "crowd_closed_at": None,
    "crowd_closed_day": None,
    "crowd_reopen_count": 0,
    "crowd_reopened_at": None,
    "all_orders_closed": True,
}
ACKNOWLEDGE_MINUTES = 20
TRAVEL_MINUTES = 60


class DeskRows(Rows):
    """Ticket, dispatch, escalations and messages."""

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
            crowd_point_of_no_return=deadline
            - timedelta(minutes=service.minutes + TRAVEL_MINUTES),
            **NEW_TICKET,
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
            deadline=ticket["crowd_deadline"],
            point_of_no_return=ticket["crowd_point_of_no_return"],
            create_uid=responsible.user_id,
            territory_id=self.place.territory_id,
            **NEW_DISPATCH,
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
        gateway_id = self.props.gateways[kind]
        return self.add(
            "crowd_delivery",
            gateway_id=gateway_id,
            gateway_order=None if kind == "activity" else str(gateway_id),
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
