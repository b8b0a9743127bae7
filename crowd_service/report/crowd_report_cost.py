from psycopg2 import sql

from odoo import fields, models

from ..models.crowd_local_sql import local_parts
from .crowd_report_mixin import choices_of, mean

QUERY = """
    SELECT c.id, c.id AS cost_id, c.day, {hour} AS hour, {weekday} AS weekday,
           {part} AS part, c.company_id, d.team_id, c.service_id, d.territory_id,
           c.offer_id, c.dispatch_id, d.ticket_id, c.worker_id, c.worker_type,
           c.membership_id, o.community_id, c.lane, c.source, 1 AS nbr, c.minutes,
           company.currency_id, c.amount, c.own_amount, c.own_amount - c.amount AS saving,
           c.own_amount IS NOT NULL AND c.amount IS NOT NULL AS is_compared
      FROM crowd_job_cost AS c
      LEFT JOIN crowd_dispatch AS d ON d.id = c.dispatch_id
      LEFT JOIN crowd_offer AS o ON o.id = c.offer_id
      LEFT JOIN res_company AS company ON company.id = c.company_id
"""


class CrowdReportCost(models.Model):
    """One row per job with a cost. Managers only. See docs/kpi.md."""

    _name = "crowd.report.cost"
    _description = "Report on Costs"
    _inherit = "crowd.report.begun.mixin"
    _auto = False
    _rec_name = "offer_id"
    _order = "day desc, id desc"
    _opens = "offer_id"
    _depends = {
        "crowd.job.cost": [
            "company_id",
            "day",
            "service_id",
            "offer_id",
            "dispatch_id",
            "worker_id",
            "worker_type",
            "membership_id",
            "lane",
            "source",
            "minutes",
            "amount",
            "own_amount",
        ],
        "crowd.dispatch": [
            "day",
            "started_at",
            "team_id",
            "territory_id",
            "ticket_id",
        ],
        "crowd.offer": ["community_id"],
        "res.company": ["crowd_zone", "currency_id"],
    }

    day = fields.Date(help="When the job ended.")
    cost_id = fields.Many2one("crowd.job.cost", string="Cost of the job", readonly=True)
    offer_id = fields.Many2one("crowd.offer", string="Job", readonly=True)
    dispatch_id = fields.Many2one("crowd.dispatch", readonly=True)
    ticket_id = fields.Many2one("helpdesk.ticket", readonly=True)
    worker_id = fields.Many2one("fsm.person", readonly=True)
    worker_type = fields.Selection(
        choices_of("crowd.job.cost", "worker_type"),
        string="Kind of worker",
        readonly=True,
    )
    membership_id = fields.Many2one("crowd.membership", readonly=True)
    community_id = fields.Many2one("crowd.community", readonly=True)
    lane = fields.Selection(
        choices_of("crowd.job.cost", "lane"), string="Done by", readonly=True
    )
    source = fields.Selection(
        choices_of("crowd.job.cost", "source"),
        string="Counted by",
        readonly=True,
        help="Empty: nobody said what he costs.",
    )
    nbr = fields.Integer(string="Jobs", readonly=True)
    minutes = mean("Minutes of work", "Mean, as the cost was counted.")
    amount = fields.Monetary(
        string="Cost", readonly=True, help="What the job cost the company."
    )
    own_amount = fields.Monetary(
        string="Cost of own technicians",
        readonly=True,
        help="What the same minutes would have cost with technicians of the company.",
    )
    saving = fields.Monetary(
        string="Saved",
        readonly=True,
        help="Cost of own technicians less cost, of the jobs where both are known.",
    )
    is_compared = fields.Boolean(
        string="Comparable",
        readonly=True,
        help="Both the cost and that of own technicians are known.",
    )
    currency_id = fields.Many2one("res.currency", readonly=True)

    def _query(self):
        return sql.SQL(QUERY).format(**local_parts("d.day", "d.started_at"))
