"""T29 and T35: places that are none, and matches that find nobody."""

import math
from datetime import timedelta

from odoo import api
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .. import matching
from .matcher_common import NOON, MatcherCase

NO_PLACE = (
    ("partner_latitude", "Latitude", (math.nan, math.inf, -math.inf, 1e999, "abc")),
    ("partner_latitude", "Latitude", (91, -90.001, "NaN", "1e999", [1])),
    ("partner_longitude", "Longitude", (math.nan, math.inf, -math.inf, 1e999, "abc")),
    ("partner_longitude", "Longitude", (181, -180.001, "NaN", "1e999", {"a": 1})),
)
MODELS = ("res.partner", "fsm.person", "fsm.location")


@tagged("post_install", "-at_install")
class TestBadPositions(MatcherCase):
    """Coordinates are a place, or a message about the field (T29)."""

    def _each(self):
        for name, label, values in NO_PLACE:
            for value in values:
                yield {name: value}, label

    def _table(self, worker):
        """Return where the search table has a worker: ``(band, lat, lon)``, or None."""
        self.env["base"].flush()
        self.env["crowd.worker.search"]._sync_pending()
        self.env.cr.execute(
            "SELECT DISTINCT band, lat, lon FROM crowd_worker_search"
            " WHERE worker_id = %s",
            worker.ids,
        )
        return self.env.cr.fetchone()

    def test_written(self):
        worker = self._create_worker("Anna")
        for record in (worker, worker.partner_id, self.location):
            for values, label in self._each():
                with self.subTest(model=record._name, values=values):
                    with self.assertRaisesRegex(ValidationError, label):
                        record.write(values)
                        self.env["base"].flush()
        _band, lat, lon = self._table(worker)
        self.assertAlmostEqual(lat, worker.partner_latitude)
        self.assertAlmostEqual(lon, worker.partner_longitude)

    def test_created(self):
        for model in MODELS:
            for values, label in self._each():
                with self.subTest(model=model, values=values):
                    vals = dict(values, name="Nowhere")
                    if model == "fsm.location":
                        vals["owner_id"] = self.customer.id
                    with self.assertRaisesRegex(ValidationError, label):
                        self.env[model].create(vals)
                        self.env["base"].flush()

    def test_called_from_outside(self):
        worker = self._create_worker("Anna")
        for values, label in self._each():
            with self.assertRaisesRegex(ValidationError, label):
                api.call_kw(
                    worker.with_user(self.manager), "write", [worker.ids, values], {}
                )

    def test_imported(self):
        fields = ["id", "name", "partner_latitude", "partner_longitude"]
        for number, (lat, lon) in enumerate(
            [("nan", "7"), ("inf", "7"), ("1e999", "7"), ("abc", "7"), ("91", "7")]
            + [("46", "nan"), ("46", "-inf"), ("46", "181"), ("46", "x")]
        ):
            for model in ("res.partner", "fsm.person"):
                with self.subTest(model=model, lat=lat, lon=lon):
                    line = ["positions.bad%d" % number, "Nowhere", lat, lon]
                    found = self.env[model].load(fields, [line])
                    self.assertFalse(found["ids"])
                    (message,) = found["messages"]
                    self.assertEqual(message["type"], "error")
                    self.assertRegex(message["message"], "Latitude|Longitude")

    def test_nothing_is_no_place(self):
        for nothing in (None, False, ""):
            worker = self._create_worker("Anna %s" % nothing)
            with self.subTest(value=nothing):
                worker.write(
                    {"partner_latitude": nothing or False, "partner_longitude": False}
                )
                self.assertFalse(worker.is_located)
                self.assertEqual(self._table(worker), (-32768, None, None))
                self.assertReason(worker, "unlocated")

    def test_zero_is_a_place(self):
        worker = self._create_worker("Gulf of Guinea", position=(0.0, 0.0))
        self.assertEqual(self._table(worker), (0, 0.0, 0.0))
        self._place_ticket((0.0, 0.01))
        self.assertEqual(self._ranked(), worker.ids)

    def _place_ticket(self, position):
        self.ticket.fsm_location_id = self._create_location("There", position)

    def _distance(self, here, there):
        """Return how far the matcher finds a worker, who is found."""
        worker = self._create_worker("At %s" % (there,), position=there)
        self._place_ticket(here)
        (found,) = self.matcher._match(self.ticket).ranked
        self.assertEqual(found.worker_id, worker.id)
        worker.active = False
        return found.distance_km

    def test_across_the_antimeridian(self):
        self.assertAlmostEqual(self._distance((0, 179.9), (0, -179.9)), 22.2, 0)
        self.assertAlmostEqual(self._distance((0, -179.9), (0, 179.9)), 22.2, 0)
        self.assertAlmostEqual(self._distance((0, 180), (0, -180)), 0.0, 6)

    def test_poles(self):
        self.assertAlmostEqual(self._distance((90, 0), (90, 123)), 0.0, 3)
        self.assertAlmostEqual(self._distance((89.95, 0), (89.95, 180)), 11.1, 0)
        self.assertAlmostEqual(self._distance((-90, 0), (-89.9, -77)), 11.1, 0)

    def test_checks_are_in_the_database(self):
        self.env.cr.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = 'res_partner'::regclass AND conname LIKE %s",
            (r"res\_partner\_crowd\_%\_check",),
        )
        checks = " ".join(row[0] for row in self.env.cr.fetchall())
        for name in ("partner_latitude", "partner_longitude"):
            self.assertIn(name, checks)


@tagged("post_install", "-at_install")
class TestNobody(MatcherCase):
    """Nobody can be asked: near misses say why, and the desk has it at once (T35)."""

    def _near(self):
        result = self.matcher._match(self.ticket)
        self.assertFalse(result.ranked)
        self.assertEqual(self.matcher._match_all(self.ticket).ranked, ())
        return {c.worker_id: c.excluded_reason for c in result.near_misses}

    def assertEscalated(self, code=None, worker=None):
        """The match is empty but for a near miss, and dispatching escalates."""
        with self.at(NOON):
            expected = {worker.id: code} if code else {}
            self.assertEqual(self._near(), expected)
            ticket = self.ticket.with_user(self.agent)
            dispatch = self.env["crowd.dispatch"].browse(ticket.crowd_dispatch())
        self.assertEqual(dispatch.state, "escalated")
        self.assertFalse(dispatch.offer_ids)
        self.assertEqual(dispatch.escalation_ids.reason, "no_candidate")
        self.assertEqual(dispatch.escalation_ids.user_id, self.dispatcher)
        self.assertTrue(dispatch.next_deadline)

    def test_calendar_without_hours(self):
        calendar = self.env["resource.calendar"].create(
            {"name": "Never", "attendance_ids": [(5,)], "company_id": False}
        )
        worker = self._create_worker("Never", calendar_id=calendar.id)
        self.assertEscalated("calendar", worker)

    def test_window_of_no_length(self):
        """It is a moment: who works then can be asked."""
        worker = self._create_worker("Anna")
        moment = NOON + timedelta(hours=2)
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET crowd_when = 'window', crowd_wished_from = %s,"
            " crowd_wished_to = %s WHERE id = %s",
            (moment, moment, self.ticket.id),
        )
        self.env["base"].invalidate_cache()
        with self.at(NOON):
            self.assertEqual(self._ranked(), worker.ids)
        worker.write({"crowd_presence": "away"})
        self.assertEscalated("away", worker)

    def test_window_that_ends_before_it_begins_is_refused(self):
        with self.assertRaises(ValidationError):
            self.ticket.write(
                {
                    "crowd_when": "window",
                    "crowd_wished_from": NOON,
                    "crowd_wished_to": NOON - timedelta(hours=1),
                }
            )

    def test_skill_that_nobody_has(self):
        worker = self._create_worker("Unskilled", skills={})
        self.assertEscalated("skill", worker)

    def test_radius_of_nothing(self):
        self.service.crowd_radius_km = 0
        self._create_worker("Near", km=0.01)
        self.assertEscalated()

    def test_radius_of_nothing_finds_who_lives_there(self):
        self.service.crowd_radius_km = 0
        worker = self._create_worker("In the house", km=0)
        self.assertEqual(self._ranked(), worker.ids)

    def test_nobody_in_range(self):
        near = self._create_worker("Near miss", km=40)
        self._create_worker("Too far", km=400)
        self.assertEscalated("radius", near)

    def test_nobody_at_all(self):
        self.assertEscalated()
        self.assertEqual(self.matcher._match(self.ticket), matching.MatchResult())

    def test_no_community(self):
        self._create_worker("Anna")
        (self.community | self.technicians).active = False
        self.assertEscalated()
