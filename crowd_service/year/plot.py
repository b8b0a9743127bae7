"""What happens to a ticket: how fast somebody says yes, and what comes of it."""

import heapq
from bisect import bisect
from datetime import timedelta
from itertools import count
from math import exp, log

from . import calendar
from .cast import reach
from .tale import ACKNOWLEDGE_MINUTES, OPEN_MINUTES, Tale

#: Share of dispatches that somebody has taken, after so many minutes, on a good day.
CURVE = ((0.0, 0.2), (0.46, 1.0), (0.78, 10.0), (0.955, 60.0), (0.992, 180.0))
#: Minutes after the first offers at which more people are asked.
WAVES = (0, 20, 60)
#: What comes of an accepted job of the crowd; the rest is solved.
FATES = {"backed_out": 0.04, "no_show": 0.012, "scope": 0.03, "unsolved": 0.025}
HARD_FATES = {"backed_out": 0.12, "no_show": 0.05, "scope": 0.08, "unsolved": 0.09}
BACK_OUTS = ("sick", "no_time", "no_time", "transport", "unreachable", "other")
SCOPES = ("special", "special", "tools", "rights", "bigger", "bigger", "danger")
DECLINES = ("no_time", "no_time", "no_time", "too_far", "skill", "price", "other")
#: Services that are more than they look like, and how much more often.
BIGGER = {"smart": 3.0, "camera": 2.5, "virus": 3.0, "business": 4.0}
CHANNELS = ("mail",) * 6 + ("portal",) * 2 + ("sms",) * 2 + ("push", "phone")
REVIEW_CHANNELS = ("page",) * 7 + ("phone",) * 2 + ("portal",)
REFUSED = "Connection refused"
UNKNOWN = "550 No such user here"
NOTES = (
    "Everything works. Tested together with the customer.",
    "Done, took a little longer because of an update.",
    "All good. Showed the customer how to do it next time.",
)
BEATEN = "I could not solve it: this needs one of your experts."


#: A customer who was asked and says nothing.
NO_ANSWER = dict.fromkeys(
    (
        "state",
        "answered_at",
        "changed_at",
        "day",
        "channel",
        "answered_by_id",
        "stars_worker",
        "stars_solution",
        "would_book_again",
        "comment",
        "rating_id",
    )
)


class Plot(Tale):
    """A ticket that lives.

    :param lots: its source of chance
    :param wave_size: how many people are asked at a time
    """

    def __init__(self, *args, lots, cast, year, wave_size, words):
        super().__init__(*args)
        self.lots, self.cast, self.year = lots, cast, year
        self.wave_size, self.words = wave_size, words
        self.gave_up = set()  # workers who had the job and do not get it again

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
    # finding somebody
    # ------------------------------------------------------------------

    def supply(self):
        """Return how much of the curve holds here and now: 1.0 is a good day."""
        share = 0.86 + 0.17 * self.year.age(self.day)
        local = self.local
        if not calendar.is_desk_open(local):
            share *= 1.05
        if local.hour < 6:
            share *= 0.6
        if self.year.is_campaign(self.day):
            share *= 0.75
        if self.place.is_hard and not self.service.is_remote:
            share *= 0.4
        if self.is_mail_down():
            share *= 0.1
        return share

    def is_mail_down(self):
        return self.year.is_mail_down(self.local)

    def draw_minutes(self):
        """Return after how many minutes somebody accepts, None: nobody does."""
        lot = self.lots.random() / self.supply()
        place = bisect([share for share, _minutes in CURVE], lot)
        if place == len(CURVE):
            return None
        (low, before), (high, after) = CURVE[place - 1 : place + 1]
        part = (lot - low) / (high - low)
        return exp(log(before) + part * log(after / before))

    def find(self):
        """Ask people; somebody takes it, or the desk takes over."""
        self.search()
        chosen = self.cast.choose(
            self.lots,
            self.service,
            self.place,
            self.day,
            self.wave_size * len(WAVES),
            self.gave_up,
        )
        self.note_misses()
        if not chosen:
            return self.desk_takes_over("no_candidate")
        if self.lots.random() < self.share_of_cancels():
            return self.customer_cancels(chosen)
        minutes = self.draw_minutes()
        keen = [pair for pair in chosen if pair[0].zeal > 0]
        if minutes is None or not keen:
            return self.find_nobody(chosen)
        return self.find_somebody(chosen, minutes)

    def share_of_cancels(self):
        return 0.08 if self.is_mail_down() else 0.02

    def find_somebody(self, chosen, minutes):
        waves = self._waves(chosen, minutes)
        keen = [pair for pair in waves[-1][1] if pair[0].zeal > 0] or [
            pair for _after, people in waves for pair in people if pair[0].zeal > 0
        ]
        if not keen:
            return self.find_nobody(chosen)
        winner = self.lots.choices(keen, [pair[0].zeal for pair in keen])[0][0]
        offers = self._ask_and_wait(waves, minutes, winner)
        sent = [offer for offer, _m in offers.values() if offer["state"] == "sent"]
        offer = offers[winner.worker_id][0]
        rivals = [rival for rival in sent if rival is not offer]
        channel, user = self._draw_channel(winner)
        self.accept(offer, rivals, channel, user)
        self._tell_winner(offers, offer, rivals)
        return self.work(winner)

    def find_nobody(self, chosen):
        """Offers expire, or everybody says no."""
        is_no = self.lots.random() < 0.2 and not self.is_mail_down()
        if is_no:
            chosen = chosen[: min(3, self.wave_size)]
            waves = [(0, chosen)]
        else:
            waves = self._waves(chosen, OPEN_MINUTES)
        offers = self._ask_and_wait(waves, OPEN_MINUTES, None, is_no)
        left = [offer for offer, _m in offers.values() if offer["state"] == "sent"]
        self.expire(left)
        return self.desk_takes_over("all_ignored" if left else "all_declined")

    def _waves(self, chosen, minutes):
        """Return ``(after minutes, people)`` of the waves that begin in time."""
        size = self.wave_size
        waves = [
            (after, chosen[n * size : (n + 1) * size])
            for n, after in enumerate(WAVES)
            if not after or after < minutes
        ]
        return [wave for wave in waves if wave[1]]

    def _ask_and_wait(self, waves, minutes, winner, is_no=False):
        """Send waves and let people say no, up to ``minutes``.

        :return: ``{worker id: (offer, member)}``; time stands at the end
        """
        begin, order, offers = self.now, count(), {}
        steps = [(after, next(order), n, None) for n, (after, _p) in enumerate(waves)]
        heapq.heapify(steps)
        end = minutes
        while steps and steps[0][0] < minutes:
            after, _n, wave, worker_id = heapq.heappop(steps)
            self.now = begin + timedelta(seconds=round(after * 60))
            if worker_id:
                reason = self.lots.choice(DECLINES)
                self.answer(offers[worker_id][0], "declined", "mail", reason)
                continue
            stand = OPEN_MINUTES - after
            for offer, member in self._invite(wave + 1, waves[wave][1], stand):
                offers[member.worker_id] = offer, member
                wait = 1 + self.lots.expovariate(1 / 9)
                says_no = is_no or self.lots.random() < 0.3 * member.zeal
                if says_no and member is not winner:
                    step = (after + wait, next(order), None, member.worker_id)
                    heapq.heappush(steps, step)
        if is_no and not any(o["state"] == "sent" for o, _m in offers.values()):
            return offers  # time stands at the last no
        self.now = begin + timedelta(seconds=max(round(end * 60), 1))
        return offers

    def _invite(self, wave, people, stand=OPEN_MINUTES):
        """Ask a wave of people and tell them; return ``(offer, member)`` of each."""
        offers = self.ask(wave, people, stand)
        asked = [(offer, member) for offer, (member, _km) in zip(offers, people)]
        for offer, member in asked:
            self.invite(offer, member)
        return asked

    def _draw_channel(self, winner):
        """Return how a yes came in, and the user who acted for the worker."""
        if winner.user_id:
            return ("portal" if winner.is_external else "backend"), None
        channel = self.lots.choice(CHANNELS)
        user = self.firm.agents[0].user_id if channel == "phone" else None
        return channel, user

    def note_misses(self):
        """Keep some of those who almost could be asked."""
        most = 5 if self.place.is_hard else self.lots.choice((0, 0, 1, 2))
        for member, km in self.cast.around(self.place)[:80]:
            if not most or member.state != "active" or not member.is_external:
                continue
            reason = self.cast.hurdle(self.service, member, km)
            if reason and self.lots.random() < 0.3:
                most -= 1
                self._miss(member, km, reason)

    def _miss(self, member, km, reason):
        skill_id, name = self.cast.skills.get(self.service.service_id, (None, ""))
        if reason == "skill":
            self.miss(member, km, reason, "missing: %s" % name, skill_id)
        elif reason == "radius":
            self.miss(member, km, reason, "%.1f km too far" % (km - reach(member)))
        else:
            self.miss(member, km, reason, None)

    # ------------------------------------------------------------------
    # messages
    # ------------------------------------------------------------------

    def invite(self, offer, member):
        """Tell a worker of an offer; who has the app gets a push, else a mail."""
        has_push = member.is_external and member.membership_id % 4 == 0
        if has_push:
            self._push("offer", member, offer)
        elif self.is_mail_down():
            self._fail(member, offer, REFUSED)
        elif self.lots.random() < 0.004:
            self._fail(member, offer, UNKNOWN)
        else:
            self.tell("offer", member.partner_id, offer=offer)

    def _push(self, purpose, member, offer):
        is_read = self.lots.random() < 0.4 + member.zeal / 2
        state = "read" if is_read else "delivered"
        received_at = self.now + timedelta(seconds=self.lots.randrange(1, 40))
        self.tell(
            purpose,
            member.partner_id,
            "push",
            offer,
            state=state,
            received_at=received_at,
        )

    def _fail(self, member, offer, error):
        failed_at = self.now + timedelta(minutes=self.lots.uniform(0, 30))
        self.tell(
            "offer",
            member.partner_id,
            offer=offer,
            state="dead",
            attempts=4 if error == REFUSED else 1,
            sent_at=None,
            failed_at=failed_at.replace(microsecond=0),
            error=error,
        )

    def _tell_winner(self, offers, offer, rivals):
        if self.is_mail_down():
            return
        for rival in [offer, *rivals]:
            member = offers[rival["worker_id"]][1]
            purpose = "won" if rival is offer else "taken"
            self.tell(purpose, member.partner_id, offer=rival)

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

    # ------------------------------------------------------------------
    # the customer
    # ------------------------------------------------------------------

    def ask_customer(self, member, job, is_solved):
        """The customer is asked what he thinks of it; half of them answer."""
        asked_at = self.now
        review = {
            "offer_id": job["id"],
            "dispatch_id": self.dispatch["id"],
            "ticket_id": self.ticket["id"],
            "partner_id": self.place.customer_id,
            "worker_id": member.worker_id,
            "worker_type": member.worker_type,
            "service_id": self.service.service_id,
            "team_id": self.firm.team_id,
            "is_solved": is_solved,
            "asked_at": asked_at,
            **NO_ANSWER,
        }
        answered_at = asked_at + timedelta(minutes=self.lots.uniform(20, 2400))
        answered_at = answered_at.replace(microsecond=0)
        end = calendar.to_utc(self.year.midnight, self.firm.zone)
        if self.lots.random() < 0.52 and answered_at < end:
            review.update(self._draw_answer(member, job, is_solved, answered_at))
        else:
            is_over = asked_at < end - timedelta(days=30)
            review["state"] = "closed" if is_over else "asked"
        self.add("crowd_review", **review)

    def _draw_answer(self, member, job, is_solved, at):
        """Return the columns of an answer, and add the rating that repeats it."""
        stars = self._draw_stars(member, is_solved)
        solution = stars if self.lots.random() < 0.8 else max(stars - 1, 1)
        again = self.lots.random() < (0.97 if stars > 3 else 0.25)
        comments = self.words.get(stars) or [None]
        comment = self.lots.choice(comments) if self.lots.random() < 0.3 else None
        rating = self.add(
            "rating_rating",
            create_date=at,
            write_date=at,
            res_id=self.ticket["id"],
            res_name="%(number)s - %(name)s" % self.ticket,
            rated_partner_id=member.partner_id,
            partner_id=self.place.customer_id,
            rating=stars,
            rating_text=rating_text(stars),
            feedback=None,  # everybody reads ratings
            crowd_offer_id=job["id"],
            access_token=None,
        )
        self.ticket["rating_last_value"] = stars
        channel = self.lots.choice(REVIEW_CHANNELS)
        agent = self.firm.agents[0].user_id if channel == "phone" else None
        self.note(
            "review",
            at=at,
            create_date=at,
            write_date=at,
            to_state="answered",
            reason=channel,
            quantity=stars,
            offer_id=job["id"],
            worker_id=member.worker_id,
        )
        return {
            "state": "answered",
            "answered_at": at,
            "day": calendar.to_local(at, self.firm.zone).date(),
            "channel": channel,
            "answered_by_id": agent,
            "stars_worker": stars,
            "stars_solution": solution if is_solved else min(solution, 3),
            "would_book_again": "yes" if again else "no",
            "comment": comment,
            "rating_id": rating["id"],
        }

    def _draw_stars(self, member, is_solved):
        content = member.talent - (0.03 if is_solved else 0.5)
        if self.place.is_hard:
            content -= 0.3
        lot = self.lots.random()
        if lot < content:
            return 5
        return self.lots.choices((4, 3, 2, 1), (5, 2, 1, 1))[0]

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


def rating_text(stars):
    """Return Odoo's word for so many stars.

    >>> rating_text(5), rating_text(3), rating_text(1)
    ('satisfied', 'not_satisfied', 'highly_dissatisfied')
    """
    if stars >= 5:
        return "satisfied"
    return "not_satisfied" if stars >= 3 else "highly_dissatisfied"
