"""What must hold in the database whatever happened: I1-I8, I10 of ``docs/concurrency.md``.

Plain SQL on a plain cursor and no Odoo, so that tests against a running server can
load this file by its path and use it with psycopg2.
"""

import importlib.util
import itertools
import sys
from pathlib import Path


def _load_workflow():
    """Return the package ``workflow`` without importing the addon around it."""
    folder = Path(__file__).resolve().parent.parent / "workflow"
    spec = importlib.util.spec_from_file_location(
        "crowd_workflow",
        str(folder / "__init__.py"),
        submodule_search_locations=[str(folder)],
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = package
    spec.loader.exec_module(package)
    return package


DISPATCH = _load_workflow().DISPATCH

OPEN = "d.state NOT IN ('done', 'unsolved', 'cancelled')"
REACHABLE = """(
    p.email LIKE '%@%' OR EXISTS (
        SELECT FROM res_users u WHERE u.partner_id = p.id AND u.active
    )
)"""
_RULES = {
    "I1 two offers of one dispatch are accepted": """
        SELECT dispatch_id, count(*) FROM crowd_offer
         WHERE state IN ('accepted', 'completed')
         GROUP BY dispatch_id HAVING count(*) > 1""",
    "I1 two dispatches of one ticket and slot are open": """
        SELECT d.ticket_id, d.slot, count(*) FROM crowd_dispatch d
         WHERE {open} GROUP BY d.ticket_id, d.slot HAVING count(*) > 1""",
    "I2 winner, accepted offer and the order's worker differ": """
        SELECT d.name, d.state, d.worker_id, o.worker_id, f.person_id
          FROM crowd_dispatch d
          LEFT JOIN crowd_offer o ON o.id = d.accepted_offer_id
          LEFT JOIN fsm_order f ON f.id = d.order_id
         WHERE d.state IN ('assigned', 'in_progress', 'done', 'unsolved')
           AND (d.worker_id IS NULL
                OR o.worker_id IS DISTINCT FROM d.worker_id
                OR f.person_id IS DISTINCT FROM d.worker_id
                OR o.state IS DISTINCT FROM
                   CASE WHEN {open} THEN 'accepted' ELSE 'completed' END)""",
    "I2 an accepted offer is not its dispatch's winner": """
        SELECT d.name, d.state, o.name FROM crowd_offer o
          JOIN crowd_dispatch d ON d.id = o.dispatch_id
         WHERE o.state = 'accepted'
           AND (d.accepted_offer_id IS DISTINCT FROM o.id
                OR d.worker_id IS DISTINCT FROM o.worker_id)""",
    "I2 somebody has an order whose dispatch looks for people": """
        SELECT d.name, d.state, f.name FROM crowd_dispatch d
          JOIN fsm_order f ON f.id = d.order_id
         WHERE d.state IN ('searching', 'offered', 'escalated')
           AND (d.worker_id IS NOT NULL OR f.person_id IS NOT NULL)""",
    "I3 a dispatch that was accepted has no order": """
        SELECT d.name FROM crowd_dispatch d
         WHERE d.order_id IS NULL AND EXISTS (
               SELECT FROM crowd_offer o WHERE o.dispatch_id = d.id
                  AND o.state IN
                     ('accepted', 'completed', 'backed_out', 'no_show', 'out_of_scope'))""",
    "I3 two dispatches share an order": """
        SELECT order_id, min(name), max(name) FROM crowd_dispatch
         WHERE order_id IS NOT NULL GROUP BY order_id HAVING count(*) > 1""",
    "I3 an order of a service belongs to no dispatch": """
        SELECT f.name FROM fsm_order f
         WHERE f.crowd_service_id IS NOT NULL AND NOT EXISTS (
               SELECT FROM crowd_dispatch d WHERE d.order_id = f.id)""",
    "I5 an open dispatch has nobody responsible or no deadline": """
        SELECT d.name FROM crowd_dispatch d
          LEFT JOIN res_users u ON u.id = d.responsible_id
         WHERE {open} AND (u.active IS NOT TRUE OR d.next_deadline IS NULL)""",
    "I5 an open ticket without a dispatch has no first-answer deadline": """
        SELECT t.number FROM helpdesk_ticket t
          JOIN helpdesk_ticket_stage s ON s.id = t.stage_id
         WHERE t.active AND s.closed IS NOT TRUE
           AND t.crowd_first_answer_deadline IS NULL
           AND NOT EXISTS (SELECT FROM crowd_dispatch d
                            WHERE d.ticket_id = t.id AND {open})""",
    "I6 somebody was asked without a message": """
        SELECT o.name FROM crowd_offer o
          JOIN fsm_person w ON w.id = o.worker_id
          JOIN res_partner p ON p.id = w.partner_id
         WHERE o.state <> 'draft' AND o.origin = 'match' AND {reachable}
           AND NOT EXISTS (SELECT FROM crowd_delivery l
                            WHERE l.offer_id = o.id AND l.purpose = 'offer')""",
    "I6 an escalation has no message": """
        SELECT e.name FROM crowd_escalation e
         WHERE NOT EXISTS (SELECT FROM crowd_delivery l
                            WHERE l.escalation_id = e.id)""",
    "I6 a message waits for nothing": """
        SELECT id, state FROM crowd_delivery
         WHERE state IN ('queued', 'failed') AND next_try IS NULL""",
    "I7 a member has more open jobs than his capacity": """
        SELECT m.id, m.capacity, count(*) FROM crowd_membership m
          JOIN crowd_offer o ON o.membership_id = m.id AND o.state = 'accepted'
         GROUP BY m.id HAVING count(*) > m.capacity""",
    "I10 a customer is asked twice about a job": """
        SELECT offer_id, count(*) FROM crowd_review
         GROUP BY offer_id HAVING count(*) > 1""",
    "I10 a customer is asked about no job that has ended": """
        SELECT r.id, o.name, o.state, d.state FROM crowd_review r
          LEFT JOIN crowd_offer o ON o.id = r.offer_id
          LEFT JOIN crowd_dispatch d ON d.id = o.dispatch_id
         WHERE (o.state = 'completed' AND d.state IN ('done', 'unsolved'))
               IS NOT TRUE""",
    "I10 a customer's answer is another job's, worker's or company's": """
        SELECT r.id, o.name FROM crowd_review r
          JOIN crowd_offer o ON o.id = r.offer_id
          JOIN helpdesk_ticket t ON t.id = o.ticket_id
         WHERE (r.dispatch_id, r.ticket_id, r.worker_id, r.company_id)
               IS DISTINCT FROM (o.dispatch_id, t.id, o.worker_id, t.company_id)""",
    "I10 a customer's answer has no moment, day or 1 to 5 stars": """
        SELECT id, state, answered_at, day, stars_worker FROM crowd_review
         WHERE CASE WHEN state = 'answered'
                    THEN (answered_at >= asked_at AND day IS NOT NULL
                          AND stars_worker BETWEEN 1 AND 5
                          AND COALESCE(stars_solution, 1) BETWEEN 1 AND 5) IS NOT TRUE
                    ELSE COALESCE(answered_at::text, day::text, stars_worker::text,
                                  stars_solution::text, would_book_again)
                         IS NOT NULL END""",
    "I10 a customer's answer was written down twice": """
        SELECT offer_id, count(*) FROM crowd_event
         WHERE kind = 'review' AND to_state = 'answered'
         GROUP BY offer_id HAVING count(*) > 1""",
    "I10 a worker is measured twice by a customer's answer, or by other stars": """
        SELECT r.id, r.stars_worker, count(*), max(g.rating) FROM crowd_review r
          JOIN rating_rating g ON g.crowd_offer_id = r.offer_id
         WHERE r.state = 'answered'
         GROUP BY r.id
        HAVING count(*) > 1 OR max(g.rating) <> r.stars_worker
            OR max(g.id) IS DISTINCT FROM r.rating_id""",
}
RULES = {
    sentence: query.format(open=OPEN, reachable=REACHABLE)
    for sentence, query in _RULES.items()
}


def check_invariants(cr):
    """Raise AssertionError with every finding; silence means that all is well.

    :param cr: a cursor, Odoo's (flushed) or psycopg2's
    """
    broken = broken_invariants(cr)
    if broken:
        raise AssertionError("\n".join(broken))


def broken_invariants(cr):
    """Return a sentence for each rule that is broken, with the first rows."""
    broken = []
    for sentence, query in RULES.items():
        cr.execute(query)
        rows = cr.fetchmany(5)
        if rows:
            broken.append("%s: %s" % (sentence, rows))
    return broken + illegal_histories(cr)


def illegal_histories(cr):
    """Return a sentence for each dispatch whose states are no legal path (I8)."""
    cr.execute(
        "SELECT d.name, d.state, e.from_state, e.to_state FROM crowd_event e"
        " JOIN crowd_dispatch d ON d.id = e.dispatch_id"
        " WHERE e.kind = 'state' ORDER BY d.id, e.id"
    )
    illegal = []
    for (name, state), rows in itertools.groupby(cr.fetchall(), lambda row: row[:2]):
        moves = [row[2:] for row in rows]
        path = [target for _source, target in moves]
        is_joined = all(
            source == before for (source, _to), before in zip(moves[1:], path)
        )
        if not DISPATCH.is_path(path) or path[-1] != state or not is_joined:
            illegal.append("I8 %s is %s after %s" % (name, state, " -> ".join(path)))
    return illegal
