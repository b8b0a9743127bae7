"""What the key figures of docs/kpi.md are counted with: one statement per fact.

The rows of a fact have a column for each of its figures: 0 or 100 for shares, NULL for
rows outside the population. ``FIGURES`` puts them together, by period and slice.

``(SELECT id … LIMIT 1) IS NULL`` stands for NOT EXISTS where PostgreSQL would rather
read the whole other table than look up the few rows in question.
"""

from psycopg2 import sql

from ..kpi.definitions import CURVE, CURVE_MINUTES
from .crowd_local_sql import local_day, local_parts

#: The present instant: in views that of the database, in figures that of the clock.
NOW = "now() AT TIME ZONE 'UTC'"
CLOCK = "%(now)s::timestamp"
#: Who counts in the acceptance curve: asked, and not called off before anybody
#: accepted.
IN_CURVE = """d.offered_at IS NOT NULL
    AND (d.state <> 'cancelled' OR d.first_accepted_at IS NOT NULL)"""
#: Whether it was within so many minutes is known: accepted, or asked so long ago.
IS_TOLD = """(d.minutes_to_accept IS NOT NULL
    OR d.offered_at <= {now} - {minutes} * interval '1 minute')"""
WITHIN = """CASE WHEN {in_curve} AND {is_told} THEN
        CASE WHEN d.minutes_to_accept <= {minutes} THEN 100.0 ELSE 0.0 END END"""

FIGURES = """
    SELECT is_current, slice, GROUPING(slice) = 1 AS is_total, {columns}
      FROM ({rows}) AS fact
     GROUP BY GROUPING SETS ((is_current), (is_current, slice))
"""
#: A month is a slice; the last two of them are the figure and the previous one.
MONTHS = """
    SELECT month >= %(start)s AS is_current, month AS slice, NULL AS is_total, {columns}
      FROM ({rows}) AS fact
     GROUP BY month
     ORDER BY month
"""
#: How the figures of a column are put together; then the number of its rows.
TOGETHER = {
    "share": "avg({code}), count({code})",
    "mean": "avg({code}), count({code})",
    "sum": "sum({code}), count({code})",
    "count": "sum({code}) / 100, count({code})",
    "median": "percentile_cont(0.5) WITHIN GROUP (ORDER BY {code}), count({code})",
    "ratio": "100.0 * count({code}) / NULLIF(sum({code}), 0), count({code})",
    "gini": "array_agg({code}) FILTER (WHERE {code} IS NOT NULL), count({code})",
}
WHEN = """
    {day} >= %(start)s AS is_current,
    CASE WHEN {day} >= %(start)s THEN ({day} - %(start)s::date) / %(days)s END AS slice
"""
CUT = "{day} BETWEEN %(before)s AND %(end)s AND {company} = ANY(%(companies)s)"
#: The parts of a scope: of a dispatch, of a ticket.
SCOPE = {
    "team": "AND {dispatch} IN (SELECT id FROM crowd_dispatch WHERE team_id = %(team)s)",
    "service": "AND {dispatch} IN"
    " (SELECT id FROM crowd_dispatch WHERE service_id = %(service)s)",
    "territory": "AND {dispatch} IN"
    " (SELECT id FROM crowd_dispatch WHERE territory_id = %(territory)s)",
}
TICKET_SCOPE = {
    "team": "AND t.team_id = %(team)s",
    "service": "AND t.crowd_service_id = %(service)s",
    "territory": "AND t.fsm_location_id IN"
    " (SELECT id FROM fsm_location WHERE territory_id = %(territory)s)",
}
#: Of each fact the expressions for its day, its company and its dispatch.
NAMES = {
    "dispatch": ("d.day", "d.company_id", "d.id"),
    "escalation": ("e.day", "e.company_id", "e.dispatch_id"),
    "outcome": ("t.day", "t.company_id", ""),
    "job": ("o.job_day", "o.company_id", "o.dispatch_id"),
    "offer": ("o.day", "o.company_id", "o.dispatch_id"),
    "review": ("r.day", "r.company_id", "r.dispatch_id"),
    "cost": ("c.day", "c.company_id", "c.dispatch_id"),
    "member": ("m.month", "m.company_id", ""),
    "delivery": ("v.day", "v.company_id", "v.dispatch_id"),
}
ROWS = {
    "dispatch": """
        SELECT {when}, minutes_to_offer, minutes_to_accept, minutes_to_arrive,
               minutes_to_done,
               {within_1} AS within_1, {within_10} AS within_10,
               {within_60} AS within_60, {within_180} AS within_180,
               100 * EXISTS (SELECT FROM crowd_escalation AS e WHERE e.dispatch_id = d.id
                    )::int AS escalated
          FROM crowd_dispatch AS d
         WHERE {cut}
    """,
    "escalation": """
        SELECT {when},
               CASE WHEN e.acknowledged_in_time
                         OR e.acknowledged_at IS NULL AND e.taken_at <= e.deadline
                    THEN 100
                    WHEN e.state <> 'open' OR COALESCE(e.deadline <= {now}, TRUE)
                    THEN 0 END AS acknowledged_in_time
          FROM crowd_escalation AS e
         WHERE {cut}
    """,
    "outcome": """
        SELECT {when}, 100 * (t.outcome = 'solved')::int AS solved,
               100 * (t.outcome = 'not_solved')::int AS not_solved,
               100 * (t.outcome = 'abandoned')::int AS abandoned,
               CASE WHEN t.outcome IS NOT NULL
                    THEN 100 * COALESCE(t.crowd_reopen_count > 0, FALSE)::int
                    END AS reopened,
               CASE WHEN t.outcome IS NOT NULL OR t.crowd_first_answer_deadline < {now}
                    THEN 100 * (
                        t.user_id IS NULL
                        AND COALESCE(t.crowd_outcome_by, '') NOT IN ('agent', 'assumed')
                        AND (SELECT d.id FROM crowd_dispatch AS d
                              WHERE d.ticket_id = t.id AND d.first_accepted_at IS NOT NULL
                              LIMIT 1) IS NULL
                        AND (SELECT e.id FROM crowd_escalation AS e
                              WHERE e.ticket_id = t.id AND e.acknowledged_at IS NOT NULL
                              LIMIT 1) IS NULL
                        )::int END AS never_answered
          FROM (SELECT t.*, t.crowd_outcome AS outcome,
                       COALESCE(t.crowd_closed_day, {opened}) AS day
                  FROM helpdesk_ticket AS t
                  JOIN res_company AS company ON company.id = t.company_id
                 WHERE t.crowd_closed_day BETWEEN %(before)s AND %(end)s
                    OR (t.crowd_closed_day IS NULL
                        AND t.create_date > %(before)s::timestamp - interval '1 day'
                        AND t.create_date < %(end)s::timestamp + interval '3 days')
               ) AS t
         WHERE (t.crowd_service_id IS NOT NULL OR t.crowd_dispatch_id IS NOT NULL)
           AND {cut}
    """,
    "job": """
        SELECT {when},
               100 * (o.state = 'backed_out')::int AS backed_out,
               100 * (o.state = 'no_show')::int AS no_show,
               100 * (o.state = 'out_of_scope')::int AS out_of_scope,
               CASE WHEN o.has_distance THEN o.distance_km END AS distance_km,
               100 * (o.state = 'completed' AND o.end_state = 'done'
                   AND NOT EXISTS (
                       SELECT FROM crowd_offer AS other
                         JOIN crowd_dispatch AS theirs ON theirs.id = other.dispatch_id
                        WHERE other.ticket_id = o.ticket_id
                          AND other.job_day IS NOT NULL AND theirs.slot = o.slot
                          AND (other.answered_at, other.id) < (o.answered_at, o.id))
                   AND NOT EXISTS (
                       SELECT FROM helpdesk_ticket AS t
                        WHERE t.id = o.ticket_id
                          AND t.crowd_reopened_at >= o.job_ended_at
                          AND t.crowd_reopened_at
                              <= o.job_ended_at + interval '30 days')
                   AND NOT EXISTS (
                       SELECT FROM crowd_dispatch AS again
                        WHERE again.ticket_id = o.ticket_id AND again.slot = o.slot
                          AND again.id <> o.dispatch_id
                          AND again.started_at >= o.job_ended_at
                          AND again.started_at
                              <= o.job_ended_at + interval '30 days')
                   )::int AS first_time_fix,
               CASE WHEN o.worker_type <> 'technician'
                    THEN 100 * o.is_off_hours::int END AS evening_share,
               CASE WHEN o.worker_type <> 'technician'
                    THEN 100 * (o.is_off_hours OR (
                        SELECT own.id FROM crowd_offer AS own
                         WHERE own.dispatch_id = o.dispatch_id
                           AND own.worker_type = 'technician' AND own.sent_at IS NOT NULL
                         LIMIT 1) IS NOT NULL)::int END AS complement_share
          FROM (SELECT o.*, d.state AS end_state, d.slot,
                       {part} <> 'day' AS is_off_hours
                  FROM crowd_offer AS o
                  JOIN crowd_dispatch AS d ON d.id = o.dispatch_id
                  JOIN res_company AS company ON company.id = o.company_id
               ) AS o
         WHERE o.state IN ('completed', 'backed_out', 'no_show', 'out_of_scope')
           AND {cut}
    """,
    "offer": """
        SELECT {when},
               o.minutes_to_answer AS answer_minutes,
               CASE WHEN o.state NOT IN ('draft', 'sent')
                    THEN 100 * (o.state = 'declined')::int END AS declined,
               CASE WHEN o.state NOT IN ('draft', 'sent')
                    THEN 100 * (o.state = 'expired')::int END AS ignored,
               CASE WHEN o.state NOT IN ('draft', 'sent')
                    THEN 100 * (o.state IN ('accepted', 'completed', 'backed_out',
                                            'no_show', 'out_of_scope')
                                OR o.state = 'withdrawn' AND o.answered_at IS NOT NULL
                         )::int END AS offers_per_accept
          FROM crowd_offer AS o
         WHERE o.state <> 'draft' AND {cut}
    """,
    "review": """
        SELECT {when}, r.stars_worker AS stars,
               CASE r.would_book_again WHEN 'yes' THEN 100 WHEN 'no' THEN 0
                    END AS would_book_again
          FROM crowd_review AS r
         WHERE {cut}
    """,
    "cost": """
        SELECT {when}, c.amount AS crowd_cost, c.own_amount - c.amount AS saving,
               CASE WHEN c.amount IS NOT NULL THEN c.own_amount END AS own_cost
          FROM crowd_job_cost AS c
         WHERE c.lane = 'crowd' AND {cut}
    """,
    "member": """
        SELECT m.month,
               CASE WHEN m.status <> 'churned' THEN m.is_active END AS active,
               CASE WHEN m.status <> 'churned'
                    THEN 100 * (m.status = 'inactive')::int END AS inactive,
               100 * (m.status = 'churned')::int AS churned,
               CASE WHEN m.offer_count > 0 THEN m.job_count END AS gini
          FROM crowd_worker_month AS m
         WHERE m.worker_type <> 'technician' AND {cut}
    """,
    "delivery": """
        SELECT {when},
               CASE WHEN v.state IN ('sent', 'delivered', 'read') THEN 100
                    WHEN v.state = 'dead' THEN 0 END AS reached,
               CASE WHEN v.state IN ('delivered', 'read') THEN 100
                    WHEN v.state = 'sent' THEN 0 END AS receipted
          FROM crowd_delivery AS v
         WHERE {cut}
    """,
}


def is_told(minutes, now=NOW):
    """Return the condition that it is known who accepted within ``minutes``.

    :param minutes: SQL of a number
    """
    return sql.SQL(IS_TOLD).format(now=sql.SQL(now), minutes=minutes)


def within(minutes, now=NOW):
    """Return the SQL of 100 or 0: accepted within ``minutes``; NULL: not in it, or yet."""
    minutes = sql.Literal(minutes)
    return sql.SQL(WITHIN).format(
        in_curve=sql.SQL(IN_CURVE), is_told=is_told(minutes, now), minutes=minutes
    )


def _pieces(fact):
    """Return what the rows of a fact are composed of besides the period."""
    if fact == "dispatch":
        return {c: within(m, CLOCK) for c, m in zip(CURVE, CURVE_MINUTES)}
    if fact == "outcome":
        return {"opened": local_day("t.create_date")}
    return local_parts("d.day", "d.started_at") if fact == "job" else {}


def compose(fact, columns, scope):
    """Return the statement that counts some figures of a fact.

    :param columns: pairs of a figure's code and how it is put together
    :param scope: the parts of :data:`SCOPE` that are limited
    """
    day, company, dispatch = map(sql.SQL, NAMES[fact])
    parts = SCOPE if NAMES[fact][2] else TICKET_SCOPE
    cut = [sql.SQL(CUT).format(day=day, company=company)]
    cut += [sql.SQL(parts[name]).format(dispatch=dispatch) for name in scope]
    rows = sql.SQL(ROWS[fact]).format(
        when=sql.SQL(WHEN).format(day=day),
        cut=sql.SQL(" ").join(cut),
        now=sql.SQL(CLOCK),
        **_pieces(fact),
    )
    together = [
        sql.SQL(TOGETHER[how]).format(code=sql.Identifier(code))
        for code, how in columns
    ]
    return sql.SQL(MONTHS if fact == "member" else FIGURES).format(
        columns=sql.SQL(", ").join(together), rows=rows
    )
