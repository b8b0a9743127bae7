import hashlib
import secrets
from datetime import timedelta

from odoo import api, fields, models

KEPT_DAYS = 90


class CrowdToken(models.Model):
    """A secret link for one purpose of one offer. Only its hash is kept."""

    _name = "crowd.token"
    _description = "Crowd Token"
    _order = "id desc"

    token_hash = fields.Char(required=True, readonly=True, groups="base.group_system")
    purpose = fields.Selection([("offer", "Answer an offer")], required=True)
    offer_id = fields.Many2one(
        "crowd.offer", required=True, index=True, ondelete="cascade"
    )
    delivery_id = fields.Many2one("crowd.delivery", index=True, ondelete="cascade")
    revoked_at = fields.Datetime()

    _sql_constraints = [("hash_uniq", "unique(token_hash)", "Token collision.")]

    @api.model
    def _hash(self, token):
        return hashlib.sha256(token.encode(errors="replace")).hexdigest()

    @api.model
    def _mint(self, purpose, offer, delivery=None):
        """Return a new 256-bit secret for ``offer``; it is not stored anywhere."""
        token = secrets.token_urlsafe(32)
        self.sudo().create(  # nobody has rights on tokens
            {
                "token_hash": self._hash(token),
                "purpose": purpose,
                "offer_id": offer.id,
                "delivery_id": delivery.id if delivery else False,
            }
        )
        return token

    @api.model
    def _offer(self, purpose, token):
        """Return the offer (as superuser) that ``token`` opens, or an empty one.

        A closed offer is still found: its page says in a sentence why it is over.
        """
        found = self.sudo().search(  # whoever holds the secret may use it
            [
                ("token_hash", "=", self._hash(token or "")),
                ("purpose", "=", purpose),
                ("revoked_at", "=", False),
            ],
            limit=1,
        )
        return found.offer_id.filtered("worker_id.active")

    def _revoke(self):
        """Kill these links."""
        self.sudo().write(  # nobody has rights on tokens
            {"revoked_at": self.env["crowd.clock"].now()}
        )

    @api.autovacuum
    def _gc_tokens(self):
        """Forget the links of offers that are over for three months."""
        long_ago = self.env["crowd.clock"].now() - timedelta(days=KEPT_DAYS)
        self.sudo().search(  # nobody has rights on tokens
            [
                ("create_date", "<", long_ago),
                ("offer_id.state", "not in", ("sent", "accepted")),
            ]
        ).unlink()
