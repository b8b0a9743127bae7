"""Every figure of docs/kpi.md once more: plain Python over exported rows.

Nothing of the product is used here, and nothing that it has counted: days, minutes,
first acceptances and months come from instants (naive UTC) and from the lines of
history. Tests and the simulator compare the product with it.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from statistics import median
from types import SimpleNamespace

import pytz

EXPORT = {
    "helpdesk.ticket": "company_id team_id user_id create_date fsm_location_id"
    " crowd_service_id crowd_outcome crowd_outcome_by crowd_closed_at"
    " crowd_reopen_count crowd_reopened_at crowd_first_answer_deadline",
    "crowd.dispatch": "company_id team_id service_id territory_id ticket_id slot state"
    " started_at offered_at closed_at round",
    "crowd.offer": "company_id dispatch_id ticket_id service_id membership_id"
    " worker_type origin state sent_at answered_at channel has_distance distance_km",
    "crowd.event": "company_id dispatch_id offer_id kind at from_state to_state",
    "crowd.escalation": "company_id dispatch_id ticket_id state opened_at deadline"
    " acknowledged_at taken_at reason level",
    "crowd.delivery": "company_id dispatch_id state queued_at sent_at kind",
    "crowd.review": "company_id dispatch_id offer_id answered_at stars_worker"
    " stars_solution would_book_again",
    "crowd.job.cost": "company_id offer_id dispatch_id lane source amount own_amount",
    "crowd.membership": "company_id worker_type state joined_at left_at create_date",
}
ACCEPTED = ("accepted", "completed", "backed_out", "no_show", "out_of_scope")
ENDED = ACCEPTED[1:]
CLOSED = ("done", "unsolved", "cancelled")
LATER = timedelta(days=30)
CURVE = (1, 2, 5, 10, 20, 30, 60, 120, 180, 360, 720, 1440)

#: Code of a figure: fact, how it is put together, of which number of the rows.
FIGURES = {
    "never_answered": ("outcome", "count", "never_answered"),
    "escalated": ("dispatch", "mean", "is_escalated"),
    "acknowledged_in_time": ("escalation", "mean", "acknowledged_in_time"),
    **{
        "within_%d" % m: ("dispatch", "mean", "within_%d" % m) for m in (1, 10, 60, 180)
    },
    "minutes_to_offer": ("dispatch", "median", "minutes_to_offer"),
    "minutes_to_accept": ("dispatch", "median", "minutes_to_accept"),
    "minutes_to_arrive": ("dispatch", "median", "minutes_to_arrive"),
    "minutes_to_done": ("dispatch", "median", "minutes_to_done"),
    "solved": ("outcome", "mean", "is_solved"),
    "not_solved": ("outcome", "mean", "is_not_solved"),
    "abandoned": ("outcome", "mean", "is_abandoned"),
    "reopened": ("outcome", "mean", "is_reopened"),
    "stars": ("review", "mean", "stars"),
    "would_book_again": ("review", "mean", "would_book_again"),
    "first_time_fix": ("job", "mean", "is_first_time_fix"),
    "backed_out": ("job", "mean", "is_back_out"),
    "no_show": ("job", "mean", "is_no_show"),
    "out_of_scope": ("job", "mean", "is_scope"),
    "distance_km": ("job", "mean", "ended_km"),
    "evening_share": ("job", "mean", "is_off_hours"),
    "complement_share": ("job", "mean", "is_complement"),
    "offers_per_accept": ("offer", "ratio", "is_accepted"),
    "declined": ("offer", "mean", "is_declined"),
    "ignored": ("offer", "mean", "is_ignored"),
    "answer_minutes": ("offer", "median", "minutes_to_answer"),
    "active": ("member", "mean", "is_active"),
    "inactive": ("member", "mean", "is_inactive"),
    "churned": ("member", "mean", "is_churned"),
    "gini": ("member", "gini", "shared_jobs"),
    "crowd_cost": ("cost", "sum", "crowd_cost"),
    "own_cost": ("cost", "sum", "own_cost"),
    "saving": ("cost", "sum", "saving"),
    "reached": ("delivery", "mean", "is_reached"),
    "receipted": ("delivery", "mean", "is_receipted"),
}


def export(env, company_ids):
    """Return ``{model: rows}`` of these companies, archived ones too.

    :param env: an Odoo environment that may read everything
    """
    rows = {}
    for model, names in EXPORT.items():
        records = env[model].with_context(active_test=False)
        found = records.search([("company_id", "in", list(company_ids))], order="id")
        rows[model] = found.read(names.split(), load="_classic_write")
    places = env["fsm.location"].with_context(active_test=False).search([])
    rows["fsm.location"] = places.read(["territory_id"], load="_classic_write")
    return rows


class Books:
    """What happened, and the figures about it.

    :param rows: of :func:`export`
    :param zones: ``{company id: name of its time zone}``
    :param now: naive UTC
    :param currencies: ``{company id: its currency}``; money of two is not added up
    """

    def __init__(self, rows, zones, now, currencies=None):
        self.now, self.currencies = now, currencies or {}
        self.zones = {company: pytz.timezone(name) for company, name in zones.items()}
        self.rows = {
            model: [SimpleNamespace(**row) for row in found]
            for model, found in rows.items()
        }
        self.dispatches = {row.id: row for row in self.rows["crowd.dispatch"]}
        self.offers = _group(self.rows["crowd.offer"], "dispatch_id")
        self.events = _group(self.rows["crowd.event"], "dispatch_id")
        self.places = {row.id: row.territory_id for row in self.rows["fsm.location"]}
        self.facts = {
            "dispatch": list(map(self.dispatch, self._started())),
            "outcome": list(map(self.outcome, self._tickets())),
            "offer": list(map(self.offer, self._sent())),
            "job": list(map(self.job, self._jobs())),
            "escalation": list(map(self.escalation, self.rows["crowd.escalation"])),
            "delivery": list(map(self.delivery, self.rows["crowd.delivery"])),
            "review": list(map(self.review, self._answered())),
            "cost": list(map(self.cost, self.rows["crowd.job.cost"])),
        }

    # ------------------------------------------------------------------
    # figures
    # ------------------------------------------------------------------

    def figure(self, code, start, end, companies, **scope):
        """Return ``(value, population)`` of a figure; the value is None without rows.

        :param companies: ids; the first is the present one
        :param scope: ``team``, ``service``, ``territory``: ids
        """
        fact, how, name = FIGURES[code]
        if fact == "cost":
            currency = self.currencies.get(companies[0])
            companies = [c for c in companies if self.currencies.get(c) == currency]
        numbers = [
            number
            for row in self.select(fact, start, end, companies, **scope)
            for number in [getattr(row, name)]
            if number is not None
        ]
        return (TOGETHER[how](numbers) if numbers else None), len(numbers)

    def select(self, fact, start, end, companies, **scope):
        if fact == "member":
            return [] if scope else self.members(last_whole_month(end), companies)
        return [
            row
            for row in self.facts[fact]
            if row.company in companies
            and row.day is not None
            and start <= row.day <= end
            and all(getattr(row, name) == wanted for name, wanted in scope.items())
        ]

    # ------------------------------------------------------------------
    # time
    # ------------------------------------------------------------------

    def local(self, moment, company):
        return moment and pytz.utc.localize(moment).astimezone(self.zones[company])

    def when(self, moment, company):
        """Return the dimensions of an instant."""
        local = self.local(moment, company)
        if not local:
            return {"day": None, "hour": None, "weekday": None, "part": None}
        is_day = 8 <= local.hour < 18
        part = "weekend" if local.weekday() > 4 else "day" if is_day else "evening"
        return {
            "day": local.date(),
            "hour": "%02d:00" % local.hour,
            "weekday": str(local.isoweekday()),
            "part": part,
        }

    def of_dispatch(self, dispatch_id):
        found = self.dispatches.get(dispatch_id)
        return {
            "team": found and found.team_id or None,
            "service": found and found.service_id or None,
            "territory": found and found.territory_id or None,
        }

    # ------------------------------------------------------------------
    # facts
    # ------------------------------------------------------------------

    def _started(self):
        return [d for d in self.rows["crowd.dispatch"] if d.started_at]

    def first(self, dispatch_id, kind, state):
        """Return the first line of history of that kind, or None."""
        lines = self.events.get(dispatch_id, ())
        found = [e for e in lines if e.kind == kind and e.to_state == state]
        return min(found, key=lambda e: (e.at, e.id)) if found else None

    def dispatch(self, d):
        yes = self.first(d.id, "answer", "accepted")
        begin = self.first(d.id, "state", "in_progress")
        waited = yes and d.offered_at and max(_minutes(d.offered_at, yes.at), 0)
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
            minutes_to_offer=_minutes(d.started_at, d.offered_at),
            minutes_to_accept=waited if yes and d.offered_at else None,
            minutes_to_arrive=_minutes(yes and yes.at, begin and begin.at),
            minutes_to_done=_minutes(d.started_at, d.closed_at)
            if d.state == "done"
            else None,
            is_accepted=_share(yes) if yes or d.state != "cancelled" else None,
            is_escalated=_share(d.id in self._escalated),
            is_solved=_share(d.state == "done") if d.state in CLOSED else None,
            is_unsolved=_share(d.state == "unsolved") if d.state in CLOSED else None,
            is_cancelled=_share(d.state == "cancelled") if d.state in CLOSED else None,
            offer_count=sum(o.state != "draft" for o in offers),
            back_out_count=sum(o.state == "backed_out" for o in offers),
            round_count=d.round,
            **{
                "within_%d" % limit: _share(yes and waited <= limit)
                if in_curve
                else None
                for limit in (1, 10, 60, 180)
            },
            **self.of_dispatch(d.id),
            **self.when(d.started_at, d.company_id),
        )

    @property
    def _escalated(self):
        return self._once(
            "escalated", lambda: {e.dispatch_id for e in self.rows["crowd.escalation"]}
        )

    def _once(self, name, make):
        known = self.__dict__.setdefault("_known", {})
        if name not in known:
            known[name] = make()
        return known[name]

    def _tickets(self):
        """The tickets of the crowd: with a service, or a dispatch."""
        known = {d.ticket_id for d in self.rows["crowd.dispatch"]}
        tickets = self.rows["helpdesk.ticket"]
        return [t for t in tickets if t.crowd_service_id or t.id in known]

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
            is_solved=_share(t.crowd_outcome == "solved") if closed else None,
            is_not_solved=_share(t.crowd_outcome == "not_solved") if closed else None,
            is_abandoned=_share(t.crowd_outcome == "abandoned") if closed else None,
            is_reopened=_share(t.crowd_reopen_count) if closed else None,
            is_open=_share(not closed),
            **self.when(t.crowd_closed_at or t.create_date, t.company_id),
        )

    @property
    def _answered_tickets(self):
        """Tickets that somebody accepted, or said that he is responsible for."""
        return self._once(
            "answered",
            lambda: (
                {
                    self.dispatches[e.dispatch_id].ticket_id
                    for e in self.rows["crowd.event"]
                    if e.kind == "answer" and e.to_state == "accepted"
                }
                | {
                    e.ticket_id
                    for e in self.rows["crowd.escalation"]
                    if e.acknowledged_at
                }
            ),
        )

    def _sent(self):
        return [o for o in self.rows["crowd.offer"] if o.state != "draft" and o.sent_at]

    def offer(self, o):
        closed = o.state != "sent"
        yes = _is_job(o)
        answered = o.origin == "match" and (yes or o.state == "declined")
        return SimpleNamespace(
            id=o.id,
            company=o.company_id,
            is_accepted=_share(yes) if closed else None,
            is_declined=_share(o.state == "declined") if closed else None,
            is_ignored=_share(o.state == "expired") if closed else None,
            is_lost=_share(o.state == "lost") if closed else None,
            minutes_to_answer=_minutes(o.sent_at, o.answered_at) if answered else None,
            distance_km=o.distance_km if o.has_distance else None,
            **self.of_dispatch(o.dispatch_id),
            **self.when(o.sent_at, o.company_id),
        )

    def _jobs(self):
        return [o for o in self.rows["crowd.offer"] if _is_job(o)]

    def job(self, o):
        d = self.dispatches[o.dispatch_id]
        ended, end = o.state in ENDED, self.job_end(o)
        begin = self.job_begin(o, end)
        solved = o.state == "completed" and d.state == "done"
        external = ended and o.worker_type != "technician"
        start = self.when(d.started_at, d.company_id)
        off_hours = start["part"] != "day"
        helped = any(
            other.worker_type == "technician" and other.sent_at
            for other in self.offers[d.id]
        )
        review = self._reviews.get(o.id)
        again = review and review.would_book_again
        return SimpleNamespace(
            id=o.id,
            company=o.company_id,
            result=_result(o, d),
            is_solved=_share(solved) if ended else None,
            is_first_time_fix=_share(solved and self.is_fixed(o, d, end))
            if ended
            else None,
            is_back_out=_share(o.state == "backed_out") if ended else None,
            is_no_show=_share(o.state == "no_show") if ended else None,
            is_scope=_share(o.state == "out_of_scope") if ended else None,
            distance_km=o.distance_km if o.has_distance else None,
            ended_km=o.distance_km if o.has_distance and ended else None,
            is_off_hours=_share(off_hours) if external else None,
            is_complement=_share(off_hours or helped) if external else None,
            minutes_to_arrive=_minutes(o.answered_at, begin),
            minutes_of_work=self.work_minutes(d, begin, end),
            stars_worker=review and review.stars_worker or None,
            stars_solution=review and review.stars_solution or None,
            would_book_again=_share(again == "yes") if again else None,
            **self.of_dispatch(d.id),
            **dict(start, day=self.when(end or o.answered_at, o.company_id)["day"]),
        )

    def job_end(self, o):
        """Return when the job was over, None while it runs."""
        lines = self.events.get(o.dispatch_id, ())
        ends = [e.at for e in lines if e.offer_id == o.id and e.to_state == o.state]
        return None if o.state == "accepted" else max(ends)

    def job_begin(self, o, end):
        begins = [
            e.at
            for e in self.events.get(o.dispatch_id, ())
            if e.kind == "state"
            and e.to_state == "in_progress"
            and e.from_state != "paused"
            and o.answered_at <= e.at <= (end or datetime.max)
        ]
        return min(begins, default=None)

    def work_minutes(self, d, begin, end):
        """Return the minutes from arrival to the end, but for pauses."""
        if not begin or not end:
            return None
        idle, since = timedelta(), None
        for e in sorted(self.events.get(d.id, ()), key=lambda e: (e.at, e.id)):
            if e.kind == "state" and e.to_state == "paused":
                since = e.at
            elif e.kind == "state" and e.from_state == "paused":
                part = min(e.at, end) - max(since, begin)
                idle += max(part, timedelta())
        return (end - begin - idle).total_seconds() / 60

    def is_fixed(self, o, d, end):
        """Tell whether he was the first, and nobody had to come again."""
        for other in self.rows_of_ticket[o.ticket_id]:
            theirs = self.dispatches[other.dispatch_id]
            is_rival = theirs.slot == d.slot and _is_job(other)
            if is_rival and (other.answered_at, other.id) < (o.answered_at, o.id):
                return False
        again = [
            other.started_at
            for other in self.dispatches_of_ticket[o.ticket_id]
            if other.id != d.id and other.slot == d.slot and other.started_at
        ]
        again.append(self.tickets[o.ticket_id].crowd_reopened_at)
        return not any(at and end <= at <= end + LATER for at in again)

    @property
    def rows_of_ticket(self):
        return self._once("of_ticket", lambda: _group(self._sent(), "ticket_id"))

    @property
    def dispatches_of_ticket(self):
        rows = self.rows["crowd.dispatch"]
        return self._once("dispatches", lambda: _group(rows, "ticket_id"))

    @property
    def tickets(self):
        rows = self.rows["helpdesk.ticket"]
        return self._once("tickets", lambda: {row.id: row for row in rows})

    @property
    def _reviews(self):
        rows = self.rows["crowd.review"]
        return self._once("reviews", lambda: {row.offer_id: row for row in rows})

    def escalation(self, e):
        moment = e.acknowledged_at or e.taken_at
        waits = e.state == "open" and e.deadline and e.deadline > self.now
        in_time = moment and e.deadline and moment <= e.deadline
        return SimpleNamespace(
            id=e.id,
            company=e.company_id,
            reason=e.reason,
            level=e.level,
            acknowledged_in_time=None if waits and not moment else _share(in_time),
            minutes_to_acknowledge=_minutes(e.opened_at, e.acknowledged_at),
            is_taken=_share(e.state == "taken"),
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
            is_reached=_share(out) if over else None,
            is_dead=_share(not out) if over else None,
            is_receipted=_share(m.state != "sent") if out else None,
            minutes_to_send=_minutes(m.queued_at, m.sent_at),
            **self.of_dispatch(m.dispatch_id),
            **self.when(m.queued_at, m.company_id),
        )

    def _answered(self):
        return [r for r in self.rows["crowd.review"] if r.answered_at]

    def review(self, r):
        again = r.would_book_again
        return SimpleNamespace(
            company=r.company_id,
            stars=r.stars_worker or None,
            would_book_again=_share(again == "yes") if again else None,
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
        both = known and bool(c.own_amount)
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

    # ------------------------------------------------------------------
    # members
    # ------------------------------------------------------------------

    def members(self, month, companies):
        """Return what the externals of these companies did in a month."""
        return [
            row
            for m in self.rows["crowd.membership"]
            for row in [self.member(m, month)]
            if m.company_id in companies and m.worker_type != "technician" and row
        ]

    def member(self, m, month):
        joined = self.month(m.joined_at or m.create_date, m.company_id)
        first = self._once("first offers", self._find_first).get(m.company_id)
        if m.state in ("applied", "verified") or joined > month:
            return None
        if not first or first > month:
            return None  # nobody knows what was before
        did = [self.did(m, earlier) for earlier in (month, *_before(month, 2))]
        left = m.state == "left" and m.left_at
        is_new, is_active = joined == month, any(did[0][1:])
        gone = left and self.month(m.left_at, m.company_id) <= month
        idle = joined <= _before(month, 3)[-1] and first <= _before(month, 2)[-1]
        idle = idle and not any(any(d[1:]) for d in did)
        is_gone = bool(gone or (idle and not is_new))
        return SimpleNamespace(
            is_churned=_share(is_gone),
            is_active=None if is_gone else _share(is_active),
            is_inactive=None if is_gone else _share(not is_active and not is_new),
            shared_jobs=did[0][2] if did[0][0] else None,
        )

    def _find_first(self):
        """Return ``{company: month of its first offer}``."""
        first = {}
        for o in self._sent():
            month = self.month(o.sent_at, o.company_id)
            first[o.company_id] = min(month, first.get(o.company_id, month))
        return first

    def did(self, m, month):
        """Return how many offers, answers and jobs a member had in a month."""
        return self._once("did", self._count_members)[m.id, month]

    def _count_members(self):
        did = defaultdict(lambda: [0, 0, 0])
        for o in self._sent():
            counts = did[o.membership_id, self.month(o.sent_at, o.company_id)]
            counts[0] += 1
            said = _is_job(o) or o.state == "declined"
            counts[1] += bool(said and o.channel != "desk")
            if o.state == "completed":
                did[o.membership_id, self.month(self.job_end(o), o.company_id)][2] += 1
        return did

    def month(self, moment, company):
        return self.local(moment, company).date().replace(day=1)

    # ------------------------------------------------------------------
    # the curve
    # ------------------------------------------------------------------

    def curve(self, start, end, companies):
        """Return ``{(series, minutes): (share, dispatches)}``."""
        found = {}
        rows = self.select("dispatch", start, end, companies)
        for minutes in CURVE:
            limit = self.now - timedelta(minutes=minutes)
            told = [
                row
                for row in rows
                if row.in_curve
                and (row.accepted_by != "nobody" or row.offered_at <= limit)
            ]
            for series in ("all", "crowd", "technician"):
                by = ("crowd", "technician") if series == "all" else (series,)
                shares = [
                    _share(r.accepted_by in by and r.minutes_to_accept <= minutes)
                    for r in told
                ]
                if shares:
                    found[series, minutes] = sum(shares) / len(shares), len(shares)
        return found


def last_whole_month(day):
    """Return the first day of the last month that is over at the end of ``day``."""
    tomorrow = day + timedelta(days=1)
    return _before(tomorrow.replace(day=1), 1)[0]


def _before(month, number):
    """Return the first days of the ``number`` months before ``month``."""
    months = []
    for _number in range(number):
        month = (month - timedelta(days=1)).replace(day=1)
        months.append(month)
    return months


def _group(rows, name):
    groups = defaultdict(list)
    for row in rows:
        groups[getattr(row, name)].append(row)
    return groups


def _minutes(start, end):
    return (end - start).total_seconds() / 60 if start and end else None


def _share(condition):
    return 100.0 if condition else 0.0


def _is_job(o):
    """Tell whether somebody had said yes, whatever came of it."""
    return o.state in ACCEPTED or (o.state == "withdrawn" and bool(o.answered_at))


def _result(o, d):
    if o.state == "completed":
        return "solved" if d.state == "done" else "unsolved"
    return "running" if o.state == "accepted" else o.state


def _mean(numbers):
    return sum(numbers) / len(numbers)


def _gini(numbers):
    """Half the mean difference of all pairs, over the mean."""
    total = sum(numbers)
    if not total:
        return None
    differences = sum(abs(one - other) for one in numbers for other in numbers)
    return differences / (2 * len(numbers) * total)


def _ratio(numbers):
    yes = sum(number > 0 for number in numbers)
    return len(numbers) / yes if yes else None


TOGETHER = {
    "mean": _mean,
    "median": median,
    "sum": sum,
    "count": sum,
    "ratio": _ratio,
    "gini": _gini,
}
