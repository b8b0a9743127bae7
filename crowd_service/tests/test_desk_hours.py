from datetime import datetime

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
