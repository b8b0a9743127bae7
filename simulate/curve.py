"""The acceptance curve beside the goal. Plain numbers, no Odoo."""

#: Minutes after the first offer, and the share that was accepted by then at Mila.
MILA = ((1, 0.40), (10, 0.70), (60, 0.90), (180, 0.98))


def shares(minutes, count):
    """Return ``[(minutes, share accepted by then, Mila's)]``.

    :param minutes: from the first offer to the acceptance, of those that were accepted
    :param count: of tickets that were offered at all

    >>> [round(share, 2) for _minutes, share, _mila in shares([0.5, 5, 100], 4)]
    [0.25, 0.5, 0.5, 0.75]
    """
    return [
        (limit, sum(m <= limit for m in minutes) / count if count else 0.0, mila)
        for limit, mila in MILA
    ]
