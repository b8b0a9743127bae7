import random

from geopy.distance import geodesic

from odoo.tests import tagged

from .. import matching
from .matcher_common import MatcherCase


@tagged("post_install", "-at_install")
class TestGeodesic(MatcherCase):
    """The distances that are shown are those of the ellipsoid."""

    def test_the_sphere_is_nearly_right(self):
        """By half a percent; a little more along the meridians of the tropics."""
        chance = random.Random(14)
        for south, north, most in ((35, 72, 0.005), (-89, 89, 0.006)):
            for _n in range(150):
                here = chance.uniform(south, north), chance.uniform(-180, 180)
                there = [degrees + chance.uniform(-0.4, 0.4) for degrees in here]
                on_sphere = matching.distance_km(*here, *there)
                error = abs(geodesic(here, there).km / on_sphere - 1)
                self.assertLess(error, most, (here, there))

    def _confirm(self, ticket=None):
        ticket = ticket or self.ticket
        found = self.matcher._match(ticket)
        found = found.ranked + found.near_misses
        return found, self.matcher._confirm_distances(ticket, found)

    def test_shown(self):
        worker = self._create_worker("Fit", position=(47.15, 7.60))
        (found,), (shown,) = self._confirm()
        place = self.location
        exact = geodesic(
            (place.partner_latitude, place.partner_longitude),
            (worker.partner_latitude, worker.partner_longitude),
        ).km
        self.assertAlmostEqual(shown.distance_km, exact)
        self.assertNotEqual(shown.distance_km, found.distance_km)
        self.assertAlmostEqual(dict(shown.reasons)["distance"]["km"], exact)
        self.assertEqual(shown.travel_minutes, matching.travel_minutes(exact))
        self.assertEqual((shown.rank, shown.score), (found.rank, found.score))

    def test_how_far_too_far(self):
        self._create_worker("Far", km=40)
        self._create_worker("Homely", km=20, crowd_radius_km=10)
        _found, (homely, far) = self._confirm()
        self.assertEqual((homely.name, far.name), ("Homely", "Far"))
        for shown, radius, code in ((far, 30, "radius"), (homely, 10, "own_radius")):
            data = dict(shown.reasons)[code]
            self.assertEqual(data["km"], shown.distance_km)
            self.assertAlmostEqual(data["over_km"], shown.distance_km - radius)

    def test_never_nothing_too_far(self):
        data = {"km": 29.99, "over_km": -0.01}
        self.assertEqual(self.matcher._word_remark("radius", data), "0.1 km too far")

    def test_unknown_and_remote_have_none(self):
        self._create_worker("Lost", position=False)
        found, shown = self._confirm()
        self.assertEqual(shown, found)
        service = self._create_service("By phone", crowd_place="remote")
        self._create_worker("Fit")
        found, shown = self._confirm(self._create_ticket(crowd_service_id=service.id))
        self.assertEqual(shown, found)

    def test_one_statement(self):
        for n in range(8):
            self._create_worker(f"Friend {n}", km=n)
        found = self.matcher._match(self.ticket).ranked
        with self.assertQueryCount(1):
            self.matcher._confirm_distances(self.ticket, found)
