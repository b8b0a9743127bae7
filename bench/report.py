"""Tables and plots of a run."""

import math
from pathlib import Path
from statistics import median

from . import desk, kpis, live, timers
from .goals import growths, ratio
from .stats import both, short, table

WIDTH, HEIGHT, LEFT, TOP = 760, 460, 70, 40


def tables(results):
    """Return all tables as one text."""
    parts = [live.table_of(results.on_server) if results.on_server else ""]
    parts.append(timers.table_of(results.timers) if results.timers else "")
    parts.append(kpis.table_of(results.figures) if results.figures else "")
    if results.cells:
        parts += _crowds(results)
    return "\n".join(filter(None, parts))


def _crowds(results):
    parts = [_cells(count, cells) for count, cells in results.cells.items()]
    parts += [_growth(results), _peers(results), _recall(results), _offers(results)]
    parts.append(desk.table_of(results.screens) if results.screens else "")
    return [*parts, plot(results)]


def _cells(count, cells):
    head = (
        "cell", "/floor", "/SQL", "match", "warm", "near misses too", "its SQL", "floor",
        "queries", "found",
    )  # fmt: skip
    rows = [
        (
            name,
            short(ratio(m, "cold", "floor")),
            short(ratio(m, "cold", "bare")),
            *(both(m.ms[what]) for what in ("cold", "warm", "near", "bare", "floor")),
            f"{min(m.statements)}-{max(m.statements)}",
            f"{min(m.ranked)}-{max(m.ranked)}",
        )
        for name, m in cells.items()
    ]
    title = f"Match among {count:,} workers: ratios, then ms as median (p95)"
    text = table(title, head, rows)
    for name, measured in cells.items():
        for node in sorted(measured.not_index_only):
            text += f"\n  ! {name}: {node}"
    return text


def _growth(results):
    counts = sorted(results.cells)
    if len(counts) < 2:
        return ""
    steps = list(zip(counts, counts[1:]))
    columns = [dict(growths(results, *step)) for step in steps]
    rows = [
        (name, *(short(column.get(name)) for column in columns)) for name in columns[-1]
    ]
    head = ("cell", *(f"{before:,} -> {after:,}" for before, after in steps))
    return table("Growth of the match, ratio of medians", head, rows)


def _peers(results):
    if not results.peers:
        return ""
    largest = max(results.cells)
    rows = []
    for peer in results.peers:
        ours = results.cells[largest].get(peer.cell)
        times = median(peer.ms) / median(ours.ms["cold"]) if ours else None
        rows.append(
            (peer.name, peer.cell, f"{peer.count:,}", short(times), both(peer.ms))
        )
    head = ("peer", "cell", "workers", "times slower", "ms")
    return table(f"Peers, against our match among {largest:,} workers", head, rows)


def _recall(results):
    if not results.recall:
        return ""
    rows = [
        (f"{count:,}", compared, compared - len(wrong), " ".join(wrong))
        for count, (compared, wrong) in results.recall.items()
    ]
    head = ("workers", "tickets", "equal", "not equal")
    return table("Ids, ranks and scores against judging every member", head, rows)


def _offers(results):
    if not results.offers:
        return ""
    plain, thread = results.offers
    rows = [
        ("as they are", both(plain), "1"),
        ("with mail.thread", both(thread), short(median(thread) / median(plain))),
    ]
    return table("Creating 200 offers", ("offers", "ms", "ratio"), rows)


def plot(results):
    """Return bars on a logarithmic scale: our cells by size, and the peers."""
    bars = [
        (f"{name}, {count:,}", median(m.ms["cold"]))
        for count, cells in results.cells.items()
        for name, m in cells.items()
    ] + [(f"{p.name}, {p.cell}, {p.count:,}", median(p.ms)) for p in results.peers]
    low = min(ms for _name, ms in bars) / 1.5
    span = math.log(max(ms for _name, ms in bars) / low)
    width = max(len(name) for name, _ms in bars)
    lines = ["", "ms, logarithmic", ""]
    for name, ms in bars:
        bar = "#" * max(1, round(50 * math.log(ms / low) / span))
        lines.append(f"{name.rjust(width)} {bar} {short(ms)}")
    return "\n".join(lines)


def draw(results, path):
    """Write a plot of time over the number of workers, both logarithmic, as SVG."""
    lines = _lines(results)
    counts = [count for _name, points in lines for count, _ms in points]
    times = [ms for _name, points in lines for _count, ms in points]
    across = _scale(min(counts), max(counts), LEFT, WIDTH - 230)
    down = _scale(_floor10(min(times)), _floor10(max(times)) * 10, HEIGHT - 40, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
        ' font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="20">ms per search, by number of workers</text>',
    ]
    ms = _floor10(min(times))
    while ms <= _floor10(max(times)) * 10:
        y = down(ms)
        parts.append(
            f'<path d="M{LEFT} {y:.0f}H{WIDTH - 230}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{ms:,g}</text>'
        )
        ms *= 10
    for count in sorted(set(counts)):
        parts.append(
            f'<text x="{across(count):.0f}" y="{HEIGHT - 20}" text-anchor="middle">'
            f"{count:,}</text>"
        )
    for number, (name, points) in enumerate(lines):
        color = f"hsl({number * 360 // len(lines)},70%,40%)"
        path_data = "L".join(f"{across(c):.1f} {down(ms):.1f}" for c, ms in points)
        parts.append(f'<path d="M{path_data}" fill="none" stroke="{color}"/>')
        parts += [
            f'<circle cx="{across(c):.1f}" cy="{down(ms):.1f}" r="3" fill="{color}"/>'
            for c, ms in points
        ]
        parts.append(
            f'<text x="{WIDTH - 220}" y="{TOP + 15 * number}" fill="{color}">{name}</text>'
        )
    Path(path).write_text("\n".join([*parts, "</svg>", ""]))


def _lines(results):
    lines = {}
    for count, cells in results.cells.items():
        for name, measured in cells.items():
            lines.setdefault(name, []).append((count, median(measured.ms["cold"])))
    for peer in results.peers:
        name = f"{peer.name}, {peer.cell}"
        lines.setdefault(name, []).append((peer.count, median(peer.ms)))
    return list(lines.items())


def _scale(low, high, start, end):
    span = math.log(high / low) or 1.0
    return lambda value: start + (end - start) * math.log(value / low) / span


def _floor10(value):
    return 10 ** math.floor(math.log10(value))
