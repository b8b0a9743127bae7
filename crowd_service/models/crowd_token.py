import hashlib
import secrets
from datetime import timedelta

from odoo import api, fields, models

from .crowd_dispatch import OPEN_STATES

KEPT_DAYS = 90


class CrowdToken(models.Model):
    """A secret of one person for one purpose. Only its hash is kept."""

    _name = "crowd.token"
    _description = "Crowd Token"
    _order = "id desc"

    token_hash = fields.Char(required=True, readonly=True, groups="base.group_system")
    purpose = fields.Selection(
        [
            ("offer", "Answer an offer"),
            ("reply", "Answer a message by e-mail"),
            ("customer", "Follow a ticket"),
            ("review", "Answer about a job"),
        ],
        required=True,
    )
    offer_id = fields.Many2one("crowd.offer", index=True, ondelete="cascade")
    dispatch_id = fields.Many2one("crowd.dispatch", index=True, ondelete="cascade")
    delivery_id = fields.Many2one("crowd.delivery", index=True, ondelete="cascade")
    revoked_at = fields.Datetime()

    _sql_constraints = [
        ("hash_uniq", "unique(token_hash)", "Token collision."),
        (
            "subject_check",
            "CHECK (COALESCE(offer_id, dispatch_id, delivery_id) IS NOT NULL)",
            "A token is about something.",
        ),
    ]

    @api.model
    def _hash(self, token):
        """Return what is kept of a secret: links of a database die in its copies."""
        database = self.env["crowd.gateway"]._database_uuid() or ""
        secret = "%s %s" % (database, token)
        return hashlib.sha256(secret.encode(errors="replace")).hexdigest()

    @api.model
    def _mint(self, purpose, subject, delivery=None):
        """Return a new secret for ``subject``; it is not stored anywhere.

        A secret in an e-mail address has 128 bits and small letters only, because
        mail servers may change the others; all else has 256 bits.

        :param subject: a ``crowd.offer``, ``crowd.dispatch`` or ``crowd.delivery``
        :param delivery: the message that carries the secret
        """
        is_address = purpose == "reply"
        token = secrets.token_hex(16) if is_address else secrets.token_urlsafe(32)
        values = self._prepare_subject(delivery) if delivery else {}
        values.update(self._prepare_subject(subject))
        self.sudo().create(  # nobody has rights on tokens
            dict(values, token_hash=self._hash(token), purpose=purpose)
        )
        return token

    def _prepare_subject(self, subject):
        """Return what keeps a token alive: an offer, else a dispatch."""
        field = subject._name.replace("crowd.", "") + "_id"
        values = {field: subject.id}
        if field == "delivery_id":
            held_by = "offer_id" if subject.offer_id else "dispatch_id"
            values[held_by] = subject[held_by].id
        return values

    @api.model
    def _find(self, purpose, token):
        """Return the record (as superuser) of ``token``, or an empty one."""
        return self.sudo().search(  # whoever holds the secret may use it
            [
                ("token_hash", "=", self._hash(token or "")),
                ("purpose", "=", purpose),
                ("revoked_at", "=", False),
            ],
            limit=1,
        )

    @api.model
    def _offer(self, purpose, token):
        """Return the offer (as superuser) that ``token`` opens, or an empty one.

        A closed offer is still found: its page says in a sentence why it is over.
        """
        return self._find(purpose, token).offer_id.filtered("worker_id.active")

    def _revoke(self):
        """Kill these links."""
        self.sudo().write(  # nobody has rights on tokens
            {"revoked_at": self.env["crowd.clock"].now()}
        )

    @api.autovacuum
    def _gc_tokens(self):
        """Forget the secrets about what is over for three months."""
        long_ago = self.env["crowd.clock"].now() - timedelta(days=KEPT_DAYS)
        self.sudo().search(  # nobody has rights on tokens
            [
                ("create_date", "<", long_ago),
                "|",
                ("offer_id", "=", False),
                ("offer_id.state", "not in", ("sent", "accepted")),
                "|",
                ("dispatch_id", "=", False),
                ("dispatch_id.state", "not in", OPEN_STATES),
            ]
        ).unlink()
