from ast import literal_eval
from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..kpi.measures import curve_target
from ..report.crowd_report_curve import MINUTES
from .facts_common import MOMENTS, START, FactsCase


@tagged("post_install", "-at_install")
class TestCurve(FactsCase):
    def _curve(self, dispatches, series="all"):
        """Return ``{minutes: (share, dispatches)}``."""
        self.env["base"].flush()
        groups = self.env["crowd.report.curve"].read_group(
            [("dispatch_id", "in", dispatches.ids), ("series", "=", series)],
            ["share", "nbr"],
            ["minutes"],
            lazy=False,
        )
        return {g["minutes"]: (g["share"], g["nbr"]) for g in groups}

    def test_curve(self):
        dispatches = self._dispatch() | self._dispatch() | self._dispatch()
        dispatches |= self._dispatch()
        self._accept(dispatches[0], self.anna, 1)
        self._accept(dispatches[1], self.beat, 25)
        with self.at(START + timedelta(minutes=90)):
            dispatches[2]._assign_worker(self.tina)
            dispatches[3]._cancel("desk")
        shares = [share for share, nbr in self._curve(dispatches).values()]
        third = 100 / 3
        self.assertEqual(len(shares), len(MINUTES))
        for share, expected in zip(shares, [1] * 5 + [2] * 2 + [3] * 5):
            self.assertAlmostEqual(share, expected * third)
        crowd = self._curve(dispatches, "crowd")[1440]
        technician = self._curve(dispatches, "technician")[1440]
        self.assertAlmostEqual(crowd[0] + technician[0], 100)
        self.assertAlmostEqual(technician[0], third)

    def test_the_lines_as_columns(self):
        dispatches = self._dispatch() | self._dispatch()
        self._accept(dispatches[0], self.anna, 4)
        self.env["base"].flush()
        groups = self.env["crowd.report.curve"].read_group(
            [("dispatch_id", "in", dispatches.ids)],
            ["nbr", "share_accepted", "share_crowd", "share_technician"],
            ["minutes"],
            lazy=False,
        )
        for group in groups:
            share = 50 if group["minutes"] > 4 else 0
            self.assertEqual(group["nbr"], 2)
            self.assertEqual(group["share_accepted"], share)
            self.assertEqual(group["share_crowd"], share)
            self.assertEqual(group["share_technician"], 0)

    def test_target(self):
        curve = self._curve(self._dispatch(), "target")
        self.assertEqual(list(curve), list(MINUTES))
        for minutes, (share, _nbr) in curve.items():
            self.assertAlmostEqual(share, curve_target(minutes), 1)

    def test_target_of_the_company(self):
        self.env["crowd.kpi.target"].create(
            {
                "kpi_id": self.env["crowd.kpi"].search([("code", "=", "within_10")]).id,
                "company_id": self.company_a.id,
                "owner_id": self.manager.id,
                "value": 80,
            }
        )
        points = [(1, 40.0), (10, 80.0), (60, 90.0), (180, 98.0)]
        for minutes, (share, _nbr) in self._curve(self._dispatch(), "target").items():
            self.assertAlmostEqual(share, curve_target(minutes, points), 1)

    def test_what_waits_counts_as_far_as_it_has_waited(self):
        start = datetime.utcnow().replace(microsecond=0) - timedelta(minutes=15)
        waiting, done = self._dispatch(start), self._dispatch(start)
        self._accept(done, self.anna, 2, start)
        curve = self._curve(waiting | done)
        self.assertEqual([curve[m] for m in (1, 2, 10)], [(0, 2), (50, 2), (50, 2)])
        self.assertEqual([curve[m] for m in (20, 1440)], [(100, 1), (100, 1)])

    def test_point_opens_its_dispatch(self):
        dispatch = self._dispatch()
        point = self.env["crowd.report.curve"].search(
            [("dispatch_id", "=", dispatch.id)], limit=1
        )
        action = point.action_open()
        self.assertEqual(action["res_model"], "crowd.dispatch")
        self.assertEqual(action["res_id"], dispatch.id)


@tagged("post_install", "-at_install")
class TestFactsKept(FactsCase):
    """Facts are written with the event, and once for what was there before."""

    def _story(self):
        dispatch = self._dispatch()
        offer = self._accept(dispatch, self.anna, 5)
        with self.at(START + timedelta(minutes=20)):
            offer._start()
        with self.at(START + timedelta(minutes=50)):
            offer._finish(True)
        self.env["base"].flush()
        return dispatch

    def _count_statements(self):
        self.env["base"].flush()
        self.env.cache.invalidate()
        before = self.cr.sql_log_count
        self._story()
        return self.cr.sql_log_count - before

    def test_no_further_statement(self):
        """Only one: the territory is read."""
        self._story()
        with_facts = self._count_statements()
        models = ("crowd.dispatch", "crowd.offer", "crowd.delivery")
        patches = [patch.object(type(self.env["crowd.dispatch"]), "_prepare_facts")]
        patches += [
            patch.object(type(self.env[name]), "_with_facts", lambda self, vals: vals)
            for name in models
        ]
        for one in patches:
            mock = one.start()
            self.addCleanup(one.stop)
            if hasattr(mock, "return_value"):
                mock.return_value = {}
        self.assertLessEqual(with_facts, self._count_statements() + 1)

    def test_filled_once(self):
        dispatches = self._story() | self._dispatch()  # nobody has the second one
        names = (
            "day",
            "territory_id",
            "first_accepted_at",
            "first_accepted_type",
            "first_accepted_wave",
            "first_accepted_offer_id",
            "first_arrived_at",
        ) + tuple(MOMENTS)
        self.env["base"].flush()
        known = dispatches.read(names)
        self.env.cr.execute(
            "UPDATE crowd_dispatch SET day = NULL, territory_id = NULL,"
            " first_accepted_at = NULL, first_accepted_type = NULL,"
            " first_accepted_wave = NULL, first_accepted_offer_id = NULL,"
            " first_arrived_at = NULL, minutes_to_offer = NULL,"
            " minutes_to_accept = NULL, minutes_to_arrive = NULL,"
            " minutes_to_done = NULL WHERE id IN %s",
            (tuple(dispatches.ids),),
        )
        self.env.cr.execute(
            "UPDATE crowd_offer SET day = NULL WHERE dispatch_id IN %s",
            (tuple(dispatches.ids),),
        )
        dispatches._init_facts()
        dispatches.offer_ids._init_day()
        dispatches.invalidate_cache()
        self.assertEqual(dispatches.read(names), known)
        self.assertEqual(set(dispatches.offer_ids.mapped("day")), {dispatches[0].day})
        waiting = self._values(dispatches[1], *MOMENTS)
        self.assertEqual(waiting, [0, None, None, None])

    # -- the database -----------------------------------------------------

    def _explain(self, query):
        self.env["base"].flush()
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute("EXPLAIN (VERBOSE) " + query)
        return "\n".join(row[0] for row in self.env.cr.fetchall())

    def test_a_month_is_found_by_its_index(self):
        for table, index in (
            ("crowd_report_dispatch", "crowd_dispatch_company_day"),
            ("crowd_report_offer", "crowd_offer_company_day"),
            ("crowd_report_escalation", "crowd_escalation_company_day"),
            ("crowd_report_delivery", "crowd_delivery_company_day"),
            ("crowd_report_curve", "crowd_dispatch_company_day"),
        ):
            plan = self._explain(
                "SELECT sum(nbr) FROM %s WHERE company_id IN (1, 2)"
                " AND day >= '2026-03-01' AND day <= '2026-03-31'" % table
            )
            self.assertIn(index, plan)

    def test_what_is_not_asked_for_costs_nothing(self):
        plan = self._explain(
            "SELECT service_id, sum(nbr), avg(within_10), avg(minutes_to_accept)"
            " FROM crowd_report_dispatch WHERE company_id = 1"
            " AND day >= '2026-03-01' GROUP BY service_id"
        )
        for table in ("crowd_offer", "crowd_escalation", "res_company"):
            self.assertNotIn(table, plan)
        plan = self._explain(
            "SELECT worker_id, sum(nbr), avg(is_accepted) FROM crowd_report_offer"
            " WHERE company_id = 1 AND day >= '2026-03-01' GROUP BY worker_id"
        )
        self.assertNotIn("crowd_dispatch", plan)

    # -- rights -----------------------------------------------------------

    def test_rights(self):
        dispatch = self._story()
        self.env["crowd.escalation"].search([], limit=1)
        for name in ("dispatch", "offer", "escalation", "delivery", "curve"):
            model = self.env["crowd.report." + name]
            for user in (self.agent, self.technician, self.employee, self.portal_user):
                with self.assertRaises(AccessError):
                    model.with_user(user).search_count([])
            mine = [("dispatch_id", "=", dispatch.id)]
            foreign = model.with_user(self.manager_b)
            self.assertFalse(foreign.search_count(mine))
            for user in (self.dispatcher, self.manager):
                if name != "escalation":
                    self.assertTrue(model.with_user(user).search_count(mine))

    def test_every_field_can_be_read_and_grouped(self):
        self._story()
        for name in ("dispatch", "offer", "escalation", "delivery", "curve"):
            model = self.env["crowd.report." + name].with_user(self.manager)
            model.search([], limit=5).read()
            numbers = [n for n, f in model._fields.items() if f.group_operator]
            stored = [n for n in numbers if model._fields[n].store and n != "id"]
            groups = ["hour", "weekday", "part", "territory_id", "day:week"]
            for group in groups:
                self.assertTrue(
                    model.read_group([], stored, [group], lazy=False)
                    or name == "escalation"
                )

    def test_favourites_can_be_used(self):
        """Names in favourites of the reports are fields of them."""
        filters = self.env["ir.filters"].search([("model_id", "=like", "crowd.%")])
        self.assertGreater(len(filters), 10)
        for favourite in filters:
            model, context = (
                self.env[favourite.model_id],
                literal_eval(favourite.context),
            )
            names = context.get("pivot_measures", []) + context.get("group_by", [])
            for name in names:
                self.assertIn(name.split(":")[0], model._fields, favourite.name)
