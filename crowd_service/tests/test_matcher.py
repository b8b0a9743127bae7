from odoo.tests import tagged

from .common import CrowdCase


@tagged("post_install", "-at_install")
class TestMatcher(CrowdCase):
    def test_factories(self):
        friend = self._create_worker("Friend one")
        technician = self._create_worker(
            "Technician one", "technician", groups="crowd_service.group_crowd_technician"
        )
        ticket = self._create_ticket()
        self.assertTrue(friend.is_located)
        self.assertEqual(friend.crowd_membership_ids.company_id, self.company_a)
        self.assertTrue(technician.crowd_user_id)
        self.assertEqual(ticket.crowd_skill_ids, self.skill_wlan)
