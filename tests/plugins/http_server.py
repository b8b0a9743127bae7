"""pytest plugin: a lasting HTTP server for pytest-odoo --odoo-http on Odoo 14.

pytest-odoo starts a server per test module with odoo.service.server.start(stop=True), which on Odoo 14 starts the HTTP
thread and stops it at once: a request of a test may or may not find it. Here one server stays for the whole run, and its
port is known before the first test object is made, because HttpCase puts it into its addresses then.
"""

import threading

import pytest_odoo

import odoo
from odoo.service import server, wsgi_server

PORT = pytest_odoo._get_available_random_port()
_running = []


def _start(preload=None, stop=False):
    if not _running:
        server.load_server_wide_modules()
        httpd = server.ThreadedWSGIServerReloadable(
            "127.0.0.1", PORT, wsgi_server.application
        )
        threading.Thread(
            target=httpd.serve_forever, name="odoo.service.httpd", daemon=True
        ).start()
        _running.append(httpd)
    return 0


server.start = _start
pytest_odoo._get_available_random_port = lambda: PORT


def pytest_sessionstart(session):
    odoo.tools.config["http_port"] = PORT


def pytest_unconfigure(config):
    for httpd in _running:
        httpd.shutdown()
