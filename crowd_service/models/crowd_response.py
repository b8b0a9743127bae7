from datetime import timedelta

from psycopg2 import sql

from odoo import SUPERUSER_ID, api, fields, models

from .. import compat
from ..matching import hours
from ..matching.scoring import HALVING_MINUTES

DAYS = 90  # offers of so many days count
PATIENCE_MINUTES = 5  # who had less time than this to answer was not silent

#: ``matching.hours.bucket`` of the local timestamp {moment}.
BUCKET = """
    CASE WHEN extract(isodow FROM {moment}) > {saturday} THEN {parts} ELSE 0 END
    + CASE WHEN extract(hour FROM {moment}) < {morning_at}
             OR extract(hour FROM {moment}) >= {night_at} THEN {night}
           WHEN extract(hour FROM {moment}) < {noon_at} THEN {morning}
           WHEN extract(hour FROM {moment}) < {evening_at} THEN {afternoon}
           ELSE {evening} END
"""
#: One line per offer that says something; a silent one has no minutes. Who named
#: himself or was named by the desk did not answer an offer; who was outrun or sent
#: home within a few minutes was not silent.
OFFERS = """
    SELECT membership_id, company_id, {bucket} AS bucket,
           CASE WHEN is_answered
                THEN extract(epoch FROM ended_at - sent_at)::numeric / 60 END AS minutes
      FROM (
          SELECT o.membership_id, m.company_id, o.state, o.sent_at,
                 COALESCE(o.answered_at, o.write_date) AS ended_at,
                 o.sent_at AT TIME ZONE 'UTC' AT TIME ZONE zone.name AS moment,
                 o.answered_at IS NOT NULL
                     AND o.state NOT IN ('lost', 'expired') AS is_answered
            FROM crowd_offer AS o
            JOIN crowd_membership AS m ON m.id = o.membership_id
            JOIN unnest(%(company_ids)s, %(zones)s) AS zone (company_id, name)
              ON zone.company_id = m.company_id
           WHERE o.sent_at >= %(since)s
             AND o.state NOT IN ('draft', 'sent')
             AND o.origin = 'match'
             AND o.channel IS DISTINCT FROM 'desk'
             AND {only}
      ) AS offer
     WHERE is_answered
        OR state = 'expired'
        OR ended_at - sent_at >= %(patience)s * interval '1 minute'
"""
REFRESH = """
    WITH answers AS (
        SELECT membership_id, company_id, bucket,
               count(*) AS asked_count,
               count(minutes) AS answered_count,
               round(sum(COALESCE(1 / (1 + minutes / %(halving)s), 0)), 4)
                   AS response_sum,
               round(avg(minutes), 1) AS answer_minutes
          FROM ({offers}) AS offers
         GROUP BY membership_id, company_id, bucket
    ), gone AS (
        DELETE FROM crowd_response AS o
         WHERE {only}
           AND NOT EXISTS (
               SELECT FROM answers AS a
                WHERE a.membership_id = o.membership_id AND a.bucket = o.bucket)
        RETURNING membership_id
    ), changed AS (
        INSERT INTO crowd_response AS response (
            membership_id, company_id, bucket, week_part, asked_count, answered_count,
            response_sum, answer_minutes, create_uid, create_date, write_date)
        SELECT membership_id, company_id, bucket, bucket::text, asked_count,
               answered_count, response_sum, answer_minutes, %(uid)s, %(now)s, %(now)s
          FROM answers
            ON CONFLICT (membership_id, bucket) DO UPDATE
           SET company_id = excluded.company_id,
               asked_count = excluded.asked_count,
               answered_count = excluded.answered_count,
               response_sum = excluded.response_sum,
               answer_minutes = excluded.answer_minutes,
               write_date = excluded.write_date
         WHERE (response.company_id, response.asked_count, response.answered_count,
                response.response_sum, response.answer_minutes)
               IS DISTINCT FROM
               (excluded.company_id, excluded.asked_count, excluded.answered_count,
                excluded.response_sum, excluded.answer_minutes)
        RETURNING membership_id
    )
    SELECT membership_id FROM gone UNION SELECT membership_id FROM changed
"""


def bucket_sql(moment):
    """Return the SQL of the part of the week of a local timestamp column."""
    numbers = {
        "saturday": hours.SATURDAY,
        "parts": hours.PARTS_OF_DAY,
        "night": hours.NIGHT,
        "morning": hours.MORNING,
        "afternoon": hours.AFTERNOON,
        "evening": hours.EVENING,
        "morning_at": hours.MORNING_AT,
        "noon_at": hours.NOON_AT,
        "evening_at": hours.EVENING_AT,
        "night_at": hours.NIGHT_AT,
    }
    return sql.SQL(BUCKET).format(
        moment=sql.Identifier(moment),
        **{name: sql.Literal(number) for name, number in numbers.items()},
    )


class CrowdResponse(models.Model):
    """How one member answers offers in one part of the week, lately.

    A plain model that only the engine writes. ``response_sum`` / ``asked_count`` is
    the mean response, 0 to 1: see ``matching.scoring.response_value``.
    """

    _name = "crowd.response"
    _description = "Crowd Answers by Hour"
    _rec_name = "membership_id"
    _order = "membership_id, bucket, id"

    membership_id = fields.Many2one(
        "crowd.membership", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True
    )
    community_id = fields.Many2one(related="membership_id.community_id")
    worker_id = fields.Many2one(related="membership_id.worker_id")
    bucket = fields.Integer(
        required=True,
        readonly=True,
        group_operator=False,
        help="0-3: night, morning, afternoon, evening of a weekday; 4-7: of a weekend.",
    )
    week_part = fields.Selection(
        [
            ("0", "Weekday, night"),
            ("1", "Weekday, morning"),
            ("2", "Weekday, afternoon"),
            ("3", "Weekday, evening"),
            ("4", "Weekend, night"),
            ("5", "Weekend, morning"),
            ("6", "Weekend, afternoon"),
            ("7", "Weekend, evening"),
        ],
        string="Part of the week",
        required=True,
        readonly=True,
        help="When the offer was sent, in the time zone of the company. Nights are from "
        "22 to 6, mornings until 12, afternoons until 18.",
    )
    asked_count = fields.Integer(
        string="Offers",
        readonly=True,
        help="Offers of the last 90 days that were answered or left to expire. Offers "
        "that somebody else took within five minutes say nothing.",
    )
    answered_count = fields.Integer(
        string="Answers", readonly=True, help="A no is an answer as well."
    )
    answered_share = fields.Float(
        string="Answered (%)",
        compute="_compute_answered_share",
        digits=(5, 1),
        help="Share of these offers that were answered.",
    )
    response_sum = fields.Float(
        string="Responses",
        digits=(10, 4),
        readonly=True,
        help="Each answer counts 1 at once, half after ten minutes; silence counts 0.",
    )
    answer_minutes = fields.Float(
        string="Minutes to answer",
        digits=(10, 1),
        readonly=True,
        group_operator="avg",
        help="Mean of the offers that were answered.",
    )

    _sql_constraints = [
        (
            "membership_bucket_uniq",
            "unique(membership_id, bucket)",
            "One line per member and part of the week.",
        ),
        ("bucket_check", "CHECK (bucket BETWEEN 0 AND 7)", "No part of the week."),
    ]

    @api.depends("asked_count", "answered_count")
    def _compute_answered_share(self):
        for response in self:
            asked = response.asked_count
            response.answered_share = (
                100 * response.answered_count / asked if asked else 0.0
            )

    @api.model
    def _refresh(self, membership_ids=None):
        """Recompute the lines of these memberships, or of all, from their offers.

        Lines that stay the same are not written.

        :return: ids of the memberships whose lines changed
        """
        compat.flush(self.env)
        only = "TRUE" if membership_ids is None else "o.membership_id = ANY(%(ids)s)"
        parts = {"bucket": bucket_sql("moment"), "only": sql.SQL(only)}
        offers = sql.SQL(OFFERS).format(**parts)
        query = sql.SQL(REFRESH).format(offers=offers, only=parts["only"])
        self.env.cr.execute(query, self._prepare_refresh(membership_ids))
        changed = sorted(row[0] for row in self.env.cr.fetchall())
        self.invalidate_cache()
        self.env["crowd.worker.search"]._touch("membership", changed)
        return changed

    @api.model
    def _prepare_refresh(self, membership_ids):
        now = self.env["crowd.clock"].now()
        zones = self.env["res.company"]._crowd_get_zones()
        return {
            "ids": list(membership_ids or ()),
            "company_ids": list(zones),
            "zones": list(zones.values()),
            "since": now - timedelta(days=DAYS),
            "patience": PATIENCE_MINUTES,
            "halving": HALVING_MINUTES,
            "uid": SUPERUSER_ID,
            "now": now,
        }

    @api.model
    def _job_refresh(self):
        """Recompute the lines of everybody."""
        self._refresh()
