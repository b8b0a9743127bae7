"""pytest plugin: a lasting HTTP server for pytest-odoo --odoo-http on Odoo 14.

pytest-odoo calls odoo.service.server.start(stop=True), which on Odoo 14 starts the HTTP thread and stops it at once: a
request of a test may or may not find it. Here the server stays for the whole run.
"""

import threading

import odoo
from odoo.service import server, wsgi_server

_running = {}


def _start(preload=None, stop=False):
    if not _running:
        server.load_server_wide_modules()
        port = odoo.tools.config["http_port"]  # pytest-odoo put a free one there
        httpd = server.ThreadedWSGIServerReloadable(
            "127.0.0.1", port, wsgi_server.application
        )
        threading.Thread(
            target=httpd.serve_forever, name="odoo.service.httpd", daemon=True
        ).start()
        _running.update(port=port, httpd=httpd)
    odoo.tools.config["http_port"] = _running["port"]
    return 0


server.start = _start


def pytest_unconfigure(config):
    if _running:
        _running["httpd"].shutdown()
