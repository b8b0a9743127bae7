"""What happens to the tickets of the demo.

Every kind of story is a generator: it does something with the real engine and yields
the minutes until it goes on. The decisions are called inside the transaction, not
through ``race.decide``: a cursor of their own would not see an installation that is
not committed yet.
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


class Story:
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

    def run(self):
        """Return the generator: the ticket comes in, then its story."""
        self.open()
        yield from getattr(self, "tell_" + self.row["story"])()

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
        model = self.env["ir.model"]._get("helpdesk.ticket")
        rating = self.env["rating.rating"].create(
            {
                "res_model_id": model.id,
                "res_id": self.ticket.id,
                "partner_id": self.ticket.partner_id.id,
                "rated_partner_id": self.dispatch.worker_id.partner_id.id,
                "rating": int(self.row["rating"]),
                "feedback": self.row["feedback"] or False,
                "consumed": True,
            }
        )
        rating.flush()
        self.env.cr.execute(  # "submitted on" is the creation date
            "UPDATE rating_rating SET create_date = %s, write_date = %s WHERE id = %s",
            (self.clock(), self.clock(), rating.id),
        )
        rating.invalidate_cache()

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
        return self.dispatch.open_offers().sorted(lambda o: (o.rank, o.id))

    def accept(self, channel=None, first=1):
        """Somebody takes it: the first from place ``first`` on who still can."""
        channel = channel or CHANNELS[self.number % len(CHANNELS)]
        offers = self.offers()
        for offer in offers[first:] | offers:
            if self.accept_offer(offer, channel)["result"] == "accepted":
                return
        raise AssertionError("%s: nobody could take it" % self.ticket.number)

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

    # ------------------------------------------------------------------
    # stories that have ended
    # ------------------------------------------------------------------

    def tell_done(self):
        yield 3 + self.number % 9
        self.match()
        yield 1 + self.number % 3
        self.decline(self.number % 3)
        yield 1 + self.number % 7
        self.accept()
        yield from self.work_and_rate()

    def tell_done_window(self):
        yield 12
        self.match(minutes=240)
        yield 25
        self.decline(2)
        yield 31
        self.accept()
        yield from self.work_and_rate()

    def tell_done_phone(self):
        yield 6
        self.match()
        yield 9
        self.accept("phone")
        yield from self.work_and_rate()

    def tell_done_expert(self):
        yield 4
        self.match()
        yield 6
        self.accept("backend", first=0)
        yield from self.work_and_rate()

    def tell_done_paused(self):
        yield 5
        self.match()
        yield 4
        self.accept()
        yield 50
        self.job()._decide_start("mail")
        yield 30
        dispatch = self.as_user(self.dispatch, "agent")
        dispatch._pause_as_user(
            self.clock() + timedelta(hours=26), "Waiting for a repeater."
        )
        yield 60 * 22
        dispatch.action_resume()
        yield 40
        self.job()._decide_finish(True, NOTES[1], "mail")
        yield 200
        self.rate()

    def tell_backed_out(self):
        yield 8
        self.match()
        yield 5
        self.accept()
        yield 33
        self.job()._decide_give_back("sick", "Sorry, I am in bed.", "mail", "backed_out")
        yield 7
        self.accept()
        yield from self.work_and_rate()

    def tell_no_show(self):
        yield 10
        self.match()
        yield 6
        self.accept()
        yield 120
        job = self.as_user(self.job(), "agent")._engine()
        job._decide_give_back("other", "He did not come.", "desk", "no_show")
        yield 11
        self.accept()
        yield from self.work_and_rate()

    def tell_reassigned(self):
        yield 9
        self.match()
        yield 4
        self.accept()
        yield 55
        self.give_to(self.technician_name())
        yield from self.work_and_rate()

    def tell_all_declined(self):
        yield 7
        self.match(minutes=60)
        yield 8
        self.decline(3)
        yield 15
        self.decline_all()
        yield 6
        yield from self.desk_solves()

    def desk_solves(self):
        """Who is responsible says so, and a technician takes it."""
        self.acknowledge()
        yield 35
        self.take_job()
        yield from self.work_and_rate()

    def take_job(self):
        """A technician takes it from the escalation, or the dispatcher names one."""
        escalation = self.open_escalation()
        technician = self.user("technician")
        if escalation.user_id == technician:
            escalation.action_take_job()
        else:
            self.give_to(self.technician_name())

    def tell_ignored(self):
        yield 9
        self.match(minutes=20)
        yield 20 + 2  # the clock hands it over
        yield 75  # and asks the next person up
        yield from self.desk_solves()

    def tell_no_candidate(self):
        yield 6
        self.match()
        yield 12
        yield from self.desk_solves()

    def tell_escalated_by_agent(self):
        yield 14
        self.escalate("customer", "Deaf customer, please bring the light signal.")
        yield 10
        yield from self.desk_solves()

    def escalate(self, reason, note):
        """The agent hands over to a technician."""
        ticket = self.as_user(self.ticket, "agent")
        ticket.crowd_escalate(reason, note, self.user("technician").id)
        self.dispatch = self.ticket.crowd_dispatch_id

    def tell_unsolved(self):
        yield 6
        self.match()
        yield 4
        self.accept()
        yield from self.work(solved=False)
        yield 45
        self.ticket._crowd_miss_first_answer()
        self.dispatch = self.ticket.crowd_dispatch_id
        yield 8
        yield from self.desk_solves()

    def tell_cancelled_customer(self):
        yield 5
        self.match()
        yield 11
        stage = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_cancelled")
        self.ticket._crowd_close_by_customer(stage)

    def tell_cancelled_desk(self):
        yield 15
        self.match()
        yield 3
        self.accept()
        yield 60
        self.as_user(self.dispatch, "dispatcher").action_cancel()
        stage = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_cancelled")
        self.as_user(self.ticket, "agent").stage_id = stage

    def tell_closed_ticket(self):
        yield 4
        self.match()
        yield 9
        stage = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        self.as_user(self.ticket, "agent").stage_id = stage

    # ------------------------------------------------------------------
    # stories that go on
    # ------------------------------------------------------------------

    def tell_new(self):
        yield from ()

    tell_new_no_service = tell_new

    def tell_draft(self):
        yield 6
        self.dispatch = self.as_user(self.ticket, "agent").sudo()._crowd_open_dispatch()

    def tell_searching(self):
        yield 10
        self.match()
        yield 5
        self.accept()
        yield 57
        # the dispatcher takes the job back by emptying the order
        order = self.as_user(self.dispatch.order_id, "dispatcher")
        order.person_id = False

    def tell_offered(self):
        yield 2
        self.match()

    def tell_offered_some(self):
        yield 5
        self.match(minutes=60)
        yield 6
        self.decline(2)

    def tell_offered_days(self):
        yield 20
        self.match(minutes=60 * 24 * 4)
        yield 60
        self.decline(1)

    def tell_offered_again(self):
        yield 4
        self.match()
        yield 3
        self.accept()
        yield 30
        self.job()._decide_give_back("no_time", "Double booked.", "mail", "backed_out")

    def tell_assigned(self):
        yield 8
        self.match()
        yield 5
        self.accept()

    tell_assigned_window = tell_done_window

    def tell_assigned_expert(self):
        yield 3
        self.match()
        yield 7
        self.accept("backend", first=0)

    def tell_in_progress(self):
        yield 9
        self.match()
        yield 6
        self.accept()
        yield 40
        self.job()._decide_start("mail")

    def tell_escalated(self):
        yield 34
        self.escalate("manual", "Nobody with a spare part nearby, please have a look.")

    def tell_escalated_by_clock(self):
        yield 25
        self.match(minutes=20)

    def tell_acknowledged(self):
        yield 60
        self.match()
        yield 12
        if self.dispatch.state == "offered":
            self.decline_all()
            yield 5
        self.acknowledge()

    def tell_paused(self):
        yield 30
        self.match()
        yield 15
        self.pause(timedelta(days=3), "The device is on its way to the customer.")

    def tell_paused_job(self):
        yield 30
        self.match()
        yield 6
        self.accept()
        yield 45
        self.pause(timedelta(days=6), "The customer is away until next week.")

    def pause(self, duration, note):
        dispatch = self.as_user(self.dispatch, "agent")
        dispatch._pause_as_user(self.clock() + duration, note)

    def tell_unsolved_now(self):
        yield 8
        self.match()
        yield 5
        self.accept()
        yield from self.work(solved=False)
