import re
from urllib.parse import urlencode

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CrowdHttpCase

NASTY = (
    "",
    "0",
    "-1",
    "abc",
    "1e3",
    "NaN",
    "9" * 40,
    "1; DROP TABLE helpdesk_ticket",
    "' OR 1=1 --",
    "\x00",
    "\ud7ff\u202e\u200b💥",
    "<script>alert(1)</script>",
    "${object.env}",
    "%s%d",
    "../../etc/passwd",
    "a" * 5000,
)


@tagged("post_install", "-at_install")
class TestPortalInput(CrowdHttpCase):
    """Whatever a browser sends to the pages of tickets, the answer is no error page."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ticket = cls._create_ticket(partner_id=cls.portal_user.partner_id.id)
        cls.category = cls.env["helpdesk.ticket.category"].create({"name": "Network"})

    def setUp(self):
        super().setUp()
        self.authenticate("crowd-portal", "crowd-portal")
        page = self.url_open("/new/ticket").text
        self.token = re.search(r'name="csrf_token"\s+value="([^"]+)"', page).group(1)

    def _get(self, path, **params):
        return self.url_open("%s?%s" % (path, urlencode(params))).status_code

    def _count(self):
        return self.env["helpdesk.ticket"].search_count([])

    @mute_logger("odoo.addons.http_routing.models.ir_http", "odoo.http")
    def test_list(self):
        names = "sortby groupby search_in search date_begin date_end filterby".split()
        for name in names:
            for value in NASTY:
                with self.subTest(name=name, value=value[:30]):
                    self.assertLess(self._get("/my/tickets", **{name: value}), 500)
        for page in ("1", "0", "9" * 12):
            self.assertLess(self._get("/my/tickets/page/" + page), 500)

    @mute_logger("odoo.addons.http_routing.models.ir_http", "odoo.http")
    def test_new_ticket(self):
        for name in ("category", "subject", "description", "team"):
            for value in NASTY:
                data = {
                    "category": self.category.id,
                    "subject": "Help",
                    "description": "Please",
                    "csrf_token": self.token,
                }
                data[name] = value
                with self.subTest(name=name, value=value[:30]):
                    response = self.url_open("/submitted/ticket", data=data)
                    self.assertLess(response.status_code, 500)

    def test_new_ticket_is_stored(self):
        before = self._count()
        self.url_open(
            "/submitted/ticket",
            data={
                "category": self.category.id,
                "subject": "Help me",
                "description": "<script>alert(1)</script>",
                "csrf_token": self.token,
            },
        )
        self.assertEqual(self._count(), before + 1)
        ticket = self.env["helpdesk.ticket"].search([("name", "=", "Help me")])
        self.assertNotIn("<script", ticket.description)

    @mute_logger("odoo.addons.http_routing.models.ir_http", "odoo.http")
    def test_get_creates_nothing(self):
        before = self._count()
        self._get("/submitted/ticket", category=self.category.id, subject="By link")
        self.assertEqual(self._count(), before)

    @mute_logger("odoo.addons.http_routing.models.ir_http", "odoo.http")
    def test_team_of_another_company(self):
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "B", "company_id": self.company_b.id, "show_in_portal": True}
        )
        self.company_a.helpdesk_mgmt_portal_select_team = True
        self.url_open(
            "/submitted/ticket",
            data={
                "category": self.category.id,
                "subject": "Not for B",
                "description": "x",
                "team": team.id,
                "csrf_token": self.token,
            },
        )
        ticket = self.env["helpdesk.ticket"].search([("name", "=", "Not for B")])
        self.assertEqual(len(ticket), 1)
        self.assertFalse(ticket.team_id)
