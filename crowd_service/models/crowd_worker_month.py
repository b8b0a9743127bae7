from psycopg2 import sql

from odoo import SUPERUSER_ID, api, fields, models

from .. import compat
from .crowd_job_cost import PAUSES
from .crowd_local_sql import local_month

#: The months before the present one that are counted again every night: answers come
#: late.
LATE_MONTHS = 2
#: Who does nothing in so many whole months is gone.
CHURN_MONTHS = 3
STATUS = [
    ("new", "New"),
    ("active", "Active"),
    ("inactive", "Inactive"),
    ("churned", "Gone"),
]

#: Companies with their present local month, and the first one with an offer: nobody
#: knows what members did before.
COMPANIES = """
    SELECT company.id, company.crowd_zone, {present} AS present,
           COALESCE(date_trunc('month', (
               SELECT min(o.day) FROM crowd_offer AS o
                WHERE o.company_id = company.id))::date, {present}) AS first
      FROM res_company AS company
"""
#: Members with the local months in which they joined and left. A member without the
#: row of his first month is counted from the beginning.
MEMBERS = """
    SELECT m.id, m.company_id, m.community_id, m.worker_id, m.worker_type,
           company.present, c.joined AS joined_month, c.begin, c.left_month,
           CASE WHEN EXISTS (
                    SELECT FROM crowd_worker_month AS known
                     WHERE known.membership_id = m.id AND known.month = c.begin
                       AND known.joined_month = c.joined)
                THEN greatest(c.begin, least(
                    (company.present - {late} * interval '1 month')::date,
                    (SELECT max(known.month) FROM crowd_worker_month AS known
                      WHERE known.membership_id = m.id)))
                ELSE c.begin END AS since
      FROM crowd_membership AS m
      JOIN company ON company.id = m.company_id
     CROSS JOIN LATERAL (
        SELECT {joined} AS joined, greatest({joined}, company.first) AS begin,
               CASE WHEN m.state = 'left' THEN {left} END AS left_month) AS c
     WHERE m.state NOT IN ('applied', 'verified') AND {only_members}
"""
#: What each member did, by month. The months before tell who is gone.
FACTS = """
    SELECT membership_id, month, sum(offers) AS offers, sum(answers) AS answers,
           sum(jobs) AS jobs, sum(minutes) AS minutes
      FROM (
        SELECT o.membership_id, date_trunc('month', o.day)::date AS month,
               count(*) AS offers,
               count(*) FILTER (
                   WHERE o.answered_at IS NOT NULL
                     AND o.state NOT IN ('lost', 'expired')
                     AND o.channel IS DISTINCT FROM 'desk') AS answers,
               0 AS jobs, 0 AS minutes
          FROM crowd_offer AS o
         WHERE o.day >= (SELECT since FROM span) AND o.state <> 'draft' AND {only_offers}
         GROUP BY 1, 2
         UNION ALL
        SELECT o.membership_id, date_trunc('month', o.job_day)::date,
               0, 0, count(*),
               sum(COALESCE(extract(
                   epoch FROM o.job_ended_at - o.job_arrived_at - {pauses}) / 60, 0))
          FROM crowd_offer AS o
         WHERE o.job_day >= (SELECT since FROM span) AND o.state = 'completed'
           AND {only_offers}
         GROUP BY 1, 2
      ) AS fact
     GROUP BY membership_id, month
"""
REFRESH = """
    WITH company AS MATERIALIZED ({companies}), member AS MATERIALIZED ({members}), span AS (
        SELECT min(since) - {before} * interval '1 month' AS since FROM member
    ), fact AS ({facts}), gone AS (
        DELETE FROM crowd_worker_month AS known USING member
         WHERE known.membership_id = member.id
           AND known.month < member.begin
    ), life AS (
        SELECT member.*, series.month::date AS month,
               COALESCE(fact.offers, 0) AS offers, COALESCE(fact.answers, 0) AS answers,
               COALESCE(fact.jobs, 0) AS jobs, COALESCE(fact.minutes, 0) AS minutes,
               COALESCE(fact.answers > 0 OR fact.jobs > 0, FALSE) AS is_active
          FROM member
         CROSS JOIN LATERAL generate_series(
               greatest(member.begin, member.since - {before} * interval '1 month'),
               member.present, interval '1 month') AS series (month)
          LEFT JOIN fact
            ON fact.membership_id = member.id AND fact.month = series.month
    ), judged AS (
        SELECT life.*,
               (extract(year FROM age(month, joined_month)) * 12
                + extract(month FROM age(month, joined_month)))::int AS months,
               bool_or(is_active) OVER (
                   PARTITION BY id ORDER BY month
                   ROWS BETWEEN {before} PRECEDING AND CURRENT ROW) AS was_active
          FROM life
    )
    INSERT INTO crowd_worker_month AS known (
        membership_id, company_id, community_id, worker_id, worker_type, month,
        joined_month, age, offer_count, answer_count, job_count, hours_of_work,
        is_active, status, create_uid, create_date, write_date)
    SELECT id, company_id, community_id, worker_id, worker_type, month, joined_month,
           months + 1, offers, answers, jobs, round(minutes::numeric / 60, 2),
           CASE WHEN is_active THEN 100 ELSE 0 END,
           CASE WHEN month >= left_month THEN 'churned'
                WHEN months = 0 THEN 'new'
                WHEN is_active THEN 'active'
                WHEN months >= {churn} AND NOT was_active
                     AND month >= begin + {before} * interval '1 month' THEN 'churned'
                ELSE 'inactive' END,
           %(uid)s, %(now)s, %(now)s
      FROM judged
     WHERE month >= since
        ON CONFLICT (membership_id, month) DO UPDATE
       SET community_id = excluded.community_id, worker_id = excluded.worker_id,
           company_id = excluded.company_id, worker_type = excluded.worker_type,
           joined_month = excluded.joined_month, age = excluded.age,
           offer_count = excluded.offer_count, answer_count = excluded.answer_count,
           job_count = excluded.job_count, hours_of_work = excluded.hours_of_work,
           is_active = excluded.is_active, status = excluded.status,
           write_date = excluded.write_date
     WHERE (known.community_id, known.worker_id, known.company_id, known.worker_type,
            known.joined_month, known.age, known.offer_count, known.answer_count,
            known.job_count, known.hours_of_work, known.is_active, known.status)
           IS DISTINCT FROM
           (excluded.community_id, excluded.worker_id, excluded.company_id,
            excluded.worker_type, excluded.joined_month, excluded.age,
            excluded.offer_count, excluded.answer_count, excluded.job_count,
            excluded.hours_of_work, excluded.is_active, excluded.status)
    RETURNING known.id
"""


class CrowdWorkerMonth(models.Model):
    """One month of one member, from the month of joining to the present one.

    It begins with the company's first offer: nobody knows what was before.

    A plain model that only the engine writes: every night, and on demand.
    """

    _name = "crowd.worker.month"
    _description = "Month of a Member"
    _rec_name = "membership_id"
    _order = "month desc, membership_id, id"

    membership_id = fields.Many2one(
        "crowd.membership", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    community_id = fields.Many2one("crowd.community", readonly=True)
    worker_id = fields.Many2one(
        "fsm.person", readonly=True, index=True, ondelete="cascade"
    )
    worker_type = fields.Selection(
        selection=lambda self: self.env["fsm.person"]._fields["worker_type"].selection,
        string="Kind of worker",
        readonly=True,
    )
    month = fields.Date(
        required=True,
        readonly=True,
        help="Its first day, in the time zone of the company.",
    )
    joined_month = fields.Date(
        string="Joined in", readonly=True, help="First day of the month of joining."
    )
    age = fields.Integer(
        string="Month of membership",
        readonly=True,
        group_operator="avg",
        help="1 is the month of joining.",
    )
    offer_count = fields.Integer(
        string="Offers", readonly=True, help="Offers sent in this month."
    )
    answer_count = fields.Integer(
        string="Answers",
        readonly=True,
        help="Of these offers: how many were answered. A no is an answer as well.",
    )
    job_count = fields.Integer(
        string="Jobs", readonly=True, help="Jobs that were done in this month."
    )
    hours_of_work = fields.Float(
        string="Work (hours)",
        digits=(10, 2),
        readonly=True,
        help="From arrival to the end of these jobs, less pauses, if he said when he arrived.",
    )
    is_active = fields.Float(
        string="Active (%)",
        digits=(5, 1),
        readonly=True,
        group_operator="avg",
        help="100: answered an offer of this month, or did a job. 0: neither.",
    )
    status = fields.Selection(
        STATUS,
        readonly=True,
        help="New: in the month of joining. Active: answered an offer of this month, or "
        "did a job. Inactive: neither. Gone: has left, or neither for three months.",
    )

    _sql_constraints = [
        (
            "membership_month_uniq",
            "unique(membership_id, month)",
            "One line per member and month.",
        ),
    ]

    def init(self):
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS crowd_worker_month_company"
            " ON crowd_worker_month (company_id, month)"
        )

    def action_refresh(self):
        """Count the last months of everybody in the user's companies again, now."""
        self.check_access_rights("read")
        members = self.env["crowd.membership"].search([])
        self.sudo()._refresh(members.ids)  # rows of the engine, nobody may write them
        return True

    @api.model
    def _refresh(self, membership_ids=None):
        """Count the last months of these members, or of all; the first time all months.

        Rows that stay the same are not written.

        :return: ids of the rows that changed
        """
        compat.flush(self.env)
        is_everybody = membership_ids is None
        query = sql.SQL(REFRESH).format(**self._prepare_pieces(is_everybody))
        params = {
            "ids": list(membership_ids or ()),
            "uid": SUPERUSER_ID,
            "now": self.env["crowd.clock"].now(),
        }
        self.env.cr.execute(query, params)
        changed = sorted(row[0] for row in self.env.cr.fetchall())
        self.invalidate_cache()
        return changed

    @api.model
    def _prepare_pieces(self, is_everybody):
        """Return the pieces of ``REFRESH``: of all members, or of those in ``ids``."""
        members = "TRUE" if is_everybody else "m.id = ANY(%(ids)s)"
        offers = "TRUE" if is_everybody else "o.membership_id = ANY(%(ids)s)"
        months = {
            "late": sql.Literal(LATE_MONTHS),
            "churn": sql.Literal(CHURN_MONTHS),
            "before": sql.Literal(CHURN_MONTHS - 1),
        }
        companies = sql.SQL(COMPANIES).format(present=local_month("%(now)s::timestamp"))
        known = sql.SQL(MEMBERS).format(
            joined=local_month("COALESCE(m.joined_at, m.create_date)"),
            left=local_month("COALESCE(m.left_at, m.write_date)"),
            only_members=sql.SQL(members),
            **months,
        )
        facts = sql.SQL(FACTS).format(
            only_offers=sql.SQL(offers), pauses=sql.SQL(PAUSES)
        )
        return dict(months, companies=companies, members=known, facts=facts)

    @api.model
    def _job_refresh(self):
        """Count the last months of everybody."""
        self._refresh()

    @api.model
    def _recount(self, memberships):
        """Count all months of these members anew."""
        self.search([("membership_id", "in", memberships.ids)]).unlink()
        return self._refresh(memberships.ids)


class FSMPerson(models.Model):
    _inherit = "fsm.person"

    def _absorb(self, others):
        res = super()._absorb(others)
        self.env["crowd.worker.month"]._recount(self.crowd_membership_ids)
        return res
