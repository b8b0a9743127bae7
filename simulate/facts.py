"""What a simulation did, read from the database."""

import importlib.util
from collections import Counter
from pathlib import Path

import odoo

OPEN = """
SELECT count(*) FROM helpdesk_ticket t
  JOIN helpdesk_ticket_stage s ON s.id = t.stage_id
 WHERE t.id > %s AND s.closed IS NOT TRUE
"""
#: Nobody ever said yes, and nobody ever said that he is responsible.
NEVER_ANSWERED = """
SELECT count(*) FROM helpdesk_ticket t
 WHERE t.id > %s
   AND NOT EXISTS (SELECT FROM crowd_event e
                     JOIN crowd_dispatch d ON d.id = e.dispatch_id
                    WHERE d.ticket_id = t.id
                      AND (e.kind = 'answer' AND e.to_state = 'accepted'
                           OR e.kind = 'escalation'
                              AND e.to_state IN ('acknowledged', 'taken')))
"""
#: Minutes of each dispatch from the first wave to the first acceptance, by whomever:
#: the population of the acceptance curve (docs/kpi.md), read from the lines of history.
MINUTES = """
SELECT w.at, greatest(extract(epoch FROM a.at - w.at) / 60, 0), a.worker_type, a.at
  FROM crowd_dispatch d
 CROSS JOIN LATERAL (SELECT min(e.at) AS at FROM crowd_event e
                      WHERE e.dispatch_id = d.id
                        AND e.kind = 'state' AND e.to_state = 'offered') w
  LEFT JOIN LATERAL (SELECT e.at, f.worker_type FROM crowd_event e
                       JOIN crowd_offer f ON f.id = e.offer_id
                      WHERE e.dispatch_id = d.id
                        AND e.kind = 'answer' AND e.to_state = 'accepted'
                      ORDER BY e.id LIMIT 1) a ON true
 WHERE d.ticket_id > %s AND w.at IS NOT NULL
   AND (d.state <> 'cancelled' OR a.at IS NOT NULL)
"""
COUNTS = {
    "tickets": "SELECT 'in all', count(*) FROM helpdesk_ticket WHERE id > %s",
    "dispatches": """
        SELECT state, count(*) FROM crowd_dispatch WHERE ticket_id > %s
         GROUP BY 1 ORDER BY 2 DESC""",
    "offers": """
        SELECT state, count(*) FROM crowd_offer WHERE ticket_id > %s
         GROUP BY 1 ORDER BY 2 DESC""",
    "accepted in wave": """
        SELECT CASE WHEN o.wave > 4 THEN '5 or later' ELSE o.wave::text END, count(*)
          FROM crowd_event e JOIN crowd_offer o ON o.id = e.offer_id
         WHERE o.ticket_id > %s AND e.kind = 'answer' AND e.to_state = 'accepted'
         GROUP BY 1 ORDER BY 1""",
    "waves": """
        SELECT 'in all', count(*) FROM crowd_event e
          JOIN crowd_dispatch d ON d.id = e.dispatch_id
         WHERE d.ticket_id > %s AND e.kind = 'wave' ORDER BY 1""",
    "escalations by reason": """
        SELECT reason, count(*) FROM crowd_escalation WHERE ticket_id > %s
         GROUP BY 1 ORDER BY 2 DESC""",
    "escalations by rung": """
        SELECT level::text, count(*) FROM crowd_escalation WHERE ticket_id > %s
         GROUP BY 1 ORDER BY 1""",
    "messages": """
        SELECT l.kind || ' ' || l.state, count(*) FROM crowd_delivery l
          JOIN crowd_dispatch d ON d.id = l.dispatch_id
         WHERE d.ticket_id > %s GROUP BY 1 ORDER BY 2 DESC""",
}


def last_id(cr, table):
    assert table == "helpdesk_ticket"
    cr.execute("SELECT COALESCE(max(id), 0) FROM helpdesk_ticket")
    return cr.fetchone()[0]


def count_open(cr, last_ticket):
    """Return how many simulated tickets are not closed."""
    cr.execute(OPEN, [last_ticket])
    return cr.fetchone()[0]


def read(cr, last_ticket):
    """Return all figures of a database, and which invariants are broken.

    :param last_ticket: tickets after it are simulated
    """
    cr.execute(MINUTES, [last_ticket])
    rows = cr.fetchall()
    found = {
        "open": count_open(cr, last_ticket),
        "offered": len(rows),
        "minutes": [(float(m), kind) for _first, m, kind, at in rows if at],
        "counts": {},
    }
    cr.execute(NEVER_ANSWERED, [last_ticket])
    found["never_answered"] = cr.fetchone()[0]
    for name, query in COUNTS.items():
        cr.execute(query, [last_ticket])
        found["counts"][name] = Counter(dict(cr.fetchall()))
    invariants = load_invariants()
    found["rules"] = len(invariants.RULES) + 1
    found["broken"] = invariants.broken_invariants(cr)
    return found


def load_invariants():
    """Return the module of the addon's tests, without the tests around it."""
    addon = Path(odoo.modules.get_module_path("crowd_service"))
    path = addon / "tests" / "invariants.py"
    spec = importlib.util.spec_from_file_location("crowd_invariants", str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
