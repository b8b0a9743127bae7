"""Decide something in a transaction of its own, again when a rival was faster.

Odoo's transactions are snapshots: whoever waited for a lock sees the past, and only a
new transaction sees who won. See ``docs/concurrency.md``.
"""

import logging
import random
import time
from contextlib import contextmanager

import psycopg2
from psycopg2 import errorcodes, sql

from . import compat

_logger = logging.getLogger(__name__)

ATTEMPTS = 5
SECONDS = 2.0
LINE = 1465  # our advisory locks, among those of others
RIVAL = (
    errorcodes.SERIALIZATION_FAILURE,
    errorcodes.LOCK_NOT_AVAILABLE,
    errorcodes.DEADLOCK_DETECTED,
    errorcodes.UNIQUE_VIOLATION,
)
#: Context in which Odoo's own mails wait for its queue. Sent after the commit, as it
#: likes to, a mail server that fails makes a decision look as if it had failed.
MAILS_LATER = {"mail_notify_force_send": False}
#: What is set up by hand and changes rarely: a decision may go by what was read a moment
#: before it. All else is read again.
SETTLED = frozenset(
    (
        "crowd.community",
        "crowd.gateway",
        "crowd.policy",
        "crowd.policy.step",
        "crowd.reach",
        "crowd.reach.line",
        "crowd.stage.map",
        "fsm.location",
        "fsm.stage",
        "fsm.team",
        "helpdesk.ticket.stage",
        "helpdesk.ticket.team",
        "hr.skill",
        "ir.ui.view",
        "mail.template",
        "product.template",
        "res.country",
        "res.currency",
        "res.lang",
        "res.partner",
        "res.territory",
        "res.users",
        "resource.calendar",
        "resource.calendar.attendance",
        "resource.calendar.leaves",
    )
)


class Held(Exception):
    """Somebody else holds the record at this moment; nothing was decided."""


def decide(env, decision, busy=None, line=0):
    """Return ``decision(env)``, run and committed in a transaction of its own.

    :param decision: callable that gets an environment with a fresh cursor; it may be
        called up to five times within two seconds, so it must have no effect outside
        its transaction; it raises :class:`Held` to be called again
    :param busy: returned when nothing could be decided in that time
    :param line: id of the dispatch; whoever decides about it waits in line, up to a
        second, instead of beginning in vain and again
    """
    compat.flush(env)
    until = time.monotonic() + SECONDS
    rival = None
    for attempt in range(ATTEMPTS):
        try:
            return _decide_once(env, decision, line)
        except Held as error:
            rival = error
        except (psycopg2.OperationalError, psycopg2.IntegrityError) as error:
            if error.pgcode not in RIVAL:
                raise
            rival = error
        pause = random.uniform(0.5, 1.0) * 0.13 * 2**attempt
        if attempt + 1 == ATTEMPTS or time.monotonic() + pause > until:
            break
        time.sleep(pause)
    _logger.info("Nothing decided after %s tries: %r", attempt + 1, rival)
    return busy


def try_once(env, decision):
    """Return ``decision(env)`` like :func:`decide`; None after whatever went wrong."""
    compat.flush(env)
    try:
        return _decide_once(env, decision)
    except Exception as error:  # noqa: BLE001 - the caller has another way
        _logger.info("It is tried another way: %r", error)
        return None


def _decide_once(env, decision, line=0):
    with apart(env, line) as own:
        own.cr.execute("SET LOCAL lock_timeout = '1s'")
        return decision(own)


@contextmanager
def apart(env, line=0):
    """Give an environment with a cursor of its own, committed at the end.

    Both share one cache: of it only what is settled outlives beginning and end.

    :param line: as in :func:`decide`
    """
    compat.flush(env)
    compat.invalidate(env, compat.cached(env, SETTLED))
    own = known = None
    try:
        with env.registry.cursor() as cr, _in_line(cr, line):
            own = env(cr=cr, context=dict(env.context, **MAILS_LATER))
            yield own
            compat.flush(own)  # a rival shows here, where all can still be rolled back
            read = compat.cached(own, SETTLED)
        known = read
    finally:
        compat.invalidate(env, known)
        if own:
            compat.discard(own)


@contextmanager
def _in_line(cr, line):
    """Wait until nobody else is in there; commit before the next one is let in.

    The lock is the session's: the snapshot is taken after the wait, so it knows what was
    decided. It guards nothing, and is gone with the process.
    """
    if not line:
        yield
        return
    cr.execute("SET LOCAL lock_timeout = '1s'")
    cr.execute("SELECT pg_advisory_lock(%s, %s)", (LINE, line), log_exceptions=False)
    cr.commit()  # pylint: disable=invalid-commit
    try:
        yield
        cr.commit()  # pylint: disable=invalid-commit
    except BaseException:
        cr.rollback()
        raise
    finally:
        cr.execute("SELECT pg_advisory_unlock(%s, %s)", (LINE, line))


def lock(records, wait=True):
    """Lock the rows of ``records`` against other writers, in the order of their ids.

    :raise Held: when ``wait`` is false and somebody else holds one of them
    """
    compat.flush(records.env)
    query = sql.SQL(
        "SELECT id FROM {table} WHERE id IN %s ORDER BY id FOR NO KEY UPDATE {skip}"
    ).format(
        table=sql.Identifier(records._table),
        skip=sql.SQL("" if wait else "SKIP LOCKED"),
    )
    records.env.cr.execute(query, (tuple(records.ids),), log_exceptions=False)
    if records.env.cr.rowcount != len(records):
        raise Held()
    compat.invalidate(records.env, compat.cached(records.env, SETTLED))
    records.invalidate_cache(ids=records.ids)
