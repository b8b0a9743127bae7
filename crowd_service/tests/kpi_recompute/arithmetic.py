"""Small things of which figures are made. Minutes are numbers, shares 0 or 100."""

from collections import defaultdict
from datetime import timedelta
from statistics import median

ACCEPTED = ("accepted", "completed", "backed_out", "no_show", "out_of_scope")
ENDED = ACCEPTED[1:]


def last_whole_month(day):
    """Return the first day of the last month that is over at the end of ``day``."""
    tomorrow = day + timedelta(days=1)
    return before(tomorrow.replace(day=1), 1)[0]


def before(month, number):
    """Return the first days of the ``number`` months before ``month``."""
    months = []
    for _number in range(number):
        month = (month - timedelta(days=1)).replace(day=1)
        months.append(month)
    return months


def group(rows, name):
    groups = defaultdict(list)
    for row in rows:
        groups[getattr(row, name)].append(row)
    return groups


def minutes(start, end):
    return (end - start).total_seconds() / 60 if start and end else None


def share(condition):
    return 100.0 if condition else 0.0


def is_job(o):
    """Tell whether somebody had said yes, whatever came of it."""
    return o.state in ACCEPTED or (o.state == "withdrawn" and bool(o.answered_at))


def result(o, d):
    if o.state == "completed":
        return "solved" if d.state == "done" else "unsolved"
    return "running" if o.state == "accepted" else o.state


def mean(numbers):
    return sum(numbers) / len(numbers)


def gini(numbers):
    """Half the mean difference of all pairs, over the mean."""
    total = sum(numbers)
    if not total:
        return None
    differences = sum(abs(one - other) for one in numbers for other in numbers)
    return differences / (2 * len(numbers) * total)


def ratio(numbers):
    yes = sum(number > 0 for number in numbers)
    return len(numbers) / yes if yes else None


TOGETHER = {
    "mean": mean,
    "median": median,
    "sum": sum,
    "count": sum,
    "ratio": ratio,
    "gini": gini,
}
