"""On a real server with workers and job runner: a wave of 200 messages, races of 64 people."""

import logging
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .machine import ROOT, say
from .stats import both, table

sys.path.append(str(ROOT / "tests/e2e"))

PEOPLE, RACERS = 200, 64
#: Writes a sign for each decision, and for each time that it had to begin anew.
ADDON = """
import os

from odoo.addons.crowd_service import race

decide, decide_once = race.decide, race._decide_once
book = os.open(os.environ["CROWD_BOOK"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def counted(*args, **kwargs):
    os.write(book, b"d")
    return decide(*args, **kwargs)


def counted_once(*args, **kwargs):
    os.write(book, b"t")
    return decide_once(*args, **kwargs)


race.decide, race._decide_once = counted, counted_once
"""


@dataclass
class Live:
    """What was measured: seconds of waves, and of races the answers and tries."""

    waves: list = field(default_factory=list)  # seconds to the last of 200 messages
    winners: Counter = field(default_factory=Counter)  # {winners: how many races}
    answers: Counter = field(default_factory=Counter)
    errors: Counter = field(default_factory=Counter)  # in words
    retries: int = 0
    seconds: list = field(default_factory=list)  # of each race

    @property
    def retried(self):
        """Return the share of answers that had to begin anew, more than once counts."""
        return self.retries / max(sum(self.answers.values()), 1)


def measure(parts, tickets, repeats=3):
    """Return :class:`Live`.

    :param parts: "waves", "races" or both
    :param tickets: how many are raced for
    """
    from e2e_crowd import Crowd
    from e2e_patched import PatchedServer

    logging.getLogger("mail.log").setLevel(logging.WARNING)
    found = Live()
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "book"
        server = PatchedServer("bench", Path(folder), ADDON)
        launch = server.launch
        server.launch = lambda: launch(CROWD_BOOK=str(book))
        try:
            server.start()
            crowd = Crowd(server, server.login("admin"), "Bench")
            if "waves" in parts:
                say(f"Waves of {PEOPLE} messages")
                found.waves = [_wave(server, crowd) for _n in range(repeats)]
            if "races" in parts:
                say(f"Races of {RACERS} for {tickets:,} tickets")
                _races(server, crowd, tickets, found, book)
        finally:
            server.stop()
    return found


def _wave(server, crowd):
    """Return the seconds from sending a wave to the last message."""
    friends = crowd.workers(PEOPLE)
    ticket = crowd.ticket()
    server.wait_for_jobs()
    before = len(server.mails.mails)
    start = time.perf_counter()
    dispatch = crowd.agent("helpdesk.ticket", "crowd_dispatch", [ticket], friends, 30)
    while len(server.mails.mails) < before + PEOPLE:
        if time.perf_counter() - start > 300:
            raise RuntimeError("the messages do not arrive")
        time.sleep(0.02)
    seconds = time.perf_counter() - start
    crowd.agent("crowd.dispatch", "action_cancel", [dispatch])
    return seconds


def _races(server, crowd, tickets, found, book):
    from e2e_race import at_once, over_rpc, results

    racers = crowd.workers(RACERS, capacity=10_000)
    random.Random(6).shuffle(racers)
    for number in range(tickets):
        _ticket, dispatch, offers = crowd.offered(racers)
        calls = [
            _until_heard(over_rpc(crowd.agent, o, "phone", True))
            for o in offers.values()
        ]
        before = book.read_bytes()
        start = time.perf_counter()
        answers = at_once(calls)
        found.seconds.append(time.perf_counter() - start)
        tries = Counter(book.read_bytes()[len(before) :])
        found.retries += max(tries[ord("t")] - tries[ord("d")], 0)
        told = results(answers)
        found.answers += told
        found.errors.update(str(a.detail)[-90:] for a in answers if a.result == "error")
        found.winners[_count_winners(server, dispatch, told)] += 1
        crowd.finish(dispatch)
        if number % 100 == 99:
            say(f"{number + 1:,} tickets, {dict(found.answers)}")
            with server.cursor() as cr:  # thousands of messages to nobody
                cr.execute("DELETE FROM queue_job WHERE state = 'pending'")


def _until_heard(call):
    """Return a call that is repeated while nobody listens.

    Odoo's own server has room for few waiting connections; there is no proxy here.
    """

    def run():
        for _try in range(50):
            try:
                return call()
            except ConnectionError:
                time.sleep(0.2)
        return call()

    return run


def _count_winners(server, dispatch, told):
    """Return how many have won, by what they were told and by the database."""
    [(accepted,)] = server.sql(
        "SELECT count(*) FROM crowd_offer WHERE dispatch_id = %s AND state = 'accepted'",
        dispatch,
    )
    return max(accepted, told["accepted"])


def table_of(found):
    """Return what was measured as text."""
    parts = []
    if found.waves:
        rows = [(PEOPLE, both([s * 1000 for s in found.waves]))]
        parts.append(table("From a wave to its last message", ("people", "ms"), rows))
    if found.seconds:
        rows = [
            (
                sum(found.winners.values()),
                found.winners[1],
                ", ".join(f"{n} {name}" for name, n in found.answers.most_common()),
                found.retries,
                both([s * 1000 for s in found.seconds]),
            )
        ]
        head = ("tickets", "one winner", "answers", "retries", "ms")
        parts.append(table(f"Races of {RACERS}", head, rows))
        parts += [f"  ! {n} x {text}" for text, n in found.errors.most_common(3)]
    return "\n".join(parts)
