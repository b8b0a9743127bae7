"""Parts of the week: people answer differently at night and on Sundays.

====== ========= ============ ================
bucket part      hours, local days
====== ========= ============ ================
0      night     22-24, 0-6   Monday-Friday
1      morning   6-12         Monday-Friday
2      afternoon 12-18        Monday-Friday
3      evening   18-22        Monday-Friday
4-7    the same  the same     Saturday, Sunday
====== ========= ============ ================

A night belongs to the day of the moment itself: Friday 23:00 is a weekday's night,
Saturday 1:00 one of the weekend.
"""

NIGHT, MORNING, AFTERNOON, EVENING = range(4)
PARTS_OF_DAY = 4
BUCKETS = tuple(range(2 * PARTS_OF_DAY))
#: The hours at which morning, afternoon, evening and night begin.
MORNING_AT, NOON_AT, EVENING_AT, NIGHT_AT = 6, 12, 18, 22
SATURDAY = 5


def bucket(moment):
    """Return the part of the week (0-7) of a ``datetime`` in local time.

    >>> from datetime import datetime
    >>> bucket(datetime(2026, 3, 6, 23, 0)), bucket(datetime(2026, 3, 7, 1, 0))
    (0, 4)
    """
    weekend = PARTS_OF_DAY if moment.weekday() >= SATURDAY else 0
    return weekend + part_of_day(moment.hour)


def part_of_day(hour):
    """Return the part (0-3) of the day that the hour (0-23) belongs to."""
    if hour < MORNING_AT or hour >= NIGHT_AT:
        return NIGHT
    if hour < NOON_AT:
        return MORNING
    return AFTERNOON if hour < EVENING_AT else EVENING
