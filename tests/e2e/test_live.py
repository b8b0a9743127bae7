"""What the desk sees while somebody else acts: screens follow by themselves."""

import time

import pytest
from playwright.sync_api import expect
from test_browser import DESKTOP, PHONE, chromium, log_in, open_ticket, opened, shoot

__all__ = ["chromium"]  # the fixture

SECONDS = 2.0  # from an accept to the screens of the desk


@pytest.fixture
def desk(server, crowd, chromium):
    page = opened(chromium, DESKTOP)
    log_in(page, server, crowd.agent)
    yield page
    assert not page.problems
    page.context.close()


def listening(page):
    """Wait until the page shows its records and one of its tabs asks the bus."""
    page.reload()
    page.wait_for_selector(".o_form_view, .o_kanban_view, .o_list_view")
    page.wait_for_timeout(2000)


def accept(server, crowd, chromium, offers):
    """The first of the asked accepts in a browser; return when he had his answer."""
    [(offer, token), *_rest] = crowd.tokens(offers.values()).items()
    phone = opened(chromium, PHONE, is_mobile=True, has_touch=True)
    phone.goto(f"{server.url}/crowd/offer/{token}")
    phone.click("form[action$='/accept'] button")
    expect(phone.locator("body")).to_contain_text("The job is yours")
    answered = time.monotonic()
    phone.context.close()
    return offer, answered


def shows(page, selector, text, since):
    """Return the seconds from ``since`` until the page shows ``text`` there."""
    place = page.locator(selector).filter(has_text=text).first
    expect(place).to_be_visible(timeout=15000)
    return time.monotonic() - since


def open_board(page, server, crowd):
    action = crowd.ref("crowd_service.crowd_dispatch_action")
    page.goto(f"{server.url}/web#action={action}&model=crowd.dispatch&view_type=kanban")
    page.wait_for_selector(".o_kanban_view")


def test_ticket_and_board_follow_an_accept(server, crowd, chromium, desk):
    ticket, dispatch, offers = crowd.offered(crowd.workers(2), name="Live")
    board = desk.context.new_page()
    open_board(board, server, crowd)
    listening(board)
    open_ticket(desk, server, ticket)
    listening(desk)
    expect(desk.locator(".o_form_view")).to_contain_text("Offers out")
    [name] = server.sql("SELECT name FROM crowd_dispatch WHERE id = %s", dispatch)
    offer, answered = accept(server, crowd, chromium, offers)
    worker = next(w for w, o in offers.items() if o == offer)
    [person] = crowd.admin("fsm.person", "read", [worker], ["name"])
    form = shows(desk, ".o_form_view", person["name"], answered)
    card = shows(board, f".o_kanban_record:has-text('{name[0]}')", "Friend", answered)
    print(f"\nticket after {form:.2f} s, board after {card:.2f} s")
    shoot(desk, "live-ticket")
    shoot(board, "live-board")
    assert form <= SECONDS and card <= SECONDS
    crowd.finish(dispatch)


def test_nothing_that_is_typed_is_lost(server, crowd, chromium, desk):
    ticket, dispatch, offers = crowd.offered(crowd.workers(1), name="Typing")
    open_ticket(desk, server, ticket)
    listening(desk)
    desk.click(".o_form_button_edit")
    title = desk.locator("input[name=name]")
    title.fill("Typing while others accept")
    accept(server, crowd, chromium, offers)
    expect(desk.locator(".o_notification")).to_contain_text(
        "This has just changed", timeout=10000
    )
    shoot(desk, "live-hint")
    assert title.input_value() == "Typing while others accept"
    desk.click(".o_form_button_save")
    expect(desk.locator(".o_form_readonly")).to_contain_text("Assigned")
    expect(desk.locator(".o_form_readonly")).to_contain_text("Typing while others")
    crowd.finish(dispatch)


def test_a_message_that_is_being_written_stays(server, crowd, chromium, desk):
    ticket, dispatch, offers = crowd.offered(crowd.workers(1), name="Writing")
    open_ticket(desk, server, ticket)
    listening(desk)
    desk.click(".o_ChatterTopbar_buttonLogNote")
    note = desk.locator(".o_ComposerTextInput_textarea")
    note.fill("He called twice")
    accept(server, crowd, chromium, offers)
    desk.wait_for_timeout(3000)
    assert note.input_value() == "He called twice"
    expect(note).to_be_focused()
    note.evaluate("element => element.blur()")
    shows(desk, ".o_form_view", "Assigned", time.monotonic())
    assert note.input_value() == "He called twice", "kept when the form is read again"
    crowd.finish(dispatch)


def test_the_other_company_is_told_nothing(server, crowd, chromium):
    """Not even that something happened: the answers of its poll carry no message."""
    outsider = opened(chromium, DESKTOP)
    other = crowd.user("outsider", crowd.ref("base.group_user"))
    log_in(outsider, server, other)
    heard = []
    outsider.on(
        "response",
        lambda answer: "longpolling/poll" in answer.url and heard.append(answer.text()),
    )
    outsider.goto(f"{server.url}/web")
    outsider.wait_for_timeout(3000)
    _ticket, dispatch, offers = crowd.offered(crowd.workers(1), name="Elsewhere")
    accept(server, crowd, chromium, offers)
    outsider.wait_for_timeout(3000)
    assert not [text for text in heard if "crowd.dispatch" in text]
    crowd.finish(dispatch)
    outsider.context.close()
