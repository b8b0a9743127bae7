"""The shortcuts change no answer: the same statements with plans and without.

``make test ONLY=simulate``; they need the database ``CROWD_TEMPLATE``, and change nothing in it.
"""

import doctest
import os
from datetime import date, datetime

import psycopg2
import pytest

from . import shortcuts

# PostgreSQL itself looks at five runs before it keeps a plan
MANY = shortcuts.OFTEN + 4
STATEMENTS = [
    ("SELECT id, login FROM res_users WHERE id IN %s ORDER BY id", [(1, 2, 3)]),
    ("SELECT id FROM res_users WHERE id = ANY(%s) AND active = %s", [[1, 2], True]),
    ("SELECT id FROM res_users WHERE id = ANY(%s)", [[]]),
    ("SELECT %s AS word, %s AS number, %s / 2 AS half", ["a", 7, 7.5]),
    ("SELECT 7 / %s, %s * 0.1::float8", [2, 0.3]),
    ("SELECT %s - %s", [date(2026, 3, 2), date(2026, 3, 1)]),
    ("SELECT date_trunc('day', %s)", [datetime(2026, 3, 2, 7)]),
    ("SELECT %(a)s + %(b)s, %(a)s", {"b": 1, "a": 2, "unused": None}),
    ("SELECT login FROM res_users WHERE login LIKE '%%dm%%' AND id > %s", [0]),
    ("SELECT count(*) FROM res_users WHERE %s IS NULL AND id IN %s", [None, (1, 2)]),
    ("SELECT id FROM res_users WHERE id IN %s", [(None, 2)]),
    ("SELECT max(id) > %s FROM res_users", [5_000_000_000]),
]


@pytest.fixture
def cursors():
    """One cursor as always, and one that plans once."""
    factories = None, shortcuts.PlanningConnection
    connections = [
        psycopg2.connect(
            dbname=os.environ["CROWD_TEMPLATE"], connection_factory=factory
        )
        for factory in factories
    ]
    yield [connection.cursor() for connection in connections]
    for connection in connections:
        connection.close()


def told(cursor, query, params):
    cursor.execute(query, params)
    return [column[1] for column in cursor.description], cursor.fetchall()


@pytest.mark.parametrize("query, params", STATEMENTS, ids=[q for q, _ in STATEMENTS])
def test_the_answers_are_the_same(cursors, query, params):
    for _time in range(MANY):
        types, rows = told(cursors[0], query, params)
        planned_types, planned = told(cursors[1], query, params)
        assert planned == rows
        assert planned_types == types
    assert len(cursors[1].connection.plans) == 1


def test_a_plan_survives_the_transaction(cursors):
    cursor = cursors[1]
    for _time in range(MANY):
        cursor.execute("SELECT %s + 1", [1])
        cursor.connection.reset()
    assert list(cursor.connection.plans.values()) == ["plan0"]


def test_what_cannot_be_planned_breaks_nothing(cursors):
    cursor = cursors[1]
    cursor.execute("CREATE TEMPORARY TABLE kept AS SELECT 1 AS id")
    for _time in range(MANY):
        cursor.execute("SELECT %s IS NULL", ["a"])
    assert list(cursor.connection.plans.values()) == [None]
    cursor.execute("SELECT id FROM kept")
    assert cursor.fetchall() == [(1,)]


def test_examples():
    assert doctest.testmod(shortcuts).failed == 0
