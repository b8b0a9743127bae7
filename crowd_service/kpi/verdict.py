"""Is a figure good, and has it become better? docs/kpi.md, "Target, trend, colour"."""

SAME = 0.01  # part of the previous figure that is no change
MARGIN = 5.0  # per cent of the target that is still near


def judge(value, target, direction, margin=MARGIN):
    """Return good, near, bad, or none without a figure or a target.

    :param direction: "up" when more is better, else "down"
    :param margin: how much worse than the target is still near, in per cent of it

    >>> judge(70, 70, "up"), judge(67, 70, "up"), judge(60, 70, "up")
    ('good', 'near', 'bad')
    >>> judge(1, 0, "down"), judge(None, 0, "down")
    ('bad', 'none')
    """
    if value is None or target is None:
        return "none"
    short = target - value if direction == "up" else value - target
    if short <= 0:
        return "good"
    return "near" if short <= abs(target) * margin / 100 + 1e-9 else "bad"


def trend(value, previous, direction):
    """Return ``(arrow, word)``: up, down or same; better, worse or same. None: unknown.

    >>> trend(72, 70, "up"), trend(72, 70, "down"), trend(70.1, 70, "up")
    (('up', 'better'), ('up', 'worse'), ('same', 'same'))
    >>> trend(3, None, "up")
    (None, None)
    """
    if value is None or previous is None:
        return None, None
    if abs(value - previous) <= SAME * abs(previous):
        return "same", "same"
    arrow = "up" if value > previous else "down"
    return arrow, "better" if arrow == direction else "worse"
