"""Who gets the job when many want it at once (T1, T2, T3, T5, T12)."""

import os
import time

import pytest
import requests
from e2e_race import (
    CSRF,
    Answer,
    Friend,
    at_once,
    look_around,
    over_http,
    over_rpc,
    percentile,
    report,
    results,
)

LONG = bool(os.environ.get("CROWD_LONG"))
HTTP_PEOPLE, RPC_PEOPLE = 180, 20
SLOWEST = 5.0  # seconds for 99 of 100 people, on two cores that do nothing else


@pytest.fixture(scope="module")
def portal(crowd, friends):
    """Some of the friends have a login."""
    return {worker: crowd.portal_user(worker) for worker in friends[:RPC_PEOPLE]}


@pytest.fixture
def solo(crowd):
    """One friend with room for one job, and his login."""
    [worker] = crowd.workers(1)
    return worker, crowd.portal_user(worker)


@pytest.fixture(scope="module")
def customer(server, crowd):
    """The customer's browser, logged in."""
    portal = crowd.ref("base.group_portal")
    user = crowd.user("customer", portal, partner=crowd.customer)
    browser = requests.Session()
    browser.trust_env = False
    page = browser.get(f"{server.url}/web/login?db={server.database}", timeout=60)
    values = {"login": user.login, "password": user.password}
    values["csrf_token"] = CSRF.search(page.text).group(1)
    page = browser.post(f"{server.url}/web/login", data=values, timeout=60)
    assert "/my" in page.url, page.url
    return browser


def people(crowd, dispatch, offers, portal):
    """Return what at_once() needs for everybody: friends with links, and with logins."""
    links = {w: o for w, o in offers.items() if w not in portal}
    tokens = crowd.tokens(links.values())
    friends = [Friend(crowd.server, tokens[offer]) for offer in links.values()]
    look_around(friends)
    calls = [over_http(friend) for friend in friends]
    return calls + [
        over_rpc(portal[worker], offer)
        for worker, offer in offers.items()
        if worker in portal
    ]


def others_load(seconds=0.5):
    """Return by how much other programs slow this machine down: 1.0 is not at all.

    The share of the processors' time that is taken while the test itself waits.
    """
    before = cpu_times()
    time.sleep(seconds)
    busy, total = (b - a for a, b in zip(before, cpu_times()))
    return 1 / max(1 - busy / total, 0.1)


def cpu_times():
    """Return the time that the processors worked, and all their time."""
    with open("/proc/stat") as stat:
        times = [int(n) for n in stat.readline().split()[1:9]]
    idle = times[3] + times[4]
    return sum(times) - idle, sum(times)


@pytest.mark.parametrize("repeat", range(20 if LONG else 3))
def test_t1_one_of_200_wins(server, crowd, friends, portal, repeat):
    asked = crowd.free(friends)[: HTTP_PEOPLE + RPC_PEOPLE]
    _ticket, dispatch, offers = crowd.offered(asked)
    assert len(offers) == len(asked)
    calls = people(crowd, dispatch, offers, portal)
    server.wait_for_jobs()
    busy = others_load()

    answers = at_once(calls)

    report(f"T1 {repeat} (load {busy:.1f})", answers)
    bad = [a for a in answers if a.status >= 500 or a.result.startswith("unknown")]
    assert not bad, bad[:3]
    assert results(answers) == {"accepted": 1, "taken": len(asked) - 1}
    assert percentile(answers, 99) <= SLOWEST * busy
    assert crowd.states(dispatch) == {"accepted": 1, "lost": len(asked) - 1}
    assert crowd.dispatch(dispatch)["state"] == "assigned"
    crowd.finish(dispatch)


def test_t2_the_same_answer_50_times(server, crowd, solo):
    worker, user = solo
    _ticket, dispatch, offers = crowd.offered([worker])
    offer = offers[worker]
    [token] = crowd.tokens([offer]).values()
    taps = [Friend(server, token) for _ in range(40)]
    look_around(taps)

    answers = at_once(
        [over_http(tap) for tap in taps] + [over_rpc(user, offer) for _ in range(10)]
    )

    report("T2", answers)
    assert set(results(answers)) <= {"accepted", "yours"}
    assert results(answers)["accepted"] == 1
    orders = server.sql(
        "SELECT id FROM fsm_order WHERE ticket_id = %s",
        crowd.dispatch(dispatch)["ticket"],
    )
    assert len(orders) == 1
    server.wait_for_jobs()
    sent = server.sql(
        "SELECT purpose, count(*) FROM crowd_delivery WHERE offer_id = %s"
        " GROUP BY purpose ORDER BY purpose",
        offer,
    )
    assert sent == [("offer", 1), ("won", 1)]
    crowd.finish(dispatch)


def test_t3_one_place_for_50_jobs(server, crowd, solo):
    worker, user = solo
    made = [crowd.offered([worker], name=f"Job {n}") for n in range(50)]
    offers = [offers[worker] for _ticket, _dispatch, offers in made]
    tokens = crowd.tokens(offers[:30])
    taps = [Friend(server, token) for token in tokens.values()]
    look_around(taps)

    answers = at_once(
        [over_http(tap) for tap in taps] + [over_rpc(user, o) for o in offers[30:]]
    )

    report("T3", answers)
    assert results(answers) == {"accepted": 1, "refused": 49}
    for _ticket, dispatch, _offers in made:
        if crowd.dispatch(dispatch)["state"] == "assigned":
            crowd.finish(dispatch)
        else:
            crowd.agent("crowd.dispatch", "action_cancel", [dispatch])


@pytest.mark.parametrize("repeat", range(100 if LONG else 20))
def test_t5_accept_against_the_desk(server, crowd, solo, customer, repeat):
    """Accept, withdraw, cancel and the customer's close meet: one of them decides."""
    worker, user = solo
    ticket, dispatch, offers = crowd.offered([worker])
    offer = offers[worker]
    rival = (
        over_page(customer, server, ticket, closing(crowd)),
        over_desk(crowd.dispatcher, "crowd.offer", "action_withdraw", offer),
        over_desk(crowd.dispatcher, "crowd.dispatch", "action_cancel", dispatch),
        over_desk(crowd.agent, "helpdesk.ticket", "write", ticket, closing(crowd)),
    )[repeat % 4]

    answers = at_once([over_rpc(user, offer), rival])

    refusals = "serialize", "Traceback", "Internal Server Error"
    errors = [a for a in answers if any(r in str(a.detail) for r in refusals)]
    assert not errors, errors
    accepted = answers[0].result == "accepted"
    after = crowd.dispatch(dispatch)
    assert answers[0].result in ("accepted", "refused"), answers
    if not accepted:
        assert after["state"] in ("escalated", "cancelled"), (answers, after)
        assert crowd.states(dispatch) == {"withdrawn": 1}
    if after["state"] == "assigned":
        assert accepted
        crowd.finish(dispatch)
    elif after["state"] == "escalated":
        crowd.agent("crowd.dispatch", "action_cancel", [dispatch])


def over_page(customer, server, ticket, values):
    """Return a call for at_once(): the customer closes his ticket on its page."""
    page = customer.get(f"{server.url}/my/ticket/{ticket}", timeout=60)
    values = dict(values, ticket_id=ticket, csrf_token=CSRF.search(page.text).group(1))

    def close():
        answer = customer.post(f"{server.url}/ticket/close", data=values, timeout=60)
        return Answer("closed", 0, answer.status_code, answer.text)

    return close


def closing(crowd):
    """Return the values that close a ticket."""
    domain = [["closed", "=", True], ["company_id", "in", [False, crowd.company]]]
    return {"stage_id": crowd.agent("helpdesk.ticket.stage", "search", domain)[0]}


def over_desk(user, model, method, record, *args):
    """Return a call for at_once()."""
    rpc = user.again()
    return lambda: rpc(model, method, [record], *args)


def test_t12_edits_do_not_stop_accepts(server, crowd, friends, portal):
    asked = crowd.free(friends)[:50]
    ticket, dispatch, offers = crowd.offered(asked)
    edits = [
        over_desk(
            crowd.dispatcher, "helpdesk.ticket", "write", ticket, {"name": f"Title {n}"}
        )
        for n in range(10)
    ]
    answers = at_once(people(crowd, dispatch, offers, portal) + edits)

    report("T12", answers)
    assert not [a for a in answers if a.status >= 500], answers
    assert results(answers) == {"accepted": 1, "taken": 49, "done": 10}
    crowd.finish(dispatch)
