from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import BERN, WINTERTHUR, CrowdCase


@tagged("post_install", "-at_install")
class TestPartnerMerge(CrowdCase):
    """Two contacts become one: so do their workers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kept = cls._create_worker(
            "Kept",
            email="same@example.com",
            membership={"quality": 5.0, "quality_count": 1},
        )
        cls.other = cls._create_worker(
            "Other",
            email="same@example.com",
            position=WINTERTHUR,
            skills={cls.skill_wlan: 80, cls.skill_tv: 10},
            membership={"state": "paused", "quality": 3.0, "quality_count": 3},
        )
        cls.ticket = cls._create_ticket()

    def _merge(self, dst, *others):
        """Merge contacts as a user who has no rights on workers."""
        user = self._create_user("clerk", "base.group_user,base.group_partner_manager")
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(user)
        partners = dst
        for other in others:
            partners |= other
        wizard._merge(partners.ids, dst.with_user(user))
        self.env["base"].flush()
        self.env["base"].invalidate_cache()

    def _merge_workers(self):
        self._merge(self.kept.partner_id, self.other.partner_id)

    def _dispatch(self, ticket, *workers):
        ids = [worker.id for worker in workers]
        return self.env["crowd.dispatch"].browse(
            ticket.with_user(self.agent).crowd_dispatch(ids, 30)
        )

    def _create_delivery(self, gateway, offer):
        return self.env["crowd.delivery"].create(
            {
                "gateway_id": gateway.id,
                "company_id": offer.company_id.id,
                "purpose": "offer",
                "offer_id": offer.id,
                "dispatch_id": offer.dispatch_id.id,
                "partner_id": offer.worker_id.partner_id.id,
            }
        )

    def test_worker_of_destination_stays(self):
        self._merge_workers()
        self.assertTrue(self.kept.exists())
        self.assertFalse(self.other.exists())

    def test_worker_of_source_moves(self):
        plain = self.env["res.partner"].create(
            {"name": "Plain", "email": "same@example.com"}
        )
        self._merge(plain, self.other.partner_id)
        self.assertEqual(self.other.partner_id, plain)
        self.assertTrue(self.other.is_located)
        self.assertAlmostEqual(plain.partner_latitude, WINTERTHUR[0], 4)
        self.assertEqual(len(self.other.crowd_membership_ids), 1)

    def test_two_sources_with_workers(self):
        plain = self.env["res.partner"].create(
            {"name": "Plain", "email": "same@example.com"}
        )
        self._merge(plain, self.kept.partner_id, self.other.partner_id)
        worker = self.env["fsm.person"].search([("partner_id", "=", plain.id)])
        self.assertEqual(worker, self.kept)

    def test_double_membership(self):
        self._merge_workers()
        membership = self.kept.crowd_membership_ids
        self.assertEqual(len(membership), 1)
        self.assertEqual(membership.state, "active")
        self.assertEqual(membership.quality_count, 4)
        self.assertAlmostEqual(membership.quality, 3.5, 2)

    def test_sanction_survives(self):
        self.other.crowd_membership_ids.state = "suspended"
        self._merge_workers()
        self.assertEqual(self.kept.crowd_membership_ids.state, "suspended")

    def test_other_membership_moves(self):
        self._create_membership(self.other, self.community_b)
        self._merge_workers()
        self.assertEqual(
            self.kept.crowd_membership_ids.community_id,
            self.community | self.community_b,
        )

    def test_skills_keep_the_higher_level(self):
        self._merge_workers()
        levels = {s.skill_id: s.level_progress for s in self.kept.skill_ids}
        self.assertEqual(levels, {self.skill_wlan: 80, self.skill_tv: 10})

    def test_position_of_destination_survives(self):
        self.kept.write({"partner_latitude": 0.0, "partner_longitude": BERN[1]})
        self._merge_workers()
        self.assertTrue(self.kept.is_located)
        self.assertEqual(self.kept.partner_latitude, 0.0)
        self.assertAlmostEqual(self.kept.partner_longitude, BERN[1], 4)

    def test_position_of_source_is_taken_over(self):
        self.kept.is_located = False
        self.other.position_source = "geocoded"
        self._merge_workers()
        self.assertTrue(self.kept.is_located)
        self.assertEqual(self.kept.position_source, "geocoded")
        self.assertAlmostEqual(self.kept.partner_latitude, WINTERTHUR[0], 4)

    def test_archived_worker_of_destination_wakes(self):
        self.kept.active = False
        self._merge_workers()
        self.assertTrue(self.kept.active)

    def test_employee_and_friend_are_refused(self):
        technician = self._create_worker(
            "Employee", "technician", email="same@example.com"
        )
        with self.assertRaisesRegex(UserError, "technician"):
            self._merge(self.kept.partner_id, technician.partner_id)

    def test_two_offers_of_one_round(self):
        self.other.write({"partner_latitude": BERN[0], "partner_longitude": BERN[1]})
        self.other.crowd_membership_ids.state = "active"
        dispatch = self._dispatch(self.ticket, self.kept, self.other)
        declined = self.other.crowd_offer_ids
        declined._decline("no_time")
        gateway = self.env["crowd.gateway"].create({"name": "Test", "kind": "mail"})
        for offer in dispatch.offer_ids:
            self._create_delivery(gateway, offer)
        self._merge_workers()
        self.assertEqual(dispatch.offer_ids, declined)
        self.assertEqual(declined.worker_id, self.kept)
        self.assertEqual(declined.membership_id, self.kept.crowd_membership_ids)
        deliveries = self.env["crowd.delivery"].search(
            [("gateway_id", "=", gateway.id)]
        )
        self.assertEqual(len(deliveries), 1)
        self.assertEqual(deliveries.offer_id, declined)
        self.assertEqual(deliveries.partner_id, self.kept.partner_id)

    def test_open_jobs_of_both_stay(self):
        self.other.write({"partner_latitude": BERN[0], "partner_longitude": BERN[1]})
        self.other.crowd_membership_ids.state = "active"
        second = self._create_ticket("No television either")
        dispatches = self.env["crowd.dispatch"]
        for ticket, worker in ((self.ticket, self.kept), (second, self.other)):
            dispatch = self._dispatch(ticket, worker)
            result = dispatch.offer_ids._accept("portal")
            self.assertEqual(result["result"], "accepted")
            dispatches |= dispatch
        self._merge_workers()
        for dispatch in dispatches:
            self.assertEqual(dispatch.state, "assigned")
            self.assertEqual(dispatch.worker_id, self.kept)
            self.assertEqual(dispatch.accepted_offer_id.worker_id, self.kept)
            self.assertEqual(dispatch.order_id.person_id, self.kept)
            self.assertEqual(dispatch.ticket_id.crowd_worker_id, self.kept)
        self.assertEqual(self.kept.crowd_open_job_count, 2)

    def test_relations_and_history(self):
        territory = self.env["res.territory"].create({"name": "Bern"})
        self.other.territory_ids = territory
        message = self.other.message_post(body="Knows everything about routers.")
        self._merge_workers()
        self.assertEqual(self.kept.territory_ids, territory)
        self.assertEqual(message.res_id, self.kept.id)
