from odoo import api, models

from .. import matching


class CrowdMatcher(models.AbstractModel):
    """When workers have time."""

    _inherit = "crowd.matcher"

    @api.model
    def _read_schedules(self, request, worker_ids):
        """Return ``{worker id: matching.Schedule}``; who is missing always has time.

        A fixed number of queries, however many workers.
        """
        return {}
