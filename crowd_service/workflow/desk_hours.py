"""Minutes that count in weekly hours only, less holidays."""

from datetime import datetime, time, timedelta

MOST_DAYS = 1400  # then it is closed for good


def after_minutes(start, minutes, week, zone, closed=()):
    """Return when ``minutes`` of open time have gone by since ``start``, else None.

    :param start: aware datetime
    :param week: ``{weekday (0 is Monday): [(from, to)]}``, local hours 0.0 to 24.0 that
        do not overlap, in order
    :param zone: of those hours, from pytz
    :param closed: ``[(from, until)]`` holidays, aware datetimes
    """
    left = timedelta(minutes=minutes)
    closed = sorted(closed)
    day = start.astimezone(zone).date()
    for _number in range(MOST_DAYS):
        for hours in week.get(day.weekday(), ()):
            begin, end = (zone.localize(_moment(day, hour)) for hour in hours)
            for free, until in _less(max(begin, start), end, closed):
                if left <= until - free:
                    return free + left
                left -= until - free
        day += timedelta(days=1)
    return None


def _moment(day, hour):
    """Return the local instant of an ``hour`` as 9.5; the 24th is the day's last.

    >>> from datetime import date
    >>> _moment(date(2026, 3, 2), 9.5)
    datetime.datetime(2026, 3, 2, 9, 30)
    """
    if hour >= 24:
        return datetime.combine(day, time.max)
    return datetime.combine(day, time()) + timedelta(minutes=round(hour * 60))


def _less(begin, end, closed):
    """Yield what is left of a span of time when ``closed`` ones are taken out.

    >>> list(_less(1, 9, [(0, 2), (3, 4), (8, 12)]))
    [(2, 3), (4, 8)]
    """
    for shut, opened in closed:
        if shut < end and opened > begin:
            if begin < shut:
                yield begin, shut
            begin = max(begin, opened)
    if begin < end:
        yield begin, end
