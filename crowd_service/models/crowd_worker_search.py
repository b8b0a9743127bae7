"""The search table: what the matcher needs of every member, in a covering index.

One row per membership and qualification. A qualification is the id of a skill, 0 for
"no skill needed", -1 for members that could become active, and ``LANGUAGE - id`` for a
language. Shares are those of ``matching.scoring``, by the same formulas:

========== ========================================================================
column     meaning
========== ========================================================================
band, cell place in the grid of ``matching.cells``; -32768 when it is not known
potential  the most points that the parts but distance and preference can give with
           the standard weights; the indexes are ordered by it
quality    share of the quality, in 1/10000
responses  share of the response in percent, 7 bits for each part of the week
tickets    how many solved tickets may be similar, at most 20
ratings    how many ratings, as far as newcomers are concerned: at most 3
cost_rate  hundredths of currency per hour
========== ========================================================================
"""

from odoo import api, fields, models

from .. import compat
from ..matching import scoring
from ..matching.entities import STANDARD_WEIGHTS

NO_SKILL = 0
NOT_ACTIVE = -1
LANGUAGE = -10
NOWHERE = -32768
MEMBERS_AT_ONCE = 1000  # more take longer: PostgreSQL compiles the statement first

TABLE = """
CREATE TABLE IF NOT EXISTS crowd_worker_search (
    membership_id int4 NOT NULL REFERENCES crowd_membership ON DELETE CASCADE,
    qualification int4 NOT NULL,
    worker_id int4 NOT NULL,
    company_id int4 NOT NULL,
    community_id int4 NOT NULL,
    band int2 NOT NULL,
    cell int2 NOT NULL,
    level int2 NOT NULL,
    own_radius_km int2 NOT NULL,
    capacity int2 NOT NULL,
    potential float8 NOT NULL,
    lat float8,
    lon float8,
    responses int8 NOT NULL,
    valid_until date NOT NULL,
    cost_rate int4 NOT NULL,
    quality int2 NOT NULL,
    tickets int2 NOT NULL,
    ratings int2 NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS crowd_worker_search_member
    ON crowd_worker_search (membership_id, qualification) INCLUDE (level, valid_until);
CREATE INDEX IF NOT EXISTS crowd_worker_search_cover
    ON crowd_worker_search
       (company_id, qualification, band, cell, potential DESC, worker_id)
    INCLUDE (membership_id, community_id, level, own_radius_km, capacity, lat, lon,
             responses, valid_until, cost_rate, quality, tickets, ratings);
CREATE INDEX IF NOT EXISTS crowd_worker_search_wide
    ON crowd_worker_search (company_id, qualification, potential DESC, worker_id)
    INCLUDE (membership_id, community_id, level, own_radius_km, capacity, lat, lon,
             responses, valid_until, cost_rate, quality, tickets, ratings);
ALTER TABLE crowd_worker_search SET (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.05);
"""

# What the rows of some members have to be, from the facts.
ROWS = """
WITH base AS (
    SELECT c.id,
           COALESCE(NULLIF(c.crowd_mean_stars, 0), %(unrated)s)::float8 AS stars,
           COALESCE(NULLIF(c.crowd_mean_success, 0), %(untried)s)::float8 AS success,
           COALESCE(NULLIF(c.crowd_mean_response, 0), %(unasked)s)::float8 AS response
      FROM res_company c
), member AS (
    SELECT m.id, m.worker_id, m.community_id, m.company_id, m.state,
           cost.amount AS cost_rate,
           COALESCE(m.quality, 0)::float8 * COALESCE(m.quality_count, 0) AS stars,
           COALESCE(m.quality_count, 0) AS ratings,
           COALESCE(m.job_count, 0) AS job_count, m.capacity,
           COALESCE(m.solved_count, 0) AS solved_count,
           w.is_located, w.crowd_radius_km,
           COALESCE(p.partner_latitude, 0)::float8 AS lat,
           COALESCE(p.partner_longitude, 0)::float8 AS lon
      FROM crowd_membership m
      JOIN crowd_community c ON c.id = m.community_id AND c.active
      JOIN fsm_person w ON w.id = m.worker_id AND w.active
      JOIN res_partner p ON p.id = w.partner_id
      LEFT JOIN crowd_cost cost ON cost.membership_id = m.id
            AND cost.service_id IS NULL AND cost.basis = 'hour'
     WHERE m.state IN ('active', 'applied', 'verified', 'paused')
       AND m.id = ANY(%(members)s)
), response AS (
    SELECT r.membership_id,
           max(r.percent) AS most,
           sum((r.percent - r.mean) << (8 * r.bucket)) AS shift
      FROM (SELECT a.membership_id, a.bucket,
                   ceil(b.response * 100)::int8 AS mean,
                   ceil(100 * LEAST(1, GREATEST(0,
                       (%(prior_offers)s * b.response
                        + COALESCE(a.response_sum, 0)::float8)
                       / (%(prior_offers)s
                          + COALESCE(a.asked_count, 0)))))::int8 AS percent
              FROM crowd_response a
              JOIN member m ON m.id = a.membership_id
              JOIN base b ON b.id = m.company_id) r
     GROUP BY r.membership_id
), solved AS (
    SELECT m.id AS membership_id, LEAST(count(*), %(most_tickets)s) AS tickets
      FROM crowd_experience e
      JOIN member m ON m.worker_id = e.worker_id AND m.company_id = e.company_id
     GROUP BY m.id
), share AS (
    SELECT m.*,
           ceil(10000 * (
               %(stars_share)s::float8 * LEAST(1, GREATEST(0,
                   ((%(prior_ratings)s * b.stars + m.stars)
                    / (%(prior_ratings)s + m.ratings) - 1) / 4))
               + (1 - %(stars_share)s::float8) * LEAST(1, GREATEST(0,
                   (%(prior_jobs)s * b.success + m.solved_count)
                   / (%(prior_jobs)s + m.job_count)))
           )) AS quality_steps,
           GREATEST(ceil(b.response * 100), COALESCE(r.most, 0)) AS best_percent,
           COALESCE(s.tickets, 0) AS tickets,
           GREATEST(0, 1 - m.ratings / %(newcomer_ratings)s::float8) AS new_share,
           ceil(b.response * 100)::int8 * 72340172838076673
           + COALESCE(r.shift, 0)::int8 AS responses
      FROM member m
      JOIN base b ON b.id = m.company_id
      LEFT JOIN response r ON r.membership_id = m.id
      LEFT JOIN solved s ON s.membership_id = m.id
), place AS (
    SELECT s.*,
           CASE WHEN is_located THEN floor(lat * 20) ELSE %(nowhere)s END AS band
      FROM share s
), known AS (
    SELECT p.*,
           CASE WHEN is_located
                THEN floor(lon * (20 * abs(cos(radians((band + 0.5) / 20)))))
                ELSE %(nowhere)s END AS cell,
           %(quality)s::float8 * quality_steps / 10000
           + %(response)s::float8 * best_percent / 100
           + %(experience)s::float8 * tickets / (tickets + %(halving_tickets)s::float8)
           + %(fairness)s::float8
             * (%(calm_share)s + (1 - %(calm_share)s) * new_share)
           + %(cost)s::float8 AS potential
      FROM place p
), qualified AS (
    SELECT id, CASE WHEN state = 'active' THEN 0 ELSE -1 END AS qualification,
           0 AS level, 'infinity'::date AS valid_until
      FROM known
    UNION ALL
    SELECT k.id, s.skill_id, COALESCE(s.level_progress, 0),
           COALESCE(s.valid_until, 'infinity')
      FROM known k
      JOIN fsm_person_skill s ON s.person_id = k.worker_id
     WHERE k.state = 'active'
    UNION ALL
    SELECT k.id, %(language)s - l.lang_id, 0, 'infinity'
      FROM known k
      JOIN fsm_person_crowd_language_rel l ON l.person_id = k.worker_id
     WHERE k.state = 'active'
), fresh AS (
SELECT k.id AS membership_id, q.qualification, k.worker_id, k.company_id,
       k.community_id, k.band::int2 AS band, k.cell::int2 AS cell,
       LEAST(GREATEST(q.level, 0), 32767)::int2 AS level,
       LEAST(COALESCE(k.crowd_radius_km, 0), 32767)::int2 AS own_radius_km,
       LEAST(COALESCE(k.capacity, 0), 32767)::int2 AS capacity, k.potential,
       CASE WHEN k.is_located THEN k.lat END AS lat,
       CASE WHEN k.is_located THEN k.lon END AS lon,
       k.responses, q.valid_until,
       LEAST(floor(100 * COALESCE(k.cost_rate, 0)), 2147483647)::int4 AS cost_rate,
       k.quality_steps::int2 AS quality, k.tickets::int2 AS tickets,
       LEAST(k.ratings, %(newcomer_ratings)s)::int2 AS ratings
  FROM known k
  JOIN qualified q ON q.id = k.id
)
"""


SYNC = """
, gone AS (
    DELETE FROM crowd_worker_search s
     WHERE s.membership_id = ANY(%(members)s)
       AND NOT EXISTS (SELECT FROM fresh f
                        WHERE f.membership_id = s.membership_id
                          AND f.qualification = s.qualification)
    RETURNING 1
), written AS (
    INSERT INTO crowd_worker_search AS s
    SELECT * FROM fresh
    ON CONFLICT (membership_id, qualification) DO UPDATE
       SET (worker_id, company_id, community_id, band, cell, level, own_radius_km,
            capacity, potential, lat, lon, responses, valid_until, cost_rate, quality, tickets,
            ratings)
         = ROW (excluded.worker_id, excluded.company_id, excluded.community_id,
                excluded.band, excluded.cell, excluded.level, excluded.own_radius_km,
                excluded.capacity, excluded.potential, excluded.lat, excluded.lon,
                excluded.responses,
                excluded.valid_until, excluded.cost_rate, excluded.quality,
                excluded.tickets, excluded.ratings)
     WHERE s IS DISTINCT FROM excluded
    RETURNING 1
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM written)
"""

DRIFT = """
SELECT array_agg(DISTINCT membership_id)
  FROM (
    (SELECT * FROM fresh EXCEPT SELECT * FROM stored)
    UNION ALL
    (SELECT * FROM stored EXCEPT SELECT * FROM fresh)
  ) different
"""
STORED = """
, stored AS (
    SELECT *
      FROM crowd_worker_search
     WHERE membership_id = ANY(%(members)s)
)
"""


class CrowdWorkerSearch(models.Model):
    """Keeps the search table equal to the facts; nobody reads it but the matcher."""

    _name = "crowd.worker.search"
    _description = "Search table of the matcher"
    _auto = False
    _log_access = False

    membership_id = fields.Many2one("crowd.membership", readonly=True)

    def init(self):
        self.env.cr.execute(TABLE)

    @api.model
    def _sync(self, membership_ids):
        """Make the rows of these memberships equal to the facts in the database.

        :return: how many rows had to be written or deleted
        """
        changed = 0
        for members in self._in_batches(membership_ids):
            params = dict(self._params(), members=members)
            # a rival's change is no error: the transaction is tried again
            self.env.cr.execute(ROWS + SYNC, params, log_exceptions=False)
            changed += self.env.cr.fetchone()[0]
        return changed

    @api.model
    def _drifted(self, membership_ids=None):
        """Return the ids of memberships whose rows differ from the facts.

        :param membership_ids: which to look at; None: all
        """
        compat.flush(self.env)
        drifted = []
        for members in self._in_batches(self._all_ids(membership_ids)):
            query = ROWS + STORED + DRIFT
            self.env.cr.execute(query, dict(self._params(), members=members))
            drifted += self.env.cr.fetchone()[0] or []
        return sorted(drifted)

    @api.model
    def _rebuild(self, membership_ids=None):
        """Write all rows anew where they differ; return how many did."""
        compat.flush(self.env)
        return self._sync(self._all_ids(membership_ids))

    @api.model
    def _all_ids(self, membership_ids):
        if membership_ids is not None:
            return list(membership_ids)
        self.env.cr.execute("SELECT id FROM crowd_membership ORDER BY id")
        return [row[0] for row in self.env.cr.fetchall()]

    @api.model
    def _in_batches(self, ids):
        for start in range(0, len(ids), MEMBERS_AT_ONCE):
            yield ids[start : start + MEMBERS_AT_ONCE]

    @api.model
    def _params(self):
        """Return the constants of the score for :data:`ROWS`."""
        return {
            **STANDARD_WEIGHTS,
            "unrated": scoring.UNRATED_MEAN,
            "untried": scoring.UNTRIED_SUCCESS,
            "unasked": scoring.UNASKED_RESPONSE,
            "prior_offers": scoring.PRIOR_OFFERS,
            "prior_ratings": scoring.PRIOR_RATINGS,
            "prior_jobs": scoring.PRIOR_JOBS,
            "stars_share": scoring.STARS_SHARE,
            "calm_share": 1 - scoring.NEWCOMER_SHARE,
            "newcomer_ratings": scoring.NEWCOMER_RATINGS,
            "halving_tickets": scoring.HALVING_TICKETS,
            "most_tickets": scoring.LAST_TICKETS,
            "language": LANGUAGE,
            "nowhere": NOWHERE,
        }
