import doctest
import socket
import threading
import time
from unittest.mock import patch

from odoo.tests import BaseCase, tagged
from odoo.tools import config

from ..gateways import AmbiguousError, PermanentError, TemporaryError, http
from .sms_server import (
    BROKEN,
    BUSY,
    DRIP,
    FLOOD,
    GONE,
    HANG,
    HEADERS,
    REDIRECT,
    REFUSED,
    TAKEN,
    SmsServer,
)

SECONDS = 2  # instead of 15: the tests have no time


class HttpOutCase(BaseCase):
    def setUp(self):
        super().setUp()
        self.server = SmsServer()
        self.server.start()
        self.addCleanup(self.server.stop)
        self.allowed = {("127.0.0.1", self.server.port)}

    def _request(self, url=None, allowed=None, **kwargs):
        return http.request(
            "POST",
            url or self.server.url,
            body=b"{}",
            allowed=self.allowed if allowed is None else allowed,
            **kwargs,
        )


@tagged("post_install", "-at_install")
class TestHttpOut(HttpOutCase):
    """T19: whatever the other side does, it costs limited time and memory."""

    def test_doctests(self):
        result = doctest.testmod(http)
        self.assertTrue(result.attempted)
        self.assertFalse(result.failed)

    def test_answers(self):
        reply = self._request(headers={"X-Test": "1"})
        self.assertEqual(reply.status, 200)
        self.assertIn(b"sms-1", reply.body)
        path, headers, body = self.server.hits[0]
        self.assertEqual((path, headers["X-Test"], body), ("/send", "1", b"{}"))

    def test_statuses(self):
        for mode, error, wait in (
            (BROKEN, TemporaryError, 0),
            (BUSY, TemporaryError, 120),
            (REFUSED, PermanentError, None),
            (GONE, http.GoneError, None),
        ):
            with self.server.doing(mode), self.assertRaises(error) as caught:
                http.check(self._request())
            self.assertNotIsInstance(caught.exception, AmbiguousError, mode)
            if wait is not None:
                self.assertEqual(caught.exception.retry_after, wait, mode)

    def test_slow_endless_and_silent(self):
        with patch.object(http, "TOTAL_SECONDS", SECONDS):
            for mode in (DRIP, FLOOD, HEADERS, HANG, TAKEN):
                begin = time.monotonic()
                with self.server.doing(mode), self.assertRaises(AmbiguousError):
                    self._request()
                spent = time.monotonic() - begin
                self.assertLess(spent, SECONDS + 1, mode)

    def test_no_more_than_a_megabyte_is_read(self):
        taken = []
        original = http._LimitedSocket.recv_into

        def count(self, buffer):
            size = original(self, buffer)
            taken.append(size)
            return size

        with patch.object(http._LimitedSocket, "recv_into", count):
            with self.server.doing(FLOOD), self.assertRaises(AmbiguousError):
                self._request()
        self.assertLess(sum(taken), http.MOST_BYTES + 1)

    def test_nobody_there(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with self.assertRaises(TemporaryError) as caught:
            self._request("http://127.0.0.1:%d/" % port, {("127.0.0.1", port)})
        self.assertNotIsInstance(caught.exception, AmbiguousError)

    def test_no_tls_where_it_should_be(self):
        with self.assertRaises(TemporaryError) as caught:
            self._request(self.server.url.replace("http:", "https:"))
        self.assertNotIsInstance(caught.exception, AmbiguousError)
        self.assertFalse(self.server.messages)

    def test_a_name_that_is_not_found_in_time(self):
        with (
            patch.object(http, "CONNECT_SECONDS", 0.5),
            patch.object(http.socket, "getaddrinfo", lambda *_a, **_k: time.sleep(3)),
        ):
            begin = time.monotonic()
            with self.assertRaises(TemporaryError):
                self._request("http://slow.example.com/")
            self.assertLess(time.monotonic() - begin, 2)

    def test_headers_cannot_be_smuggled_in(self):
        with self.assertRaises(PermanentError):
            self._request(headers={"X-Test": "1\r\nX-Evil: 2"})
        self.assertFalse(self.server.hits)

    def test_error_texts_do_not_repeat_the_address(self):
        url = self.server.url + "?key=s3cret-canary"
        with self.server.doing(TAKEN), self.assertRaises(AmbiguousError) as caught:
            self._request(url)
        self.assertNotIn("s3cret", str(caught.exception))


@tagged("post_install", "-at_install")
class TestHttpInternal(HttpOutCase):
    """T44: no packet reaches an internal address."""

    def assertForbidden(self, url):
        with self.assertRaises(PermanentError, msg=url):
            self._request(url, allowed=set())

    def test_internal_addresses(self):
        for host in (
            "127.0.0.1",
            "localhost",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0x7f000001",
            "2130706433",
            "0177.0.0.1",
            "127.1",
            "0",
            "127.0.0.1.",
        ):
            self.assertForbidden("http://%s:%d/send" % (host, self.server.port))
        self.assertFalse(self.server.hits)

    def test_networks(self):
        for host in (
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[fd00::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[64:ff9b::a00:1]",
            "[2002:a00:1::]",
        ):
            self.assertForbidden("http://%s/" % host)

    def test_no_web_addresses(self):
        for url in (
            "file:///etc/passwd",
            "gopher://127.0.0.1/",
            "ftp://example.com/",
            "//example.com/",
            "example.com",
            "",
            "http://",
            "http://user:password@example.com/",
            "http://exa mple.com/",
            "http://example.com/\r\nX: 1",
            "http://example.com:99999/",
        ):
            self.assertForbidden(url)

    def test_redirects_are_not_followed(self):
        sink = SmsServer()
        sink.start()
        self.addCleanup(sink.stop)
        self.server.redirect_to = sink.url
        with self.server.doing(REDIRECT), self.assertRaises(TemporaryError):
            http.check(self._request())
        self.assertFalse(sink.hits)

    def test_a_name_is_resolved_once(self):
        """DNS rebinding: the second answer would be an internal address."""
        asked = []
        connected = []

        def resolve(host, port, **_kwargs):
            asked.append(host)
            address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        def connect(address, _timeout):
            connected.append(address[0])
            raise ConnectionRefusedError()

        with (
            patch.object(http.socket, "getaddrinfo", resolve),
            patch.object(http.socket, "create_connection", connect),
            self.assertRaises(TemporaryError),
        ):
            self._request("http://rebind.example.com/", allowed=set())
        self.assertEqual(asked, ["rebind.example.com"])
        self.assertEqual(connected, ["93.184.216.34"])

    def test_one_internal_address_among_public_ones(self):
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))
            for address in ("93.184.216.34", "10.0.0.1")
        ]
        with patch.object(http.socket, "getaddrinfo", lambda *_a, **_k: found):
            self.assertForbidden("http://mixed.example.com/")

    def test_allow_list(self):
        for text, expected in (
            ("", set()),
            ("127.0.0.1:8025", {("127.0.0.1", 8025)}),
            ("Sms.Local:1, [::1]:2", {("sms.local", 1), ("::1", 2)}),
            ("no-port, :5, x:y", set()),
        ):
            with patch.dict(config.options, {"crowd_allowed_hosts": text}):
                self.assertEqual(http.allowed_hosts(), expected, text)
        with patch.dict(
            config.options, {"crowd_allowed_hosts": "127.0.0.1:%d" % self.server.port}
        ):
            reply = http.request("POST", self.server.url, body=b"{}")
        self.assertEqual(reply.status, 200)

    def test_many_at_once(self):
        statuses = []
        threads = [
            threading.Thread(target=lambda: statuses.append(self._request().status))
            for _n in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        self.assertEqual(statuses, [200] * 20)
