from datetime import datetime, timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .. import matching
from .availability_common import HOUR, OFFICE, WEEKDAYS, AvailabilityCase
from .common import BERN, KM_PER_DEGREE
from .matcher_common import NOON

SATURDAY = datetime(2026, 3, 7, 12)
EVENING = datetime(2026, 3, 4, 19)


@tagged("post_install", "-at_install")
class TestAvailability(AvailabilityCase):
    """Nobody is asked who has no time."""

    def test_nothing_known(self):
        self.assertFits(self.friend)
        self.assertTrue(self._read_schedules(self.friend)[0].is_blank)

    # the switch

    def test_away(self):
        self.friend.action_crowd_away()
        self.assertObstacle(self.friend, "away", "Switched off.")
        self.friend._crowd_switch("away", NOON + HOUR)
        self.assertObstacle(self.friend, "away", "until ")
        self.assertEqual(self._codes(self.friend, NOON + HOUR), [])

    def test_away_counts_only_if_it_lasts(self):
        self.friend._crowd_switch("away", NOON + 3 * HOUR)
        later = self._wish(NOON + 2 * HOUR, NOON + 5 * HOUR)
        self.assertFits(self.friend, later)
        self.friend._crowd_switch("away", NOON + 5 * HOUR)
        self.assertObstacle(self.friend, "away", ticket=later)

    def test_available_overrules_the_working_hours(self):
        self.friend.calendar_id = self.spare_time
        self.assertObstacle(self.friend, "calendar")
        self.friend.action_crowd_available()
        self.assertFits(self.friend)
        self.assertEqual(self.friend.crowd_presence_until, NOON + 8 * HOUR)
        self.friend._crowd_switch("available", NOON)
        self.assertObstacle(self.friend, "calendar")
        self.friend._crowd_switch("available")
        self.assertFits(self.friend)
        self.friend.action_crowd_by_hours()
        self.assertObstacle(self.friend, "calendar")

    def test_the_switch_as_it_stands_now(self):
        workers = self.friend | self.own_technician
        found = {
            ("available", False): "available",
            ("available", NOON + HOUR): "available",
            ("available", NOON): "calendar",
            ("away", False): "away",
            ("away", NOON - HOUR): "calendar",
            ("calendar", False): "calendar",
        }
        for (presence, until), expected in found.items():
            self.friend.write(
                {"crowd_presence": presence, "crowd_presence_until": until}
            )
            self.friend.invalidate_cache(["crowd_presence_now"])
            self.assertEqual(self.friend.crowd_presence_now, expected)
            for name in ("available", "away", "calendar"):
                for operator, value in (("=", name), ("in", [name])):
                    domain = [("crowd_presence_now", operator, value)]
                    mine = [("id", "in", workers.ids)]
                    hits = workers.search(mine + domain)
                    same = workers.filtered(
                        lambda worker, name=name: worker.crowd_presence_now == name
                    )
                    self.assertEqual(hits, same, (presence, until, name))
                    others = workers.search(mine + ["!"] + domain)
                    self.assertEqual(others, workers - same)
                    negative = {"=": "!=", "in": "not in"}[operator]
                    domain = [("crowd_presence_now", negative, value)]
                    self.assertEqual(workers.search(mine + domain), workers - same)
        with self.assertRaises(UserError):
            workers.search([("crowd_presence_now", "ilike", "a")])

    # absences

    def test_absent(self):
        self._create_absence(self.friend, NOON - HOUR, NOON + HOUR)
        self.assertObstacle(self.friend, "absent", "until ")
        self.assertEqual(self._codes(self.friend, NOON + HOUR), [])
        self.friend._crowd_switch("available")
        self.assertObstacle(self.friend, "absent")

    def test_absent_in_a_part_of_the_window(self):
        self._create_absence(self.friend, NOON + 2 * HOUR, NOON + 4 * HOUR)
        self.service.crowd_minutes = 60
        tight = self._wish(NOON + 1.5 * HOUR, NOON + 4.5 * HOUR)
        self.assertObstacle(self.friend, "absent", ticket=tight)
        self.assertFits(self.friend, self._wish(NOON + HOUR, NOON + 3 * HOUR))

    def test_time_off_that_employees_enter_in_odoo(self):
        resource = self.env["resource.resource"].create(
            {"name": "Toni", "user_id": self.own_technician.crowd_user_id.id}
        )
        leave = {"resource_id": resource.id, "calendar_id": self.office.id}
        leave.update(date_from=NOON - HOUR, date_to=NOON + HOUR)
        leave = self.env["resource.calendar.leaves"].create(leave)
        self.assertObstacle(self.own_technician, "absent")
        self.assertFits(self.friend)
        leave.time_type = "other"
        self.assertFits(self.own_technician)

    def test_an_absence_begins_before_it_ends(self):
        for end in (NOON, NOON - HOUR):
            with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
                with self.env.cr.savepoint():
                    self._create_absence(self.friend, NOON, end)

    # working hours

    def test_evenings_and_weekends_by_everybodys_own_hours(self):
        self.friend.calendar_id = self.spare_time
        self.own_technician.calendar_id = self.office
        for moment, friend, technician in (
            (NOON, ["calendar"], []),
            (EVENING, [], ["calendar"]),
            (SATURDAY, ["calendar"], ["calendar"]),
            (SATURDAY + 6 * HOUR, [], ["calendar"]),
        ):
            self.assertEqual(self._codes(self.friend, moment), friend, moment)
            found = self._codes(self.own_technician, moment)
            self.assertEqual(found, technician, moment)

    def test_says_when_work_begins(self):
        self.env.user.tz = "Europe/Zurich"
        self.friend.calendar_id = self.spare_time
        self.assertObstacle(self.friend, "calendar", "6:00 PM")
        self.env["res.lang"]._activate_lang("de_CH")
        german = self.matcher.with_context(lang="de_CH")
        self.assertIn("04.03.26, 18:00", german._why_not(self.ticket, self.friend))

    def test_a_window_within_the_working_hours(self):
        self.own_technician.calendar_id = self.office
        morning = self._wish(SATURDAY - 3 * HOUR, SATURDAY)
        self.assertObstacle(self.own_technician, "calendar", ticket=morning)
        self.assertFits(self.friend, morning)
        over_lunch = self._wish(NOON + 21 * HOUR, NOON + 24 * HOUR)  # 10 to 13
        self.service.crowd_minutes = 120
        self.assertFits(self.own_technician, over_lunch)
        self.service.crowd_minutes = 121
        self.assertObstacle(self.own_technician, "calendar", ticket=over_lunch)

    def test_public_holidays(self):
        self.own_technician.calendar_id = self.office
        self.assertFits(self.own_technician)
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.office.id,
                "date_from": NOON - 13 * HOUR,
                "date_to": NOON + 11 * HOUR,
            }
        )
        self.assertObstacle(self.own_technician, "calendar")

    def test_a_calendar_of_two_weeks(self):
        line = {"name": "Line", "dayofweek": "2", "hour_from": 0, "hour_to": 23.99}
        section = dict(line, display_type="line_section", hour_to=0)
        lines = [
            dict(section, week_type="0", sequence=0),
            dict(section, week_type="1", sequence=25),
            dict(line, week_type="1", sequence=26),
        ]
        turns = self.env["resource.calendar"].create(
            {
                "name": "Turns",
                "tz": "Europe/Zurich",
                "two_weeks_calendar": True,
                "attendance_ids": [(0, 0, line) for line in lines],
            }
        )
        self.friend.calendar_id = turns
        weeks = [NOON + timedelta(weeks=week) for week in range(4)]
        parity = [matching.calendars.week_parity(week.date()) for week in weeks]
        codes = [self._codes(self.friend, week) for week in weeks]
        self.assertEqual(codes, [[] if odd else ["calendar"] for odd in parity])

    def test_lines_with_an_end(self):
        self.friend.calendar_id = self._create_calendar("Till today", [2], [(0, 24)])
        self.friend.calendar_id.attendance_ids.date_to = NOON.date()
        self.assertFits(self.friend)
        week = NOON + timedelta(weeks=1)
        self.assertEqual(self._codes(self.friend, week), ["calendar"])

    def test_calendars_without_hours(self):
        """T35: nobody is left, and the reason is told."""
        empty = self._create_calendar("Empty", [], [])
        self.assertFalse(empty.attendance_ids)
        (self.friend | self.own_technician).write({"calendar_id": empty.id})
        for ticket in (self.ticket, self._wish(NOON, NOON + 50 * HOUR)):
            self.assertEqual(self._ranked(ticket), [])
            words = "no working hours"
            self.assertObstacle(self.friend, "calendar", words, ticket=ticket)

    # jobs

    def _take(self, worker, ticket, user=None):
        """Let ``worker`` have the job of ``ticket``; return its order."""
        desk = ticket.with_user(user or self.agent)
        dispatch = self.env["crowd.dispatch"].browse(
            desk.crowd_dispatch(worker.ids, 30)
        )
        dispatch.sudo()._assign_worker(worker)
        return dispatch.sudo().order_id

    def _place(self, km):
        position = (BERN[0] + km / KM_PER_DEGREE, BERN[1])
        return self._create_location("%s km north" % km, position)

    def test_another_job_with_the_way_to_it(self):
        self.service.crowd_minutes = 60
        self.friend.crowd_membership_ids.capacity = 5
        place = self._place(20)
        start = NOON + 3 * HOUR
        order = self._take(
            self.friend, self._wish(start, start + 2 * HOUR, fsm_location_id=place.id)
        )
        self.assertEqual(order.scheduled_date_start, start)
        self.assertEqual(order.scheduled_date_end, start + HOUR)
        km = matching.distance_km(
            *BERN, place.partner_latitude, place.partner_longitude
        )
        travel = timedelta(minutes=matching.travel_minutes(km))
        before = self._wish(start - travel - HOUR, start + HOUR)
        self.assertFits(self.friend, before)
        minute = timedelta(minutes=1)
        late = self._wish(start - travel - HOUR + minute, start + HOUR)
        minutes = int(travel / minute)
        self.assertObstacle(
            self.friend, "appointment", "about %s min away" % minutes, ticket=late
        )
        after = self._wish(start, start + HOUR + travel + HOUR)
        self.assertFits(self.friend, after)
        place.is_located = False
        self.assertFits(self.friend, late)

    def test_a_job_that_is_over_or_given_back_is_none(self):
        self.friend.crowd_membership_ids.capacity = 5
        start = NOON + 3 * HOUR
        ticket = self._wish(start, start + HOUR)
        order = self._take(self.friend, ticket)
        rival = self._wish(start, start + HOUR)
        self.assertObstacle(self.friend, "appointment", ticket=rival)
        order.sudo().crowd_dispatch_id.accepted_offer_id._give_back("no_time")
        self.assertFits(self.friend, rival)

    def test_remote_jobs_take_no_travel(self):
        self.friend.crowd_membership_ids.capacity = 5
        remote = self._create_service("By phone", crowd_place="remote")
        remote.crowd_minutes = self.service.crowd_minutes = 60
        start = NOON + 3 * HOUR
        far = self._place(20)
        self._take(
            self.friend,
            self._wish(
                start,
                start + HOUR,
                crowd_service_id=remote.id,
                fsm_location_id=far.id,
            ),
        )
        self.assertFits(self.friend, self._wish(start - HOUR, start))

    def test_a_job_of_another_company_counts(self):
        self._create_membership(self.friend, self.community_b)
        start = NOON + 3 * HOUR
        team = self.env["fsm.team"].create(
            {"name": "Field team of B", "company_id": self.company_b.id}
        )
        self.company_b.crowd_fsm_team_id = team
        common_place = {"crowd_wished_from": start, "crowd_wished_to": start + HOUR}
        theirs = self._create_ticket(
            company=self.company_b, crowd_when="window", **common_place
        )
        self._take(self.friend, theirs, self.agent_b)
        ours = self._wish(start, start + HOUR)
        self.assertObstacle(self.friend, "appointment", "job from", ticket=ours)

    # loading

    def test_queries_are_constant(self):
        workers = self.env["fsm.person"]
        counts = []
        self.matcher._read_ask(self.ticket)  # what is read of the ticket once
        for number in range(3):
            for each in range(1 + number * 4):
                worker = self._create_worker("Helper %s %s" % (number, each))
                worker.calendar_id = self._create_calendar("Own", WEEKDAYS, OFFICE)
                worker._crowd_switch("available", NOON + HOUR)
                self._create_absence(worker, NOON - HOUR, NOON + HOUR)
                workers |= worker
            workers.flush()
            before = self.env.cr.sql_log_count
            schedules = self._read_schedules(workers)
            counts.append(self.env.cr.sql_log_count - before)
            self.assertTrue(all(s.presence == "available" for s in schedules))
        self.assertEqual(len(set(counts)), 1, counts)

    def test_absences_have_their_index(self):
        self.env.cr.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname IN %s",
            (("crowd_absence_worker_end", "fsm_person_crowd_switched"),),
        )
        self.assertEqual(len(self.env.cr.fetchall()), 2)

    # two who are one person

    def test_merged_workers_keep_all_absences(self):
        other = self._create_worker("Anna", email=self.friend.email)
        self._create_absence(self.friend, NOON, NOON + HOUR)
        self._create_absence(other, NOON + HOUR, NOON + 2 * HOUR)
        self.friend._absorb(other)
        self.assertEqual(len(self.friend.crowd_absence_ids), 2)
