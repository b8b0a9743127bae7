from odoo import api, models


class CrowdKeptMixin(models.AbstractModel):
    """Records that a process reads once (``ormcache``), and again when they change."""

    _name = "crowd.kept.mixin"
    _description = "Kept in memory until it changes"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self._forget()
        return records

    def write(self, vals):
        res = super().write(vals)
        self._forget()
        return res

    def unlink(self):
        res = super().unlink()
        self._forget()
        return res

    def _forget(self):
        self.clear_caches()
        # another thread may have asked before this transaction was over
        self.env.cr.postcommit.add(self.clear_caches)
