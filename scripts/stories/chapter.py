"""What all chapters have in common: one ticket, its people, and how it is printed."""

import time
from datetime import datetime

from .letters import TOKEN_IN_LINK, tokens_by_address
from .paper import Paper
from .server import Failed, Friend, check, wait_for

EVENTS = ("at", "kind", "summary", "channel", "user_id")
MESSAGES = ("purpose", "kind", "partner_id", "state", "attempts", "sent_at", "error")


class Chapter:
    """One ticket. ``tell`` says what happens to it.

    :param stage: :class:`stage.Stage`, what the chapters share
    """

    town = service = team = title = summary = ""
    policy = None  # name and steps of a ladder, see stage.Stage.policy

    def __init__(self, stage):
        self.stage, self.paper, self.error = stage, Paper(), None
        self.ticket = self.number = self.dispatch = None
        self.asked_at = stage.start  # older mails do not count
        self.agent, self.technician = stage.agent, stage.technician
        self.say, self.head = self.paper.say, self.paper.head
        self.table = self.paper.table

    def run(self):
        """Tell it and print it; what goes wrong is kept in ``error``."""
        start = time.monotonic()
        try:
            self.open_ticket()
            self.tell()
            self.print_timeline()
            self.print_messages()
        except Failed as failed:
            self.error = str(failed)
        except Exception as error:  # noqa: BLE001 other chapters are still worth telling
            self.error = repr(error)
        self.say(f"\n  ({time.monotonic() - start:.0f} seconds by the real clock)")
        if self.error:
            self.say(f"  STOP: {self.error}")

    def tell(self):
        raise NotImplementedError

    # ------------------------------------------------------------------
    # ticket and dispatch
    # ------------------------------------------------------------------

    def open_ticket(self):
        """The agent takes a new ticket on the phone."""
        place = self.agent.first("fsm.location", [["city", "=", self.town]], "owner_id")
        service = [["name", "=", self.service], ["is_crowd_service", "=", True]]
        team = [["name", "=", self.team]]
        values = {
            "name": self.title,
            "description": f"<p>{self.summary}</p>",
            "crowd_summary": self.summary,
            "partner_id": place["owner_id"][0],
            "fsm_location_id": place["id"],
            "crowd_service_id": self.agent.first("product.template", service)["id"],
            "team_id": self.agent.first("helpdesk.ticket.team", team)["id"],
            "crowd_policy_id": bool(self.policy) and self.stage.policy(*self.policy),
        }
        self.ticket = self.agent("helpdesk.ticket", "create", values)
        self.number = self.agent.read("helpdesk.ticket", self.ticket, "number")[
            "number"
        ]

    def match(self):
        """Return ranked candidates and near misses."""
        rows = self.agent("helpdesk.ticket", "crowd_match", [self.ticket])
        ranked = [row for row in rows if not row["excluded_reason"]]
        check(len(ranked) >= 3, "Match found fewer than three candidates.")
        return ranked, [row for row in rows if row["excluded_reason"]]

    def start_ladder(self):
        """The policy of the ticket begins, or begins again."""
        self.asked_at = time.time()
        self.dispatch = self.agent("helpdesk.ticket", "crowd_dispatch", [self.ticket])

    def offer(self, candidates, minutes):
        """The desk names whom to ask."""
        workers = [candidate["worker_id"] for candidate in candidates]
        self.dispatch = self.agent(
            "helpdesk.ticket", "crowd_dispatch", [self.ticket], workers, minutes
        )
        self.check_state("offered")

    def state(self):
        return self.agent.read("crowd.dispatch", self.dispatch, "state")["state"]

    def check_state(self, wanted):
        state = self.state()
        check(state == wanted, f"The dispatch should be “{wanted}”, it is “{state}”.")

    def offers(self, **where):
        """Return the offers of the dispatch, best first."""
        domain = [["dispatch_id", "=", self.dispatch]]
        domain += [[name, "=", value] for name, value in where.items()]
        fields = "name", "worker_id", "state", "wave", "round", "sent_at"
        return self.agent.find("crowd.offer", domain, *fields, order="wave, rank, id")

    def wait_for_escalation(self, seconds=100, **where):
        """Wait for the clock; return the escalation."""
        domain = [["dispatch_id", "=", self.dispatch]]
        domain += [[name, "=", value] for name, value in where.items()]
        fields = "name", "user_id", "reason", "state"

        def look():
            return self.agent.find("crowd.escalation", domain, *fields)

        return wait_for("The escalation", seconds, look)[0]

    def wait_for_state(self, model, record, wanted, seconds=30):
        """Wait until a record is in that state."""

        def look():
            return self.agent.read(model, record, "state")["state"] == wanted

        wait_for(f"{model} “{wanted}”", seconds, look)

    # ------------------------------------------------------------------
    # friends
    # ------------------------------------------------------------------

    def friends(self, workers):
        """Return friends with the links of the mails they got.

        :param workers: ids
        """
        fields = "name", "email"
        people = [self.agent.read("fsm.person", worker, *fields) for worker in workers]

        def look():
            tokens = tokens_by_address(self.asked_at)
            return {person["email"] for person in people} <= set(tokens) and tokens

        tokens = wait_for("The mail with the offer", 60, look)
        return [Friend(p["name"], tokens[p["email"]]) for p in people]

    def friend_with(self, name, text):
        """Return a friend with the link of a message's text."""
        link = TOKEN_IN_LINK.search(text)
        check(link, f"There is no link in “{text}”.")
        return Friend(name, link.group(1))

    def work(self, friend, note):
        """The friend starts, and is done."""
        friend.look()
        friend.press("start")
        self.check_state("in_progress")
        friend.look()
        friend.press("done", note=note)
        self.check_state("done")
        stage = self.agent.read("helpdesk.ticket", self.ticket, "stage_id")["stage_id"]
        self.say(f"  {friend.name} starts, and is done. The ticket is now: {stage[1]}.")

    # ------------------------------------------------------------------
    # printing
    # ------------------------------------------------------------------

    def print_offers(self):
        offers = self.offers()
        start = datetime.fromisoformat(offers[0]["sent_at"])
        rows = [
            [
                offer["name"],
                offer["wave"],
                offer["worker_id"][1],
                f"+{(datetime.fromisoformat(offer['sent_at']) - start).seconds} s",
                offer["state"],
            ]
            for offer in offers
        ]
        self.table(["offer", "wave", "worker", "sent", "state now"], rows)

    def print_timeline(self):
        """Print the history of the ticket, as the database has it."""
        self.head(f"Timeline of the ticket {self.number}")
        domain = [["ticket_id", "=", self.ticket]]
        events = self.agent.find("crowd.event", domain, *EVENTS, order="id")
        check(events, "The timeline is empty.")
        start = datetime.fromisoformat(events[0]["at"])
        rows = []
        for event in events:
            at = datetime.fromisoformat(event["at"])
            minutes, seconds = divmod(int((at - start).total_seconds()), 60)
            by = event["user_id"][1] if event["user_id"] else ""
            cells = event["at"][11:], f"+{minutes}:{seconds:02d}", event["kind"]
            rows.append([*cells, event["summary"], event["channel"] or "", by])
        self.table(["UTC", "after", "what", "which", "by way of", "by"], rows)

    def print_messages(self):
        """Print the messages of offers and escalations, as the database has them."""
        domain = [["dispatch_id", "=", self.dispatch]]
        waiting = [*domain, ["state", "=", "queued"]]
        wait_for(
            "The end of the messages",
            30,
            lambda: not self.agent("crowd.delivery", "search", waiting),
        )
        sent = self.agent.find("crowd.delivery", domain, *MESSAGES, order="id")
        rows = [
            [
                message["purpose"],
                message["kind"],
                message["partner_id"][1].split(",")[-1].strip(),
                message["state"],
                message["attempts"],
                (message["sent_at"] or "")[11:],
                (message["error"] or "")[:40],
            ]
            for message in sent
        ]
        self.say("\n  Messages:")
        names = ["message", "over", "to", "state", "tries", "sent (UTC)", "error"]
        self.table(names, rows)
