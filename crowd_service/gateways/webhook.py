"""Webhooks after the Standard Webhooks specification: signed, dated, with an id."""

import hmac
import json
from datetime import datetime, timedelta

from standardwebhooks import Webhook

from . import http
from .base import Adapter, PermanentError, register

TOLERANCE = timedelta(seconds=300)
LONGEST = 255  # characters of an id
SIGNATURES = 10  # that are looked at


@register
class WebhookAdapter(Adapter):
    """Posts a message to the system of a partner."""

    kind = "webhook"
    purposes = ("offer", "won", "taken", "withdrawn", "job_cancelled")
    longest_wait = 600  # seconds: who was down for an hour has everything soon after

    def prepare(self, delivery):
        """Return ``(url, id, body, secrets)``."""
        gateway = delivery.gateway_id
        if not gateway.active:
            raise PermanentError("the gateway is switched off")
        values = delivery._prepare_webhook()
        body = json.dumps(values, ensure_ascii=False, sort_keys=True)
        return (
            gateway.webhook_url,
            delivery._idempotency_key(),
            body,
            gateway._webhook_secrets(),
        )

    def transmit(self, delivery, message):
        """Sign with the time of this attempt; the id is the same at each."""
        url, message_id, body, secrets = message
        moment = delivery.env["crowd.clock"].now()
        headers = {
            "Content-Type": "application/json",
            **signed_headers(secrets, message_id, moment, body),
        }
        reply = http.request("POST", url, headers, body.encode())
        try:
            http.check(reply)
        except http.GoneError:
            delivery.gateway_id._switch_off()
            raise
        return message_id


def signed_headers(secrets, message_id, moment, body):
    """Return the three headers of a message; one signature per secret.

    :param moment: naive UTC datetime
    :param body: text
    """
    signatures = [sign(secret, message_id, moment, body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(_seconds(moment)),
        "webhook-signature": " ".join(signatures),
    }


def sign(secret, message_id, moment, body):
    """Return the signature "v1,...".

    >>> sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
    ...     datetime(2021, 2, 25, 15, 2, 10), '{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    return Webhook(secret).sign(message_id, moment, body)


def verify(secrets, headers, body, now):
    """Return the id of a message if its signature and its time are right, else "".

    :param headers: anything with ``get``
    :param body: bytes, as they came
    :param now: naive UTC datetime
    """
    message_id = headers.get("webhook-id") or ""
    stamp = headers.get("webhook-timestamp") or ""
    passed = (headers.get("webhook-signature") or "").split(" ")[:SIGNATURES]
    if not message_id or len(message_id) > LONGEST or not message_id.isprintable():
        return ""
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 12):
        return ""
    moment = datetime(1970, 1, 1) + timedelta(seconds=int(stamp))
    if abs(now - moment) > TOLERANCE:
        return ""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return ""
    right = [sign(secret, message_id, moment, text).encode() for secret in secrets]
    found = [
        hmac.compare_digest(expected, signature.encode(errors="replace"))
        for expected in right
        for signature in passed
    ]
    return message_id if any(found) else ""


def _seconds(moment):
    return int((moment - datetime(1970, 1, 1)).total_seconds())
