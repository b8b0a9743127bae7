"""What is asked of the database, and what it answers."""

from collections import namedtuple

#: The parts of a company that a figure can be of.
SCOPE = ("team", "service", "territory")
#: The keys of Odoo's context that the figures depend on.
CONTEXT = (
    "crowd_period",
    "crowd_from",
    "crowd_to",
    "crowd_team",
    "crowd_service",
    "crowd_territory",
)
#: The days of the present and the previous period, of these companies (ids), of this
#: team, service and territory (id or False), seen at an instant (naive UTC).
Cut = namedtuple("Cut", "kind period previous companies team service territory now")
#: ``value`` and ``previous``: a number, or None without rows; ``population``: the rows
#: it is counted from; ``points``: the values of the slices of the period, in turn;
#: ``population_before``: the rows of the previous period
Figure = namedtuple(
    "Figure", "value previous population points population_before", defaults=(0,)
)
NOTHING = Figure(None, None, 0, [])
LEAST = 0.1  # a period with fewer rows than this part of the present is no measure


def comparable(figure):
    """Return the previous value, or None when too few rows stand behind it.

    >>> comparable(Figure(70.0, 100.0, 30, [], 3)), comparable(Figure(70.0, 100.0, 31, [], 3))
    (100.0, None)
    """
    enough = figure.population_before >= LEAST * figure.population
    return figure.previous if enough else None
