"""Arithmetic that SQL does not have."""

from math import log

from .definitions import CURVE_MINUTES, CURVE_TARGETS

CURVE_START = 0.1  # minutes at which nobody can have accepted yet
CURVE = tuple(zip(CURVE_MINUTES, CURVE_TARGETS))


def gini(numbers):
    """Return the Gini coefficient of numbers >= 0: 0 all the same, near 1 one has all.

    None without numbers, or when all are 0: nothing was shared.

    >>> gini([2, 2, 2]), gini([0, 0, 0, 4])
    (0.0, 0.75)
    >>> gini([]) is None and gini([0, 0]) is None
    True
    """
    ordered = sorted(numbers)
    count, total = len(ordered), sum(ordered)
    if not total:
        return None
    weighted = sum(rank * number for rank, number in enumerate(ordered, 1))
    return 2 * weighted / (count * total) - (count + 1) / count


def curve_target(minutes, points=CURVE):
    """Return the share (%) that should have accepted after so many minutes.

    Between the ``points`` (minutes, share) it is straight over the logarithm of the
    minutes; after the last one it is level.

    >>> curve_target(1), curve_target(10), curve_target(1440), curve_target(0.05)
    (40.0, 70.0, 98.0, 0.0)
    >>> round(curve_target(5), 1)
    61.0
    """
    known = [(CURVE_START, 0.0), *sorted(points)]
    if minutes <= CURVE_START:
        return 0.0
    for (left, low), (right, high) in zip(known, known[1:]):
        if minutes <= right:
            part = (log(minutes) - log(left)) / (log(right) - log(left))
            return low + part * (high - low)
    return known[-1][1]
