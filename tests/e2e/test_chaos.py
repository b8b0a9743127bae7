"""Tickets on the real clock: people answer over HTTP while processes and mail die.

The short form has 20 tickets, with CROWD_LONG=1 there are 200. Who does what is chance
with a seed. At the end nobody was left without an answer, and the invariants hold.
"""

import os
import random
import signal
import threading
import time
import xmlrpc.client
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from e2e_race import Friend, result_of
from e2e_server import unexpected_errors

SEED = int(os.environ.get("CROWD_SEED", "14"))
TICKETS = 200 if os.environ.get("CROWD_LONG") else 20
FRIENDS = TICKETS * 3
CHAOS = 60 + TICKETS  # seconds in which things go wrong
SECONDS = CHAOS + 240  # until everybody must have an answer
ACCEPT, DECLINE = 0.25, 0.25  # the others are silent
ACKNOWLEDGE = 0.6
SLOWEST = 45  # seconds until somebody answers
KILL_EVERY, MAIL_AWAY_EVERY, MAIL_AWAY = (4, 9), (15, 25), 8
SMS_BAD_EVERY, SMS_BAD = (10, 20), 8
SMS_FAULTS = ("broken", "garbage", "taken", "hang", "liar", "slow")
STEPS = [
    {
        "sequence": 1,
        "kind": "offer",
        "audience": "crowd",
        "quantity": 4,
        "per_wave": 2,
        "pause_minutes": 1,
        "offer_minutes": 2,
    },
    {
        "sequence": 2,
        "kind": "escalate",
        "after_minutes": 2,
        "target": "leader",
        "acknowledge_minutes": 1,
    },
    {
        "sequence": 3,
        "kind": "escalate",
        "after_minutes": 3,
        "target": "fallback",
        "acknowledge_minutes": 1,
    },
]


class Chaos:
    """What goes wrong while the people act; all threads end with ``is_over``."""

    def __init__(self, server, provider):
        self.server, self.provider = server, provider
        self.chance = random.Random(SEED)
        self.is_over = threading.Event()
        self.kills = self.mail_failures = self.sms_failures = 0
        self.threads = [
            threading.Thread(target=target, daemon=True)
            for target in (self.kill, self.lose_mail, self.lose_sms)
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def kill(self):
        """Kill a process of the server, whichever: worker, cron, job runner."""
        while not self.is_over.wait(self.chance.uniform(*KILL_EVERY)):
            pid = self.server.pid
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            try:
                os.kill(int(self.chance.choice(children)), signal.SIGKILL)
            except (IndexError, ProcessLookupError):
                continue
            self.kills += 1

    def lose_mail(self):
        while not self.is_over.wait(self.chance.uniform(*MAIL_AWAY_EVERY)):
            with self.server.mails.dead():
                self.mail_failures += 1
                self.is_over.wait(MAIL_AWAY)

    def lose_sms(self):
        """The provider fails, hangs, lies; whom it does not reach gets an e-mail."""
        while not self.is_over.wait(self.chance.uniform(*SMS_BAD_EVERY)):
            self.provider.settings(mode=self.chance.choice(SMS_FAULTS))
            self.sms_failures += 1
            self.is_over.wait(SMS_BAD)
            self.provider.settings(mode="ok")


class People:
    """Everybody who answers: friends by link, the desk by XML-RPC."""

    def __init__(self, server, crowd):
        self.server, self.crowd = server, crowd
        self.chance = random.Random(SEED + 1)
        self.known, self.answers = set(), Counter()
        self.pool = ThreadPoolExecutor(6)
        self.plans, self.acts = [], []  # (moment, what to do), what is being done

    def act_until(self, moment, dispatches):
        """Act until then, or until every ticket has an answer."""
        while time.monotonic() < moment and open_ones(self.server, dispatches):
            self.look(dispatches)
            self.act()
            time.sleep(1)

    def finish(self):
        """Wait for those who are at it."""
        for act in self.acts:
            act.result(timeout=90)

    def look(self, dispatches):
        """Let everybody who was asked since then make up his mind."""
        offers = self.server.sql(
            "SELECT id FROM crowd_offer WHERE state = 'sent' AND dispatch_id IN %s"
            " ORDER BY id",
            tuple(dispatches),
        )
        for (offer,) in offers:
            if ("offer", offer) not in self.known:
                self.known.add(("offer", offer))
                self.plan_offer(offer)
        escalations = self.server.sql(
            "SELECT id, user_id FROM crowd_escalation WHERE state = 'open'"
            " AND dispatch_id IN %s ORDER BY id",
            tuple(dispatches),
        )
        for escalation, user in escalations:
            if ("escalation", escalation) not in self.known:
                self.known.add(("escalation", escalation))
                if self.chance.random() < ACKNOWLEDGE:
                    self.plan(lambda e=escalation, u=user: self.acknowledge(e, u))

    def plan(self, what):
        self.plans.append((time.monotonic() + self.chance.uniform(0, SLOWEST), what))

    def plan_offer(self, offer):
        mind = self.chance.random()
        if mind < ACCEPT:
            self.plan(lambda: self.accept(offer))
        elif mind < ACCEPT + DECLINE:
            self.plan(lambda: self.decline(offer))

    def act(self):
        """Let those act whose moment has come."""
        now = time.monotonic()
        due = [what for moment, what in self.plans if moment <= now]
        self.plans = [plan for plan in self.plans if plan[0] > now]
        self.acts += [self.pool.submit(what) for what in due]

    def accept(self, offer):
        [token] = self.crowd.tokens([offer]).values()
        answer = result_of(self.press(token, "accept"))
        self.answers[answer] += 1
        if answer in ("accepted", "yours"):
            self.press(token, "start")
            self.press(token, "done", note="Done.")

    def decline(self, offer):
        [token] = self.crowd.tokens([offer]).values()
        self.answers[result_of(self.press(token, "decline", reason="no_time"))] += 1

    def press(self, token, action, **values):
        """Press a button until the server answers; return the page."""
        until = time.monotonic() + 60
        while True:
            try:
                friend = Friend(self.server, token)
                page = friend.look()
                if not friend.csrf:  # nothing to press any more
                    return page
                page = friend.post(action, **values)
                page.raise_for_status()
                if "Many people are answering" not in page.text:
                    return page
            except requests.RequestException:
                self.answers["no answer from the server"] += 1
            if time.monotonic() > until:
                raise AssertionError("the server does not answer any more")
            time.sleep(1)

    def acknowledge(self, escalation, user):
        desk = self.crowd.dispatcher
        rpc = (desk if user == desk.uid else self.crowd.admin).again()
        for _try in range(30):
            try:
                rpc("crowd.escalation", "action_acknowledge", [escalation])
            except xmlrpc.client.Fault as fault:
                over = "is over" in fault.faultString
                self.answers["too late" if over else fault.faultString[-60:]] += 1
                return
            except (OSError, xmlrpc.client.ProtocolError):
                time.sleep(1)
            else:
                self.answers["responsible"] += 1
                return


@pytest.fixture
def policy(crowd):
    """A ladder of three minutes."""
    values = {"name": "Chaos", "company_id": crowd.company, "active": False}
    return crowd.admin(
        "crowd.policy",
        "create",
        dict(values, step_ids=[[0, 0, step] for step in STEPS]),
    )


@pytest.mark.timeout(SECONDS * 3)
def test_tickets_while_everything_dies(server, crowd, provider, policy):
    for n, worker in enumerate(crowd.workers(FRIENDS, capacity=3)):
        if n % 3 == 0:
            provider.reached(worker, f"+4179555{n:04}")
    made = [
        crowd.ticket(name=f"Chaos {n}", crowd_policy_id=policy) for n in range(TICKETS)
    ]
    dispatches = [
        crowd.agent("helpdesk.ticket", "crowd_dispatch", [ticket]) for ticket in made
    ]
    people = People(server, crowd)
    start = time.monotonic()
    with Chaos(server, provider) as chaos:
        people.act_until(start + CHAOS, dispatches)
    people.act_until(start + SECONDS, dispatches)
    people.finish()
    waiting = open_ones(server, dispatches)
    print(
        f"Chaos, seed {SEED}: {TICKETS} tickets, {time.monotonic() - start:.0f} s,"
        f" {chaos.kills} processes killed, mail away {chaos.mail_failures} times,"
        f" SMS bad {chaos.sms_failures} times, {sms_sent(server)} sent;"
        f" {dict(people.answers)}; {states(server, dispatches)};"
        f" never answered: {len(waiting)}"
    )
    assert not waiting
    assert chaos.kills >= 8 and chaos.mail_failures >= 2 and chaos.sms_failures >= 2
    assert sms_sent(server)
    server.wait_for_jobs(seconds=200)
    assert not unexpected_errors(server.new_log_lines(), is_of_a_kill)
    for (dispatch,) in server.sql(
        "SELECT id FROM crowd_dispatch WHERE id IN %s AND state NOT IN"
        " ('done', 'cancelled')",
        tuple(dispatches),
    ):
        crowd.agent("crowd.dispatch", "action_cancel", [dispatch])


def is_of_a_kill(logger, text):
    """Tell whether a killed process is what an error is about."""
    return "queue_job.jobrunner" in logger and "exception in GET" in text


def open_ones(server, dispatches):
    """Return the dispatches that nobody works at and nobody was told of inside.

    Told: the message of an escalation got out. Whoever is silent then is reminded.
    """
    return server.sql(
        """
        SELECT d.name, d.state, d.next_deadline FROM crowd_dispatch d
         WHERE d.id IN %s AND d.state NOT IN ('assigned', 'in_progress', 'done')
           AND NOT EXISTS (
               SELECT FROM crowd_escalation e JOIN crowd_delivery l
                   ON l.escalation_id = e.id AND l.state IN ('sent', 'delivered', 'read')
                WHERE e.dispatch_id = d.id)
        """,
        tuple(dispatches),
    )


def sms_sent(server):
    """Return how many messages went out by SMS."""
    [[count]] = server.sql(
        "SELECT count(*) FROM crowd_delivery WHERE kind = 'sms' AND sent_at > now()"
        " AT TIME ZONE 'utc' - interval '1 hour'"
    )
    return count


def states(server, dispatches):
    return dict(
        server.sql(
            "SELECT state, count(*) FROM crowd_dispatch WHERE id IN %s GROUP BY state",
            tuple(dispatches),
        )
    )
