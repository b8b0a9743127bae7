from psycopg2 import sql

from odoo import SUPERUSER_ID, api, fields, models

from .. import compat

#: One row per job that was brought to an end, solved or not. What a row says stays as it
#: is when costs change later; what nobody knew is filled in.
RECORD = """
    WITH job AS (
        SELECT o.id AS offer_id, o.dispatch_id, o.company_id, o.membership_id,
               o.worker_id, o.worker_type, o.service_id, o.job_day AS day, o.price,
               currency.decimal_places AS places,
               CASE WHEN o.job_arrived_at IS NULL
                    THEN COALESCE(NULLIF(service.crowd_minutes, 0), 60)::numeric
                    ELSE GREATEST(0, extract(epoch FROM
                             o.job_ended_at - o.job_arrived_at - {pauses})::numeric / 60)
                END AS minutes
          FROM crowd_offer AS o
          JOIN res_company AS company ON company.id = o.company_id
          JOIN res_currency AS currency ON currency.id = company.currency_id
          LEFT JOIN product_template AS service ON service.id = o.service_id
         WHERE o.state = 'completed' AND {only}
           AND NOT EXISTS (
               SELECT FROM crowd_job_cost AS known
                WHERE known.offer_id = o.id AND known.amount IS NOT NULL
                  AND (known.own_amount IS NOT NULL OR known.lane = 'technician'))
    ), cost AS (
        SELECT job.*,
               CASE WHEN line.basis = 'hour' THEN line.amount * job.minutes / 60
                    WHEN line.basis = 'job' THEN line.amount
                    WHEN job.worker_type <> 'technician' THEN job.price
                END AS amount,
               CASE WHEN line.membership_id IS NOT NULL THEN 'member'
                    WHEN line.worker_type IS NOT NULL THEN 'type'
                    WHEN job.worker_type <> 'technician' THEN 'price'
                END AS source,
               CASE WHEN job.worker_type = 'technician' THEN NULL
                    WHEN own.basis = 'hour' THEN own.amount * job.minutes / 60
                    WHEN own.basis = 'job' THEN own.amount
                END AS own_amount
          FROM job
          LEFT JOIN LATERAL ({line}) AS line ON TRUE
          LEFT JOIN LATERAL ({own}) AS own ON TRUE
    )
    INSERT INTO crowd_job_cost AS known (
        offer_id, dispatch_id, company_id, membership_id, worker_id, worker_type,
        service_id, lane, day, minutes, source, amount, own_amount,
        create_uid, create_date, write_uid, write_date)
    SELECT offer_id, dispatch_id, company_id, membership_id, worker_id, worker_type,
           service_id,
           CASE WHEN worker_type = 'technician' THEN 'technician' ELSE 'crowd' END,
           day, round(minutes, 1), source, round(amount, places),
           round(own_amount, places), %(uid)s, %(now)s, %(uid)s, %(now)s
      FROM cost
        ON CONFLICT (offer_id) DO UPDATE
       SET amount = COALESCE(known.amount, excluded.amount),
           source = COALESCE(known.source, excluded.source),
           own_amount = COALESCE(known.own_amount, excluded.own_amount),
           write_date = excluded.write_date
     WHERE (known.amount IS NULL AND excluded.amount IS NOT NULL)
        OR (known.own_amount IS NULL AND excluded.own_amount IS NOT NULL)
    RETURNING offer_id
"""
#: How long the job lay idle after the worker had arrived.
PAUSES = """
    COALESCE((
        SELECT sum(CASE WHEN e.from_state = 'paused' THEN 1 ELSE -1 END
                   * (GREATEST(e.at, o.job_arrived_at) - o.job_arrived_at))
          FROM crowd_event AS e
         WHERE e.dispatch_id = o.dispatch_id AND e.kind = 'state'
           AND 'paused' IN (e.from_state, e.to_state)
           AND e.at <= COALESCE(o.job_ended_at, e.at)
    ), interval '0')
"""
#: The line of costs that counts for a job: the most special one.
LINE = """
    SELECT c.basis, c.amount, c.membership_id, c.worker_type
      FROM crowd_cost AS c
     WHERE c.company_id = job.company_id
       AND (c.membership_id = job.membership_id OR c.worker_type = job.worker_type)
       AND (c.service_id IS NULL OR c.service_id = job.service_id)
     ORDER BY c.membership_id IS NULL, c.service_id IS NULL
     LIMIT 1
"""
#: What the company's own technicians cost for such a job.
OWN = """
    SELECT c.basis, c.amount
      FROM crowd_cost AS c
     WHERE c.company_id = job.company_id AND c.worker_type = 'technician'
       AND (c.service_id IS NULL OR c.service_id = job.service_id)
     ORDER BY c.service_id IS NULL
     LIMIT 1
"""


class CrowdJobCost(models.Model):
    """What a job cost that somebody brought to an end.

    A plain model that only the engine writes.
    """

    _name = "crowd.job.cost"
    _description = "Cost of a Job"
    _rec_name = "offer_id"
    _order = "day desc, id desc"

    offer_id = fields.Many2one(
        "crowd.offer", string="Job", required=True, readonly=True, ondelete="cascade"
    )
    dispatch_id = fields.Many2one(
        "crowd.dispatch", readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    membership_id = fields.Many2one(
        "crowd.membership", readonly=True, index=True, ondelete="cascade"
    )
    worker_id = fields.Many2one("fsm.person", readonly=True, index=True)
    worker_type = fields.Selection(
        selection=lambda self: self.env["fsm.person"]._fields["worker_type"].selection,
        string="Kind of worker",
        readonly=True,
    )
    lane = fields.Selection(
        [("crowd", "Crowd"), ("technician", "Own technicians")],
        string="Done by",
        readonly=True,
    )
    service_id = fields.Many2one("product.template", readonly=True)
    day = fields.Date(
        readonly=True, help="The day the job ended, in the time zone of the company."
    )
    minutes = fields.Float(
        string="Minutes of work",
        readonly=True,
        help="From arrival to the end, less pauses. Nobody noted an arrival: the "
        "planned minutes of the service.",
    )
    source = fields.Selection(
        [
            ("member", "Cost of the member"),
            ("type", "Cost of the kind of worker"),
            ("price", "Price of the offer"),
        ],
        string="Counted by",
        readonly=True,
        help="Empty: nobody said what he costs.",
    )
    amount = fields.Monetary(
        string="Cost",
        readonly=True,
        help="What the job cost the company.",
    )
    own_amount = fields.Monetary(
        string="Cost of own technicians",
        readonly=True,
        help="What the same minutes would have cost with technicians of the company.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    _sql_constraints = [
        ("offer_uniq", "unique(offer_id)", "This job has a cost already."),
    ]

    def init(self):
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS crowd_job_cost_company_day"
            " ON crowd_job_cost (company_id, day)"
        )

    @api.model
    def _record(self, membership_ids=None):
        """Write down what jobs cost that have ended and have no cost yet.

        :param membership_ids: of these members; None: of all
        :return: ids of the offers whose cost was written
        """
        compat.flush(self.env)
        only = "TRUE" if membership_ids is None else "o.membership_id = ANY(%(ids)s)"
        query = sql.SQL(RECORD).format(
            pauses=sql.SQL(PAUSES),
            line=sql.SQL(LINE),
            own=sql.SQL(OWN),
            only=sql.SQL(only),
        )
        params = {
            "ids": membership_ids,
            "uid": SUPERUSER_ID,
            "now": self.env["crowd.clock"].now(),
        }
        self.env.cr.execute(query, params, log_exceptions=False)
        written = sorted(row[0] for row in self.env.cr.fetchall())
        self.invalidate_cache(list(self._fields))
        return written

    @api.model
    def _job_record(self):
        """Write down the costs of all jobs that have none: repairs what was missed."""
        self._record()


class CrowdMembership(models.Model):
    _inherit = "crowd.membership"

    def _job_measure(self):
        res = super()._job_measure()
        self.env["crowd.job.cost"]._record(self.exists().ids)
        return res
