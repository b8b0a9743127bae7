import statistics
import time
from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..kpi import AREAS, BY_CODE, PERIODS, before, current
from ..kpi.definitions import CURVE
from ..kpi.measures import gini
from .kpi_common import KpiCase

GOAL = 0.3  # P7: seconds of server time to open the overview; `make bench` measures it
PATIENCE = 5  # so many times the goal on a slow machine that is busy with other things
TURNS = 5
MOST_STATEMENTS = 60  # of the whole page: nine areas, each read for itself
STATEMENTS = 9  # one per fact, and one for what is at risk now


@tagged("post_install", "-at_install")
class TestKpiRows(KpiCase):
    """Each figure is what its rows say."""

    def setUp(self):
        super().setUp()
        self._make_history()

    def _recount(self, kpi, rows):
        """Return the figure of ``rows``, computed from their fields."""
        definition = BY_CODE[kpi.code]
        if definition.how == "count":
            return len(rows)
        if not rows:
            return None
        if kpi.code in ("evening_share", "complement_share"):
            return 100 * sum(map(getattr(self, "_is_" + kpi.code), rows)) / len(rows)
        if not definition.field:
            odd = 100 * len(self._odd(kpi)) / len(rows)
            return 100 - odd if definition.direction == "up" else odd
        values = rows.mapped(lambda row: row[definition.field])
        return {
            "share": statistics.fmean,
            "mean": statistics.fmean,
            "median": statistics.median,
            "sum": sum,
            "gini": gini,
            "ratio": lambda cells: (
                100 * len(cells) / sum(cells) if sum(cells) else None
            ),
        }[definition.how](values)

    def _odd(self, kpi):
        return self._rows(kpi.action_open_odd())

    def _is_evening_share(self, row):
        return row.part != "day"

    def _is_complement_share(self, row):
        offers = row.sudo().dispatch_id.offer_ids  # only the test asks
        own = offers.filtered(lambda o: o.worker_type == "technician")
        return row.part != "day" or bool(own)

    def _check(self, **context):
        """Compare each figure with its rows; return those that had some."""
        known = []
        for code, definition in BY_CODE.items():
            with self.subTest(code=code, **context), self.env.cr.savepoint():
                kpi = self._kpi(code, **context)
                rows = self._rows(kpi.action_open_rows())
                expected = self._recount(kpi, rows)
                self.assertEqual(kpi.has_value, expected is not None)
                self.assertAlmostEqual(kpi.value, expected or 0.0, delta=0.006)
                if definition.how != "count":
                    self.assertEqual(kpi.population, len(rows))
                if definition.odd and expected is not None:
                    self.assertEqual(kpi.odd_count, len(self._odd(kpi)))
                if expected is not None:
                    known.append(code)
        return known

    def test_every_period(self):
        for period in PERIODS:
            known = self._check(period=period)
            self.assertGreater(len(known), len(BY_CODE) - 6)

    def test_every_scope(self):
        for scope, record in (
            ("team", self.team_2),
            ("service", self.service_2),
            ("territory", self.territory),
        ):
            self._check(period="year", **{scope: record.id})
        self._check(team=self.team.id, service=[self.service.id], period="year")

    def test_the_period_before(self):
        """What was before is what the figure was then."""
        today = self.company_a._crowd_day(self.now)
        for name in PERIODS:
            earlier = before(name, current(name, today))
            for code, definition in BY_CODE.items():
                if definition.fact in ("member", "now"):
                    continue
                now = self._kpi(code, period=name)
                cut = now._cut()
                then = self._kpi(
                    code, period=name, **{"from": earlier.start, "to": earlier.end}
                )
                previous = now._measure([code], cut)[code].previous
                self.assertEqual(bool(then.has_value), previous is not None, code)
                self.assertAlmostEqual(
                    then.value, previous or 0.0, delta=0.006, msg=code
                )

    def test_slices_are_the_figure_of_their_days(self):
        kpi = self._kpi("declined", period="d30")
        points = kpi._measure(["declined"], kpi._cut())["declined"].points
        self.assertEqual(len(points), 10)
        first = kpi._cut().period.start
        for place, value in enumerate(points):
            start = first.toordinal() + 3 * place
            days = [first.fromordinal(start), first.fromordinal(start + 2)]
            part = self._kpi("declined", **{"from": days[0], "to": days[1]})
            self.assertEqual(part.has_value, value is not None)
            self.assertAlmostEqual(part.value, value or 0.0, delta=0.006)

    def test_other_companies_are_not_counted(self):
        """B has nothing, and A's rows are not B's."""
        context = {"allowed_company_ids": self.company_b.ids, "crowd_period": "year"}
        for kpi in self.kpis.with_user(self.manager_b).with_context(**context):
            self.assertEqual(kpi.population, 0, kpi.code)
            self.assertFalse(
                self.env[kpi.action_open_rows()["res_model"]]
                .with_user(self.manager_b)
                .with_context(**context)
                .search(kpi.action_open_rows()["domain"])
            )

    def test_the_overview_is_fast(self):
        """Few statements, little work of our own, and no statement that takes long.

        With all that there is in this database. The goal in seconds is for the bench,
        on a machine that does nothing else.
        """
        companies = self.env["res.company"].search([])
        self.manager.company_ids = companies
        kpis = self.env["crowd.kpi"].with_user(self.manager)
        kpis = kpis.with_context(allowed_company_ids=companies.ids, crowd_period="year")
        names = ["name", "area", "value_text", "picture", "target_text", "state"]

        def opened():
            self.env["base"].invalidate_cache()
            return kpis.web_read_group(
                [], names, ["area"], expand=True, expand_limit=80, lazy=True
            )

        groups = opened()["groups"]
        shown = [one for group in groups for one in group["__data"]["records"]]
        self.assertEqual(len(shown), len(BY_CODE))
        begin = self.env.cr.sql_log_count
        opened()
        self.assertLessEqual(self.env.cr.sql_log_count - begin, MOST_STATEMENTS)
        self.assertLess(self._quickest(opened, time.process_time), GOAL)
        self.assertLess(self._quickest(opened, time.monotonic), PATIENCE * GOAL)

    def _quickest(self, act, clock):
        """Return the seconds that ``act`` takes by a clock, of some turns the best."""
        times = []
        for _turn in range(TURNS):
            begin = clock()
            act()
            times.append(clock() - begin)
        return min(times)

    def test_one_statement_per_fact(self):
        kpis = self.kpis.with_user(self.manager).with_context(**self.only_a)
        cut = kpis._cut()
        codes = list(BY_CODE)
        kpis._measure(codes, cut)  # rules and groups are cached
        begin = self.env.cr.sql_log_count
        kpis._measure(codes, cut)
        self.assertLessEqual(self.env.cr.sql_log_count - begin, STATEMENTS + 2)


@tagged("post_install", "-at_install")
class TestKpi(KpiCase):
    """Definitions, rights, and what a tile says."""

    def test_there_is_a_record_for_each_definition(self):
        self.assertEqual(sorted(self.kpis.mapped("code")), sorted(BY_CODE))
        for kpi in self.kpis:
            self.assertEqual(kpi.area, BY_CODE[kpi.code].area)
            self.assertEqual(kpi.is_cost, BY_CODE[kpi.code].is_cost)
            self.assertTrue(kpi.question)

    def test_nothing_to_count(self):
        """A new company has no figures, no trend and no colour; nothing fails."""
        for kpi in self.kpis.with_user(self.manager).with_context(**self.only_a):
            with self.subTest(code=kpi.code):
                if kpi.code == "at_risk":
                    self.assertEqual(kpi.value_text, "0")
                    continue
                self.assertFalse(kpi.has_value)
                self.assertEqual((kpi.value_text, kpi.state), ("–", "none"))
                self.assertFalse(kpi.trend or kpi.picture or kpi.odd_count)
                self.assertIn("0", kpi.population_text)

    def test_a_tile_in_words(self):
        """Three of four accepted in time in the last days, none before."""
        for minutes in (2, 3, 4, 50):
            dispatch = self._create_dispatch()
            sent_at = self.now
            dispatch.write({"state": "offered", "offered_at": sent_at})
            self._create_offer(dispatch=dispatch, sent_at=sent_at, minutes=minutes)
            dispatch.write({"minutes_to_accept": minutes})
        kpi = self._kpi("within_10")
        self.assertEqual(kpi.value, 75)
        self.assertEqual(kpi.value_text, "75.0 %")
        self.assertEqual((kpi.state, kpi.target_text), ("good", "at least 70.0 %"))
        self.assertEqual(kpi.previous_text, "nothing to compare with")
        self.assertEqual(kpi.population_text, "of 4 dispatches")
        self.assertEqual(kpi.odd_count, 1)
        self.assertIn("<svg", str(kpi.picture))
        self.assertIn("75.0 %", str(kpi.picture))
        self.assertEqual(self._kpi("within_1").state, "bad")
        self.assertEqual(self._kpi("minutes_to_accept").value_text, "3.5 min")

    def test_few_rows_before_are_no_measure(self):
        """The trend compares with a period of at least a tenth of the rows."""
        for back, number in ((0, 11), (40, 1)):
            with self.at(self.now - timedelta(days=back)):
                for _one in range(number):
                    self._create_dispatch()
        kpi = self._kpi("escalated")
        self.assertEqual((kpi.population, kpi.trend), (11, False))
        self.assertEqual(kpi.previous_text, "nothing to compare with")
        with self.at(self.now - timedelta(days=40)):
            self._create_dispatch()
        kpi.invalidate_cache()
        self.assertEqual((kpi.trend, kpi.arrow), ("same", "same"))
        self.assertEqual(kpi.previous_text, "0.0 % before")

    def test_who_still_waits_is_not_late_yet(self):
        """A dispatch counts when its minutes are over, or somebody has said yes."""
        dispatch = self._create_dispatch()
        for minutes, told in ((0, 0), (1, 1), (9, 1), (10, 2), (179, 3), (180, 4)):
            asked_at = self.now - timedelta(minutes=minutes)
            dispatch.write({"state": "offered", "offered_at": asked_at})
            self.assertEqual(self._shares(dispatch), [0.0] * told, minutes)
        dispatch.offered_at = self.now - timedelta(minutes=2)
        dispatch.minutes_to_accept = 1.5
        self.assertEqual(self._shares(dispatch), [0.0, 100.0, 100.0, 100.0])

    def _shares(self, dispatch):
        """Return the figures of the curve that have a population: one dispatch."""
        self.env["base"].flush()
        self.env["base"].invalidate_cache()
        with self.at(self.now):
            kpis = [self._kpi(code) for code in CURVE]
            for kpi in kpis:
                rows = self._rows(kpi.action_open_rows())
                self.assertEqual(rows.dispatch_id, dispatch[: kpi.population])
                odd = self._rows(kpi.action_open_odd())
                self.assertEqual(odd, rows if not kpi.value else rows.browse())
                self.assertEqual(kpi.odd_count, len(odd))
            return [kpi.value for kpi in kpis if kpi.has_value]

    def test_unknown_contexts_are_no_scope(self):
        """Whatever a client sends, it is a number of ours or nothing."""
        for evil in ("1; SELECT 1", [], ["x"], -1, "1", 0.5, None):
            kpi = self._kpi("within_10", team=evil, period=evil)
            self.assertFalse(kpi.has_value)
            self.assertFalse(kpi.team_id)

    def test_the_scope_tells_no_names(self):
        """An id of another company's team finds nothing, not even its name."""
        team = self.team.copy({"name": "Secret", "company_id": self.company_b.id})
        kpi = self._kpi("within_10", team=team.id)
        self.assertFalse(kpi.read(["team_id"])[0]["team_id"])
        self.assertEqual(kpi.population, 0)

    def test_costs_are_the_managers(self):
        costs = self.kpis.filtered("is_cost")
        self.assertEqual(len(costs), 3)
        offer = self._create_job(sent_at=self.now, worker_type="friend")
        self.env["crowd.job.cost"].create(
            {
                "offer_id": offer.id,
                "dispatch_id": offer.dispatch_id.id,
                "company_id": self.company_a.id,
                "lane": "crowd",
                "day": self._today(),
                "amount": 30,
                "own_amount": 80,
            }
        )
        self.assertEqual(self._kpi("saving").value, 50)
        dispatcher = self.env["crowd.kpi"].with_user(self.dispatcher)
        self.assertFalse(dispatcher.search([]) & costs)
        for kpi in costs.with_user(self.dispatcher):
            for call in (
                lambda k=kpi: k.read(["value"]),
                lambda k=kpi: k.read(["value_text", "picture"]),
                lambda k=kpi: k.action_open_rows(),
                lambda k=kpi: k.action_open_odd(),
            ):
                with self.assertRaises(AccessError):
                    call()

    def test_the_overview_of_a_dispatcher(self):
        """The areas stand in their order, without costs."""
        for user, has_cost in ((self.dispatcher, False), (self.manager, True)):
            kpis = self.env["crowd.kpi"].with_user(user).with_context(**self.only_a)
            groups = kpis.web_read_group([], ["area"], ["area"])["groups"]
            areas = [group["area"] for group in groups]
            self.assertEqual(areas, [a for a in AREAS if has_cost or a != "cost"])

    def test_a_cost_is_a_cost_whatever_the_record_says(self):
        costs = self.kpis.filtered("is_cost")
        costs.write({"is_cost": False})
        for kpi in costs.with_user(self.dispatcher).with_context(**self.only_a):
            self.assertFalse(kpi.value_text)
            self.assertFalse(kpi.population)

    def test_agents_and_workers_have_no_figures(self):
        for user in (self.agent, self.technician, self.employee, self.portal_user):
            with self.assertRaises(AccessError):
                self.env["crowd.kpi"].with_user(user).search([])
            with self.assertRaises(AccessError):
                self.kpis[0].with_user(user).action_open_rows()

    def test_other_currencies_are_not_added_up(self):
        self.company_b.currency_id = self.env.ref("base.EUR")
        self.company_a.currency_id = self.env.ref("base.CHF")
        kpi = self._kpi("crowd_cost").sudo()
        kpi = kpi.with_context(
            allowed_company_ids=(self.company_a | self.company_b).ids
        )
        self.assertEqual(kpi._companies("cost", kpi._cut()), self.company_a.ids)
        self.assertEqual(len(kpi._companies("job", kpi._cut())), 2)
