"""A month of key figures against a plain view over the offers, and the manager's dashboard.

The history is the demo's year (``crowd_service/year``) with more tickets: 100,000 of them have a million offers.
"""

import gc
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median

from lxml import etree

from odoo import api

from . import machine
from .cells import NOW
from .stats import both, short, table

TICKETS = 100_000
DEMO = 3_000  # tickets of the year that the demo brings
WAVE_SIZE = 30  # about ten of them can be asked
FIRST_NUMBER = 10_001  # the demo's own tickets have lower ones
FIGURES = ("within_1", "within_10", "within_60", "within_180")
PERIODS = ("d30", "month", "quarter", "year")
#: What makes a year: a change makes the databases anew.
MAKERS = ("year", "demo/copies.py", "demo/year_cast.py", "demo/year_loader.py")
#: What one would write first: each dispatch out of its offers.
PLAIN = """
CREATE TEMPORARY VIEW bench_plain AS
SELECT o.dispatch_id, o.company_id,
       min(o.sent_at) FILTER (WHERE o.origin = 'match') AS offered_at,
       min(o.answered_at) FILTER (WHERE o.state IN (
           'accepted', 'completed', 'backed_out', 'no_show', 'out_of_scope')
           OR o.state = 'withdrawn' AND o.answered_at IS NOT NULL) AS accepted_at,
       bool_and(o.state = 'withdrawn') AS is_withdrawn
  FROM crowd_offer AS o
 GROUP BY o.dispatch_id, o.company_id
"""
MONTH = """
SELECT count(*), avg(100 * COALESCE(minutes <= 1, FALSE)::int),
       avg(100 * COALESCE(minutes <= 10, FALSE)::int),
       avg(100 * COALESCE(minutes <= 60, FALSE)::int),
       avg(100 * COALESCE(minutes <= 180, FALSE)::int)
  FROM (SELECT extract(epoch FROM accepted_at - offered_at) / 60 AS minutes
          FROM bench_plain
         WHERE offered_at AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Zurich'
                   >= %(start)s::date
           AND offered_at AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Zurich'
                   < %(end)s::date + 1
           AND company_id = ANY(%(companies)s)
           AND (accepted_at IS NOT NULL OR NOT is_withdrawn)) AS dispatch
"""


@dataclass
class Dashboard:
    """How long opening takes: ``ms`` and number of statements by period."""

    tickets: int
    ms: dict = field(default_factory=dict)
    statements: dict = field(default_factory=dict)


@dataclass
class Measured:
    """A month in ``ms`` and shares, from the plain view and from stored figures."""

    offers: int
    tickets: int
    ms: dict = field(default_factory=dict)
    shares: dict = field(default_factory=dict)
    dashboards: list = field(default_factory=list)

    @property
    def advantage(self):
        return median(self.ms["plain"]) / median(self.ms["figures"])


def measure(tickets=TICKETS, repeats=9):
    """Return what was measured: a month among so many tickets, and the dashboard.

    The dashboard is opened on the demo's own number of tickets too.
    """
    counts = sorted({min(DEMO, tickets), tickets})
    names = {count: database(count) for count in counts}
    with _manager(names[tickets]) as env:
        found = Measured(_count(env, "crowd.offer"), _count(env, "helpdesk.ticket"))
        env.cr.execute(PLAIN)
        for what, ask in (("plain", _ask_plain), ("figures", _ask_figures)):
            machine.say(f"A month of key figures: {what}")
            found.ms[what], found.shares[what] = _time(ask, repeats, env, *last_month())
    for count, name in names.items():
        machine.say(f"The dashboard, {count:,} tickets")
        with _manager(name) as env:
            found.dashboards.append(_open_often(env, count, repeats))
        machine.forget(name)
    return found


def _open_often(env, count, repeats):
    found = Dashboard(count)
    for period in PERIODS:
        found.ms[period], found.statements[period] = _time(
            open_dashboard, repeats, env, period
        )
    return found


def table_of(found):
    """Return what was measured, as text."""
    rows = [
        ("plain view over the offers", both(found.ms["plain"]), "1"),
        ("stored figures", both(found.ms["figures"]), short(found.advantage)),
    ]
    title = (
        f"A month of the acceptance curve, {found.offers:,} offers,"
        f" {found.tickets:,} tickets"
    )
    month = table(title, ("from", "ms", "times faster"), rows)
    rows = [
        (f"{opened.tickets:,}", *(both(opened.ms[p]) for p in PERIODS))
        + (max(opened.statements.values()),)
        for opened in found.dashboards
    ]
    head = ("tickets of the year", *PERIODS, "statements")
    title = "Opening the dashboard by period, ms on the server"
    return month + "\n" + table(title, head, rows)


def last_month():
    """Return first and last day of the whole month before ``NOW``."""
    first = date(NOW.year, NOW.month, 1)
    end = first - timedelta(days=1)
    return end.replace(day=1), end


# ----------------------------------------------------------------------
# asking
# ----------------------------------------------------------------------


def _time(ask, repeats, *args):
    """Return the milliseconds of each time, and what the last one answered."""
    ask(*args)
    ms = []
    for _n in range(repeats):
        gc.collect()
        start = time.perf_counter()
        answer = ask(*args)
        ms.append((time.perf_counter() - start) * 1000)
    return ms, answer


def _ask_plain(env, start, end):
    """Return ``(dispatches, shares)`` of a month, counted from offers alone."""
    companies = env.companies.ids
    env.cr.execute(MONTH, {"start": start, "end": end, "companies": companies})
    count, *shares = env.cr.fetchone()
    return count, [round(float(share), 2) for share in shares]


def _ask_figures(env, start, end):
    """Return the same from the key figures of the addon."""
    env.cache.invalidate()
    kpis = env["crowd.kpi"].with_context(crowd_from=start, crowd_to=end)
    found = kpis._measure(list(FIGURES), kpis._cut())
    shares = [round(found[code].value, 2) for code in FIGURES]
    return found[FIGURES[0]].population, shares


def open_dashboard(env, period):
    """Open the dashboard as the web client does; return the number of statements."""
    env.cache.invalidate()
    before = env.cr.sql_log_count
    kpis = env["crowd.kpi"].with_context(crowd_period=period)
    view = kpis.fields_view_get(view_type="kanban")
    names = sorted(view["fields"])
    by = etree.fromstring(view["arch"]).get("default_group_by")
    groups = [{"__domain": []}]
    if by:
        groups = _call(kpis, "web_read_group", [], [by], [by])["groups"]
    for group in groups:
        _call(kpis, "search_read", group["__domain"], names, limit=40)
    return env.cr.sql_log_count - before


def _call(records, method, *args, **kwargs):
    kwargs["context"] = dict(records.env.context)
    return api.call_kw(records, method, list(args), kwargs)


def _count(env, model):
    return env[model].with_context(active_test=False).sudo().search_count([])


# ----------------------------------------------------------------------
# databases
# ----------------------------------------------------------------------


def database(tickets):
    """Return the name of a database with a year of so many tickets; it is kept."""
    kind = f"{machine.PREFIX}_kpis_{tickets}"
    name = f"{kind}_{year_hash()}"
    if not machine.exists(name):
        machine._drop_old(kind)
        _make(name, tickets)
    elif machine._brand(name) != machine.addon_hash():
        machine._update(name)
    return name


def year_hash():
    """Return a short hash of what makes a year."""
    return machine.code_hash(_maker_files())


def _maker_files():
    folder = machine.addon_folder()
    for name in MAKERS:
        path = folder / name
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _make(name, tickets):
    machine.say(f"{name}: making a year of {tickets:,} tickets")
    new = f"{name}_new"
    machine.copy(machine.TEMPLATE, new)
    with machine.environment(new) as env:
        env["crowd.demo"]._load_year(tickets, WAVE_SIZE, FIRST_NUMBER)
        env["ir.config_parameter"].set_param("crowd.bench", machine.addon_hash())
        env["base"].flush()
        env.cr.commit()
    machine.say("Vacuum")
    machine.vacuum(new, full=True)
    machine.rename(new, name)


def _manager(name):
    """An environment of the demo's manager, who sees both companies."""
    return machine.user_environment(name, "manager")
