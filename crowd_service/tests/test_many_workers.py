"""What keeps the screens as fast with a million workers as with a thousand."""

import re
from unittest.mock import patch

from lxml import etree

from odoo.tests import tagged
from odoo.tests.common import Form

from .common import CrowdCase

LISTED = r'SELECT "(helpdesk_ticket|crowd_(dispatch|offer|delivery))"'
LIST = ["name", "phone", "email", "calendar_id", "worker_type", "city", "is_located"]


def old_rule(company_ids):
    """Who may be seen, by the facts: what the stored set of companies stands for."""
    return [
        "|",
        ("partner_id.company_id", "in", company_ids),
        "&",
        ("partner_id.company_id", "=", False),
        "|",
        ("crowd_membership_ids", "=", False),
        ("crowd_membership_ids.company_id", "in", company_ids),
    ]


@tagged("post_install", "-at_install")
class TestCompaniesOfWorkers(CrowdCase):
    """The set of companies says the same as contact and memberships."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.of_a = cls._create_worker("Of A")
        cls.of_b = cls._create_worker("Of B", community=cls.community_b)
        cls.shared = cls._create_worker("Shared")
        cls._create_membership(cls.shared, cls.community_b)
        cls.nobodys = cls._create_worker("Nobody's", community=False)
        cls.employed = cls._create_worker("Employed by B", community=False)
        cls.employed.partner_id.company_id = cls.company_b
        cls.workers = cls.of_a | cls.of_b | cls.shared | cls.nobodys | cls.employed

    def assertSeenAsBefore(self):
        self.env["base"].flush()
        self.env.cache.invalidate()
        for company, user in (
            (self.company_a, self.agent),
            (self.company_b, self.agent_b),
        ):
            of_these = [("id", "in", self.workers.ids)]
            expected = self.workers.search(old_rule(company.ids) + of_these)
            found = self.workers.with_user(user).search(of_these)
            self.assertEqual(found.ids, expected.ids, company.name)
            self.assertEqual(
                self.workers.with_user(user)._filter_access_rules("read").ids,
                expected.ids,
            )

    def test_who_sees_whom(self):
        self.assertSeenAsBefore()
        self.assertEqual(
            self.shared.crowd_company_set_id.company_ids,
            self.company_a | self.company_b,
        )
        self.assertFalse(self.nobodys.crowd_company_set_id)
        self.assertEqual(
            self.employed.crowd_company_set_id, self.of_b.crowd_company_set_id
        )

    def test_every_change_is_followed(self):
        for change in (
            lambda: self._create_membership(self.nobodys, self.community_b),
            lambda: self._create_membership(self.employed, self.community),
            lambda: self.shared.crowd_membership_ids[:1].unlink(),
            lambda: self.of_a.partner_id.write({"company_id": self.company_b.id}),
            lambda: self.of_a.partner_id.write({"company_id": False}),
            lambda: self.nobodys.crowd_membership_ids.unlink(),
            lambda: self.of_b.write({"company_id": self.company_a.id}),
        ):
            change()
            self.assertSeenAsBefore()
        self.assertFalse(self.nobodys.crowd_is_member)
        self.assertTrue(self.of_b.crowd_is_member)

    def test_merge_of_contacts(self):
        contact = self.env["res.partner"].create(
            {"name": "Of A", "company_id": self.company_a.id, "type": "other"}
        )
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.nobodys.partner_id | contact).ids, contact
        )
        self.assertEqual(self.nobodys.partner_id, contact)
        self.assertEqual(self.nobodys.crowd_contact_type, "other")
        self.assertEqual(self.nobodys.crowd_company_set_id.company_ids, self.company_a)
        self.assertSeenAsBefore()

    def test_rules_on_contacts_still_count(self):
        """A private address is nobody's business, also if its owner is a worker."""
        self.assertIn(self.of_a, self.of_a.with_user(self.agent).search([]))
        self.of_a.partner_id.type = "private"
        self.assertNotIn(self.of_a, self.of_a.with_user(self.agent).search([]))

    def test_other_rules_on_contacts_are_asked_of_contacts(self):
        self.env["ir.rule"].create(
            {
                "name": "No names with an O",
                "model_id": self.env.ref("base.model_res_partner").id,
                "domain_force": "[('name', 'not ilike', 'O')]",
            }
        )
        found = self.workers.with_user(self.agent).search(
            [("id", "in", self.workers.ids)]
        )
        self.assertEqual(found, self.shared)


@tagged("post_install", "-at_install")
class TestManyWorkers(CrowdCase):
    def _rule_query(self, name):
        model = self.env[name].with_user(self.agent)
        query = model._where_calc([])
        model._apply_ir_rules(query)
        return query.select("count(1)")

    def test_counting_reads_one_index(self):
        query, _params = self._rule_query("fsm.person")
        self.assertNotIn("res_partner", query)
        self.assertNotIn("SELECT", query[len("SELECT") :])
        self.env.cr.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = %s",
            ["fsm_person_crowd_list_index"],
        )
        (definition,) = self.env.cr.fetchone()
        self.assertIn("WHERE active", definition)
        for column in set(re.findall(r'"fsm_person"\."(\w+)"', query)):
            self.assertIn(column, definition)

    def test_rules_on_a_workers_things_do_not_list_all_workers(self):
        for name in ("fsm.person.skill", "crowd.absence"):
            query, _params = self._rule_query(name)
            self.assertNotIn("SELECT", query[len("SELECT") :], name)

    def test_rules_on_wizards_do_not_list_all_tickets(self):
        """Nor all offers: of wizards there are a few, of those a million."""
        wizards = [
            name
            for name, model in self.env.registry.items()
            if name.startswith("crowd.") and model._transient and not model._abstract
        ]
        self.assertIn("crowd.match", wizards)
        for name in wizards:
            if self.env[name].with_user(self.agent).check_access_rights("read", False):
                query, _params = self._rule_query(name)
                self.assertNotRegex(query, LISTED)

    def test_worker_list_needs_as_many_queries_for_many(self):
        def read():
            self.env["base"].flush()
            self.env.cache.invalidate()
            return (
                self.env["fsm.person"]
                .with_user(self.agent)
                .search_read([("id", "in", workers.ids)], LIST)
            )

        workers = self._create_worker("First")
        read()
        before = self.env.cr.sql_log_count
        read()
        queries = self.env.cr.sql_log_count - before
        for number in range(9):
            workers |= self._create_worker("Worker %s" % number)
        read()
        with self.assertQueryCount(queries):
            self.assertEqual(len(read()), 10)

    def test_order_form_does_not_ask_for_all_workers(self):
        order = self.env["fsm.order"].create({"location_id": self.location.id})

        orders = self.env["fsm.order"].with_user(self.dispatcher)
        arch = etree.fromstring(orders.fields_view_get(view_type="form")["arch"])
        self.assertFalse(arch.xpath("//field[@name='skill_worker_ids']"))
        with patch.object(type(orders), "_compute_skill_workers") as find_all:
            with Form(orders) as form:
                form.location_id = self.location
                form.skill_ids.add(self.skill_wlan)
            with Form(orders.browse(order.id)) as form:
                form.skill_ids.add(self.skill_wlan)
        find_all.assert_not_called()

    def test_skills_are_looked_up_without_lists_in_between(self):
        """Else PostgreSQL sorts all who have the skill before it shows eight."""
        workers = self.env["fsm.person"].with_user(self.agent)
        domain = [("crowd_missing_skill_ids", "not in", self.skill_wlan.ids)]
        query, _params = workers._where_calc(domain).select()
        self.assertNotIn("ORDER BY", query)
        worker = self._create_worker("Knows", skills={self.skill_wlan: 10})
        found = workers.name_search("Knows", domain)
        self.assertEqual([found_id for found_id, _name in found], worker.ids)
