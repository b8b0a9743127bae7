import re

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CrowdHttpCase


@tagged("post_install", "-at_install")
class TestTicketClose(CrowdHttpCase):
    """A customer closes his ticket: his own, by a form, to a stage of its company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ticket = cls._create_ticket(partner_id=cls.portal_user.partner_id.id)
        cls.done = cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        cls.stranger = cls._create_user("stranger", "base.group_portal")

    def setUp(self):
        super().setUp()
        self.authenticate("crowd-portal", "crowd-portal")

    def _page(self):
        return self.url_open("/my/ticket/%s" % self.ticket.id)

    def _token(self, text=None):
        page = text or self._page().text
        found = re.search(r'name="csrf_token"\s+value="([^"]+)"', page)
        return found.group(1) if found else self._home_token()

    def _home_token(self):
        return self._token(self.url_open("/my/home").text)

    def _close(self, token=None, **data):
        values = {"ticket_id": self.ticket.id, "stage_id": self.done.id}
        values.update(data, csrf_token=self._token() if token is None else token)
        response = self.url_open("/ticket/close", data=values)
        self.ticket.invalidate_cache()
        return response

    def test_form_is_a_post_with_token(self):
        page = self._page().text
        form = re.search(r"<form[^>]*/ticket/close.*?</form>", page, re.S).group(0)
        self.assertRegex(form, r'(?i)method="post"')
        self.assertIn('name="csrf_token"', form)

    def test_post_closes(self):
        response = self._close()
        self.assertEqual(response.status_code, 200)
        self.assertTrue(response.url.endswith("/my/ticket/%s" % self.ticket.id))
        self.assertEqual(self.ticket.stage_id, self.done)

    def test_second_post_changes_nothing(self):
        token = self._token()
        self._close(token)
        closed = self.ticket.closed_date
        self.assertEqual(self._close(token).status_code, 200)
        self.assertEqual(self.ticket.closed_date, closed)

    @mute_logger("odoo.http")
    def test_get_changes_nothing(self):
        response = self.url_open(
            "/ticket/close?ticket_id=%s&stage_id=%s" % (self.ticket.id, self.done.id)
        )
        self.assertIn(response.status_code, (404, 405))
        self.assertFalse(self.ticket.closed)

    @mute_logger("odoo.addons.http_routing.models.ir_http", "odoo.http")
    def test_csrf(self):
        for token in ("", "forged"):
            self.assertEqual(self._close(token).status_code, 400)
            self.assertFalse(self.ticket.closed)

    def test_foreign_and_unknown_look_alike(self):
        self.authenticate("crowd-stranger", "crowd-stranger")
        token = self._home_token()
        foreign = self._close(token)
        unknown = self._close(token, ticket_id=self.ticket.id + 10**6)
        self.assertEqual((foreign.status_code, unknown.status_code), (404, 404))
        self.assertFalse(self.ticket.closed)

    def test_follower_is_no_owner(self):
        self.ticket.message_subscribe(self.stranger.partner_id.ids)
        self.authenticate("crowd-stranger", "crowd-stranger")
        self.assertEqual(self._close(self._home_token()).status_code, 404)
        self.assertFalse(self.ticket.closed)

    def test_wrong_stage(self):
        stages = self.env["helpdesk.ticket.stage"]
        other = stages.create(
            {"name": "Done in B", "closed": True, "company_id": self.company_b.id}
        )
        open_stage = stages.create({"name": "Not the end"})
        token = self._token()
        for stage_id in (other.id, open_stage.id, 0, "", "abc", "1; DROP", 10**12):
            with self.subTest(stage=stage_id):
                self.assertEqual(self._close(token, stage_id=stage_id).status_code, 404)
                self.assertFalse(self.ticket.closed)
        self.assertNotIn("Done in B", self._page().text)

    def test_bad_ticket_ids(self):
        token = self._token()
        for ticket_id in ("", "abc", "-1", "1e3", "٣", "9" * 30, "1%00"):
            with self.subTest(ticket=ticket_id):
                response = self._close(token, ticket_id=ticket_id)
                self.assertEqual(response.status_code, 404)

    def test_open_dispatch_is_cancelled_first(self):
        worker = self._create_worker("Asked")
        dispatch = self.env["crowd.dispatch"].browse(
            self.ticket.with_user(self.agent).crowd_dispatch(worker.ids, 30)
        )
        self.assertEqual(self._close().status_code, 200)
        dispatch.invalidate_cache()
        self.assertEqual(self.ticket.stage_id, self.done)
        self.assertEqual(dispatch.state, "cancelled")
        self.assertEqual(dispatch.close_reason, "customer")
        self.assertEqual(worker.crowd_offer_ids.state, "withdrawn")

    def test_foreign_order_keeps_it_open_and_says_so(self):
        self.env["fsm.order"].create(
            {
                "ticket_id": self.ticket.id,
                "location_id": self.location.id,
                "team_id": self.company_a.crowd_fsm_team_id.id,
                "company_id": self.company_a.id,
            }
        )
        response = self._close()
        self.assertEqual(response.status_code, 409)
        self.assertIn("complete all service orders", response.text)
        self.assertFalse(self.ticket.closed)
