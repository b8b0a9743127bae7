"""The people of a demo ticket, and what each of them can do.

The decisions are called inside the transaction, not through ``race.decide``: a cursor
of its own would not see an installation that is not committed yet.
"""

from datetime import timedelta

from odoo import SUPERUSER_ID

NOTES = (
    "Everything works. Tested together with the customer.",
    "Solved. The customer has the passwords on paper now.",
    "Done, took a little longer because of an update.",
    "All good. Showed the customer how to do it next time.",
)
DECLINES = ("no_time", "too_far", "skill", "price", "sick", "other")
CHANNELS = ("mail", "mail", "portal", "mail", "phone")


class Actors:
    """One ticket and the people who act on it.

    :param demo: ``crowd.demo``
    :param row: of ``tickets.csv``; ``story`` names the method
    :param start: when the ticket comes in (naive UTC)
    """

    def __init__(self, demo, number, row, start, now):
        self.demo, self.env = demo, demo.env
        self.number, self.row, self.start, self.now = number, row, start, now
        self.location = demo._ref("location_" + row["customer"])
        self.is_german = self.location.company_id == demo._ref("company_heidefunk")
        self.ticket = self.dispatch = None

    # ------------------------------------------------------------------
    # people
    # ------------------------------------------------------------------

    def user(self, role):
        """Return the user ``agent``, ``dispatcher`` or ``technician`` of the company."""
        name = "user_" + role
        return self.demo._ref(name + "_de" if self.is_german else name)

    def as_user(self, records, role):
        return records.with_user(self.user(role))

    # ------------------------------------------------------------------
    # the ticket
    # ------------------------------------------------------------------

    def open(self):
        """The ticket comes in, at this moment."""
        tickets = self.as_user(self.env["helpdesk.ticket"], "agent")
        ticket = tickets.create(self.values())
        ticket.flush()
        # the deadline counts from the creation, which the ORM dates today
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET create_date = %s WHERE id = %s",
            (self.start, ticket.id),
        )
        ticket.invalidate_cache()
        self.ticket = ticket.sudo()
        self.ticket._compute_crowd_deadline()

    def values(self):
        row, customer = self.row, self.location.owner_id
        prefix = "heide" if self.is_german else "alpen"
        values = {
            "name": row["title"],
            "description": "<p>%s</p>" % row["description"],
            "company_id": self.location.company_id.id,
            "team_id": self.demo._id("team_%s_care" % prefix),
            "category_id": self.demo._id("category_%s_%s" % (prefix, self.category())),
            "partner_id": customer.id,
            "partner_name": customer.name,
            "partner_email": customer.email,
            "fsm_location_id": self.location.id,
            "channel_id": self.demo._id(
                "helpdesk_mgmt.helpdesk_ticket_channel_" + row["channel"]
            ),
            "priority": row["priority"],
            "crowd_summary": row["summary"],
            "crowd_service_id": self.service(),
        }
        if self.number % 3 == 0:
            values["user_id"] = self.user("agent").id
        if "window" in row["story"]:
            values.update(self.wish())
        return values

    def service(self):
        name = self.row["service"]
        prefix = "service_de_" if self.is_german else "service_"
        return self.demo._id(prefix + name) if name else False

    def category(self):
        kinds = {"tv_box": "tv", "tv_sound": "tv", "smart": "home", "camera": "home"}
        if self.row["service"] in ("wlan", "mesh", "line", "cabling", "business", ""):
            return "internet"
        return kinds.get(self.row["service"], "device")

    def wish(self):
        """Wish for the evening of the day after tomorrow, or what is left of it."""
        begin = self.start.replace(hour=16, minute=0, second=0) + timedelta(days=2)
        return {
            "crowd_when": "window",
            "crowd_wished_from": begin,
            "crowd_wished_to": begin + timedelta(hours=3),
        }

    def rate(self):
        """The customer says what he thinks of it."""
        if not self.row["rating"]:
            return
        stars = int(self.row["rating"])
        answer = {
            "stars_worker": stars,
            "stars_solution": stars,
            "would_book_again": "yes" if stars > 2 else "no",
            "comment": self.row["feedback"],
        }
        review = self.dispatch._ensure_review()
        review._answer(answer, "page")
        review.flush()
        self.env.cr.execute(  # "submitted on" is the creation date
            "UPDATE rating_rating SET create_date = %s, write_date = %s WHERE id = %s",
            (self.clock(), self.clock(), review.rating_id.id),
        )
        review.rating_id.invalidate_cache()

    def clock(self):
        return self.env["crowd.clock"].now()

    # ------------------------------------------------------------------
    # the desk
    # ------------------------------------------------------------------

    def match(self, minutes=0):
        """The agent sends offers to the best."""
        ticket = self.as_user(self.ticket, "agent")
        dispatch_id = ticket.crowd_dispatch(minutes=minutes)
        self.dispatch = self.env["crowd.dispatch"].browse(dispatch_id)

    def give_to(self, worker_name, role="dispatcher"):
        """The dispatcher names a technician."""
        worker = self.demo._ref(worker_name)
        self.as_user(self.dispatch, role)._as_desk()._assign_worker(worker)

    def acknowledge(self):
        self.open_escalation().action_acknowledge()

    def open_escalation(self):
        """Return the escalation as the user whom it is addressed to."""
        escalation = self.dispatch.escalation_ids.filtered(
            lambda e: e.state in ("open", "acknowledged")
        )[:1]
        return escalation.with_user(escalation.user_id)

    def technician_name(self):
        return "tech_012" if self.is_german else "tech_001"

    # ------------------------------------------------------------------
    # the workers
    # ------------------------------------------------------------------

    def offers(self):
        """Return the open offers, best first."""
        return self.dispatch._open_offers().sorted(lambda o: (o.rank, o.id))

    def accept(self, channel=None, first=1):
        """Somebody takes it: the first from place ``first`` on who still can.

        If all of them have taken enough this day, the dispatcher names a technician.
        """
        channel = channel or CHANNELS[self.number % len(CHANNELS)]
        offers = self.offers()
        for offer in offers[first:] | offers:
            if self.accept_offer(offer, channel)["result"] == "accepted":
                lost = offers.filtered(lambda o: o.state == "lost")
                self.dispatch._job_tell_taken(lost.ids)
                return
        self.give_to(self.technician_name())

    def accept_offer(self, offer, channel):
        login = offer.worker_id.crowd_user_id
        if channel == "phone":
            return self.as_user(offer, "agent")._engine()._decide_accept(channel, True)
        if login:
            channel = "portal" if login.share else "backend"
        elif channel == "portal":
            channel = "mail"
        user = login.id or SUPERUSER_ID
        return offer.with_user(user)._engine()._decide_accept(channel, False)

    def decline(self, many, leave=2):
        """The last of the ranked list say no, but some are left."""
        offers = self.offers()
        many = min(many, len(offers) - leave)
        for place, offer in enumerate(offers[len(offers) - max(many, 0) :]):
            reason = DECLINES[(self.number + place) % len(DECLINES)]
            offer._decide_decline(reason, "", "mail")

    def decline_all(self):
        self.decline(len(self.offers()), leave=0)

    def job(self):
        """Return the accepted offer."""
        return self.dispatch.accepted_offer_id

    def set_off(self):
        """The worker says that he is on his way."""
        self.job()._decide_promise("_set_off", 45, "mail")

    def work(self, solved=True):
        """On the way, at work, done."""
        order = self.dispatch.order_id
        wait = (order.scheduled_date_start - self.clock()).total_seconds() / 60
        yield max(wait, 0) + 25 + self.number % 4 * 10
        self.job()._decide_start("mail")
        yield (self.dispatch.service_id.crowd_minutes or 60) - self.number % 3 * 8
        note = NOTES[self.number % len(NOTES)]
        if not solved:
            note = "I could not solve it: this needs one of your experts."
        self.job()._decide_finish(solved, note, "mail")

    def work_and_rate(self):
        yield from self.work()
        yield 90 + self.number % 5 * 130
        self.rate()
