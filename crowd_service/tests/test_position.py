import math

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CrowdCase


@tagged("post_install", "-at_install")
class TestPosition(CrowdCase):
    """Coordinates are a place on earth, or they are refused."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.worker = cls._create_worker("Somewhere", position=False)

    def _move_to(self, latitude, longitude=8.0):
        self.worker.write(
            {"partner_latitude": latitude, "partner_longitude": longitude}
        )
        self.env["base"].flush()

    def test_refused(self):
        for bad in (math.nan, math.inf, -math.inf, float("1e999"), "abc", 91, -90.001):
            with self.subTest(latitude=bad):
                with self.assertRaisesRegex(ValidationError, "Latitude"):
                    self._move_to(bad)
        for bad in (math.nan, "NaN", "1e999", 181, -180.001, {"a": 1}):
            with self.subTest(longitude=bad):
                with self.assertRaisesRegex(ValidationError, "Longitude"):
                    self._move_to(8.0, bad)
        self.assertFalse(self.worker.is_located)

    def test_refused_on_create(self):
        for model in ("res.partner", "fsm.person"):
            with self.assertRaises(ValidationError):
                self.env[model].create({"name": "Far", "partner_latitude": 1e30})
        with self.assertRaises(ValidationError):
            self._create_location("Far", position=(float("nan"), 8.0))

    def test_places(self):
        for place in ((0, 0), (90, 0), (-90, 0), (0, 180), (0, -180), (46.9, 7.4)):
            self.worker.is_located = False
            with self.subTest(place=place):
                self._move_to(*place)
                self.assertTrue(self.worker.is_located)
                self.worker.invalidate_cache()
                self.assertAlmostEqual(self.worker.partner_latitude, place[0], 4)
                self.assertAlmostEqual(self.worker.partner_longitude, place[1], 4)

    def test_null_island_is_a_place(self):
        worker = self._create_worker("At zero", position=(0.0, 0.0))
        self.assertTrue(worker.is_located)
        self.assertEqual(worker.position_source, "manual")

    def test_without_coordinates_nobody_is_located(self):
        self.assertFalse(self.worker.is_located)
        self.assertFalse(self.worker.position_source)
        self.worker.name = "Still somewhere"
        self.assertFalse(self.worker.is_located)

    def test_null_is_no_place(self):
        for nothing in (False, None):
            with self.subTest(value=nothing):
                self.worker.write(
                    {"partner_latitude": nothing, "partner_longitude": nothing}
                )
                self.assertFalse(self.worker.is_located)

    def test_null_takes_the_position_away(self):
        self._move_to(46.9, 7.4)
        self.worker.write({"partner_latitude": False, "partner_longitude": False})
        self.assertFalse(self.worker.is_located)
        self.assertFalse(self.worker.position_source)

    def test_position_of_the_partner_locates_his_worker(self):
        self.worker.partner_id.write(
            {"partner_latitude": 46.9, "partner_longitude": 7.4}
        )
        self.assertTrue(self.worker.is_located)

    def test_checks_are_in_the_database(self):
        self.env.cr.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'c'"
            " AND conrelid = 'res_partner'::regclass"
        )
        names = {row[0] for row in self.env.cr.fetchall()}
        self.assertIn("res_partner_crowd_latitude_check", names)
        self.assertIn("res_partner_crowd_longitude_check", names)

    def test_database_refuses(self):
        for column in ("partner_latitude", "partner_longitude"):
            for bad in ("NaN", "181", "-1000"):
                with self.subTest(column=column, value=bad):
                    with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
                        with self.env.cr.savepoint():
                            self._insert(column, bad)

    def _insert(self, column, value):
        queries = {
            "partner_latitude": "INSERT INTO res_partner"
            " (name, type, partner_latitude) VALUES ('x', 'contact', %s)",
            "partner_longitude": "INSERT INTO res_partner"
            " (name, type, partner_longitude) VALUES ('x', 'contact', %s)",
        }
        self.env.cr.execute(queries[column], (value,))
