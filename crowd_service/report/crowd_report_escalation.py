from psycopg2 import sql

from odoo import fields, models

from ..models.crowd_local_sql import local_parts
from .crowd_report_mixin import choices_of, mean, share

#: What waits and is not due yet is neither in time nor late.
IN_TIME = """CASE WHEN e.acknowledged_in_time THEN 100.0
         WHEN e.acknowledged_at IS NULL AND e.taken_at <= e.deadline THEN 100.0
         WHEN e.state = 'open' AND e.deadline > now() AT TIME ZONE 'UTC' THEN NULL
         ELSE 0.0 END"""
QUERY = """
    SELECT e.id, e.id AS escalation_id, e.day, {hour} AS hour, {weekday} AS weekday,
           {part} AS part, e.company_id, e.team_id, d.service_id, d.territory_id,
           e.dispatch_id, e.ticket_id, e.reason, e.level, e.user_id, e.state, 1 AS nbr,
           e.minutes_to_acknowledge, {in_time} AS acknowledged_in_time,
           CASE WHEN e.state = 'taken' THEN 100.0 ELSE 0.0 END AS is_taken
      FROM crowd_escalation AS e
      LEFT JOIN crowd_dispatch AS d ON d.id = e.dispatch_id
      LEFT JOIN res_company AS company ON company.id = e.company_id
"""


class CrowdReportEscalation(models.Model):
    """One row per escalation. See docs/kpi.md for every formula."""

    _name = "crowd.report.escalation"
    _description = "Report on Escalations"
    _inherit = "crowd.report.mixin"
    _auto = False
    _rec_name = "escalation_id"
    _order = "day desc, id desc"
    _opens = "escalation_id"
    _depends = {
        "crowd.escalation": [
            "day",
            "company_id",
            "team_id",
            "dispatch_id",
            "ticket_id",
            "reason",
            "level",
            "user_id",
            "state",
            "opened_at",
            "deadline",
            "acknowledged_at",
            "acknowledged_in_time",
            "taken_at",
            "minutes_to_acknowledge",
        ],
        "crowd.dispatch": ["service_id", "territory_id"],
        "res.company": ["crowd_zone"],
    }

    escalation_id = fields.Many2one("crowd.escalation", readonly=True)
    dispatch_id = fields.Many2one("crowd.dispatch", readonly=True)
    ticket_id = fields.Many2one("helpdesk.ticket", readonly=True)
    reason = fields.Selection(choices_of("crowd.escalation", "reason"), readonly=True)
    level = fields.Integer(
        string="Rung",
        readonly=True,
        group_operator=False,
        help="1 is the first person asked, 2 the next one up the ladder.",
    )
    user_id = fields.Many2one("res.users", string="To", readonly=True)
    state = fields.Selection(choices_of("crowd.escalation", "state"), readonly=True)
    nbr = fields.Integer(string="Escalations", readonly=True)
    minutes_to_acknowledge = mean(
        "Minutes to acknowledge",
        "Mean, until somebody said that he is responsible; only where somebody did.",
    )
    acknowledged_in_time = share(
        "Acknowledged in time (%)",
        "Share of all escalations but those that are open and not yet due. Taking the "
        "job counts as well.",
    )
    is_taken = share(
        "Job taken (%)", "Share of all escalations that ended because somebody took it."
    )

    def _query(self):
        return sql.SQL(QUERY).format(
            in_time=sql.SQL(IN_TIME), **local_parts("e.day", "e.opened_at")
        )
