"""Events, arrivals, the curve and the report of a simulation."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from simulate import report
from simulate.__main__ import first_monday, shares_of
from simulate.behaviour import Habits, lot
from simulate.curve import MILA, shares
from simulate.demand import arrivals
from simulate.events import Queue

MONDAY = datetime(2026, 3, 2)


def found(**changes):
    """Return the figures of a shard in which all went well."""
    return dict(
        {
            "counts": {"tickets": Counter({"in all": 4})},
            "happened": {"events": 9},
            "minutes": [(0.5, "friend"), (30.0, "technician")],
            "errors": [],
            "broken": [],
            "rules": 15,
            "until": MONDAY,
            "memory_mb": 100,
            "open": 0,
            "offered": 4,
            "never_answered": 0,
            "cpu_seconds": 1.0,
            "reports": {
                "offered": 4,
                "never_answered": 0,
                "within": [(1, 1, 1), (10, 1, 1), (60, 2, 1), (180, 2, 1)],
                "figures": 30,
                "differing": [],
            },
        },
        **changes,
    )


def test_events_come_in_order_of_time_then_of_arrival():
    queue, later = Queue(), MONDAY + timedelta(hours=1)
    queue.push(later, print, "c")
    queue.push(MONDAY, print, "a")
    queue.push(MONDAY, print, "b")
    assert [queue.pop().args for _n in range(3)] == [("a",), ("b",), ("c",)]
    assert not queue


def test_a_job_waits_once():
    queue = Queue()
    queue.push(MONDAY, print, 1, key="job")
    queue.push(MONDAY, print, 2, key="job")
    assert len(queue) == 1
    queue.pop()
    queue.push(MONDAY, print, 3, key="job")
    assert queue.pop().args == (3,)


def test_arrivals():
    moments = arrivals(lot(1), 1400, MONDAY, 100)
    assert moments == sorted(moments) == arrivals(lot(1), 1400, MONDAY, 100)
    assert len(moments) == 1400
    assert moments[0] >= MONDAY
    assert moments[-1] < MONDAY + timedelta(days=14)
    by_day = sum(7 <= moment.hour < 19 for moment in moments)
    assert by_day > 1000


def test_curve_counts_those_who_were_never_accepted():
    assert [share for _m, share, _mila in shares([1, 10, 61], 4)] == [
        0.25,
        0.5,
        0.5,
        0.75,
    ]
    assert shares([], 0)[0] == (1, 0.0, MILA[0][1])


def test_report_of_two_shards():
    both = report.merge([found(), found()])
    text = report.text(both, 12)
    assert "never answered: 0" in text
    assert "invariants: 15 of 15 hold" in text
    assert "1 minutes                         25.0%         25.0%   40%" in text
    assert "12 s for 8 tickets" in text
    assert report.is_good(both)


@pytest.mark.parametrize(
    "bad",
    [
        {"never_answered": 1},
        {"open": 1},
        {"errors": ["x"]},
        {"broken": ["I1 x"]},
        {"minutes": []},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_is_wrong_fails(bad):
    assert not report.is_good(report.merge([found(), found(**bad)]))


def test_parameters_are_printed():
    text = report.parameters(Habits(), seed=7)
    assert "seed" in text and "never reads" in text


def test_shards():
    assert shares_of(7, 2) == [4, 3]
    assert first_monday(datetime(2026, 3, 4, 12)) == datetime(2026, 3, 9)
