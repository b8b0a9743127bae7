"""Working hours: a weekly pattern in a time zone, looked at from UTC.

Somebody works at a moment when the clock on his wall shows working hours: on the night
that has an hour twice he works it twice, on the night that lacks it not at all.
Moments are naive UTC datetimes, stretches of time ``(start, end)`` without the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple, Optional

import pytz

Stretch = tuple[datetime, datetime]

DAY = timedelta(days=1)
#: Longer than a two-week pattern: who does not work for so long is not waited for.
LOOK_AHEAD = timedelta(days=15)
MIDNIGHT_MINUTE = 24 * 60


class Attendance(NamedTuple):
    """Work on a weekday (0: Monday), in minutes since midnight.

    ``parity`` is that of the week in a two-week pattern, see :func:`week_parity`;
    ``first`` and ``last`` are days between which it holds, None: always.
    """

    weekday: int
    begin: int
    end: int
    parity: Optional[int] = None
    first: Optional[date] = None
    last: Optional[date] = None

    @classmethod
    def from_hours(cls, weekday, hour_from, hour_to, *args):
        """Return the attendance of hours as floats; the last minute is midnight.

        Screens cannot enter 24:00 and take 23:59 for it.
        """
        end = round(hour_to * 60)
        end = MIDNIGHT_MINUTE if end >= MIDNIGHT_MINUTE - 1 else end
        return cls(weekday, max(0, round(hour_from * 60)), end, *args)

    def holds_on(self, day):
        """Tell whether it holds on ``day``, which is of the right weekday."""
        return (
            (self.parity is None or self.parity == week_parity(day))
            and (self.first is None or self.first <= day)
            and (self.last is None or day <= self.last)
        )


def week_parity(day):
    """Return 0 or 1 in turns for every week, as Odoo's two-week calendars count.

    >>> week_parity(date(2026, 3, 1)), week_parity(date(2026, 3, 2))
    (0, 1)
    """
    return (day.toordinal() - 1) // 7 % 2


@dataclass(frozen=True)
class WorkingHours:
    """A calendar: attendances on the clock of a time zone, less its holidays."""

    zone: str = "UTC"
    attendances: tuple[Attendance, ...] = ()
    holidays: tuple[Stretch, ...] = ()

    @cached_property
    def _week(self):
        days = [[] for _weekday in range(7)]
        for attendance in self.attendances:
            if attendance.begin < attendance.end:
                days[attendance.weekday].append(attendance)
        return [sorted(day, key=lambda each: each.begin) for day in days]

    @cached_property
    def _holidays(self):
        return sorted(self.holidays)

    def is_open(self, moment):
        """Tell whether the moment is within the working hours."""
        local = _local(self.zone, moment)
        minute = local.hour * 60 + local.minute
        return any(
            each.begin <= minute < each.end and each.holds_on(local.date())
            for each in self._week[local.weekday()]
        ) and not any(start <= moment < end for start, end in self.holidays)

    def open_stretches(self, start, end) -> Iterator[Stretch]:
        """Yield the stretches of work between two moments, in order, none adjacent."""
        return subtract(join(self._shifts(start, end)), self._holidays)

    def next_opening(self, moment, least=timedelta(0), blocked=()):
        """Return when work of the ``least`` length can begin, from ``moment`` on.

        None when that is more than :data:`LOOK_AHEAD` away. ``blocked`` is sorted.
        """
        hours = self.open_stretches(moment, moment + LOOK_AHEAD)
        fit = first_fit(hours, blocked, least)
        return fit and fit[0]

    def _shifts(self, start, end):
        for begin, stop, offset in _even_pieces(self.zone, start, end):
            local_begin, local_stop = begin + offset, stop + offset
            midnight = datetime.combine(local_begin, time.min)
            while midnight < local_stop:
                for each in self._week[midnight.weekday()]:
                    first = max(local_begin, midnight + timedelta(minutes=each.begin))
                    last = min(local_stop, midnight + timedelta(minutes=each.end))
                    if first < last and each.holds_on(midnight.date()):
                        yield first - offset, last - offset
                midnight += DAY


@lru_cache(maxsize=None)
def _zone(name):
    try:
        return pytz.timezone(name)
    except pytz.UnknownTimeZoneError:
        return pytz.utc


@lru_cache(maxsize=256)
def _local(zone_name, moment):
    return _zone(zone_name).fromutc(moment)


def _offset(zone, moment):
    return zone.fromutc(moment).replace(tzinfo=None) - moment


@lru_cache(maxsize=256)
def _even_pieces(zone_name, start, end):
    """Return ``[(start, end, offset to UTC)]``: the clock is not changed within one."""
    zone, pieces = _zone(zone_name), []
    while start < end:
        stop, offset = min(start + DAY, end), _offset(zone, start)
        if _offset(zone, stop) != offset:
            stop = _change(zone, start, stop)
        if pieces and pieces[-1][2] == offset:
            pieces[-1] = (pieces[-1][0], stop, offset)
        else:
            pieces.append((start, stop, offset))
        start = stop
    return pieces


def _change(zone, before, after):
    """Return when the clock is changed between two moments of unequal offset."""
    offset = _offset(zone, before)
    while after - before > timedelta.resolution:
        middle = before + (after - before) / 2
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def join(stretches):
    """Yield stretches that come in the order of their starts, joined where they meet.

    >>> list(join([(1, 3), (2, 4), (4, 5), (7, 8)]))
    [(1, 5), (7, 8)]
    """
    current = None
    for start, end in stretches:
        if current and start <= current[1]:
            current = (current[0], max(end, current[1]))
            continue
        if current:
            yield current
        current = (start, end)
    if current:
        yield current


def subtract(stretches, blocked):
    """Yield what is left of the stretches; ``blocked`` is sorted and may overlap.

    >>> list(subtract([(1, 9)], [(0, 2), (3, 6), (4, 5)]))
    [(2, 3), (6, 9)]
    """
    for start, end in stretches:
        for begin, stop in blocked:
            if begin >= end:
                break
            if begin >= stop:
                continue
            if begin > start:
                yield start, begin
            start = max(start, stop)
        if start < end:
            yield start, end


def first_fit(stretches, blocked, least):
    """Return the first unblocked stretch that is long enough, or None.

    >>> first_fit([(1, 9)], [(3, 5)], 3)
    (5, 9)
    """
    for start, end in subtract(stretches, blocked):
        if end - start >= least:
            return start, end
    return None
