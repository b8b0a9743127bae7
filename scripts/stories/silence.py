"""Nobody answers: people inside the company are asked, until somebody answers."""

from .chapter import Chapter
from .server import check

TECHNICIAN_MOBILE = "+41785550101"


class TechnicianBySms(Chapter):
    """The offers of a minute expire; the technician answers by SMS."""

    town, service = "Thun", "TV box installation"
    team = "Alpenfunk field service"
    title = "TV box shows no picture"
    summary = "TV box is connected, the screen stays black."
    policy = (
        "technician by SMS",
        [
            {
                "kind": "offer",
                "audience": "crowd",
                "quantity": 3,
                "offer_minutes": 1,
            },
            {
                "kind": "escalate",
                "after_minutes": 1,
                "target": "user",
                "user": "technician",
                "over": ("sms",),
                "acknowledge_minutes": 5,
            },
        ],
    )

    def tell(self):
        self.head(f"{self.number}: {self.title}. Three people get a minute to answer")
        partner = self.agent.read("res.users", self.technician.uid, "partner_id")
        self.stage.give_mobile(partner["partner_id"][0], TECHNICIAN_MOBILE)
        provider = self.stage.provider
        self.start_ladder()
        self.check_state("offered")
        found = self.wait_for_escalation()
        check(
            found["user_id"][0] == self.technician.uid,
            f"The technician should be asked, not {found['user_id'][1]}.",
        )
        text = provider.wait(TECHNICIAN_MOBILE, about=self.number)
        self.say(f"  Nobody answered. SMS to {found['user_id'][1]}:\n    “{text}”")
        code = "E" + found["name"].lstrip("E").lstrip("0")
        provider.reply(TECHNICIAN_MOBILE, f"1 {code}", times=2)
        self.wait_for_state("crowd.escalation", found["id"], "acknowledged")
        self.say(f"  He replies “1 {code}” (the provider tells it twice): responsible.")
        provider.reply(TECHNICIAN_MOBILE, f"2 {code}")
        self.wait_for_state("crowd.escalation", found["id"], "taken")
        self.check_state("assigned")
        self.say(f"  He replies “2 {code}”: the job is his.")
        offer = self.agent.read("crowd.dispatch", self.dispatch, "accepted_offer_id")
        for button, state in (("action_start", "in_progress"), ("action_done", "done")):
            self.technician("crowd.offer", button, [offer["accepted_offer_id"][0]])
            self.check_state(state)
        self.say("  He starts, and is done.\n")
        self.print_offers()


class SilentTechnician(Chapter):
    """The technician does not acknowledge: the team's leader is asked."""

    town, service = "Winterthur", "Fault of the fibre line"
    team = "Alpenfunk customer care"
    title = "No light on the fibre"
    summary = "The fibre box shows a red light since this morning."
    policy = (
        "technician, then leader",
        [
            {
                "kind": "escalate",
                "target": "user",
                "user": "technician2",
                "acknowledge_minutes": 1,
            },
            {
                "kind": "escalate",
                "after_minutes": 5,
                "target": "leader",
                "acknowledge_minutes": 5,
            },
        ],
    )

    def tell(self):
        self.head(f"{self.number}: {self.title}. Straight to a technician")
        self.start_ladder()
        first = self.wait_for_escalation(user_id=self.stage.technician2.uid)
        name = first["user_id"][1]
        self.say(f"  {name} has a minute to acknowledge, and is silent.")
        leader = self.stage.leader
        second = self.wait_for_escalation(reason="not_acknowledged")
        check(
            second["user_id"][0] == leader.uid,
            f"The team's leader should be asked, not {second['user_id'][1]}.",
        )
        leader("crowd.escalation", "action_acknowledge", [second["id"]])
        self.wait_for_state("crowd.escalation", second["id"], "acknowledged")
        fields = "responsible_id", "next_deadline"
        dispatch = self.agent.read("crowd.dispatch", self.dispatch, *fields)
        check(
            dispatch["responsible_id"][0] == leader.uid,
            "Who acknowledged should be responsible.",
        )
        self.say(
            f"  {second['user_id'][1]}, who leads the team, acknowledges and is"
            f" responsible; the clock asks again at {dispatch['next_deadline']} UTC."
        )
