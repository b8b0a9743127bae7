from odoo import api, models

from .. import matching


class CrowdMatcher(models.AbstractModel):
    """Whom the customer does not want is not found, whoever asks."""

    _inherit = "crowd.matcher"

    @api.model
    def _read_ask(self, ticket, dispatch=None, narrow=None):
        # one column of the ticket is enough
        lean = ticket.with_context(prefetch_fields=False)
        if not lean._crowd_externals_allowed():
            narrow = narrow or matching.Narrow()
            narrow = matching.Narrow(
                worker_types=("technician",),
                community_ids=narrow.community_ids,
                radius_km=narrow.radius_km,
            )
        return super()._read_ask(ticket, dispatch, narrow)
