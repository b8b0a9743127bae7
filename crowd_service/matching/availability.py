"""Whether somebody has time: working hours, absences, jobs, and the switch.

Moments are naive UTC datetimes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Optional

from .calendars import Stretch, WorkingHours, first_fit, join
from .geo import distance_km, travel_minutes

#: So much of a wished window is looked at; the rest would be another appointment.
LONGEST_WINDOW = timedelta(days=366)
LATEST = datetime(9990, 1, 1)


class Job(NamedTuple):
    """Work accepted before; without a place it takes no travel."""

    start: datetime
    end: datetime
    lat: Optional[float] = None
    lon: Optional[float] = None


@dataclass(frozen=True)
class Schedule:
    """What is known of somebody's time; nothing known: always available.

    ``hours`` are his working hours, None: any time. ``presence`` is the switch, which
    holds from now to ``presence_until`` (None: for good): "available" overrules the
    working hours, "away" everything, "calendar" nothing.
    """

    hours: Optional[WorkingHours] = None
    presence: str = "calendar"
    presence_until: Optional[datetime] = None
    absences: tuple[Stretch, ...] = ()
    jobs: tuple[Job, ...] = ()

    @property
    def is_blank(self):
        """Tell whether nothing is known."""
        return not (
            self.hours or self.absences or self.jobs or self.presence != "calendar"
        )

    def presence_at(self, moment):
        """Return the position of the switch at a moment that is not past."""
        until = self.presence_until
        return self.presence if until is None or moment < until else "calendar"

    def jobs_in_order(self):
        """Return the jobs by their times."""
        return sorted(self.jobs, key=lambda job: (job.start, job.end))

    def open_stretches(self, start, end):
        """Yield when he works between two moments, but for absences and jobs."""
        available_until = start
        if self.presence_at(start) == "available":
            available_until = min(self.presence_until or end, end)
        if self.hours is None or available_until == end:
            return iter([(start, end)])
        hours = self.hours.open_stretches(available_until, end)
        if available_until == start:
            return hours
        return join(_chain((start, available_until), hours))


def _chain(first, others):
    yield first
    yield from others


def obstacle(request, worker):
    """Return the ``(code, data)`` of what keeps ``worker`` from the work, or None.

    As soon as possible: he must work now, and be done before he leaves for his next
    job. In a window: one stretch of it, as long as the work or at least as the
    window, must be free of absences and of jobs with the way from and to them. What
    is past of a window does not count, and when all is past, as soon as possible.

    Codes, the first that leaves no such time: away and absent, with "until"; calendar,
    with "next", when he can begin by his working hours; appointment, with "start" and
    "end" of the other job and the "travel" to it in minutes.
    """
    schedule = worker.schedule
    if schedule.is_blank:
        return None
    start, end = _wanted(request)
    if start == end:
        return _obstacle_at(request, schedule, start)
    return _obstacle_within(request, schedule, start, end)


def _wanted(request):
    """Return start and end of the wished time, equal when it is a moment."""
    if request.window is None or request.window[1] <= request.now:
        return request.now, request.now
    start = min(max(request.window[0], request.now), LATEST)
    return start, max(start, min(request.window[1], start + LONGEST_WINDOW))


def _obstacle_at(request, schedule, moment):
    presence = schedule.presence_at(moment)
    if presence == "away":
        return "away", {"until": schedule.presence_until}
    if schedule.absences:
        until = _end_of_absence(schedule, moment, moment)
        if until:
            return "absent", {"until": until}
    hours = schedule.hours
    if hours and presence != "available" and not hours.is_open(moment):
        opening = hours.next_opening(moment, blocked=sorted(schedule.absences))
        return "calendar", {"next": opening}
    done = moment + timedelta(minutes=request.minutes)
    for job in schedule.jobs_in_order():
        if moment < job.end and (
            job.start <= moment or job.start - _travel(request, job) < done
        ):
            return _appointment(request, job)
    return None


def _obstacle_within(request, schedule, start, end):
    least = min(timedelta(minutes=request.minutes), end - start)
    blocked, whole = [], [(start, end)]
    if schedule.presence_at(start) == "away":
        blocked = [(start, schedule.presence_until or end)]
        if not first_fit(whole, blocked, least):
            return "away", {"until": schedule.presence_until}
    if schedule.absences:
        blocked = sorted(blocked + list(schedule.absences))
        if not first_fit(whole, blocked, least):
            return "absent", {"until": _end_of_absence(schedule, start, end)}
    fit = first_fit(schedule.open_stretches(start, end), blocked, least)
    if not fit:
        return "calendar", {"next": schedule.hours.next_opening(start, least, blocked)}
    if not schedule.jobs:
        return None
    taken = [_with_travel(request, job) for job in schedule.jobs]
    opened = schedule.open_stretches(start, end)
    if first_fit(opened, sorted(blocked + taken), least):
        return None
    return _appointment(request, _first_in_the_way(request, schedule, fit))


def _end_of_absence(schedule, start, end):
    """Return the end of the absence that touches the time, and of those that follow."""
    for begin, stop in join(sorted(schedule.absences)):
        if start < stop and (begin < end or begin == start):
            return stop
    return None


def _travel(request, job):
    """Return the estimated time on the way between two places, if both are known."""
    if request.is_remote or None in (request.lat, request.lon, job.lat, job.lon):
        return timedelta(0)
    km = distance_km(request.lat, request.lon, job.lat, job.lon)
    return timedelta(minutes=travel_minutes(km))


def _with_travel(request, job):
    travel = _travel(request, job)
    return job.start - travel, job.end + travel


def _first_in_the_way(request, schedule, stretch):
    """Return the first job that takes something of a stretch."""
    return next(
        job
        for job in schedule.jobs_in_order()
        for start, end in [_with_travel(request, job)]
        if start < stretch[1] and stretch[0] < end
    )


def _appointment(request, job):
    travel = int(_travel(request, job).total_seconds() // 60)
    return "appointment", {"start": job.start, "end": job.end, "travel": travel}
