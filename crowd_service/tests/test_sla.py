from datetime import timedelta
from unittest import SkipTest

from odoo.tests import tagged

from .ladder_common import LadderCase


@tagged("post_install", "-at_install")
class TestSla(LadderCase):
    """What ``helpdesk_mgmt_sla`` promises moves the point of no return."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "helpdesk.sla" not in cls.env:
            raise SkipTest("helpdesk_mgmt_sla is not installed")
        cls.ticket.team_id.resource_calendar_id = cls._create_round_the_clock()
        cls.sla = cls.env["helpdesk.sla"].create(
            {"name": "Four hours", "hours": 4, "team_ids": cls.ticket.team_id.ids}
        )

    @classmethod
    def _create_round_the_clock(cls):
        days = [
            (0, 0, {"name": day, "dayofweek": day, "hour_from": 0, "hour_to": 24})
            for day in "0123456"
        ]
        values = {"name": "Always", "tz": "UTC", "attendance_ids": [(5,), *days]}
        return cls.env["resource.calendar"].create(values)

    def _check_sla(self):
        """What the addon's cron does, for our ticket."""
        self.sla.check_ticket_sla(self.ticket)

    def test_agreed_deadline_counts(self):
        self.ticket.crowd_deadline = self.ticket.create_date + timedelta(days=9)
        late = self.ticket.crowd_point_of_no_return
        self._check_sla()
        agreed = self.ticket.sla_deadline
        self.assertEqual(self.ticket._crowd_last_end(), agreed)
        self.assertLess(self.ticket.crowd_point_of_no_return, agreed)
        self.assertLess(self.ticket.crowd_point_of_no_return, late)

    def test_wished_time_is_stronger(self):
        self._check_sla()
        wished = self.ticket.create_date + timedelta(days=3)
        self.ticket.write(
            {
                "crowd_when": "window",
                "crowd_wished_from": wished - timedelta(hours=2),
                "crowd_wished_to": wished,
            }
        )
        self.assertEqual(self.ticket._crowd_last_end(), wished)

    def test_running_ladder_is_planned_anew(self):
        """The addon's cron comes once an hour: the ladder has begun by then."""
        self.ticket.crowd_deadline = self.ticket.create_date + timedelta(days=9)
        self._create_policy(self._ask(), self._tell(after=60 * 24))
        dispatch = self._start()
        last = dispatch.step_ids.filtered(lambda s: s.kind == "escalate")
        before = last.due_at
        self._check_sla()
        self.assertEqual(self._count_plans(), 1)
        self._run_jobs("crowd.dispatch")
        after = last.due_at
        self.assertLess(after, before)
        self.assertLessEqual(after, self.ticket.sla_deadline)

    def test_same_deadline_again_plans_nothing(self):
        self._create_policy(self._ask(), self._tell())
        self._check_sla()
        self._start()
        self._check_sla()
        self.assertEqual(self._count_plans(), 0)

    def _count_plans(self):
        domain = [("method_name", "=", "_job_replan"), ("state", "=", "pending")]
        return self.env["queue.job"].search_count(domain)
