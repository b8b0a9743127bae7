"""Web push: notifications on the devices that a person has chosen.

Encrypted by ``pywebpush`` (RFC 8291), signed with the key of this database (VAPID), and
handed over through the one way out. Without ``pywebpush`` this way does not exist.
"""

import base64
import json
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from . import http
from .base import Adapter, PermanentError, TemporaryError, register

try:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from py_vapid import Vapid02
    from pywebpush import WebPusher
except ImportError:  # an optional library
    WebPusher = None

_EPOCH = datetime(1970, 1, 1)
LONGEST = 2800  # bytes of a message: push services take 4 kB with the encryption
GONE = (404, 410)
TOO_LARGE = 413
SIGNED_FOR = timedelta(hours=12)  # a day is what push services allow


class PushAdapter(Adapter):
    """Shows a notification on each device of one person."""

    kind = "push"

    def prepare(self, delivery):
        """Return ``[(subscription, headers, encrypted body)]``."""
        devices = delivery.partner_id._crowd_devices()
        if not devices:
            raise PermanentError("no device was chosen")
        data = encode(delivery._prepare_push())
        key = delivery.env["crowd.push.subscription"]._private_key()
        now = delivery.env["crowd.clock"].now()
        contact = delivery._push_contact()
        headers = delivery._prepare_push_headers()
        return [
            (
                device,
                {**headers, **signed(key, device.endpoint, now, contact)},
                encrypt(device._keys(), data),
            )
            for device in devices
        ]

    def transmit(self, delivery, message):
        """Hand over to all devices; one that takes it is enough.

        What a push service says about a device is written down at once: it stays true
        whatever becomes of the message.
        """
        problems, taken = [], 0
        for device, headers, body in message:
            try:
                self._hand_over(device, headers, body)
                taken += 1
            except (PermanentError, TemporaryError) as error:
                problems.append(error)
        if taken:
            return "%d devices" % taken
        later = [error for error in problems if isinstance(error, TemporaryError)]
        if later:
            wait = max(error.retry_after for error in later)
            raise TemporaryError(str(later[0]), wait)
        raise PermanentError(str(problems[0]))

    def _hand_over(self, device, headers, body):
        try:
            reply = http.request("POST", device.endpoint, headers, body)
            if reply.status in GONE:
                device.unlink()
                raise PermanentError("the device is gone")
            if reply.status == TOO_LARGE:
                raise PermanentError("the message is too large for the push service")
            http.check(reply)
        except (PermanentError, TemporaryError):
            device.exists()._count_failure()
            raise
        device._count_success()


if WebPusher:
    register(PushAdapter)


def new_private_key():
    """Return a new private key, as text."""
    vapid = Vapid02()
    vapid.generate_keys()
    return vapid.private_pem().decode()


def public_key(private_key):
    """Return what browsers need to know of a private key: base64, 65 bytes."""
    vapid = Vapid02.from_pem(private_key.encode())
    point = vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")


def signed(private_key, endpoint, now, contact):
    """Return the header that says who sends.

    :param now: naive UTC datetime
    :param contact: e-mail address for the push service, if we misbehave
    """
    parts = urlsplit(endpoint)
    claims = {
        "aud": "%s://%s" % (parts.scheme, parts.netloc),
        "exp": int((now + SIGNED_FOR - _EPOCH).total_seconds()),
        "sub": "mailto:" + contact,
    }
    return Vapid02.from_pem(private_key.encode()).sign(claims)


def encode(values):
    """Return ``values`` as bytes that fit: the text is cut if need be."""
    data = json.dumps(values, ensure_ascii=False).encode()
    if len(data) > LONGEST:
        values = dict(values, title=values["title"][:100], body=values["body"][:200])
        data = json.dumps(values, ensure_ascii=False).encode()
    return data


def encrypt(keys, data):
    """Return ``data`` so that only one browser can read it.

    :param keys: ``{"endpoint", "keys": {"p256dh", "auth"}}``
    """
    return WebPusher(keys).encode(data, "aes128gcm")["body"]


def decode_key(text, length):
    """Return the bytes of a key in base64, None when it is none of that ``length``.

    >>> decode_key("QUJD", 3), decode_key("QUJD", 4), decode_key("ä", 1)
    (b'ABC', None, None)
    """
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except ValueError:
        return None
    return key if len(key) == length else None
