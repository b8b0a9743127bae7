"""The ladder's arithmetic: nothing after the point of no return, nobody forgotten."""

import doctest
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowd_service.workflow import ladder
from crowd_service.workflow import point_of_no_return as points

START = datetime(2026, 3, 2, 14)
MINUTE = timedelta(minutes=1)
minutes = st.integers(0, 600)
offers = st.builds(
    ladder.Step,
    kind=st.just("offer"),
    after_minutes=minutes,
    clock=st.sampled_from(["crowd", "desk"]),
    quantity=st.integers(1, 30),
    per_wave=st.integers(0, 10),
    pause_minutes=st.integers(1, 60),
    offer_minutes=st.integers(1, 300),
)
escalations = st.builds(
    ladder.Step,
    kind=st.just("escalate"),
    after_minutes=minutes,
    clock=st.sampled_from(["crowd", "desk"]),
    keeps_offers=st.booleans(),
)
ladders = st.tuples(
    st.lists(offers, max_size=5), st.lists(escalations, min_size=1, max_size=4)
).map(lambda pair: pair[0] + pair[1])
points_of_no_return = st.none() | st.integers(-600, 1200).map(
    lambda n: START + n * MINUTE
)


def desk(start, count):
    """A desk that opens two hours later than the ladder begins."""
    return start + (count + 120) * MINUTE


def climb(steps, point=None):
    return ladder.plan(steps, START, point, desk)


@pytest.mark.parametrize("module", [ladder, points])
def test_examples_in_the_documentation(module):
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


@given(ladders, points_of_no_return)
def test_each_step_has_its_rung_in_order(steps, point):
    rungs = climb(steps, point)
    assert [rung.step for rung in rungs] == steps
    planned = [rung.planned_at for rung in rungs]
    assert planned == sorted(planned)
    handed = [rung.due_at for rung in rungs if rung.step.kind == "escalate"]
    assert handed == sorted(handed)
    assert all(rung.due_at >= START for rung in rungs)


@given(ladders, points_of_no_return)
def test_nobody_outside_is_asked_after_the_point_of_no_return(steps, point):
    end = point and max(point, START)
    for rung in climb(steps, point):
        if rung.step.kind == "escalate":
            continue
        if rung.is_skipped:
            assert end - rung.due_at < ladder.LEAST_STAND
            assert not rung.waves
        elif end:
            assert all(wave.until <= end for wave in rung.waves)


@given(ladders, points_of_no_return)
def test_somebody_inside_is_asked_at_the_point_of_no_return(steps, point):
    rungs = [r for r in climb(steps, point) if r.step.kind == "escalate"]
    first = rungs[0]
    if point:
        assert first.due_at <= max(point, START)
    assert (first.why == ladder.PULLED) == (first.due_at < first.planned_at)
    shifts = {rung.planned_at - rung.due_at for rung in rungs}
    assert len(shifts) == 1, "all are pulled forward by as much"


@given(ladders, points_of_no_return)
def test_offers_end_when_somebody_inside_decides(steps, point):
    rungs = climb(steps, point)
    first = next(rung for rung in rungs if rung.step.kind == "escalate")
    for rung in rungs:
        for wave in rung.waves:
            assert wave.until - wave.at <= rung.step.offer_minutes * MINUTE
            if not first.step.keeps_offers:
                assert wave.until <= first.due_at


@given(offers)
def test_waves_ask_everybody_once(step):
    found = ladder.waves(step, START)
    assert sum(wave.quantity for wave in found) == step.quantity
    assert all(0 < wave.quantity <= (step.per_wave or step.quantity) for wave in found)
    gaps = {b.at - a.at for a, b in zip(found, found[1:])}
    assert gaps <= {step.pause_minutes * MINUTE}


@given(ladders)
def test_without_a_deadline_nothing_is_squeezed(steps):
    assert {rung.why for rung in climb(steps)} == {""}


def test_desk_clock_waits_for_the_desk():
    steps = [ladder.Step("offer"), ladder.Step("escalate", 15, clock="desk")]
    assert climb(steps)[1].due_at == START + 135 * MINUTE
    assert climb(steps, START + 60 * MINUTE)[1].due_at == START + 60 * MINUTE


@given(st.integers(-500, 500), st.integers(1, 500))
def test_share_stays_on_the_bar(at, length):
    assert 0 <= points.share(START + at * MINUTE, START, START + length * MINUTE) <= 100
