from odoo import api, models

from .. import compat

#: The crowd's means, coarse so that they change seldom; 0: nothing is known.
MEANS = """
    WITH members AS (
        SELECT company_id, sum(quality * quality_count) AS stars,
               sum(quality_count) AS ratings, sum(job_count) AS jobs,
               sum(solved_count) AS solved
          FROM crowd_membership GROUP BY company_id
    ), answers AS (
        SELECT company_id, sum(response_sum) AS responses, sum(asked_count) AS asked
          FROM crowd_response GROUP BY company_id
    ), means AS (
        SELECT c.id,
               round(m.stars / NULLIF(m.ratings, 0), 1) AS stars,
               greatest(round(round(m.solved * 20.0 / NULLIF(m.jobs, 0)) / 20, 2), 0.05)
                   AS success, m.jobs,
               greatest(
                   round(round(a.responses * 20.0 / NULLIF(a.asked, 0)) / 20, 2), 0.05)
                   AS response, a.asked
          FROM res_company AS c
          LEFT JOIN members AS m ON m.company_id = c.id
          LEFT JOIN answers AS a ON a.company_id = c.id
    ), known AS (
        SELECT id, COALESCE(stars, 0) AS stars,
               CASE WHEN jobs > 0 THEN success ELSE 0 END AS success,
               CASE WHEN asked > 0 THEN response ELSE 0 END AS response
          FROM means
    )
    UPDATE res_company AS c
       SET crowd_mean_stars = known.stars, crowd_mean_success = known.success,
           crowd_mean_response = known.response
      FROM known
     WHERE known.id = c.id
       AND (COALESCE(c.crowd_mean_stars, 0), COALESCE(c.crowd_mean_success, 0),
            COALESCE(c.crowd_mean_response, 0))
           IS DISTINCT FROM (known.stars, known.success, known.response)
    RETURNING c.id
"""


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model
    def _crowd_measure(self):
        """Recompute the means of every company; return the ids of those that changed.

        Stars are rounded to 0.1, success and response to 0.05, and at least 0.05.
        """
        compat.flush(self.env)
        self.env.cr.execute(MEANS)
        changed = sorted(row[0] for row in self.env.cr.fetchall())
        self.invalidate_cache()
        self.env["crowd.worker.search"]._touch("company", changed)
        return changed

    @api.model
    def _crowd_get_zones(self):
        """Return ``{company id: time zone}``, zones that the database knows."""
        companies = self.sudo().search([])  # the engine counts for all of them
        return {company.id: company._crowd_zone() for company in companies}
