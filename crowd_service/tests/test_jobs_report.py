from datetime import date, datetime, timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .measures_common import NOON, MeasuresCase


@tagged("post_install", "-at_install")
class TestJobsReport(MeasuresCase):
    """Jobs as the engine makes them, counted by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.new_stage = cls.env["helpdesk.ticket.stage"].search(
            [("closed", "=", False)], limit=1
        )

    def _ask(self, *workers, ticket=None, at=NOON):
        """Return the dispatch whose ``workers`` are asked at that moment."""
        ticket = ticket or self._create_ticket()
        with self.at(at):
            dispatch_id = ticket.with_user(self.agent).crowd_dispatch(
                [worker.id for worker in workers], 600
            )
        return self.env["crowd.dispatch"].browse(dispatch_id)

    def _offer(self, dispatch, worker):
        return dispatch.offer_ids.filtered(
            lambda o: o.worker_id == worker and o.state in ("sent", "accepted")
        )

    def _accept(self, dispatch, worker, at):
        with self.at(at):
            offer = self._offer(dispatch, worker)
            self.assertEqual(offer._accept("portal")["result"], "accepted")
        return offer

    def _do(self, offer, at, method, *args):
        with self.at(at):
            getattr(offer, method)(*args)
        self.env["base"].flush()

    def _job(self, worker=None, solved=True, at=NOON, ticket=None):
        """Return the job of a worker who comes after 30 minutes and stays 45."""
        worker = worker or self.anna
        dispatch = self._ask(worker, at=at, ticket=ticket)
        offer = self._accept(dispatch, worker, at + timedelta(minutes=5))
        self._do(offer, at + timedelta(minutes=35), "_start")
        self._do(offer, at + timedelta(minutes=80), "_finish", solved)
        return offer

    def _row(self, offer):
        row = self.env["crowd.report.job"].browse(offer.id)
        self.env["base"].flush()
        row.invalidate_cache()
        return row

    def _null(self, offer, name):
        """Tell whether a figure has no value: the ORM shows nothing as 0."""
        rows = self.env["crowd.report.job"]
        return not rows.search([("id", "=", offer.id), (name, "!=", False)])

    # -- what a job is ------------------------------------------------------

    def test_hours_are_no_measure(self):
        """The pivot would add them up: the view gives texts."""
        for name in ("crowd.report.job", "crowd.report.cost"):
            hour = self.env[name].fields_get(["hour"])["hour"]
            self.assertEqual(hour["type"], "char", name)
            self.assertNotIn("group_operator", hour, name)

    def test_solved(self):
        offer = self._job()
        row = self._row(offer)
        self.assertEqual(row.result, "solved")
        self.assertEqual(row.day, date(2026, 3, 4))
        self.assertEqual((row.hour, row.weekday, row.part), ("12:00", "3", "day"))
        self.assertEqual((row.is_solved, row.is_first_time_fix), (100, 100))
        self.assertEqual((row.is_back_out, row.is_no_show, row.is_scope), (0, 0, 0))
        self.assertAlmostEqual(row.minutes_to_arrive, 30)
        self.assertAlmostEqual(row.minutes_of_work, 45)
        self.assertAlmostEqual(row.distance_km, 5, 1)
        self.assertEqual(row.worker_id, self.anna)
        self.assertEqual(row.team_id, self.team)
        self.assertEqual(row.service_id, self.service)
        self.assertEqual(row.action_open()["res_model"], "crowd.offer")
        self.assertEqual(row.action_open()["res_id"], offer.id)

    def test_offers_that_nobody_accepted_are_none(self):
        dispatch = self._ask(self.anna, self.beat)
        self._accept(dispatch, self.beat, NOON + timedelta(minutes=1))
        rows = self.env["crowd.report.job"].search([("dispatch_id", "=", dispatch.id)])
        self.assertEqual(rows.worker_id, self.beat)

    def test_running_has_no_shares(self):
        dispatch = self._ask(self.anna)
        offer = self._accept(dispatch, self.anna, NOON + timedelta(minutes=5))
        self.assertEqual(self._row(offer).result, "running")
        for name in ("is_solved", "is_first_time_fix", "is_back_out", "ended_at"):
            self.assertTrue(self._null(offer, name), name)
        self.assertTrue(self._null(offer, "minutes_to_arrive"))
        self._do(offer, NOON + timedelta(minutes=20), "_start")
        self.assertAlmostEqual(self._row(offer).minutes_to_arrive, 15)
        self.assertTrue(self._null(offer, "minutes_of_work"))

    def test_never_arrived_is_no_zero(self):
        dispatch = self._ask(self.anna)
        offer = self._accept(dispatch, self.anna, NOON)
        self._do(offer, NOON + timedelta(minutes=20), "_finish", True)
        self.assertEqual(self._row(offer).result, "solved")
        self.assertTrue(self._null(offer, "minutes_to_arrive"))
        self.assertTrue(self._null(offer, "minutes_of_work"))

    def test_unknown_distance_is_no_zero(self):
        offer = self._job()
        offer.has_distance = False
        self.assertTrue(self._null(offer, "distance_km"))

    def test_pauses_are_no_work(self):
        dispatch = self._ask(self.anna)
        offer = self._accept(dispatch, self.anna, NOON)
        self._do(offer, NOON + timedelta(minutes=10), "_start")
        with self.at(NOON + timedelta(minutes=20)):
            dispatch._pause(NOON + timedelta(days=1), "Waiting for a cable")
        with self.at(NOON + timedelta(minutes=50)):
            dispatch._resume()
        self._do(offer, NOON + timedelta(minutes=60), "_finish", True)
        self.assertAlmostEqual(self._row(offer).minutes_of_work, 20)

    # -- the day ------------------------------------------------------------

    def test_day_is_that_of_the_end_in_the_zone_of_the_company(self):
        """22:10 UTC is 23:10 in Zurich; 80 minutes later it is tomorrow there."""
        at = datetime(2026, 3, 31, 20, 55)  # summer time: 22:55
        offer = self._job(at=at)
        row = self._row(offer)
        self.assertEqual(row.day, date(2026, 4, 1))
        self.assertEqual((row.hour, row.weekday, row.part), ("22:00", "2", "evening"))

    def test_running_is_of_the_day_it_was_accepted(self):
        dispatch = self._ask(self.anna, at=datetime(2026, 3, 4, 22, 50))
        offer = self._accept(dispatch, self.anna, datetime(2026, 3, 4, 23, 5))
        self.assertEqual(self._row(offer).day, date(2026, 3, 5))
        self._do(offer, datetime(2026, 3, 6, 9), "_finish", True)
        self.assertEqual(self._row(offer).day, date(2026, 3, 6))

    def test_a_new_zone_does_not_move_the_past(self):
        offer = self._job(at=datetime(2026, 3, 4, 21, 45))  # ends at 00:05
        self.assertEqual(self._row(offer).day, date(2026, 3, 5))
        self.company_a.resource_calendar_id.tz = "America/New_York"
        self.assertEqual(self._row(offer).day, date(2026, 3, 5))

    # -- how it ends --------------------------------------------------------

    def test_given_back_and_done_by_the_next(self):
        dispatch = self._ask(self.anna)
        first = self._accept(dispatch, self.anna, NOON + timedelta(minutes=5))
        self._do(first, NOON + timedelta(minutes=10), "_give_back", "sick")
        self.assertEqual(self._row(first).result, "backed_out")
        self.assertEqual(self._row(first).reason, "sick")
        self.assertEqual(self._row(first).is_back_out, 100)
        self.assertEqual(self._row(first).is_solved, 0)
        self.assertEqual(self._row(first).ended_at, NOON + timedelta(minutes=10))
        second = self._accept(dispatch, self.beat, NOON + timedelta(minutes=15))
        self._do(second, NOON + timedelta(minutes=40), "_start")
        self._do(second, NOON + timedelta(minutes=60), "_finish", True)
        row = self._row(second)
        self.assertEqual((row.is_solved, row.is_first_time_fix), (100, 0))
        self.assertAlmostEqual(row.minutes_to_arrive, 25)
        self.assertTrue(self._null(first, "minutes_to_arrive"))

    def test_no_show(self):
        dispatch = self._ask(self.anna)
        offer = self._accept(dispatch, self.anna, NOON)
        with self.at(NOON + timedelta(hours=2)):
            offer._give_back("", channel="desk", state="no_show")
        self.assertEqual(self._row(offer).result, "no_show")
        self.assertEqual(self._row(offer).is_no_show, 100)

    def test_beyond_scope_keeps_when_he_came(self):
        dispatch = self._ask(self.anna)
        offer = self._accept(dispatch, self.anna, NOON)
        self._do(offer, NOON + timedelta(minutes=30), "_start")
        self._do(offer, NOON + timedelta(minutes=50), "_raise_scope", "tools")
        row = self._row(offer)
        self.assertEqual((row.result, row.is_scope), ("out_of_scope", 100))
        self.assertAlmostEqual(row.minutes_to_arrive, 30)
        self.assertAlmostEqual(row.minutes_of_work, 20)

    def test_taken_back_by_the_desk_is_in_no_share(self):
        dispatch = self._ask(self.anna, self.beat)
        offer = self._accept(dispatch, self.anna, NOON)
        with self.at(NOON + timedelta(minutes=5)):
            dispatch._cancel("customer")
        self.assertEqual(self._row(offer).result, "withdrawn")
        self.assertEqual(self._row(offer).day, date(2026, 3, 4))
        for name in ("is_solved", "is_first_time_fix", "is_back_out", "is_scope"):
            self.assertTrue(self._null(offer, name), name)

    def test_open_offers_that_are_withdrawn_become_no_job(self):
        dispatch = self._ask(self.anna, self.beat)
        with self.at(NOON + timedelta(minutes=5)):
            dispatch._cancel("customer")
        self.assertFalse(any(dispatch.offer_ids.mapped("job_day")))

    def test_unsolved(self):
        offer = self._job(solved=False)
        row = self._row(offer)
        self.assertEqual((row.result, row.is_solved), ("unsolved", 0))
        self.assertEqual(row.is_first_time_fix, 0)

    # -- fixed at once ------------------------------------------------------

    def _fixed_after(self, days):
        """Return the share of a job whose ticket is opened again after ``days``."""
        offer = self._job()
        ticket = offer.ticket_id
        self.assertEqual(self._row(offer).is_first_time_fix, 100)
        with self.at(offer.job_ended_at + timedelta(days=days)):
            ticket.stage_id = self.new_stage
        share = self._row(offer).is_first_time_fix
        self.assertEqual(self._tile(offer), share)
        return share

    def _tile(self, offer):
        """Return the key figure of the day of a job."""
        kpis = self.env["crowd.kpi"].with_context(
            allowed_company_ids=offer.company_id.ids,
            crowd_from=str(offer.job_day),
            crowd_to=str(offer.job_day),
        )
        return kpis._measure(["first_time_fix"], kpis._cut())["first_time_fix"].value

    def test_reopened_in_the_same_second(self):
        self.assertEqual(self._fixed_after(0), 0)

    def test_reopened_soon(self):
        self.assertEqual(self._fixed_after(29), 0)

    def test_reopened_late(self):
        self.assertEqual(self._fixed_after(31), 100)

    def test_given_to_the_crowd_again(self):
        """Also when it is reopened once more long after: only the last one is noted."""
        first = self._job()
        ticket = first.ticket_id
        with self.at(NOON + timedelta(days=3)):
            ticket.stage_id = self.new_stage
        second = self._job(self.beat, at=NOON + timedelta(days=3), ticket=ticket)
        with self.at(NOON + timedelta(days=60)):
            ticket.stage_id = self.new_stage
        self.assertEqual(self._row(first).is_first_time_fix, 0)
        self.assertEqual(self._row(second).is_solved, 100)
        self.assertEqual(self._row(second).is_first_time_fix, 0)

    def test_second_person_is_no_second_try(self):
        first = self._job()
        with self.at(NOON):
            dispatch = self.env["crowd.dispatch"].create(
                dict(
                    first.dispatch_id.copy_data()[0],
                    slot=2,
                    ticket_id=first.ticket_id.id,
                    company_id=self.company_a.id,
                    started_at=NOON,
                    state="done",
                    responsible_id=self.agent.id,
                )
            )
        second = self._create_offer(
            self.beat, dispatch=dispatch, minutes=90, job_day="2026-03-04"
        )
        second.job_ended_at = NOON + timedelta(hours=2)
        self.assertEqual(self._row(second).is_first_time_fix, 100)
        self.assertEqual(self._row(first).is_first_time_fix, 100)

    # -- the customer's word ------------------------------------------------

    def test_stars(self):
        offer = self._job()
        for name in ("stars_worker", "stars_solution", "would_book_again"):
            self.assertTrue(self._null(offer, name), name)
        review = self.env["crowd.review"].search([("offer_id", "=", offer.id)])
        review.write(
            {
                "state": "answered",
                "answered_at": offer.job_ended_at,
                "day": offer.job_day,
                "channel": "page",
                "stars_worker": 4,
                "would_book_again": "yes",
            }
        )
        row = self._row(offer)
        self.assertEqual((row.stars_worker, row.would_book_again), (4, 100))
        self.assertTrue(self._null(offer, "stars_solution"))
        review.would_book_again = "no"
        self.assertEqual(self._row(offer).would_book_again, 0)
        self.assertFalse(self._null(offer, "would_book_again"))

    # -- facts of jobs from before ------------------------------------------

    def test_facts_are_filled_as_the_engine_keeps_them(self):
        """Solved, given back, beyond scope, running: filled from the history."""
        names = ["job_day", "job_arrived_at", "job_ended_at"]
        offers = self._job() | self._job(at=NOON + timedelta(days=1), solved=False)
        dispatch = self._ask(self.anna, at=NOON + timedelta(days=2))
        offer = self._accept(dispatch, self.anna, NOON + timedelta(days=2))
        self._do(offer, NOON + timedelta(days=2, hours=1), "_start")
        self._do(offer, NOON + timedelta(days=2, hours=2), "_raise_scope", "tools")
        dispatch = self._ask(self.beat, at=NOON + timedelta(days=3))
        running = self._accept(dispatch, self.beat, NOON + timedelta(days=3))
        offers |= offer | running
        before = offers.read(names)
        self.env["base"].flush()
        self.env.cr.execute(
            "UPDATE crowd_offer SET job_day = NULL, job_arrived_at = NULL,"
            " job_ended_at = NULL WHERE id = ANY(%s)",
            (offers.ids,),
        )
        self.env["crowd.offer"]._fill_job_facts()
        self.assertEqual(offers.read(names), before)

    # -- totals, companies, rights ------------------------------------------

    def test_means_leave_out_what_is_not_known(self):
        self._job()
        self._job(at=NOON + timedelta(days=1), solved=False)
        dispatch = self._ask(self.anna, at=NOON + timedelta(days=2))
        self._accept(dispatch, self.anna, NOON + timedelta(days=2))
        (group,) = self.env["crowd.report.job"].read_group(
            [("worker_id", "=", self.anna.id)],
            ["nbr", "is_solved", "minutes_of_work"],
            ["worker_id"],
            lazy=False,
        )
        self.assertEqual(group["nbr"], 3)
        self.assertAlmostEqual(group["is_solved"], 50)
        self.assertAlmostEqual(group["minutes_of_work"], 45)

    def test_companies_and_rights(self):
        offer = self._job()
        row = self._row(offer)
        for user in (self.dispatcher, self.manager):
            self.assertEqual(
                row.with_user(user).read(["result"])[0]["result"], "solved"
            )
        self.assertFalse(
            self.env["crowd.report.job"].with_user(self.manager_b).search([])
        )
        for user in (self.manager_b, self.agent, self.technician, self.portal_user):
            with self.assertRaises(AccessError):
                row.with_user(user).read(["result"])

    def test_cost_is_for_managers(self):
        self.env["crowd.cost"].create(
            {
                "company_id": self.company_a.id,
                "worker_type": "friend",
                "basis": "hour",
                "amount": 40,
            }
        )
        self.env["crowd.cost"].create(
            {
                "company_id": self.company_a.id,
                "worker_type": "technician",
                "basis": "hour",
                "amount": 120,
            }
        )
        offer = self._job()
        self.env["crowd.job.cost"]._record(self.member.ids)
        costs = self.env["crowd.report.cost"].search([("offer_id", "=", offer.id)])
        self.assertEqual(len(costs), 1)
        self.assertAlmostEqual(costs.minutes, 45)
        self.assertAlmostEqual(costs.amount, 30)
        self.assertAlmostEqual(costs.own_amount, 90)
        self.assertAlmostEqual(costs.saving, 60)
        self.assertEqual((costs.lane, costs.day), ("crowd", date(2026, 3, 4)))
        self.assertEqual((costs.team_id, costs.part), (self.team, "day"))
        self.assertTrue(costs.with_user(self.manager).read(["amount"]))
        for user in (self.dispatcher, self.agent, self.manager_b, self.technician):
            with self.assertRaises(AccessError):
                costs.with_user(user).read(["amount"])
        for user in (self.dispatcher, self.agent):
            menus = self.env["ir.ui.menu"].with_user(user).search([])
            self.assertNotIn(
                self.env.ref("crowd_service.crowd_report_cost_menu"), menus
            )
