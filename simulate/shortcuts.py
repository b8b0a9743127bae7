"""What takes a server's time again and again, and a simulation's once.

Nothing here changes what the engine does: PostgreSQL plans a statement once instead of
each time (a server cannot keep plans: Odoo's pool makes each connection forget them), the
connection that notifies browsers is kept, and Odoo does not look for pending changes where
there are none.
"""

import re
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import count, islice
from unittest.mock import patch

import psycopg2.extensions

from odoo import models, sql_db

NAME = re.compile(r"%\((\w+)\)s")
OFTEN = 3  # a statement seen so many times is worth a plan
MOST_PLANS = 3000
MOST_VALUES = 60  # of a statement: longer ones are rare, and each length has its plan
#: What PostgreSQL takes the literals for that psycopg2 makes of values. All others, such
#: as texts, have the type that their place in the statement asks for.
TYPES = {
    bool: "bool",
    int: "int",
    float: "numeric",
    Decimal: "numeric",
    datetime: "timestamp",
    date: "date",
}


class PlanningCursor(psycopg2.extensions.cursor):
    """Lets PostgreSQL plan a statement once."""

    def execute(self, query, params=None):
        if not params:
            return super().execute(query, params)
        if not isinstance(query, str):
            query = query.as_string(self)
        if isinstance(params, dict):
            query, names = _positional(query)
            params = [params[name] for name in names]
        values = []
        for value in params:
            values.extend(value if isinstance(value, tuple) else (value,))
        plan = len(values) <= MOST_VALUES and self._find_plan(query, params, values)
        if not plan:
            return super().execute(query, params)
        values = [value for value in values if value is not None]
        marks = ", ".join(["%s"] * len(values))
        return super().execute("EXECUTE %s(%s)" % (plan, marks), values)

    def _find_plan(self, query, params, values):
        """Return the name of the plan for a statement; None while it has none."""
        lengths = tuple(len(v) if isinstance(v, tuple) else 0 for v in params)
        key = query, lengths, tuple(map(_type_of, values))
        plans, seen = self.connection.plans, self.connection.seen
        if key not in plans and len(plans) < MOST_PLANS:
            seen[key] = seen.get(key, 0) + 1
            if seen[key] == OFTEN:
                del seen[key]
                plans[key] = self._make_plan("plan%d" % len(plans), *key)
        return plans.get(key)

    def _make_plan(self, name, query, lengths, types):
        """Let PostgreSQL plan; return None if it cannot without knowing the values."""
        run = super().execute
        run("SAVEPOINT plan")
        try:
            head = "PREPARE %s(%s) AS " % (name, ", ".join(filter(None, types)))
            run(head + query % _marks(lengths, types))
        except psycopg2.Error:
            run("ROLLBACK TO SAVEPOINT plan")
            return None
        run("RELEASE SAVEPOINT plan")
        return name


class PlanningConnection(sql_db.PsycoConnection):
    """Keeps its plans, also from one transaction to the next."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cursor_factory = PlanningCursor
        self.seen, self.plans = {}, {}

    def reset(self):
        """Odoo's pool gives it to somebody else, who may use the plans."""
        self.rollback()


def _type_of(value):
    """Return the type that a value is declared to be; none for NULL."""
    if value is None:
        return ""
    name = TYPES.get(type(value), "unknown")
    return "bigint" if name == "int" and abs(value) >= 2**31 else name


@lru_cache(maxsize=1000)
def _positional(query):
    """Return a statement with places instead of names, and the name of each place.

    >>> _positional("SELECT %(a)s WHERE %(b)s > %(a)s")
    ('SELECT %s WHERE %s > %s', ['a', 'b', 'a'])
    """
    return NAME.sub("%s", query), NAME.findall(query)


def _marks(lengths, types):
    """Return what stands for each parameter; a tuple is a list of its items.

    >>> _marks((0, 2, 0), ("int", "int", "", "date"))
    ('$1', '($2, NULL)', '$3')
    """
    numbers = count(1)
    items = iter(["$%d" % next(numbers) if kind else "NULL" for kind in types])
    return tuple(
        "(%s)" % ", ".join(islice(items, length)) if length else next(items)
        for length in lengths
    )


@contextmanager
def taken():
    """Take the shortcuts; connections that are opened in here keep their plans."""
    flush, give_back = models.BaseModel.flush, sql_db.ConnectionPool.give_back

    def flush_if_pending(self, *args, **kwargs):
        pending = self.env.all
        if pending.tocompute or pending.towrite:
            flush(self, *args, **kwargs)

    def keep(self, connection, keep_in_pool=True):
        give_back(self, connection)

    with (
        patch.object(sql_db, "PsycoConnection", PlanningConnection),
        patch.object(sql_db.ConnectionPool, "give_back", keep),
        patch.object(models.BaseModel, "flush", flush_if_pending),
    ):
        yield
