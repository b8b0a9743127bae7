from datetime import date, datetime, timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..matching.reasons import CURABLE
from ..report.crowd_report_gap import ADVICE, GAPS
from .measures_common import NOON, MeasuresCase


@tagged("post_install", "-at_install")
class TestGap(MeasuresCase):
    """Why the crowd could not, or did not; and what somebody does about it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bern = cls.env["res.territory"].create({"name": "Bern"})
        cls.location.territory_id = cls.bern
        cls.far = cls._create_worker("Far", km=40)
        cls.low = cls._create_worker("Low", skills={cls.skill_wlan: 10})
        cls.unskilled = cls._create_worker("Unskilled", skills={cls.skill_tv: 80})

    def _ask(self, *workers, at=NOON, ticket=None):
        """Look for people as the desk does, and ask these; return the dispatch."""
        ticket = ticket or self._create_ticket()
        with self.at(at):
            dispatch_id = ticket.with_user(self.agent).crowd_dispatch(
                [worker.id for worker in workers], 30
            )
            dispatch = self.env["crowd.dispatch"].browse(dispatch_id)
            if not dispatch.candidate_ids:
                found = self.env["crowd.matcher"]._match(ticket)
                self.env["crowd.candidate"]._store(dispatch, found)
        self.env["base"].flush()
        return dispatch

    def _expire(self, dispatch, minutes=31):
        with self.at(NOON + timedelta(minutes=minutes)):
            dispatch._handle_due()
        self.env["base"].flush()

    def _report(self, *domain):
        return self.env["crowd.report.gap"].search(
            [("company_id", "=", self.company_a.id), *domain]
        )

    def _refresh(self, at=NOON + timedelta(hours=1)):
        with self.at(at):
            return self.env["crowd.gap"]._refresh(self.company_a.ids)

    def _workers(self, gap):
        with self.at(NOON + timedelta(hours=1)):
            return gap._get_workers()

    def _gap(self, advice, **key):
        domain = [(name, "=", value) for name, value in key.items()]
        return self.env["crowd.gap"].search(
            [("company_id", "=", self.company_a.id), ("advice", "=", advice)] + domain
        )

    # -- the rows -----------------------------------------------------------

    def test_every_curable_reason_has_an_advice(self):
        advised = [reason for reasons in ADVICE.values() for reason in reasons]
        self.assertEqual(len(advised), len(set(advised)))
        self.assertEqual(set(advised), CURABLE | {"silent", "nobody"})
        self.assertEqual({code for code, _label in GAPS}, set(advised))

    def test_near_misses(self):
        dispatch = self._ask(self.anna)
        rows = {row.worker_id: row for row in self._report()}
        self.assertEqual(set(rows), {self.far, self.low, self.unskilled})
        row = rows[self.low]
        self.assertEqual((row.kind, row.reason), ("excluded", "level"))
        self.assertEqual((row.advice, row.skill_id), ("train", self.skill_wlan))
        self.assertEqual(row.dispatch_id, dispatch)
        self.assertEqual(row.ticket_id, dispatch.ticket_id)
        self.assertEqual((row.area, row.territory_id), ("Bern", self.bern))
        self.assertEqual((row.service_id, row.team_id), (self.service, self.team))
        self.assertEqual(row.day, date(2026, 3, 4))
        self.assertEqual((row.hour, row.weekday, row.part), ("12:00", "3", "day"))
        self.assertEqual(rows[self.far].advice, "recruit")
        self.assertEqual(rows[self.unskilled].advice, "train")
        self.assertTrue(rows[self.far].detail)

    def test_day_is_that_of_the_company(self):
        self._ask(self.anna, at=datetime(2026, 3, 4, 23, 30))
        row = self._report(("worker_id", "=", self.far.id))
        self.assertEqual(row.day, date(2026, 3, 5))
        self.assertEqual((row.hour, row.weekday, row.part), ("00:00", "4", "evening"))

    def test_silence(self):
        dispatch = self._ask(self.anna, self.beat)
        offer = dispatch.offer_ids.filtered(lambda o: o.worker_id == self.beat)
        with self.at(NOON + timedelta(minutes=5)):
            offer._decline("no_time")
        self.assertFalse(self._report(("kind", "=", "silent")))
        self._expire(dispatch)
        row = self._report(("kind", "=", "silent"))
        self.assertEqual(row.worker_id, self.anna)
        self.assertEqual((row.reason, row.advice), ("silent", "motivate"))
        self.assertEqual((row.area, row.skill_id), ("Bern", self.skill_wlan))
        self.assertEqual(row.hour, "12:00")

    def test_nobody_near(self):
        (self.anna | self.beat).active = False
        dispatch = self._ask()
        self.assertEqual(dispatch.escalation_ids.reason, "no_candidate")
        row = self._report(("kind", "=", "nobody"))
        self.assertEqual((row.advice, row.dispatch_id), ("recruit", dispatch))
        self.assertFalse(row.worker_id)
        self.assertEqual((row.area, row.is_short), ("Bern", 100))
        self.assertEqual(row.action_open()["res_model"], "crowd.dispatch")

    def test_short(self):
        """Only where our own people had to step in."""
        taken = self._ask(self.anna)
        with self.at(NOON + timedelta(minutes=1)):
            taken.offer_ids._accept("portal")
        ignored = self._ask(self.beat)
        self._expire(ignored)
        rows = self._report(("worker_id", "=", self.far.id))
        shares = {row.dispatch_id: row.is_short for row in rows}
        self.assertEqual(shares, {taken: 0, ignored: 100})

    def test_row_is_found_by_its_id(self):
        self._ask(self.anna)
        rows = self._report()
        for row in rows:
            found = self.env["crowd.report.gap"].search([("id", "=", row.id)])
            self.assertEqual(found, row)
        self.assertEqual(len(set(rows.ids)), len(rows))
        opened = self._report(("worker_id", "=", self.far.id)).action_open()
        self.assertEqual(opened["res_model"], "fsm.person")
        self.assertEqual(opened["res_id"], self.far.id)

    def test_candidates_from_before_there_was_a_day(self):
        dispatch = self._ask(self.anna, at=datetime(2026, 3, 4, 23, 30))
        self.env.cr.execute("UPDATE crowd_candidate SET day = NULL")
        dispatch.candidate_ids._fill_day()
        dispatch.candidate_ids.invalidate_cache()
        days = set(dispatch.candidate_ids.mapped("day"))
        self.assertEqual(days, {date(2026, 3, 5)})

    # -- the lists ----------------------------------------------------------

    def test_train_this(self):
        self._ask(self.anna)
        self._ask(self.beat)
        self._refresh()
        gap = self._gap("train")
        self.assertEqual((gap.skill_id, gap.area), (self.skill_wlan, "Bern"))
        self.assertFalse(gap.service_id)
        self.assertEqual(gap.name, "WLAN, Bern")
        self.assertEqual((gap.case_count, gap.worker_count), (2, 2))
        self.assertEqual(gap.short_count, 0)
        self.assertEqual(gap.last_day, date(2026, 3, 4))

    def test_recruit_here(self):
        self._expire(self._ask(self.anna))
        self._refresh()
        gap = self._gap("recruit")
        self.assertEqual((gap.service_id, gap.area), (self.service, "Bern"))
        self.assertEqual(gap.name, "Home network, Bern")
        self.assertEqual((gap.case_count, gap.short_count), (1, 1))
        self.assertEqual(self._workers(gap), self.far)

    def test_workers_and_rows_of_a_gap(self):
        self._ask(self.anna)
        self._refresh()
        gap = self._gap("train").with_user(self.dispatcher)
        with self.at(NOON + timedelta(hours=1)):
            workers = gap.action_view_workers()
            rows = gap.action_view_rows()
        found = self.env[workers["res_model"]].search(workers["domain"])
        self.assertEqual(found, self.low | self.unskilled)
        found = self.env[rows["res_model"]].search(rows["domain"])
        self.assertEqual(found.worker_id, self.low | self.unskilled)
        self.assertEqual(found.mapped("advice"), ["train"] * 2)

    def test_remote_work_has_no_area(self):
        service = self._create_service(
            "By phone", {self.skill_wlan: 50}, crowd_place="remote"
        )
        ticket = self._create_ticket(crowd_service_id=service.id)
        ticket.fsm_location_id = False
        self._ask(self.anna, ticket=ticket)
        self._refresh()
        gap = self._gap("train")
        self.assertEqual((gap.area, gap.name), (False, "WLAN"))
        self.assertEqual(self._workers(gap), self.low | self.unskilled)

    def test_gap_that_is_over_stays(self):
        self._ask(self.anna)
        self._refresh()
        gap = self._gap("train")
        self._refresh(at=NOON + timedelta(days=91))
        gap.invalidate_cache()
        self.assertEqual((gap.case_count, gap.worker_count), (0, 0))
        self._ask(self.beat, at=NOON + timedelta(days=92))
        self._refresh(at=NOON + timedelta(days=93))
        self.assertEqual(self._gap("train"), gap)
        self.assertEqual(gap.case_count, 1)

    def test_again_writes_nothing(self):
        self._expire(self._ask(self.anna))
        self.assertTrue(self._refresh())
        before = self._rows("crowd_gap")
        self.assertEqual(self._refresh(), [])
        self.assertEqual(self._rows("crowd_gap"), before)

    def test_every_night(self):
        self._ask(self.anna)
        with self.at(NOON + timedelta(hours=9)):
            self.env["crowd.membership"]._measure_all()
        self.assertTrue(self._gap("train"))

    def test_count_again_on_demand(self):
        self._ask(self.anna)
        action = self.env.ref("crowd_service.crowd_gap_action_server_refresh")
        with self.at(NOON + timedelta(hours=1)):
            with self.assertRaises(AccessError):
                action.with_user(self.agent).run()
            action.with_user(self.manager_b).run()
            self.assertFalse(self._gap("train"))
            action.with_user(self.dispatcher).run()
        self.assertTrue(self._gap("train"))

    # -- follow up ----------------------------------------------------------

    def test_follow_up_in_one_click(self):
        self._expire(self._ask(self.anna))
        self._refresh()
        gap = self._gap("train").with_user(self.dispatcher)
        with self.at(NOON + timedelta(hours=1)):
            gap.action_follow_up()
            gap.action_follow_up()
        activity = gap.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.user_id, self.dispatcher)
        self.assertEqual(activity.summary, "Train: WLAN, Bern")
        self.assertIn("1 cases in the last 90 days", activity.note)
        self.assertIn("in 1 of them our own people had to step in", activity.note)
        self.assertIn("Low, Unskilled", activity.note)
        self.assertEqual(gap.activity_state, "planned")
        activity.action_feedback("Course on Monday")
        self.assertFalse(gap.activity_ids)
        self.assertIn("Course on Monday", str(gap.message_ids[0].body))

    def test_names_are_no_html(self):
        self.low.name = "<b>Low</b>"
        self._ask(self.anna)
        self._refresh()
        with self.at(NOON + timedelta(hours=1)):
            note = str(self._gap("train")._word_follow_up())
        self.assertIn("&lt;b&gt;Low", note)
        self.assertNotIn("<b>", note)

    # -- companies and rights -----------------------------------------------

    def test_companies_are_apart(self):
        dispatch = self._ask(self.anna)
        dispatch.company_id = dispatch.candidate_ids.company_id = self.company_b
        dispatch.flush()
        with self.at(NOON + timedelta(hours=1)):
            self.env["crowd.gap"]._refresh()
        self.assertFalse(self._gap("train"))
        gap = self.env["crowd.gap"].search([("company_id", "=", self.company_b.id)])
        self.assertIn("train", gap.mapped("advice"))
        self.assertFalse(self.env["crowd.gap"].with_user(self.manager).search([]))
        self.assertEqual(
            self.env["crowd.gap"].with_user(self.manager_b).search([]), gap
        )
        rows = self.env["crowd.report.gap"]
        self.assertFalse(rows.with_user(self.manager).search([]))
        self.assertTrue(rows.with_user(self.manager_b).search([]))

    def test_rights(self):
        self._ask(self.anna)
        self._refresh()
        gap, row = self._gap("train"), self._report()[0]
        for user in (self.dispatcher, self.manager):
            self.assertTrue(gap.with_user(user).read(["case_count"]))
            self.assertTrue(row.with_user(user).read(["reason"]))
            with self.assertRaises(AccessError):
                gap.with_user(user).write({"case_count": 1})
        for user in (self.agent, self.technician, self.manager_b, self.portal_user):
            for record, name in ((gap, "case_count"), (row, "reason")):
                with self.assertRaises(AccessError):
                    record.with_user(user).read([name])
            for method in ("action_follow_up", "action_view_workers"):
                with self.assertRaises(AccessError):
                    getattr(gap.with_user(user), method)()
