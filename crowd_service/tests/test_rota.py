from datetime import date, datetime, timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..models.crowd_clock import simulated_clock
from ..workflow.rota import WEEKEND, WORKDAYS, Rhythm
from .common import CrowdCase

NOON = datetime(2026, 3, 25, 12)  # a Wednesday; summer time begins on the 29th


@tagged("post_install", "-at_install")
class TestRhythm(CrowdCase):
    """Turns as instants, without records."""

    def test_week_around_the_clock_is_one_shift_through_dst(self):
        first, second = Rhythm("Europe/Zurich").shifts(date(2026, 3, 23), 14)
        self.assertEqual(first.start, datetime(2026, 3, 23, 7))
        self.assertEqual(first.stop, datetime(2026, 3, 30, 6))
        self.assertEqual(second.start, first.stop, "no gap, no overlap")
        self.assertEqual((first.turn, second.turn), (0, 1))

    def test_autumn_night_counts_once(self):
        rhythm = Rhythm("Europe/Berlin", 22, 6, is_weekly=False)
        [night] = rhythm.shifts(date(2026, 10, 24), 1)
        self.assertEqual(night.stop - night.start, timedelta(hours=9))

    def test_hour_that_does_not_exist(self):
        rhythm = Rhythm("America/New_York", 2.5, 8, is_weekly=False)
        [shift] = rhythm.shifts(date(2026, 3, 8), 1)
        self.assertEqual(shift.start, datetime(2026, 3, 8, 7, 30), "03:30 EDT")

    def test_days_change_hands_only_when_served(self):
        rhythm = Rhythm("UTC", 8, 18, WORKDAYS, is_weekly=False)
        shifts = rhythm.shifts(date(2026, 3, 26), 5)  # Thursday to Monday
        self.assertEqual([s.turn for s in shifts], [0, 1, 2])
        self.assertEqual(shifts[2].start.weekday(), 0)

    def test_weekends_by_week(self):
        rhythm = Rhythm("UTC", 0, 24, WEEKEND)
        shifts = rhythm.shifts(date(2026, 3, 25), 14)
        self.assertEqual([s.turn for s in shifts], [0, 1])
        self.assertEqual(shifts[0].stop - shifts[0].start, timedelta(days=2))

    def test_handover_in_mid_week(self):
        rhythm = Rhythm("UTC", handover_weekday=4)
        shifts = rhythm.shifts(date(2026, 3, 25), 10)
        self.assertEqual([s.start.day for s in shifts], [25, 27, 3])


class RotaCase(CrowdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rota = cls._create_rota("Nights")

    @classmethod
    def _create_rota(cls, name, people=None, **values):
        people = cls.agent | cls.dispatcher if people is None else people
        values = dict(
            {
                "name": name,
                "company_id": cls.company_a.id,
                "tz": "Europe/Zurich",
                "person_ids": [(0, 0, {"user_id": user.id}) for user in people],
            },
            **values,
        )
        return cls.env["crowd.rota"].create(values)

    @classmethod
    def _create_duty(cls, user, rota=None, start=NOON, hours=8):
        return cls.env["crowd.duty"].create(
            {
                "rota_id": (rota or cls.rota).id,
                "user_id": user.id,
                "start": start,
                "stop": start + timedelta(hours=hours),
            }
        )

    def _on_duty(self, **kwargs):
        kwargs.setdefault("at", NOON)
        return self.env["crowd.duty"]._on_duty(self.company_a, **kwargs)


@tagged("post_install", "-at_install")
class TestDuty(RotaCase):
    def test_from_the_first_second_to_the_last(self):
        self._create_duty(self.agent)
        self._create_duty(self.dispatcher, start=NOON + timedelta(hours=8))
        second = timedelta(seconds=1)
        self.assertFalse(self._on_duty(at=NOON - second))
        self.assertEqual(self._on_duty(), self.agent)
        end = NOON + timedelta(hours=8)
        self.assertEqual(self._on_duty(at=end - second), self.agent)
        self.assertEqual(self._on_duty(at=end), self.dispatcher)

    def test_now_is_the_clock(self):
        self._create_duty(self.agent)
        duties = self.env["crowd.duty"]
        with simulated_clock(NOON):
            self.assertEqual(duties._on_duty(self.company_a), self.agent)
            self.assertTrue(duties._is_on_duty(self.agent))
            self.assertFalse(duties._is_on_duty(self.dispatcher))
            self.assertEqual(self.rota.on_duty_id, self.agent)
        self.assertFalse(duties._is_on_duty(self.agent, NOON - timedelta(days=1)))

    def test_the_teams_own_come_first_and_others_not(self):
        ours = self._create_rota("Ours", team_id=self.team.id, sequence=99)
        team_2 = self.team.copy({"name": "Other desk"})
        theirs = self._create_rota("Theirs", team_id=team_2.id)
        self._create_duty(self.agent)
        self._create_duty(self.dispatcher, ours)
        self._create_duty(self.manager, theirs)
        self.assertEqual(
            self._on_duty(team=self.team).ids, [self.dispatcher.id, self.agent.id]
        )
        self.assertEqual(self._on_duty(rota=theirs), self.manager)
        self.assertEqual(len(self._on_duty()), 3)

    def test_other_companies_do_not_matter(self):
        rota_b = self._create_rota("B", self.agent_b, company_id=self.company_b.id)
        self._create_duty(self.agent_b, rota_b)
        self.assertFalse(self._on_duty())
        self.assertEqual(
            self.env["crowd.duty"]._on_duty(self.company_b, at=NOON), self.agent_b
        )

    def test_who_left_is_passed_over(self):
        self._create_duty(self.agent)
        self.agent.active = False
        self.assertFalse(self._on_duty())
        self.assertFalse(self.env["crowd.duty"]._is_on_duty(self.agent, NOON))

    def test_archived_rota(self):
        self._create_duty(self.agent)
        self.rota.active = False
        self.assertFalse(self._on_duty())

    def test_absent_technician_is_passed_over(self):
        worker = self._create_worker(
            "Tech", "technician", groups="crowd_service.group_crowd_technician"
        )
        self._create_duty(worker.crowd_user_id)
        self.assertEqual(self._on_duty(), worker.crowd_user_id)
        self.env["crowd.absence"].create(
            {
                "worker_id": worker.id,
                "date_from": NOON - timedelta(hours=1),
                "date_to": NOON + timedelta(hours=1),
            }
        )
        self.assertFalse(self._on_duty())

    @mute_logger("odoo.sql_db")
    def test_one_at_a_time(self):
        self._create_duty(self.agent)
        late = NOON + timedelta(hours=7)
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self._create_duty(self.dispatcher, start=late)
        other = self._create_rota("Second line")
        self.assertTrue(self._create_duty(self.dispatcher, other, late))

    def test_the_database_knows_it(self):
        self.env.cr.execute(
            "SELECT contype FROM pg_constraint WHERE conname = %s",
            ("crowd_duty_one_at_a_time",),
        )
        self.assertEqual(self.env.cr.fetchone(), ("x",))

    def test_only_people_of_the_company(self):
        for number, user in enumerate((self.agent_b, self.portal_user)):
            with self.assertRaises(ValidationError):
                self._create_duty(user, start=NOON + timedelta(days=number))
            with self.assertRaises(ValidationError):
                self._create_rota("Wrong", user)


@tagged("post_install", "-at_install")
class TestPlan(RotaCase):
    def _plan(self, rota=None, **values):
        rota = rota or self.rota
        action = rota.with_user(self.dispatcher).action_plan()
        plans = self.env["crowd.rota.plan"].with_user(self.dispatcher)
        with simulated_clock(NOON):
            form = Form(plans.with_context(**action["context"]))
            for name, value in values.items():
                setattr(form, name, value)
            form.save().action_plan()
        return rota.duty_ids.sorted("start")

    def test_turns_without_gaps(self):
        duties = self._plan(weeks=4)
        self.assertEqual(
            duties.mapped("user_id"), self.agent | self.dispatcher, "in their order"
        )
        self.assertEqual(len(duties), 5, "begins within a week")
        for before, after in zip(duties, duties[1:]):
            self.assertEqual(before.stop, after.start)
            self.assertNotEqual(before.user_id, after.user_id)

    def test_goes_on_where_it_ended(self):
        before = self._plan(weeks=1)
        after = self._plan(weeks=1) - before
        self.assertEqual(after[0].start, before[-1].stop)

    def test_what_is_entered_stays(self):
        kept = self._create_duty(self.manager, start=NOON + timedelta(days=1))
        self.rota.turn = "day"
        duties = self._plan(weeks=1, date_from=date(2026, 3, 25))
        self.assertIn(kept, duties)
        with self.assertRaises(UserError):
            self._plan(weeks=1, date_from=date(2026, 3, 25))

    def test_absent_people_are_passed_over(self):
        worker = self._create_worker(
            "Tech", "technician", groups="crowd_service.group_crowd_technician"
        )
        rota = self._create_rota("T", worker.crowd_user_id | self.agent, turn="day")
        self.env["crowd.absence"].create(
            {
                "worker_id": worker.id,
                "date_from": NOON,
                "date_to": NOON + timedelta(days=2),
            }
        )
        duties = self._plan(rota, weeks=1)
        self.assertEqual(duties[:3].mapped("user_id"), self.agent)
        self.assertIn(worker.crowd_user_id, duties[3:].mapped("user_id"))
