"""All ways back at the same moment (T6): one wins, and the history says how."""

import email.message
import json
import secrets
import time
import xmlrpc.client
from datetime import datetime, timezone

import pytest
import requests
from e2e_crowd import token_hash
from e2e_race import Answer, Friend, at_once, look_around, over_rpc, report, results
from standardwebhooks import Webhook

DOMAIN = "answers.example.com"


@pytest.fixture(scope="module")
def hook(crowd):
    """The gateway of a partner's system that the crowd belongs to."""
    gateway = crowd.admin(
        "crowd.gateway",
        "create",
        {
            "name": "Partner",
            "kind": "webhook",
            "company_id": crowd.company,
            "community_id": crowd.community,
            "webhook_url": "https://partner.invalid/offers",
        },
    )
    [values] = crowd.admin("crowd.gateway", "read", [gateway], ["webhook_secret"])
    yield gateway, values["webhook_secret"]
    crowd.admin("crowd.gateway", "write", [gateway], {"active": False})


@pytest.fixture(scope="module")
def sms(crowd):
    """An SMS gateway, and the secret address of its provider's answers."""
    values = {"name": "SMS", "kind": "sms", "company_id": crowd.company}
    values.update(sms_url="https://sms.invalid/send", inbound_type="form")
    gateway = crowd.admin("crowd.gateway", "create", values)
    shown = crowd.admin("crowd.gateway", "action_new_inbound_key", [gateway])
    path = shown["params"]["message"].split()[0].partition("/crowd/")[2]
    yield gateway, f"{crowd.server.url}/crowd/{path}"
    crowd.admin("crowd.gateway", "write", [gateway], {"active": False})


@pytest.fixture(scope="module")
def reply_domain(crowd):
    name = "mail.catchall.domain"
    crowd.admin("ir.config_parameter", "set_param", name, DOMAIN)
    yield
    crowd.admin("ir.config_parameter", "set_param", name, False)


class Ways:
    """What a worker holds in his hands who was told of an offer over every gateway."""

    def __init__(self, crowd, hook, sms, dispatch, offer):
        self.crowd, self.hook, self.sms_gateway = crowd, hook, sms
        self.dispatch, self.offer = dispatch, offer
        [row] = crowd.server.sql(
            "SELECT o.name, o.worker_id, p.partner_id FROM crowd_offer o"
            " JOIN fsm_person p ON p.id = o.worker_id WHERE o.id = %s",
            offer,
        )
        self.name, self.worker, self.partner = row
        self.number = "+4179%07d" % self.worker

    def delivery(self, kind):
        """Return a message over a gateway of that ``kind``; nothing was sent."""
        own = {"webhook": self.hook, "sms": self.sms_gateway}.get(kind)
        gateway = own[0] if own else self.gateway(kind)
        values = (gateway, kind, self.crowd.company, self.offer, self.dispatch)
        with self.crowd.server.cursor() as cr:
            cr.execute(
                "INSERT INTO crowd_delivery (gateway_id, kind, company_id, offer_id,"
                " dispatch_id, partner_id, address, occasion, purpose, state, attempts)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'offer', 'sent', 1)"
                " RETURNING id",
                (*values, self.partner, self.number, secrets.token_hex(4)),
            )
            return cr.fetchone()[0]

    def gateway(self, kind):
        return self.crowd.ref("crowd_service.crowd_gateway_" + kind)

    def token(self, purpose, kind):
        """Return the secret of a message over a gateway of that ``kind``."""
        is_address = purpose == "reply"
        token = secrets.token_hex(16) if is_address else secrets.token_urlsafe(32)
        with self.crowd.server.cursor() as cr:
            cr.execute(
                "INSERT INTO crowd_token (token_hash, purpose, offer_id, delivery_id)"
                " VALUES (%s, %s, %s, %s)",
                (token_hash(cr, token), purpose, self.offer, self.delivery(kind)),
            )
        return token

    # -- each returns a call for at_once() ------------------------------------

    def portal(self):
        return over_rpc(self.crowd.portal_user(self.worker), self.offer)

    def mail(self, kind="mail"):
        friend = Friend(self.crowd.server, self.token("offer", kind))
        look_around([friend])
        return friend.accept

    def push(self):
        return self.mail("push")

    def mail_reply(self):
        message = email.message.EmailMessage()
        message["From"] = "whoever@example.org"
        message["To"] = "crowd+%s@%s" % (self.token("reply", "mail"), DOMAIN)
        message["Message-Id"] = "<%s@example.org>" % secrets.token_hex(8)
        message.set_content("Ja, gerne\n\n> Can you help?")
        rpc, raw = self.crowd.admin.again(), xmlrpc.client.Binary(message.as_bytes())

        def answer():
            rpc("mail.thread", "message_process", False, raw)
            return self.outcome()

        return answer

    def sms(self):
        self.delivery("sms")
        values = {"from": self.number, "text": "1"}

        def answer():
            data = dict(values, id=secrets.token_hex(8))
            reply = requests.post(self.sms_gateway[1], data=data, timeout=60)
            assert reply.status_code == 200, reply.text
            return self.outcome()

        return answer

    def outcome(self):
        """Return what became of the offer of somebody who is not told at once."""
        [(state,)] = self.crowd.server.sql(
            "SELECT state FROM crowd_offer WHERE id = %s", self.offer
        )
        return Answer({"lost": "taken", "sent": "busy"}.get(state, state), 0)

    def webhook(self):
        self.delivery("webhook")
        gateway, secret = self.hook
        body = json.dumps({"offer": self.name, "answer": "accept"})
        now, number = datetime.now(timezone.utc), secrets.token_hex(8)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": number,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(number, now, body),
        }
        url = "%s/crowd/webhook/%d" % (self.crowd.server.url, gateway)

        def answer():
            reply = requests.post(url, data=body, headers=headers, timeout=60)
            result = reply.json().get("result", reply.text)
            return Answer(result, 0, reply.status_code, reply.text)

        return answer

    def phone(self):
        rpc = self.crowd.agent.again()
        call = rpc("crowd.call", "create", {"delivery_id": self.delivery("phone")})

        def answer():
            rpc("crowd.call", "action_accept", [call])
            [values] = rpc("crowd.call", "read", [call], ["result", "message"])
            is_late = "faster" in values["message"]
            result = "accepted" if values["result"] == "good" else values["message"]
            return Answer("taken" if is_late else result, 0, detail=values)

        return answer


def patient(call):
    """Return a call that tries again when it is asked to, as people do."""

    def answer():
        for _attempt in range(9):
            found = call()
            if found.result != "busy":
                break
        return found

    return answer


CHANNELS = ("portal", "mail", "push", "mail_reply", "sms", "webhook", "phone")


@pytest.mark.parametrize("repeat", range(5))
def test_t6_all_channels_at_once(server, crowd, hook, sms, reply_domain, repeat):
    """Each worker answers another way: one has the job, the others hear so."""
    _ticket, dispatch, offers = crowd.offered(crowd.workers(len(CHANNELS)))
    ways = [Ways(crowd, hook, sms, dispatch, offer) for offer in offers.values()]
    calls = [patient(getattr(w, name)()) for w, name in zip(ways, CHANNELS)]
    server.wait_for_jobs()

    answers = at_once(calls)

    report(f"T6 {repeat}", answers)
    assert results(answers) == {"accepted": 1, "taken": len(CHANNELS) - 1}, answers
    channel = CHANNELS[[a.result for a in answers].index("accepted")]
    assert winner(server, dispatch) == [(channel, channel)]
    crowd.finish(dispatch)


@pytest.mark.parametrize("repeat", range(3))
def test_t6_one_worker_over_all_channels(
    server, crowd, hook, sms, reply_domain, repeat
):
    """He taps everywhere: one job, and no answer says that it is gone."""
    _ticket, dispatch, offers = crowd.offered(crowd.workers(1))
    [offer] = offers.values()
    way = Ways(crowd, hook, sms, dispatch, offer)
    calls = [patient(getattr(way, name)()) for name in CHANNELS]
    server.wait_for_jobs()

    answers = at_once(calls)

    report(f"T6 one worker {repeat}", answers)
    assert set(results(answers)) <= {"accepted", "yours"}, answers
    [(channel, told)] = winner(server, dispatch)
    assert channel == told and channel in CHANNELS
    orders = "SELECT id FROM fsm_order WHERE ticket_id = %s"
    assert len(server.sql(orders, crowd.dispatch(dispatch)["ticket"])) == 1
    crowd.finish(dispatch)


def test_t8_the_same_webhook_50_times(server, crowd, hook, sms):
    """A partner's system repeats itself: it acts once, all answers are equal."""
    _ticket, dispatch, offers = crowd.offered(crowd.workers(1))
    [offer] = offers.values()
    call = patient(Ways(crowd, hook, sms, dispatch, offer).webhook())
    server.wait_for_jobs()

    answers = at_once([call] * 50)

    report("T8", answers)
    assert len({a.detail for a in answers}) == 1, {a.detail for a in answers}
    assert results(answers) == {"accepted": 50}
    count = "SELECT count(*) FROM crowd_webhook_answer WHERE gateway_id = %s"
    assert server.sql(count + " AND answer LIKE %s", hook[0], f"%{offer}%")
    crowd.finish(dispatch)


def winner(server, dispatch):
    """Return ``[(channel of the offer, channel in the history)]`` of who won."""
    time.sleep(0.1)
    return server.sql(
        "SELECT o.channel, e.channel FROM crowd_offer o JOIN crowd_event e"
        " ON e.offer_id = o.id AND e.to_state = 'accepted' AND e.kind = 'answer'"
        " WHERE o.dispatch_id = %s AND o.state = 'accepted'",
        dispatch,
    )
