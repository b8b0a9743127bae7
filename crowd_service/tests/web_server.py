"""A real web server on this machine that stands for a partner's, or a push service."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

from odoo.tools import config


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        owner = self.server.owner
        owner.hits.append((self.path, dict(self.headers), body))
        status, headers = owner.answers.get(self.path, (owner.status, {}))
        owner.refused += status >= 400
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args):
        """Be quiet."""


class WebServer:
    """Keeps what is posted; answers with ``status``, or as ``answers`` say.

    ``answers``: ``{path: (status, headers)}``
    """

    def __init__(self):
        self.status, self.answers, self.hits, self.refused = 200, {}, [], 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.owner = self
        self.port = self._server.server_address[1]
        self.url = "http://127.0.0.1:%d" % self.port

    def start(self):
        """Listen."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        """Hang up."""
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def doing(self, status):
        """Answer otherwise for a while."""
        before, self.status = self.status, status
        try:
            yield
        finally:
            self.status = before

    @contextmanager
    def allowed(self):
        """Let our side call this machine, as ``odoo.conf`` can."""
        host = {"crowd_allowed_hosts": "127.0.0.1:%d" % self.port}
        with patch.dict(config.options, host):
            yield
