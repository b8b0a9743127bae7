from odoo import api, fields, models
from odoo.osv import expression

#: What rules on contacts ask, and the worker's own copy of it.
COPIES = {
    "company_id": "crowd_contact_company_id",
    "partner_share": "crowd_contact_share",
    "type": "crowd_contact_type",
}


class FSMPerson(models.Model):
    """Who may see a worker, told by his own row: lists of a million stay fast."""

    _inherit = "fsm.person"

    # whoever may see a worker may see his skills: no rules in between, and no sorting
    skill_ids = fields.One2many(auto_join=True)
    crowd_company_set_id = fields.Many2one(
        "crowd.company.set",
        string="Companies that see him",
        compute="_compute_crowd_company_set_id",
        store=True,
        ondelete="restrict",
        help="The contact's company; without one, the companies whose communities he "
        "is in. Empty: all companies.",
    )
    crowd_is_member = fields.Boolean(
        compute="_compute_crowd_company_set_id",
        store=True,
        string="Member somewhere",
        help="In a community of any company, whatever the status there.",
    )
    crowd_contact_company_id = fields.Many2one(
        related="partner_id.company_id", string="Company of the contact", store=True
    )
    crowd_contact_share = fields.Boolean(
        related="partner_id.partner_share", string="Contact is no employee", store=True
    )
    crowd_contact_type = fields.Selection(
        related="partner_id.type", string="Kind of address of the contact", store=True
    )

    def init(self):
        res = super().init()
        # one page of a list, and how many there are, from the index alone
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS fsm_person_crowd_list_index ON fsm_person"
            " (crowd_company_set_id, id) INCLUDE (crowd_contact_company_id,"
            " crowd_contact_share, crowd_contact_type, worker_type, is_external,"
            " is_located, crowd_is_member) WHERE active"
        )
        return res

    @api.depends("partner_id.company_id", "crowd_membership_ids.company_id")
    def _compute_crowd_company_set_id(self):
        companies = {worker: worker._get_company_ids() for worker in self}
        sets = self.env["crowd.company.set"]._find(companies.values())
        for worker, company_ids in companies.items():
            worker.crowd_company_set_id = sets.get(company_ids, False)
            worker.crowd_is_member = bool(worker.crowd_membership_ids)

    def _get_company_ids(self):
        """Return the ids of the companies that see this worker; none: all do."""
        companies = self.partner_id.company_id or self.crowd_membership_ids.company_id
        return tuple(sorted(companies.ids))

    @api.model
    def _apply_ir_rules(self, query, mode="read"):
        """Apply the rules on contacts to the worker's copies, if they ask no more.

        Odoo would join a million contacts to a million workers to count them.
        """
        contact_domain = self._get_contact_domain(mode)
        if self.env.su or contact_domain is None:
            super()._apply_ir_rules(query, mode)
            return
        self.flush(["crowd_company_set_id"] + list(COPIES.values()))
        own_domain = self.env["ir.rule"]._compute_domain(self._name, mode) or []
        domain = expression.AND([own_domain, contact_domain])
        if domain:
            expression.expression(domain, self.sudo(), self._table, query)

    @api.model
    def _get_contact_domain(self, mode):
        """Return what the rules on contacts ask of workers; None if nobody can say."""
        if list(self._inherits) != ["res.partner"]:
            return None
        domain = self.env["ir.rule"]._compute_domain("res.partner", mode) or []
        leaves = [leaf for leaf in domain if not isinstance(leaf, str)]
        if any(leaf[0] not in COPIES for leaf in leaves if isinstance(leaf[0], str)):
            return None
        return [
            leaf
            if isinstance(leaf, str) or not isinstance(leaf[0], str)
            else (COPIES[leaf[0]], leaf[1], leaf[2])
            for leaf in domain
        ]


class FSMPersonSkill(models.Model):
    """The rule follows the worker: by a join, else it would list all workers."""

    _inherit = "fsm.person.skill"

    person_id = fields.Many2one(auto_join=True)


class MergePartnerAutomatic(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Odoo gives the worker his new contact in SQL: tell the ORM."""
        res = super()._update_foreign_keys(src_partners, dst_partner)
        workers = self.env["fsm.person"].sudo().with_context(active_test=False)
        # who merges contacts need not have rights on workers
        workers.search([("partner_id", "=", dst_partner.id)]).modified(["partner_id"])
        return res
