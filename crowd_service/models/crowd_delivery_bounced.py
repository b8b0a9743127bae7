from datetime import timedelta

from odoo import api, models

from .crowd_delivery import TOLD_STATES

REMEMBERED = timedelta(days=7)


class CrowdDelivery(models.Model):
    """Addresses at which messages do not arrive: they are tried after the others."""

    _inherit = "crowd.delivery"

    def init(self):
        res = super().init()
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS crowd_delivery_partner_address"
            " ON crowd_delivery (partner_id, id) WHERE address IS NOT NULL"
        )
        return res

    @api.model
    def _find_bounced(self, partners):
        """Return ``{(partner's id, kind, address)}`` whose last message was dead.

        It is forgotten after a week, with the next message that gets through, and when
        the address is corrected.
        """
        if not partners:
            return set()
        self.flush(["address", "state"])
        self.env.cr.execute(
            """
            SELECT partner_id, kind, address FROM (
                   SELECT DISTINCT ON (partner_id, kind, address)
                          partner_id, kind, address, state, failed_at
                     FROM crowd_delivery
                    WHERE partner_id IN %s AND address IS NOT NULL
                      AND (state = 'dead' OR state IN %s)
                      AND create_date > %s
                    ORDER BY partner_id, kind, address, id DESC) AS last
             WHERE state = 'dead'
            """,
            (
                tuple(partners.ids),
                TOLD_STATES,
                self.env["crowd.clock"].now() - REMEMBERED,
            ),
        )
        return set(self.env.cr.fetchall())

    @api.model
    def _last_resorts(self, gateways, partner, bounced):
        """Return ``gateways`` in order, but bounced addresses of ``partner`` last."""
        if not bounced:
            return gateways
        return gateways.sorted(
            lambda g: (partner.id, g.kind, partner._crowd_address(g.kind)) in bounced
        )
