import json
from urllib.parse import urlsplit

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..gateways import templates
from ..gateways.sms import SmsRequest

TEMPLATES = ("sms_url", "sms_headers", "sms_body")


class CrowdGateway(models.Model):
    """An account at an SMS provider, described by templates."""

    _inherit = "crowd.gateway"

    sms_url = fields.Char(
        string="SMS address", help="Where messages are sent. {to} and others work here."
    )
    sms_method = fields.Selection(
        [("POST", "POST"), ("PUT", "PUT"), ("GET", "GET")],
        string="Method",
        default="POST",
    )
    sms_content_type = fields.Selection(
        [(name, name) for name in templates.ESCAPES],
        string="Content type",
        default="application/json",
    )
    sms_headers = fields.Text(
        string="Headers", help="One a line, e.g. Authorization: Bearer {secret:key}"
    )
    sms_body = fields.Text(
        string="Body",
        default='{"to": "{to}", "text": "{text}", "id": "{id}"}',
        help="{to}: the number as +41791234567. {text}: the message. {id}: our number "
        "of the message, by which the provider recognises a second attempt; without it "
        "a message whose answer got lost is not sent again. {sender}: see there. "
        "{secret:name}: one of the secrets.",
    )
    sms_sender = fields.Char(string="Sender", help="Name or number that people see.")
    sms_secrets = fields.Text(groups="base.group_system", copy=False)
    sms_secret_names = fields.Char(
        string="Secrets",
        compute="_compute_sms_secret_names",
        compute_sudo=True,
        help="Their names only: nobody reads a secret again.",
    )
    sms_new_secret = fields.Char(
        string="Set a secret",
        compute="_compute_sms_new_secret",
        inverse="_inverse_sms_new_secret",
        groups="base.group_system",
        help="name=value. Without a value the secret is forgotten.",
    )
    sms_id_path = fields.Char(
        string="Number in the answer",
        help="Where the provider's number of the message is, e.g. messages.0.id",
    )
    sms_status_path = fields.Char(
        string="Status in the answer", help="E.g. messages.0.status"
    )
    sms_ok_values = fields.Char(
        string="Good statuses", help="Comma separated, e.g. accepted, queued"
    )
    sms_later_values = fields.Char(
        string="Statuses to try again", help="All others mean that it will never work."
    )

    @api.depends("sms_secrets")
    def _compute_sms_secret_names(self):
        for gateway in self:
            gateway.sms_secret_names = ", ".join(sorted(gateway._sms_secret_values()))

    def _compute_sms_new_secret(self):
        self.sms_new_secret = False

    def _inverse_sms_new_secret(self):
        for gateway in self.filtered("sms_new_secret"):
            name, found, value = gateway.sms_new_secret.partition("=")
            name, value = name.strip(), value.strip()
            if not found or not templates.placeholders("{secret:%s}" % name):
                raise ValidationError(_("Write a secret as name=value."))
            kept = gateway._sms_secret_values()
            kept.pop(name, None)
            if value:
                kept[name] = value
            gateway.sms_secrets = json.dumps(kept)

    def _sms_secret_values(self):
        return json.loads(self.sms_secrets or "{}")

    @api.constrains("kind", "sms_url", "sms_headers", "sms_body")
    def _check_sms(self):
        for gateway in self.filtered(lambda g: g.kind == "sms"):
            if urlsplit(gateway.sms_url or "").scheme not in ("http", "https"):
                raise ValidationError(_("Give the web address of the SMS provider."))
            try:
                templates.read_pairs(gateway.sms_headers, ":")
            except ValueError as error:
                raise ValidationError(_("“%s” is no header.") % error)
            named = templates.placeholders(*(gateway[name] for name in TEMPLATES))
            for needed in {"to", "text"} - named:
                raise ValidationError(_("{%s} is missing in the request.") % needed)

    # ------------------------------------------------------------------
    # sending
    # ------------------------------------------------------------------

    def _prepare_sms_request(self, values):
        """Return the :class:`SmsRequest` for a message, secrets filled in."""
        kept = self._sms_secret_values()
        values = dict(values, sender=self.sms_sender or "")
        values.update(("secret:" + name, value) for name, value in kept.items())
        write = templates.ESCAPES[self.sms_content_type]
        headers = {
            name: templates.fill(value, values, templates.in_header)
            for name, value in templates.read_pairs(self.sms_headers, ":").items()
        }
        body = templates.fill(self.sms_body, values, write).encode()
        if self.sms_method == "GET":
            body = None
        else:
            headers.setdefault(
                "Content-Type", self.sms_content_type + "; charset=utf-8"
            )
        return SmsRequest(
            self.sms_method,
            templates.fill(self.sms_url, values, templates.in_form),
            headers,
            body,
            list(kept.values()),
            "id" in templates.placeholders(*(self[name] for name in TEMPLATES)),
        )

    def _sms_reading(self):
        """Return how the provider's answers are read."""
        return {
            "id": self.sms_id_path,
            "status": self.sms_status_path,
            "ok": self.sms_ok_values,
            "later": self.sms_later_values,
        }
