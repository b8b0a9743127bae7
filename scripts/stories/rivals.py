"""Two friends accept at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

from .chapter import Chapter
from .server import check

ASKED = 6


class Rivals(Chapter):
    town, service = "Bern", "WLAN set-up at home"
    team = "Alpenfunk customer care"
    title = "WLAN does not reach the study"
    summary = "Set up WLAN in a flat of four rooms; one has no signal."

    def tell(self):
        self.head(f"{self.number}: {self.title}. The agent presses Match")
        ranked, near = self.match()
        self.print_ranked(ranked[: ASKED + 4])
        self.print_near_misses(near[:6])
        candidates = self.mixed(ranked)
        self.offer(candidates, 30)
        self.say(f"\n  Offers to {len(candidates)} of them, for 30 minutes.")
        friends = self.friends([row["worker_id"] for row in candidates[:2]])
        self.head(f"{self.number}: two of them accept at the same moment, by links")
        self.race(friends)
        [winner] = [friend for friend in friends if friend.answer == "accepted"]
        self.check_state("assigned")
        self.print_order(winner)
        self.work(winner, "New place for the router, all rooms tested.")

    def mixed(self, ranked):
        """Return the best candidates, two externals with an address in front."""
        domain = [["id", "in", [row["worker_id"] for row in ranked]]]
        domain += [["worker_type", "!=", "technician"], ["email", "like", "@"]]
        people = self.agent.find("fsm.person", domain, "id")
        reached = {person["id"] for person in people}
        externals = [row for row in ranked if row["worker_id"] in reached]
        check(len(externals) >= 2, "Match found fewer than two friends with an e-mail.")
        rest = [row for row in ranked if row not in externals[:2]]
        return externals[:2] + rest[: ASKED - 2]

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
        self.table(["friend", "tapped after (ms)", "answer after (ms)", "answer"], rows)
        answers = sorted(friend.answer for friend in friends)
        check(
            answers == ["accepted", "taken"],
            f"One should win and the other be told “taken”; they got {answers}.",
        )

    def print_order(self, winner):
        order = self.agent.read("crowd.dispatch", self.dispatch, "order_id")["order_id"]
        check(order, "The dispatch was accepted and has no service order.")
        fields = "name", "person_id", "location_id", "scheduled_date_start", "stage_id"
        facts = self.agent.read("fsm.order", order[0], *fields)
        check(
            facts["person_id"] and winner.name in facts["person_id"][1],
            f"The order should be {winner.name}'s: {facts['person_id']}.",
        )
        self.say("\n  The service order:")
        cells = [
            facts[f][1] if isinstance(facts[f], list) else facts[f] for f in fields
        ]
        self.table(["order", "worker", "place", "from (UTC)", "stage"], [cells])

    # ------------------------------------------------------------------
    # the ranked list
    # ------------------------------------------------------------------

    def print_ranked(self, ranked):
        parts = list(ranked[0]["parts"])
        rows = [
            [
                place,
                row["name"],
                self.stage.labels[row["worker_type"]],
                kilometres(row),
                row["score"],
                *(row["parts"][part] for part in parts),
            ]
            for place, row in enumerate(ranked, start=1)
        ]
        self.table(["", "worker", "type", "km", "score", *parts], rows)

    def print_near_misses(self, near):
        self.say("\n  Near misses:")
        rows = [
            [
                row["name"],
                self.stage.labels[row["worker_type"]],
                kilometres(row),
                self.stage.reasons[row["excluded_reason"]],
            ]
            for row in near
        ]
        self.table(["worker", "type", "km", "why not"], rows)


def kilometres(row):
    return "" if row["distance_km"] is False else row["distance_km"]
