from psycopg2 import sql

from odoo import SUPERUSER_ID, _, api, fields, models

from .. import compat

#: Jobs that have ended, one way or another. Those that the desk took back do not count.
ENDED = ("completed", "backed_out", "no_show")
#: What a member brought along, and the ratings and jobs that came since.
MEASURE = """
    WITH stars AS (
        SELECT o.membership_id, count(*) AS number, sum(r.rating) AS total
          FROM crowd_offer AS o
          JOIN rating_rating AS r ON r.crowd_offer_id = o.id
         WHERE r.consumed AND r.rating >= 1
           AND o.state IN ('accepted', 'completed') AND {only_offers}
         GROUP BY o.membership_id
    ), jobs AS (
        SELECT o.membership_id, count(*) AS number,
               count(*) FILTER (WHERE o.state = 'completed' AND d.state = 'done')
                   AS solved
          FROM crowd_offer AS o
          JOIN crowd_dispatch AS d ON d.id = o.dispatch_id
         WHERE o.state IN %(ended)s AND {only_offers}
         GROUP BY o.membership_id
    ), sums AS (
        SELECT m.id,
               COALESCE(m.start_quality * m.start_quality_count, 0)
                   + COALESCE(stars.total, 0)::numeric AS stars,
               COALESCE(m.start_quality_count, 0) + COALESCE(stars.number, 0)
                   AS ratings,
               COALESCE(m.start_job_count, 0) + COALESCE(jobs.number, 0) AS jobs,
               COALESCE(m.start_solved_count, 0) + COALESCE(jobs.solved, 0) AS solved
          FROM crowd_membership AS m
          LEFT JOIN stars ON stars.membership_id = m.id
          LEFT JOIN jobs ON jobs.membership_id = m.id
         WHERE {only_members}
    ), facts AS (
        SELECT id, COALESCE(round(stars / NULLIF(ratings, 0), 2), 0) AS quality,
               ratings, jobs, solved
          FROM sums
    )
    UPDATE crowd_membership AS m
       SET quality = facts.quality, quality_count = facts.ratings,
           job_count = facts.jobs, solved_count = facts.solved
      FROM facts
     WHERE facts.id = m.id
       AND (COALESCE(m.quality, 0), COALESCE(m.quality_count, 0),
            COALESCE(m.job_count, 0), COALESCE(m.solved_count, 0))
           IS DISTINCT FROM (facts.quality, facts.ratings, facts.jobs, facts.solved)
    RETURNING m.id
"""
START = {
    "quality": "start_quality",
    "quality_count": "start_quality_count",
    "job_count": "start_job_count",
    "solved_count": "start_solved_count",
}


#: What is recomputed every night, in this order.
NIGHTLY = (
    ("crowd.membership", "_job_measure_all"),
    ("crowd.response", "_job_refresh"),
    ("crowd.experience", "_job_repair"),
    ("crowd.membership", "_job_means"),
    ("crowd.job.cost", "_job_record"),
    ("crowd.worker.month", "_job_refresh"),
    ("crowd.gap", "_job_refresh"),
    ("crowd.kpi.target", "_job_check_all"),
)


class CrowdMembership(models.Model):
    """Quality and success of a member, measured from ratings and jobs."""

    _inherit = "crowd.membership"

    start_quality = fields.Float(
        string="Stars brought along",
        digits=(3, 2),
        readonly=True,
        copy=False,
        help="Mean of the stars from before this membership was kept here: what was "
        "given when it was created or imported.",
    )
    start_quality_count = fields.Integer(
        string="Ratings brought along", readonly=True, copy=False
    )
    start_job_count = fields.Integer(
        string="Jobs brought along", readonly=True, copy=False
    )
    start_solved_count = fields.Integer(
        string="Solved jobs brought along", readonly=True, copy=False
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            for name, start in START.items():
                vals.setdefault(start, vals.get(name, 0))
        return super().create(vals_list)

    def _measure(self):
        """Recompute quality and success of these members from ratings and jobs."""
        return self._run_measure(self.ids)

    @api.model
    def _measure_all(self):
        """Recompute all that the score knows about everybody, now."""
        for model, method in NIGHTLY:
            getattr(self.env[model], method)()

    @api.model
    def _run_measure(self, ids):
        """Write what differs; return the ids of the memberships that did."""
        compat.flush(self.env)
        members, offers = (
            ("TRUE", "TRUE")
            if ids is None
            else ("m.id = ANY(%(ids)s)", "o.membership_id = ANY(%(ids)s)")
        )
        query = sql.SQL(MEASURE).format(
            only_members=sql.SQL(members), only_offers=sql.SQL(offers)
        )
        self.env.cr.execute(query, {"ids": ids, "ended": ENDED}, log_exceptions=False)
        changed = sorted(row[0] for row in self.env.cr.fetchall())
        self.invalidate_cache(list(START))
        self.env["crowd.worker.search"]._touch("membership", changed)
        return changed

    def _enqueue_measure(self):
        """Measure these members after the transaction: accepts lock the same rows."""
        for membership in self.with_user(SUPERUSER_ID):
            membership.with_delay(
                identity_key="crowd.membership-measure-%d" % membership.id,
                description=_("Quality of %s") % membership.display_name,
            )._job_measure()

    def _job_measure(self):
        """Measure these members, if they still exist."""
        self.exists()._measure()

    @api.model
    def _job_measure_all(self):
        """Measure everybody: repairs what the single jobs missed."""
        self._run_measure(None)

    @api.model
    def _job_means(self):
        """Recompute the means of the companies."""
        self.env["res.company"]._crowd_measure()

    @api.model
    def _cron_measure(self):
        """Every night. Jobs, as they are tried again after a conflict; one for each
        step, so that no member's row is locked for longer than its own takes."""
        for place, (model, method) in enumerate(NIGHTLY):
            records = self.env[model].with_user(SUPERUSER_ID)
            delayed = records.with_delay(
                priority=10 + place,
                identity_key="%s-%s" % (model, method),
                description=_("Every night: %s") % records._description,
            )
            getattr(delayed, method)()


class CrowdOffer(models.Model):
    _inherit = "crowd.offer"

    def _after_move(self, source, target):
        res = super()._after_move(source, target)
        if target in ENDED:
            self.membership_id._enqueue_measure()
        return res
