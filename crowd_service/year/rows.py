"""The rows of one ticket: their ids, their moments, the lines of history."""

from collections import defaultdict
from datetime import timedelta
from itertools import count

from . import calendar

#: Tables in an order in which no row names one that is not there yet, but for LINKS.
TABLES = (
    "helpdesk_ticket",
    "fsm_order",
    "crowd_dispatch",
    "crowd_offer",
    "crowd_escalation",
    "crowd_event",
    "crowd_delivery",
    "crowd_candidate",
    "rating_rating",
    "crowd_review",
)
#: Columns that name a row of a later table.
LINKS = (
    ("helpdesk_ticket", "crowd_dispatch_id"),
    ("crowd_dispatch", "accepted_offer_id"),
)
#: A line of history, but for what it is about.
EVENT = dict.fromkeys(
    (
        "from_state",
        "to_state",
        "reason",
        "note",
        "channel",
        "quantity",
        "offer_id",
        "escalation_id",
        "worker_id",
        "user_id",
    )
)


class Numbers:
    """The next id of each table, and the next number of each kind of record."""

    def __init__(self, last=None, first=1):
        last = last or {}
        self.ids = {table: count(last.get(table, 0) + 1) for table in TABLES}
        self.names = defaultdict(lambda: count(first))

    def name(self, kind):
        return "%s-%05d" % (kind, next(self.names[kind]))


class Rows:
    """A ticket while it is told: ``now`` moves on, ``rows`` fill.

    :param firm, place, service: of the :mod:`cast`
    :param props: ids of what is no person: gateways, stages, channels
    """

    def __init__(self, numbers, props, firm, place, service, start):
        self.numbers, self.props = numbers, props
        self.firm, self.place, self.service = firm, place, service
        self.now = start
        self.rows = {table: [] for table in TABLES}
        self.ticket = self.dispatch = self.order = self.offer = None
        self.escalation = None
        self.asked = 0  # offers of this dispatch
        self._local = None, None

    def add(self, table, **columns):
        """Add a row that was made now; return it: it may change until the end."""
        row = {
            "id": next(self.numbers.ids[table]),
            "create_date": self.now,
            "write_date": self.now,
        }
        if table != "rating_rating":  # Odoo's own, it has no company
            row["company_id"] = self.firm.company_id
        row.update(columns)
        self.rows[table].append(row)
        return row

    def wait(self, minutes):
        """Let time pass."""
        self.now += timedelta(seconds=max(round(minutes * 60), 1))

    @property
    def local(self):
        """Return the local moment; it is asked for often."""
        if self._local[0] != self.now:
            self._local = self.now, calendar.to_local(self.now, self.firm.zone)
        return self._local[1]

    @property
    def day(self):
        """Return the local date."""
        return self.local.date()

    def note(self, kind, **columns):
        """Add a line of history."""
        self.add(
            "crowd_event",
            dispatch_id=self.dispatch["id"],
            ticket_id=self.ticket["id"],
            kind=kind,
            **{**EVENT, "at": self.now, **columns},
        )
