"""Processes are killed in the middle of something: all of it happened, or nothing did.

T13 kills the worker process that decides an accept, at five points; T14 kills the one
that sends the messages of a wave. An addon of the test lets a process kill itself
(SIGKILL) at a point, when a file of that name lies in a folder.
"""

import os
import time

import pytest
import requests
from e2e_crowd import Crowd
from e2e_patched import PatchedServer
from e2e_race import Friend, result_of
from e2e_server import broken_invariants, unexpected_errors

LONG = bool(os.environ.get("CROWD_LONG"))
ADDON = """
import os
import signal

from odoo import http
from odoo.addons.crowd_service.gateways.mail import MailAdapter
from odoo.addons.crowd_service.models.crowd_offer_race import CrowdOffer

WISHES = os.environ["CROWD_DEATHS"]


def die_at(point):
    wish = os.path.join(WISHES, point)
    try:
        os.rename(wish, wish + ".done")
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def around(owner, name, before="", after=""):
    method = getattr(owner, name)

    def wrapped(self, *args, **kwargs):
        die_at(before)
        result = method(self, *args, **kwargs)
        if after == "before_commit":
            self.flush()
        die_at(after)
        return result

    setattr(owner, name, wrapped)


around(CrowdOffer, "_count_accept", "before_lock", "after_update")
around(CrowdOffer, "_win", "locked", "before_commit")
around(CrowdOffer, "_decide", "asked", "after_commit")
around(http.HttpRequest, "dispatch", "arrived", "before_reply")
around(MailAdapter, "transmit", "before_sending", "after_sending")
"""
POINTS = (
    "before_lock",
    "after_update",
    "before_commit",
    "after_commit",
    "before_reply",
)
COMMITTED = ("after_commit", "before_reply")
#: Seconds until the job runner misses a killed job: a cron wakes it each minute, and
#: Odoo's cron processes sleep up to ten seconds longer. Seen: 67 to 73.
MISSED = 90
FRIENDS, KILLS = (1000, 5) if LONG else (40, 2)


class MortalServer(PatchedServer):
    """A server whose processes die when they are told to."""

    def __init__(self, folder):
        self.wishes = folder / "wishes"
        self.wishes.mkdir()
        super().__init__("mortal", folder, ADDON)

    def launch(self):
        super().launch(CROWD_DEATHS=str(self.wishes))

    def die_at(self, point):
        """Whoever comes to that point next is killed."""
        (self.wishes / f"{point}.done").unlink(missing_ok=True)
        (self.wishes / point).touch()

    def has_died_at(self, point):
        return (self.wishes / f"{point}.done").exists()


@pytest.fixture(scope="module")
def mortal(tmp_path_factory):
    server = MortalServer(tmp_path_factory.mktemp("mortal"))
    try:
        server.start()
        server.crowd = Crowd(server, server.login("admin"), "Mortal")
        yield server
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def nothing_broken(mortal):
    """The invariants hold; the log has no error but those of killed processes."""
    mortal.new_log_lines()
    yield
    with mortal.cursor() as cr:
        broken = broken_invariants(cr)
    errors = unexpected_errors(mortal.new_log_lines(), is_of_a_kill)
    assert not broken, "\n".join(broken)
    assert not errors, "\n".join(errors)


def is_of_a_kill(logger, text):
    """Tell whether the job runner says that the killed process hung up."""
    return "queue_job.jobrunner" in logger and "exception in GET" in text


def accept(friend):
    """Return the answer to one tap, "nothing" when the server hung up."""
    try:
        return result_of(friend.post("accept"))
    except requests.ConnectionError:
        return "nothing"


@pytest.mark.parametrize("repeat", range(50 if LONG else 2))
@pytest.mark.parametrize("point", POINTS)
def test_t13_kill_in_an_accept(mortal, point, repeat):
    crowd = mortal.crowd
    winner, other = crowd.workers(2)
    _ticket, dispatch, offers = crowd.offered([winner, other])
    tokens = crowd.tokens(offers.values())
    friend, late = (Friend(mortal, tokens[offers[w]]) for w in (winner, other))
    friend.look()
    late.look()
    mortal.wait_for_jobs()  # the job runner's requests can die as well
    mortal.die_at(point)

    assert accept(friend) == "nothing"
    assert mortal.has_died_at(point)

    was = crowd.dispatch(dispatch)
    if point in COMMITTED:
        assert crowd.states(dispatch) == {"accepted": 1, "lost": 1}
        assert was["state"] == "assigned" and was["order"]
    else:
        assert crowd.states(dispatch) == {"sent": 2}
        assert was["state"] == "offered" and not was["order"]
    again = accept(friend)
    assert again == ("yours" if point in COMMITTED else "accepted")
    assert accept(late) == "taken"
    orders = mortal.sql("SELECT id FROM fsm_order WHERE ticket_id = %s", was["ticket"])
    assert len(orders) == 1
    crowd.finish(dispatch)


def test_t14_kill_in_a_wave(mortal):
    """Each message gets out in the end, at most once more per kill."""
    crowd = mortal.crowd
    mortal.wait_for_jobs()
    friends = crowd.workers(FRIENDS)
    _ticket, dispatch, offers = crowd.offered(friends)
    for number in range(KILLS):
        point = ("after_sending", "before_sending")[number % 2]
        mortal.die_at(point)
        wait(MISSED, lambda point=point: mortal.has_died_at(point), point)
    killed_at = time.monotonic()

    most = MISSED + FRIENDS / 5
    mortal.wait_for(
        "SELECT 1 FROM crowd_delivery WHERE dispatch_id = %s AND purpose = 'offer'"
        " HAVING count(*) FILTER (WHERE state = 'sent') = %s",
        dispatch,
        len(friends),
        seconds=most,
        what="all messages sent",
    )

    counts = [len(mortal.mails.to(crowd.mail(friend))) for friend in friends]
    print(
        f"T14: {KILLS} kills among messages to {len(friends)} people, all are told"
        f" {time.monotonic() - killed_at:.0f} s after the last;"
        f" {sum(n > 1 for n in counts)} got a message twice"
    )
    assert min(counts) == 1 and sum(counts) <= len(friends) + KILLS
    assert crowd.offers(dispatch) == offers
    crowd.agent("crowd.dispatch", "action_cancel", [dispatch])


def wait(seconds, look, what):
    until = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < until, f"nothing came to {what} in {seconds} s"
        time.sleep(0.05)
