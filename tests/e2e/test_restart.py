"""T15: PostgreSQL restarts while people accept."""

import os
import signal
import subprocess
import threading
import time
import xmlrpc.client

import pytest
from e2e_race import over_rpc
from e2e_server import LOCAL, SCRIPTS
from psycopg2 import sql

LONG = bool(os.environ.get("CROWD_LONG"))
PEOPLE = 100 if LONG else 20
PER_SECOND = 20
RECOVERED = 30  # seconds after the restart
PATIENCE = 90  # seconds that somebody goes on tapping


def cluster(command):
    """Start or stop PostgreSQL; nobody waits for what the script leaves behind."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([SCRIPTS / "pg", command], check=True, timeout=120, **quiet)


def restart_fast():
    """Everybody is disconnected, what runs is rolled back."""
    cluster("stop")
    cluster("start")


def restart_immediately():
    """As after a crash."""
    place = (LOCAL / "pg.place").read_text().strip()
    file = os.path.join(place, "data", "postmaster.pid")
    with open(file) as lines:
        os.kill(int(lines.readline()), signal.SIGQUIT)
    until = time.monotonic() + 30
    while os.path.exists(file) and time.monotonic() < until:
        time.sleep(0.1)
    cluster("start")


class Person:
    """Taps on accept until there is an answer, as people do."""

    def __init__(self, accept, after):
        self.accept, self.after = accept, after
        self.answer, self.errors, self.answered_at = None, 0, None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        time.sleep(self.after)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                self.answer = self.accept().result
            except (OSError, xmlrpc.client.Error):
                self.errors += 1
                time.sleep(1)
                continue
            if self.answer != "busy":
                self.answered_at = time.monotonic()
                return


@pytest.mark.skipif(
    bool(os.environ.get("CROWD_PG_HOST")), reason="the database server is not ours"
)
@pytest.mark.parametrize("restart", (restart_fast, restart_immediately))
def test_t15_database_restarts(server, crowd, restart):
    with server.cursor() as cr:  # the cluster of the tests may forget the last moment
        query = sql.SQL("ALTER DATABASE {} SET synchronous_commit = on")
        cr.execute(query.format(sql.Identifier(server.database)))
        cr.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid != pg_backend_pid()"
        )
    time.sleep(6)  # the job runner connects again after five seconds
    made = [crowd_offer(crowd) for _n in range(PEOPLE)]
    people = [
        Person(over_rpc(crowd.agent, offer, "phone", True), number / PER_SECOND)
        for number, (_dispatch, offer) in enumerate(made)
    ]
    for person in people:
        person.thread.start()
    time.sleep(PEOPLE / PER_SECOND / 3)
    began = time.monotonic()
    restart()
    restarted = time.monotonic()
    for person in people:
        person.thread.join()

    last = max(person.answered_at or float("inf") for person in people) - restarted
    errors = sum(person.errors for person in people)
    print(
        f"T15 {restart.__name__}: {restarted - began:.1f} s, {errors} errors,"
        f" the last answer {last + restarted - began:.1f} s after it began"
    )
    assert {person.answer for person in people} <= {"accepted", "yours"}
    assert errors, "the restart should have been felt"
    assert last <= RECOVERED
    for dispatch, _offer in made:
        assert crowd.dispatch(dispatch)["state"] == "assigned"
        crowd.finish(dispatch)
    server.wait_for_jobs()
    server.new_log_lines()  # connections were lost: that is what it is about


def crowd_offer(crowd):
    """Return dispatch and offer of a new ticket for one new friend."""
    _ticket, dispatch, offers = crowd.offered(crowd.workers(1))
    return dispatch, *offers.values()
