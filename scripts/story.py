"""The main job, against a running demo server: `make story`.

Two tickets go through the crowd as people would see to it: agent and technician over
XML-RPC, friends by the links of their mails over HTTP. Everything that is printed was
read from the server. Needs CROWD_URL, CROWD_DB and CROWD_MAIL (the folder of the mails).

It ends with a sentence and an error status when a step is not as it should be.
"""

import email
import email.policy
import os
import re
import sys
import threading
import time
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import requests

URL = os.environ.get("CROWD_URL", "http://127.0.0.1:8069")
DATABASE = os.environ.get("CROWD_DB", "crowd_demo")
MAILS = Path(os.environ.get("CROWD_MAIL", ".local/mail/demo"))
ASKED = 6  # people per wave
LINK = re.compile(r"/crowd/offer/([\w-]{20,})")
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
RIVALS = {"The job is yours": "accepted", "Somebody else was faster": "taken"}


class Failed(Exception):
    """A step that is not as it should be; the text says which."""


def check(is_right, sentence):
    if not is_right:
        raise Failed(sentence)


# ----------------------------------------------------------------------
# talking to the server
# ----------------------------------------------------------------------


class User:
    """Somebody with a login, over XML-RPC; demo passwords are the logins."""

    def __init__(self, login):
        self.login = login
        common = xmlrpc.client.ServerProxy(URL + "/xmlrpc/2/common")
        self.uid = common.authenticate(DATABASE, login, login, {})
        check(self.uid, f"The demo user “{login}” cannot log in to {URL}.")

    def __call__(self, model, method, *args, **kwargs):
        models = xmlrpc.client.ServerProxy(URL + "/xmlrpc/2/object")
        return models.execute_kw(
            DATABASE, self.uid, self.login, model, method, args, kwargs
        )

    def read(self, model, record, *fields):
        return self(model, "read", [record], list(fields))[0]

    def find(self, model, domain, *fields, **options):
        return self(model, "search_read", domain, list(fields), **options)


class Friend:
    """Somebody with the link of a mail, and a browser of his own."""

    def __init__(self, name, token):
        self.name, self.answer = name, "no answer"
        self.url = f"{URL}/crowd/offer/{token}"
        self.browser = requests.Session()
        self.browser.trust_env = False  # no proxy between us and this machine

    def look(self):
        page = self.browser.get(self.url, timeout=30)
        found = CSRF.search(page.text)
        check(page.ok and found, f"{self.name}'s page does not let him answer.")
        self.csrf = found.group(1)

    def accept(self, barrier):
        barrier.wait()
        self.sent = time.time()
        page = self.press("accept")
        self.seconds = time.time() - self.sent
        for sentence, answer in RIVALS.items():
            if sentence in page.text:
                self.answer = answer

    def press(self, button, **values):
        values["csrf_token"] = self.csrf
        page = self.browser.post(f"{self.url}/{button}", data=values, timeout=30)
        check(page.ok, f"“{button}” of {self.name} gave status {page.status_code}.")
        return page


def wait_for(what, seconds, look, tick=None):
    """Return what ``look()`` returns as soon as it is something."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        check(time.monotonic() < end, f"{what} did not come within {seconds} seconds.")
        if tick:
            tick()
        time.sleep(0.5)


def tokens_by_address(since):
    """Return ``{address: token}`` of the mails that were written since then."""
    tokens = {}
    for file in sorted(MAILS.glob("*.eml")):
        if file.stat().st_mtime >= since:
            mail = email.message_from_bytes(
                file.read_bytes(), policy=email.policy.default
            )
            link = LINK.search(mail.get_body(("html", "plain")).get_content())
            if link:
                tokens[mail["X-Envelope-To"]] = link.group(1)
    return tokens


# ----------------------------------------------------------------------
# printing
# ----------------------------------------------------------------------


def say(text=""):
    print(text, flush=True)


def head(text):
    say(f"\n{text}\n{'-' * len(text)}")


def table(names, rows):
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *rows)]
    for row in [names, ["-" * width for width in widths], *rows]:
        cells = [
            cell.rjust(width) if is_number(cell) else cell.ljust(width)
            for cell, width in zip(row, widths)
        ]
        say("  " + "  ".join(cells).rstrip())


def is_number(text):
    return bool(re.fullmatch(r"[\d.]+", text))


def print_timeline(user, ticket, title):
    """Print the history of a ticket, as the database has it."""
    head(f"Timeline of {title}")
    events = user.find(
        "crowd.event",
        [["ticket_id", "=", ticket]],
        *("at", "kind", "summary", "channel", "user_id"),
        order="id",
    )
    check(events, f"The timeline of {title} is empty.")
    start = datetime.fromisoformat(events[0]["at"])
    rows = []
    for event in events:
        at = datetime.fromisoformat(event["at"])
        minutes, seconds = divmod(int((at - start).total_seconds()), 60)
        by = event["user_id"][1] if event["user_id"] else ""
        way = event["channel"] or ""
        cells = event["at"][11:], f"+{minutes}:{seconds:02d}", event["kind"]
        rows.append([*cells, event["summary"], way, by])
    table(["UTC", "after", "what", "which", "by way of", "by"], rows)


# ----------------------------------------------------------------------
# the story
# ----------------------------------------------------------------------


class Story:
    """Two tickets, told at the same time."""

    def __init__(self):
        self.agent, self.technician = User("agent"), User("technician")
        self.start = time.time() - 1
        self.labels = self._labels("fsm.person", "worker_type")
        self.reasons = self._labels("crowd.candidate", "excluded_reason")

    def _labels(self, model, field):
        facts = self.agent(model, "fields_get", [field], ["selection"])
        return dict(facts[field]["selection"])

    def tell(self):
        say(f"\nTwo tickets through the crowd, on {URL}, database {DATABASE}")
        unanswered = self.ask_silent_people()
        answered = self.ask_rivals()
        self.let_rivals_answer(*answered)
        self.let_the_clock_run(*unanswered)
        print_timeline(self.agent, answered[0], f"the ticket {answered[2]}")
        print_timeline(self.agent, unanswered[0], f"the ticket {unanswered[2]}")
        say("\nAll steps were as they should be.")

    # -- tickets -----------------------------------------------------------

    def new_ticket(self, town, service, team, **values):
        """Return id and number of a new ticket, taken by the agent on the phone."""
        place = self._first("fsm.location", [["city", "=", town]], "owner_id")
        ticket = self.agent(
            "helpdesk.ticket",
            "create",
            {
                "partner_id": place["owner_id"][0],
                "fsm_location_id": place["id"],
                "crowd_service_id": self._first(
                    "product.template",
                    [["name", "=", service], ["is_crowd_service", "=", True]],
                )["id"],
                "team_id": self._first("helpdesk.ticket.team", [["name", "=", team]])[
                    "id"
                ],
                **values,
            },
        )
        number = self.agent.read("helpdesk.ticket", ticket, "number")["number"]
        return ticket, number

    def _first(self, model, domain, *fields):
        found = self.agent.find(model, domain, *(fields or ["name"]), limit=1)
        check(found, f"The demo data has no {model} with {domain}.")
        return found[0]

    def match(self, ticket):
        """Return ranked candidates and near misses."""
        rows = self.agent("helpdesk.ticket", "crowd_match", [ticket])
        ranked = [row for row in rows if not row["excluded_reason"]]
        check(len(ranked) >= 3, "Match found fewer than three candidates.")
        return ranked, [row for row in rows if row["excluded_reason"]]

    def offer(self, ticket, candidates, minutes):
        """Send offers; return the dispatch."""
        workers = [candidate["worker_id"] for candidate in candidates]
        dispatch = self.agent(
            "helpdesk.ticket", "crowd_dispatch", [ticket], workers, minutes
        )
        self.check_state(dispatch, "offered")
        return dispatch

    def check_state(self, dispatch, wanted):
        state = self.agent.read("crowd.dispatch", dispatch, "state")["state"]
        check(state == wanted, f"The dispatch should be “{wanted}”, it is “{state}”.")

    # -- a: two rivals -----------------------------------------------------

    def ask_rivals(self):
        ticket, number = self.new_ticket(
            "Bern",
            "WLAN set-up at home",
            "Alpenfunk customer care",
            name="WLAN does not reach the study",
            description="<p>We moved last week; the study has no signal.</p>",
            crowd_summary="Set up WLAN in a flat of four rooms; one has no signal.",
        )
        head(f"{number}: WLAN does not reach the study. The agent presses Match")
        ranked, near = self.match(ticket)
        self.print_ranked(ranked[: ASKED + 4])
        self.print_near_misses(near[:6])
        candidates = self.mixed(ranked)
        dispatch = self.offer(ticket, candidates, 30)
        say(f"\n  Offers to {len(candidates)} of them, for 30 minutes.")
        return ticket, dispatch, number, candidates

    def mixed(self, ranked):
        """Return the best candidates, two externals with an address in front."""
        domain = [["id", "in", [row["worker_id"] for row in ranked]]]
        domain += [["worker_type", "!=", "technician"], ["email", "like", "@"]]
        reached = {
            person["id"] for person in self.agent.find("fsm.person", domain, "id")
        }
        externals = [row for row in ranked if row["worker_id"] in reached]
        check(len(externals) >= 2, "Match found fewer than two friends with an e-mail.")
        rest = [row for row in ranked if row not in externals[:2]]
        return externals[:2] + rest[: ASKED - 2]

    def print_ranked(self, ranked):
        parts = list(ranked[0]["parts"])
        rows = [
            [
                place,
                row["name"],
                self.labels[row["worker_type"]],
                "" if row["distance_km"] is False else row["distance_km"],
                row["score"],
                *(row["parts"][part] for part in parts),
            ]
            for place, row in enumerate(ranked, start=1)
        ]
        table(["", "worker", "type", "km", "score", *parts], rows)

    def print_near_misses(self, near):
        say("\n  Near misses:")
        rows = [
            [
                row["name"],
                self.labels[row["worker_type"]],
                "" if row["distance_km"] is False else row["distance_km"],
                self.reasons[row["excluded_reason"]],
            ]
            for row in near
        ]
        table(["worker", "type", "km", "why not"], rows)

    def let_rivals_answer(self, ticket, dispatch, number, candidates):
        friends = self.friends_with_links(candidates[:2])
        head(f"{number}: two of them accept at the same moment, by their mails' links")
        self.race(friends)
        [winner] = [friend for friend in friends if friend.answer == "accepted"]
        self.check_state(dispatch, "assigned")
        self.print_order(dispatch, winner)
        winner.look()
        winner.press("start")
        self.check_state(dispatch, "in_progress")
        winner.press("done", note="New place for the router, all rooms tested.")
        self.check_state(dispatch, "done")
        stage = self.agent.read("helpdesk.ticket", ticket, "stage_id")["stage_id"][1]
        say(f"  {winner.name} starts, and is done. The ticket is now: {stage}.")

    def friends_with_links(self, candidates):
        """Return two friends with the links of the mails they got."""
        addresses = {
            row["name"]: self.agent.read("fsm.person", row["worker_id"], "email")[
                "email"
            ]
            for row in candidates
        }

        def look():
            tokens = tokens_by_address(self.start)
            return set(addresses.values()) <= set(tokens) and tokens

        tokens = wait_for("The mail with the offer", 60, look)
        return [Friend(name, tokens[address]) for name, address in addresses.items()]

    def race(self, friends):
        barrier = threading.Barrier(len(friends))
        for friend in friends:
            friend.look()
        with ThreadPoolExecutor(len(friends)) as pool:
            list(pool.map(lambda friend: friend.accept(barrier), friends))
        first = min(friend.sent for friend in friends)
        rows = [
            [
                friend.name,
                f"{(friend.sent - first) * 1000:.1f}",
                f"{friend.seconds * 1000:.0f}",
                friend.answer,
            ]
            for friend in friends
        ]
        table(["friend", "tapped after (ms)", "answer after (ms)", "answer"], rows)
        answers = sorted(friend.answer for friend in friends)
        check(
            answers == ["accepted", "taken"],
            f"One should win and the other be told “taken”; they got {answers}.",
        )

    def print_order(self, dispatch, winner):
        order = self.agent.read("crowd.dispatch", dispatch, "order_id")["order_id"]
        check(order, "The dispatch was accepted and has no service order.")
        fields = "name", "person_id", "location_id", "scheduled_date_start", "stage_id"
        facts = self.agent.read("fsm.order", order[0], *fields)
        check(
            facts["person_id"] and winner.name in facts["person_id"][1],
            f"The order should be {winner.name}'s: {facts['person_id']}.",
        )
        say("\n  The service order:")
        cells = [
            facts[f][1] if isinstance(facts[f], list) else facts[f] for f in fields
        ]
        table(["order", "worker", "place", "from (UTC)", "stage"], [cells])

    # -- b: nobody answers -------------------------------------------------

    def ask_silent_people(self):
        ticket, number = self.new_ticket(
            "Thun",
            "TV box installation",
            "Alpenfunk field service",
            name="TV box shows no picture",
            description="<p>The screen stays black since the storm.</p>",
            crowd_summary="TV box is connected, the screen stays black.",
        )
        head(f"{number}: TV box shows no picture. Three people get a minute to answer")
        ranked, _near = self.match(ticket)
        self.print_ranked(ranked[:3])
        dispatch = self.offer(ticket, ranked[:3], 1)
        return ticket, dispatch, number

    def let_the_clock_run(self, ticket, dispatch, number):
        head(f"{number}: nobody answers")
        escalation = self.wait_for_escalation(dispatch)
        name, reason = escalation["user_id"][1], escalation["reason"]
        say(f"  The clock escalated it: {escalation['name']}, {reason}, to {name}.")
        check(
            escalation["user_id"][0] == self.technician.uid,
            f"The team's leader should be asked, not {escalation['user_id'][1]}.",
        )
        self.technician("crowd.escalation", "action_acknowledge", [escalation["id"]])
        self.check_escalation(escalation["id"], "acknowledged")
        self.technician("crowd.escalation", "action_take_job", [escalation["id"]])
        self.check_escalation(escalation["id"], "taken")
        self.check_state(dispatch, "assigned")
        offer = self.agent.read("crowd.dispatch", dispatch, "accepted_offer_id")
        for button, state in (("action_start", "in_progress"), ("action_done", "done")):
            self.technician("crowd.offer", button, [offer["accepted_offer_id"][0]])
            self.check_state(dispatch, state)
        say("  The technician acknowledges, takes the job, starts, and is done.")

    def wait_for_escalation(self, dispatch):
        """Wait for the real clock; return the escalation."""
        deadline = self.agent.read("crowd.dispatch", dispatch, "next_deadline")
        until = datetime.fromisoformat(deadline["next_deadline"] + "+00:00").timestamp()

        def look():
            fields = "name", "user_id", "reason"
            domain = [["dispatch_id", "=", dispatch]]
            return self.technician.find("crowd.escalation", domain, *fields)

        def tick():
            left = until - time.time()
            say(
                f"  ... {left:.0f} s left to answer" if left > 0 else "  ... any moment"
            )
            time.sleep(min(max(left, 1), 10))

        return wait_for("The escalation", 150, look, tick)[0]

    def check_escalation(self, escalation, wanted):
        state = self.technician.read("crowd.escalation", escalation, "state")["state"]
        check(
            state == wanted,
            f"The escalation should be “{wanted}”, it is “{state}”.",
        )


def main():
    try:
        Story().tell()
    except Failed as failed:
        sys.exit(f"STOP: {failed}")
    except xmlrpc.client.Fault as fault:
        sys.exit(f"STOP: the server refused: {fault.faultString.strip()}")
    except (OSError, xmlrpc.client.ProtocolError) as error:
        sys.exit(f"STOP: {URL} does not answer as it should: {error}")


if __name__ == "__main__":
    main()
