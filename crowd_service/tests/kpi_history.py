"""Small wild histories: whatever can happen to a ticket, at the worst moments.

The rows are those of the demo's year (``year/tale.py``); what happens is drawn.
"""

from datetime import datetime, timedelta

import pytz

from ..year.rows import Numbers
from ..year.tale import Tale

NOW = datetime(2026, 6, 15, 12)  # when the histories are looked at
FAR = datetime(2099, 1, 1)
#: Days on which clocks change in one of the zones, the last of a month, any other.
DAYS = (
    datetime(2025, 9, 28),
    datetime(2025, 10, 26),
    datetime(2025, 11, 2),
    datetime(2026, 1, 1),
    datetime(2026, 3, 1),
    datetime(2026, 3, 8),
    datetime(2026, 3, 29),
    datetime(2026, 4, 5),
    datetime(2026, 3, 14),
)
#: Minutes that pass: the limits of the curve, a second, any.
WAITS = (0, 1, 5, 10, 60, 180, 20, 0.5, 61, 179, 1440)
NO_WORKER = {"backed_out": "sick", "no_show": None, "out_of_scope": "tools"}


def draw_start(lots, zone):
    """Return an instant around a midnight, a change of clocks or a desk's hour."""
    day = lots.choice(DAYS) + timedelta(days=lots.choice((0, 0, -1, 1, 20)))
    local = day + timedelta(hours=lots.choice((0, 0, 2, 3, 8, 18, 23)))
    local += timedelta(seconds=lots.choice((0, -1, 1, lots.randrange(-7200, 7200))))
    aware = pytz.timezone(zone).localize(local, is_dst=lots.random() < 0.5)
    return aware.astimezone(pytz.utc).replace(tzinfo=None)


class WildNumbers(Numbers):
    """Numbers that no record of the demo has."""

    def name(self, kind):
        return "wild-" + super().name(kind)


class WildTale(Tale):
    """A ticket to which anything may happen."""

    def __init__(self, *args, lots, members):
        super().__init__(*args)
        self.lots, self.members = lots, members
        self.technicians = [m for m in members if not m.is_external]

    def wait_any(self):
        self.wait(self.lots.choice((*WAITS, self.lots.uniform(0, 300))))

    def chance(self, share):
        return self.lots.random() < share

    def run(self):
        agent = self.firm.agents[0].user_id if self.chance(0.3) else None
        self.open(("No internet", "It fails", "Set it up"), "web", "1", agent)
        if self.chance(0.5):
            self.ticket["crowd_first_answer_deadline"] = FAR
        if self.chance(0.15):
            self.alone()
        else:
            self.go()
        self.settle()
        if not self.ticket["crowd_reopen_count"] and self.chance(0.3):
            self.ticket["crowd_reopen_count"] = None  # as the superuser leaves it
        return self

    def alone(self):
        """Nobody of the crowd has to do with it."""
        if self.chance(0.6):
            self.wait_any()
            self.close_any(("agent", "customer", "assumed"))

    def close_any(self, words):
        outcome = self.lots.choice(("solved", "not_solved", "abandoned"))
        self.close("done", outcome, self.lots.choice(words))

    def go(self):
        """A dispatch, and maybe another one when the ticket is opened again."""
        self.wait_any()
        self.begin(self.firm.agents[0])
        self.look_for()
        is_open = self.dispatch["closed_at"] is None
        if is_open:
            self.dispatch["next_deadline"] = FAR
            for name in ("deadline", "point_of_no_return", "promised_at"):
                minutes = self.lots.choice((-1, 0, 30, 60, 61, None))
                at = None if minutes is None else NOW + timedelta(minutes=minutes)
                self.dispatch[name] = at
        elif self.chance(0.8):
            self.wait_any()
            self.close_any(("agent", "crowd", "customer", "assumed"))
            self.go_again()

    def go_again(self):
        if not self.chance(0.35):
            return
        self.settle()
        self.wait(1440 * self.lots.choice((0.01, 3, 29, 30, 31)))
        self.reopen()
        self.ticket.update(crowd_closed_at=None, crowd_closed_day=None)
        if self.chance(0.7):
            self.go()
        elif self.chance(0.5):
            self.close_any(("agent",))

    def look_for(self):
        """Ask until somebody brings it to an end, or nobody does."""
        if self.chance(0.1):
            return self.hand_over()
        for _round in range(3):
            if self.chance(0.05):
                return self.stop()
            self.wait_any()
            self.search()
            end = self.ask_round()
            if end != "again":
                return end
        return self.hand_over()

    def ask_round(self):
        """A round; return "again" when somebody else has to be found."""
        lots = self.lots
        chosen = lots.sample(self.members, lots.randrange(1, 5))
        offers = self.ask(1, [(m, lots.choice((None, 1.5, 8.0))) for m in chosen], 180)
        self.tell_all(offers, chosen)
        self.wait_any()
        pairs = list(zip(offers, chosen))
        waiting = [pair for pair in pairs if not self.say_no(pair[0])]
        if waiting and self.chance(0.7):
            offer, member = lots.choice(waiting)
            rivals = [other for other, _m in waiting if other is not offer]
            self.accept(offer, rivals, lots.choice(("mail", "sms", "desk")))
            return self.work(member)
        if waiting and self.chance(0.2):
            return "open"
        self.expire([offer for offer, _m in waiting])
        self.move("searching")
        return "again"

    def say_no(self, offer):
        if not self.chance(0.2):
            return False
        self.wait(0.2)
        self.answer(offer, "declined", "mail", "no_time")
        return True

    def tell_all(self, offers, chosen):
        for offer, member in zip(offers, chosen):
            state = self.lots.choice(
                ("sent", "delivered", "read", "dead", "queued", "obsolete")
            )
            out = state in ("sent", "delivered", "read")
            self.tell(
                "offer",
                member.partner_id,
                offer=offer,
                state=state,
                sent_at=self.now + timedelta(seconds=7) if out else None,
            )

    def work(self, member):
        self.wait_any()
        if self.chance(0.1):
            return "running"
        if self.chance(0.25):
            fate = self.lots.choice(list(NO_WORKER))
            if fate == "out_of_scope":
                self.arrive()
                self.wait_any()
            self.release(fate, NO_WORKER[fate], None)
            if fate == "out_of_scope":
                return self.hand_over("scope")
            return "again"
        if self.chance(0.1):
            return self.stop([self.offer])
        return self.do(member)

    def do(self, member):
        self.arrive()
        self.wait_any()
        if self.chance(0.3):
            self.move("paused")
            self.wait_any()
            if self.chance(0.1):
                self.dispatch["paused_from"] = "in_progress"
                return "paused"
            self.move("in_progress")
            self.wait_any()
        self.complete(self.chance(0.8), "Done.")
        if self.chance(0.7):
            self.review(member)
        return "done"

    def stop(self, offers=()):
        """The customer does not want it any more."""
        self.cancel(list(offers), self.lots.choice(("customer", "desk")))
        return "cancelled"

    def hand_over(self, reason="no_answer"):
        """Somebody inside cares, in time or not, or does not."""
        user = self.firm.dispatcher
        self.escalate(reason, user)
        if self.chance(0.3):
            self.wait(self.lots.choice((20, 21)))
            self.escalate("not_acknowledged", user, level=2)
        self.wait(self.lots.choice((1, 20, 20.1, 90)))
        if self.chance(0.15):
            if self.chance(0.5):
                self.escalation["deadline"] = FAR
            return "escalated"
        if self.chance(0.7):
            self.acknowledge(user)
            self.wait_any()
        self.assign(self.lots.choice(self.technicians), 3.0, user)
        return self.do(self.technicians[0])

    def review(self, member):
        """The customer is asked; he answers or not, the next day maybe."""
        stars = self.lots.choice((None, 1, 4, 5, 5))
        at = self.now + timedelta(hours=self.lots.choice((1, 12, 30)))
        answered_at = at if stars else None
        again = self.lots.choice(("yes", "yes", "no", None)) if stars else None
        self.add(
            "crowd_review",
            offer_id=self.offer["id"],
            dispatch_id=self.dispatch["id"],
            ticket_id=self.ticket["id"],
            partner_id=self.place.customer_id,
            worker_id=member.worker_id,
            worker_type=member.worker_type,
            service_id=self.service.service_id,
            team_id=self.firm.team_id,
            state="answered" if stars else "asked",
            asked_at=self.now,
            answered_at=answered_at,
            day=stars
            and pytz.utc.localize(at).astimezone(pytz.timezone(self.firm.zone)).date(),
            stars_worker=stars,
            stars_solution=stars and self.lots.choice((None, stars)),
            would_book_again=again,
        )
