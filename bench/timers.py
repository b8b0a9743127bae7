"""Many deadlines at once: what the cron's sweep needs for each of them.

Each is a wave that nobody answered: offers expire, then a person inside gets the ticket, with a packet, a message
and a deadline. Nothing is lighter; the jobs that send the messages are stored, not run.
"""

import resource
import time
from dataclasses import dataclass
from datetime import timedelta

from odoo import sql_db

from . import machine
from .cells import CELLS, NOW, tickets
from .rows import last_id, move_sequence, spread
from .stats import short, table

FEW, MANY = 50, 300
PEOPLE = 8  # asked in each wave
TABLES = ("helpdesk_ticket", "crowd_dispatch", "crowd_offer", "crowd_event")


@dataclass
class Swept:
    """One run of the sweep over ``count`` deadlines."""

    count: int
    seconds: float
    statements: int
    memory_mb: float
    done: int

    @property
    def per_minute(self):
        return self.done * 60 / self.seconds

    @property
    def statements_each(self):
        return self.statements / self.count


def measure(name, counts=(FEW, MANY)):
    """Return a :class:`Swept` for each of ``counts``, in a copy of the database."""
    copy = f"{machine.PREFIX}_timers"
    machine.copy(name, copy)
    try:
        return [sweep(copy, count) for count in counts]
    finally:
        machine.forget(copy)
        machine._run("drop", copy)


def table_of(found):
    """Return what each sweep needed, as text."""
    rows = [
        (
            f"{swept.count:,} deadlines",
            short(swept.seconds),
            short(swept.per_minute),
            short(swept.statements_each),
            short(swept.memory_mb),
        )
        for swept in found
    ]
    head = ("sweep", "seconds", "a minute", "statements each", "more MB")
    return table("Deadlines of the same minute, one sweep", head, rows)


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
        env.cr.commit()  # to see what others did
        env.cache.invalidate()
        done = env["crowd.dispatch"].search_count(
            [("id", "in", ids), ("state", "=", "escalated")]
        )
    return Swept(count, seconds, sent, _memory() - memory, done)


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
