import random

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import BERN, KM_PER_DEGREE
from .matcher_common import MatcherCase

PLACES = {
    "Bern": BERN,
    "null island": (0.0, 0.0),
    "antimeridian": (-16.5, 179.98),
    "other side": (-16.5, -179.98),
    "north pole": (89.9, 45.0),
    "south pole": (-90.0, 0.0),
}


@tagged("post_install", "-at_install")
class TestMatcherBoundaries(MatcherCase):
    """What the prefilter must not lose, and whom one company must not see."""

    def test_the_grid_loses_nobody(self):
        rng = random.Random(20260304)
        for name, (lat, lon) in PLACES.items():
            for n in range(12):
                reach = rng.choice((5, 29, 31, 44, 46, 90)) / KM_PER_DEGREE
                there = max(-90.0, min(90.0, lat + rng.uniform(-reach, reach)))
                width = reach if abs(lat) < 80 else 180
                east = (lon + rng.uniform(-width, width) + 180) % 360 - 180
                self._create_worker(f"{name} {n}", position=(there, east))
        for lon in (180.0, -180.0):
            self._create_worker(f"edge {lon}", position=(-16.5, lon))
        for name, place in PLACES.items():
            with self.subTest(place=name):
                location = self._create_location(name, place)
                ticket = self._create_ticket(fsm_location_id=location.id)
                found = self.matcher._match(ticket, limit=1000)
                brute = self.matcher._match_all(ticket, limit=1000)
                self.assertEqual(found.ranked, brute.ranked)
                self.assertEqual(found.near_misses, brute.near_misses)
                self.assertTrue(found.ranked)

    def test_twenty_two_kilometres_across_the_antimeridian(self):
        location = self._create_location("Date line", (0.0, 179.9))
        ticket = self._create_ticket(fsm_location_id=location.id)
        worker = self._create_worker("Yesterday", position=(0.0, -179.9))
        found = self.matcher._match(ticket).ranked[0]
        self.assertEqual(found.worker_id, worker.id)
        self.assertAlmostEqual(found.distance_km, 22.24, delta=0.22)

    def test_null_island_is_a_place(self):
        location = self._create_location("Null island", (0.0, 0.0))
        ticket = self._create_ticket(fsm_location_id=location.id)
        worker = self._create_worker("Islander", position=(0.0, 0.0))
        lost = self._create_worker("Lost", position=False)
        self.assertEqual(self._ranked(ticket), worker.ids)
        self.assertReason(lost, "unlocated", ticket)

    def test_radius_zero_finds_nobody_else(self):
        self.service.crowd_radius_km = 0
        self._create_worker("Neighbour", km=1)
        result = self.matcher._match(self.ticket)
        self.assertFalse(result.ranked + result.near_misses)

    def test_companies_do_not_mix(self):
        ours = self._create_worker("Ours")
        theirs = self._create_worker("Theirs", community=self.community_b)
        ticket_b = self._create_ticket(company=self.company_b)
        self.assertEqual(self._ranked(), ours.ids)
        self.assertEqual(self._ranked(ticket_b), theirs.ids)
        self.assertEqual(self._reasons(theirs), ["membership"])

    def test_a_shared_worker_has_two_loads(self):
        worker = self._create_worker("Shared")
        self._create_offer(worker, "accepted")
        ticket_b = self._create_ticket(company=self.company_b)
        member_b = self._create_membership(worker, self.community_b)
        self.assertReason(worker, "capacity")
        found = self.matcher._match(ticket_b).ranked[0]
        self.assertEqual(found.membership_id, member_b.id)

    def test_agents_of_another_company_cannot_match(self):
        with self.assertRaises(AccessError):
            self.ticket.with_user(self.agent_b).crowd_match()
