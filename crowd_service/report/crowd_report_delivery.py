from psycopg2 import sql

from odoo import fields, models

from ..models.crowd_local_sql import local_parts
from .crowd_report_mixin import choices_of, mean, share

#: Of messages that went out or were given up; what waits or is not wanted any more
#: says nothing.
ENDED = "m.state IN ('sent', 'delivered', 'read', 'dead')"
#: The answer came back on the way that the offer went out.
SAME_WAY = """m.purpose = 'offer' AND m.state IN ('sent', 'delivered', 'read')
    AND (m.kind, o.channel) IN (
        ('mail', 'mail'), ('mail', 'mail_reply'), ('sms', 'sms'),
        ('webhook', 'webhook'), ('push', 'push'), ('activity', 'backend'),
        ('phone', 'phone'))"""
QUERY = """
    SELECT m.id, m.id AS delivery_id, m.day, {hour} AS hour, {weekday} AS weekday,
           {part} AS part, m.company_id, d.team_id, d.service_id, d.territory_id,
           m.dispatch_id, d.ticket_id, m.offer_id, m.gateway_id, m.kind, m.purpose,
           m.state, 1 AS nbr, m.attempts,
           CASE WHEN {ended} THEN
               CASE m.state WHEN 'dead' THEN 0.0 ELSE 100.0 END END AS is_reached,
           CASE WHEN m.state IN ('delivered', 'read') THEN 100.0
                WHEN m.state = 'sent' THEN 0.0 END AS is_receipted,
           CASE WHEN {ended} THEN
               CASE m.state WHEN 'dead' THEN 100.0 ELSE 0.0 END END AS is_dead,
           CASE WHEN split_part(m.gateway_order, ',', 1) <> m.gateway_id::text
                THEN 100.0 ELSE 0.0 END AS is_fallback,
           extract(epoch FROM m.sent_at - m.queued_at) / 60 AS minutes_to_send,
           CASE WHEN {same_way} THEN o.minutes_to_answer END AS minutes_to_answer
      FROM crowd_delivery AS m
      LEFT JOIN crowd_dispatch AS d ON d.id = m.dispatch_id
      LEFT JOIN crowd_offer AS o ON o.id = m.offer_id
      LEFT JOIN res_company AS company ON company.id = m.company_id
"""


class CrowdReportDelivery(models.Model):
    """One row per message. See docs/kpi.md for every formula."""

    _name = "crowd.report.delivery"
    _description = "Report on Messages"
    _inherit = "crowd.report.mixin"
    _auto = False
    _rec_name = "delivery_id"
    _order = "day desc, id desc"
    _opens = "delivery_id"
    _depends = {
        "crowd.delivery": [
            "day",
            "company_id",
            "dispatch_id",
            "offer_id",
            "gateway_id",
            "gateway_order",
            "kind",
            "purpose",
            "state",
            "attempts",
            "queued_at",
            "sent_at",
        ],
        "crowd.dispatch": ["team_id", "service_id", "territory_id", "ticket_id"],
        "crowd.offer": ["channel", "minutes_to_answer"],
        "res.company": ["crowd_zone"],
    }

    delivery_id = fields.Many2one("crowd.delivery", string="Message", readonly=True)
    dispatch_id = fields.Many2one("crowd.dispatch", readonly=True)
    ticket_id = fields.Many2one("helpdesk.ticket", readonly=True)
    offer_id = fields.Many2one("crowd.offer", readonly=True)
    gateway_id = fields.Many2one("crowd.gateway", readonly=True)
    kind = fields.Selection(
        choices_of("crowd.delivery", "kind"), string="Kind of gateway", readonly=True
    )
    purpose = fields.Selection(choices_of("crowd.delivery", "purpose"), readonly=True)
    state = fields.Selection(choices_of("crowd.delivery", "state"), readonly=True)
    nbr = fields.Integer(string="Messages", readonly=True)
    is_reached = share("Sent (%)", "Share of the messages that were sent or given up.")
    is_receipted = share(
        "With a receipt (%)",
        "Share of the messages sent that the other side said were delivered or read. "
        "Not every gateway gives receipts.",
    )
    is_dead = share("Given up (%)", "Share of the messages that were sent or given up.")
    is_fallback = share(
        "By a second way (%)",
        "Share of all messages that went over another gateway because the first did "
        "not reach the person.",
    )
    attempts = mean("Attempts per message", "Mean; 0: still waiting for the first.")
    minutes_to_send = mean("Minutes to send", "Mean, from the decision to the sending.")
    minutes_to_answer = mean(
        "Minutes to answer",
        "Mean, from the offer to a yes or no that came back over this kind of gateway.",
    )

    def _query(self):
        return sql.SQL(QUERY).format(
            ended=sql.SQL(ENDED),
            same_way=sql.SQL(SAME_WAY),
            **local_parts("m.day", "m.queued_at"),
        )
