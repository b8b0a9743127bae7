"""“Tell me here” in a real browser, and the notification that its service worker shows.

No push service is asked: the page gets a made-up subscription, and the browser's own
tools hand the message to the service worker.
"""

import json
import time

from playwright.sync_api import expect
from test_browser import PHONE, chromium, fits, opened, shoot  # noqa: F401

SUBSCRIPTION = """
PushManager.prototype.subscribe = function (options) {
    window.crowdAsked = options;
    window.crowdDevice = {
        endpoint: "https://push.example.com/e2e",
        toJSON: function () {
            return {keys: {p256dh: "%s", auth: "%s"}};
        },
        unsubscribe: function () {
            window.crowdDevice = null;
            return Promise.resolve(true);
        },
    };
    return Promise.resolve(window.crowdDevice);
};
PushManager.prototype.getSubscription = function () {
    return Promise.resolve(window.crowdDevice || null);
};
"""
KEYS = ("B" + "A" * 86, "A" * 22)
MESSAGE = {
    "title": "Home network: can you help?",
    "body": "Bern, 2 to 5 km\nUntil 12:30",
    "url": "https://evil.example.com/crowd/offer/x",
    "tag": "crowd-1",
    "actions": [
        {"action": "accept", "title": "Accept"},
        {"action": "decline", "title": "Decline"},
    ],
}


def devices(server, worker):
    return server.sql(
        "SELECT s.endpoint FROM crowd_push_subscription s"
        " JOIN fsm_person p ON p.partner_id = s.partner_id WHERE p.id = %s",
        worker,
    )


def test_tell_me_here(server, crowd, chromium):  # noqa: F811
    [worker] = crowd.workers(1)
    _ticket, dispatch, offers = crowd.offered([worker])
    [token] = crowd.tokens(offers.values()).values()
    page = opened(
        chromium, PHONE, is_mobile=True, has_touch=True, permissions=["notifications"]
    )
    page.add_init_script(SUBSCRIPTION % KEYS)
    page.goto(f"{server.url}/crowd/offer/{token}")
    expect(page.locator("[data-crowd-do=on]")).to_be_visible()
    assert fits(page)
    shoot(page, "push-ask-phone")

    page.click("[data-crowd-do=on]")
    expect(page.locator("[data-crowd-do=off]")).to_be_visible()
    assert devices(server, worker) == [("https://push.example.com/e2e",)]
    assert page.evaluate("crowdAsked.applicationServerKey.length") == 65
    shoot(page, "push-on-phone")

    page.click("[data-crowd-do=off]")
    expect(page.locator("[data-crowd-do=on]")).to_be_visible()
    assert devices(server, worker) == []

    shown = push(server, page)
    assert shown["title"] == MESSAGE["title"]
    assert shown["actions"] == ["accept", "decline"]
    assert not page.problems
    # a tap on “Decline” opens the page where the question waits
    page.goto("about:blank")
    page.goto(f"{server.url}/crowd/offer/{token}#decline")
    expect(page.locator("form[action$=decline] button")).to_be_visible()
    assert crowd.states(dispatch) == {"sent": 1}
    crowd.agent("crowd.dispatch", "action_cancel", [dispatch])


def push(server, page):
    """Hand MESSAGE to the service worker; return the notification that it shows."""
    tools = page.context.new_cdp_session(page)
    found = []
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(event["registrations"]),
    )
    tools.send("ServiceWorker.enable")
    until = time.monotonic() + 20
    while not found and time.monotonic() < until:
        page.wait_for_timeout(200)
    tools.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": server.url,
            "registrationId": found[-1]["registrationId"],
            "data": json.dumps(MESSAGE),
        },
    )
    look = """async () => {
        for (const one of await navigator.serviceWorker.getRegistrations()) {
            for (const seen of await one.getNotifications()) {
                return {
                    title: seen.title,
                    url: seen.data.url,
                    actions: seen.actions.map((each) => each.action),
                };
            }
        }
    }"""
    while time.monotonic() < until:
        shown = page.evaluate(look)
        if shown:
            return shown
        page.wait_for_timeout(200)
    raise AssertionError("the service worker showed nothing")
