"""What the addons below leave open is closed while crowd_service is installed."""

from unittest.mock import patch

from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import CrowdCase


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

    def test_technician_cannot_become_somebody_else(self):
        for vals in (
            {"worker_type": "friend"},
            {"partner_id": self.customer.id},
            {"active": False},
            {"crowd_membership_ids": [(1, self.mine.crowd_membership_ids.id, {})]},
            {"skill_ids": [(5,)]},
        ):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                self.mine.with_user(self.me).write(vals)

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
                (
                    "crowd_missing_skill_ids",
                    "in",
                    (self.skill_wlan | self.skill_tv).ids,
                ),
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
                domain = [
                    ["location_ids", "=" if value != "House in" else "ilike", value]
                ]
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
