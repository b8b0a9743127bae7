"""Which part of the week a moment belongs to."""

from datetime import datetime, timedelta

import pytest

from crowd_service.matching import hours

# tests/test_response.py of the addon holds the SQL against the same function
VECTORS = [
    ("2026-03-02 00:00", 0),  # a Monday
    ("2026-03-02 05:59", 0),
    ("2026-03-02 06:00", 1),
    ("2026-03-02 11:59", 1),
    ("2026-03-02 12:00", 2),
    ("2026-03-02 17:59", 2),
    ("2026-03-02 18:00", 3),
    ("2026-03-02 21:59", 3),
    ("2026-03-02 22:00", 0),
    ("2026-03-06 23:59", 0),  # a Friday
    ("2026-03-07 00:00", 4),
    ("2026-03-07 06:00", 5),
    ("2026-03-07 12:00", 6),
    ("2026-03-08 18:00", 7),
    ("2026-03-08 22:00", 4),
    ("2026-03-09 00:00", 0),
]


@pytest.mark.parametrize("moment, expected", VECTORS)
def test_bucket(moment, expected):
    assert hours.bucket(datetime.fromisoformat(moment)) == expected


def test_every_bucket_is_there_and_has_its_hours():
    week = [datetime(2026, 3, 2) + timedelta(hours=n) for n in range(168)]
    counts = [sum(hours.bucket(h) == b for h in week) for b in hours.BUCKETS]
    assert counts == [40, 30, 30, 20, 16, 12, 12, 8]
