from odoo import api, fields, models


class CrowdCompanySet(models.Model):
    """Companies that know the same workers: "A", "B", "A and B".

    There are a handful of them for a million workers. So the rule that shows workers to
    their companies compares one indexed column with a few numbers, where it would
    otherwise look at the memberships of each worker. The wording of the rule, which names
    the sets, is kept in memory.
    """

    _name = "crowd.company.set"
    _inherit = "crowd.kept.mixin"
    _description = "Companies of Workers"

    key = fields.Char(required=True, help="The companies' ids, ascending, with commas.")
    company_ids = fields.Many2many("res.company", ondelete="cascade")

    _sql_constraints = [("key_uniq", "unique(key)", "These companies are known.")]

    @api.model
    def _get_ids(self, company_ids):
        """Return the ids of the sets that have one of the companies, for rules."""
        sets = self.sudo()  # nobody else has rights on them
        return sets.search([("company_ids", "in", company_ids)]).ids

    @api.model
    def _find(self, combinations):
        """Return ``{combination: set}``; what is missing is created.

        :param combinations: tuples of company ids, ascending
        """
        wanted = {",".join(map(str, ids)): ids for ids in set(combinations) if ids}
        sets = self.sudo().search([("key", "in", list(wanted))])
        known = {wanted[found.key]: found for found in sets}
        new = [ids for ids in wanted.values() if ids not in known]
        created = self.sudo().create(
            [
                {"key": ",".join(map(str, ids)), "company_ids": [(6, 0, ids)]}
                for ids in new
            ]
        )
        known.update(zip(new, created))
        return known
