"""usage: python -m simulate -c ODOO_CONF [options]   tickets through the engine, faster than time"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context

from . import databases, report, worker
from .behaviour import Habits

PREFIX = os.environ.get("CROWD_SIMULATE", "crowd_simulate")
TEMPLATE = os.environ.get("CROWD_TEMPLATE", "crowd_test")
OFF_HOURS = 6


def parse(args):
    parser = argparse.ArgumentParser(prog="simulate")
    parser.add_argument("-c", "--config", required=True)
    parser.add_argument("--size", type=int, default=10_000, help="tickets")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shards", type=int, default=0, help="0: one per processor")
    parser.add_argument("--per-day", type=float, default=90.0, help="tickets, a shard")
    parser.add_argument("--keep", action="store_true", help="the databases")
    return parser.parse_args(args)


def first_monday(now):
    """Return midnight of the Monday after ``now``: the demo's history ends today."""
    day = datetime(now.year, now.month, now.day)
    return day + timedelta(days=7 - day.weekday())


def shares_of(size, shards):
    """Return how many tickets each shard gets.

    >>> shares_of(7, 2)
    [4, 3]
    """
    return [size // shards + (n < size % shards) for n in range(shards)]


def main(args):
    begin = time.monotonic()
    options = parse(args)
    shards = options.shards or min(os.cpu_count(), max(1, options.size // 30))
    start = first_monday(datetime.utcnow())
    off = start + timedelta(days=1, hours=10)
    outages = [(off, off + timedelta(hours=OFF_HOURS))]
    settings = {
        "size": options.size,
        "seed": options.seed,
        "shards": shards,
        "tickets per day and shard": options.per_day,
        "start": f"{start} UTC",
        "server off": f"{off} UTC for {OFF_HOURS} hours",
    }
    print(report.parameters(Habits(), **settings), flush=True)
    names = [f"{PREFIX}_{n}" for n in range(shards)]
    jobs = [
        {
            "config": options.config,
            "name": name,
            "habits": Habits(),
            "seed": f"{options.seed}.{n}",
            "start": start,
            "count": count,
            "per_day": options.per_day,
            "outages": outages,
        }
        for n, (name, count) in enumerate(zip(names, shares_of(options.size, shards)))
    ]
    with databases.copies(TEMPLATE, names, options.keep):
        with ProcessPoolExecutor(shards, mp_context=get_context("spawn")) as pool:
            found = report.merge(list(pool.map(worker.run, jobs)))
    print("\n" + report.text(found, time.monotonic() - begin), flush=True)
    return 0 if report.is_good(found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
