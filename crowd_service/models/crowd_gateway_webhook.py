import base64
import hashlib
import json
import secrets
from datetime import timedelta, timezone

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..gateways import webhook
from .crowd_offer_answer import PUBLIC_ACTIONS

KEPT_DAYS = 7  # a partner's system repeats for three
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

    def _webhook_id(self):
        """Return what a partner knows this message by, at each attempt the same.

        Messages of two databases have different ids; a message that the desk sends
        again is a new one.
        """
        uuid = self.env["crowd.gateway"]._database_uuid() or ""
        mark = hashlib.sha256(uuid.encode()).hexdigest()[:12]
        return "crowd_%s_%d_%d" % (mark, self.id, self.resends)

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


class CrowdWebhookAnswer(models.Model):
    """What came in over a webhook, so that a repetition gets the same answer."""

    _name = "crowd.webhook.answer"
    _description = "Crowd Webhook Answer"
    _order = "id desc"

    gateway_id = fields.Many2one("crowd.gateway", required=True, ondelete="cascade")
    message_id = fields.Char(required=True)
    body_hash = fields.Char(required=True)
    status = fields.Integer()
    answer = fields.Text()

    _sql_constraints = [
        ("message_uniq", "unique(gateway_id, message_id)", "Known already.")
    ]

    @api.model
    def _take(self, gateway_id, headers, body):
        """Carry out what a partner's system has posted.

        :param body: bytes, as they came
        :return: ``(HTTP status, {...})``; whatever is wrong with the signature or the
            gateway looks the same from outside
        """
        gateway = self.env["crowd.gateway"].search(
            [("id", "=", gateway_id), ("kind", "=", "webhook")]
        )
        now = self.env["crowd.clock"].now()
        message_id = webhook.verify(gateway._webhook_secrets(), headers, body, now)
        if not message_id:
            return 401, {"error": "signature"}
        return self._once(gateway, message_id, body)

    @api.model
    def _once(self, gateway, message_id, body):
        """Act once per id: a repetition gets the answer of the first time."""
        body_hash = hashlib.sha256(body).hexdigest()
        known = self._claim(gateway, message_id, body_hash)
        if known:
            if known.body_hash != body_hash:
                return 409, {"error": "same id, other content"}
            return known.status, json.loads(known.answer)
        status, answer = self._act(gateway, body)
        claim = [("gateway_id", "=", gateway.id), ("message_id", "=", message_id)]
        if status == 503:
            self.search(claim).unlink()  # the next attempt decides
        else:
            self.search(claim).write({"status": status, "answer": json.dumps(answer)})
        return status, answer

    @api.model
    def _claim(self, gateway, message_id, body_hash):
        """Write down an id, or return the record of the first time.

        Of two at the same moment one waits here for the other, and then begins again.
        """
        self.flush()
        self.env.cr.execute(
            "INSERT INTO crowd_webhook_answer"
            " (gateway_id, message_id, body_hash, create_uid, create_date)"
            " VALUES (%s, %s, %s, %s, now() AT TIME ZONE 'UTC')"
            " ON CONFLICT DO NOTHING",
            (gateway.id, message_id, body_hash, self.env.uid),
            log_exceptions=False,
        )
        if self.env.cr.rowcount:
            return self.browse()
        return self.search(
            [("gateway_id", "=", gateway.id), ("message_id", "=", message_id)]
        )

    @api.model
    def _act(self, gateway, body):
        """Return ``(HTTP status, answer)`` of one message with a right signature."""
        try:
            values = json.loads(body)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            return 400, {"error": "no JSON object"}
        texts = _texts(values.get("data", values))
        offer = self._find_offer(gateway, texts.get("offer", ""))
        if not offer:
            return 404, {"error": "no such offer"}
        action = texts.get("answer")
        if action not in PUBLIC_ACTIONS:
            return 400, {"error": "no such answer"}
        answer = offer._crowd_public_act(
            action,
            "webhook",
            reason=texts.get("reason") or "other",
            note=texts.get("note", ""),
            minutes=texts.get("minutes", ""),
        )
        told = {"result": answer["result"], "message": answer["message"]}
        told.update(offer=offer.name, state=offer.state)
        return (503 if answer["result"] == "busy" else 200), told

    @api.model
    def _find_offer(self, gateway, reference):
        """Return the offer if this gateway was told of it, else an empty one."""
        told = self.env["crowd.delivery"].search(
            [
                ("gateway_id", "=", gateway.id),
                ("purpose", "=", "offer"),
                ("offer_id.name", "=", reference),
            ],
            limit=1,
        )
        offer = told.offer_id.filtered("worker_id.active")
        return offer and offer._as_reader()

    @api.autovacuum
    def _gc_answers(self):
        """Forget what nobody repeats any more."""
        long_ago = self.env["crowd.clock"].now() - timedelta(days=KEPT_DAYS)
        self.search([("create_date", "<", long_ago)]).unlink()


def _utc(moment):
    """Return a naive UTC ``moment`` as RFC 3339 wants it."""
    return moment and moment.replace(tzinfo=timezone.utc).isoformat(timespec="seconds")


def _texts(values):
    """Return the texts and whole numbers among ``values``, as clean texts."""
    if not isinstance(values, dict):
        return {}
    return {
        name: str(value).replace("\x00", "").encode(errors="replace").decode()
        for name, value in values.items()
        if isinstance(value, (str, int)) and not isinstance(value, bool)
    }
