"""People of the simulation: the same seed, the same people; more of this, less of that."""

from dataclasses import replace

import pytest

from simulate.behaviour import (
    Asked,
    Habits,
    answer,
    likes,
    lot,
    notice_minutes,
    outcome,
    reaction,
    remedy,
)

HABITS = Habits()
MANY = 4000


def draws(function, *args, **kwargs):
    """Return what ``function`` says to many people."""
    return [function(HABITS, lot(1, n), *args, **kwargs) for n in range(MANY)]


def share(found, wanted):
    return found.count(wanted) / len(found)


def test_lots_depend_on_seed_and_name_only():
    assert lot(1, "a", 2).random() == lot(1, "a", 2).random()
    assert lot(1, "a", 2).random() != lot(2, "a", 2).random()
    assert lot(1, "a", 2).random() != lot(1, "a", 3).random()


@pytest.mark.parametrize("gateway", ["push", "sms", "mail"])
def test_half_notice_within_the_median(gateway):
    minutes = draws(notice_minutes, gateway, "friend", 12)
    seen = sorted(m for m in minutes if m is not None)
    median = getattr(HABITS, "notice_" + gateway)
    assert seen[len(seen) // 2] == pytest.approx(median, rel=0.1)
    assert share(minutes, None) == pytest.approx(HABITS.never_reads, abs=0.02)


def test_night_is_slow_and_evening_is_fast():
    def middle(hour, worker_type="friend"):
        found = draws(notice_minutes, "mail", worker_type, hour)
        seen = sorted(m for m in found if m is not None)
        return seen[len(seen) // 2]

    assert middle(20) < middle(12) < middle(2)
    assert middle(12, "technician") < middle(20, "technician")


def test_employees_read_everything():
    assert None not in draws(notice_minutes, "activity", "technician", 12)


@pytest.mark.parametrize(
    "worse",
    [{"distance_km": 25}, {"jobs": 1}, {"price": 40.0}, {"hour": 12}],
    ids=lambda change: next(iter(change)),
)
def test_what_makes_an_offer_worse(worse):
    good = Asked("friend", distance_km=3, price=80.0, hour=19)
    assert likes(HABITS, replace(good, **worse)) < likes(HABITS, good)


def test_answers_are_as_many_as_wanted():
    asked = Asked("friend", distance_km=0, price=HABITS.usual_price, hour=12)
    found = draws(answer, asked)
    assert share(found, "accept") == pytest.approx(HABITS.wants, abs=0.03)
    rest = (1 - HABITS.wants) * HABITS.declines
    assert share(found, "decline") == pytest.approx(rest, abs=0.03)


def test_outcomes():
    found = draws(outcome, True)
    assert share(found, "back_out") == pytest.approx(HABITS.backs_out, abs=0.01)
    assert share(found, "solved") > 0.8
    assert set(draws(outcome, False)) == {"solved", "unsolved"}


def test_the_last_one_never_sleeps():
    assert "" not in draws(reaction, False, True)
    found = draws(reaction, True, False)
    assert share(found, "") == pytest.approx(HABITS.sleeps, abs=0.02)
    assert {"take", "acknowledge"} < set(found)


def test_remedies():
    assert set(draws(remedy)) == {"crowd", "technician", "phone"}
