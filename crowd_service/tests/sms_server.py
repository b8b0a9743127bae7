"""An SMS provider for tests and demonstrations that can be as bad as real ones.

A real HTTP server on this machine. It sends nothing, keeps what it is asked to send, and
recognises a repeated number (``id``), as good providers do. Run it by itself with
``python sms_server.py PORT``: each message is printed.

    POST /send   {"to": "+41...", "text": "...", "id": "..."}
      -> {"message": {"id": "sms-1", "status": "accepted"}}
"""

import json
import socket
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: ``mode``: what the server does with the next message.
OK = "ok"
BROKEN = "broken"  # 500
BUSY = "busy"  # 429 and Retry-After
REFUSED = "refused"  # 400
UNKNOWN = "unknown"  # 200, the body says that nobody has this number
GARBAGE = "garbage"  # 200, the body is no JSON
TAKEN = "taken"  # takes the message, hangs up without an answer
HANG = "hang"  # takes the message, never answers
DRIP = "drip"  # answers a byte every 0.2 seconds, without end
FLOOD = "flood"  # answers with megabytes, without end
HEADERS = "headers"  # answers with headers, without end
REDIRECT = "redirect"  # 307 to ``redirect_to``
GONE = "gone"  # 410


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.provider.hits.append((self.path, dict(self.headers), body))
        getattr(self, "_do_" + self.server.provider.mode)(body)

    do_GET = do_POST

    def log_message(self, *_args):
        """Be quiet."""

    def _reply(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _do_ok(self, body):
        number = self.server.provider.keep(body)
        message = {"id": number, "status": "accepted"}
        self._reply(200, json.dumps({"message": message}).encode())

    def _do_broken(self, _body):
        self._reply(500, b"<h1>Internal Server Error</h1>")

    def _do_busy(self, _body):
        self._reply(429, b"{}", [("Retry-After", "120")])

    def _do_refused(self, _body):
        self._reply(400, b'{"error": "this is no number"}')

    def _do_unknown(self, _body):
        message = {"id": "", "status": "no_such_number"}
        self._reply(200, json.dumps({"message": message}).encode())

    def _do_garbage(self, body):
        self.server.provider.keep(body)
        self._reply(200, b"OK thank you")

    def _do_taken(self, body):
        self.server.provider.keep(body)
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _do_hang(self, body):
        self.server.provider.keep(body)
        self.server.provider.closing.wait(30)
        self.close_connection = True

    def _do_drip(self, _body):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        self._pour(b"x", 0.2)

    def _do_flood(self, _body):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        self._pour(b"x" * 65536, 0)

    def _do_headers(self, _body):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self._pour(b"X-More: %s\r\n" % (b"x" * 60000), 0.01)

    def _pour(self, data, pause):
        self.close_connection = True
        try:
            while not self.server.provider.closing.is_set():
                self.wfile.write(data)
                time.sleep(pause)
        except OSError:
            return

    def _do_redirect(self, _body):
        self._reply(307, b"", [("Location", self.server.provider.redirect_to)])

    def _do_gone(self, _body):
        self._reply(410, b"")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that hangs up is no news."""


class SmsServer:
    """The provider on a free port of this machine, or on ``port``."""

    def __init__(self, port=0, on_message=None):
        self.mode = OK
        self.redirect_to = ""
        self.hits = []  # (path, headers, body) of each request
        self.messages = []  # what was billed: {"to", "text", "id", "number"}
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._on_message = on_message
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.provider = self
        self.port = self._server.server_address[1]
        self.url = "http://127.0.0.1:%d/send" % self.port

    def keep(self, body):
        """Keep a message unless its number is known; return its number here."""
        try:
            message = json.loads(body)
        except ValueError:
            message = {"text": body.decode(errors="replace")}
        with self._lock:
            for known in self.messages:
                if message.get("id") and known.get("id") == message["id"]:
                    return known["number"]
            message["number"] = "sms-%d" % (len(self.messages) + 1)
            self.messages.append(message)
        if self._on_message:
            self._on_message(message)
        return message["number"]

    def start(self):
        """Listen."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        """Hang up."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def doing(self, mode):
        """Misbehave for a while."""
        self.mode = mode
        try:
            yield
        finally:
            self.mode = OK


def main():
    """Print what is sent until somebody stops it."""
    server = SmsServer(
        int(sys.argv[1]),
        on_message=lambda m: (
            sys.stdout.write(json.dumps(m) + "\n") or sys.stdout.flush()
        ),
    )
    server.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
