"""What the server does by itself: jobs send mails, the clock escalates."""

import re

from e2e_race import Friend
from e2e_server import mail_text

LINK = re.compile(r"/crowd/offer/([\w-]{20,})")


def link_of(mail):
    """Return the token of the link in a mail."""
    return LINK.search(mail_text(mail)).group(1)


def test_link_in_the_mail_wins_the_job(server, crowd):
    winner, loser = crowd.workers(2)
    _ticket, dispatch, offers = crowd.offered([winner, loser])
    mails = {w: server.mails.wait(crowd.mail(w), "/crowd/offer/") for w in offers}
    friend, late = (Friend(server, link_of(mails[w])) for w in (winner, loser))

    page = friend.look()
    assert "The home network has to be set up again." in page.text
    assert "Since this morning" not in page.text
    late.look()
    assert friend.accept().result == "accepted"
    assert late.accept().result == "taken"

    server.wait_for_jobs()
    for worker in offers:
        news = server.mails.to(crowd.mail(worker))
        assert len(news) == 2, [mail["subject"] for mail in news]
        assert all("Carla" not in mail_text(mail) for mail in news)
    assert "Carla Customer" in friend.look().text
    assert "Carla Customer" not in late.look().text
    crowd.finish(dispatch)


def test_nobody_answers(server, crowd):
    """The deadline passes: a job wakes the one, the cron finds the other."""
    worker, other = crowd.workers(2)
    by_job = crowd.offered([worker], minutes=1, name="Woken by its job")
    by_cron = crowd.offered([other], minutes=1, name="Found by the cron")
    with server.cursor() as cr:
        cr.execute(
            "DELETE FROM queue_job WHERE model_name = 'crowd.dispatch'"
            " AND records::text LIKE %s",
            (f"%[{by_cron[1]}]%",),
        )
        assert cr.rowcount
    for ticket, dispatch, offers in (by_job, by_cron):
        server.wait_for(
            "SELECT id FROM crowd_escalation WHERE dispatch_id = %s"
            " AND reason = 'all_ignored' AND user_id = %s",
            dispatch,
            crowd.dispatcher.uid,
            seconds=200,
            what=f"the escalation of ticket {ticket}",
        )
        assert crowd.states(dispatch) == {"expired": 1}
        assert crowd.dispatch(dispatch)["state"] == "escalated"
        server.wait_for(
            "SELECT a.id FROM mail_activity a JOIN crowd_escalation e"
            " ON a.res_model = 'crowd.escalation' AND a.res_id = e.id"
            " WHERE e.dispatch_id = %s AND a.user_id = %s",
            dispatch,
            crowd.dispatcher.uid,
            what="the activity",
        )
        [number] = crowd.agent("helpdesk.ticket", "read", [ticket], ["number"])
        server.mails.wait(crowd.address(crowd.dispatcher), number["number"])
        [offer] = offers.values()
        answer = crowd.agent("crowd.offer", "crowd_accept", [offer], "phone", True)
        assert answer["result"] == "expired"


def test_mail_server_is_away_for_a_while(server, crowd):
    [worker] = crowd.workers(1)
    with server.mails.dead():
        _ticket, _dispatch, offers = crowd.offered([worker])
        [offer] = offers.values()
        server.wait_for(
            "SELECT 1 FROM crowd_delivery WHERE offer_id = %s AND state = 'failed'"
            " AND attempts > 0 AND next_try > now() AT TIME ZONE 'UTC'",
            offer,
            what="a failed message with a next try",
        )
        assert not server.mails.to(crowd.mail(worker))
    server.mails.wait(crowd.mail(worker), "/crowd/offer/", seconds=120)
    server.wait_for(
        "SELECT 1 FROM crowd_delivery WHERE offer_id = %s AND state = 'sent'", offer
    )
    server.wait_for_jobs()
    assert len(server.mails.to(crowd.mail(worker))) == 1
