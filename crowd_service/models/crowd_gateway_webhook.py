import base64
import secrets
from datetime import timezone

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

#: What a partner's system is told: a part of what a mail says.
PUBLIC = (
    "person",
    "service",
    "company",
    "community",
    "summary",
    "area",
    "is_remote",
    "distance",
    "when",
    "minutes",
    "price",
    "expires",
    "link",
)
TYPES = {
    "offer": "offer.sent",
    "won": "offer.accepted",
    "taken": "offer.taken",
    "withdrawn": "offer.withdrawn",
    "job_cancelled": "job.cancelled",
}


class CrowdGateway(models.Model):
    """The system of a partner: it is told of offers, and answers for its people."""

    _inherit = "crowd.gateway"

    webhook_url = fields.Char(
        string="Address", groups="base.group_system", help="Where messages are posted."
    )
    webhook_secret = fields.Char(
        string="Secret",
        groups="base.group_system",
        copy=False,
        help="Signs messages in both directions. Keep it like a password.",
    )
    webhook_secret_before = fields.Char(
        string="Secret before",
        groups="base.group_system",
        copy=False,
        help="Still accepted, and still signs, until the partner knows the new one.",
    )
    has_secret_before = fields.Boolean(
        string="Two secrets", compute="_compute_has_secret_before", compute_sudo=True
    )
    webhook_answer_url = fields.Char(
        string="Answers to", compute="_compute_webhook_answer_url"
    )
    community_id = fields.Many2one(
        "crowd.community", help="Its members are told over this gateway."
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Partner company",
        help="Workers who belong to this company are told over this gateway.",
    )
    off_reason = fields.Char(string="Switched off because", readonly=True, copy=False)

    @api.depends("kind")
    def _compute_webhook_answer_url(self):
        parameters = self.env["ir.config_parameter"].sudo()  # no secret
        base = (parameters.get_param("web.base.url") or "").rstrip("/")
        for gateway in self:
            is_webhook = gateway.kind == "webhook" and gateway._origin.id
            gateway.webhook_answer_url = is_webhook and "%s/crowd/webhook/%d" % (
                base,
                gateway._origin.id,
            )

    @api.depends("webhook_secret_before")
    def _compute_has_secret_before(self):
        for gateway in self:
            gateway.has_secret_before = bool(gateway.webhook_secret_before)

    @api.onchange("kind")
    def _onchange_kind(self):
        if self.kind == "webhook":
            self.max_attempts = 450  # three days

    @api.constrains("kind", "community_id", "partner_id")
    def _check_webhook_people(self):
        for gateway in self:
            if gateway.kind == "webhook" and not (
                gateway.community_id or gateway.partner_id
            ):
                raise ValidationError(
                    _("Choose the community or the company whose people are told.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("kind") == "webhook":
                vals.setdefault("max_attempts", 450)
        gateways = super().create(vals_list)
        hidden = gateways.sudo()  # nobody has to see the secret to have one
        for gateway in hidden.filtered(lambda g: g.kind == "webhook"):
            if not gateway.webhook_secret:
                gateway.webhook_secret = self._new_secret()
        return gateways

    def write(self, vals):
        if vals.get("active"):
            vals = dict(vals, off_reason=False)
        return super().write(vals)

    @api.model
    def _new_secret(self):
        return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()

    def _webhook_secrets(self):
        """Return the secrets that sign, the new one first."""
        return list(filter(None, (self.webhook_secret, self.webhook_secret_before)))

    def action_new_secret(self):
        """Sign with a new secret, and show it; the one before still counts."""
        self.ensure_one()
        self._check_keeper()
        secret = self._new_secret()
        before = self.webhook_secret
        self.write({"webhook_secret_before": before, "webhook_secret": secret})
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": _("Give this secret to the partner, now"),
                "message": secret
                + "\n\n"
                + _(
                    "It is shown this once. The one before counts until you forget it."
                ),
                "sticky": True,
                "type": "warning",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def action_forget_secret(self):
        """The partner has the new secret: the old one is worth nothing now."""
        self._check_keeper()
        self.write({"webhook_secret_before": False})
        return True

    def _check_keeper(self):
        self.check_access_rights("write")
        self.check_access_rule("write")
        if not self.env.user.has_group("base.group_system"):
            raise UserError(_("Only the administrator keeps secrets."))

    def _switch_off(self):
        """The partner's system says that it is gone for good."""
        reason = _("The other side says that this address is gone (410).")
        self.write({"active": False, "off_reason": reason})


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _crowd_reached_by_webhook(self, gateway, subject):
        gateway = gateway.sudo()  # the address is hidden; whether there is one is not
        if subject._name != "crowd.offer" or not gateway.webhook_url:
            return False
        if gateway.community_id:
            return subject.community_id == gateway.community_id
        company = self.commercial_partner_id
        return gateway.partner_id.commercial_partner_id == company


class CrowdDelivery(models.Model):
    """Messages to the systems of partners."""

    _inherit = "crowd.delivery"

    def _prepare_webhook(self):
        """Return the message: nothing that the worker may not know himself."""
        offer = self.offer_id
        reader = self.partner_id._crowd_reader_context(self.company_id)
        values = self.with_context(**reader)._prepare_values()
        data = {name: values[name] for name in PUBLIC if values.get(name)}
        data.update(
            offer=offer.name,
            worker=self.partner_id.ref or "",
            state=offer.state,
            expires_at=_utc(offer.expires_at),
            price_amount=offer.price or None,
            currency=offer.currency_id.name,
        )
        return {
            "type": TYPES[self.purpose],
            "timestamp": _utc(self.create_date),
            "data": data,
        }


def _utc(moment):
    """Return a naive UTC ``moment`` as RFC 3339 wants it."""
    return moment and moment.replace(tzinfo=timezone.utc).isoformat(timespec="seconds")
