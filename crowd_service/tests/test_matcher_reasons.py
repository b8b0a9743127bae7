from datetime import datetime, timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from .matcher_common import NOON, MatcherCase


@tagged("post_install", "-at_install")
class TestMatcherReasons(MatcherCase):
    """Each hard rule, on real records."""

    def test_archived(self):
        worker = self._create_worker("Gone")
        worker.active = False
        self.assertReason(worker, "archived")

    def test_type(self):
        friend = self._create_worker("Friend")
        technician = self._create_worker("Tech", "technician")
        self.service.crowd_audience = "crowd"
        self.assertReason(technician, "type")
        self.assertEqual(self._ranked(), friend.ids)
        self.service.crowd_audience = "experts"
        self.assertReason(friend, "type")
        self.assertEqual(self._ranked(), technician.ids)

    def test_community(self):
        worker = self._create_worker("Friend")
        self.community.service_ids = self._create_service("Other service")
        self.assertReason(worker, "community")
        self.community.service_ids |= self.service
        self.assertEqual(self._ranked(), worker.ids)

    def test_best_of_several_memberships(self):
        worker = self._create_worker("Double", membership={"state": "paused"})
        doing = self._create_community("Doing", service_ids=[(6, 0, self.service.ids)])
        other = self._create_service("Other service")
        busy = self._create_community("Busy", service_ids=[(6, 0, other.ids)])
        self._create_membership(worker, busy)
        self.assertReason(worker, "membership")
        member = self._create_membership(worker, doing)
        found = self.matcher._match(self.ticket).ranked[0]
        self.assertEqual(found.membership_id, member.id)

    def test_membership(self):
        worker = self._create_worker("Applicant", membership={"state": "applied"})
        self.assertReason(worker, "membership")
        self.assertIn("Applied", self.matcher._why_not(self.ticket, worker))

    def test_no_membership(self):
        worker = self._create_worker("Stranger", community=False)
        self.assertReason(worker, "membership")
        self.assertFalse(self.matcher._match(self.ticket).near_misses)

    def test_archived_community(self):
        worker = self._create_worker("Friend")
        self.community.active = False
        self.assertReason(worker, "membership")

    def test_own_ticket(self):
        worker = self._create_worker("Customer")
        self.ticket.partner_id = worker.partner_id
        self.assertReason(worker, "own_ticket")

    def test_own_ticket_of_a_colleague(self):
        firm = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        worker = self._create_worker("Colleague", parent_id=firm.id)
        self.ticket.partner_id = self.env["res.partner"].create(
            {"name": "Customer", "parent_id": firm.id}
        )
        self.assertReason(worker, "own_ticket")

    def test_unreachable(self):
        worker = self._create_worker("Silent", email=False)
        self.assertReason(worker, "unreachable")
        user = self._create_user(
            "silent", "base.group_portal", partner_id=worker.partner_id.id
        )
        worker.email = False
        self.assertEqual(self._ranked(), worker.ids)
        user.active = False
        self.assertReason(worker, "unreachable")

    def test_asked_in_this_round(self):
        worker = self._create_worker("Asked")
        dispatch = self.ticket._crowd_open_dispatch()
        dispatch.round = 1
        self._create_offer(worker, "declined", dispatch=dispatch)
        self.assertReason(worker, "asked")
        dispatch.round = 2
        self.assertEqual(self._ranked(), worker.ids, "a new round asks again")

    def test_gave_this_job_back(self):
        worker = self._create_worker("Returner")
        dispatch = self.ticket._crowd_open_dispatch()
        self._create_offer(worker, "backed_out", dispatch=dispatch, round=1)
        dispatch.round = 2
        self.assertReason(worker, "gave_back")
        self.assertEqual(self._reasons(worker, self._create_ticket()), [])

    def test_a_closed_dispatch_is_history(self):
        worker = self._create_worker("Asked")
        dispatch = self.ticket._crowd_open_dispatch()
        self._create_offer(worker, "backed_out", dispatch=dispatch)
        dispatch.write({"state": "cancelled"})
        self.assertEqual(self._ranked(), worker.ids)

    def test_skill(self):
        worker = self._create_worker("Unskilled", skills={self.skill_tv: 100})
        self.assertReason(worker, "skill")
        self.assertIn("WLAN", self.matcher._why_not(self.ticket, worker))

    def test_level(self):
        worker = self._create_worker("Beginner", skills={self.skill_wlan: 10})
        self.assertReason(worker, "level")
        self.assertIn(
            "WLAN 10 % instead of 50 %", self.matcher._why_not(self.ticket, worker)
        )

    def test_unlocated(self):
        worker = self._create_worker("Somewhere", position=False)
        self.assertReason(worker, "unlocated")
        near = self.matcher._match(self.ticket).near_misses
        self.assertEqual([c.worker_id for c in near], worker.ids)

    def test_radius(self):
        worker = self._create_worker("Far", km=34.2)
        self.assertReason(worker, "radius")
        self.assertIn("4.2 km too far", self.matcher._why_not(self.ticket, worker))
        very_far = self._create_worker("Very far", km=500)
        self.assertReason(very_far, "radius")
        near = self.matcher._match(self.ticket).near_misses
        self.assertEqual([c.worker_id for c in near], worker.ids)

    def test_own_radius(self):
        worker = self._create_worker("Walker", km=5, crowd_radius_km=3)
        self.assertReason(worker, "own_radius")

    def test_capacity(self):
        worker = self._create_worker("Busy")
        self._create_offer(worker, "accepted")
        self.assertReason(worker, "capacity")
        worker.crowd_membership_ids.capacity = 2
        self.assertEqual(self._ranked(), worker.ids)

    def test_daily_cap_ends_at_the_workers_midnight(self):
        worker = self._create_worker(
            "Kiwi", membership={"capacity": 9, "daily_cap": 1}, tz="Pacific/Auckland"
        )
        midnight = datetime(2026, 3, 4, 11)  # of Auckland, in UTC
        self._create_offer(worker, "completed", midnight - timedelta(minutes=1))
        with self.at(midnight - timedelta(seconds=1)):
            self.assertReason(worker, "daily_cap")
        with self.at(midnight):
            self.assertEqual(self._ranked(), worker.ids)

    def test_daily_cap_on_the_long_day(self):
        worker = self._create_worker(
            "Zurich", membership={"capacity": 9, "daily_cap": 1}, tz="Europe/Zurich"
        )
        began = datetime(2026, 10, 24, 22)  # this day has 25 hours
        self._create_offer(worker, "completed", began)
        with self.at(began + timedelta(hours=25, seconds=-1)):
            self.assertReason(worker, "daily_cap")
        with self.at(began + timedelta(hours=25)):
            self.assertEqual(self._ranked(), worker.ids)

    def test_unknown_time_zone_counts_as_utc(self):
        worker = self._create_worker(
            "Nowhere", membership={"capacity": 9, "daily_cap": 1}
        )
        self.cr.execute(
            "UPDATE res_partner SET tz = 'Mars/Olympus' WHERE id = %s",
            (worker.partner_id.id,),
        )
        self._create_offer(worker, "completed", NOON)
        with self.at(NOON):
            self.assertReason(worker, "daily_cap")

    def test_no_such_worker(self):
        gone = self.env["fsm.person"].browse(2**31 - 1)
        with self.assertRaisesRegex(UserError, "no worker with the id"):
            self.matcher._why_not(self.ticket, gone)

    def test_somebody_who_can_be_asked(self):
        worker = self._create_worker("Fit")
        sentence = self.matcher._why_not(self.ticket, worker)
        self.assertEqual(sentence, "Fit can be asked.")

    def test_counts_name_the_first_reason(self):
        self._create_worker("Fit")
        self._create_worker("Unskilled", skills={})
        self._create_worker("Far", km=40)
        self._create_worker("Far and unskilled", km=40, skills={})
        survey = self.matcher._survey(self.ticket)
        self.assertEqual(survey.excluded, {"skill": 2, "radius": 1})
        self.assertEqual(survey.looked_at, 4)
        self.assertEqual(
            self.matcher._word_counts(survey),
            "4 people looked at, 1 can be asked\nA skill is missing: 2\n"
            "Too far away: 1",
        )
