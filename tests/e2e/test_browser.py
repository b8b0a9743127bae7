"""The way of a ticket in a browser: the agent's desk and the friend's phone."""

import os
import re
import shutil
import warnings

import pytest
from e2e_server import LOCAL
from playwright.sync_api import expect, sync_playwright
from test_clock_and_mail import link_of

CHROMIUM = os.environ.get("CROWD_CHROMIUM") or shutil.which("chromium")
SCREENSHOTS = LOCAL / "screenshots"
DESKTOP = {"width": 1366, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM:
        warnings.warn("NO CHROMIUM: the browser tests are left out", stacklevel=1)
        pytest.skip("chromium is missing: install it, or set CROWD_CHROMIUM")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        yield browser
        browser.close()


def opened(chromium, size, **options):
    """Return a page of a new visitor; it fails on errors of scripts."""
    context = chromium.new_context(viewport=size, locale="en-US", **options)
    context.set_default_timeout(30000)
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    return page


def shoot(page, name):
    page.screenshot(path=str(SCREENSHOTS / f"{name}.png"), full_page=True)


def fits(page):
    """Tell whether nothing sticks out to the right."""
    return page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def log_in(page, server, user):
    page.goto(f"{server.url}/web/login?db={server.database}")
    page.fill("input[name=login]", user.login)
    page.fill("input[name=password]", user.password)
    page.click(".oe_login_form button[type=submit]")
    page.wait_for_selector(".o_main_navbar")


def open_ticket(page, server, ticket):
    page.goto(
        f"{server.url}/web#id={ticket}&model=helpdesk.ticket&view_type=form",
    )
    page.wait_for_selector(".o_form_view")


def test_from_match_to_winner(server, crowd, chromium):
    [worker] = crowd.workers(1)
    ticket = crowd.ticket(name="Browser: no internet")
    desk = opened(chromium, DESKTOP)
    log_in(desk, server, crowd.agent)
    open_ticket(desk, server, ticket)
    desk.click("button[name=action_crowd_match]")
    dialog = desk.locator(".modal-dialog")
    expect(dialog.locator("text=Candidates")).to_be_visible()
    expect(dialog.locator(".o_data_row").first).to_be_visible()
    shoot(desk, "match-desktop")
    dialog.locator("button[name=action_send]").click()
    expect(dialog).to_have_count(0)
    expect(desk.locator(".o_form_view")).to_contain_text(re.compile("Offers out"))
    shoot(desk, "ticket-offered-desktop")

    asked = crowd.offers(server.sql("SELECT max(id) FROM crowd_dispatch")[0][0])
    friend = next(iter(asked))
    mail = server.mails.wait(crowd.mail(friend), "/crowd/offer/")
    phone = opened(chromium, PHONE, is_mobile=True, has_touch=True)
    phone.goto(f"{server.url}/crowd/offer/{link_of(mail)}")
    expect(phone.locator("body")).to_contain_text("set up again")
    assert fits(phone), "the offer page is wider than a phone"
    shoot(phone, "offer-phone")
    phone.click("form[action$='/accept'] button")
    expect(phone.locator("body")).to_contain_text("The job is yours")
    assert fits(phone), "the job page is wider than a phone"
    shoot(phone, "job-phone")

    open_ticket(desk, server, ticket)
    desk.reload()
    [name] = crowd.admin("fsm.person", "read", [friend], ["name"])
    expect(desk.locator(".o_form_view")).to_contain_text(name["name"])
    expect(desk.locator(".o_form_view")).to_contain_text("Assigned")
    shoot(desk, "ticket-assigned-desktop")
    assert worker and not desk.problems and not phone.problems
    crowd.finish(server.sql("SELECT max(id) FROM crowd_dispatch")[0][0])
