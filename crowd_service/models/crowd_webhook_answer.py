import hashlib
import json
from datetime import timedelta

from odoo import api, fields, models

from ..gateways import webhook
from .crowd_offer_answer import PUBLIC_ACTIONS

KEPT_DAYS = 7  # a partner's system repeats for three


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


def _texts(values):
    """Return the texts and whole numbers among ``values``, as clean texts."""
    if not isinstance(values, dict):
        return {}
    return {
        name: str(value).replace("\x00", "").encode(errors="replace").decode()
        for name, value in values.items()
        if isinstance(value, (str, int)) and not isinstance(value, bool)
    }
