from psycopg2 import sql

from odoo import fields, models

from ..models.crowd_local_sql import local_parts
from .crowd_report_mixin import choices_of, mean, share

#: Of offers that no longer wait for an answer.
CLOSED = "CASE WHEN o.state <> 'sent' THEN CASE WHEN {hit} THEN 100.0 ELSE 0.0 END END"
#: A yes stays a yes, whatever came of it.
ACCEPTED = """(o.state IN ('accepted', 'completed', 'backed_out', 'no_show',
                           'out_of_scope')
               OR (o.state = 'withdrawn' AND o.answered_at IS NOT NULL))"""
OF_ACCEPTED = """CASE WHEN {accepted} THEN
        CASE WHEN o.state = {state} THEN 100.0 ELSE 0.0 END END"""
QUERY = """
    SELECT o.id, o.id AS offer_id, o.day, {hour} AS hour, {weekday} AS weekday,
           {part} AS part, o.company_id, d.team_id, o.service_id, d.territory_id,
           o.dispatch_id, o.ticket_id, o.worker_id, o.worker_type, o.community_id,
           o.origin, o.wave, o.round, o.state, o.decline_reason, o.channel, 1 AS nbr,
           {is_accepted} AS is_accepted, {is_declined} AS is_declined,
           {is_ignored} AS is_ignored, {is_lost} AS is_lost,
           {is_withdrawn} AS is_withdrawn, {is_backed_out} AS is_backed_out,
           {is_no_show} AS is_no_show, {is_out_of_scope} AS is_out_of_scope,
           o.minutes_to_answer,
           CASE WHEN o.has_distance THEN o.distance_km END AS distance_km, o.price
      FROM crowd_offer AS o
      LEFT JOIN crowd_dispatch AS d ON d.id = o.dispatch_id
      LEFT JOIN res_company AS company ON company.id = o.company_id
     WHERE o.day IS NOT NULL AND o.state <> 'draft'
"""


def _closed_as(state):
    hit = sql.SQL("o.state = {state}").format(state=sql.Literal(state))
    return sql.SQL(CLOSED).format(hit=hit)


def _of_accepted(state):
    return sql.SQL(OF_ACCEPTED).format(
        accepted=sql.SQL(ACCEPTED), state=sql.Literal(state)
    )


class CrowdReportOffer(models.Model):
    """One row per offer that was sent. See docs/kpi.md for every formula."""

    _name = "crowd.report.offer"
    _description = "Report on Offers"
    _inherit = "crowd.report.mixin"
    _auto = False
    _rec_name = "offer_id"
    _order = "day desc, id desc"
    _opens = "offer_id"
    _depends = {
        "crowd.offer": [
            "day",
            "company_id",
            "service_id",
            "dispatch_id",
            "ticket_id",
            "worker_id",
            "worker_type",
            "community_id",
            "origin",
            "wave",
            "round",
            "state",
            "decline_reason",
            "channel",
            "sent_at",
            "answered_at",
            "minutes_to_answer",
            "has_distance",
            "distance_km",
            "price",
        ],
        "crowd.dispatch": ["team_id", "territory_id"],
        "res.company": ["crowd_zone"],
    }

    offer_id = fields.Many2one("crowd.offer", readonly=True)
    dispatch_id = fields.Many2one("crowd.dispatch", readonly=True)
    ticket_id = fields.Many2one("helpdesk.ticket", readonly=True)
    worker_id = fields.Many2one("fsm.person", string="Worker", readonly=True)
    worker_type = fields.Selection(
        choices_of("crowd.offer", "worker_type"), string="Kind of worker", readonly=True
    )
    community_id = fields.Many2one("crowd.community", readonly=True)
    origin = fields.Selection(choices_of("crowd.offer", "origin"), readonly=True)
    wave = fields.Integer(readonly=True, group_operator=False)
    round = fields.Integer(readonly=True, group_operator=False)
    state = fields.Selection(choices_of("crowd.offer", "state"), readonly=True)
    decline_reason = fields.Selection(
        choices_of("crowd.offer", "decline_reason"),
        string="Reason of the no",
        readonly=True,
        help="Why he said no, gave the job back, or cannot do it.",
    )
    channel = fields.Selection(
        choices_of("crowd.offer", "channel"),
        string="Answered by way of",
        readonly=True,
    )
    nbr = fields.Integer(string="Offers", readonly=True)
    is_accepted = share(
        "Accepted (%)",
        "Share of the offers that no longer wait; a job given back was accepted as well.",
    )
    is_declined = share("Declined (%)", "Share of the offers that no longer wait.")
    is_ignored = share("Never answered (%)", "Share of the offers that no longer wait.")
    is_lost = share(
        "Somebody was faster (%)", "Share of the offers that no longer wait."
    )
    is_withdrawn = share("Withdrawn (%)", "Share of the offers that no longer wait.")
    is_backed_out = share("Given back (%)", "Share of the offers that were accepted.")
    is_no_show = share("No-show (%)", "Share of the offers that were accepted.")
    is_out_of_scope = share(
        "Beyond scope (%)", "Share of the offers that were accepted."
    )
    minutes_to_answer = mean(
        "Minutes to answer", "Mean, from sending to yes or no; silence has none."
    )
    distance_km = mean("Distance (km)", "Mean, as the crow flies; as far as known.")
    price = fields.Float(
        readonly=True,
        group_operator="avg",
        digits="Product Price",
        help="Mean of the guide prices, without bonus, in the company's currency.",
    )

    def _query(self):
        return sql.SQL(QUERY).format(
            is_accepted=sql.SQL(CLOSED).format(hit=sql.SQL(ACCEPTED)),
            is_declined=_closed_as("declined"),
            is_ignored=_closed_as("expired"),
            is_lost=_closed_as("lost"),
            is_withdrawn=_closed_as("withdrawn"),
            is_backed_out=_of_accepted("backed_out"),
            is_no_show=_of_accepted("no_show"),
            is_out_of_scope=_of_accepted("out_of_scope"),
            **local_parts("o.day", "o.sent_at"),
        )
