from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .privileges_case import PrivilegesCase

# records of company A that nobody else may find, by whatever way a client has
OF_A = (
    "helpdesk.ticket",
    "crowd.dispatch",
    "crowd.offer",
    "crowd.escalation",
    "crowd.candidate",
    "crowd.event",
    "crowd.delivery",
    "crowd.membership",
    "crowd.community",
    "crowd.stage.map",
    "crowd.gateway",
    "fsm.person",
    "fsm.person.skill",
    "fsm.order",
)
NOT_HIS = ("helpdesk.ticket", "crowd.dispatch", "crowd.offer", "crowd.escalation")


@tagged("post_install", "-at_install")
class TestForeignRecords(PrivilegesCase):
    """No client call reveals a record to people whose it is not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("base.group_allow_export").users = (
            cls.agent_b | cls.manager_b | cls.technician
        )

    def assertHidden(self, name, user):
        self.env.cache.invalidate()
        model = self.env[name].with_user(user)
        record = self.records[name].with_user(user)
        domain = [["id", "=", record.id]]
        label = record.sudo().display_name
        self.assertFalse(model.search(domain), name)
        self.assertFalse(model.search_count(domain), name)
        self.assertFalse(model.search_read(domain, ["id"]), name)
        self.assertFalse(model.name_search("", domain), name)
        found = model.name_search(label, limit=None)
        self.assertNotIn(record.id, [found_id for found_id, _name in found], name)
        groups = model.read_group(domain, ["id"], ["create_date"], lazy=False)
        self.assertFalse(groups, name)
        self.env.cache.invalidate()
        for reveal in (
            lambda: record.read(["create_date"]),
            lambda: record.export_data(["create_date"]),
            lambda: record.copy_data(),
            lambda: record.write({}),
        ):
            with self.assertRaises(AccessError, msg=name):
                reveal()
        if model._rec_name:
            with self.assertRaises(AccessError, msg=name):
                record.name_get()

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_desk_of_another_company(self):
        for user in (self.agent_b, self.manager_b):
            for name in OF_A:
                with self.subTest(model=name, user=user.name):
                    self.assertHidden(name, user)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_technician_who_has_not_the_job(self):
        for name in NOT_HIS:
            with self.subTest(model=name):
                self.assertHidden(name, self.technician)

    def test_own_desk_finds_all(self):
        for name in OF_A:
            with self.subTest(model=name):
                model = self.env[name].with_user(self.agent)
                self.assertTrue(model.search([("id", "=", self.records[name].id)]))

    def test_other_wizard_users_cannot_name_a_foreign_ticket(self):
        for name in ("crowd.match", "crowd.escalate"):
            with self.subTest(model=name), self.assertRaises(AccessError):
                self._try_create(self.env[name].with_user(self.agent_b))


@tagged("post_install", "-at_install")
class TestMultiCompany(PrivilegesCase):
    """People of A, of B and of both; a friend whom both companies know."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent_ab = cls._create_user(
            "agent AB",
            "crowd_service.group_crowd_agent",
            company_ids=[(6, 0, (cls.company_a | cls.company_b).ids)],
        )
        cls.shared = cls._create_worker("Shared")
        cls.membership_a = cls.shared.crowd_membership_ids
        cls.membership_b = cls._create_membership(cls.shared, cls.community_b)
        cls.worker_b = cls._create_worker("Only in B", community=cls.community_b)

    def setUp(self):
        super().setUp()
        self.ticket_b = self._create_ticket("In B", self.company_b)
        self.dispatch_b = self._dispatch(self.ticket_b, self.agent_b, self.shared)
        self.dispatch_a = self._dispatch(
            self._create_ticket("In A"), self.agent, self.shared
        )
        self.env["base"].flush()
        self.env.cache.invalidate()

    def _dispatch(self, ticket, agent, worker):
        return self.env["crowd.dispatch"].browse(
            ticket.with_user(agent).crowd_dispatch(worker.ids, 30)
        )

    def _as(self, records, user, *companies):
        self.env.cache.invalidate()
        ids = [company.id for company in companies] or user.company_ids.ids
        return records.with_user(user).with_context(allowed_company_ids=ids)

    def test_shared_friend_is_seen_by_both(self):
        for user in (self.agent, self.agent_b):
            worker = self._as(self.shared, user)
            self.assertEqual(worker.read(["name"])[0]["name"], "Shared")

    def test_memberships_and_offers_per_company(self):
        for user, membership, dispatch in (
            (self.agent, self.membership_a, self.dispatch_a),
            (self.agent_b, self.membership_b, self.dispatch_b),
        ):
            worker = self._as(self.shared, user)
            values = worker.read(
                ["crowd_membership_ids", "crowd_offer_ids", "crowd_offer_count"]
            )[0]
            self.assertEqual(values["crowd_membership_ids"], membership.ids)
            self.assertEqual(values["crowd_offer_ids"], dispatch.offer_ids.ids)
            self.assertEqual(values["crowd_offer_count"], 1)

    def test_user_of_both_sees_what_he_chose(self):
        offers = self.shared.crowd_offer_ids
        for companies in (
            self.company_a,
            self.company_b,
            self.company_a | self.company_b,
        ):
            found = self._as(offers, self.agent_ab, *companies).search(
                [("id", "in", offers.ids)]
            )
            self.assertEqual(found.sudo().company_id, companies)

    def test_user_of_both_acts_in_both(self):
        for ticket in (self._create_ticket(), self.ticket_b):
            ticket = self._as(ticket, self.agent_ab, self.company_a, self.company_b)
            self.assertTrue(ticket.crowd_dispatch(self.shared.ids, 30))

    def test_worker_of_b_is_not_asked_for_a(self):
        ticket = self._create_ticket()
        with self.assertRaises(UserError):
            ticket.with_user(self.agent).crowd_dispatch(self.worker_b.ids, 30)
        listed = ticket.with_user(self.agent).crowd_match()
        self.assertNotIn(self.worker_b.id, [line["worker_id"] for line in listed])

    def test_capacity_counts_per_company(self):
        """A job for A leaves the friend free for B."""
        for dispatch in (self.dispatch_a, self.dispatch_b):
            answer = dispatch.offer_ids._accept("portal")
            self.assertEqual(answer["result"], "accepted")

    def test_accepting_for_a_foreign_company(self):
        for offer, user in (
            (self.dispatch_a.offer_ids, self.agent_b),
            (self.dispatch_b.offer_ids, self.agent),
        ):
            with self.assertRaises(AccessError):
                self._as(offer, user).crowd_accept("phone", on_behalf=True)
            with self.assertRaises(AccessError):
                self._as(offer, user).crowd_decline("no_time")

    def test_escalating_to_people_of_another_company(self):
        with self.assertRaises(UserError):
            self.ticket.with_user(self.agent).crowd_escalate(
                "manual", "", self.agent_b.id
            )

    def test_group_by_crosses_nothing(self):
        model = self._as(self.env["crowd.offer"], self.agent_b)
        groups = model.read_group([], ["company_id"], ["company_id"], lazy=False)
        self.assertEqual({g["company_id"][0] for g in groups}, {self.company_b.id})

    def test_records_cannot_be_moved_across(self):
        empty = self._create_community("Empty")
        stage_map = self.env["crowd.stage.map"].create(
            {"company_id": self.company_a.id, "dispatch_state": "searching"}
        )
        for record in (empty, self.gateway, stage_map):
            with self.subTest(model=record._name), self.assertRaises(AccessError):
                self._as(record, self.manager).write({"company_id": self.company_b.id})

    def test_members_stay_where_they_are(self):
        manager = self._as(self.community, self.manager, self.company_a)
        with self.assertRaises(UserError):
            manager.write({"company_id": self.company_b.id})
        for vals in (
            {"community_id": self.community_b.id},
            {"worker_id": self.worker_b.id},
            {"quality": 5.0},
            {"quality_count": 100},
            {"state": "suspended"},
        ):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                self._as(self.membership_a, self.dispatcher).write(vals)
