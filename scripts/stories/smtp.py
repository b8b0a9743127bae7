"""The mail server is down: the message goes by SMS, and the answer comes back by SMS."""

from .chapter import Chapter
from .server import check

MOBILE = "+41785550102"


class SmtpDown(Chapter):
    town, service = "Luzern", "TV box installation"
    team = "Alpenfunk customer care"
    title = "TV box for the guest room"
    summary = "Connect a second TV box in the guest room."
    policy = (
        "e-mail is down",
        [
            {
                "kind": "offer",
                "audience": "friends",
                "quantity": 1,
                "offer_minutes": 10,
                "over": ("dead_mail", "sms"),
            },
            {"kind": "escalate", "after_minutes": 15, "target": "leader"},
        ],
    )

    def tell(self):
        self.head(f"{self.number}: {self.title}. The mail server does not answer")
        ranked, _near = self.match()
        best = next(row for row in ranked if row["worker_type"] == "friend")
        person = self.agent.read("fsm.person", best["worker_id"], "partner_id")
        self.stage.give_mobile(person["partner_id"][0], MOBILE)
        provider = self.stage.provider
        before = len(provider.inbox(MOBILE))
        self.start_ladder()
        self.check_state("offered")
        text = provider.wait(MOBILE, after=before)
        self.say(f"  The e-mail failed, so {best['name']} gets an SMS:\n    “{text}”")
        [offer] = self.offers()
        check(
            offer["worker_id"][0] == best["worker_id"],
            f"{best['name']} should be asked, not {offer['worker_id'][1]}.",
        )
        provider.reply(MOBILE, "Ja")
        self.wait_for_state("crowd.offer", offer["id"], "accepted")
        self.check_state("assigned")
        self.say("  He replies “Ja” and has the job.")
        friend = self.friend_with(best["name"], provider.wait(MOBILE, after=before + 1))
        self.work(friend, "The second box works.")
