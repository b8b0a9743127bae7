"""A small line chart: where its points are, in a box of fixed size."""

from collections import namedtuple

WIDTH, HEIGHT, EDGE = 120, 32, 3

#: ``lines``: texts "x,y x,y" of points that belong together; ``dots``: (x, y) of values
#: that stand alone; ``last``: (x, y) of the last value; ``target``: y, or None
Chart = namedtuple("Chart", "lines dots last target")


def draw(values, target=None):
    """Return the :class:`Chart` of ``values`` (None: a gap), or None without any.

    >>> draw([0, None, 10, 5]).lines
    ['79.0,3.0 117.0,16.0']
    >>> draw([0, None, 10, 5]).dots
    [(3.0, 29.0)]
    >>> draw([None, None]) is None
    True
    """
    known = [value for value in values if value is not None]
    if not known:
        return None
    if target is not None:
        known.append(target)
    low, high = min(known), max(known)
    points = [
        None if value is None else (_x(at, len(values)), _y(value, low, high))
        for at, value in enumerate(values)
    ]
    runs = _runs(points)
    return Chart(
        [" ".join("%s,%s" % point for point in run) for run in runs if len(run) > 1],
        [run[0] for run in runs if len(run) == 1],
        runs[-1][-1],
        None if target is None else _y(target, low, high),
    )


def _x(at, number):
    return round(EDGE + at * (WIDTH - 2 * EDGE) / max(number - 1, 1), 1)


def _y(value, low, high):
    if high == low:
        return HEIGHT / 2
    return round(HEIGHT - EDGE - (value - low) / (high - low) * (HEIGHT - 2 * EDGE), 1)


def _runs(points):
    """Return the points in groups without gaps."""
    runs = [[]]
    for point in points:
        if point is not None:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
