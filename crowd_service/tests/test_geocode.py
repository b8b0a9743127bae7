import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CrowdCase

PARAM = "crowd_service.geocoder_"


class Geocoder(BaseHTTPRequestHandler):
    """A small address service that knows one town and can be ill."""

    asked = 0
    is_ill = False

    def do_GET(self):
        Geocoder.asked += 1
        place = {"lat": "46.948", "lon": "7.4474", "display_name": "Bern"}
        found = [place] if "Bern" in self.path else []
        self.send_response(503 if Geocoder.is_ill else 200)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def log_message(self, *args):
        """Keep the test's output clean."""


@tagged("post_install", "-at_install")
class TestGeocode(CrowdCase):
    """Addresses are looked up by button or job, at a real HTTP server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = HTTPServer(("127.0.0.1", 0), Geocoder)
        thread = threading.Thread(target=cls.server.serve_forever, daemon=True)
        thread.start()
        set_param = cls.env["ir.config_parameter"].set_param
        set_param(PARAM + "provider", "nominatim")
        set_param(PARAM + "url", "http://127.0.0.1:%d" % cls.server.server_port)

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        Geocoder.asked, Geocoder.is_ill = 0, False

    def _worker(self, name, city):
        return self._create_worker(name, position=False, street="Main 1", city=city)

    def test_button(self):
        worker = self._worker("Anna", "Bern")
        worker.action_geocode()
        self.assertTrue(worker.is_located)
        self.assertEqual(worker.position_source, "geocoded")
        self.assertAlmostEqual(worker.partner_latitude, 46.948, 4)

    def test_same_address_is_asked_once(self):
        for name in ("Anna", "Beat"):
            self._worker(name, "Bern").action_geocode()
        self.assertEqual(Geocoder.asked, 1)

    def test_several_become_jobs(self):
        workers = self._worker("Anna", "Bern") | self._worker("Beat", "Bern")
        workers.action_geocode()
        self.assertFalse(any(workers.mapped("is_located")))
        self._run_jobs("fsm.person")
        self.assertTrue(all(workers.mapped("is_located")))

    def test_unknown_address(self):
        worker = self._worker("Anna", "Nowhere")
        with self.assertRaises(UserError):
            worker.action_geocode()
        self.assertFalse(worker.is_located)

    def test_ill_service(self):
        Geocoder.is_ill = True
        with self.assertRaisesRegex(UserError, "does not answer"):
            self._worker("Anna", "Bern").action_geocode()

    def test_no_service_chosen(self):
        self.env["ir.config_parameter"].set_param(PARAM + "provider", False)
        with self.assertRaisesRegex(UserError, "No address service"):
            self._worker("Anna", "Bern").action_geocode()

    def test_nobody_is_asked_unasked(self):
        self._worker("Anna", "Bern").write({"street": "Main 2"})
        self.assertEqual(Geocoder.asked, 0)
