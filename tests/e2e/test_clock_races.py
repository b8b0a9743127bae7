"""The clock against people, the clock against itself, jobs against their doubles.

T4: accept at the very moment at which the offer ends and the dispatch is escalated;
T10: two sweeps, the cron and the wake-up jobs for the same deadlines; T11: many jobs
for one message; T16: the database has no connection left.
"""

import os
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from e2e_race import at_once, over_rpc, report, results
from e2e_server import pg_settings

LONG = bool(os.environ.get("CROWD_LONG"))
AT_A_TIME = 10  # tickets whose deadline is the same second
ROUNDS = 500 if LONG else 20
JITTER = 0.05  # seconds
SWEEPS = 3
DOUBLES = 50 if LONG else 20


@pytest.fixture(scope="module")
def members(crowd):
    """Friends with room for many jobs, and their logins."""
    workers = crowd.workers(AT_A_TIME, capacity=10_000)
    return {worker: crowd.portal_user(worker) for worker in workers}


@pytest.fixture(scope="module")
def sweeps(crowd):
    """Return calls that do what the clock's cron does, each with a lock of its own."""
    yield from copies(crowd, "crowd_dispatch_cron_sweep", SWEEPS)


def copies(crowd, name, number):
    """Give calls that run copies of a cron by hand; take the copies away."""
    cron = crowd.ref("crowd_service." + name)
    values = {"active": False}
    made = [
        crowd.admin("ir.cron", "copy", cron, dict(values, name=f"{name} {n}"))
        for n in range(number)
    ]
    rpcs = [crowd.admin.again() for _copy in made]
    yield [
        lambda rpc=rpc, copy=copy: rpc("ir.cron", "method_direct_trigger", [copy])
        for rpc, copy in zip(rpcs, made)
    ]
    crowd.admin("ir.cron", "unlink", made)


def let_them_end(server, dispatches, seconds):
    """Let open offers and their dispatches end then; return the instant."""
    with server.cursor() as cr:
        cr.execute(
            "SELECT date_trunc('second', clock_timestamp()) + %s * interval '1 second'",
            [seconds],
        )
        moment = cr.fetchone()[0]
        values = {"moment": moment, "ids": tuple(dispatches)}
        cr.execute(
            "UPDATE crowd_offer SET expires_at = %(moment)s AT TIME ZONE 'UTC'"
            " WHERE dispatch_id IN %(ids)s AND state = 'sent'",
            values,
        )
        cr.execute(
            "UPDATE crowd_dispatch SET next_deadline = %(moment)s AT TIME ZONE 'UTC'"
            " WHERE id IN %(ids)s",
            values,
        )
    return moment.timestamp()


def at_moment(moment, call, jitter):
    """Return a call for at_once() that waits until then."""

    def run():
        time.sleep(max(0, moment + jitter - time.time()))
        return call()

    return run


def test_t4_accept_at_the_deadline(server, crowd, members, sweeps):
    """A friend or a technician has it: never both, never nobody.

    Answers take a while to get to the database: they are sent so much earlier that
    about half of them are in time.
    """
    chance, lead = random.Random(4), 0.3
    seen = Counter()
    for _batch in range(ROUNDS // AT_A_TIME):
        made = [crowd.offered([worker]) for worker in members]
        accepts = [
            over_rpc(members[worker], offer)
            for _ticket, _dispatch, offers in made
            for worker, offer in offers.items()
        ]
        moment = let_them_end(server, [dispatch for _t, dispatch, _o in made], 3)
        calls = [(call, -lead) for call in accepts] + [(call, 0) for call in sweeps]
        answers = at_once(
            [
                at_moment(moment, call, offset + chance.uniform(-JITTER, JITTER))
                for call, offset in calls
            ]
        )[: len(made)]
        assert all(a.status < 500 for a in answers), answers
        sweeps[0]()
        before = seen["accepted"]
        for answer, (_ticket, dispatch, _offers) in zip(answers, made):
            seen[one_of_both(server, crowd, dispatch, answer)] += 1
        lead += 0.1 if seen["accepted"] - before < AT_A_TIME / 2 else -0.1
    print(f"T4: {ROUNDS} rounds, {dict(seen)}, answers sent {lead:.1f} s before")


def one_of_both(server, crowd, dispatch, answer):
    """Return "accepted" or "escalated", then end the dispatch."""
    escalations = server.sql(
        "SELECT id FROM crowd_escalation WHERE dispatch_id = %s", dispatch
    )
    after = crowd.dispatch(dispatch)
    if answer.result == "accepted":
        assert after["state"] == "assigned" and after["order"], after
        assert not escalations and crowd.states(dispatch) == {"accepted": 1}
        crowd.finish(dispatch)
        return "accepted"
    assert answer.result in ("expired", "refused", "busy"), answer
    assert after["state"] == "escalated" and not after["worker"], (answer, after)
    assert len(escalations) == 1 and crowd.states(dispatch) == {"expired": 1}
    crowd.agent("crowd.dispatch", "action_cancel", [dispatch])
    return "escalated"


def test_t10_each_step_once(server, crowd, members, sweeps):
    """Sweeps at the same moment, beside the cron and the jobs of the server."""
    made = [crowd.offered([worker])[1] for worker in members for _n in range(2)]
    moment = let_them_end(server, made, 2)
    with server.cursor() as cr:  # the wake-up jobs come at that moment as well
        cr.execute(
            "UPDATE queue_job SET eta = to_timestamp(%s) AT TIME ZONE 'UTC'"
            " WHERE method_name = '_job_wake' AND state = 'pending'",
            [moment],
        )
        cr.execute("NOTIFY queue_job, ''")
    answers = at_once([at_moment(moment, call, 0.1) for call in sweeps])
    assert results(answers) == {"done": SWEEPS}, answers
    server.wait_for(
        "SELECT 1 FROM crowd_dispatch WHERE id IN %s"
        " HAVING count(*) FILTER (WHERE state = 'escalated') = %s",
        tuple(made),
        len(made),
        what="escalation of all",
    )
    server.wait_for_jobs()
    counts = server.sql(
        "SELECT count(*), count(DISTINCT dispatch_id) FROM crowd_escalation"
        " WHERE dispatch_id IN %s",
        tuple(made),
    )
    assert counts == [(len(made), len(made))]
    expired = server.sql(
        "SELECT count(*) FROM crowd_event WHERE dispatch_id IN %s"
        " AND kind = 'answer' AND to_state = 'expired'",
        tuple(made),
    )
    assert expired == [(len(made),)]
    for dispatch in made:
        crowd.agent("crowd.dispatch", "action_cancel", [dispatch])


@pytest.fixture
def message_sweeps(crowd):
    """The same for the cron that looks for messages without a job."""
    yield from copies(crowd, "crowd_delivery_cron_sweep", DOUBLES)


def test_t11_jobs_and_their_doubles(server, crowd, message_sweeps):
    """Many want the same message sent, at the same moment: it arrives once."""
    [worker] = crowd.workers(1)
    with server.mails.dead():
        _ticket, dispatch, offers = crowd.offered([worker])
        [offer] = offers.values()
        server.wait_for(
            "SELECT 1 FROM crowd_delivery WHERE offer_id = %s AND state = 'failed'",
            offer,
        )
        with server.cursor() as cr:  # its job is lost
            cr.execute("DELETE FROM queue_job WHERE method_name = '_job_send'")
            cr.execute(
                "UPDATE crowd_delivery SET next_try = next_try - interval '1 hour'"
                " WHERE offer_id = %s",
                [offer],
            )
    answers = at_once(message_sweeps)
    report("T11", answers)
    assert results(answers) == {"done": DOUBLES}, answers
    server.wait_for(
        "SELECT 1 FROM crowd_delivery WHERE offer_id = %s AND state = 'sent'", offer
    )
    [(jobs,)] = server.sql(
        "SELECT count(*) FROM queue_job WHERE method_name = '_job_send'"
        " AND identity_key LIKE 'crowd.delivery-%%'"
    )
    server.wait_for_jobs()
    print(f"T11: {jobs} jobs for one message")
    assert len(server.mails.to(crowd.mail(worker))) == 1
    crowd.agent("crowd.dispatch", "action_cancel", [dispatch])


def test_t16_no_connection_left(server, crowd):
    """Whoever gets no connection gets an error or waits; nothing is half done."""
    asked = {worker: crowd.portal_user(worker) for worker in crowd.workers(10)}
    _ticket, dispatch, offers = crowd.offered(list(asked))
    calls = [over_rpc(asked[worker], offer) for worker, offer in offers.items()]
    server.wait_for_jobs()
    with all_connections():
        answers = at_once(calls)
    report("T16", answers)
    time.sleep(1)
    server.new_log_lines()  # that nobody could be connected is all it says
    again = at_once(calls)
    report("T16, afterwards", again)
    winners = [a for a in again if a.result == "yours"]
    winners += [a for a in again if a.result == "accepted"]
    assert len(winners) == 1, again
    assert results(again)["taken"] == len(asked) - 1
    told = results(answers)
    assert told["accepted"] <= 1 and not told["accepted"] * results(again)["accepted"]
    crowd.finish(dispatch)


class all_connections:
    """Take every connection that the database server still gives."""

    def __enter__(self):
        self.taken = []
        settings = dict(pg_settings(), dbname="postgres")
        try:
            while True:
                self.taken.append(psycopg2.connect(**settings))
        except psycopg2.OperationalError as error:
            assert "too many clients" in str(error) or "reserved" in str(error), error
        print(f"{len(self.taken)} connections taken")

    def __exit__(self, *_error):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda connection: connection.close(), self.taken))
