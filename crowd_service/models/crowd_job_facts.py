"""What reports count of a job, noted when it happens."""

from psycopg2 import sql

from odoo import fields, models

from .. import compat
from .crowd_local_sql import local_day

#: How a job ends. It ends as "withdrawn" when the desk takes it back.
ENDS = ("completed", "backed_out", "no_show", "out_of_scope")
INDEX = """
    CREATE INDEX IF NOT EXISTS crowd_offer_company_job
        ON crowd_offer (company_id, job_day) WHERE job_day IS NOT NULL
"""
#: Jobs from before their facts were kept, or written by others than the engine.
FILL = """
    WITH job AS (
        SELECT o.id, o.dispatch_id, o.company_id, o.answered_at,
               CASE o.state
                    WHEN 'accepted' THEN NULL
                    WHEN 'completed' THEN COALESCE(d.closed_at, o.write_date)
                    ELSE COALESCE(
                        (SELECT max(e.at) FROM crowd_event AS e
                          WHERE e.dispatch_id = o.dispatch_id AND e.offer_id = o.id
                            AND e.to_state = o.state),
                        o.write_date)
               END AS ended_at
          FROM crowd_offer AS o
          JOIN crowd_dispatch AS d ON d.id = o.dispatch_id
         WHERE o.job_day IS NULL
           AND o.answered_at IS NOT NULL
           AND o.state IN ('accepted', 'completed', 'backed_out', 'no_show',
                           'out_of_scope', 'withdrawn')
    ), fact AS (
        SELECT job.id, job.ended_at,
               (SELECT min(e.at) FROM crowd_event AS e
                 WHERE e.dispatch_id = job.dispatch_id AND e.kind = 'state'
                   AND e.to_state = 'in_progress'
                   AND e.at BETWEEN job.answered_at
                                AND COALESCE(job.ended_at, 'infinity'))
                   AS arrived_at,
               {day} AS day
          FROM job
          JOIN res_company AS company ON company.id = job.company_id
    )
    UPDATE crowd_offer AS o
       SET job_day = fact.day, job_ended_at = fact.ended_at,
           job_arrived_at = fact.arrived_at
      FROM fact
     WHERE fact.id = o.id
"""


class CrowdOffer(models.Model):
    """An offer that was accepted is a job: when it began, and when it was over."""

    _inherit = "crowd.offer"

    job_day = fields.Date(
        string="Day of the job",
        readonly=True,
        help="The day that reports count the job on, in the company's time zone: the day "
        "it ended, and until then the day it was accepted. Empty: it was never accepted.",
    )
    job_arrived_at = fields.Datetime(
        string="Work began", readonly=True, help="By this worker."
    )
    job_ended_at = fields.Datetime(
        string="Job ended",
        readonly=True,
        help="Done, given back, missed, beyond scope, or taken back by the desk.",
    )

    def init(self):
        res = super().init()
        self.env.cr.execute(INDEX)
        self.pool.post_init(self._fill_job_facts)  # it needs tables of other models
        return res

    def _fill_job_facts(self):
        """Give their facts to the jobs that have none: for whoever writes by SQL."""
        compat.flush(self.env)
        day = sql.Composed(local_day("COALESCE(job.ended_at, job.answered_at)"))
        self.env.cr.execute(sql.SQL(FILL).format(day=day))
        self.invalidate_cache(["job_day", "job_arrived_at", "job_ended_at"])

    def _move(self, target, **values):
        jobs = self._find_jobs(target)
        for company in jobs.sudo().company_id:
            mine = jobs.filtered(lambda o, c=company: o.sudo().company_id == c)
            facts = mine._prepare_job_facts(target, company)
            super(CrowdOffer, mine)._move(target, **dict(values, **facts))
        return super(CrowdOffer, self - jobs)._move(target, **values)

    def _find_jobs(self, target):
        """Return those of the offers that become a job, or cease to be one."""
        if target == "accepted":
            return self
        if target in ENDS or target == "withdrawn":
            return self.filtered(lambda o: o.state == "accepted")
        return self.browse()

    def _prepare_job_facts(self, target, company):
        now = self.env["crowd.clock"].now()
        facts = {"job_day": company._crowd_day(now)}
        return facts if target == "accepted" else dict(facts, job_ended_at=now)


class CrowdDispatch(models.Model):
    _inherit = "crowd.dispatch"

    def _begin(self):
        res = super()._begin()
        self.accepted_offer_id.job_arrived_at = self.arrived_at
        return res
