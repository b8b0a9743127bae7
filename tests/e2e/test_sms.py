"""SMS on a real server: jobs send them to a provider, which calls back at any time."""

import time
from urllib.parse import urlsplit

import pytest
import requests
from e2e_race import at_once
from e2e_server import assignments, script

TIMES = 50


class Provider:
    """The fake provider that ``scripts/server`` starts, and the gateway to it."""

    def __init__(self, server, crowd):
        self.server, self.crowd = server, crowd
        self.address = assignments(script("server", "env", "--name", server.name))[
            "SMS"
        ]
        self.gateway = crowd.admin(
            "crowd.gateway",
            "create",
            {
                "name": "SMS",
                "kind": "sms",
                "company_id": crowd.company,
                "sms_url": self.address + "/send",
                "sms_headers": "Authorization: Bearer {secret:key}",
                "sms_new_secret": "key=e2e",
                "sms_id_path": "message.id",
                "sms_status_path": "message.status",
                "sms_ok_values": "accepted",
            },
        )
        shown = crowd.admin("crowd.gateway", "action_new_inbound_key", [self.gateway])
        lines = shown["params"]["message"].splitlines()
        self.inbound, self.receipt = (
            server.url + urlsplit(line).path for line in lines[:2]
        )
        self.settings(inbound=self.inbound, receipt=self.receipt)

    def post(self, path, **values):
        reply = requests.post(self.address + path, json=values, timeout=60)
        reply.raise_for_status()
        return reply.json()

    def settings(self, **values):
        self.post("/settings", **values)

    def wait(self, number, count=1, seconds=90):
        """Return the messages to ``number`` when there are ``count``."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            messages = self.post("/inbox", number=number)
            if len(messages) >= count:
                return messages
            time.sleep(0.3)
        raise AssertionError(f"no {count} SMS to {number} in {seconds} s")

    def reached(self, worker, number):
        """Let ``worker`` be told by SMS, else by e-mail."""
        admin = self.crowd.admin
        admin("fsm.person", "write", [worker], {"mobile": number})
        reach = admin("fsm.person", "action_crowd_reach", [worker])["res_id"]
        lines = [[5]] + [
            [0, 0, {"sequence": n, "kind": kind}]
            for n, kind in enumerate(("sms", "mail"))
        ]
        admin("crowd.reach", "write", [reach], {"line_ids": lines})


@pytest.fixture(scope="module")
def provider(server, crowd):
    provider = Provider(server, crowd)
    yield provider
    provider.settings(mode="ok")
    crowd.admin("crowd.gateway", "write", [provider.gateway], {"active": False})


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
