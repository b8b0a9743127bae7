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
        "reports": _merge_reports([result["reports"] for result in results]),
        "until": max(result["until"] for result in results),
        "memory_mb": max(result["memory_mb"] for result in results),
        **{
            name: sum(result[name] for result in results)
            for name in ("open", "offered", "never_answered", "cpu_seconds")
        },
    }


def _merge_reports(reports):
    """Return what the reports of all shards say together."""
    within = zip(*(report["within"] for report in reports))
    return {
        "offered": sum(report["offered"] for report in reports),
        "never_answered": sum(report["never_answered"] for report in reports),
        "within": [
            (parts[0][0], sum(p[1] for p in parts), sum(p[2] for p in parts))
            for parts in within
        ],
        "figures": sum(report["figures"] for report in reports),
        "differing": [text for report in reports for text in report["differing"]],
    }


def contradictions(found):
    """Yield a sentence for each figure that the reports tell otherwise.

    >>> reports = {"offered": 2, "never_answered": 0, "within": [(10, 1, 0)]}
    >>> found = {"offered": 2, "never_answered": 0, "minutes": [(9.5, "friend")]}
    >>> list(contradictions(dict(found, reports=dict(reports, differing=[]))))
    ['accepted within 10 minutes, by the crowd: 1, in the reports 0']
    """
    reports = found["reports"]
    pairs = [
        ("dispatches offered", found["offered"], reports["offered"]),
        ("never answered", found["never_answered"], reports["never_answered"]),
    ]
    for limit, count, by_crowd in reports["within"]:
        kinds = [kind for minutes, kind in found["minutes"] if minutes <= limit]
        name = f"accepted within {limit} minutes"
        crowd = sum(kind != "technician" for kind in kinds)
        pairs.append((name, len(kinds), count))
        pairs.append((name + ", by the crowd", crowd, by_crowd))
    for name, mine, theirs in pairs:
        if mine != theirs:
            yield f"{name}: {mine}, in the reports {theirs}"
    yield from reports["differing"]


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
    differing = list(contradictions(found))
    for text in differing:
        yield f"CONTRADICTION: {text}"
    told = "contradict these figures" if differing else "say the same"
    counted = found["reports"]["figures"]
    yield f"reports: {told}; {counted} key figures counted again from the rows"
    yield f"still open: {found['open']}"
    yield f"never answered: {found['never_answered']}"


def is_good(found):
    """Tell whether nothing is broken and everybody got an answer."""
    return not (
        found["broken"]
        or found["errors"]
        or found["never_answered"]
        or found["open"]
        or list(contradictions(found))
    )
