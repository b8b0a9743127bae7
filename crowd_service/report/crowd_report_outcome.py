from psycopg2 import sql

from odoo import fields, models

from ..models.crowd_local_sql import local_day, local_parts
from .crowd_report_mixin import choices_of, share

#: The instant a ticket counts from: when it was closed, until then when it was opened.
MOMENT = "COALESCE(t.crowd_closed_at, t.create_date)"
DAY = "COALESCE(t.crowd_closed_day, {created})"
ENDED_AS = """CASE WHEN t.crowd_outcome IS NOT NULL THEN
        CASE WHEN t.crowd_outcome = {outcome} THEN 100.0 ELSE 0.0 END END"""
#: Nobody acted: no acceptance, no escalation acknowledged, no person assigned, and the
#: desk did not close it. Who waits within his first-answer time is not forgotten yet.
NEVER_ANSWERED = """(t.crowd_outcome IS NOT NULL
            OR t.crowd_first_answer_deadline < now() AT TIME ZONE 'UTC')
        AND t.user_id IS NULL
        AND COALESCE(t.crowd_outcome_by, '') NOT IN ('agent', 'assumed')
        AND NOT EXISTS (SELECT FROM crowd_dispatch AS d
                         WHERE d.ticket_id = t.id AND d.first_accepted_at IS NOT NULL)
        AND NOT EXISTS (SELECT FROM crowd_escalation AS e
                         WHERE e.ticket_id = t.id AND e.acknowledged_at IS NOT NULL)"""
QUERY = """
    SELECT t.id, t.id AS ticket_id, {day} AS day, {hour} AS hour, {weekday} AS weekday,
           {part} AS part, t.company_id, t.team_id, t.crowd_service_id AS service_id,
           (SELECT place.territory_id FROM fsm_location AS place
             WHERE place.id = t.fsm_location_id) AS territory_id,
           t.partner_id, t.priority, t.user_id, t.channel_id,
           t.crowd_dispatch_id AS dispatch_id, t.crowd_worker_id AS worker_id,
           COALESCE(t.crowd_outcome, 'open') AS outcome,
           t.crowd_outcome_by AS outcome_by, t.crowd_closed_day AS closed_day,
           ({never_answered}) AS never_answered, 1 AS nbr,
           {is_solved} AS is_solved, {is_not_solved} AS is_not_solved,
           {is_abandoned} AS is_abandoned,
           CASE WHEN t.crowd_outcome IS NOT NULL THEN
               CASE WHEN t.crowd_reopen_count > 0 THEN 100.0 ELSE 0.0 END END
               AS is_reopened,
           CASE WHEN t.crowd_outcome IS NULL THEN 100.0 ELSE 0.0 END AS is_open,
           CASE WHEN {never_answered} THEN 1 ELSE 0 END AS never_answered_count,
           COALESCE(t.crowd_reopen_count, 0) AS reopen_count
      FROM helpdesk_ticket AS t
      LEFT JOIN res_company AS company ON company.id = t.company_id
     WHERE t.crowd_service_id IS NOT NULL OR t.crowd_dispatch_id IS NOT NULL
"""


def _ended_as(outcome):
    return sql.SQL(ENDED_AS).format(outcome=sql.Literal(outcome))


class CrowdReportOutcome(models.Model):
    """One row per ticket of the crowd: with a service, or a dispatch.

    It counts on the day the ticket was closed for the last time; while it is open, on
    the day it was opened. See docs/kpi.md for every formula.
    """

    _name = "crowd.report.outcome"
    _description = "Report on Outcomes"
    _inherit = "crowd.report.mixin"
    _auto = False
    _rec_name = "ticket_id"
    _order = "day desc, id desc"
    _opens = "ticket_id"
    _depends = {
        "helpdesk.ticket": [
            "create_date",
            "company_id",
            "team_id",
            "partner_id",
            "priority",
            "user_id",
            "channel_id",
            "fsm_location_id",
            "crowd_service_id",
            "crowd_dispatch_id",
            "crowd_worker_id",
            "crowd_first_answer_deadline",
            "crowd_outcome",
            "crowd_outcome_by",
            "crowd_closed_at",
            "crowd_closed_day",
            "crowd_reopen_count",
        ],
        "crowd.dispatch": ["ticket_id", "first_accepted_at"],
        "crowd.escalation": ["ticket_id", "acknowledged_at"],
        "fsm.location": ["territory_id"],
        "res.company": ["crowd_zone"],
    }

    ticket_id = fields.Many2one("helpdesk.ticket", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    priority = fields.Selection(
        choices_of("helpdesk.ticket", "priority"), readonly=True
    )
    user_id = fields.Many2one("res.users", string="Assigned user", readonly=True)
    channel_id = fields.Many2one(
        "helpdesk.ticket.channel", string="Channel", readonly=True
    )
    dispatch_id = fields.Many2one("crowd.dispatch", readonly=True)
    worker_id = fields.Many2one("fsm.person", string="Last worker", readonly=True)
    outcome = fields.Selection(
        [
            ("solved", "Solved"),
            ("not_solved", "Not solved"),
            ("abandoned", "Abandoned"),
            ("open", "Open"),
        ],
        readonly=True,
    )
    outcome_by = fields.Selection(
        choices_of("helpdesk.ticket", "crowd_outcome_by"),
        string="Outcome told by",
        readonly=True,
    )
    closed_day = fields.Date(
        string="Day closed", readonly=True, help="Empty while it is open."
    )
    never_answered = fields.Boolean(
        readonly=True,
        help="Nobody acted: no acceptance, no escalation acknowledged, no person "
        "assigned, not closed by the desk; and it is closed, or its time for a first "
        "answer is over.",
    )
    nbr = fields.Integer(string="Tickets", readonly=True)
    is_solved = share("Solved (%)", "Share of the closed tickets.")
    is_not_solved = share("Not solved (%)", "Share of the closed tickets.")
    is_abandoned = share("Abandoned (%)", "Share of the closed tickets.")
    is_reopened = share(
        "Reopened (%)",
        "Share of the closed tickets that had been reopened at least once before.",
    )
    is_open = share("Open (%)", "Share of all tickets.")
    never_answered_count = fields.Integer(
        string="Never answered (number)",
        readonly=True,
        help="Tickets on which nobody acted.",
    )
    reopen_count = fields.Integer(string="Times reopened", readonly=True)

    def _query(self):
        day = sql.SQL(DAY).format(created=local_day("t.create_date"))
        return sql.SQL(QUERY).format(
            day=day,
            never_answered=sql.SQL(NEVER_ANSWERED),
            is_solved=_ended_as("solved"),
            is_not_solved=_ended_as("not_solved"),
            is_abandoned=_ended_as("abandoned"),
            **local_parts(day, MOMENT),
        )
