"""SMS over any provider that takes an HTTP request."""

import json
from collections import namedtuple

from . import http, templates
from .base import Adapter, AmbiguousError, PermanentError, TemporaryError, register

#: What is sent; ``hidden`` are the secrets in it, ``is_numbered``: it carries our id.
SmsRequest = namedtuple("SmsRequest", "method url headers body hidden is_numbered")


@register
class SmsAdapter(Adapter):
    """Sends one text to one mobile phone."""

    kind = "sms"
    longest_wait = 600  # seconds: after an outage everything is soon there

    def prepare(self, delivery):
        """Return the :class:`SmsRequest`."""
        number, text = delivery._prepare_sms()
        return delivery.gateway_id._prepare_sms_request(
            {"to": number, "text": text, "id": delivery._idempotency_key()}
        )

    def transmit(self, delivery, message):
        """Send it, and return the provider's number of the message."""
        gateway = delivery.gateway_id
        try:
            reply = http.request(
                message.method, message.url, message.headers, message.body
            )
            http.check(reply)
            return read_reply(reply.body, gateway._sms_reading())
        except AmbiguousError as error:
            if message.is_numbered:
                raise
            # without a number the provider would send, and bill, a second one
            raise PermanentError("%s; sent or not: not sent again" % error)
        except PermanentError as error:
            raise type(error)(hide(str(error), message.hidden))


def read_reply(body, reading):
    """Return the provider's number in the ``body`` of an answer.

    :param reading: ``{"id", "status": path, "ok", "later": comma separated values}``
    """
    if not reading["id"] and not reading["status"]:
        return ""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise AmbiguousError("the provider's answer cannot be read")
    number = templates.dig(data, reading["id"])
    if reading["status"]:
        _check_status(templates.dig(data, reading["status"]), reading)
    elif number is None:
        raise AmbiguousError("the provider's answer names no number of the message")
    return (number or "")[:200]


def _check_status(status, reading):
    if status is None:
        raise AmbiguousError("the provider's answer names no status")
    if templates.is_one_of(status, reading["ok"]):
        return
    text = "the provider says “%s”" % status[:100]
    if templates.is_one_of(status, reading["later"]):
        raise TemporaryError(text)
    raise PermanentError(text)


def hide(text, secrets):
    """Return ``text`` without the ``secrets`` that a provider repeats.

    >>> hide("wrong key s3cret", ["s3cret", ""])
    'wrong key ***'
    """
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text
