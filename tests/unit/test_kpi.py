"""Key figures: periods, targets, Gini, the curve, the chart; and docs/kpi.md."""

import doctest
import itertools
import re
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowd_service.kpi import (
    AREAS,
    BY_CODE,
    FACTS,
    KPIS,
    PERIODS,
    before,
    chart,
    current,
    definitions,
    judge,
    last_whole_month,
    measures,
    of_fact,
    periods,
    slices,
    trend,
)

ROOT = Path(__file__).resolve().parents[2]
days = st.dates(date(2020, 1, 1), date(2032, 12, 31))
names = st.sampled_from(PERIODS)
numbers = st.floats(-1e6, 1e6)
counts = st.lists(st.integers(0, 50), min_size=1, max_size=30)


@pytest.mark.parametrize("name", ["periods", "measures", "chart", "verdict", "figures"])
def test_examples_in_the_documentation(name):
    module = import_module("crowd_service.kpi." + name)
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


def test_every_figure_is_described_and_nothing_else():
    page = (ROOT / "docs" / "kpi.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    told = [code for row in rows for code in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(told) == sorted(BY_CODE)
    assert len(BY_CODE) == len(KPIS)


def test_definitions_are_complete():
    for kpi in KPIS:
        assert kpi.area in AREAS and kpi.fact in FACTS
        assert kpi.direction in ("up", "down")
        assert kpi.how in ("share", "median", "mean", "sum", "count", "ratio", "gini")
        assert (kpi.unit == "%") == (kpi.how == "share")
        assert kpi.is_cost == (kpi.fact == "cost")
    assert {kpi.area for kpi in KPIS} == set(AREAS)


def test_facts_are_read_once():
    facts = of_fact(BY_CODE)
    assert set(facts) == set(FACTS)
    assert sorted(itertools.chain(*facts.values())) == sorted(BY_CODE)


@given(names, days)
def test_the_period_before_ends_where_the_period_begins(name, today):
    period = current(name, today)
    earlier = before(name, period)
    assert period.start <= period.end <= today
    assert earlier.end + timedelta(days=1) == period.start
    assert earlier.start <= earlier.end
    assert abs((period.end - period.start) - (earlier.end - earlier.start)).days <= 3


@given(names, days)
def test_whole_months_and_quarters_are_whole(name, today):
    period = current(name, today)
    if name in ("month", "quarter"):
        assert period.start.day == 1
        assert (period.end + timedelta(days=1)).day == 1
        assert period.end < today.replace(day=1)
    else:
        assert period.end == today


@given(names, days)
def test_at_most_twelve_slices_cover_the_period(name, today):
    period = current(name, today)
    length = (period.end - period.start).days + 1
    assert -(-length // slices(period)) <= 12


@given(names, days)
def test_the_month_of_members_is_over(name, today):
    period = current(name, today)
    month = last_whole_month(period)
    assert month.day == 1
    following = (month + timedelta(days=31)).replace(day=1)
    assert following <= period.end + timedelta(days=1)
    assert periods.months_before(following, 1) == month


def test_an_unknown_period_is_refused():
    with pytest.raises(ValueError):
        current("week", date(2026, 3, 1))


@given(numbers, numbers, st.floats(0, 50))
def test_a_figure_has_one_colour(value, target, margin):
    assert judge(value, target, "up", margin) == judge(-value, -target, "down", margin)
    assert judge(target, target, "up", margin) == "good"


@given(numbers, numbers)
def test_what_is_better_one_way_is_worse_the_other(value, previous):
    up, down = trend(value, previous, "up"), trend(value, previous, "down")
    assert up[0] == down[0]
    assert {up[1], down[1]} in ({"same"}, {"better", "worse"})


def _gini_by_definition(values):
    pairs = itertools.product(values, values)
    return sum(abs(a - b) for a, b in pairs) / (2 * len(values) * sum(values))


@given(counts.filter(any))
def test_gini_is_the_mean_difference(values):
    assert measures.gini(values) == pytest.approx(_gini_by_definition(values), abs=1e-9)
    assert 0 <= round(measures.gini(values), 9) < 1


@given(counts.filter(any), st.integers(1, 9))
def test_gini_knows_no_scale(values, factor):
    bigger = [value * factor for value in values]
    assert measures.gini(bigger) == pytest.approx(measures.gini(values), abs=1e-9)


@given(st.floats(0, 5000), st.floats(0, 5000))
def test_the_target_curve_never_falls(one, other):
    low, high = sorted((one, other))
    assert 0 <= measures.curve_target(low) <= measures.curve_target(high) + 1e-9
    assert measures.curve_target(high) <= 98.0


def test_the_target_curve_goes_through_the_targets():
    points = zip(definitions.CURVE_MINUTES, definitions.CURVE_TARGETS)
    for minutes, share in points:
        assert measures.curve_target(minutes) == pytest.approx(share)


@given(
    st.lists(st.none() | st.floats(-1e3, 1e3), max_size=12),
    st.none() | st.floats(-1e3, 1e3),
)
def test_every_value_is_drawn_inside_the_box(values, target):
    drawn = chart.draw(values, target)
    known = [value for value in values if value is not None]
    if not known:
        assert drawn is None
        return
    points = [
        tuple(map(float, p.split(","))) for line in drawn.lines for p in line.split()
    ]
    points += drawn.dots
    assert len(points) == len(known)
    assert drawn.last in points
    for x, y in points:
        assert 0 <= x <= chart.WIDTH and 0 <= y <= chart.HEIGHT
