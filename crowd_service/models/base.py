from odoo import api, models, tools


class Base(models.AbstractModel):
    _inherit = "base"

    @api.model
    @tools.ormcache("names")
    def _crowd_stored_fields(self, names):
        """Return the stored fields of the models ``names``, without lists of others.

        :param names: frozenset of model names; those that are not installed are none
        """
        return frozenset(
            field
            for name in names & self.pool.models.keys()
            for field in self.env[name]._fields.values()
            if field.store and (field.column_type or field.comodel_name in names)
        )
