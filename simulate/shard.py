"""One part of a simulation: a database, its tickets, and what came of them."""

import resource
import time
from datetime import timedelta

import odoo

from . import compare, facts
from .engine import Simulation
from .people import People
from .world import World

SWEEP_MINUTES = 15
DRAIN = timedelta(days=21)  # the longest that a ticket may take after the last came in


def run(options):
    """Run a shard; return a dictionary of plain values.

    :param options: ``config, name, habits, seed, start, count, per_day, outages``
    """
    simulation = Simulation(
        options["name"],
        options["habits"],
        options["seed"],
        options["start"],
        options["outages"],
    )
    clock = time.monotonic(), time.process_time()
    world, people = World(simulation), People(simulation)
    end = options["start"] + timedelta(days=options["count"] / options["per_day"])
    with odoo.api.Environment.manage(), simulation.transaction() as env:
        last_ticket = facts.last_id(env.cr, "helpdesk_ticket")
        world.prepare(env, end + DRAIN)
        env["base"].flush()
    last = world.plan(options["count"], options["per_day"])
    end = max(end, last)
    _add_crons(simulation, end, last_ticket)
    simulation.queue.push(options["start"], people.look_at_lists, end + DRAIN)
    simulation.run(lambda: simulation.now > end and simulation.is_done)
    simulation.close()
    with odoo.api.Environment.manage(), simulation.registry.cursor() as cr:
        found = facts.read(cr, last_ticket)
        env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
        period = options["start"], simulation.now
        found["reports"] = compare.read(env, last_ticket, *period)
        cr.rollback()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return dict(
        found,
        happened=simulation.happened,
        errors=simulation.errors.messages,
        until=simulation.now,
        seconds=time.monotonic() - clock[0],
        cpu_seconds=time.process_time() - clock[1],
        memory_mb=memory,
    )


def _add_crons(simulation, end, last_ticket):
    """What Odoo's scheduler does: sweeps, and the measures of the night."""
    simulation.is_done = False

    def sweep():
        with simulation.transaction() as env:
            env["crowd.dispatch"]._cron_sweep()
        with simulation.transaction() as env:
            env["crowd.delivery"]._cron_sweep()
        if simulation.now > end:
            with simulation.transaction() as env:
                simulation.is_done = not facts.count_open(env.cr, last_ticket)
            simulation.is_done |= simulation.now > end + DRAIN
        simulation.after(SWEEP_MINUTES, sweep)

    def measure():
        with simulation.transaction() as env:
            env["crowd.membership"]._cron_measure()
        simulation.after(24 * 60, measure)

    simulation.after(0, sweep)
    simulation.after(3 * 60, measure)
