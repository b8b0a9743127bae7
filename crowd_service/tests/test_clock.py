from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.tests import tagged

from ..models.crowd_dispatch_clock import ENOUGH_FAILURES
from .ladder_common import LadderCase

CLOCK = "odoo.addons.crowd_service.models.crowd_clock"
# both nights of the year on which the clocks of a zone change, and how the desk's
# 09:00 to 17:00 looks in UTC on the morning after
NIGHTS = [
    ("Europe/Berlin", datetime(2026, 3, 29, 0, 30), datetime(2026, 3, 29, 7, 15)),
    ("Europe/Berlin", datetime(2026, 10, 25, 0, 30), datetime(2026, 10, 25, 8, 15)),
    ("America/New_York", datetime(2026, 3, 8, 6, 30), datetime(2026, 3, 8, 13, 15)),
    ("America/New_York", datetime(2026, 11, 1, 5, 30), datetime(2026, 11, 1, 14, 15)),
]


@tagged("post_install", "-at_install")
class TestClock(LadderCase):
    """Deadlines are met once, whatever happens to the clock and to its workers."""

    def _explode_for(self, bad, method="_due_offered"):
        cls = type(bad)
        original = getattr(cls, method)

        def explode(dispatches):
            if bad.id in dispatches.ids:
                raise ValueError("bad row")
            return original(dispatches)

        return patch.object(cls, method, explode)

    def test_poison_is_given_to_its_responsible(self):
        """T24: three failures, then a person; the others go on."""
        self._create_policy(self._ask(), self._tell())
        bad, good = self._start(), self._start(self._create_ticket())
        with self._explode_for(bad), self.assertLogs(CLOCK, "ERROR") as logs:
            for _time in range(ENOUGH_FAILURES):
                self._wake(bad, moment=bad.next_deadline)
        self.assertEqual(len(logs.records), ENOUGH_FAILURES)
        self.assertEqual(good.state, "escalated")
        self.assertEqual(bad.state, "escalated")
        self.assertEqual(bad.escalation_ids.reason, "failure")
        self.assertEqual(bad.escalation_ids.user_id, bad.responsible_id)
        self.assertIn("bad row", bad.escalation_ids.note)
        self.assertFalse(bad.failure_count)

    def test_the_others_of_a_group_are_still_handled_together(self):
        self._create_policy(self._ask(), self._tell())
        dispatches, moment = self._many_due(8)
        bad, alone = dispatches[5], []
        cls = type(bad)
        original = cls._alone

        def note(clock, record_id, *args, **kwargs):
            alone.append(record_id)
            return original(clock, record_id, *args, **kwargs)

        with self._explode_for(bad), self.assertLogs(CLOCK, "ERROR"):
            with self.at(moment), patch.object(cls, "_alone", note):
                dispatches._handle_few(dispatches.ids)
        dispatches.invalidate_cache()
        self.assertEqual(set((dispatches - bad).mapped("state")), {"escalated"})
        self.assertEqual(bad.state, "offered")
        self.assertEqual(alone, [dispatches[4].id, bad.id, bad.id])

    def test_a_failure_that_passes_is_forgotten(self):
        self._create_policy(self._ask(), self._tell())
        dispatch = self._start()
        with self._explode_for(dispatch), self.assertLogs(CLOCK, "ERROR"):
            self._due(dispatch)
        self.assertEqual(dispatch.failure_count, 1)
        self._due(dispatch)
        self.assertEqual(dispatch.state, "escalated")
        self.assertFalse(dispatch.failure_count)

    def test_a_run_that_takes_too_long_leaves_the_rest(self):
        """T24: what was done stays done, the next run goes on."""
        self._create_policy(self._ask(), self._tell())
        dispatches = self._start() | self._start(self._create_ticket())
        moment = max(dispatches.mapped("next_deadline"))
        with self.at(moment):
            self.env["crowd.dispatch"]._cron_sweep(seconds=-1)
            self.assertEqual(set(dispatches.mapped("state")), {"offered"})
            self.env["crowd.dispatch"]._cron_sweep()
        dispatches.invalidate_cache()
        self.assertEqual(set(dispatches.mapped("state")), {"escalated"})

    def test_clock_that_steps_back(self):
        """T22: what is over stays over, and nothing is done twice."""
        self._create_policy(
            self._ask(), self._tell(after=30), self._tell("fallback", 60)
        )
        dispatch = self._start()
        self._wake(dispatch, 30)
        self.assertEqual(len(dispatch.escalation_ids), 1)
        for minutes in (20, 30, 31):
            self._wake(dispatch, minutes)
        self.assertEqual(len(dispatch.escalation_ids), 1)

    def test_app_server_clock_does_not_matter(self):
        """T22: deadlines are told by the database."""
        self._create_policy(self._ask(), self._tell())
        dispatch = self._start()
        off = datetime.utcnow() + timedelta(hours=5)
        with patch("odoo.fields.datetime") as wrong:
            wrong.now.return_value = wrong.utcnow.return_value = off
            self.env["crowd.dispatch"]._cron_sweep()
        self.assertEqual(dispatch.state, "offered")

    def test_nights_on_which_clocks_change(self):
        """T23: desk hours, in two zones; each fires once at the right instant."""
        self._create_policy(
            self._ask(quantity=1, offer_minutes=600),
            self._tell("leader", 15, clock="desk", acknowledge_minutes=15),
        )
        for zone, start, due in NIGHTS:
            calendar = self.env["resource.calendar"].create(
                {
                    "name": zone,
                    "tz": zone,
                    "company_id": self.company_a.id,
                    "attendance_ids": [(5, 0, 0)]
                    + [
                        (
                            0,
                            0,
                            {
                                "name": "Open",
                                "dayofweek": str(day),
                                "hour_from": 9,
                                "hour_to": 17,
                            },
                        )
                        for day in range(7)
                    ],
                }
            )
            self.team.crowd_calendar_id = calendar
            with self.at(start):
                self.anna.crowd_membership_ids.capacity = 9
                ticket = self._create_ticket()
                dispatch = self._start(ticket)
            self.assertEqual(dispatch.next_deadline, due, zone)
            self._wake(dispatch, moment=due - timedelta(seconds=1))
            self.assertEqual(dispatch.state, "offered", zone)
            for _time in range(2):
                self._wake(dispatch, moment=due)
            self.assertEqual(len(dispatch.escalation_ids), 1, zone)

    def test_crowd_clock_runs_through_the_night(self):
        """T23: minutes of the crowd's clock are minutes, summer or winter."""
        self._create_policy(self._ask(offer_minutes=600), self._tell(after=240))
        for _zone, start, _due in NIGHTS:
            with self.at(start):
                dispatch = self._start(self._create_ticket())
            self.assertEqual(dispatch.next_deadline - start, timedelta(hours=4))

    def test_outage_is_no_storm(self):
        """T25: off for six hours: one escalation per ticket, no new offers."""
        self._create_policy(
            self._ask(offer_minutes=10),
            self._ask("all", 15),
            self._tell("technician_on_duty", 30),
            self._tell("leader", 60),
        )
        dispatches = self._start() | self._start(self._create_ticket())
        with self.at(max(dispatches.mapped("started_at")) + timedelta(hours=6)):
            for _run in range(3):
                self.env["crowd.dispatch"]._cron_sweep()
        dispatches.invalidate_cache()
        for dispatch in dispatches:
            self.assertEqual(len(dispatch.escalation_ids), 1)
            self.assertEqual(set(dispatch.offer_ids.mapped("state")), {"expired"})
            people = dispatch.offer_ids.mapped("worker_id")
            self.assertEqual(len(people), len(dispatch.offer_ids))

    def test_wake_is_at_the_second(self):
        self._create_policy(self._ask(), self._tell())
        dispatch = self._start()
        self.cr.precommit.run()
        jobs = self.env["queue.job"].search([("method_name", "=", "_job_wake")])
        mine = jobs.filtered(lambda j: dispatch.id in j.records.ids)
        self.assertEqual(mine.mapped("eta"), [dispatch.next_deadline])

    def test_deadlines_set_together_have_one_job(self):
        self._create_policy(self._ask(), self._tell())
        dispatches, moment = self._many_due(3)
        later = moment + timedelta(minutes=5)
        self.cr.precommit.run()
        last = self.env["queue.job"].search([], order="id desc", limit=1)
        dispatches.write({"next_deadline": moment + timedelta(minutes=1)})
        dispatches.write({"next_deadline": later})
        self.cr.precommit.run()
        job = self.env["queue.job"].search([("id", ">", last.id)])
        self.assertEqual(job.records, dispatches)
        self.assertEqual(job.eta, later)
        with self.at(later):
            job.records._job_wake()
        dispatches.invalidate_cache()
        self.assertEqual(set(dispatches.mapped("state")), {"escalated"})

    def _many_due(self, number):
        """Return so many dispatches that are due at the same instant, and it."""
        dispatches = self.env["crowd.dispatch"]
        now = self.env["crowd.clock"].now()
        for _place in range(number):
            with self.at(now):
                dispatches |= self._start(self._create_ticket())
        return dispatches, dispatches[0].next_deadline

    def _sweep_count(self, moment):
        """Sweep at ``moment``; return how many statements that took."""
        self.env["base"].flush()
        self.env["base"].invalidate_cache()
        before = self.cr.sql_log_count
        with self.at(moment):
            self.env["crowd.dispatch"]._cron_sweep()
        return self.cr.sql_log_count - before

    def test_many_tickets_due_in_the_same_minute(self):
        """T57, short: the statements per ticket do not grow with their number."""
        self._create_policy(self._ask(), self._tell())
        self._many_due(1)
        counts = {}
        for number in (5, 20):
            dispatches, moment = self._many_due(number)
            counts[number] = self._sweep_count(moment) / number
            dispatches.invalidate_cache()
            self.assertEqual(set(dispatches.mapped("state")), {"escalated"})
            self.assertEqual(len(dispatches.escalation_ids), number)
        self.assertLess(counts[20], counts[5] * 1.1 + 5, counts)
        self.assertLess(counts[20], 60, counts)

    def _made_of(self, dispatch):
        """Return what became of ``dispatch``, in a form that can be compared."""
        escalation, ticket = dispatch.escalation_ids, dispatch.ticket_id
        self.assertIn(ticket.name, escalation.packet)
        changes = dispatch.message_ids.tracking_value_ids
        self.assertIn("Escalated", changes.mapped("new_value_char"))
        deliveries = self.env["crowd.delivery"].search(
            [("dispatch_id", "=", dispatch.id)]
        )
        return {
            "events": [(e.kind, e.from_state, e.to_state) for e in dispatch.event_ids],
            "offers": sorted(dispatch.offer_ids.mapped("state")),
            "steps": [(s.state, s.why) for s in dispatch.step_ids.sorted()],
            "escalation": (escalation.reason, escalation.user_id, escalation.level),
            "taken by": dispatch.step_ids.escalation_id == escalation,
            "messages": sorted((d.purpose, d.kind, d.state) for d in deliveries),
            "followers": escalation.message_partner_ids,
            "notes": [
                (len(record.message_ids), record.message_ids.mapped("subtype_id"))
                for record in (dispatch, escalation, ticket)
            ],
        }

    def test_many_are_handled_as_one_is(self):
        """Those that are handled together have all that each of them would have."""
        self._create_policy(self._ask(), self._tell())
        found = []
        for number in (1, 3):
            dispatches, moment = self._many_due(number)
            self.cr.precommit.run()
            with self.at(moment):
                sweep = dispatches.with_context(tracking_disable=False)
                sweep._handle_few(dispatches.ids)
            dispatches.invalidate_cache()
            found += [self._made_of(dispatch) for dispatch in dispatches]
        self.assertEqual(found[1:], found[:1] * 3)
        self.assertEqual(found[0]["followers"], self.dispatcher.partner_id)
        mails = self.env["mail.mail"].search([("model", "=", "crowd.escalation")])
        self.assertFalse(mails, "our own message is enough")
