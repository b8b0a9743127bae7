from odoo import models


class CrowdKeptMixin(models.AbstractModel):
    """Records that a process reads once (``ormcache``), and again when they change."""

    _name = "crowd.kept.mixin"
    _description = "Kept in memory until it changes"

    def modified(self, fnames, *args, **kwargs):
        if self._crowd_is_kept():
            self.clear_caches()
            # another thread may have asked before this transaction was over
            self.env.cr.postcommit.add(self.clear_caches)
        return super().modified(fnames, *args, **kwargs)

    def _crowd_is_kept(self):
        """Tell whether any of these records is kept in memory."""
        return bool(self)
