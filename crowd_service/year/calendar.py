"""When tickets come in: season, days of the week, hours, and what was special."""

from bisect import bisect
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate

import pytz

#: January to December: new devices after Christmas, holidays in summer.
MONTHS = (1.25, 1.0, 1.0, 0.95, 0.9, 0.85, 0.7, 0.75, 1.0, 1.05, 1.15, 1.4)
#: Monday to Sunday.
WEEKDAYS = (1.15, 1.05, 1.0, 1.0, 1.0, 0.95, 0.8)
#: Hour 0 to 23: on working days people come home in the evening.
WORKING = (0.1,) * 6 + (0.3, 1, 3, 4, 4, 3, 2, 2, 2, 2, 3, 5, 7, 8, 7, 5, 2, 0.5)
WEEKEND = (0.1,) * 7 + (0.5, 2, 5, 6, 6, 4, 4, 5, 5, 5, 5, 5, 5, 4, 3, 2, 0.5)
#: From the first day of the year to the last, demand grows.
GROWTH = (0.8, 1.2)
CAMPAIGN_FACTOR = 1.9
DOWN_FROM, DOWN_UNTIL = 8, 18  # hours of the bad day


@dataclass(frozen=True)
class Year:
    """The days up to yesterday, as seen from ``today`` (a local date)."""

    today: date
    days: int = 365

    @property
    def first(self):
        return self.today - timedelta(days=self.days)

    @property
    def midnight(self):
        """Return the local moment at which today began."""
        return datetime(self.today.year, self.today.month, self.today.day)

    @property
    def end(self):
        """Return a moment before which everything is over, in any zone (naive UTC)."""
        return self.midnight - timedelta(hours=14)

    def day(self, number):
        return self.first + timedelta(days=number)

    def age(self, day):
        """Return 0.0 on the first day up to 1.0 on the last.

        >>> Year(date(2026, 3, 1)).age(date(2026, 3, 1))
        1.0
        """
        return (day - self.first).days / self.days

    @property
    def last(self):
        """Return the last day on which a ticket comes in: all of them end in time."""
        return self.today - timedelta(days=3)

    @property
    def campaign(self):
        """Return first and last day of the month in which fibre was sold."""
        begin = self.today - timedelta(days=150)
        return begin, begin + timedelta(days=29)

    def is_campaign(self, day):
        begin, end = self.campaign
        return begin <= day <= end

    @property
    def bad_day(self):
        """Return the Tuesday, five to six weeks ago, on which no mail got out.

        >>> Year(date(2026, 3, 1)).bad_day.isoweekday()
        2
        """
        around = self.today - timedelta(days=36)
        return around - timedelta(days=(around.weekday() - 1) % 7)

    def is_mail_down(self, local):
        """Tell whether the e-mail gateway was down at that local moment."""
        hour = local.hour
        return local.date() == self.bad_day and DOWN_FROM <= hour < DOWN_UNTIL

    def weight(self, day):
        """Return how much is asked for on a day, 1.0 is usual."""
        low, high = GROWTH
        growth = low + (high - low) * self.age(day)
        special = CAMPAIGN_FACTOR if self.is_campaign(day) else 1.0
        return MONTHS[day.month - 1] * WEEKDAYS[day.weekday()] * growth * special

    def spread(self, count):
        """Return ``count`` days, in order, as many of each as its weight says.

        >>> days = Year(date(2026, 3, 1)).spread(3000)
        >>> len(days), days[0] <= days[-1] < date(2026, 3, 1)
        (3000, True)
        """
        numbers = range((self.last - self.first).days + 1)
        sums = list(accumulate(self.weight(self.day(n)) for n in numbers))
        step = sums[-1] / count
        return [self.day(bisect(sums, (n + 0.5) * step)) for n in range(count)]


def draw_time(lots, day):
    """Return a local moment of ``day`` (naive)."""
    weights = WEEKEND if day.weekday() > 4 else WORKING
    hour = lots.choices(range(24), weights)[0]
    seconds = lots.randrange(3600)
    return datetime(day.year, day.month, day.day, hour) + timedelta(seconds=seconds)


def to_utc(local, zone):
    """Return the naive UTC of a local moment; an hour that was skipped moves on.

    >>> to_utc(datetime(2026, 3, 29, 2, 30), "Europe/Berlin")
    datetime.datetime(2026, 3, 29, 1, 30)
    """
    timezone = pytz.timezone(zone)
    return timezone.localize(local).astimezone(pytz.utc).replace(tzinfo=None)


def to_local(moment, zone):
    """Return the local moment (naive) of a naive UTC one."""
    aware = pytz.utc.localize(moment).astimezone(pytz.timezone(zone))
    return aware.replace(tzinfo=None)


def is_desk_open(local):
    """Tell whether the service desk works at a local moment."""
    return local.weekday() < 5 and 8 <= local.hour < 18
