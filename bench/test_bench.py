"""The short form of the bench: a small crowd; plan, number of statements, recall.

``make test ONLY=bench``. Times are for ``make bench``: here only what does not depend on the machine is asserted.
"""

import os

import pytest

from . import machine
from .cells import CELLS, tickets

WORKERS = 10_000
FEW = 100
TICKETS_PER_CELL = 3
YEAR = 2_000
#: One statement a fact, and what Odoo asks to show cards in groups.
MOST_STATEMENTS_OF_DASHBOARD = 90
#: So many statements at most, however many workers there are.
MOST_STATEMENTS = 40

TIMED = [cell for cell in CELLS if cell.timed]


def names(cells):
    return [cell.name for cell in cells]


@pytest.fixture(scope="session")
def odoo():
    """Odoo has its settings."""
    machine.start(os.environ["CROWD_BENCH_CONF"])


@pytest.fixture(scope="session")
def crowd(odoo):
    """The name of a database with a small crowd."""
    name = machine.database(WORKERS)
    machine.vacuum(name, "crowd_worker_search")
    return name


@pytest.fixture
def env(crowd):
    with machine.agent_environment(crowd) as env:
        yield env


@pytest.mark.parametrize("cell", CELLS, ids=names(CELLS))
def test_match_equals_judging_everybody(env, cell):
    from .measure import is_same

    for ticket in tickets(env, cell)[:TICKETS_PER_CELL]:
        assert is_same(env, ticket), ticket.number


@pytest.mark.parametrize("cell", TIMED, ids=names(TIMED))
def test_search_table_is_read_by_index_only(env, cell):
    from .measure import look_at_plans

    assert not look_at_plans(env, tickets(env, cell)[0])


def test_floor_is_read_by_index_only(env):
    from .floor import Floor
    from .record import is_index_only, plans

    for cell in TIMED:
        statement = Floor(env, tickets(env, cell)[0]).statement
        nodes = plans(env.cr, [statement], "crowd_worker_search")
        assert nodes and all(map(is_index_only, nodes)), cell.name


@pytest.mark.parametrize("cell", TIMED, ids=names(TIMED))
def test_number_of_statements_does_not_grow_with_the_crowd(env, cell):
    ticket = tickets(env, cell)[0]
    many = _count_statements(env, ticket)
    env.cr.execute(
        "DELETE FROM crowd_worker_search WHERE worker_id %% %s != 0",
        [WORKERS // FEW],
    )
    few = _count_statements(env, ticket)
    print(f"{cell.name}: {few} among {FEW}, {many} among {WORKERS:,}")
    assert max(few, many) <= MOST_STATEMENTS


def _count_statements(env, ticket):
    from .record import listening

    env.cache.invalidate()
    ticket.crowd_match()
    env.cache.invalidate()
    with listening(env.cr) as heard:
        ticket.crowd_match()
    return len(heard)


@pytest.fixture(scope="session")
def figures(odoo):
    """What is measured on a small year, each once."""
    from . import kpis

    return kpis.measure(YEAR, repeats=1)


def test_stored_figures_equal_a_plain_view_over_the_offers(figures):
    (count, plain), (population, stored) = (
        figures.shares["plain"],
        figures.shares["figures"],
    )
    assert count and abs(count - population) <= 0.01 * count  # around midnight
    for one, other in zip(plain, stored):
        assert abs(one - other) < 1, (plain, stored)


def test_number_of_statements_of_the_dashboard(figures):
    for dashboard in figures.dashboards:
        print(dashboard.tickets, dashboard.statements)
        assert max(dashboard.statements.values()) <= MOST_STATEMENTS_OF_DASHBOARD
