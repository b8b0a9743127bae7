import xmlrpc.client

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .. import compat, matching
from .common import CrowdHttpCase
from .matcher_common import MatcherCase


@tagged("post_install", "-at_install")
class TestMatchInterface(MatcherCase):
    """``crowd_match``: what scripts get, and what they must not give."""

    def test_rows(self):
        self._create_worker("Fit", km=2)
        self._create_worker("Far", km=40)
        self._create_worker("Lost", position=False)
        rows = self.ticket.with_user(self.agent).crowd_match(limit=1)
        self.assertEqual([row["name"] for row in rows], ["Fit", "Far", "Lost"])
        self.assertEqual(
            [row["excluded_reason"] for row in rows], ["", "radius", "unlocated"]
        )
        self.assertEqual([row["distance_km"] for row in rows], [2.0, 40.0, False])
        self.assertEqual(
            set(rows[0]),
            {
                "worker_id",
                "name",
                "worker_type",
                "distance_km",
                "score",
                "parts",
                "excluded_reason",
                "reasons",
            },
        )
        self.assertEqual(set(rows[0]["parts"]), set(matching.PARTS))
        self.assertAlmostEqual(
            sum(rows[0]["parts"].values()), rows[0]["score"], delta=0.21
        )
        xmlrpc.client.dumps((rows,), allow_none=False)

    def test_reasons(self):
        self._create_worker("Fit", km=2)
        self._create_worker("Far", km=40)
        fit, far = self.ticket.with_user(self.agent).crowd_match()
        self.assertEqual(
            fit["reasons"],
            ["2.0 km away", "not rated yet", "not asked in the last 7 days"],
        )
        self.assertEqual(far["reasons"], ["Too far away (10.0 km too far)"])

    def test_reasons_in_the_language_of_the_user(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self._create_worker("Fit", km=2.5)
        self._create_worker("Far", km=41.6)
        ticket = self.ticket.with_user(self.agent).with_context(lang="de_DE")
        fit, far = ticket.crowd_match()
        self.assertIn("2,5 km", fit["reasons"][0])
        self.assertIn("11,6 km", far["reasons"][0])

    def test_without_near_misses(self):
        self._create_worker("Fit", km=2)
        self._create_worker("Far", km=40)
        rows = self.ticket.with_user(self.agent).crowd_match(near_misses=False)
        self.assertEqual([row["name"] for row in rows], ["Fit"])

    def test_as_many_queries_for_few_as_for_many(self):
        counts, have = [], 0
        for number in (5, 40):
            for n in range(have, number):
                self._create_worker(f"Worker {n}", km=n / 4)
                self._create_worker(f"Far {n}", km=31 + n / 4)
            self._sync_search()
            # the best of three: rights are read now and then
            counts.append(min(self._count_queries(number) for _time in range(3)))
            have = number
        self.assertEqual(counts[0], counts[1])

    def _count_queries(self, number):
        compat.flush(self.env)
        compat.invalidate(self.env)
        before = self.cr.sql_log_count
        rows = self.ticket.with_user(self.agent).crowd_match()
        count = self.cr.sql_log_count - before
        ranked = [row for row in rows if not row["excluded_reason"]]
        self.assertEqual(len(ranked), number)
        self.assertGreater(len(rows), number)
        return count

    def test_nobody(self):
        self.assertEqual(self.ticket.with_user(self.agent).crowd_match(), [])

    def test_agents_only(self):
        for user in (self.technician, self.employee, self.portal_user):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.ticket.with_user(user).crowd_match()

    def test_limit_must_be_a_positive_number(self):
        ticket = self.ticket.with_user(self.agent)
        for limit in (0, -1, True, None, "5", 2.5, [1]):
            with self.subTest(limit=limit), self.assertRaises(UserError):
                ticket.crowd_match(limit=limit)

    def assertRefused(self, word):
        for method in ("crowd_match", "action_crowd_match"):
            with self.assertRaises(UserError) as error:
                getattr(self.ticket.with_user(self.agent), method)()
            self.assertIn(word, str(error.exception))

    def test_ticket_without_service(self):
        self.ticket.crowd_service_id = False
        self.assertRefused("has no service")

    def test_ticket_without_location(self):
        self.ticket.fsm_location_id = False
        self.assertRefused("has no location")

    def test_location_without_position(self):
        self.ticket.fsm_location_id = self._create_location("Nowhere", False)
        self.assertRefused("Nowhere")

    def test_closed_ticket(self):
        self.ticket.stage_id = self.env["helpdesk.ticket.stage"].search(
            [("closed", "=", True)], limit=1
        )
        self.assertRefused("is closed")

    def test_one_ticket_at_a_time(self):
        with self.assertRaises(ValueError):
            (self.ticket | self._create_ticket()).crowd_match()


@tagged("post_install", "-at_install")
class TestMatchRpc(CrowdHttpCase):
    def test_over_xml_rpc(self):
        worker = self._create_worker("Fit", km=2)
        self._create_worker("Lost", position=False)
        ticket = self._create_ticket()
        self._sync_search()
        rows = self.xmlrpc_object.execute_kw(
            self.cr.dbname,
            self.agent.id,
            self.agent.login,
            "helpdesk.ticket",
            "crowd_match",
            [ticket.ids],
            {"limit": 5},
        )
        self.assertEqual(rows[0]["worker_id"], worker.id)
        self.assertIs(rows[1]["distance_km"], False)
