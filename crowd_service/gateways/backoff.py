"""When to try again. Nothing here knows Odoo."""

FIRST_SECONDS = 30
FACTOR = 3
LONGEST_SECONDS = 3600
SPREAD = 0.2
LONGEST_ASKED = 24 * 3600


def retry_seconds(attempts, chance, at_least=0, longest=LONGEST_SECONDS):
    """Return how many seconds to wait after a number of failed ``attempts``.

    Each wait is three times as long as the one before, an hour at most. Messages that
    failed together do not come back together.

    :param attempts: 1 after the first failure
    :param chance: a random number, 0 <= chance < 1
    :param at_least: seconds that the other side asked for; a day at most
    :param longest: seconds between two attempts, before the spread

    >>> [retry_seconds(attempts, 0.5) for attempts in (1, 2, 3, 4, 5, 6)]
    [30, 90, 270, 810, 2430, 3600]
    >>> retry_seconds(1, 0.0), retry_seconds(1, 0.999)
    (24, 36)
    >>> retry_seconds(10000, 0.5)
    3600
    >>> retry_seconds(1, 0.0, at_least=120), retry_seconds(1, 0.5, at_least=100)
    (120, 110)
    >>> retry_seconds(9, 0.5, longest=600)
    600
    """
    tries = min(max(attempts, 1), 20)  # a huge power is a slow way to say "longest"
    wait = min(FIRST_SECONDS * FACTOR ** (tries - 1), longest)
    wait *= 1 - SPREAD + 2 * SPREAD * chance
    asked = min(at_least, LONGEST_ASKED) * (1 + SPREAD * chance)
    return round(max(wait, asked))
