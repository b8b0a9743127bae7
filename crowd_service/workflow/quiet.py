"""Hours in which somebody is left in peace. Nothing here knows Odoo."""

from datetime import datetime, time, timedelta

import pytz

DAY = timedelta(days=1)


def quiet_until(moment, zone, start, end):
    """Return when the quiet hours end in which ``moment`` lies, None outside of them.

    :param moment: naive UTC datetime; the answer is one, too
    :param zone: name of the time zone in which the hours are meant
    :param start: hour of the day, 22.5 is half past ten in the evening
    :param end: hour of the day; one before ``start`` is on the next morning

    >>> quiet_until(datetime(2026, 1, 5, 22, 0), "Europe/Zurich", 22, 7)
    datetime.datetime(2026, 1, 6, 6, 0)
    >>> quiet_until(datetime(2026, 1, 6, 5, 59), "Europe/Zurich", 22, 7)
    datetime.datetime(2026, 1, 6, 6, 0)
    >>> quiet_until(datetime(2026, 1, 6, 6, 0), "Europe/Zurich", 22, 7)

    The night in which clocks are put forward is an hour shorter:

    >>> quiet_until(datetime(2026, 3, 28, 23, 0), "Europe/Zurich", 22, 7)
    datetime.datetime(2026, 3, 29, 5, 0)
    """
    zone = pytz.timezone(zone)
    today = pytz.utc.localize(moment).astimezone(zone).date()
    for day in (today - DAY, today):
        begin = _at(zone, day, start)
        over = _at(zone, day + DAY if end <= start else day, end)
        if begin <= moment < over:
            return over
    return None


def _at(zone, day, hour):
    """Return the naive UTC moment of an ``hour`` of a local ``day``."""
    minutes = timedelta(minutes=round(hour * 60))
    local = zone.localize(datetime.combine(day, time.min) + minutes)
    return local.astimezone(pytz.utc).replace(tzinfo=None)
