from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BERN
from .matcher_common import NOON, MatcherCase

LOGGER = "odoo.addons.crowd_service.models.crowd_worker_search_check"


@tagged("post_install", "-at_install")
class TestSearchCheck(MatcherCase):
    """What by-passes the ORM is mended in the night, and told."""

    def setUp(self):
        super().setUp()
        self.table = self.env["crowd.worker.search"]
        self.worker = self._create_worker("Moved by SQL", km=2)
        self.assertEqual(self._ranked(), self.worker.ids)
        self.worker.flush()

    def _move_by_sql(self):
        self.cr.execute(
            "UPDATE res_partner SET partner_latitude = %s WHERE id = %s",
            (BERN[0] + 1, self.worker.partner_id.id),
        )

    def test_drift_is_mended_and_told(self):
        self._move_by_sql()
        members = self.worker.crowd_membership_ids.ids
        self.assertEqual(self.table._drifted(), members)
        with self.at(NOON), self.assertLogs(LOGGER, "WARNING") as logged:
            self.assertEqual(self.table._cron_check(), members)
        self.assertIn(str(members[0]), logged.output[0])
        self.assertEqual(self.table._drifted(), [])
        self.assertIn("1 members had to be mended", self.table._last_check())
        settings = self.env["res.config.settings"].create({})
        self.assertIn("2026-03-04", settings.crowd_search_check)

    def test_nothing_to_mend(self):
        self.assertEqual(self.table._last_check(), "Not checked yet.")
        self.assertEqual(self.table._cron_check(), [])
        self.assertIn("0 members had to be mended", self.table._last_check())

    def test_rows_that_have_no_reason_go(self):
        self.cr.execute(
            "INSERT INTO crowd_worker_search SELECT membership_id, 2147483647,"
            " worker_id, company_id, community_id, band, cell, level, own_radius_km,"
            " capacity, potential, lat, lon, responses, valid_until, cost_rate,"
            " quality, tickets, ratings FROM crowd_worker_search"
            " WHERE membership_id = %s AND qualification = 0",
            (self.worker.crowd_membership_ids.id,),
        )
        with mute_logger(LOGGER):
            self.assertTrue(self.table._cron_check())
        self.assertFalse(self.table._drifted())

    def test_a_rebuild_writes_only_what_differs(self):
        self.table._rebuild()
        self.assertEqual(self.table._rebuild(), 0)
        self._move_by_sql()
        self.assertEqual(
            self.table._rebuild(), 2, "one row without, one with the skill"
        )
