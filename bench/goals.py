"""The goals and whether they are met, from what was measured."""

from dataclasses import dataclass
from statistics import median

from . import desk
from .stats import p95, short


@dataclass(frozen=True)
class Goal:
    """``limit`` is the most, or (``is_least``) the least that ``value`` may be."""

    name: str
    value: float
    limit: float
    what: str
    is_least: bool = False

    @property
    def is_met(self):
        if self.is_least:
            return self.value >= self.limit
        return self.value <= self.limit

    def line(self):
        """Return "P1 <value> <goal> ok", the last lines of a run."""
        sign = ">=" if self.is_least else "<="
        verdict = "ok" if self.is_met else "short"
        limit = f"{self.limit:,g}"
        return f"{self.name} {short(self.value)} {sign}{limit} {verdict}   {self.what}"


def ratio(measured, of, to):
    """Return the ratio of two medians of a :class:`measure.Measured`."""
    return median(measured.ms[of]) / median(measured.ms[to])


def goals(results):
    """Return the goals that the results can tell of, :class:`run.Results`."""
    crowds = _crowds(results) if results.cells else []
    timers = _timers(*results.timers) if results.timers else []
    years = _year(results.figures) if results.figures else []
    return (
        crowds
        + timers
        + years
        + (_live(results.on_server) if results.on_server else [])
    )


def _timers(few, many, jobs):
    """Return the goals of many deadlines at once."""
    what = f"deadlines a minute, their jobs, {jobs.count:,} on two workers"
    is_all = many.done == many.count and jobs.done == jobs.count
    done = jobs.per_minute if is_all else 0
    growth = many.statements_each / few.statements_each
    return [
        Goal("P8", done, 10_000, what, is_least=True),
        Goal(
            "P8",
            growth,
            1.02,
            f"statements each, a sweep over {many.count:,} / {few.count:,}",
        ),
        Goal("P8", many.memory_mb, 20, f"MB more for {many.count:,} deadlines"),
    ]


def _year(found):
    """Return the goals of a month of key figures, and of the dashboard."""
    what = f"times faster than a plain view, a month, {found.offers:,} offers"
    demo = found.dashboards[0]
    dashboard = (
        f"ms, the dashboard opens, last 30 days, {demo.tickets:,} tickets a year"
    )
    return [
        Goal("P7", found.advantage, 20, what, is_least=True),
        Goal("P7", median(demo.ms["d30"]), 300, dashboard),
    ]


def _live(live):
    """Return the goals of a real server."""
    found = []
    if live.waves:
        what = "seconds from sending a wave to the last of 200 messages, one job runner"
        found.append(Goal("P5b", median(live.waves), 5, what))
    if live.winners:
        tickets = sum(live.winners.values())
        what = f"one winner among 64, share of {tickets:,} tickets"
        share = live.winners[1] / tickets
        found.append(Goal("P6", share, 1.0, what, is_least=True))
        what = "retries / answers of 64 racers"
        found.append(Goal("P6", live.retried, 0.01, what))
    return found


def _crowds(results):
    found = []
    largest = max(results.cells)
    cells = results.cells[largest]
    million = f"{largest:,} workers"
    # remote work has no nearest 50: its floor is one look at the head of an index
    on_site = [m for m in cells.values() if m.cell.place]
    for name, to, limit in (("P1", "floor", 10), ("P1", "bare", 3)):
        worst = max(on_site, key=lambda m, to=to: ratio(m, "cold", to))
        what = f"match / {to}, {million}, worst cell: {worst.cell.name}"
        found.append(Goal(name, ratio(worst, "cold", to), limit, what))
    if len(results.cells) > 1:
        found.append(_growth(results, largest))
    found += _peers(results, cells)
    for count, (compared, wrong) in results.recall.items():
        share = 1 - len(wrong) / compared
        what = f"recall, {compared} tickets against judging all of {count:,}"
        found.append(Goal("P4", share, 1.0, what, is_least=True))
    if results.offers:
        plain, thread = map(median, results.offers)
        what = "200 offers / the same with mail.thread"
        found.append(Goal("P5a", plain / thread, 0.2, what))
    if results.screens:
        growth, screen = desk.worst(results.screens)
        what = f"screens, growth from {desk.FEW:,} workers, worst: {screen}"
        found.append(Goal("screens", growth, desk.MOST, what))
    crowded = next(iter(cells.values()))
    what = f"search, p95 in ms, {crowded.cell.name}, {results.in_range:,} in range"
    found.append(Goal("T56", p95(crowded.ms["cold"]), 300, what))
    scans = sum(bool(m.not_index_only) for m in cells.values())
    what = "cells whose statements read more of the search table than an index"
    found.append(Goal("plan", scans, 0, what))
    return found


def _growth(results, largest):
    before = sorted(results.cells)[-2]
    cell, growth = max(growths(results, before, largest), key=lambda pair: pair[1])
    what = f"growth from {before:,} to {largest:,} workers, worst cell: {cell}"
    return Goal("P2", growth, 4, what)


def growths(results, before, after):
    """Return ``[(cell, ratio of the medians)]`` of two sizes."""
    return [
        (
            name,
            median(after_.ms["cold"]) / median(results.cells[before][name].ms["cold"]),
        )
        for name, after_ in results.cells[after].items()
        if name in results.cells[before]
    ]


def _peers(results, cells):
    """Compare with the peers at the same kind of place; the least advantage counts."""
    found = []
    for peer, limit in (("search_geo_partner", 50), ("geodesic loop", 1000)):
        known = [p for p in results.peers if p.name == peer and p.cell in cells]
        if not known:
            continue
        count = max(p.count for p in known)
        least = min(
            (median(p.ms) / median(cells[p.cell].ms["cold"]), p.cell)
            for p in known
            if p.count == count
        )
        what = f"times faster than {peer} at {count:,}, {least[1]}"
        found.append(Goal("P3", least[0], limit, what, is_least=True))
    return found
