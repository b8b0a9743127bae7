"""Who is on call when: turns of a rota as instants. Knows local time and both DST nights."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

import pytz

WORKDAYS = frozenset(range(5))
WEEKEND = frozenset((5, 6))
EVERY_DAY = WORKDAYS | WEEKEND


@dataclass(frozen=True)
class Shift:
    """One turn: naive UTC instants, and whose turn it is (0 = whoever begins)."""

    start: datetime
    stop: datetime
    turn: int


@dataclass(frozen=True)
class Rhythm:
    """When a rota is served and how often it changes hands.

    :param zone: name of a time zone, in which the hours are meant
    :param hour_from: local hour (8.5 is 08:30) at which a day's duty begins
    :param hour_to: when it ends; not after ``hour_from``: on the next day
    :param weekdays: 0 (Monday) to 6 on which a duty begins
    :param is_weekly: the same person serves all duties of a week
    :param handover_weekday: on which a week begins
    """

    zone: str = "UTC"
    hour_from: float = 8.0
    hour_to: float = 8.0
    weekdays: frozenset = EVERY_DAY
    is_weekly: bool = True
    handover_weekday: int = 0

    def shifts(self, first_day, days):
        """Return the :class:`Shift` s that begin on ``days`` days from ``first_day``.

        What follows without a gap in the same hands is one shift.

        >>> from datetime import date
        >>> [one] = Rhythm("Europe/Zurich").shifts(date(2026, 3, 23), 7)
        >>> one.start.isoformat(), one.stop.isoformat(), one.turn
        ('2026-03-23T07:00:00', '2026-03-30T06:00:00', 0)
        """
        found, turn = [], -1
        for number in range(days):
            day = first_day + timedelta(days=number)
            if number == 0 or self._changes_hands(day):
                is_new_turn = True
            if day.weekday() not in self.weekdays:
                continue
            turn, is_new_turn = turn + is_new_turn, False
            self._append(found, Shift(*self._window(day), turn))
        return found

    def _changes_hands(self, day):
        return not self.is_weekly or day.weekday() == self.handover_weekday

    def _window(self, day):
        last = day if self.hour_to > self.hour_from else day + timedelta(days=1)
        return self._instant(day, self.hour_from), self._instant(last, self.hour_to)

    def _instant(self, day, hour):
        """Return a local hour as naive UTC; one that DST leaves out comes an hour later."""
        zone = pytz.timezone(self.zone)
        local = datetime.combine(day, time()) + timedelta(minutes=round(hour * 60))
        moment = zone.normalize(zone.localize(local, is_dst=False))
        return moment.astimezone(pytz.utc).replace(tzinfo=None)

    @staticmethod
    def _append(found, shift):
        if shift.start >= shift.stop:
            return  # all of it lies in the hour that DST leaves out
        before = found[-1] if found else None
        if before and before.turn == shift.turn and before.stop == shift.start:
            shift = Shift(before.start, shift.stop, shift.turn)
            found.pop()
        found.append(shift)
