"""Periods of whole local days, and the ones before them."""

from collections import namedtuple
from datetime import date, timedelta

PERIODS = ("d30", "month", "quarter", "year")
MOST_SLICES = 12

#: First and last day, both included.
Period = namedtuple("Period", "start end")
DAY = timedelta(days=1)


def current(name, today):
    """Return the period ``name`` as seen on ``today``.

    >>> current("d30", date(2026, 3, 30))
    Period(start=datetime.date(2026, 3, 1), end=datetime.date(2026, 3, 30))
    >>> current("month", date(2026, 3, 30))
    Period(start=datetime.date(2026, 2, 1), end=datetime.date(2026, 2, 28))
    >>> current("quarter", date(2026, 3, 30))
    Period(start=datetime.date(2025, 10, 1), end=datetime.date(2025, 12, 31))
    >>> current("year", date(2024, 2, 29))
    Period(start=datetime.date(2023, 3, 1), end=datetime.date(2024, 2, 29))
    """
    if name == "d30":
        return Period(today - 29 * DAY, today)
    if name == "month":
        return _months(today.replace(day=1), 1)
    if name == "quarter":
        first = today.replace(month=today.month - (today.month - 1) % 3, day=1)
        return _months(first, 3)
    if name == "year":
        return Period(_plus_months(today + DAY, -12), today)
    raise ValueError(name)


def before(name, period):
    """Return the period before ``period``, which is one of the kind ``name``.

    >>> before("month", Period(date(2026, 3, 1), date(2026, 3, 31))).start
    datetime.date(2026, 2, 1)
    >>> before("d30", Period(date(2026, 3, 1), date(2026, 3, 30)))
    Period(start=datetime.date(2026, 1, 30), end=datetime.date(2026, 2, 28))
    """
    if name in ("month", "quarter"):
        return _months(period.start, 1 if name == "month" else 3)
    if name == "year":
        return Period(_plus_months(period.start, -12), period.start - DAY)
    return Period(period.start - (period.end - period.start) - DAY, period.start - DAY)


def last_whole_month(period):
    """Return the first day of the last month that is over at the end of ``period``.

    >>> last_whole_month(Period(date(2026, 1, 1), date(2026, 3, 31)))
    datetime.date(2026, 3, 1)
    >>> last_whole_month(Period(date(2026, 3, 2), date(2026, 3, 30)))
    datetime.date(2026, 2, 1)
    """
    return _plus_months((period.end + DAY).replace(day=1), -1)


def months_before(month, number):
    """Return the first day of the month so many months before ``month``.

    >>> months_before(date(2026, 3, 1), 3)
    datetime.date(2025, 12, 1)
    """
    return _plus_months(month, -number)


def slices(period):
    """Return how many days each of the at most twelve slices of ``period`` has.

    >>> slices(Period(date(2026, 3, 1), date(2026, 3, 30)))
    3
    >>> slices(Period(date(2026, 3, 1), date(2026, 3, 5)))
    1
    """
    days = (period.end - period.start).days + 1
    return -(-days // MOST_SLICES)


def _months(after, number):
    """Return the ``number`` whole months that end before the month of ``after``."""
    return Period(_plus_months(after, -number), after - DAY)


def _plus_months(day, number):
    """Return the same day so many months later, the last one of a shorter month."""
    months = day.year * 12 + day.month - 1 + number
    first = date(months // 12, months % 12 + 1, 1)
    last = _next_month(first) - DAY
    return min(first + (day.day - 1) * DAY, last)


def _next_month(first):
    return (first + 31 * DAY).replace(day=1)
