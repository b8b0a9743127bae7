"""When somebody has time: the switch, absences, working hours, jobs, both nights."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from timeit import repeat

import pytest
from matching_facts import BERN, REQUEST, km_north, worker

from crowd_service.matching import Schedule, geo, judge
from crowd_service.matching.availability import Job, obstacle
from crowd_service.matching.calendars import (
    Attendance,
    WorkingHours,
    week_parity,
)

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 3, 4, 12)  # a Wednesday, 13:00 in Zurich
DAY = timedelta(days=1)
OFFICE = tuple(
    Attendance.from_hours(day, begin, end)
    for day in range(5)
    for begin, end in ((8, 12), (13, 17))
)
ZURICH = WorkingHours("Europe/Zurich", OFFICE)
SPRING, AUTUMN = datetime(2026, 3, 29), datetime(2026, 10, 25)  # Sundays


def at(day, clock):
    return datetime.combine(day, time.fromisoformat(clock))


def hours(*clocks, zone="UTC", **facts):
    """Return working hours, the same every day: ``hours("22:00-24:00")``."""
    attendances = tuple(
        Attendance(day, *map(_minute, clock.split("-")), **facts)
        for day in range(7)
        for clock in clocks
    )
    return WorkingHours(zone, attendances)


def _minute(clock):
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def found(schedule, now=NOON, window=None, minutes=60, **facts):
    request = replace(REQUEST, now=now, window=window, minutes=minutes, **facts)
    return obstacle(request, worker(schedule=schedule))


def code(*args, **kwargs):
    hindrance = found(*args, **kwargs)
    return hindrance and hindrance[0]


def span(begin, end, day=NOON):
    return at(day, begin), at(day, end)


# ----------------------------------------------------------------------
# nothing known, and the form of it
# ----------------------------------------------------------------------


def test_nothing_known_is_always_available():
    assert Schedule().is_blank
    assert hash(Schedule()) == hash(Schedule())
    assert found(Schedule()) is None
    assert found(Schedule(), window=(NOON, NOON + 3 * MINUTE)) is None
    assert judge(REQUEST, worker()).excluded_reason == ""


def test_a_filled_schedule_can_be_hashed_and_not_be_changed():
    full = Schedule(ZURICH, "away", NOON, ((NOON, NOON),), (Job(NOON, NOON),))
    assert hash(full) == hash(replace(full))
    with pytest.raises(AttributeError):
        full.presence = "calendar"


def test_the_verdict_is_one_reason_with_its_data():
    busy = worker(schedule=Schedule(presence="away", absences=((NOON, NOON + MINUTE),)))
    assert judge(replace(REQUEST, now=NOON), busy).reasons == (
        ("away", {"until": None}),
    )


# ----------------------------------------------------------------------
# the switch
# ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (None, ("away", {"until": None})),
        (NOON + MINUTE, ("away", {"until": NOON + MINUTE})),
        (NOON, None),
        (NOON - MINUTE, None),
    ],
)
def test_away_now(until, expected):
    assert found(Schedule(presence="away", presence_until=until)) == expected


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (None, "away"),
        (at(NOON, "13:00"), None),
        (at(NOON, "14:00"), None),
        (at(NOON, "15:00"), None),
        (at(NOON, "15:01"), "away"),
        (at(NOON, "16:00"), "away"),
        (at(NOON, "11:00"), None),
    ],
)
def test_away_counts_if_it_leaves_no_time(until, expected):
    schedule = Schedule(presence="away", presence_until=until)
    assert code(schedule, window=span("14:00", "16:00")) == expected


@pytest.mark.parametrize(
    ("until", "expected"),
    [(None, None), (NOON + MINUTE, None), (NOON, "calendar"), (NOON - DAY, "calendar")],
)
def test_available_overrules_the_working_hours_until_its_end(until, expected):
    schedule = Schedule(hours(), "available", until)
    assert code(schedule) == expected


def test_available_lengthens_the_working_hours_of_a_window():
    morning = hours("08:00-12:00")
    for until, expected in (("12:30", None), ("12:29", "calendar")):
        schedule = Schedule(morning, "available", at(NOON, until))
        assert (
            code(schedule, now=at(NOON, "09:00"), window=span("11:30", "14:00"))
            == expected
        )
    for until, expected in (("07:00", "calendar"), ("07:30", None)):
        schedule = Schedule(hours("08:00-08:30"), "available", at(NOON, until))
        now = at(NOON, "06:30")
        assert code(schedule, now=now, window=span("06:00", "09:00")) == expected


def test_available_overrules_no_absence_and_no_job():
    away = Schedule(None, "available", None, ((NOON, NOON + MINUTE),))
    busy = Schedule(None, "available", None, (), (Job(NOON, NOON + MINUTE),))
    assert code(away) == "absent"
    assert code(busy) == "appointment"


def test_available_overrules_holidays():
    closed = replace(ZURICH, holidays=(span("00:00", "23:00"),))
    assert code(Schedule(closed)) == "calendar"
    assert code(Schedule(closed, "available")) is None


# ----------------------------------------------------------------------
# absences
# ----------------------------------------------------------------------


def test_absent_until_the_end_of_the_last_that_follows():
    absences = (
        (NOON + 60 * MINUTE, NOON + 90 * MINUTE),
        (NOON - MINUTE, NOON + 60 * MINUTE),
        (NOON + 91 * MINUTE, NOON + 99 * MINUTE),
    )
    expected = ("absent", {"until": NOON + 90 * MINUTE})
    assert found(Schedule(absences=absences)) == expected
    assert found(Schedule(absences=absences), now=NOON - 2 * MINUTE) is None
    assert found(Schedule(absences=absences), now=NOON + 90 * MINUTE) is None
    assert code(Schedule(absences=absences), window=span("11:59", "13:20")) == "absent"


def test_an_absence_without_length_is_none():
    schedule = Schedule(absences=((NOON, NOON),))
    assert found(schedule) is None
    assert found(schedule, window=span("11:30", "12:30")) is None


# ----------------------------------------------------------------------
# working hours
# ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("06:59", at(NOON, "07:00")),
        ("07:00", None),
        ("10:59", None),
        ("11:00", at(NOON, "12:00")),
        ("12:00", None),
        ("15:59", None),
        ("16:00", at(NOON + DAY, "07:00")),
    ],
)
def test_office_hours_in_their_zone(clock, expected):
    hindrance = found(Schedule(ZURICH), now=at(NOON, clock))
    assert hindrance == (expected and ("calendar", {"next": expected}))


def test_weekends_and_evenings_are_somebody_elses():
    evenings = hours("18:00-22:00", zone="Europe/Zurich")
    saturday, evening = datetime(2026, 3, 7, 12), at(NOON, "18:00")
    monday = datetime(2026, 3, 9, 7)
    assert found(Schedule(ZURICH), now=saturday) == ("calendar", {"next": monday})
    assert code(Schedule(ZURICH), now=evening) == "calendar"
    assert code(Schedule(evenings), now=evening) is None
    assert code(Schedule(evenings), now=saturday) == "calendar"


@pytest.mark.parametrize("clocks", [(), ("08:00-08:00",), ("17:00-08:00",)])
def test_without_any_hours_never(clocks):
    never = Schedule(hours(*clocks))
    assert found(never) == ("calendar", {"next": None})
    assert found(never, window=(NOON, NOON + 400 * DAY)) == ("calendar", {"next": None})


def test_breaks_split_and_neighbours_join():
    facts = {"now": at(NOON, "06:00"), "window": span("10:00", "14:00")}
    assert code(Schedule(hours("08:00-12:00", "12:00-17:00")), **facts) is None
    split = Schedule(hours("08:00-12:00", "12:01-17:00"))
    assert code(split, **facts, minutes=120) is None
    assert code(split, **facts, minutes=121) == "calendar"
    overlapping = Schedule(hours("10:00-13:00", "11:00-12:00", "12:30-14:00"))
    assert code(overlapping, **facts, minutes=240) is None


def test_a_night_shift_goes_on_over_midnight():
    night = Schedule(hours("22:00-24:00", "00:00-06:00"))
    window = at(NOON, "23:00"), at(NOON + DAY, "01:00")
    assert code(night, window=window, minutes=120) is None
    short = Schedule(hours("22:00-23:58", "00:00-06:00"))
    assert code(short, window=window, minutes=120) == "calendar"


@pytest.mark.parametrize(
    ("hour_to", "minute"),
    [(24.0, 1440), (23.99, 1440), (23 + 59 / 60, 1440), (12, 720)],
)
def test_the_last_minute_that_can_be_entered_is_midnight(hour_to, minute):
    assert Attendance.from_hours(0, 0.0, hour_to).end == minute


def test_the_window_shorter_than_the_work_must_be_free_as_far_as_it_goes():
    schedule = Schedule(hours("08:00-12:30"))
    assert code(schedule, window=span("12:00", "12:30"), minutes=90) is None
    assert code(schedule, window=span("12:00", "12:31"), minutes=90) == "calendar"


def test_a_window_without_length_is_a_moment():
    schedule = Schedule(hours("08:00-12:30"))
    assert code(schedule, window=span("12:29", "12:29")) is None
    assert code(schedule, window=span("12:30", "12:30")) == "calendar"
    assert code(schedule, window=span("12:40", "12:10")) == "calendar"


def test_what_is_past_of_a_window_does_not_count():
    schedule = Schedule(hours("08:00-12:30"))
    assert code(schedule, window=span("08:00", "14:00")) == "calendar"
    assert code(schedule, window=span("08:00", "14:00"), minutes=30) is None
    assert code(schedule, window=span("08:00", "11:00"), now=at(NOON, "12:20")) is None
    assert code(schedule, window=span("08:00", "11:00"), now=at(NOON, "12:40"))


def test_the_next_time_is_long_enough_and_not_in_an_absence():
    schedule = Schedule(
        hours("08:00-08:30", "10:00-11:00"),
        absences=(span("00:00", "23:00", NOON + DAY),),
    )
    data = found(schedule, window=span("12:00", "14:00"))[1]
    assert data == {"next": at(NOON + 2 * DAY, "10:00")}
    assert found(schedule)[1] == {"next": at(NOON + 2 * DAY, "08:00")}


def test_lines_hold_between_their_days():
    facts = {"first": date(2026, 3, 4), "last": date(2026, 3, 5)}
    schedule = Schedule(hours("08:00-17:00", **facts))
    codes = [code(schedule, now=NOON + DAY * days) for days in (-1, 0, 1, 2)]
    assert codes == ["calendar", None, None, "calendar"]


def test_weeks_in_turns():
    even = Schedule(hours("08:00-17:00", parity=0))
    odd = Schedule(hours("08:00-17:00", parity=1))
    for days in range(30):
        now = NOON + DAY * days
        works = even if week_parity(now.date()) == 0 else odd
        assert code(works, now=now) is None
        assert code(odd if works is even else even, now=now) == "calendar"


def test_holidays_of_the_calendar():
    closed = replace(ZURICH, holidays=(span("12:00", "14:00"), span("13:00", "15:30")))
    assert found(Schedule(closed)) == ("calendar", {"next": at(NOON, "15:30")})
    window = span("11:00", "16:30")
    assert code(Schedule(closed), window=window, minutes=30) is None
    assert code(Schedule(closed), window=window, minutes=31) == "calendar"


def test_an_unknown_zone_is_utc():
    assert code(Schedule(hours("12:00-12:01", zone="Mars/Base"))) is None


# ----------------------------------------------------------------------
# the two nights
# ----------------------------------------------------------------------


def test_the_hour_that_is_missing_is_not_worked():
    night = hours("01:00-04:00", zone="Europe/Zurich")  # 00:00 to 02:00 UTC
    window = SPRING - DAY / 2, SPRING + DAY / 2
    assert code(Schedule(night), window=window, minutes=120) is None
    assert code(Schedule(night), window=window, minutes=121) == "calendar"
    lost = hours("02:00-03:00", zone="Europe/Zurich")
    assert code(Schedule(lost), window=window, minutes=1) == "calendar"
    assert code(Schedule(lost), now=SPRING + 60 * MINUTE) == "calendar"


def test_the_hour_that_comes_twice_is_worked_twice():
    night = hours("02:00-03:00", zone="Europe/Zurich")  # 00:00 to 02:00 UTC
    window = AUTUMN - DAY / 2, AUTUMN + DAY / 2
    assert code(Schedule(night), window=window, minutes=120) is None
    assert code(Schedule(night), window=window, minutes=121) == "calendar"
    for minutes in (0, 59, 60, 119):
        assert code(Schedule(night), now=AUTUMN + minutes * MINUTE) is None
    half = hours("02:00-02:30", zone="Europe/Zurich")
    assert code(Schedule(half), window=window, minutes=31) == "calendar"
    assert code(Schedule(half), now=AUTUMN + 65 * MINUTE) is None


# ----------------------------------------------------------------------
# jobs
# ----------------------------------------------------------------------


def test_a_job_that_runs_now():
    job = Job(NOON - 60 * MINUTE, NOON + MINUTE)
    expected = {"start": job.start, "end": job.end, "travel": 0}
    assert found(Schedule(jobs=(job,))) == ("appointment", expected)
    assert found(Schedule(jobs=(job,)), now=job.end) is None


def test_work_now_ends_before_he_leaves_for_the_next_job():
    place = km_north(10)
    travel = geo.travel_minutes(geo.distance_km(*BERN, *place.values()))
    assert travel > 0
    for minutes, expected in ((60, None), (61, "appointment")):
        job = Job(NOON + (60 + travel) * MINUTE, NOON + DAY, **place)
        assert code(Schedule(jobs=(job,)), minutes=minutes) == expected
    assert code(Schedule(jobs=(job,)), minutes=61, is_remote=True) is None


def test_travel_before_and_after_the_jobs_of_a_window():
    place = km_north(10)
    travel = geo.travel_minutes(geo.distance_km(*BERN, *place.values())) * MINUTE
    first = Job(at(NOON, "13:00"), at(NOON, "14:00"), **place)
    last = Job(at(NOON, "18:00"), at(NOON, "19:00"), **place)
    free = int((last.start - first.end - 2 * travel) / MINUTE)
    schedule, window = Schedule(jobs=(last, first)), span("13:30", "18:30")
    assert code(schedule, window=window, minutes=free) is None
    assert found(schedule, window=window, minutes=free + 1) == (
        "appointment",
        {"start": first.start, "end": first.end, "travel": int(travel / MINUTE)},
    )
    assert code(schedule, window=window, minutes=free + 1, is_remote=True) is None
    unknown = Schedule(jobs=(first._replace(lat=None), last._replace(lon=None)))
    assert code(unknown, window=window, minutes=240) is None
    assert code(unknown, window=window, minutes=241) == "appointment"


def test_jobs_at_the_same_time_need_no_order():
    jobs = (Job(NOON, NOON + MINUTE, 1.0, 2.0), Job(NOON, NOON + MINUTE))
    assert code(Schedule(jobs=jobs)) == "appointment"


# ----------------------------------------------------------------------
# which is named
# ----------------------------------------------------------------------


def test_the_first_that_explains_it_is_named():
    window = span("08:00", "16:00")
    morning, job = hours("08:00-12:00"), Job(*span("07:00", "09:00"))
    facts = {"now": at(NOON, "06:00"), "window": window}
    schedule = Schedule(morning, "calendar", None, (span("09:30", "20:00"),), (job,))
    assert code(schedule, **facts) == "appointment"
    assert code(replace(schedule, absences=(span("08:00", "20:00"),)), **facts) == (
        "absent"
    )
    assert code(replace(schedule, absences=(span("08:30", "15:00"),)), **facts) == (
        "calendar"
    )
    assert code(replace(schedule, presence="away"), **facts) == "away"


# ----------------------------------------------------------------------
# speed: far above what is measured, so that a slow machine passes
# ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "facts", "most"),
    [
        (Schedule(), {}, 10e-6),
        (Schedule(ZURICH), {}, 100e-6),
        (Schedule(ZURICH), {"now": datetime(2026, 3, 7, 12)}, 300e-6),
        (Schedule(ZURICH), {"window": span("13:00", "16:00")}, 300e-6),
    ],
)
def test_it_is_quick(schedule, facts, most):
    request = replace(REQUEST, **{"now": NOON, **facts})
    somebody = worker(schedule=schedule)
    seconds = min(repeat(lambda: obstacle(request, somebody), number=500, repeat=5))
    assert seconds / 500 < most
