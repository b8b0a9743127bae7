"""A friend finds that it takes an expert; the technician sends it back to the crowd."""

from .chapter import Chapter
from .server import check, wait_for


class ScopeAlarm(Chapter):
    town, service = "Basel", "WLAN set-up at home"
    team = "Alpenfunk customer care"
    title = "WLAN in the old town"
    summary = "Set up WLAN in a flat with thick walls."
    policy = (
        "friends, then technician",
        [
            {
                "kind": "offer",
                "audience": "crowd",
                "quantity": 3,
                "offer_minutes": 10,
            },
            {
                "kind": "escalate",
                "after_minutes": 15,
                "target": "user",
                "user": "technician",
                "acknowledge_minutes": 5,
            },
        ],
    )

    def tell(self):
        self.head(f"{self.number}: {self.title}. A friend takes it, and looks at it")
        self.start_ladder()
        first = self.accepted_by_somebody(round=1)
        first.look()
        first.press("start")
        first.look()
        note = "The line to the house is dead, somebody must look at your end."
        first.press("scope", reason="special", note=note)
        found = self.wait_for_escalation(reason="scope")
        self.check_state("escalated")
        check(
            found["user_id"][0] == self.technician.uid,
            f"The technician should be asked, not {found['user_id'][1]}.",
        )
        packet = self.technician.read("crowd.escalation", found["id"], "packet")
        check(note in packet["packet"], "The packet should have the friend's words.")
        self.say(
            f"  {first.name}: “{note}”\n  {found['user_id'][1]} gets it with the packet."
        )
        self.technician("crowd.escalation", "action_acknowledge", [found["id"]])
        self.wait_for_state("crowd.escalation", found["id"], "acknowledged")
        self.say("  He repairs the line from his desk. The agent asks the crowd again.")
        self.start_ladder()
        second = self.accepted_by_somebody(round=2)
        check(second.name != first.name, f"{first.name} should not be asked again.")
        self.say()
        self.print_offers()
        self.say()
        self.work(second, "The line is good now, WLAN works in all rooms.")

    def accepted_by_somebody(self, **where):
        """The best of the asked accepts; return him."""
        offers = wait_for("An offer", 30, lambda: self.offers(state="sent", **where))
        [friend] = self.friends([offers[0]["worker_id"][0]])
        friend.look()
        friend.accept()
        check(friend.answer == "accepted", f"{friend.name} got: {friend.answer}.")
        return friend
