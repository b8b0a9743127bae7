"""Every figure of docs/kpi.md once more: plain Python over exported rows.

Nothing of the product is used here, and nothing that it has counted: days, minutes,
first acceptances and months come from instants (naive UTC) and from the lines of
history. Tests and the simulator compare the product with it.
"""

from datetime import timedelta

from .arithmetic import TOGETHER, last_whole_month, share
from .facts import CLOSED, Facts
from .jobs import Jobs
from .members import Members
from .rows import Rows, export

__all__ = ["CURVE", "FIGURES", "Books", "export", "last_whole_month"]

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


class Books(Facts, Jobs, Members, Rows):
    """What happened, and the figures about it."""

    def __init__(self, rows, zones, now, currencies=None):
        super().__init__(rows, zones, now, currencies)
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
                    share(r.accepted_by in by and r.minutes_to_accept <= minutes)
                    for r in told
                ]
                if shares:
                    found[series, minutes] = sum(shares) / len(shares), len(shares)
        return found

    def at_risk(self, companies):
        """Return how many dispatches something goes wrong with, at this moment."""
        rows = self.rows["crowd.dispatch"]
        return sum(self._is_at_risk(d) for d in rows if d.company_id in companies)

    def _is_at_risk(self, d):
        if d.state in (*CLOSED, "paused"):
            return False
        if d.deadline and d.deadline <= self.now:
            return True
        if d.state == "assigned":
            return bool(
                d.promised_at and d.promised_at <= self.now and not d.on_the_way_at
            )
        soon = self.now + timedelta(minutes=60)
        ends = (d.deadline, d.point_of_no_return)
        return d.state != "in_progress" and any(end and end <= soon for end in ends)
