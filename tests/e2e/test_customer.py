"""The worker's answer against the customer's will, and against the clock."""

import os
import secrets

import pytest
import requests
from e2e_crowd import token_hash
from e2e_race import CSRF, Answer, Friend, at_once, over_http

LONG = bool(os.environ.get("CROWD_LONG"))
ROUNDS = 40 if LONG else 10
RUNS_BY_ITSELF = "currently being executed"  # the cron came at the same moment
REFUSALS = ("serialize", "Traceback", "Internal Server Error")


@pytest.fixture
def solo(crowd):
    """One friend with room for one job."""
    return crowd.workers(1)[0]


@pytest.fixture(scope="module")
def technician(crowd):
    """An employee who can be asked when the customer wants no externals."""
    return crowd.workers(1, "technician", capacity=500)[0]


def friend_of(crowd, offer):
    """Return the :class:`Friend` with the link of an offer, his page open."""
    friend = Friend(crowd.server, crowd.tokens([offer])[offer])
    friend.look()
    return friend


def customer_page(crowd, dispatch):
    """Return ``(browser, url, csrf)`` of the customer, with a link as mails have it."""
    token = secrets.token_urlsafe(32)
    with crowd.server.cursor() as cr:
        cr.execute(
            "INSERT INTO crowd_delivery (gateway_id, company_id, purpose, dispatch_id,"
            " partner_id, state, occasion) SELECT g.id, d.company_id, 'customer_found',"
            " d.id, t.partner_id, 'obsolete', %s FROM crowd_dispatch d"
            " JOIN helpdesk_ticket t ON t.id = d.ticket_id"
            " CROSS JOIN (SELECT min(id) AS id FROM crowd_gateway) g"
            " WHERE d.id = %s RETURNING id",
            (token, dispatch),
        )
        [delivery] = cr.fetchone()
        cr.execute(
            "INSERT INTO crowd_token (token_hash, purpose, dispatch_id, delivery_id)"
            " VALUES (%s, 'customer', %s, %s)",
            (token_hash(cr, token), dispatch, delivery),
        )
    browser = requests.Session()
    browser.trust_env = False
    url = f"{crowd.server.url}/crowd/ticket/{token}"
    page = browser.get(url, timeout=60)
    page.raise_for_status()
    return browser, url, CSRF.search(page.text).group(1)


def over_customer(browser, url, csrf):
    """Return a call for at_once(): the customer wants no externals."""

    def refuse():
        page = browser.post(f"{url}/refuse", data={"csrf_token": csrf}, timeout=120)
        return Answer("refused", 0, page.status_code, page.text)

    return refuse


def errors(answers):
    return [
        a
        for a in answers
        if (a.status >= 500 or any(r in str(a.detail) for r in REFUSALS))
        and RUNS_BY_ITSELF not in str(a.detail)
    ]


@pytest.mark.parametrize("repeat", range(ROUNDS))
def test_accept_against_withdrawn_consent(server, crowd, solo, technician, repeat):
    """Whoever is first: in the end no external has the job, nor sees the customer."""
    ticket, dispatch, offers = crowd.offered([solo])
    friend = friend_of(crowd, offers[solo])
    customer = over_customer(*customer_page(crowd, dispatch))

    answers = at_once([over_http(friend), customer])

    print(f"accept against consent {repeat}: {answers[0].result}")
    assert not errors(answers), answers
    assert answers[0].result in ("accepted", "withdrawn", "refused"), answers
    assert server.sql(
        "SELECT crowd_consent FROM helpdesk_ticket WHERE id = %s", ticket
    ) == [("withdrawn",)]
    assert server.sql("SELECT state FROM crowd_offer WHERE id = %s", offers[solo]) == [
        ("withdrawn",)
    ]
    after = crowd.dispatch(dispatch)
    assert after["worker"] != solo, (answers, after)
    assert after["state"] in ("offered", "escalated"), after
    page = friend.look().text
    assert "Carla" not in page
    crowd.agent("crowd.dispatch", "action_cancel", [dispatch])


@pytest.mark.parametrize("repeat", range(ROUNDS))
def test_on_my_way_against_the_clock(server, crowd, admin, solo, repeat):
    """At the last moment he says that he comes: he keeps the job or lost it."""
    _ticket, dispatch, offers = crowd.offered([solo])
    offer = offers[solo]
    friend = friend_of(crowd, offer)
    assert friend.accept().result == "accepted"
    friend.look()
    server.wait_for_jobs()
    clock = admin.again()
    [cron] = server.sql(
        "SELECT res_id FROM ir_model_data WHERE module = 'crowd_service'"
        " AND model = 'ir.cron' AND name LIKE %s ORDER BY res_id LIMIT 1",
        "%dispatch%",
    )
    with server.cursor() as cr:  # he was asked long ago
        cr.execute(
            "UPDATE crowd_dispatch SET promised_at = now() AT TIME ZONE 'UTC'"
            " - interval '2 hours', coming_asked_at = now() AT TIME ZONE 'UTC'"
            " - interval '1 hour', next_deadline = now() AT TIME ZONE 'UTC'"
            " - interval '1 minute' WHERE id = %s",
            (dispatch,),
        )

    def on_my_way():
        page = friend.post("on_my_way", minutes="20")
        kept = "You are expected at" in page.text
        return Answer("kept" if kept else "lost", 0, page.status_code, page.text)

    answers = at_once(
        [on_my_way, lambda: clock("ir.cron", "method_direct_trigger", [cron[0]])]
    )

    print(f"on my way against the clock {repeat}: {answers[0].result}")
    assert not errors(answers), answers
    [(state,)] = server.sql("SELECT state FROM crowd_offer WHERE id = %s", offer)
    after = crowd.dispatch(dispatch)
    if answers[0].result == "kept":
        assert (state, after["state"], after["worker"]) == (
            "accepted",
            "assigned",
            solo,
        )
        crowd.finish(dispatch)
    else:
        assert state == "no_show", (answers, after)
        assert after["worker"] is None and after["state"] in ("offered", "escalated")
        crowd.agent("crowd.dispatch", "action_cancel", [dispatch])
