"""Where the time of a match goes: its statements, one by one."""

from collections import Counter, defaultdict
from statistics import median

from . import machine
from .cells import CELLS, tickets
from .measure import matched
from .record import listening, replay
from .stats import short, table


def table_of(name, wanted):
    """Return the statements of the cells' matches with their milliseconds, as text."""
    return "\n".join(
        _table(name, cell)
        for cell in CELLS
        if cell.timed and wanted.lower() in cell.name.lower()
    )


def _table(name, cell, count=8):
    spent, sent, times = defaultdict(list), Counter(), []
    with machine.agent_environment(name) as env, machine.bare(name) as connection:
        for ticket in tickets(env, cell)[:count]:
            env.cache.invalidate()
            matched(env, ticket)
            env.cache.invalidate()
            with listening(env.cr) as heard:
                times.append(matched(env, ticket)[0])
            replay(connection, heard)
            sums = Counter()
            for statement in heard:
                sums[_words(statement)] += replay(connection, [statement])
                sent[_words(statement)] += 1
            for words, ms in sums.items():
                spent[words].append(ms)
    rows = [
        (words, short(sent[words] / count), short(median(ms)), short(max(ms)))
        for words, ms in spent.items()
    ]
    title = f"{cell.name}, {name}: match {short(median(times))} ms"
    return table(title, ("statement", "times", "ms", "most"), rows)


def _words(statement):
    text = " ".join(str(statement.query).split())
    return ("* " if statement.is_own else "  ") + text[:70]
