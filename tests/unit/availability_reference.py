"""Availability, minute by minute, with the time zones of another library."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from matching_facts import BERN, REQUEST, km_north

from crowd_service.matching import Schedule, geo
from crowd_service.matching.availability import Job
from crowd_service.matching.calendars import Attendance, WorkingHours

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NOON = datetime(2026, 3, 4, 12)
SPRING, AUTUMN = datetime(2026, 3, 29), datetime(2026, 10, 25)  # Sundays
ZONES = (
    "UTC",
    "Europe/Zurich",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Apia",
)
STARTS = (
    NOON,
    SPRING - DAY,
    AUTUMN - DAY,
    datetime(2026, 3, 7),  # Newfoundland
    datetime(2026, 4, 4),  # Lord Howe: half an hour back
    datetime(2026, 10, 3),  # Lord Howe: half an hour on
    datetime(2026, 2, 14),  # Morocco
    datetime(2011, 12, 29),  # Samoa leaves a day out
    datetime(2026, 12, 31),
)
GRID = 30  # moments on a coarse grid meet each other more often


def _moments(start, days=3):
    most = days * 24 * 60 // GRID
    return st.integers(0, most).map(lambda n: start + n * GRID * MINUTE)


def _spans(start, **kwargs):
    pair = st.tuples(_moments(start, **kwargs), _moments(start, **kwargs))
    return pair.map(sorted).map(tuple)


CLOCKS = st.tuples(st.integers(0, 1440 // GRID), st.integers(0, 1440 // GRID)).map(
    lambda pair: (min(pair) * GRID, max(pair) * GRID)
)


@st.composite
def attendances(draw, start):
    begin, end = draw(CLOCKS)
    day = st.none() | st.integers(-1, 3).map(lambda n: (start + n * DAY).date())
    parity = draw(st.sampled_from((None, None, 0, 1)))
    return Attendance(draw(st.integers(0, 6)), begin, end, parity, draw(day), draw(day))


@st.composite
def cases(draw):
    start = draw(st.sampled_from(STARTS))
    few = {"max_size": 3}
    calendar = st.builds(
        WorkingHours,
        zone=st.sampled_from(ZONES),
        attendances=st.lists(attendances(start), max_size=12).map(tuple),
        holidays=st.lists(_spans(start), max_size=2).map(tuple),
    )
    place = st.sampled_from(
        ({}, km_north(3), km_north(40), {"lat": BERN[0], "lon": None})
    )
    jobs = st.builds(
        lambda times, place: Job(*times, **place),
        _spans(start).filter(lambda times: times[0] < times[1]),
        place,
    )
    schedule = Schedule(
        draw(st.none() | calendar),
        draw(st.sampled_from(("calendar", "available", "away"))),
        draw(st.none() | _moments(start)),
        tuple(draw(st.lists(_spans(start), **few))),
        tuple(draw(st.lists(jobs, **few))),
    )
    request = replace(
        REQUEST,
        now=draw(_moments(start)),
        window=draw(st.none() | _spans(start)),
        minutes=draw(st.sampled_from((1, 30, 60, 90, 480, 2000))),
        is_remote=draw(st.booleans()),
    )
    return request, schedule


class Reference:
    """Looks at every minute for itself."""

    def __init__(self, request, schedule):
        self.request, self.schedule = request, schedule

    def works(self, minute):
        schedule = self.schedule
        if schedule.hours is None or self.has_switched("available", minute):
            return True
        return self.shows_hours(minute)

    def shows_hours(self, minute):
        calendar = self.schedule.hours
        utc = minute.replace(tzinfo=ZoneInfo("UTC"))
        wall = utc.astimezone(ZoneInfo(calendar.zone))
        day, clock = wall.date(), wall.hour * 60 + wall.minute
        return any(
            a.weekday == day.weekday()
            and a.begin <= clock < a.end
            and (a.parity is None or a.parity == (day.toordinal() - 1) // 7 % 2)
            and not (a.first and day < a.first)
            and not (a.last and day > a.last)
            for a in calendar.attendances
        ) and not any(begin <= minute < end for begin, end in calendar.holidays)

    def has_switched(self, presence, minute):
        until = self.schedule.presence_until
        return self.schedule.presence == presence and (until is None or minute < until)

    def is_absent(self, minute):
        return any(begin <= minute < end for begin, end in self.schedule.absences)

    def is_taken(self, minute):
        return any(
            job.start - self.travel(job) <= minute < job.end + self.travel(job)
            for job in self.schedule.jobs
        )

    def travel(self, job):
        if self.request.is_remote or job.lat is None or job.lon is None:
            return 0 * MINUTE
        km = geo.distance_km(self.request.lat, self.request.lon, job.lat, job.lon)
        return geo.travel_minutes(km) * MINUTE

    def code(self):
        request = self.request
        start, end = request.window or (request.now, request.now)
        if end <= request.now:
            start = end = request.now
        start = max(start, request.now)
        return self.at(start) if start >= end else self.within(start, end)

    def at(self, now):
        if self.has_switched("away", now):
            return "away"
        if self.is_absent(now):
            return "absent"
        if not self.works(now):
            return "calendar"
        done = now + self.request.minutes * MINUTE
        for job in self.schedule.jobs:
            runs = job.start <= now < job.end
            if runs or now < job.start < done + self.travel(job):
                return "appointment"
        return None

    def within(self, start, end):
        span = int((end - start) / MINUTE)
        minutes = [start + n * MINUTE for n in range(span)]
        least = min(self.request.minutes, span)
        for name, is_bad in (
            ("away", lambda minute: self.has_switched("away", minute)),
            ("absent", self.is_absent),
            ("calendar", lambda minute: not self.works(minute)),
            ("appointment", self.is_taken),
        ):
            minutes = [minute for minute in minutes if not is_bad(minute)]
            if _longest_run(minutes) < least:
                return name
        return None


def _longest_run(minutes):
    longest = length = 0
    before = None
    for minute in minutes:
        length = length + 1 if before and minute - before == MINUTE else 1
        longest, before = max(longest, length), minute
    return longest
