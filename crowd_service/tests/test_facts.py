from ast import literal_eval
from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..kpi.measures import curve_target
from ..report.crowd_report_curve import MINUTES
from .facts_common import START, FactsCase

WITHIN = ("within_1", "within_10", "within_60", "within_180")
MOMENTS = (
    "minutes_to_offer",
    "minutes_to_accept",
    "minutes_to_arrive",
    "minutes_to_done",
)


@tagged("post_install", "-at_install")
class TestFacts(FactsCase):
    """What reports count of a story, and when it counts."""

    # -- time -------------------------------------------------------------

    def _when(self, moment):
        row = self._row(self._dispatch(moment, self.anna.browse()))
        return (str(row.day), row.hour, row.weekday, row.part)

    def test_day_of_the_company(self):
        self.assertEqual(
            self._when(datetime(2026, 3, 6, 23, 30)),
            ("2026-03-07", "00:00", "6", "weekend"),
        )

    def test_boundaries_of_the_day(self):
        for hour, minute, part in (
            (6, 59, "evening"),
            (7, 0, "day"),
            (16, 59, "day"),
            (17, 0, "evening"),
            (22, 59, "evening"),
        ):
            moment = datetime(2026, 3, 4, hour, minute)  # UTC, Zurich is one ahead
            self.assertEqual(self._when(moment)[3], part, moment)

    def test_both_changes_of_the_clock(self):
        for moment, hour in (
            (datetime(2026, 3, 29, 0, 30), "01:00"),
            (datetime(2026, 3, 29, 1, 30), "03:00"),
            (datetime(2026, 10, 25, 0, 30), "02:00"),
            (datetime(2026, 10, 25, 1, 30), "02:00"),
        ):
            self.assertEqual(self._when(moment)[1], hour, moment)
        self.assertEqual(self._when(datetime(2026, 3, 29, 21, 59))[0], "2026-03-29")
        self.assertEqual(self._when(datetime(2026, 3, 29, 22, 0))[0], "2026-03-30")
        self.assertEqual(self._when(datetime(2026, 10, 25, 22, 59))[0], "2026-10-25")
        self.assertEqual(self._when(datetime(2026, 10, 25, 23, 0))[0], "2026-10-26")

    def test_each_company_has_its_own_day(self):
        moment = datetime(2026, 3, 5, 3)  # 04:00 in Zurich, 22:00 in New York
        with self.at(moment):
            ticket = self._create_ticket(company=self.company_b)
            dispatch = ticket._crowd_open_dispatch()
        row = self._row(dispatch)
        self.assertEqual((str(row.day), row.hour), ("2026-03-04", "22:00"))

    def test_changing_the_zone_does_not_move_history(self):
        dispatch = self._dispatch(datetime(2026, 3, 6, 23, 30))
        self.company_a.resource_calendar_id.tz = "America/New_York"
        self.assertEqual(str(self._row(dispatch).day), "2026-03-07")
        self.assertEqual(
            str(self.company_a._crowd_day(datetime(2026, 3, 6, 3))), "2026-03-05"
        )

    def test_company_without_working_hours(self):
        self.company_a.resource_calendar_id = False
        self.assertEqual(self.company_a._crowd_zone(), "UTC")

    def test_offer_counts_on_its_own_day(self):
        dispatch = self._dispatch(datetime(2026, 3, 4, 22, 30), self.anna)
        late = datetime(2026, 3, 4, 23, 10)
        with self.at(late):
            dispatch._offer_to_workers(self.beat.ids, 30)
        days = [str(self._offer(dispatch, w).day) for w in (self.anna, self.beat)]
        self.assertEqual(days, ["2026-03-04", "2026-03-05"])

    # -- dispatches -------------------------------------------------------

    def test_a_job_well_done(self):
        dispatch = self._dispatch()
        offer = self._accept(dispatch, self.anna, 9)
        with self.at(START + timedelta(minutes=39)):
            offer._start()
        with self.at(START + timedelta(minutes=99)):
            offer._finish(True)
        self.assertEqual(self._values(dispatch, *WITHIN), [0, 100, 100, 100])
        self.assertEqual(self._values(dispatch, *MOMENTS), [0, 9, 30, 99])
        ends = self._values(dispatch, "is_solved", "is_unsolved", "is_cancelled")
        self.assertEqual(ends, [100, 0, 0])
        row = self._row(dispatch)
        self.assertEqual(row.accepted_by, "crowd")
        self.assertEqual(row.first_accepted_wave, 1)
        self.assertEqual(row.territory_id, self.territory)
        self.assertEqual(row.offer_count, 2)
        self.assertEqual(dispatch.first_accepted_offer_id, offer)

    def test_within_includes_the_last_second(self):
        dispatch = self._dispatch()
        self._accept(dispatch, self.anna, 10)
        self.assertEqual(self._value(dispatch, "within_10"), 100)

    def test_yes_in_the_same_second(self):
        dispatch = self._dispatch()
        self._accept(dispatch, self.anna, 0)
        self.assertEqual(self._values(dispatch, "within_1", *MOMENTS[:2]), [100, 0, 0])

    def test_nobody_yet(self):
        dispatch = self._dispatch()
        self.assertEqual(self._values(dispatch, *WITHIN), [0, 0, 0, 0])
        self.assertEqual(self._values(dispatch, *MOMENTS), [0, None, None, None])
        self.assertEqual(self._values(dispatch, "is_accepted", "is_solved"), [0, None])
        self.assertEqual(self._row(dispatch).accepted_by, "nobody")

    def test_back_out_keeps_the_first_yes(self):
        dispatch = self._dispatch()
        offer = self._accept(dispatch, self.anna, 5)
        with self.at(START + timedelta(minutes=20)):
            offer._start()
            offer._give_back("sick")
        second = self._offer(dispatch, self.tina)
        self.assertEqual(second.round, 2)
        with self.at(START + timedelta(minutes=30)):
            self.assertEqual(second._accept("mail")["result"], "accepted")
        with self.at(START + timedelta(minutes=60)):
            second._start()
            second._finish(True)
        self.assertEqual(self._values(dispatch, *MOMENTS), [0, 5, 15, 60])
        row = self._row(dispatch)
        self.assertEqual(row.accepted_by, "crowd")
        self.assertEqual((row.round_count, row.back_out_count), (2, 1))
        self.assertEqual(dispatch.accepted_offer_id, second)
        self.assertEqual(dispatch.first_accepted_offer_id, offer)

    def test_cancelled_before_and_after_a_yes(self):
        before, after = self._dispatch(), self._dispatch()
        self._accept(after, self.anna, 5)
        with self.at(START + timedelta(minutes=50)):
            (before | after)._cancel("desk")
        self.assertEqual(self._values(before, *WITHIN), [None] * 4)
        self.assertEqual(self._value(before, "is_accepted"), None)
        self.assertEqual(self._values(after, *WITHIN), [0, 100, 100, 100])
        for dispatch in (before, after):
            self.assertEqual(self._value(dispatch, "is_cancelled"), 100)
            self.assertEqual(self._value(dispatch, "minutes_to_done"), None)

    def test_the_desk_names_somebody(self):
        dispatch = self._dispatch(workers=self.anna.browse())
        with self.at(START + timedelta(minutes=3)):
            dispatch._assign_worker(self.tina)
        row = self._row(dispatch)
        self.assertFalse(row.is_offered)
        self.assertEqual(row.accepted_by, "technician")
        self.assertEqual(self._values(dispatch, *WITHIN), [None] * 4)
        self.assertEqual(self._values(dispatch, *MOMENTS), [None] * 4)
        with self.at(START + timedelta(minutes=8)):
            dispatch.accepted_offer_id._give_back("sick")
        self.assertEqual(dispatch.state, "offered")
        values = self._values(dispatch, "minutes_to_offer", *WITHIN)
        self.assertEqual(values, [8, 100, 100, 100, 100])

    def test_unsolved(self):
        dispatch = self._dispatch()
        offer = self._accept(dispatch, self.anna, 1)
        with self.at(START + timedelta(minutes=20)):
            offer._start()
            offer._finish(False)
        self.assertEqual(self._values(dispatch, "is_solved", "is_unsolved"), [0, 100])
        self.assertEqual(self._value(dispatch, "minutes_to_done"), None)

    def test_means_are_of_those_it_happened_to(self):
        dispatches = self._dispatch() | self._dispatch() | self._dispatch()
        self._accept(dispatches[0], self.anna, 4)
        self._accept(dispatches[1], self.anna, 8)
        group = self.env["crowd.report.dispatch"].read_group(
            [("id", "in", dispatches.ids)],
            ["nbr", "within_10", "minutes_to_accept"],
            ["day:month"],
            lazy=False,
        )[0]
        self.assertEqual(group["nbr"], 3)
        self.assertAlmostEqual(group["within_10"], 200 / 3)
        self.assertEqual(group["minutes_to_accept"], 6)

    # -- offers -----------------------------------------------------------

    def test_offers(self):
        dispatch = self._dispatch(workers=self.anna | self.beat | self.tina)
        declined = self._offer(dispatch, self.beat)
        with self.at(START + timedelta(minutes=2)):
            declined._decline("too_far")
        offer = self._accept(dispatch, self.anna, 6)
        with self.at(START + timedelta(minutes=10)):
            offer._give_back("sick")
        names = ("is_accepted", "is_declined", "is_lost", "is_backed_out")
        mine = self._values(offer, *names, "minutes_to_answer")
        self.assertEqual(mine, [100, 0, 0, 100, 6])
        self.assertEqual(
            self._values(declined, *names, "minutes_to_answer"), [0, 100, 0, None, 2]
        )
        lost = dispatch.offer_ids.filtered(lambda o: o.state == "lost")
        self.assertEqual(
            self._values(lost, *names, "minutes_to_answer"), [0, 0, 100, None, None]
        )
        self.assertEqual(self._row(declined).decline_reason, "too_far")
        self.assertEqual(self._row(offer).team_id, self.team)

    def test_offer_that_waits_is_in_no_share(self):
        dispatch = self._dispatch(workers=self.anna)
        offer = dispatch.offer_ids
        names = ("nbr", "is_accepted", "is_ignored", "is_backed_out")
        self.assertEqual(self._values(offer, *names), [1, None, None, None])
        with self.at(START + timedelta(hours=3)):
            dispatch._expire_late()
        self.assertEqual(self._values(offer, *names), [1, 0, 100, None])

    def test_distance_is_nothing_when_unknown(self):
        offer = self._dispatch(workers=self.anna).offer_ids
        self.assertAlmostEqual(self._value(offer, "distance_km"), 2, 0)
        offer.write({"has_distance": False, "distance_km": 0})
        self.assertEqual(self._value(offer, "distance_km"), None)

    def test_job_taken_back_was_accepted(self):
        dispatch = self._dispatch()
        offer = self._accept(dispatch, self.anna, 3)
        with self.at(START + timedelta(minutes=9)):
            dispatch._cancel("desk")
        names = ("is_accepted", "is_withdrawn", "is_backed_out")
        self.assertEqual(self._values(offer, *names), [100, 100, 0])

    # -- escalations ------------------------------------------------------

    def _escalation(self, start=START):
        dispatch = self._dispatch(start)
        with self.at(start + timedelta(minutes=1)):
            return dispatch._escalate("manual", user=self.dispatcher)

    def test_acknowledged_in_time_and_late(self):
        for minutes, share in ((10, 100), (40, 0)):
            escalation = self._escalation()
            escalation.deadline = escalation.opened_at + timedelta(minutes=15)
            with self.at(escalation.opened_at + timedelta(minutes=minutes)):
                escalation._acknowledge()
            values = self._values(
                escalation, "acknowledged_in_time", "minutes_to_acknowledge"
            )
            self.assertEqual(values, [share, minutes])
        self.assertEqual(self._value(escalation.dispatch_id, "is_escalated"), 100)

    def test_escalation_that_waits(self):
        escalation = self._escalation(datetime.utcnow().replace(microsecond=0))
        escalation.deadline = datetime.utcnow() + timedelta(hours=1)
        names = ("acknowledged_in_time", "minutes_to_acknowledge", "is_taken")
        self.assertEqual(self._values(escalation, *names), [None, None, 0])
        escalation.deadline = datetime.utcnow() - timedelta(hours=1)
        self.assertEqual(self._values(escalation, *names), [0, None, 0])

    def test_job_taken_from_an_escalation(self):
        escalation = self._escalation()
        escalation.deadline = escalation.opened_at + timedelta(minutes=15)
        with self.at(escalation.opened_at + timedelta(minutes=5)):
            escalation.dispatch_id._assign_worker(self.tina, origin="escalation")
        names = ("acknowledged_in_time", "is_taken", "minutes_to_acknowledge")
        self.assertEqual(self._values(escalation, *names), [100, 100, None])
        self.assertEqual(self._row(escalation).territory_id, self.territory)

    # -- messages ---------------------------------------------------------

    def test_messages(self):
        dispatch = self._dispatch(workers=self.anna)
        message = self.env["crowd.delivery"].search(
            [("offer_id", "=", dispatch.offer_ids.id)], limit=1
        )
        names = ("is_reached", "is_receipted", "is_dead", "minutes_to_send")
        self.assertEqual(self._values(message, *names), [None] * 4)
        self.assertEqual(message.queued_at, START)
        self.assertEqual(str(message.day), "2026-03-04")
        with self.at(START + timedelta(minutes=2)):
            message._succeed("1")
        self.assertEqual(self._values(message, *names), [100, 0, 0, 2])
        with self.at(START + timedelta(minutes=3)):
            message._receipt("delivered")
        self.assertEqual(self._values(message, *names), [100, 100, 0, 2])
        message.gateway_id.kind = message.kind = "mail"
        self.assertEqual(self._value(message, "minutes_to_answer"), None)
        self._accept(dispatch, self.anna, 7)  # by the link in the mail
        self.assertEqual(self._value(message, "minutes_to_answer"), 7)
        message.state = "dead"
        self.assertEqual(self._values(message, *names[:3]), [0, None, 100])

    def test_second_way(self):
        message = self.env["crowd.delivery"].search(
            [("offer_id", "in", self._dispatch().offer_ids.ids)], limit=1
        )
        self.assertEqual(self._value(message, "is_fallback"), 0)
        message.gateway_order = "0,%d" % message.gateway_id.id
        self.assertEqual(self._value(message, "is_fallback"), 100)


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
