"""When tickets come in. Plain numbers, no Odoo."""

from datetime import timedelta

#: How many tickets come in each hour of a local day, as weights: the desk is busy by
#: day, and people are at home in the evening.
BY_HOUR = (1, 1, 1, 1, 1, 2, 5, 14, 30, 38, 38, 34)
BY_HOUR += (26, 28, 32, 32, 30, 34, 38, 36, 28, 16, 7, 3)
#: The same for the days of a week, Monday first.
BY_WEEKDAY = (1.2, 1.1, 1.05, 1.05, 1.05, 0.85, 0.7)


def arrivals(chance, count, start, per_day):
    """Return ``count`` instants in order, from ``start`` on.

    :param start: a Monday's midnight
    :param per_day: tickets on a mean day
    """
    days = max(1, round(count / per_day))
    weights = [BY_WEEKDAY[day % 7] for day in range(days)]
    found = []
    for day in chance.choices(range(days), weights, k=count):
        hour = chance.choices(range(24), BY_HOUR)[0]
        seconds = hour * 3600 + chance.randrange(3600)
        found.append(start + timedelta(days=day, seconds=seconds))
    return sorted(found)
