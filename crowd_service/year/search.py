"""Who is asked, and how fast somebody says yes."""

import heapq
from bisect import bisect
from datetime import timedelta
from itertools import count
from math import exp, log

from . import calendar
from .cast import reach
from .tale import OPEN_MINUTES, Tale

#: Share of dispatches that somebody has taken, after so many minutes, on a good day.
CURVE = ((0.0, 0.2), (0.46, 1.0), (0.78, 10.0), (0.955, 60.0), (0.992, 180.0))
#: Minutes after the first offers at which more people are asked.
WAVES = (0, 20, 60)
DECLINES = ("no_time", "no_time", "no_time", "too_far", "skill", "price", "other")
CHANNELS = ("mail",) * 6 + ("portal",) * 2 + ("sms",) * 2 + ("push", "phone")
REFUSED = "Connection refused"
UNKNOWN = "550 No such user here"


class Search(Tale):
    """Somebody is looked for; what comes then, ``work`` and ``desk_takes_over`` say.

    :param lots: its source of chance
    :param wave_size: how many people are asked at a time
    """

    def __init__(self, *args, lots, cast, year, wave_size, words):
        super().__init__(*args)
        self.lots, self.cast, self.year = lots, cast, year
        self.wave_size, self.words = wave_size, words
        self.gave_up = set()  # workers who had the job and do not get it again

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
