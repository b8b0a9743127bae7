"""What happens to the tickets of the demo, one method per kind of story.

A story is a generator: it does something with the real engine and yields the minutes
until it goes on.
"""

from datetime import timedelta

from .actors import NOTES, Actors


class Story(Actors):
    """One ticket from the first word to the last, or to this day."""

    def run(self):
        """Return the generator: the ticket comes in, then its story."""
        self.open()
        yield from getattr(self, "tell_" + self.row["story"])()

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
        self.job()._decide_give_back(
            "sick", "Sorry, I am in bed.", "mail", "backed_out"
        )
        yield 7
        self.accept()
        yield from self.work_and_rate()

    def tell_no_show(self):
        yield 10
        self.match()
        yield 6
        self.accept()
        yield 60 + 15 + 11  # nobody hears of him: the clock asks others
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
        yield 20
        self.set_off()

    tell_assigned_window = tell_done_window

    def tell_assigned_expert(self):
        yield 3
        self.match()
        yield 7
        self.accept("backend", first=0)
        yield 25
        self.set_off()

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
