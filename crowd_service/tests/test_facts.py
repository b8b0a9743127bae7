from datetime import datetime, timedelta

from odoo.tests import tagged

from .facts_common import MOMENTS, START, FactsCase

WITHIN = ("within_1", "within_10", "within_60", "within_180")


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
