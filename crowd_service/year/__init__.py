"""A year of a crowd, out of nothing but chance: the same every time.

Nothing in this package knows Odoo: it is given people, places and ids, and returns rows.
Told are season and hours, a month of a campaign, a day without e-mail, a territory where
the crowd does not work, people who join and leave.
"""

from .calendar import Year
from .cast import Cast, Firm, Member, Place, Service, User, enrol
from .plan import Props, plan
from .rows import LINKS, TABLES, Numbers

__all__ = [
    "LINKS",
    "TABLES",
    "Cast",
    "Firm",
    "Member",
    "Numbers",
    "Place",
    "Props",
    "Service",
    "User",
    "Year",
    "enrol",
    "plan",
]
