"""Charts of a printed page: where their lines and bars are, in a box of fixed size.

The page draws them as they are: a printer knows no style sheets of the backend.
"""

from collections import namedtuple
from math import log

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 36

#: ``lines``: ``{series: "x,y x,y"}``; ``marks``: (x, label) below; ``steps``: (y, label)
Curve = namedtuple("Curve", "lines marks steps")
#: ``bars``: (x, y, width, height, middle, label, number); ``line``: "x,y x,y";
#: ``dots``: (x, y, label)
Bars = namedtuple("Bars", "bars lines dots")


def draw_curve(series):
    """Return the :class:`Curve` of ``{name: {minutes: per cent}}``, None without any.

    Minutes stand at equal distances when their logarithms do.

    >>> drawn = draw_curve({"all": {1: 0, 10: 50, 100: 100}})
    >>> drawn.lines
    {'all': '44.0,184.0 336.0,98.0 628.0,12.0'}
    >>> draw_curve({}) is None
    True
    """
    minutes = sorted({minute for points in series.values() for minute in points})
    if not minutes:
        return None
    low, high = log(minutes[0]), log(minutes[-1])

    def x(minute):
        part = (log(minute) - low) / (high - low) if high > low else 0.5
        return round(LEFT + part * (WIDTH - LEFT - RIGHT), 1)

    return Curve(
        {
            name: " ".join("%s,%s" % (x(m), _y(points[m])) for m in sorted(points))
            for name, points in series.items()
        },
        [(x(minute), _label(minute)) for minute in minutes],
        [(_y(share), share) for share in (0, 25, 50, 75, 100)],
    )


def draw_bars(months):
    """Return the :class:`Bars` of ``[(label, number, per cent or None)]``.

    The bars are the numbers, the line the shares; None without any number.

    >>> drawn = draw_bars([("Jan", 5, 100.0), ("Feb", 10, None)])
    >>> [bar[1:4] for bar in drawn.bars], drawn.lines, len(drawn.dots)
    ([(98.0, 204.4, 86.0), (12.0, 204.4, 172.0)], [], 1)
    >>> draw_bars([("Jan", 0, None)]) is None
    True
    """
    most = max((number for _label, number, _share in months), default=0)
    if not most:
        return None
    room = (WIDTH - LEFT - RIGHT) / len(months)
    bars, points = [], []
    for place, (label, number, share) in enumerate(months):
        left = LEFT + place * room
        y, middle = _y(100 * number / most), round(left + room / 2, 1)
        bars.append(
            (
                round(left + room * 0.15, 1),
                y,
                round(room * 0.7, 1),
                round(_y(0) - y, 1),
                middle,
                label,
                number,
            )
        )
        points.append(None if share is None else (middle, _y(share), share))
    runs = _runs(points)
    lines = [" ".join("%s,%s" % dot[:2] for dot in run) for run in runs if len(run) > 1]
    return Bars(bars, lines, [dot for run in runs for dot in run])


def _runs(points):
    """Return the points in groups without gaps."""
    runs = [[]]
    for point in points:
        if point:
            runs[-1].append(point)
        else:
            runs.append([])
    return [run for run in runs if run]


def _y(share):
    return round(HEIGHT - BOTTOM - share / 100 * (HEIGHT - TOP - BOTTOM), 1)


def _label(minutes):
    """Return a number of minutes as short as an axis needs it.

    >>> _label(30), _label(180), _label(1440)
    ('30', '3 h', '24 h')
    """
    return "%d h" % (minutes // 60) if minutes >= 60 else "%d" % minutes
