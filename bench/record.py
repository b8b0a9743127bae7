"""What a match sends to the database, and how long the same takes without Odoo."""

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Statement:
    """One statement; ``is_own``: sent by the addon itself, not by the ORM for it."""

    query: Any
    params: Any
    is_own: bool


class _Spy:
    """Stands before a psycopg2 cursor and writes down what it is told to execute."""

    def __init__(self, cursor):
        self._cursor = cursor
        self.heard = []

    def execute(self, query, params=None):
        self.heard.append(Statement(query, params, _is_own(sys._getframe(1))))
        return self._cursor.execute(query, params)

    def __getattr__(self, name):
        return getattr(self._cursor, name)

    def __iter__(self):
        return iter(self._cursor)


def _is_own(frame):
    """Tell whether the statement comes from the addon: who called Odoo's cursor."""
    while frame and _is_plumbing(frame.f_code.co_filename):
        frame = frame.f_back
    return "/crowd_service/" in frame.f_code.co_filename


def _is_plumbing(path):
    return path.endswith("/sql_db.py") or path.startswith("<decorator")


@contextmanager
def listening(cr):
    """Give the list of the statements that are executed inside."""
    spy = _Spy(cr._obj)
    cr._obj = spy
    try:
        yield spy.heard
    finally:
        cr._obj = spy._cursor


def replay(connection, statements):
    """Execute the statements and fetch their rows; return the milliseconds that took."""
    cursor = connection.cursor()
    start = time.perf_counter()
    for statement in statements:
        cursor.execute(statement.query, statement.params)
        if cursor.description:
            cursor.fetchall()
    return (time.perf_counter() - start) * 1000


def plans(cr, statements, table):
    """Return the plan nodes that read ``table``, executed: dicts as EXPLAIN gives them.

    The other statements are executed as well: later ones may rest on them.
    """
    nodes = []
    for statement in statements:
        text = cr._obj.mogrify(statement.query, statement.params).decode()
        if table in text and text.lstrip().upper().startswith(("SELECT", "WITH")):
            cr.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + text.replace("%", "%%"), [])
            plan = cr.fetchone()[0]
            plan = json.loads(plan) if isinstance(plan, str) else plan
            nodes += [n for n in _walk(plan[0]["Plan"]) if _reads(n, table)]
        else:
            cr.execute(statement.query, statement.params)
    return nodes


def is_index_only(node):
    """Tell whether a plan node read nothing but an index."""
    return node["Node Type"] == "Index Only Scan" and not node.get("Heap Fetches")


def _walk(node):
    yield node
    for child in node.get("Plans", ()):
        yield from _walk(child)


def _reads(node, table):
    return node.get("Relation Name") == table
