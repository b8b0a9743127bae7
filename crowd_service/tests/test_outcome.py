from datetime import date, datetime

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import CrowdCase

NOON = datetime(2026, 3, 4, 12)


class OutcomeCase(CrowdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ref = cls.env.ref
        cls.new = ref("helpdesk_mgmt.helpdesk_ticket_stage_new")
        cls.done = ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        cls.called_off = ref("helpdesk_mgmt.helpdesk_ticket_stage_cancelled")
        cls.worker = cls._create_worker("Anna")
        cls.ticket = cls._create_ticket()

    def _dispatch(self):
        """Give the job to Anna."""
        ticket = self.ticket.with_user(self.agent)
        ticket.crowd_dispatch(self.worker.ids)
        dispatch = self.ticket.crowd_dispatch_id
        dispatch.offer_ids._accept("api")
        return dispatch

    def _told(self):
        return self.ticket.crowd_outcome, self.ticket.crowd_outcome_by

    def _wizard(self, user=None):
        wizards = self.env["crowd.ticket.close"].with_user(user or self.agent)
        return Form(wizards.with_context(default_ticket_id=self.ticket.id))

    def _close(self, outcome, user=None, note=""):
        form = self._wizard(user)
        form.outcome = outcome
        form.note = note
        form.save().action_close()


@tagged("post_install", "-at_install")
class TestOutcome(OutcomeCase):
    """What became of a ticket, by rule."""

    def test_open(self):
        self.assertEqual(self._told(), (False, False))
        self.assertFalse(self.ticket.crowd_closed_at)

    def test_done_by_the_worker(self):
        self._dispatch()._finish(True)
        self.assertTrue(self.ticket.closed)
        self.assertEqual(self._told(), ("solved", "crowd"))

    def test_unsolved_and_then_closed_on_the_board(self):
        self._dispatch()._finish(False)
        self.assertEqual(self._told(), (False, False), "still open")
        self.ticket.with_user(self.agent).stage_id = self.done
        self.assertEqual(self._told(), ("not_solved", "crowd"))

    def test_closed_on_the_board(self):
        self.ticket.with_user(self.agent).stage_id = self.done
        self.assertEqual(self._told(), ("solved", "assumed"))

    def test_moved_to_cancelled(self):
        self.assertEqual(self.called_off.crowd_outcome, "abandoned", "as shipped")
        self.ticket.with_user(self.agent).stage_id = self.called_off
        self.assertEqual(self._told(), ("abandoned", "assumed"))

    def test_stages_mean_what_is_set(self):
        self.called_off.crowd_outcome = "not_solved"
        self.ticket.stage_id = self.called_off
        self.assertEqual(self._told(), ("not_solved", "assumed"))

    def test_the_worker_knows_better_than_the_stage(self):
        dispatch = self._dispatch()
        dispatch.company_id.crowd_stage_map_ids.filtered(
            lambda line: line.dispatch_state == "done"
        ).ticket_stage_id = self.called_off
        dispatch._finish(True)
        self.assertEqual(self._told(), ("solved", "crowd"))

    def test_closed_by_the_customer(self):
        self._dispatch()
        self.ticket._crowd_close_by_customer(self.done)
        self.assertEqual(self._told(), ("abandoned", "customer"))

    def test_closed_by_the_customer_after_the_work(self):
        dispatch = self._dispatch()
        dispatch._finish(True)
        self.ticket.stage_id = self.new
        self.ticket._crowd_close_by_customer(self.done)
        self.assertEqual(self._told(), ("solved", "crowd"))

    def test_several_at_once(self):
        second = self._create_ticket("Second")
        self._dispatch()._finish(False)
        (self.ticket | second).write({"stage_id": self.done.id})
        self.assertEqual(self._told(), ("not_solved", "crowd"))
        self.assertEqual(second.crowd_outcome_by, "assumed")

    def test_created_closed(self):
        ticket = self._create_ticket(stage_id=self.done.id)
        self.assertEqual(ticket.crowd_outcome, "solved")
        self.assertTrue(ticket.crowd_closed_day)

    def test_day_is_local(self):
        """Shortly before midnight in UTC it is the next day in Zurich."""
        self.company_a.resource_calendar_id.tz = "Europe/Zurich"
        with self.at(datetime(2026, 3, 28, 23, 30)):
            self.ticket.stage_id = self.done
        self.assertEqual(self.ticket.crowd_closed_at, datetime(2026, 3, 28, 23, 30))
        self.assertEqual(self.ticket.crowd_closed_day, date(2026, 3, 29))
        self.company_a.resource_calendar_id.tz = "Pacific/Auckland"
        self.assertEqual(self.ticket.crowd_closed_day, date(2026, 3, 29), "history")

    def test_from_one_closing_stage_to_another(self):
        with self.at(NOON):
            self.ticket.stage_id = self.done
        self.ticket.stage_id = self.called_off
        self.assertEqual(self._told(), ("solved", "assumed"))
        self.assertEqual(self.ticket.crowd_closed_at, NOON)

    def test_reopened(self):
        self.ticket.stage_id = self.done
        with self.at(NOON):
            self.ticket.stage_id = self.new
        self.assertEqual(self._told(), (False, False))
        self.assertFalse(self.ticket.crowd_closed_at or self.ticket.crowd_closed_day)
        self.assertEqual(self.ticket.crowd_reopen_count, 1)
        self.assertEqual(self.ticket.crowd_reopened_at, NOON)
        with self.at(datetime(2026, 3, 6, 12)):
            self.ticket.stage_id = self.done
        self.assertEqual(self.ticket.crowd_closed_day, date(2026, 3, 6))
        self.ticket.stage_id = self.new
        self.assertEqual(self.ticket.crowd_reopen_count, 2)

    def test_other_writes_change_nothing(self):
        self.ticket.stage_id = self.done
        closed_at = self.ticket.crowd_closed_at
        self.ticket.write({"name": "Other", "stage_id": self.done.id})
        self.assertEqual(self.ticket.crowd_closed_at, closed_at)
        self.assertFalse(self.ticket.crowd_reopen_count)

    def test_copy_is_open(self):
        self.ticket.stage_id = self.done
        self.assertFalse(self.ticket.copy().crowd_outcome)

    def test_existing_tickets_get_theirs_once(self):
        dispatch = self._dispatch()
        dispatch._finish(False)
        others = [self._create_ticket(str(n)) for n in range(2)]
        self.ticket.stage_id = self.done
        others[0]._crowd_close_by_customer(self.done)
        others[1].stage_id = self.called_off
        tickets = self.ticket | others[0] | others[1]
        names = ["crowd_outcome", "crowd_closed_day"]
        wanted = [("not_solved", "crowd"), ("solved", "assumed")]
        tickets.flush()
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET crowd_outcome = NULL, crowd_outcome_by = NULL,"
            " crowd_closed_at = NULL, crowd_closed_day = NULL WHERE id = ANY(%s)",
            (tickets.ids,),
        )
        tickets.invalidate_cache()
        tickets._crowd_fill_outcomes()
        self.assertEqual(self._told(), wanted[0])
        self.assertEqual(others[0].crowd_outcome, "solved", "no dispatch tells more")
        self.assertEqual(others[1].crowd_outcome, "abandoned")
        self.assertTrue(all(tickets.mapped("crowd_closed_day")))
        self.ticket._crowd_set_outcome("solved", "agent")
        self.ticket.flush()
        tickets._crowd_fill_outcomes()
        self.ticket.invalidate_cache(names)
        self.assertEqual(self._told(), ("solved", "agent"), "only what was empty")


@tagged("post_install", "-at_install")
class TestCloseWizard(OutcomeCase):
    """The agent says what became of it."""

    def test_close(self):
        with self.at(NOON):
            self._close("not_solved", note="The router <b>is</b> too old")
        self.assertEqual(self.ticket.stage_id, self.done)
        self.assertEqual(self._told(), ("not_solved", "agent"))
        self.assertEqual(self.ticket.crowd_closed_at, NOON)
        message = self.ticket.message_ids.filtered(lambda m: "too old" in m.body)
        self.assertIn("&lt;b&gt;", str(message.body))
        self.assertTrue(message.subtype_id.internal, "for the desk only")

    def test_outcome_is_required(self):
        form = self._wizard()
        with self.assertRaisesRegex(AssertionError, "outcome is a required field"):
            form.save()

    def test_stage_follows_the_outcome(self):
        form = self._wizard()
        form.outcome = "abandoned"
        self.assertEqual(form.stage_id, self.called_off)
        form.outcome = "solved"
        self.assertEqual(form.stage_id, self.done)

    def test_stage_must_close(self):
        form = self._wizard()
        form.outcome = "solved"
        form.stage_id = self.new
        with self.assertRaises(UserError):
            form.save().action_close()

    def test_proposes_what_the_worker_said(self):
        self._dispatch()._finish(False)
        self.assertEqual(self._wizard().outcome, "not_solved")

    def test_running_job(self):
        """It has to be finished first, unless nobody needs it any more."""
        dispatch = self._dispatch()
        self.assertEqual(self._wizard().worker_id, self.worker)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self._close("solved")
        self._close("abandoned")
        self.assertEqual(dispatch.state, "cancelled")
        self.assertEqual(dispatch.close_reason, "desk")
        self.assertTrue(dispatch.order_id.stage_id.is_closed)
        self.assertEqual(self._told(), ("abandoned", "agent"))

    def test_correct_an_assumption(self):
        with self.at(NOON):
            self.ticket.stage_id = self.done
        form = self._wizard()
        self.assertEqual(form.outcome, "solved")
        self._close("abandoned")
        self.assertEqual(self._told(), ("abandoned", "agent"))
        self.assertEqual(self.ticket.crowd_closed_at, NOON, "it stays closed")
        self.assertEqual(self.ticket.stage_id, self.done)
        self.assertFalse(self.ticket.crowd_reopen_count)

    def test_search_of_open_offers_ends(self):
        self.ticket.with_user(self.agent).crowd_dispatch(self.worker.ids)
        self._close("solved")
        self.assertEqual(self.ticket.crowd_dispatch_id.state, "cancelled")
        self.assertEqual(self._told(), ("solved", "agent"))

    def test_buttons(self):
        ticket = self.ticket.with_user(self.agent)
        for method in ("action_crowd_close", "action_crowd_correct_outcome"):
            action = getattr(ticket, method)()
            self.assertEqual(action["res_model"], "crowd.ticket.close")
            self.assertEqual(action["context"], {"default_ticket_id": ticket.id})


@tagged("post_install", "-at_install")
class TestOutcomeRights(OutcomeCase):
    """Nobody writes the figures but by closing and opening."""

    def test_nobody_writes_the_outcome(self):
        for user in (self.agent, self.manager):
            for name, value in (
                ("crowd_outcome", "solved"),
                ("crowd_outcome_by", "agent"),
                ("crowd_closed_at", NOON),
                ("crowd_closed_day", date(2026, 1, 1)),
                ("crowd_reopen_count", 0),
                ("crowd_reopened_at", False),
            ):
                with self.assertRaises(AccessError):
                    self.ticket.with_user(user).write({name: value})

    def test_nobody_creates_an_outcome(self):
        tickets = self.env["helpdesk.ticket"].with_user(self.agent)
        values = {"name": "X", "description": "X"}
        with self.assertRaises(AccessError):
            tickets.create(dict(values, crowd_outcome="solved"))
        forged = tickets.with_context(
            default_crowd_outcome="solved", default_crowd_reopen_count=5
        ).create(values)
        self.assertFalse(forged.crowd_outcome or forged.crowd_reopen_count)

    def test_who_does_not_close(self):
        for user in (self.technician, self.employee, self.portal_user):
            with self.assertRaises(AccessError):
                self.ticket.with_user(user)._crowd_close("solved", self.done)
            with self.assertRaises(AccessError):
                self.env["crowd.ticket.close"].with_user(user).create(
                    {"ticket_id": self.ticket.id, "outcome": "solved"}
                )

    def test_agent_of_another_company_does_not_close(self):
        with self.assertRaises(AccessError):
            self.ticket.with_user(self.agent_b)._crowd_close("solved", self.done)


@tagged("post_install", "-at_install")
class TestOutcomeReport(OutcomeCase):
    """A row per ticket of the crowd."""

    def _row(self, ticket=None, user=None):
        ticket = ticket or self.ticket
        self.env["base"].flush()
        report = self.env["crowd.report.outcome"].with_user(user or self.manager)
        report.invalidate_cache()
        return report.search([("ticket_id", "=", ticket.id)])

    def _measures(self, ticket=None):
        """Return the shares as the pivot counts them: None outside the population."""
        self.env["base"].flush()
        names = ["is_solved", "is_not_solved", "is_abandoned", "is_reopened", "is_open"]
        self.env.cr.execute(
            "SELECT is_solved, is_not_solved, is_abandoned, is_reopened, is_open"
            " FROM crowd_report_outcome WHERE id = %s",
            (ticket or self.ticket).ids,
        )
        return dict(zip(names, self.env.cr.fetchone()))

    def test_open(self):
        row = self._row()
        self.assertEqual((row.outcome, row.nbr), ("open", 1))
        self.assertEqual(
            self._measures(),
            {
                "is_solved": None,
                "is_not_solved": None,
                "is_abandoned": None,
                "is_reopened": None,
                "is_open": 100,
            },
        )

    def test_closed(self):
        self.ticket.stage_id = self.done
        self.ticket.stage_id = self.new
        self.ticket.stage_id = self.called_off
        row = self._row()
        self.assertEqual((row.outcome, row.reopen_count), ("abandoned", 1))
        self.assertEqual(
            self._measures(),
            {
                "is_solved": 0,
                "is_not_solved": 0,
                "is_abandoned": 100,
                "is_reopened": 100,
                "is_open": 0,
            },
        )

    def test_local_time(self):
        self.company_a.resource_calendar_id.tz = "Europe/Zurich"
        with self.at(datetime(2026, 3, 6, 23, 30)):  # Saturday there
            self.ticket.stage_id = self.done
        row = self._row()
        self.assertEqual((row.day, row.hour), (date(2026, 3, 7), "00:00"))
        self.assertEqual((row.weekday, row.part), ("6", "weekend"))
        self.assertEqual(row.closed_day, row.day)

    def test_open_ones_count_on_the_day_they_were_opened(self):
        row = self._row()
        self.assertEqual(row.day, self.company_a._crowd_day(self.ticket.create_date))
        self.assertFalse(row.closed_day)

    def test_only_tickets_of_the_crowd(self):
        other = self._create_ticket(crowd_service_id=False)
        self.assertFalse(self._row(other))

    def test_archived_tickets_count(self):
        self.ticket.active = False
        self.assertTrue(self._row())

    def test_territory(self):
        territory = self.env["res.territory"].create({"name": "Bern"})
        self.location.territory_id = territory
        self.assertEqual(self._row().territory_id, territory)

    def test_opens_the_ticket(self):
        action = self._row().action_open()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("helpdesk.ticket", self.ticket.id)
        )

    def test_never_answered(self):
        silent = [("never_answered", "=", True), ("ticket_id", "=", self.ticket.id)]
        report = self.env["crowd.report.outcome"]

        def is_silent():
            self.env["base"].flush()
            return bool(report.search_count(silent))

        self.assertFalse(is_silent(), "there is still time")
        self.ticket.crowd_first_answer_deadline = datetime(2020, 1, 1)
        self.assertTrue(is_silent())
        self.assertEqual(self._row().never_answered_count, 1)
        self.ticket.user_id = self.agent
        self.assertFalse(is_silent(), "somebody looks after it")
        self.ticket.user_id = False
        escalation = self.ticket.with_user(self.agent).crowd_escalate("manual")
        self.assertTrue(is_silent(), "nobody has acknowledged")
        self.env["crowd.escalation"].browse(escalation).acknowledged_at = NOON
        self.assertFalse(is_silent())

    def test_never_answered_and_closed(self):
        report = self.env["crowd.report.outcome"]
        tickets = self.ticket | self._create_ticket("2") | self._create_ticket("3")
        by_customer, by_desk, accepted = tickets
        by_customer._crowd_close_by_customer(self.done)
        by_desk.stage_id = self.done
        accepted.with_user(self.agent).crowd_dispatch(self.worker.ids)
        accepted.crowd_offer_ids._accept("api")
        accepted._crowd_close_by_customer(self.done)
        self.env["base"].flush()
        found = report.search(
            [("never_answered", "=", True), ("ticket_id", "in", tickets.ids)]
        )
        self.assertEqual(found.ticket_id, by_customer)

    def test_who_reads(self):
        self.assertTrue(self._row(user=self.dispatcher))
        self.assertFalse(self._row(user=self.manager_b), "another company")
        for user in (self.agent, self.technician, self.employee, self.portal_user):
            with self.assertRaises(AccessError):
                self._row(user=user)
