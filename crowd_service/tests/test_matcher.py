from datetime import timedelta

from odoo.tests import tagged

from .. import matching
from .common import BERN
from .matcher_common import NOON, MatcherCase


@tagged("post_install", "-at_install")
class TestMatcher(MatcherCase):
    """Facts from the database, judged: one list for all kinds of workers."""

    def test_friends_and_technicians_in_one_list(self):
        near = self._create_worker("Near", km=1)
        technician = self._create_worker("Tech", "technician", km=3)
        professional = self._create_worker("Pro", "professional", km=8)
        self.assertEqual(
            self._ranked(), [near.id, technician.id, professional.id], "nearest first"
        )
        found = self.matcher._match(self.ticket).ranked[0]
        self.assertEqual(found.membership_id, near.crowd_membership_ids.id)
        self.assertEqual(found.community_id, self.community.id)
        self.assertAlmostEqual(found.distance_km, 1, delta=0.01)

    def test_facts_of_a_worker(self):
        worker = self._create_worker(
            "Facts",
            km=2,
            crowd_radius_km=25,
            skills={self.skill_wlan: 80, self.skill_tv: 10},
            membership={"capacity": 7, "daily_cap": 3},
            groups="base.group_portal",
        )
        worker.crowd_membership_ids.write({"quality": 4.5, "quality_count": 8})
        ask = self.matcher._read_ask(self.ticket)
        (facts,) = self.matcher._read_everybody(ask)
        self.assertEqual(
            facts,
            matching.Worker(
                worker_id=worker.id,
                name="Facts",
                worker_type="friend",
                lat=round(worker.partner_latitude, 5),
                lon=round(worker.partner_longitude, 5),
                own_radius_km=25,
                partner_ids=frozenset(worker.partner_id.ids),
                membership_id=worker.crowd_membership_ids.id,
                community_id=self.community.id,
                membership_state="active",
                capacity=7,
                daily_cap=3,
                quality=4.5,
                quality_count=8,
                levels={self.skill_wlan.id: 80},
            ),
        )

    def test_means_are_the_companys(self):
        self.company_a.write({"crowd_mean_stars": 4.3, "crowd_mean_response": 0.4})
        self.company_b.write({"crowd_mean_stars": 1.1, "crowd_mean_response": 0.9})
        request = self.matcher._read_ask(self.ticket).request
        self.assertEqual(request.mean_quality, 4.3)
        self.assertEqual(request.mean_response, 0.4)
        self.assertIsNone(request.mean_success, "no job has ended yet")

    def test_limit(self):
        workers = [self._create_worker(f"W{n}", km=n) for n in range(1, 5)]
        result = self.matcher._match(self.ticket, limit=2)
        self.assertEqual(
            [c.worker_id for c in result.ranked], [w.id for w in workers[:2]]
        )
        self.assertEqual(len(self._ranked()), 4)

    def test_the_same_facts_give_the_same_list(self):
        for n in range(6):
            self._create_worker(f"Twin {n}", km=5)
        first = self.matcher._match(self.ticket)
        self.assertEqual(first, self.matcher._match(self.ticket))
        ids = [candidate.worker_id for candidate in first.ranked]
        self.assertEqual(ids, sorted(ids))

    def test_queries_do_not_grow_with_the_crowd(self):
        def cost():
            self.env["base"].flush()
            self.env["base"].invalidate_cache()
            before = self.cr.sql_log_count
            self.ticket.with_user(self.agent).crowd_match()
            return self.cr.sql_log_count - before

        def grow(quantity, prefix):
            for n in range(quantity):
                self._create_worker(f"{prefix} {n}", km=n % 25)
                self._create_worker(f"{prefix} unskilled {n}", skills={})
                self._create_worker(f"{prefix} far {n}", km=40)

        grow(12, "First")
        cost()  # brings the search table up to date
        few = cost()
        grow(24, "More")
        cost()
        self.assertEqual(cost(), few)

    def test_unflushed_changes_count(self):
        worker = self._create_worker("Mover", km=2)
        self.assertEqual(self._ranked(), worker.ids)
        worker.partner_latitude = BERN[0] + 1
        self.assertFalse(self._ranked())

    def test_fairness_counts_the_offers_of_seven_days(self):
        worker = self._create_worker("Busy", membership={"capacity": 9})
        with self.at(NOON):
            calm = self.matcher._explain(self.ticket, worker)
            self._create_offer(worker, "declined", NOON - timedelta(days=8))
            self.assertEqual(calm, self.matcher._explain(self.ticket, worker))
            self._create_offer(worker, "declined", NOON - timedelta(days=6))
            found = self.matcher._explain(self.ticket, worker)
        self.assertLess(found.parts["fairness"], calm.parts["fairness"])
        self.assertEqual(dict(found.reasons)["offers"], {"count": 1})

    def test_skills_come_from_service_and_ticket(self):
        self.ticket.crowd_skill_ids |= self.skill_tv
        request = self.matcher._read_ask(self.ticket).request
        self.assertEqual(request.skills, {self.skill_wlan.id: 50, self.skill_tv.id: 0})
        self.ticket.crowd_skill_ids = self.skill_tv
        request = self.matcher._read_ask(self.ticket).request
        self.assertEqual(request.skills, {self.skill_tv.id: 0})

    def test_service_without_skills(self):
        self.ticket.crowd_service_id = self._create_service("Carry boxes")
        worker = self._create_worker("Strong", skills={})
        self.assertEqual(self._ranked(), worker.ids)

    def test_remote_needs_no_place(self):
        service = self._create_service("By phone", crowd_place="remote")
        ticket = self._create_ticket(crowd_service_id=service.id, fsm_location_id=False)
        worker = self._create_worker("Anywhere", position=False, skills={})
        found = self.matcher._match(ticket).ranked[0]
        self.assertEqual(found.worker_id, worker.id)
        self.assertIsNone(found.distance_km)
