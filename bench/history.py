"""What happened to a crowd: jobs, offers, answers, solved tickets, wishes, absences."""

from .cells import CUSTOMERS_PER_COMPANY, TITLES
from .rows import move_sequence, spread

OFFER = {
    "id": "s.offer_id",
    "dispatch_id": "s.dispatch_id",
    "ticket_id": "s.ticket_id",
    "company_id": "s.company_id",
    "worker_id": "s.worker_id",
    "worker_type": "s.worker_type",
    "membership_id": "s.membership_id",
    "community_id": "s.community_id",
    "sent_at": "s.sent_at",
    "expires_at": "s.sent_at + interval '30 minutes'",
}
TITLE = "(ARRAY[{}])[1 + s.k %% {}]".format(
    ", ".join(f"'{title}'" for title in TITLES), len(TITLES)
)
RESPONSES = """
INSERT INTO crowd_response (
    membership_id, company_id, bucket, week_part, asked_count, answered_count,
    response_sum, answer_minutes)
SELECT membership_id, company_id, bucket, bucket::text, asked, answered,
       round((answered * (0.2 + 0.7 * u2))::numeric, 4),
       CASE WHEN answered > 0 THEN round((1 + 20 * (1 - u2))::numeric, 1) END
  FROM (
      SELECT *, floor(asked * (0.3 + 0.7 * u3))::int AS answered
        FROM (
            SELECT membership_id, company_id, bucket,
                   1 + floor(20 * pg_temp.u(membership_id, 710 + bucket))::int AS asked,
                   pg_temp.u(membership_id, 720 + bucket) AS u2,
                   pg_temp.u(membership_id, 730 + bucket) AS u3
              FROM member, generate_series(0, 7) AS bucket
             WHERE state = 'active' AND pg_temp.u(membership_id, 740 + bucket) < 0.15
        ) drawn
  ) counted
"""
EXPERIENCE = """
INSERT INTO crowd_experience (
    ticket_id, dispatch_id, worker_id, company_id, service_id, language, solved_at,
    terms, document, ticket_written_at)
SELECT s.ticket_id, s.dispatch_id, s.worker_id, s.company_id, t.crowd_service_id,
       'english', s.sent_at, array_to_tsvector(tsvector_to_array(words)), words,
       t.write_date
  FROM solved s
  JOIN helpdesk_ticket t ON t.id = s.ticket_id
 CROSS JOIN LATERAL to_tsvector('english', t.name) AS words
"""
WISHES = """
INSERT INTO crowd_preference (partner_id, worker_id, company_id, kind, active)
SELECT c.id, p.worker_id, %(company)s,
       CASE WHEN p.place = 4 THEN 'blocked' ELSE 'preferred' END, TRUE
  FROM unnest(%(customers)s) AS c(id)
 CROSS JOIN LATERAL (
       SELECT worker_id,
              row_number() OVER (ORDER BY pg_temp.u(i, 800 + c.id), i) AS place
         FROM person
        WHERE company = %(number)s AND town_name = 'Berlin'
        ORDER BY place LIMIT 4) p
"""
ABSENCES = """
INSERT INTO crowd_absence (worker_id, date_from, date_to)
SELECT worker_id, %(now)s::timestamp + days * interval '1 day',
       %(now)s::timestamp + (days + 14) * interval '1 day'
  FROM (SELECT worker_id, floor(60 * pg_temp.u(i, 751)) - 20 AS days
          FROM person WHERE pg_temp.u(i, 750) < 0.1) p
"""


def add_jobs(cr, base):
    """Adding accepted jobs"""
    _add_tickets(cr, base, "job", "'BJ' || s.i", base.busy_stage, "assigned")
    spread(
        cr,
        "crowd_offer",
        base.offer.id,
        "job",
        name="'BJ' || s.i",
        state="'accepted'",
        answered_at="s.sent_at + interval '1 minute'",
        minutes_to_answer="1",
        **OFFER,
    )
    _name_winners(cr, "job")


def add_offers(cr, base):
    """Adding offers that nobody took"""
    batches = "(SELECT b.*, b.dispatch_id AS i, b.batch AS k FROM batch b)"
    number = "'BA' || s.dispatch_id"
    _add_tickets(cr, base, batches, number, base.done_stage, "unsolved")
    spread(
        cr,
        "crowd_offer",
        base.offer.id,
        "(SELECT a.*, b.ticket_id, b.dispatch_id FROM asked a"
        " JOIN batch b USING (company_id, batch))",
        name="'BA' || s.i || '-' || s.times",
        round="s.times",
        state="CASE WHEN s.i %% 3 = 0 THEN 'declined' ELSE 'expired' END",
        answered_at="CASE WHEN s.i %% 3 = 0 THEN s.sent_at + interval '5 minutes' END",
        minutes_to_answer="CASE WHEN s.i %% 3 = 0 THEN 5 END",
        **OFFER,
    )


def add_solved(cr, base):
    """Adding solved tickets"""
    number = "'BS' || s.i || '-' || s.times"
    _add_tickets(cr, base, "solved", number, base.done_stage, "done")
    spread(
        cr,
        "crowd_offer",
        base.offer.id,
        "solved",
        name=number,
        state="'completed'",
        answered_at="s.sent_at + interval '2 minutes'",
        minutes_to_answer="2",
        **OFFER,
    )
    _name_winners(cr, "solved")
    cr.execute(EXPERIENCE)


def add_measures(cr, base):
    """Adding what was measured of their answers"""
    cr.execute(RESPONSES)
    cr.execute("UPDATE crowd_response SET create_date = %s", [base.now])


def add_wishes(cr, base):
    """Adding customers' wishes and absences"""
    for number, company in enumerate(base.companies):
        start = number * CUSTOMERS_PER_COMPANY
        customers = base.customers[start : start + CUSTOMERS_PER_COMPANY]
        params = {"customers": customers.ids, "company": company.id, "number": number}
        cr.execute(WISHES, params)
    cr.execute(ABSENCES, {"now": base.now})
    for table in ("crowd_preference", "crowd_absence"):
        move_sequence(cr, table)


STEPS = (add_jobs, add_offers, add_solved, add_measures, add_wishes)


def _add_tickets(cr, base, source, number, stage, state):
    """Add a ticket and a dispatch for each row of ``source``."""
    is_held = state in ("assigned", "done")
    spread(
        cr,
        "helpdesk_ticket",
        base.ticket.id,
        source,
        id="s.ticket_id",
        number=number,
        name=TITLE,
        crowd_service_id=_service(base),
        company_id="s.company_id",
        stage_id=str(stage.id),
        access_token="NULL",
    )
    spread(
        cr,
        "crowd_dispatch",
        base.dispatch.id,
        source,
        id="s.dispatch_id",
        name=number,
        ticket_id="s.ticket_id",
        service_id=_service(base),
        company_id="s.company_id",
        state=f"'{state}'",
        worker_id="s.worker_id" if is_held else "NULL",
    )
    cr.execute(
        "UPDATE helpdesk_ticket t SET crowd_dispatch_id = d.id, crowd_state = d.state,"
        " crowd_worker_id = d.worker_id FROM crowd_dispatch d"
        " WHERE d.ticket_id = t.id AND d.state = %s AND d.name LIKE 'B__%%'",
        [state],
    )


def _service(base):
    ids = ", ".join(str(service.id) for service in base.services.values())
    return f"(ARRAY[{ids}])[1 + s.k %% {len(base.services)}]"


def _name_winners(cr, table):
    cr.execute(
        "UPDATE crowd_dispatch d SET accepted_offer_id = o.id FROM crowd_offer o"
        " WHERE o.dispatch_id = d.id AND o.state IN ('accepted', 'completed')"
        "   AND d.accepted_offer_id IS NULL AND d.name LIKE 'B__%%'"
    )
