from psycopg2 import sql

from odoo import api, fields, models

from .crowd_local_sql import local_day

INDEX = """
    CREATE INDEX IF NOT EXISTS crowd_candidate_near_day
        ON crowd_candidate (company_id, day) WHERE excluded_reason IS NOT NULL
"""
#: Candidates from before there was a day get it once.
FILL = """
    UPDATE crowd_candidate AS candidate
       SET day = {day}
      FROM res_company AS company
     WHERE company.id = candidate.company_id
       AND candidate.day IS NULL AND candidate.judged_at IS NOT NULL
"""


class CrowdCandidate(models.Model):
    _inherit = "crowd.candidate"

    day = fields.Date(
        readonly=True,
        help="The day that reports count it on, in the time zone of the company as it "
        "was then.",
    )

    def init(self):
        res = super().init()
        self.env.cr.execute(INDEX)
        self.pool.post_init(self._fill_day)  # it needs columns of other models
        return res

    def _fill_day(self):
        day = sql.Composed(local_day("candidate.judged_at"))
        self.env.cr.execute(sql.SQL(FILL).format(day=day))

    @api.model
    def _prepare_base(self, dispatch):
        values = super()._prepare_base(dispatch)
        day = dispatch.company_id._crowd_day(values["judged_at"])
        return dict(values, day=day)
