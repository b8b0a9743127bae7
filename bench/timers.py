"""Many deadlines at once: what their jobs, or else the cron's sweep, need for each of them.

Each is a wave that nobody answered: offers expire, then a person inside gets the ticket, with a packet, a message
and a deadline. Nothing is lighter; the jobs that send the messages are stored, not run.
"""

import resource
import time
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context

from odoo import sql_db
from odoo.tools import config

from . import machine
from .cells import CELLS, NOW, tickets
from .rows import last_id, move_sequence, spread
from .stats import short, table

FEW, MANY = 50, 1_000
WORKERS = 2  # processes that the job runner gives jobs to
PEOPLE = 8  # asked in each wave
PATIENCE = 300  # seconds until all workers have loaded Odoo
TABLES = ("helpdesk_ticket", "crowd_dispatch", "crowd_offer", "crowd_event")


@dataclass
class Handled:
    """``count`` deadlines, of which ``done`` were handled."""

    count: int
    seconds: float
    done: int
    statements: int = 0
    memory_mb: float = 0.0

    @property
    def per_minute(self):
        return self.done * 60 / self.seconds

    @property
    def statements_each(self):
        return self.statements / self.count


def measure(name):
    """Return :class:`Handled` of a sweep over few and over many deadlines, and of jobs.

    It happens in a copy of the database.
    """
    copy = f"{machine.PREFIX}_timers"
    machine.copy(name, copy)
    try:
        return sweep(copy, FEW), sweep(copy, MANY), wake(copy, MANY * WORKERS)
    finally:
        machine.forget(copy)
        machine._run("drop", copy)


def table_of(found):
    """Return what each needed, as text."""
    names = "sweep", "sweep", f"jobs of {WORKERS} workers"
    rows = [
        (
            name,
            f"{handled.count:,}",
            short(handled.seconds),
            short(handled.per_minute),
            short(handled.statements_each) if handled.statements else "",
            short(handled.memory_mb) if handled.statements else "",
        )
        for name, handled in zip(names, found)
    ]
    head = ("by", "deadlines", "seconds", "a minute", "statements each", "more MB")
    return table("Deadlines of the same minute", head, rows)


def sweep(name, count):
    """Make ``count`` waves whose time is over, and let the cron handle them."""
    with machine.environment(name) as env:
        ids = _create(env, count)
        env.cr.commit()
        env.cache.invalidate()
        memory, sent = _memory(), sql_db.sql_counter
        own, start = env.cr.sql_log_count, time.perf_counter()
        env["crowd.dispatch"]._cron_sweep(limit=count, seconds=3600)
        seconds = time.perf_counter() - start
        sent = sql_db.sql_counter - sent + env.cr.sql_log_count - own
        return Handled(count, seconds, _count(env, ids), sent, _memory() - memory)


def wake(name, count):
    """Make ``count`` waves whose time is over, and let their jobs handle them.

    A job has as many as the engine gives to one. The workers share them, and nobody counts the time in which
    they load Odoo.
    """
    from odoo.addons.crowd_service.models.crowd_dispatch_clock import TOGETHER

    with machine.environment(name) as env:
        ids = _create(env, count)
        env.cr.commit()
    jobs = [ids[start : start + TOGETHER] for start in range(0, count, TOGETHER)]
    context = get_context("spawn")
    together = context.Barrier(WORKERS + 1)
    workers = [
        context.Process(
            target=_work, args=(config.rcfile, name, jobs[n::WORKERS], together)
        )
        for n in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    together.wait(PATIENCE)
    start = time.perf_counter()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - start
    with machine.environment(name) as env:
        return Handled(count, seconds, _count(env, ids))


def _work(conf, name, jobs, together):
    """Run jobs, as a worker does whom the job runner calls."""
    machine.start(conf)
    with machine.environment(name) as env:
        env["crowd.dispatch"].search_count([])
        env.cr.commit()
        together.wait(PATIENCE)
        for ids in jobs:
            env["crowd.dispatch"].browse(ids)._job_wake()
            env.cr.commit()


def _count(env, ids):
    """Return how many of these dispatches were escalated."""
    env.cr.commit()  # to see what others did
    env.cache.invalidate()
    return env["crowd.dispatch"].search_count(
        [("id", "in", ids), ("state", "=", "escalated")]
    )


def _create(env, count):
    """Return the ids of open dispatches that are copies of one, due since a minute."""
    ticket = tickets(env, CELLS[0])[0].copy({"number": "BT%d" % count})
    ticket.company_id.crowd_wave_size = PEOPLE
    dispatch = env["crowd.dispatch"].browse(ticket.crowd_dispatch())
    offers = dispatch.offer_ids
    env["base"].flush()
    last = {name: last_id(env.cr, name) for name in TABLES}
    numbers = "(SELECT i FROM generate_series(1, %d) i)" % count
    over = "'%s'::timestamp" % (NOW - timedelta(minutes=1))
    spread(
        env.cr,
        "helpdesk_ticket",
        ticket.id,
        numbers,
        id="%d + s.i" % last["helpdesk_ticket"],
        number="'BT%d-' || s.i" % count,
        access_token="NULL",
        crowd_dispatch_id="NULL",
    )
    dispatch_id = "%d + s.i" % last["crowd_dispatch"]
    spread(
        env.cr,
        "crowd_dispatch",
        dispatch.id,
        numbers,
        id=dispatch_id,
        name="'BT%d-' || s.i" % count,
        ticket_id="%d + s.i" % last["helpdesk_ticket"],
        next_deadline=over,
    )
    for offer in offers:
        spread(
            env.cr,
            "crowd_offer",
            offer.id,
            numbers,
            name="'BT%d-' || s.i || '-%d'" % (count, offer.id),
            dispatch_id=dispatch_id,
            ticket_id="%d + s.i" % last["helpdesk_ticket"],
            expires_at=over,
        )
    for event in dispatch.event_ids:
        spread(env.cr, "crowd_event", event.id, numbers, dispatch_id=dispatch_id)
    env.cr.execute(
        "UPDATE helpdesk_ticket t SET crowd_dispatch_id = d.id FROM crowd_dispatch d"
        " WHERE d.ticket_id = t.id AND t.id > %s",
        [last["helpdesk_ticket"]],
    )
    for name in TABLES[:2]:
        move_sequence(env.cr, name)
    first = last["crowd_dispatch"] + 1
    return list(range(first, first + count))


def _memory():
    """Return the most memory that the process had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
