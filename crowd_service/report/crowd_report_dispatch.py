from psycopg2 import sql

from odoo import fields, models

from ..kpi.definitions import CURVE, CURVE_MINUTES
from ..models.crowd_kpi_sql import within
from ..models.crowd_local_sql import local_parts
from .crowd_report_mixin import choices_of, mean, share

ACCEPTED_BY = """CASE WHEN d.first_accepted_at IS NULL THEN 'nobody'
         WHEN d.first_accepted_type = 'technician' THEN 'technician'
         ELSE 'crowd' END"""
ENDED_AS = """CASE WHEN d.state IN ('done', 'unsolved', 'cancelled') THEN
        CASE WHEN d.state = {state} THEN 100.0 ELSE 0.0 END END"""
CURVE_HELP = (
    "Share of the dispatches that were offered, and not cancelled before anybody "
    "accepted. Counted from the first offer to the first yes; while nobody has said "
    "yes, only when it is that old."
)
QUERY = """
    SELECT d.id, d.id AS dispatch_id, d.day, {hour} AS hour, {weekday} AS weekday,
           {part} AS part, d.company_id, d.team_id, d.service_id, d.territory_id,
           d.ticket_id, d.partner_id, d.priority, d.policy_id, d.state,
           d.close_reason, d.responsible_id, {accepted_by} AS accepted_by,
           d.first_accepted_wave, d.offered_at IS NOT NULL AS is_offered, 1 AS nbr,
           {within_1} AS within_1, {within_10} AS within_10,
           {within_60} AS within_60, {within_180} AS within_180,
           CASE WHEN d.first_accepted_at IS NOT NULL THEN 100.0
                WHEN d.state <> 'cancelled' THEN 0.0 END AS is_accepted,
           CASE WHEN EXISTS (SELECT FROM crowd_escalation AS e
                              WHERE e.dispatch_id = d.id)
                THEN 100.0 ELSE 0.0 END AS is_escalated,
           {is_solved} AS is_solved, {is_unsolved} AS is_unsolved,
           {is_cancelled} AS is_cancelled,
           d.minutes_to_offer, d.minutes_to_accept, d.minutes_to_arrive,
           d.minutes_to_done, d.round AS round_count,
           (SELECT count(*) FROM crowd_offer AS o
             WHERE o.dispatch_id = d.id AND o.state <> 'draft') AS offer_count,
           (SELECT count(*) FROM crowd_offer AS o
             WHERE o.dispatch_id = d.id AND o.state = 'backed_out') AS back_out_count
      FROM crowd_dispatch AS d
      LEFT JOIN res_company AS company ON company.id = d.company_id
"""


def _ended_as(state):
    return sql.SQL(ENDED_AS).format(state=sql.Literal(state))


class CrowdReportDispatch(models.Model):
    """One row per dispatch. See docs/kpi.md for every formula."""

    _name = "crowd.report.dispatch"
    _description = "Report on Dispatches"
    _inherit = "crowd.report.mixin"
    _auto = False
    _rec_name = "dispatch_id"
    _order = "day desc, id desc"
    _opens = "dispatch_id"
    _depends = {
        "crowd.dispatch": [
            "day",
            "company_id",
            "team_id",
            "service_id",
            "territory_id",
            "ticket_id",
            "partner_id",
            "priority",
            "policy_id",
            "state",
            "close_reason",
            "responsible_id",
            "round",
            "started_at",
            "offered_at",
            "first_accepted_at",
            "first_accepted_type",
            "first_accepted_wave",
            "minutes_to_offer",
            "minutes_to_accept",
            "minutes_to_arrive",
            "minutes_to_done",
        ],
        "crowd.offer": ["dispatch_id", "state"],
        "crowd.escalation": ["dispatch_id"],
        "res.company": ["crowd_zone"],
    }

    dispatch_id = fields.Many2one("crowd.dispatch", readonly=True)
    ticket_id = fields.Many2one("helpdesk.ticket", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    priority = fields.Selection(choices_of("crowd.dispatch", "priority"), readonly=True)
    policy_id = fields.Many2one("crowd.policy", readonly=True)
    state = fields.Selection(choices_of("crowd.dispatch", "state"), readonly=True)
    close_reason = fields.Selection(
        choices_of("crowd.dispatch", "close_reason"),
        string="How it ended",
        readonly=True,
    )
    responsible_id = fields.Many2one("res.users", readonly=True)
    accepted_by = fields.Selection(
        [
            ("crowd", "The crowd"),
            ("technician", "Own technicians"),
            ("nobody", "Nobody yet"),
        ],
        string="First accepted by",
        readonly=True,
        help="Who said yes first, also if the job was given back later.",
    )
    first_accepted_wave = fields.Integer(
        string="Accepted in wave", readonly=True, group_operator=False
    )
    is_offered = fields.Boolean(string="Offered to somebody", readonly=True)
    nbr = fields.Integer(string="Dispatches", readonly=True)
    within_1 = share(
        "Accepted within 1 min (%)",
        CURVE_HELP,
    )
    within_10 = share(
        "Accepted within 10 min (%)",
        CURVE_HELP,
    )
    within_60 = share(
        "Accepted within 60 min (%)",
        CURVE_HELP,
    )
    within_180 = share(
        "Accepted within 180 min (%)",
        CURVE_HELP,
    )
    is_accepted = share(
        "Accepted (%)", "Share of dispatches not cancelled before anybody accepted."
    )
    is_escalated = share("Escalated (%)", "Share of all dispatches.")
    is_solved = share("Solved (%)", "Share of the dispatches that ended.")
    is_unsolved = share("Not solved (%)", "Share of the dispatches that ended.")
    is_cancelled = share("Cancelled (%)", "Share of the dispatches that ended.")
    minutes_to_offer = mean(
        "Minutes to the first offer", "Mean, from the beginning of the dispatch."
    )
    minutes_to_accept = mean(
        "Minutes to accept", "Mean, from the first offer to the first yes."
    )
    minutes_to_arrive = mean(
        "Minutes to arrive", "Mean, from the first yes to the beginning of work."
    )
    minutes_to_done = mean(
        "Minutes until solved",
        "Mean, from the beginning of the dispatch; only what was solved.",
    )
    offer_count = mean("Offers per dispatch", "Mean of all rounds together.")
    round_count = mean("Rounds per dispatch", "Mean; a job given back begins another.")
    back_out_count = fields.Integer(
        string="Back-outs", readonly=True, help="How often the job was given back."
    )

    def _query(self):
        return sql.SQL(QUERY).format(
            accepted_by=sql.SQL(ACCEPTED_BY),
            **{code: within(minutes) for code, minutes in zip(CURVE, CURVE_MINUTES)},
            is_solved=_ended_as("done"),
            is_unsolved=_ended_as("unsolved"),
            is_cancelled=_ended_as("cancelled"),
            **local_parts("d.day", "d.started_at"),
        )
