import random
from datetime import datetime, timedelta

from odoo.tests import tagged

from .common import CrowdCase

FRIDAY_EVENING = datetime(2026, 3, 27, 19, 0)  # the last one of winter time
SUNDAY_NIGHT = datetime(2026, 3, 29, 0, 30)


@tagged("post_install", "-at_install")
class TestDeskHours(CrowdCase):
    """People at the desk are not expected to answer when it is closed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar = cls.env["resource.calendar"].create(
            {
                "name": "Nine to five",
                "tz": "Europe/Zurich",
                "company_id": cls.company_a.id,
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
                    for day in range(5)
                ],
            }
        )

    def test_around_the_clock_by_default(self):
        end = self.team._crowd_desk_time(SUNDAY_NIGHT, 15)
        self.assertEqual(end, datetime(2026, 3, 29, 0, 45))

    def test_over_the_weekend_and_into_summer_time(self):
        self.team.crowd_calendar_id = self.calendar
        for moment in (FRIDAY_EVENING, SUNDAY_NIGHT):
            end = self.team._crowd_desk_time(moment, 15)
            self.assertEqual(end, datetime(2026, 3, 30, 7, 15))

    def test_it_is_what_odoo_says(self):
        """At any moment, over nights, holidays and both changes of summer time."""
        chance, calendar = random.Random(4), self.calendar
        days = [datetime(2026, month, 20) for month in (3, 10, 12)]
        for number in range(3):
            begin = days[number] + timedelta(hours=chance.randrange(200))
            end = begin + timedelta(hours=chance.randrange(1, 60))
            leave = {"name": "Closed", "date_from": begin, "date_to": end}
            calendar.leave_ids = [(0, 0, leave)]
        noon = {"dayofweek": "5", "hour_from": 10, "hour_to": 12.75, "name": "Market"}
        late = {"dayofweek": "4", "hour_from": 17, "hour_to": 24, "name": "Late"}
        calendar.attendance_ids = [(0, 0, noon), (0, 0, late)]
        for _number in range(150):
            start = chance.choice(days) + timedelta(minutes=chance.randrange(20000))
            minutes = chance.choice((0, 1, 15, 60, 480, 3000))
            self.assertEqual(
                calendar._crowd_after_minutes(start, minutes),
                calendar.plan_hours(minutes / 60.0, start, compute_leaves=True),
                (start, minutes),
            )

    def test_holiday(self):
        self.team.crowd_calendar_id = self.calendar
        self.calendar.leave_ids = [
            (
                0,
                0,
                {
                    "name": "Holiday",
                    "date_from": datetime(2026, 3, 29, 22, 0),
                    "date_to": datetime(2026, 3, 30, 21, 59),
                },
            )
        ]
        end = self.team._crowd_desk_time(FRIDAY_EVENING, 15)
        self.assertEqual(end, datetime(2026, 3, 31, 7, 15))

    def test_changed_hours_count_at_once(self):
        self.team.crowd_calendar_id = self.calendar
        before = self.team._crowd_desk_time(SUNDAY_NIGHT, 15)
        monday = self.calendar.attendance_ids.filtered(lambda a: a.dayofweek == "0")
        first = monday.sorted("hour_from")[0]
        first.hour_from += 1
        later = self.team._crowd_desk_time(SUNDAY_NIGHT, 15)
        self.assertEqual(later - before, timedelta(hours=1))
        monday.unlink()
        self.assertEqual(
            self.team._crowd_desk_time(SUNDAY_NIGHT, 15) - before, timedelta(days=1)
        )

    def test_calendar_without_hours(self):
        self.calendar.attendance_ids.unlink()
        self.team.crowd_calendar_id = self.calendar
        end = self.team._crowd_desk_time(SUNDAY_NIGHT, 15)
        self.assertEqual(end, datetime(2026, 3, 29, 0, 45))

    def test_escalation_waits_for_the_desk(self):
        self.team.crowd_calendar_id = self.calendar
        ticket = self._create_ticket().with_user(self.agent)
        with self.at(FRIDAY_EVENING):
            escalation = self.env["crowd.escalation"].browse(
                ticket.crowd_escalate("manual")
            )
        self.assertEqual(escalation.deadline, datetime(2026, 3, 30, 7, 15))
        self.assertEqual(
            escalation.dispatch_id.next_deadline, datetime(2026, 3, 30, 7, 15)
        )
