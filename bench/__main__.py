"""usage: python -m bench -c ODOO_CONF [options]   measures the match, prints tables, and one line per goal at the end"""

import argparse
import sys
import time
from pathlib import Path

from . import machine

PARTS = (
    "match",
    "recall",
    "peers",
    "offers",
    "screens",
    "timers",
    "kpis",
    "waves",
    "races",
)


def size(text):
    """Return a number of workers: 10k, 100k, 1M, 500."""
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    return int(text[:-1] if factor > 1 else text) * factor


def sizes(text):
    return sorted({size(part) for part in text.split(",")})


def parts(text):
    wanted = set(text.split(",")) if text else set(PARTS)
    unknown = wanted - set(PARTS)
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}")
    return wanted


def parse(args):
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("-c", "--config", required=True)
    parser.add_argument("--sizes", type=sizes, default="10k,100k,1M")
    parser.add_argument("--only", type=parts, default="", help=",".join(PARTS))
    parser.add_argument("--cells", default="", help="part of the cells' names")
    parser.add_argument("--repeats", type=int, default=3, help="of each ticket")
    parser.add_argument("--tickets", type=int, default=20, help="of each cell")
    parser.add_argument("--recall-seconds", type=int, default=90, help="per size")
    parser.add_argument("--races", type=int, default=100, help="tickets of a race")
    parser.add_argument(
        "--year", type=size, default="100k", help="tickets of the year of the kpis"
    )
    parser.add_argument("--out", type=Path, default=Path(".local/bench"))
    parser.add_argument("--build", action="store_true", help="only make the databases")
    parser.add_argument("--statements", action="store_true", help="where the time goes")
    return parser.parse_args(args)


def main(args):
    start = time.monotonic()
    options = parse(args)
    machine.start(options.config)
    # what follows imports the addon, which needs Odoo's settings
    from . import goals, report, run, statements

    if options.build or options.statements:
        for count in options.sizes:
            name = machine.database(count)
            if options.statements:
                print(statements.table_of(name, options.cells))
        return 0
    results = run.Results()
    try:
        run.run(options, results)
    finally:  # what was measured until then is worth seeing
        text = report.tables(results)
        print(text, flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "tables.txt").write_text(text + "\n")
    print(f"\n{time.monotonic() - start:.0f} s")
    if results.cells:
        report.draw(results, options.out / "match.svg")
        print(f"plot: {options.out / 'match.svg'}")
    print()
    found = goals.goals(results)
    for goal in found:
        print(goal.line())
    return 0 if all(goal.is_met for goal in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
