"""Medians, 95th percentiles, ratios."""

from statistics import median


def p95(values):
    """Return the value that 95 % of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]


def both(values):
    """Return "median (p95)" in ms, as text."""
    return f"{short(median(values))} ({short(p95(values))})" if values else "-"


def short(number):
    """Return a number with three digits that matter."""
    if number is None:
        return "-"
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def table(title, head, rows):
    """Return a table as text, the first column to the left."""
    rows = [list(map(str, row)) for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = [
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths))
        )
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(["", title, "", *lines])
