"""What happens when a guard of the race is taken out: the tests must notice.

Not part of the ordinary run, because every case starts a server of its own:

    .local/venv/bin/pytest -p no:odoo -s tests/e2e/mutation.py

It prints the table of ``docs/concurrency.md``. The guards are taken out by an addon
that is written to a temporary folder; the product has no switch for it.
"""

import pytest
from e2e_crowd import Crowd
from e2e_patched import PatchedServer
from e2e_race import at_once, over_rpc, results
from e2e_server import broken_invariants

ADDON = """
import os

from odoo.addons.crowd_service import compat, race
from odoo.addons.crowd_service.models.crowd_offer_race import CrowdOffer

GONE = os.environ.get("CROWD_GUARDS_GONE", "").split(",")


def lock(records, wait=True):
    compat.flush(records.env)
    records.invalidate_cache()


def decide_once(env, decision, line=0):
    compat.invalidate(env)
    try:
        with env.registry.cursor() as cr:
            cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            own = env(cr=cr)
            result = decision(own)
            compat.flush(own)
            return result
    finally:
        compat.invalidate(env)


if "lock" in GONE:
    race.lock = lock
if "snapshot" in GONE:
    race._decide_once = decide_once
if "count" in GONE:
    CrowdOffer._count_accept = lambda self: None
"""
PEOPLE = 40


@pytest.fixture(scope="module")
def mutant(tmp_path_factory):
    """The server, with a crowd whose guards are all there."""
    server = PatchedServer("mutant", tmp_path_factory.mktemp("addons"), ADDON)
    try:
        server.start()
        server.crowd = Crowd(server, server.login("admin"), "Mutant")
        server.crowd_workers = server.crowd.workers(PEOPLE * 3)
        yield server
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def nothing_broken():
    """Here things do break."""


@pytest.fixture(scope="module", autouse=True)
def table():
    """Print what was seen, as a table in Markdown."""
    rows = ["| guards taken out | test | winners | what the checker says |"]
    rows.append("|---|---|---|---|")
    yield rows
    print("\n" + "\n".join(rows))


@pytest.fixture
def without(mutant):
    """Restart the server without some guards; put the index back at the end."""

    def restart(gone):
        mutant.halt()
        mutant.launch(CROWD_GUARDS_GONE=",".join(gone))
        crowd = mutant.crowd
        for rpc in (crowd.admin, crowd.agent, crowd.dispatcher):
            rpc.__init__(mutant.url, rpc.database, rpc.login, rpc.password, rpc.uid)
        if "index" in gone:
            with mutant.cursor() as cr:
                cr.execute("DROP INDEX crowd_offer_one_winner")
        return crowd

    yield restart
    with mutant.cursor() as cr:
        cr.execute(
            "UPDATE crowd_offer SET state = 'completed' WHERE state = 'accepted'"
        )
        cr.execute(
            "UPDATE crowd_offer SET state = 'lost' WHERE state = 'completed' AND id NOT IN"
            " (SELECT min(id) FROM crowd_offer WHERE state = 'completed'"
            "   GROUP BY dispatch_id)"
        )
        cr.execute("UPDATE crowd_dispatch SET state = 'cancelled', closed_at = now()")
        cr.execute("DELETE FROM crowd_event")
        cr.execute("DELETE FROM crowd_review")  # of jobs that are cancelled now
        cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS crowd_offer_one_winner"
            " ON crowd_offer (dispatch_id) WHERE state IN ('accepted', 'completed')"
        )


def most_winners(race, harmless):
    """Return the most winners of a race, run until there are two if there may be.

    With two worker processes only two people really meet, so that a gap in the guards
    does not show in every race.
    """
    most = 0
    for _ in range(1 if harmless else 8):
        answers = race()
        print(dict(results(answers)))
        most = max(most, results(answers)["accepted"])
        if most > 1:
            break
    return most


def note(table, gone, test, winners, mutant):
    """Add a line to the table; return whether anything is wrong."""
    with mutant.cursor() as cr:
        broken = broken_invariants(cr)
    rules = ", ".join(sorted({sentence.split()[0] for sentence in broken}))
    names = ", ".join(gone) or "none"
    table.append(f"| {names} | {test} | {winners} | {rules or 'nothing'} |")
    return winners > 1 or bool(broken)


@pytest.mark.parametrize("gone, harmless", [((), True), (("count",), False)])
def test_t3(mutant, without, table, gone, harmless):
    """Many tickets, one friend with room for one job."""
    crowd = without(gone)

    def race():
        [worker] = crowd.workers(1)
        offers = [crowd.offered([worker])[2][worker] for _ in range(PEOPLE)]
        return at_once([over_rpc(crowd.agent, o, "phone", True) for o in offers])

    winners = most_winners(race, harmless)
    assert note(table, gone, "T3", winners, mutant) is not harmless


@pytest.mark.parametrize(
    "gone, harmless",
    [
        ((), True),
        (("lock",), True),
        (("index",), True),
        (("snapshot",), True),
        (("lock", "index"), True),
        (("index", "snapshot"), True),
        (("lock", "snapshot"), True),
        (("lock", "index", "snapshot"), False),
    ],
    ids=lambda value: "+".join(value) or "none" if isinstance(value, tuple) else "",
)
def test_t1(mutant, without, table, gone, harmless):
    """One ticket, many people."""
    crowd = without(gone)

    def race():
        free = crowd.free(mutant.crowd_workers)[:PEOPLE]
        _ticket, _dispatch, offers = crowd.offered(free)
        calls = [over_rpc(crowd.agent, o, "phone", True) for o in offers.values()]
        return at_once(calls)

    winners = most_winners(race, harmless)
    assert note(table, gone, "T1", winners, mutant) is not harmless
