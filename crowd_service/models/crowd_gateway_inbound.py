import hashlib
import hmac
import secrets

from odoo import _, api, fields, models
from odoo.exceptions import AccessError

from ..gateways import templates


class CrowdGateway(models.Model):
    """The way back: addresses that the provider calls."""

    _inherit = "crowd.gateway"

    inbound_hash = fields.Char(groups="base.group_system", copy=False)
    has_inbound = fields.Boolean(
        string="Answers are received", compute="_compute_has_inbound", compute_sudo=True
    )
    inbound_type = fields.Selection(
        [("json", "JSON"), ("form", "A form")],
        string="The provider sends",
        default="json",
    )
    inbound_sender_path = fields.Char(string="Sender in it", default="from")
    inbound_text_path = fields.Char(string="Text in it", default="text")
    inbound_id_path = fields.Char(
        string="Number in it",
        default="id",
        help="An answer that comes twice acts once.",
    )
    receipt_id_path = fields.Char(string="Number in a receipt", default="id")
    receipt_status_path = fields.Char(string="Status in a receipt", default="status")
    receipt_delivered_values = fields.Char(
        string="Delivered", default="delivered", help="Comma separated"
    )
    receipt_read_values = fields.Char(string="Read", default="read")
    receipt_failed_values = fields.Char(
        string="Not delivered", default="failed, undelivered, rejected, expired"
    )

    @api.depends("inbound_hash")
    def _compute_has_inbound(self):
        for gateway in self:
            gateway.has_inbound = bool(gateway.inbound_hash)

    def action_new_inbound_key(self):
        """Make new secret addresses and show them, this once."""
        self.ensure_one()
        self.check_access_rights("write")
        self.check_access_rule("write")
        if not self.env.user.has_group("crowd_service.group_crowd_manager"):
            raise AccessError(_("Only managers can do this."))
        key = secrets.token_urlsafe(32)
        self.sudo().inbound_hash = self._hash_key(key)  # hidden, also from its maker
        addresses = "\n".join(self._inbound_addresses(key))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": _("Give these addresses to the provider, now"),
                "message": addresses
                + "\n\n"
                + _("They are shown this once. The addresses before are dead."),
                "sticky": True,
                "type": "warning",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _inbound_addresses(self, key):
        base = (self.env["ir.config_parameter"].sudo()).get_param("web.base.url") or ""
        end = ".json" if self.inbound_type == "json" else ""
        return [
            "%s/crowd/gateway/%d/%s/%s%s" % (base.rstrip("/"), self.id, key, name, end)
            for name in ("in", "receipt")
        ]

    @api.model
    def _hash_key(self, key):
        return hashlib.sha256(key.encode(errors="replace")).hexdigest()

    @api.model
    def _find_inbound(self, gateway_id, key):
        """Return the gateway (as superuser) whose secret address this is, or none."""
        gateway = self.sudo().search(  # whoever has the address may use it
            [("id", "=", gateway_id), ("kind", "=", "sms")]
        )
        wanted = gateway.inbound_hash or ""
        is_right = hmac.compare_digest(wanted.encode(), self._hash_key(key).encode())
        return gateway if wanted and is_right else gateway.browse()

    def _take_inbound(self, data):
        """An SMS came in.

        :param data: what the provider sent, parsed
        """
        return self.env["crowd.sms.answer"]._take(
            self,
            templates.dig(data, self.inbound_sender_path) or "",
            templates.dig(data, self.inbound_text_path) or "",
            templates.dig(data, self.inbound_id_path) or "",
        )

    def _take_receipt(self, data):
        """A receipt came in; return False when nobody knows its message."""
        number = templates.dig(data, self.receipt_id_path) or ""
        status = templates.dig(data, self.receipt_status_path) or ""
        delivery = self.env["crowd.delivery"]._find_by_number(self, number)
        if not delivery:
            return False
        state = self._receipt_state(status)
        if state:
            delivery._receipt(state, _("the provider says “%s”") % status[:100])
        return True

    def _receipt_state(self, status):
        for state in ("delivered", "read", "failed"):
            if templates.is_one_of(status, self["receipt_%s_values" % state]):
                return state
        return ""
