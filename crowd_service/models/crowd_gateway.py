from odoo import _, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import ormcache

#: Nobody gets them out, not even those who may set them.
SECRETS = (
    "sms_secrets",
    "inbound_hash",
    "webhook_secret",
    "webhook_secret_before",
)


class CrowdGateway(models.Model):
    """An account on a way out to people."""

    _name = "crowd.gateway"
    _inherit = "crowd.kept.mixin"
    _description = "Crowd Gateway"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [
            ("mail", "E-mail"),
            ("sms", "SMS"),
            ("webhook", "Webhook"),
            ("push", "Push notification"),
            ("activity", "Odoo activity"),
            ("phone", "Phone, through the desk"),
        ],
        required=True,
    )
    company_id = fields.Many2one(
        "res.company", help="Empty: used by all companies.", ondelete="cascade"
    )
    mail_server_id = fields.Many2one(
        "ir.mail_server",
        groups="base.group_system",
        help="Empty: the outgoing mail server that Odoo would choose.",
    )
    max_attempts = fields.Integer(
        default=60,
        help="After so many failures a message is dead on this gateway. 60: after some "
        "ten hours; an offer ends much sooner.",
    )
    fallback_attempts = fields.Integer(
        default=2,
        help="After so many failures the person's next gateway is tried as well, while "
        "this one goes on.",
    )
    rate_per_minute = fields.Integer(
        help="So many messages a minute at most. 0: as many as there are."
    )
    delivery_ids = fields.One2many("crowd.delivery", "gateway_id")

    _sql_constraints = [
        (
            "max_attempts_check",
            "CHECK (max_attempts > 0)",
            "A message is tried once at least.",
        ),
        (
            "rate_per_minute_check",
            "CHECK (rate_per_minute >= 0)",
            "A number of messages cannot be negative.",
        ),
        (
            "fallback_attempts_check",
            "CHECK (fallback_attempts > 0)",
            "A gateway is tried once at least before the next.",
        ),
    ]

    def _export_rows(self, fields, **kwargs):
        """Refuse secrets, also on the way over records that name a gateway."""
        if any(path and path[0] in SECRETS for path in fields):
            raise AccessError(_("Secrets are not exported."))
        return super()._export_rows(fields, **kwargs)

    @api.model
    def _kinds(self):
        """Return the kinds as a selection, in the reader's language."""
        return self._fields["kind"]._description_selection(self.env)

    @api.model
    def _find_usable(self, companies):
        """Return ``{company: gateways}`` that companies use, their own ones first."""
        known = self._ids_by_company()
        common = known.get(False, [])
        return {
            company: self.browse(known.get(company.id, []) + common)
            for company in companies
        }

    @api.model
    @ormcache()
    def _ids_by_company(self):
        """Return ``{id of a company: ids in order}``; those of all are under False."""
        found = {}
        usable = self.sudo().search([("active", "=", True)])  # whoever asks first
        for gateway in usable:
            found.setdefault(gateway.company_id.id, []).append(gateway.id)
        return found
