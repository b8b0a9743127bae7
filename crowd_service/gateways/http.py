"""The one way out to other people's servers.

No call reaches an internal address: a name is resolved once, and the connection goes to
the address that was checked. Redirects are not followed. Time and size are limited,
whatever the other side does. Hosts that may be internal (a provider in the own network)
are named in ``odoo.conf``::

    crowd_allowed_hosts = sms.internal.example:8443, 127.0.0.1:8025
"""

import email.utils
import http.client
import io
import ipaddress
import socket
import ssl
import threading
import time
from collections import namedtuple
from datetime import datetime, timezone
from urllib.parse import urlsplit

from odoo.tools import config

from .base import AmbiguousError, PermanentError, TemporaryError

CONNECT_SECONDS = 5
TOTAL_SECONDS = 15
MOST_BYTES = 1024 * 1024
PORTS = {"http": 80, "https": 443}
#: Addresses that stand for an IPv4 address inside them.
EMBEDDING = ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
#: What the other side may repair, so that it is worth trying again.
LATER = (401, 402, 403, 404, 405, 407, 408, 421, 423, 425, 429, 500, 503)
NOBODY_KNOWS = (502, 504)

Reply = namedtuple("Reply", "status headers body")


class GoneError(PermanentError):
    """The other side says that this address is gone for good."""


def request(method, url, headers=None, body=None, allowed=None):
    """Send one request and return the :class:`Reply`, whatever its status.

    :param body: bytes
    :param allowed: ``{(host, port)}`` that may be internal; None: from ``odoo.conf``
    :raise PermanentError: the address is forbidden or no address at all
    :raise TemporaryError: nothing was handed over
    :raise AmbiguousError: nobody knows whether it was
    """
    target = _Target(url, allowed_hosts() if allowed is None else allowed)
    until = time.monotonic() + TOTAL_SECONDS
    connection = _Connection(target, until)
    try:
        connection.connect()
    except (OSError, ValueError) as error:  # ssl's errors are OSErrors
        connection.hang_up()
        raise TemporaryError("no connection: %s" % _name(error))
    try:
        return _exchange(connection, method, target.path, headers or {}, body)
    except (OSError, http.client.HTTPException) as error:
        raise AmbiguousError("no answer: %s" % _name(error))
    except ValueError as error:  # a line break in a header, for example
        raise PermanentError("no request: %s" % type(error).__name__)
    finally:
        connection.hang_up()


def check(reply):
    """Raise the error that the status of ``reply`` means, unless it is a success.

    >>> check(Reply(204, {}, b""))
    """
    status = reply.status
    text = "the server answers with status %d" % status
    if 200 <= status < 300:
        return
    if status == 410:
        raise GoneError(text)
    if status in NOBODY_KNOWS:
        raise AmbiguousError(text, retry_after(reply))
    if status in LATER or status >= 500 or 300 <= status < 400:
        raise TemporaryError(text, retry_after(reply))
    raise PermanentError(text)


def retry_after(reply):
    """Return the seconds that ``reply`` asks to wait, 0 when it does not.

    >>> retry_after(Reply(429, {"retry-after": "120"}, b""))
    120
    >>> retry_after(Reply(429, {"retry-after": "soon"}, b"")), retry_after(
    ...     Reply(429, {"retry-after": "Mon, 01 Jan 2001 00:00:00 GMT"}, b""))
    (0, 0)
    """
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return int(text[:9])
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0, int((moment - datetime.now(timezone.utc)).total_seconds()))


def allowed_hosts():
    """Return ``{(host, port)}`` that ``odoo.conf`` allows to be internal."""
    hosts = set()
    for text in (config.get("crowd_allowed_hosts") or "").split(","):
        host, _colon, port = text.strip().rpartition(":")
        if host and port.isdecimal():
            hosts.add((host.strip("[]").lower(), int(port)))
    return hosts


def is_public(address):
    """Tell whether an IP ``address`` lies in the public internet.

    >>> [is_public(a) for a in ("93.184.216.34", "2606:2800:220:1::1")]
    [True, True]
    >>> [is_public(a) for a in ("127.0.0.1", "10.1.2.3", "169.254.169.254", "::1")]
    [False, False, False, False]
    >>> [is_public(a) for a in ("::ffff:10.0.0.1", "64:ff9b::7f00:1", "fd00::1")]
    [False, False, False]
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6 and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if ip.version == 6 and any(ip in ipaddress.ip_network(net) for net in EMBEDDING):
        return False
    if ip.is_multicast or ip.is_reserved or getattr(ip, "is_site_local", False):
        return False
    return ip.is_global


class _Target:
    """Where a request goes: checked, and resolved once."""

    def __init__(self, url, allowed):
        try:
            parts = urlsplit(url)
            self.scheme = parts.scheme.lower()
            self.host = (parts.hostname or "").rstrip(".").encode("idna").decode()
            self.port = parts.port or PORTS.get(self.scheme)
        except (ValueError, UnicodeError):
            raise PermanentError("the address is no web address")
        is_clean = parts.username is None and all(sign > " " for sign in url)
        if self.scheme not in PORTS or not self.host or not is_clean:
            raise PermanentError("the address is no web address")
        self.path = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        self.is_allowed = (self.host, self.port) in allowed

    def addresses(self, seconds):
        """Return the addresses of the host; all of them must be public."""
        found = [info[4][0] for info in _resolve(self.host, self.port, seconds)]
        if not self.is_allowed and not all(map(is_public, found)):
            raise PermanentError("the address is internal: calls to it are forbidden")
        return list(dict.fromkeys(found))


def _resolve(host, port, seconds):
    """Return what ``getaddrinfo`` says, but not later than after ``seconds``."""
    answer = []

    def ask():
        try:
            answer.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    if not answer:
        raise socket.timeout("the name of the host is not found in time")
    if isinstance(answer[0], Exception):
        raise OSError("the name of the host is not found")
    return answer[0]


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was checked, which ends in time."""

    def __init__(self, target, until):
        super().__init__(target.host, target.port)
        self._target = target
        self._until = until
        self._socket = None

    def connect(self):
        until = time.monotonic() + CONNECT_SECONDS
        error = None
        for address in self._target.addresses(CONNECT_SECONDS):
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                self._socket = socket.create_connection((address, self.port), left)
                return self._secure(until)
            except OSError as refused:
                self.hang_up()
                error = refused
        raise error or socket.timeout("timed out")

    def _secure(self, until):
        if self._target.scheme == "https":
            self._socket.settimeout(max(0.1, until - time.monotonic()))
            self._socket = ssl.create_default_context().wrap_socket(
                self._socket, server_hostname=self._target.host
            )
        self.sock = _LimitedSocket(self._socket, self._until)

    def hang_up(self):
        """Close the connection, which :meth:`close` leaves to the answer."""
        self.close()
        if self._socket:
            self._socket.close()


class _LimitedSocket:
    """What ``http.client`` needs of a socket, within the time and size that are left."""

    def __init__(self, sock, until):
        self._sock = sock
        self._until = until
        self._bytes = MOST_BYTES

    def _take_time(self):
        left = self._until - time.monotonic()
        if left <= 0:
            raise socket.timeout("the answer took too long")
        self._sock.settimeout(left)

    def sendall(self, data):
        self._take_time()
        self._sock.sendall(data)

    def recv_into(self, buffer):
        self._take_time()
        size = self._sock.recv_into(buffer)
        self._bytes -= size
        if self._bytes < 0:
            raise OSError("the answer is too long")
        return size

    def makefile(self, *_args, **_kwargs):
        return io.BufferedReader(_Stream(self))

    def close(self):
        """The answer is still read from it: the connection hangs up."""


class _Stream(io.RawIOBase):
    """The bytes of a limited socket."""

    def __init__(self, sock):
        super().__init__()
        self._limited = sock

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._limited.recv_into(buffer)


def _exchange(connection, method, path, headers, body):
    """Send the request and read the answer."""
    headers = {"User-Agent": "crowd_service", "Connection": "close", **headers}
    connection.request(method, path, body=body, headers=headers)
    response = connection.getresponse()
    names = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, names, response.read())


def _name(error):
    """Return what went wrong, without the address: it may hold a secret."""
    text = getattr(error, "strerror", None) or getattr(error, "reason", None) or error
    return "%s: %s" % (type(error).__name__, str(text)[:200])
