from psycopg2 import sql

from odoo import fields, models

from ..models.crowd_job_cost import PAUSES
from ..models.crowd_local_sql import local_parts
from .crowd_report_mixin import choices_of, mean, share

#: Jobs that have ended, one way or another: what shares of jobs are counted from. Those
#: that run, or that the desk took back, are in none.
ENDED = "o.state IN ('completed', 'backed_out', 'no_show', 'out_of_scope')"
SHARE = "CASE WHEN {ended} THEN CASE WHEN {condition} THEN 100.0 ELSE 0.0 END END"
IS_SOLVED = "(o.state = 'completed' AND d.state = 'done')"
#: Solved, nobody had the same place of the ticket before, and it was neither reopened
#: nor given to the crowd again soon after.
FIXED = """
    o.state = 'completed' AND d.state = 'done'
    AND NOT EXISTS (
        SELECT FROM crowd_offer AS o2 JOIN crowd_dispatch AS d2 ON d2.id = o2.dispatch_id
         WHERE o2.ticket_id = o.ticket_id AND o2.job_day IS NOT NULL
           AND (o2.answered_at, o2.id) < (o.answered_at, o.id) AND d2.slot = d.slot)
    AND NOT EXISTS (
        SELECT FROM helpdesk_ticket AS t
         WHERE t.id = o.ticket_id AND t.crowd_reopened_at >= o.job_ended_at
           AND t.crowd_reopened_at <= o.job_ended_at + interval '30 days')
    AND NOT EXISTS (
        SELECT FROM crowd_dispatch AS d3
         WHERE d3.ticket_id = o.ticket_id AND d3.slot = d.slot
           AND d3.id <> d.id AND d3.started_at >= o.job_ended_at
           AND d3.started_at <= o.job_ended_at + interval '30 days')
"""
QUERY = """
    SELECT o.id, o.id AS offer_id, o.job_day AS day, {hour} AS hour, {weekday} AS weekday, {part} AS part,
           o.company_id, d.team_id, o.service_id, d.territory_id, o.dispatch_id,
           o.ticket_id, o.worker_id, o.worker_type, o.community_id, o.membership_id,
           o.origin, o.decline_reason AS reason, o.answered_at AS accepted_at,
           o.job_arrived_at AS arrived_at, o.job_ended_at AS ended_at,
           CASE WHEN o.state = 'accepted' THEN 'running'
                WHEN {is_solved} THEN 'solved'
                WHEN o.state = 'completed' THEN 'unsolved'
                ELSE o.state END AS result,
           1 AS nbr,
           {share_solved} AS is_solved, {share_fixed} AS is_first_time_fix,
           {share_back_out} AS is_back_out, {share_no_show} AS is_no_show,
           {share_scope} AS is_scope,
           extract(epoch FROM o.job_arrived_at - o.answered_at) / 60
               AS minutes_to_arrive,
           extract(epoch FROM o.job_ended_at - o.job_arrived_at - {pauses}) / 60
               AS minutes_of_work,
           o.has_distance, CASE WHEN o.has_distance THEN o.distance_km END AS distance_km,
           NULLIF(r.stars_worker, 0)::float AS stars_worker,
           NULLIF(r.stars_solution, 0)::float AS stars_solution,
           CASE r.would_book_again WHEN 'yes' THEN 100.0 WHEN 'no' THEN 0.0 END
               AS would_book_again
      FROM crowd_offer AS o
      LEFT JOIN crowd_dispatch AS d ON d.id = o.dispatch_id
      LEFT JOIN crowd_review AS r ON r.offer_id = o.id
      LEFT JOIN res_company AS company ON company.id = o.company_id
     WHERE o.job_day IS NOT NULL
"""
RESULTS = [
    ("running", "Running"),
    ("solved", "Solved"),
    ("unsolved", "Not solved"),
    ("backed_out", "Given back"),
    ("no_show", "No-show"),
    ("out_of_scope", "Beyond scope"),
    ("withdrawn", "Taken back by the desk"),
]
OF_ENDED = (
    "Share of the jobs that ended: solved or not, given back, missed, beyond scope."
)


class CrowdReportJob(models.Model):
    """One row per job: an offer that was accepted, whatever came of it.

    See docs/kpi.md for every formula.
    """

    _name = "crowd.report.job"
    _description = "Report on Jobs"
    _inherit = "crowd.report.begun.mixin"
    _auto = False
    _rec_name = "offer_id"
    _order = "day desc, id desc"
    _opens = "offer_id"
    _depends = {
        "crowd.offer": [
            "company_id",
            "service_id",
            "dispatch_id",
            "ticket_id",
            "worker_id",
            "worker_type",
            "community_id",
            "membership_id",
            "origin",
            "state",
            "decline_reason",
            "answered_at",
            "has_distance",
            "distance_km",
            "job_day",
            "job_arrived_at",
            "job_ended_at",
        ],
        "crowd.dispatch": [
            "day",
            "started_at",
            "slot",
            "state",
            "team_id",
            "territory_id",
            "ticket_id",
        ],
        "crowd.event": ["dispatch_id", "kind", "at", "from_state", "to_state"],
        "crowd.review": [
            "offer_id",
            "stars_worker",
            "stars_solution",
            "would_book_again",
        ],
        "helpdesk.ticket": ["crowd_reopened_at"],
        "res.company": ["crowd_zone"],
    }

    day = fields.Date(help="When the job ended; while it runs: when it was accepted.")
    offer_id = fields.Many2one("crowd.offer", string="Job", readonly=True)
    dispatch_id = fields.Many2one("crowd.dispatch", readonly=True)
    ticket_id = fields.Many2one("helpdesk.ticket", readonly=True)
    worker_id = fields.Many2one("fsm.person", readonly=True)
    worker_type = fields.Selection(
        choices_of("crowd.offer", "worker_type"),
        string="Kind of worker",
        readonly=True,
    )
    community_id = fields.Many2one("crowd.community", readonly=True)
    membership_id = fields.Many2one("crowd.membership", readonly=True)
    origin = fields.Selection(choices_of("crowd.offer", "origin"), readonly=True)
    reason = fields.Selection(
        choices_of("crowd.offer", "decline_reason"),
        readonly=True,
        help="Why he gave it back, or why it was beyond him.",
    )
    accepted_at = fields.Datetime(string="Accepted", readonly=True)
    arrived_at = fields.Datetime(string="Arrived", readonly=True)
    ended_at = fields.Datetime(string="Ended", readonly=True)
    result = fields.Selection(RESULTS, readonly=True)
    nbr = fields.Integer(string="Jobs", readonly=True)
    is_solved = share("Solved (%)", OF_ENDED)
    is_first_time_fix = share(
        "Fixed at once (%)",
        "Solved by the first who had the job, and the ticket was not reopened within 30 "
        "days. Share of the jobs that ended.",
    )
    is_back_out = share("Given back (%)", OF_ENDED)
    is_no_show = share("No-show (%)", OF_ENDED)
    is_scope = share("Beyond scope (%)", OF_ENDED)
    has_distance = fields.Boolean(readonly=True)
    minutes_to_arrive = mean(
        "Minutes to arrive", "Mean, from his yes until he began to work."
    )
    minutes_of_work = mean(
        "Minutes of work", "Mean, from his arrival to the end, less pauses."
    )
    distance_km = mean("Distance (km)", "Mean of the jobs with a known distance.")
    stars_worker = mean(
        "Stars, worker (1-5)", "Mean of the customers' answers. 5 is best."
    )
    stars_solution = mean(
        "Stars, solution (1-5)", "Mean of the customers' answers. 5 is best."
    )
    would_book_again = share(
        "Would book again (%)", "Share of the customers who answered."
    )

    def _query(self):
        return sql.SQL(QUERY).format(
            is_solved=sql.SQL(IS_SOLVED),
            pauses=sql.SQL(PAUSES),
            share_solved=_share(IS_SOLVED),
            share_fixed=_share(FIXED),
            share_back_out=_share("o.state = 'backed_out'"),
            share_no_show=_share("o.state = 'no_show'"),
            share_scope=_share("o.state = 'out_of_scope'"),
            **local_parts("d.day", "d.started_at"),
        )


def _share(condition):
    """Return the SQL of 100 or 0 for the jobs that ended, else NULL."""
    return sql.SQL(SHARE).format(ended=sql.SQL(ENDED), condition=sql.SQL(condition))
