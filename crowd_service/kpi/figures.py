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
#: team, service and territory (id or False).
Cut = namedtuple("Cut", "kind period previous companies team service territory")
#: ``value`` and ``previous``: a number, or None without rows; ``population``: the rows
#: it is counted from; ``points``: the values of the slices of the period, in turn
Figure = namedtuple("Figure", "value previous population points")
NOTHING = Figure(None, None, 0, [])
