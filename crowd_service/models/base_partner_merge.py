from odoo import api, models

from .crowd_position_mixin import POSITION

# best first
DELIVERY_STATES = ("read", "delivered", "sent", "queued", "failed", "dead", "obsolete")


class MergePartnerAutomatic(models.TransientModel):
    """Contacts that become one: one worker is left of their workers."""

    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Make way for the plain SQL of Odoo, which deletes what would be double."""
        partners = dst_partner | src_partners
        # who merges contacts need not have rights on workers, and no company matters
        wizard = self.sudo()
        position = wizard._crowd_get_position(dst_partner, src_partners)
        workers = wizard._crowd_get_workers(dst_partner, src_partners)
        workers[:1]._absorb(workers[1:])
        if position:
            partners.sudo().write(position)
        wizard._crowd_drop_double_deliveries(partners)
        wizard.env["crowd.preference"]._drop_doubles(
            "partner_id", dst_partner, src_partners
        )
        self.env["crowd.worker.search"]._touch("worker", workers[:1].ids)
        return super()._update_foreign_keys(src_partners, dst_partner)

    @api.model
    def _crowd_get_workers(self, dst_partner, src_partners):
        """Return the contacts' workers, the one who stays first."""
        workers = self.env["fsm.person"].with_context(active_test=False)
        found = workers.search([("partner_id", "in", (dst_partner | src_partners).ids)])
        return found.sorted(lambda w: (w.partner_id != dst_partner, not w.active, w.id))

    @api.model
    def _crowd_get_position(self, dst_partner, src_partners):
        """Return one pair of coordinates for all: Odoo would mix two pairs.

        A known position wins over coordinates that nobody vouched for, and the
        destination over the others.
        """
        partners = [dst_partner] + list(src_partners)
        located = self.env["res.partner"]
        for model in ("fsm.person", "fsm.location"):
            located |= (
                self.env[model]
                .with_context(active_test=False)
                .search(
                    [
                        ("partner_id", "in", [p.id for p in partners]),
                        ("is_located", "=", True),
                    ]
                )
                .mapped("partner_id")
            )
        known = [p for p in partners if p in located] + [
            p for p in partners if any(p[name] for name in POSITION)
        ]
        return {name: known[0][name] for name in POSITION} if known else {}

    @api.model
    def _crowd_drop_double_deliveries(self, partners):
        """Keep one of the messages that were the same to each of the contacts."""
        deliveries = self.env["crowd.delivery"].search(
            [("partner_id", "in", partners.ids)]
        )
        kept = {}
        for delivery in deliveries.sorted(
            lambda d: (DELIVERY_STATES.index(d.state), d.id)
        ):
            key = (
                delivery.offer_id,
                delivery.escalation_id,
                delivery.purpose,
                delivery.occasion,
                delivery.gateway_id,
            )
            kept.setdefault(key, delivery)
            if kept[key] != delivery:
                self.env["crowd.token"].search(
                    [("delivery_id", "=", delivery.id)]
                ).write({"delivery_id": kept[key].id})
                delivery.unlink()
