"""The match against its floor and its own SQL, ticket by ticket, so that a busy moment of the machine hits all alike."""

import gc
import time
from collections import defaultdict

from . import machine
from .cells import CELLS, tickets
from .floor import Floor
from .record import is_index_only, listening, plans, replay

TABLE = "crowd_worker_search"


class Measured:
    """What was measured of one cell in one crowd.

    ``ms`` maps what was timed to milliseconds: ``cold`` (a match as an RPC call meets it, without near misses), ``warm`` (records are in the
    cache), ``near`` (cold, with near misses), ``bare`` (the statements of ``cold`` without Odoo), ``floor``.
    """

    def __init__(self, cell):
        self.cell = cell
        self.ms = defaultdict(list)
        self.statements = []
        self.ranked = []
        self.not_index_only = set()


def measure(name, cells, repeats, most=20):
    """Return ``{cell name: Measured}`` for the timed cells.

    :param repeats: of each ticket
    :param most: so many tickets of each cell
    """
    found = {}
    machine.vacuum(name, TABLE)
    with machine.agent_environment(name) as env, machine.bare(name) as connection:
        for cell in cells:
            if cell.timed:
                machine.say(cell.name)
                found[cell.name] = _measure_cell(
                    env, connection, tickets(env, cell)[:most], Measured(cell), repeats
                )
    return found


def matched(env, ticket, **options):
    """Return the milliseconds of a match and its result."""
    start = time.perf_counter()
    result = env["crowd.matcher"]._match(ticket, **options)
    return (time.perf_counter() - start) * 1000, result


def _measure_cell(env, connection, chosen, found, repeats):
    jobs = []
    for ticket in chosen:
        env.cache.invalidate()
        with listening(env.cr) as heard:
            _ms, result = matched(env, ticket, near_misses=False)
        found.statements.append(len(heard))
        found.ranked.append(len(result.ranked))
        floor = Floor(env, ticket)
        floor.run(connection)
        replay(connection, heard)
        jobs.append((ticket, heard, floor))
    for ticket, _heard, _floor in jobs[:2]:
        found.not_index_only |= look_at_plans(env, ticket)
    for _n in range(repeats):
        gc.collect()
        for ticket, heard, floor in jobs:
            _time(env, connection, found.ms, ticket, heard, floor)
    return found


def _time(env, connection, ms, ticket, heard, floor):
    env.cache.invalidate()
    ms["cold"].append(matched(env, ticket, near_misses=False)[0])
    ms["warm"].append(matched(env, ticket, near_misses=False)[0])
    env.cache.invalidate()
    ms["near"].append(matched(env, ticket)[0])
    ms["bare"].append(replay(connection, heard))
    ms["floor"].append(floor.run(connection))


def look_at_plans(env, ticket):
    """Return how a match reads more of the search table than an index; nothing is well."""
    env.cache.invalidate()
    with listening(env.cr) as heard:
        matched(env, ticket)
    nodes = plans(env.cr, heard, TABLE)
    assert nodes, "no statement of the match reads the search table"
    return {
        f"{node['Node Type']} {node.get('Index Name', '')},"
        f" from the table: {node.get('Heap Fetches', 'all')}"
        for node in nodes
        if not is_index_only(node)
    }


def recall(name, cells, seconds):
    """Compare with judging every member, cell by cell, until the time is up.

    :return: ``(compared, [number of each ticket with another result])``
    """
    end = time.monotonic() + seconds
    compared, wrong = 0, []
    with machine.agent_environment(name) as env:
        for number in range(len(tickets(env, CELLS[0]))):
            for cell in cells:
                if time.monotonic() > end and compared:
                    return compared, wrong
                ticket = tickets(env, cell)[number]
                if not is_same(env, ticket):
                    wrong.append(ticket.number)
                compared += 1
    return compared, wrong


def is_same(env, ticket):
    """Tell whether a match finds the same workers, ranks and scores as judging all."""
    matcher = env["crowd.matcher"]
    found, true = matcher._match(ticket), matcher._match_all(ticket)
    return _keys(found) == _keys(true)


def _keys(result):
    return [(c.rank, c.worker_id, c.membership_id, c.score) for c in result.ranked]
