"""SMS on a real server: jobs send them to a provider, which calls back at any time."""

import time

import requests
from e2e_race import at_once

TIMES = 50


def deliveries(server, offer, purpose="offer"):
    """Return ``[(kind, state, attempts)]`` of an offer."""
    return server.sql(
        "SELECT kind, state, attempts FROM crowd_delivery"
        " WHERE offer_id = %s AND purpose = %s ORDER BY id",
        offer,
        purpose,
    )


def test_yes_that_comes_many_times_at_once_acts_once(server, crowd, provider):
    number = "+41791230001"
    [worker] = crowd.workers(1)
    provider.reached(worker, number)
    _ticket, dispatch, offers = crowd.offered([worker])
    [message] = provider.wait(number)
    assert "1 = yes" in message["text"]
    answer = {"from": number, "text": "Ja gerne", "id": "e2e-1"}

    def post():
        return requests.post(provider.inbound, json=answer, timeout=60).status_code

    assert {done.detail for done in at_once([post] * TIMES)} == {200}
    assert crowd.states(dispatch) == {"accepted": 1}
    assert server.sql(
        "SELECT channel FROM crowd_offer WHERE id = %s", offers[worker]
    ) == [("sms",)]
    assert server.sql(
        "SELECT count(*) FROM crowd_sms_answer WHERE message_id = 'e2e-1'"
    ) == [(1,)]
    messages = provider.wait(number, 2)
    server.wait_for_jobs()
    assert len(provider.wait(number, 2)) == 2, messages
    assert "yours" in messages[1]["text"]
    server.wait_for(  # receipts come twice, and "sent" after "delivered"
        "SELECT id FROM crowd_delivery WHERE offer_id = %s AND purpose = 'offer'"
        " AND state = 'delivered'",
        offers[worker],
    )
    crowd.finish(dispatch)


def test_a_provider_that_lies_bills_once(server, crowd, provider):
    """It takes the message and says that it failed: the next attempt is recognised."""
    number = "+41791230002"
    [worker] = crowd.workers(1)
    provider.reached(worker, number)
    provider.settings(mode="liar")
    _ticket, _dispatch, offers = crowd.offered([worker])
    server.wait_for(
        "SELECT id FROM crowd_delivery WHERE offer_id = %s AND state = 'failed'",
        offers[worker],
    )
    provider.settings(mode="ok")
    server.wait_for(
        "SELECT id FROM crowd_delivery WHERE offer_id = %s"
        " AND state IN ('sent', 'delivered')",
        offers[worker],
    )
    assert len(provider.wait(number)) == 1
    [(kind, _state, attempts)] = deliveries(server, offers[worker])
    assert (kind, attempts) == ("sms", 2)


def test_a_provider_that_hangs_holds_up_nobody(server, crowd, provider):
    number = "+41791230003"
    slow, other = crowd.workers(2)
    provider.reached(slow, number)
    provider.settings(mode="hang")
    _ticket, _dispatch, offers = crowd.offered([slow])
    server.wait_for(
        "SELECT id FROM queue_job WHERE channel = 'root.crowd.message.sms'"
        " AND state = 'started'"
    )
    begin = time.monotonic()
    crowd.offered([other])
    server.mails.wait(crowd.mail(other), "/crowd/offer/", seconds=15)
    mail_took = time.monotonic() - begin
    [row] = server.wait_for(
        "SELECT error FROM crowd_delivery WHERE offer_id = %s AND state = 'failed'",
        offers[slow],
        seconds=60,
    )
    provider.settings(mode="ok")
    print(f"T18: e-mail after {mail_took:.1f} s beside a provider that hangs: {row}")
    assert "no answer" in row
