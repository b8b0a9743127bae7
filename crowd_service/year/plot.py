"""What happens to a ticket: who does it, and what comes of it."""

from datetime import timedelta

from . import calendar
from .desk import ACKNOWLEDGE_MINUTES
from .voice import Voice

#: What comes of an accepted job of the crowd; the rest is solved.
FATES = {"backed_out": 0.04, "no_show": 0.012, "scope": 0.03, "unsolved": 0.025}
HARD_FATES = {"backed_out": 0.12, "no_show": 0.05, "scope": 0.08, "unsolved": 0.09}
BACK_OUTS = ("sick", "no_time", "no_time", "transport", "unreachable", "other")
SCOPES = ("special", "special", "tools", "rights", "bigger", "bigger", "danger")
#: Services that are more than they look like, and how much more often.
BIGGER = {"smart": 3.0, "camera": 2.5, "virus": 3.0, "business": 4.0}
NOTES = (
    "Everything works. Tested together with the customer.",
    "Done, took a little longer because of an update.",
    "All good. Showed the customer how to do it next time.",
)
BEATEN = "I could not solve it: this needs one of your experts."


class Plot(Voice):
    """A ticket that lives."""

    def run(self):
        """Tell the whole story."""
        lots, service = self.lots, self.service
        text = lots.choice(service.texts)
        priority = lots.choices("0123", (1, 7, 2, 1))[0]
        channel = lots.choices(("web", "phone", "email"), (6, 4, 2))[0]
        is_looked_after = lots.random() < 0.3
        agent = lots.choice(self.firm.agents).user_id if is_looked_after else None
        self.open(text, channel, priority, agent)
        if lots.random() < 0.03:
            self.desk_alone()
        else:
            self.wait(self.before_match())
            self.begin(lots.choice(self.firm.agents))
            self.go()
            self.perhaps_again()
        self.settle()
        return self

    def go(self):
        if self.lots.random() < 0.025:
            self.by_hand()
        else:
            self.find()

    def desk_alone(self):
        """The agent solves it himself, without anybody else."""
        self.ticket["user_id"] = self.firm.agents[0].user_id
        self.ticket["assigned_date"] = self.now
        self.wait(self.lots.uniform(15, 240))
        self.close("done", "solved", "agent")

    def before_match(self):
        """Return how long the desk needs; when it is closed the ladder begins alone."""
        if calendar.is_desk_open(self.local):
            return 1 + self.lots.expovariate(1 / 5)
        return self.lots.uniform(0.1, 1)

    # ------------------------------------------------------------------
    # the job
    # ------------------------------------------------------------------

    def work(self, member):
        """Whoever has it comes, or not, and brings it to an end, or not."""
        fate = self._draw_fate(member)
        if fate in ("backed_out", "no_show"):
            return self.lose(member, fate)
        if fate == "desk" and member.is_external:
            return self.desk_cancels()
        self.wait(self.travel_minutes())
        self.arrive()
        usual = self.service.minutes
        if fate == "scope" and member.is_external:
            self.wait(usual * self.lots.uniform(0.2, 0.6))
            reason = self.lots.choice(SCOPES)
            self.release("out_of_scope", reason, "This is more than I can do.")
            self.move("escalated")
            return self.desk_takes_over("scope")
        self.wait(usual * self.lots.uniform(0.6, 1.35) / (0.6 + 0.4 * member.talent))
        return self.end(member, fate != "unsolved")

    def _draw_fate(self, member):
        hard = self.place.is_hard and not self.service.is_remote
        fates = dict(HARD_FATES if hard else FATES, desk=0.006)
        fates["scope"] *= BIGGER.get(self.service.family, 1.0)
        fates["unsolved"] *= 3 * (1.1 - member.talent)
        lot = self.lots.random() * (1.0 if member.is_external else 2.5)
        for fate, share in fates.items():
            lot -= share
            if lot < 0:
                return fate
        return "solved"

    def travel_minutes(self):
        """Return the minutes until work begins; nobody rings at night."""
        if self.service.is_remote:
            return self.lots.uniform(2, 25)
        minutes = 20 + self.lots.expovariate(1 / 70)
        arrival = self.local + timedelta(minutes=minutes)
        if 7 <= arrival.hour < 21:
            return minutes
        days = 1 if arrival.hour >= 21 else 0
        morning = arrival.replace(hour=8, minute=self.lots.randrange(20, 59), second=0)
        end = calendar.to_utc(morning + timedelta(days=days), self.firm.zone)
        return (end - self.now).total_seconds() / 60

    def lose(self, member, fate):
        """The worker gives it back, or is not heard of: others are asked."""
        self.gave_up.add(member.worker_id)
        if fate == "no_show":
            self.wait(self.lots.uniform(75, 120))
            self.release(fate, None, None)
        else:
            self.wait(self.lots.uniform(5, 90))
            self.release(fate, self.lots.choice(BACK_OUTS), "Sorry, I cannot come.")
        self.find()

    def desk_cancels(self):
        """The customer calls: it is not needed any more."""
        self.wait(self.lots.uniform(5, 60))
        offer, self.offer = self.offer, None
        self.cancel([offer], "desk")
        self.close("cancelled", "abandoned", "agent")

    def customer_cancels(self, chosen):
        """The customer does not wait. Mostly somebody of the desk had called him."""
        if not self.is_mail_down():
            self.ticket["user_id"] = self.lots.choice(self.firm.agents).user_id
            self.ticket["assigned_date"] = self.ticket["create_date"]
        offers = [offer for offer, _m in self._invite(1, chosen[: self.wave_size])]
        self.wait(self.lots.uniform(3, 170 if self.is_mail_down() else 20))
        self.cancel(offers, "customer")
        self.close("cancelled", "abandoned", "customer")

    def end(self, member, is_solved):
        """Work is over; who did not solve it leaves the rest to the desk, or nobody."""
        self.complete(is_solved, self.lots.choice(NOTES) if is_solved else BEATEN)
        job = self.offer
        self.ask_customer(member, job, is_solved)
        if is_solved:
            return self.close("done", "solved", "crowd")
        if self.lots.random() < 0.45:
            self.wait(self.lots.uniform(10, 300))
            return self.close("cancelled", "not_solved", "agent")
        self.wait(self.lots.uniform(10, 60))
        self.begin(self.firm.dispatcher)
        return self.desk_takes_over("unsolved")

    # ------------------------------------------------------------------
    # the desk
    # ------------------------------------------------------------------

    def by_hand(self):
        """An agent hands it over at once."""
        self.wait(self.lots.uniform(1, 10))
        self.desk_takes_over(self.lots.choice(("customer", "manual")))

    def desk_takes_over(self, reason):
        """Somebody inside acknowledges, in time or not, and a technician takes it."""
        user = self._on_duty()
        self.hand_over(reason, user)
        if self.lots.random() < self._share_in_time():
            self.wait(self.lots.uniform(1, ACKNOWLEDGE_MINUTES - 1))
        else:
            self.wait(ACKNOWLEDGE_MINUTES)
            user = self.firm.manager
            self.hand_over("not_acknowledged", user, level=2)
            self.wait(self.lots.uniform(1, ACKNOWLEDGE_MINUTES * 1.2))
        self.acknowledge(user)
        self.wait(self.lots.uniform(3, 45))
        member, km = self.lots.choice(self.cast.technicians(self.place))
        self.assign(member, km, user)
        self.wait(self.travel_minutes())
        self.arrive()
        self.wait(self.service.minutes * self.lots.uniform(0.7, 1.2))
        is_solved = self.lots.random() < 0.96
        self.complete(is_solved, NOTES[0] if is_solved else BEATEN)
        self.ask_customer(member, self.offer, is_solved)
        if is_solved:
            return self.close("done", "solved", "crowd")
        return self.close("cancelled", "not_solved", "agent")

    def hand_over(self, reason, user, level=1):
        """Escalate, and tell the person by activity and by mail."""
        self.escalate(reason, user, level)
        for kind in ("activity",) if self.is_mail_down() else ("activity", "mail"):
            self.tell("escalation", user.partner_id, kind, escalation=self.escalation)

    def _on_duty(self):
        if calendar.is_desk_open(self.local):
            return self.lots.choice((self.firm.dispatcher, *self.firm.agents))
        return self.lots.choice(self.firm.technicians)

    def _share_in_time(self):
        if self.is_mail_down():
            return 0.55
        return 0.95 if calendar.is_desk_open(self.local) else 0.82

    def perhaps_again(self):
        """Some are back after days: what was solved is not."""
        share = 0.1 if self.place.is_hard else 0.03
        is_solved = self.ticket.get("crowd_outcome") == "solved"
        days = self.lots.uniform(1, 24)
        again_at = self.now + timedelta(days=days)
        is_over = again_at > self.year.end
        if not is_solved or is_over or self.lots.random() >= share:
            return
        self.settle()
        self.now = again_at.replace(microsecond=0)
        self.reopen()
        self.wait(self.lots.uniform(2, 60))
        self.begin(self.lots.choice(self.firm.agents))
        self.find()
