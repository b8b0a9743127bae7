"""Turns of a rota: no gap, no overlap, in any time zone, on any day of the year."""

import doctest
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crowd_service.workflow import rota
from crowd_service.workflow.rota import EVERY_DAY, WEEKEND, WORKDAYS, Rhythm

ZONES = ("UTC", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe")
quarters = st.integers(0, 95).map(lambda quarter: quarter / 4)
rhythms = st.builds(
    Rhythm,
    zone=st.sampled_from(ZONES),
    hour_from=quarters,
    hour_to=quarters,
    weekdays=st.sampled_from((EVERY_DAY, WORKDAYS, WEEKEND)),
    is_weekly=st.booleans(),
    handover_weekday=st.integers(0, 6),
)
days = st.dates(date(2025, 1, 1), date(2027, 12, 31))


def test_examples_in_the_documentation():
    result = doctest.testmod(rota)
    assert result.attempted and not result.failed


@given(rhythms, days, st.integers(1, 60))
def test_one_at_a_time_and_in_order(rhythm, first_day, number):
    shifts = rhythm.shifts(first_day, number)
    for before, after in zip(shifts, shifts[1:]):
        assert before.stop <= after.start
        assert 0 <= after.turn - before.turn <= 1
    assert all(shift.start < shift.stop for shift in shifts)


@given(st.sampled_from(ZONES), quarters, st.booleans(), days, st.integers(1, 60))
def test_around_the_clock_has_no_gap(zone, hour, is_weekly, first_day, number):
    rhythm = Rhythm(zone, hour, hour, is_weekly=is_weekly)
    shifts = rhythm.shifts(first_day, number)
    for before, after in zip(shifts, shifts[1:]):
        assert before.stop == after.start
    whole = shifts[-1].stop - shifts[0].start
    assert abs(whole - timedelta(days=number)) <= timedelta(hours=1), "DST at most"


@given(rhythms, days, st.integers(1, 60))
def test_planning_in_pieces_covers_the_same_time(rhythm, first_day, number):
    """Whoever plans week by week gets the duties of whoever plans all at once."""
    whole = rhythm.shifts(first_day, 2 * number)
    second = rhythm.shifts(first_day + timedelta(days=number), number)
    pieces = rhythm.shifts(first_day, number) + second

    def seconds(shifts):
        return sum(((s.stop - s.start) for s in shifts), timedelta())

    assert seconds(whole) == seconds(pieces)
    assert whole[:1] == [] or whole[0].start == pieces[0].start


def test_a_duty_that_lies_in_the_missing_hour_is_none():
    rhythm = Rhythm("Europe/Zurich", 2.0, 3.0)
    assert rhythm.shifts(date(2026, 3, 29), 1) == []
    assert len(rhythm.shifts(date(2026, 3, 28), 1)) == 1
