from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import sql

BASES = [("hour", "per hour"), ("job", "per job")]
#: Of the lines of members, those that are their cost per hour.
RATE = [
    ("membership_id", "!=", False),
    ("service_id", "=", False),
    ("basis", "=", "hour"),
]
#: The cost per hour used to be a column of the membership.
MOVE = """
    INSERT INTO crowd_cost
           (company_id, membership_id, name, basis, amount, create_uid, create_date,
            write_uid, write_date)
    SELECT company_id, id, name, 'hour', cost_rate, write_uid, write_date,
           write_uid, write_date
      FROM crowd_membership
     WHERE cost_rate > 0
        ON CONFLICT DO NOTHING;
    ALTER TABLE crowd_membership DROP COLUMN cost_rate
"""


class CrowdCost(models.Model):
    """What somebody's work costs the company: per hour or per job.

    A line is for one member or for a kind of worker, for one service or for all. Of
    several lines that fit, the most special counts: member and service, member, kind and
    service, kind.
    """

    _name = "crowd.cost"
    _description = "Crowd Cost"
    _inherit = ["crowd.company.mixin", "crowd.search.fact"]
    _order = "company_id, worker_type, membership_id, service_id, id"
    _check_company_auto = True
    _search_kind = "membership"
    _search_facts = frozenset(("membership_id", "service_id", "basis", "amount"))

    name = fields.Char(string="Whose work", compute="_compute_name", store=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    membership_id = fields.Many2one(
        "crowd.membership",
        string="Member",
        check_company=True,
        ondelete="cascade",
        help="One member only. Or choose a kind of worker.",
    )
    worker_type = fields.Selection(
        selection=lambda self: self.env["fsm.person"]._fields["worker_type"].selection,
        string="Kind of worker",
        help="All workers of this kind, unless a member has a line of his own.",
    )
    service_id = fields.Many2one(
        "product.template",
        string="Service",
        domain="[('is_crowd_service', '=', True)]",
        check_company=True,
        index=True,
        ondelete="cascade",
        help="Empty: all services without a line of their own.",
    )
    basis = fields.Selection(BASES, required=True, default="hour")
    amount = fields.Monetary(
        string="Cost",
        required=True,
        group_operator="avg",
        help="In the currency of the company, per hour of work or per job.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    _sql_constraints = [
        (
            "scope_check",
            "CHECK ((membership_id IS NULL) <> (worker_type IS NULL))",
            "A cost is of one member or of one kind of worker.",
        ),
        ("amount_check", "CHECK (amount >= 0)", "A cost cannot be negative."),
        (
            "one_per_member",
            "EXCLUDE USING btree (membership_id WITH =,"
            " (COALESCE(service_id, 0)) WITH =) WHERE (membership_id IS NOT NULL)",
            "This member already has a cost for that service, or for all services.",
        ),
        (
            "one_per_type",
            "EXCLUDE USING btree (company_id WITH =, worker_type WITH =,"
            " (COALESCE(service_id, 0)) WITH =) WHERE (worker_type IS NOT NULL)",
            "This kind of worker already has a cost for that service, or for all.",
        ),
    ]

    @api.depends("membership_id.name", "worker_type")
    def _compute_name(self):
        kinds = dict(self._fields["worker_type"]._description_selection(self.env))
        for cost in self:
            cost.name = cost.membership_id.name or kinds.get(cost.worker_type)

    @api.constrains("service_id", "company_id")
    def _check_service(self):
        for cost in self:
            if cost.service_id and not cost.service_id.is_crowd_service:
                raise ValidationError(
                    _("%s is no service of the crowd.") % cost.service_id.name
                )

    def init(self):
        if sql.column_exists(self.env.cr, "crowd_membership", "cost_rate"):
            self.env.cr.execute(MOVE)

    def modified(self, fnames, *args, **kwargs):
        self.env["crowd.membership"].invalidate_cache(["cost_rate"])
        return super().modified(fnames, *args, **kwargs)

    def _search_touched_ids(self):
        return self.sudo().membership_id.ids  # also members out of the user's sight


class CrowdMembership(models.Model):
    """The cost per hour of a member is a line of costs: only managers see those.

    Nothing here runs as superuser, so that nobody can read or search it who may not
    read costs, whichever way he comes.
    """

    _inherit = "crowd.membership"

    cost_rate = fields.Monetary(
        string="Cost per hour",
        compute="_compute_cost_rate",
        inverse="_inverse_cost_rate",
        search="_search_cost_rate",
        groups="crowd_service.group_crowd_manager",
        help="What an hour of this member costs the company, whatever the service. "
        "0: nothing, or what workers of his kind cost.",
    )

    @api.depends_context("uid")
    def _compute_cost_rate(self):
        lines = self.env["crowd.cost"].search(
            RATE + [("membership_id", "in", self._origin.ids)]
        )
        rates = {line.membership_id: line.amount for line in lines}
        for membership in self:
            membership.cost_rate = rates.get(membership._origin, 0.0)

    def _inverse_cost_rate(self):
        rates = {membership: membership.cost_rate for membership in self}
        lines = self.env["crowd.cost"].search(
            [("membership_id", "in", self.ids), ("service_id", "=", False)]
        )
        known = {line.membership_id: line for line in lines}
        for membership, rate in rates.items():
            membership._set_cost_rate(known.get(membership), rate)

    def _set_cost_rate(self, line, rate):
        """Write ``rate`` into the ``line`` for all services, if there is one."""
        if not rate:
            if line and line.basis == "hour":
                line.unlink()
        elif line:
            line.write({"basis": "hour", "amount": rate})
        else:
            self.env["crowd.cost"].create(
                {
                    "company_id": self.company_id.id,
                    "membership_id": self.id,
                    "amount": rate,
                }
            )

    @api.model
    def _search_cost_rate(self, operator, value):
        """Members without a line cost 0 per hour."""
        costs = self.env["crowd.cost"]
        wanted = [("amount", operator, value)]
        if costs.new({"amount": 0.0}).filtered_domain(wanted):
            others = costs.search(RATE + ["!"] + wanted)
            return [("id", "not in", others.membership_id.ids)]
        return [("id", "in", costs.search(RATE + wanted).membership_id.ids)]

    def _absorb(self, other):
        """Costs go with the membership; where both have a line this one's stays."""
        costs = self.env["crowd.cost"]
        taken = [c.service_id for c in costs.search([("membership_id", "=", self.id)])]
        theirs = costs.search([("membership_id", "=", other.id)])
        double = theirs.filtered(lambda c: c.service_id in taken)
        double.unlink()
        (theirs - double).write({"membership_id": self.id})
        jobs = self.env["crowd.job.cost"].search([("membership_id", "=", other.id)])
        jobs.write({"membership_id": self.id})
        return super()._absorb(other)
