"""What the addons below leave open is closed while crowd_service is installed."""

import re
from unittest.mock import patch

from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import CrowdCase, CrowdHttpCase


@tagged("post_install", "-at_install")
class TestHoles(CrowdCase):
    def test_opening_a_ticket_keeps_its_customer(self):
        elsewhere = self._create_location("Elsewhere", owner=self.customer)
        self.customer.service_location_id = self.location
        ticket = self._create_ticket(fsm_location_id=elsewhere.id)
        ticket.invalidate_cache()
        ticket.read(["partner_domain", "all_partners"])
        self.env["base"].flush()
        ticket.invalidate_cache()
        self.assertEqual(ticket.partner_id, self.customer)

    def test_customers_proposed_for_a_location(self):
        ticket = self._create_ticket(partner_id=False)
        self.assertEqual(ticket.partner_domain, self.location.id)
        self.assertFalse(ticket.all_partners)
        ticket.partner_id = self.customer
        self.assertFalse(ticket.partner_domain)
        self.assertTrue(ticket.all_partners)

    def test_public_cannot_write_stages(self):
        stage = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        public = self.env.ref("base.public_user")
        for user in (public, self.portal_user, self.employee, self.agent):
            with self.assertRaises(AccessError):
                stage.with_user(user).write({"name": "Hacked"})

    def test_instructions_cannot_run_in_the_report(self):
        payload = "<b>Ring twice</b><script>alert(1)</script><img src=x onerror=run()>"
        order = self.env["fsm.order"].create(
            {"location_id": self.location.id, "todo": payload}
        )
        html = self.env["ir.ui.view"]._render_template(
            "fieldservice.report_fsm_order", {"docs": order, "doc_ids": order.ids}
        )
        text = html.decode()
        self.assertIn("Ring twice", text)
        self.assertNotIn("alert(1)", text)
        self.assertNotIn("onerror", text)


@tagged("post_install", "-at_install")
class TestWorkersAreNotWritableByAll(CrowdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_worker("Other", "technician")
        cls.mine = cls._create_worker(
            "Mine", "technician", groups="crowd_service.group_crowd_technician"
        )
        cls.me = cls.mine.crowd_user_id

    def test_technician_writes_only_himself(self):
        self.mine.with_user(self.me).crowd_radius_km = 15
        self.assertEqual(self.mine.crowd_radius_km, 15)
        with self.assertRaises(AccessError):
            self.other.with_user(self.me).crowd_radius_km = 15

    def test_fieldservice_user_writes_only_himself(self):
        user = self._create_user("field user", "fieldservice.group_fsm_user")
        with self.assertRaises(AccessError):
            self.other.with_user(user).crowd_radius_km = 15

    def test_agent_writes_no_worker(self):
        with self.assertRaises(AccessError):
            self.other.with_user(self.agent).crowd_radius_km = 15

    def test_dispatcher_creates_and_writes_workers_but_deletes_none(self):
        workers = self.env["fsm.person"].with_user(self.dispatcher)
        worker = workers.create({"name": "New", "worker_type": "friend"})
        worker.write({"name": "Newer", "crowd_radius_km": 5})
        with self.assertRaises(AccessError):
            worker.unlink()

    def test_field_service_dispatcher_writes_workers(self):
        user = self._create_user(
            "field dispatcher", "fieldservice.group_fsm_dispatcher"
        )
        self.other.with_user(user).crowd_radius_km = 15
        self.assertEqual(self.other.crowd_radius_km, 15)


@tagged("post_install", "-at_install")
class TestWorkersOfAnOrder(CrowdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.both = cls._create_worker(
            "Both", skills={cls.skill_wlan: 50, cls.skill_tv: 50}
        )
        cls.wlan = cls._create_worker("Wlan", skills={cls.skill_wlan: 50})
        cls.none = cls._create_worker("None", skills={})

    def _create_order(self, *skills):
        return self.env["fsm.order"].create(
            {
                "location_id": self.location.id,
                "skill_ids": [(6, 0, [skill.id for skill in skills])],
            }
        )

    def test_each_order_has_its_own_workers(self):
        orders = self._create_order(self.skill_wlan)
        orders |= self._create_order(self.skill_wlan, self.skill_tv)
        orders |= self._create_order()
        orders.invalidate_cache()
        orders.mapped("skill_worker_ids")
        self.assertEqual(orders[0].skill_worker_ids, self.both | self.wlan)
        self.assertEqual(orders[1].skill_worker_ids, self.both)
        self.assertIn(self.none, orders[2].skill_worker_ids)

    def test_one_search_per_set_of_skills(self):
        orders = self.env["fsm.order"]
        for _number in range(5):
            orders |= self._create_order(self.skill_wlan)
        orders.mapped("skill_ids")
        searches = []
        workers = type(self.env["fsm.person"])
        search = workers.search
        with patch.object(
            workers, "search", lambda *args: searches.append(1) or search(*args)
        ):
            orders.mapped("skill_worker_ids")
        self.assertEqual(len(searches), 1)

    def test_has_all_skills(self):
        workers = self.env["fsm.person"]
        mine = (self.both | self.wlan | self.none).ids

        def having(skills):
            return workers.search(
                [("id", "in", mine), ("crowd_missing_skill_ids", "not in", skills)]
            )

        self.assertEqual(having(self.skill_wlan.ids), self.both | self.wlan)
        self.assertEqual(having((self.skill_wlan | self.skill_tv).ids), self.both)
        self.assertEqual(having([]), self.both | self.wlan | self.none)
        self.assertNotIn(self.skill_tv, self.both.crowd_missing_skill_ids)
        self.assertIn(self.skill_tv, self.wlan.crowd_missing_skill_ids)
        lacking = workers.search(
            [
                ("id", "in", mine),
                ("crowd_missing_skill_ids", "in", (self.skill_wlan | self.skill_tv).ids),
            ]
        )
        self.assertEqual(lacking, self.wlan | self.none)

    def test_order_form_finds_workers_by_its_skills(self):
        """The client puts the ids of the order's skills into the domain."""
        view = self.env["fsm.order"].fields_view_get(
            self.env.ref("fieldservice.fsm_order_form").id, "form"
        )
        arch = etree.fromstring(view["arch"])
        self.assertFalse(arch.xpath("//field[@name='skill_worker_ids']"))
        domain = arch.xpath("//field[@name='person_id']")[0].get("domain")
        skills = (self.skill_wlan | self.skill_tv).ids
        self.assertEqual(
            self.env["fsm.person"].search(safe_eval(domain, {"skill_ids": skills})),
            self.both,
        )
        everybody = self.env["fsm.person"].search(safe_eval(domain, {"skill_ids": []}))
        self.assertIn(self.none, everybody)


@tagged("post_install", "-at_install")
class TestWorkersOfALocation(CrowdCase):
    """Clients send leaves of a domain as lists: field service has its own way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.near = cls._create_worker("Near A", community=cls.community)
        cls.foreign = cls._create_worker("Near B", community=cls.community_b)
        for worker in cls.near | cls.foreign:
            cls.env["fsm.location.person"].create(
                {"location_id": cls.location.id, "person_id": worker.id}
            )

    def _workers(self):
        return (
            self.env["fsm.person"]
            .with_user(self.agent)
            .with_context(allowed_company_ids=self.company_a.ids)
        )

    def test_by_location(self):
        for value in (self.location.id, "House in"):
            with self.subTest(value=value):
                domain = [["location_ids", "=" if value != "House in" else "ilike", value]]
                self.assertEqual(self._workers().search(domain), self.near)
                self.assertEqual(self._workers().search_count(domain), 1)
                self.assertEqual(
                    domain[0][2], value, "the caller's domain is left alone"
                )

    def test_names_of_other_companies_stay_unknown(self):
        names = self._workers().name_search(
            "", [["location_ids", "=", self.location.id]]
        )
        self.assertEqual([name for name, _label in names], [self.near.id])

    def test_limit(self):
        workers = self.env["fsm.person"]
        domain = [["location_ids", "=", self.location.id]]
        self.assertEqual(len(workers.search(domain, limit=1)), 1)


@tagged("post_install", "-at_install")
class TestRating(CrowdHttpCase):
    """Links in mails show the question, a form answers it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ticket = cls._create_ticket()
        token = cls.ticket.rating_get_access_token()
        cls.rating = cls.env["rating.rating"].search([("access_token", "=", token)])
        cls.token = token

    def _form_token(self):
        page = self.url_open("/rate/%s/5" % self.token).text
        return re.search(r'name="csrf_token"\s+value="([^"]+)"', page).group(1)

    def _submit(self, csrf_token=None, path="rate", **data):
        data["csrf_token"] = self._form_token() if csrf_token is None else csrf_token
        response = self.url_open(
            "/%s/%s/submit_feedback" % (path, self.token), data=data
        )
        self.rating.invalidate_cache()
        return response

    def assertUntouched(self):
        self.rating.invalidate_cache()
        self.assertFalse(self.rating.consumed)
        self.assertEqual(self.rating.rating, 0)

    def test_get_only_asks(self):
        for path in ("rate/%s/5", "rate/%s/1", "rating/%s/10"):
            response = self.url_open("/" + path % self.token)
            self.assertEqual(response.status_code, 200)
            self.assertIn("submit_feedback", response.text)
            self.assertUntouched()

    def test_link_preselects(self):
        page = self.url_open("/rate/%s/3" % self.token).text
        chosen = re.findall(r'<input type="radio"[^>]*checked[^>]*>', page)
        self.assertEqual(len(chosen), 1)
        self.assertIn('value="3"', chosen[0])

    def test_post_answers_once(self):
        self.assertIn("Thank you", self._submit(rate="3", feedback="Not bad").text)
        self.assertTrue(self.rating.consumed)
        self.assertEqual((self.rating.rating, self.rating.feedback), (3, "Not bad"))
        token = re.search(
            r'csrf_token: "([^"]+)"', self.url_open("/rate/%s/1" % self.token).text
        )
        again = self._submit(token and token.group(1) or "", rate="1")
        self.assertEqual(self.rating.rating, 3)
        self.assertEqual(again.status_code, 200)
        self.assertIn("Thank you", again.text)
        self.assertIn("Thank you", self.url_open("/rate/%s/1" % self.token).text)
        self.assertEqual(self.rating.rating, 3)

    def test_bad_rates(self):
        for rate in (0, 2, 4, 6, 10 ** 9):
            response = self.url_open("/rate/%s/%s" % (self.token, rate))
            self.assertEqual(response.status_code, 400)
        for rate in ("", "2", "abc", "5.0", "-1", "9" * 40):
            with self.subTest(rate=rate):
                self.assertEqual(self._submit(rate=rate).status_code, 400)
        self.assertUntouched()

    def test_unknown_links(self):
        for path in ("/rate/unknown/5", "/rating/unknown/10"):
            self.assertEqual(self.url_open(path).status_code, 404)

    def test_old_form(self):
        self._submit(path="rating", rate="10", feedback="Old page")
        self.assertEqual((self.rating.rating, self.rating.feedback), (5, "Old page"))

    @mute_logger("odoo.addons.http_routing.models.ir_http", "odoo.http")
    def test_csrf(self):
        self.assertEqual(self._submit("forged", rate="5").status_code, 400)
        self.assertUntouched()

    def test_remark_is_text(self):
        self._submit(rate="5", feedback="<script>alert(1)</script>")
        message = self.ticket.message_ids[:1]
        self.assertNotIn("<script", message.body)
