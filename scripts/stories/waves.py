"""The crowd: the first wave is silent, somebody of the second one accepts."""

from .chapter import Chapter
from .server import check, wait_for


class SecondWave(Chapter):
    town, service = "Zürich", "New iPhone: set-up and data transfer"
    team = "Alpenfunk customer care"
    title = "New phone, old pictures"
    summary = "Move pictures and contacts to a new iPhone."
    policy = (
        "two waves",
        [
            {
                "kind": "offer",
                "audience": "crowd",
                "quantity": 6,
                "per_wave": 3,
                "pause_minutes": 1,
                "offer_minutes": 10,
            },
            {"kind": "escalate", "after_minutes": 15, "target": "leader"},
        ],
    )

    def tell(self):
        self.head(f"{self.number}: {self.title}. Six people, three at a time")
        self.start_ladder()
        self.check_state("offered")
        first = self.offers()
        check(len(first) == 3, f"Three people should be asked, not {len(first)}.")
        second = wait_for("The second wave", 100, lambda: self.offers()[3:])
        [friend] = self.friends([second[0]["worker_id"][0]])
        friend.look()
        friend.accept()
        check(friend.answer == "accepted", f"{friend.name} got: {friend.answer}.")
        self.check_state("assigned")
        self.say(f"  Three are silent for a minute; {friend.name} of wave 2 accepts.\n")
        self.print_offers()
        self.say()
        self.work(friend, "All pictures are on the new phone.")
