"""What is printed of a simulation. Plain Python, no Odoo."""

from collections import Counter

from .curve import shares


def merge(results):
    """Return the figures of all shards as those of one."""
    counts = {}
    for result in results:
        for name, counter in result["counts"].items():
            counts.setdefault(name, Counter()).update(counter)
    happened = Counter()
    for result in results:
        happened.update(result["happened"])
    return {
        "counts": counts,
        "happened": happened,
        "minutes": [pair for result in results for pair in result["minutes"]],
        "errors": [text for result in results for text in result["errors"]],
        "broken": [text for result in results for text in result["broken"]],
        "rules": results[0]["rules"],
        "until": max(result["until"] for result in results),
        "memory_mb": max(result["memory_mb"] for result in results),
        **{
            name: sum(result[name] for result in results)
            for name in ("open", "offered", "never_answered", "cpu_seconds")
        },
    }


def parameters(habits, **settings):
    """Return the settings and the model's parameters, as text."""
    pairs = [*settings.items(), *habits.lines()]
    width = max(len(name) for name, _value in pairs)
    return "\n".join(f"  {name.ljust(width)}  {value}" for name, value in pairs)


def text(found, seconds):
    """Return the figures of a simulation, as text."""
    lines = []
    for name, counter in found["counts"].items():
        parts = [f"{key} {count:,}" for key, count in counter.items()]
        lines.append(f"{name + ':':<22} {', '.join(parts) or '-'}")
    parts = [f"{key} {count:,}" for key, count in found["happened"].items()]
    lines.append(f"{'simulated:':<22} {', '.join(parts)}")
    lines += ["", *_curve(found), "", *_verdict(found)]
    tickets = found["counts"]["tickets"]["in all"]
    per_ticket = 1000 * found["cpu_seconds"] / max(tickets, 1)
    lines.append(
        f"{seconds:.0f} s for {tickets:,} tickets, until {found['until']} UTC;"
        f" {per_ticket:.0f} ms of CPU per ticket in Python,"
        f" {found['memory_mb']} MB per process"
    )
    return "\n".join(lines)


def _curve(found):
    minutes = [m for m, _kind in found["minutes"]]
    crowd = [m for m, kind in found["minutes"] if kind != "technician"]
    by_crowd = shares(crowd, found["offered"])
    yield "accepted within, after the first offer   all  by the crowd  Mila"
    for (limit, share, mila), (_limit, own, _mila) in zip(
        shares(minutes, found["offered"]), by_crowd
    ):
        yield f"{limit:>6} minutes {share:29.1%} {own:13.1%} {mila:5.0%}"


def _verdict(found):
    for text in found["broken"]:
        yield f"BROKEN: {text}"
    for text, count in Counter(found["errors"]).most_common(10):
        yield f"ERROR in the log, {count} times: {text}"
    held = found["rules"] - len(found["broken"])
    yield f"invariants: {held} of {found['rules']} hold over all records"
    yield f"errors in the log: {len(found['errors'])}"
    yield f"still open: {found['open']}"
    yield f"never answered: {found['never_answered']}"


def is_good(found):
    """Tell whether nothing is broken and everybody got an answer."""
    return not (
        found["broken"] or found["errors"] or found["never_answered"] or found["open"]
    )
