"""The screens of the desk in a small and in a large crowd: ``screens`` against a server in this process."""

import threading
from contextlib import ExitStack, contextmanager
from statistics import median

from werkzeug.serving import make_server

import odoo
from odoo.service import wsgi_server
from odoo.service.server import load_server_wide_modules

from . import machine, screens
from .stats import both, short, table

FEW = 1_000
PASSWORD = "bench"
MOST = 3


def measure(many, repeats=10):
    """Return ``{count: {screen: [ms]}}`` for a thousand and for ``many`` workers."""
    counts = (FEW, many)
    names = [machine.database(count) for count in counts]
    machine.say(f"Screens among {FEW:,} and {many:,} workers")
    for name in set(names):
        _set_password(name)
    with _server() as url, ExitStack() as clocks:
        for name in set(names):
            clocks.enter_context(machine.stopped_clock(odoo.registry(name)))
        clients = [screens.Client(url, name, "bench", PASSWORD) for name in names]
        found = screens.measure(clients, repeat=repeats)
    return dict(zip(counts, found))


def worst(found):
    """Return ``(ratio, screen)`` of the promised screen that grows most."""
    few, many = (found[count] for count in sorted(found))
    return max((median(many[n]) / median(few[n]), n) for n in screens.PROMISED)


def table_of(found):
    """Return the times of all screens as text."""
    small, large = sorted(found)
    few, many = found[small], found[large]
    rows = [
        (name, short(median(many[name]) / median(ms)), both(ms), both(many[name]))
        for name, ms in few.items()
    ]
    title = "Screens, ratio of medians, then ms as median (p95)"
    head = ("screen", "ratio", f"{small:,} workers", f"{large:,}")
    return table(title, head, rows)


def _set_password(name):
    with machine.environment(name) as env:
        env["res.users"].search([("login", "=", "bench")]).password = PASSWORD
        env.cr.commit()


@contextmanager
def _server():
    load_server_wide_modules()
    server = make_server("127.0.0.1", 0, wsgi_server.application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
