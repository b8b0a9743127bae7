from datetime import timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..models import crowd_preference
from .measures_common import NOON, MeasuresCase


@tagged("post_install", "-at_install")
class TestPreference(MeasuresCase):
    """Whom a customer wants, liked, or does not want."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.preference = cls.env["crowd.preference"]
        cls.firm = cls.env["res.partner"].create({"name": "Firm", "is_company": True})

    def _wish(self, worker=None, kind="preferred", **values):
        defaults = {
            "partner_id": self.customer.id,
            "worker_id": (worker or self.anna).id,
            "company_id": self.company_a.id,
            "kind": kind,
        }
        return self.preference.create(dict(defaults, **values))

    def _read(self, partners=None, company=None):
        partners = partners or self.customer
        company = company or self.company_a
        return self.preference._read_preferences(company.id, partners.ids)

    # -- read --------------------------------------------------------------

    def test_nothing_known(self):
        self.assertEqual(self._read(), ({}, set()))
        self.assertEqual(
            self.preference._read_preferences(self.company_a.id, []), ({}, set())
        )

    def test_asked_for_and_not_wanted(self):
        self._wish()
        self._wish(self.beat, "blocked")
        self.assertEqual(self._read(), ({self.anna.id: "asked_for"}, {self.beat.id}))

    def test_archived_wish_is_over(self):
        self._wish().active = False
        self.assertEqual(self._read(), ({}, set()))

    def test_liked(self):
        self._rate(self._create_job().ticket_id, 4)
        self._rate(self._create_job(self.beat).ticket_id, 3)
        self.assertEqual(self._read(), ({self.anna.id: "liked"}, set()))

    def test_disliked_since(self):
        self._rate(self._create_job().ticket_id, 5)
        self._rate(self._create_job(sent_at=NOON + timedelta(days=9)).ticket_id, 2)
        self.assertEqual(self._read(), ({}, set()))

    def test_liked_but_not_solved(self):
        self._rate(self._create_job(solved=False).ticket_id, 5)
        self.assertEqual(self._read(), ({}, set()))

    def test_wish_wins_over_stars(self):
        self._rate(self._create_job().ticket_id, 5)
        self._rate(self._create_job(self.beat).ticket_id, 5)
        self._wish()
        self._wish(self.beat, "blocked")
        self.assertEqual(self._read(), ({self.anna.id: "asked_for"}, {self.beat.id}))

    def test_not_wanted_by_the_firm(self):
        self._wish()
        self._wish(kind="blocked", partner_id=self.firm.id)
        self.customer.parent_id = self.firm
        both = self.customer | self.firm
        self.assertEqual(self._read(both), ({}, {self.anna.id}))

    def test_what_is_not_wanted_is_never_cut_off(self):
        blocked = self._wish(self.beat, "blocked")
        self._wish()
        with patch.object(crowd_preference, "LATEST", 1):
            self.assertEqual(self._read(), ({}, set(blocked.worker_id.ids)))

    def test_companies_are_apart(self):
        self._rate(self._create_job().ticket_id, 5)
        self._wish(self.beat, "blocked")
        self.assertEqual(self._read(company=self.company_b), ({}, set()))

    def test_two_queries(self):
        self._wish()
        self._read()
        with self.assertQueryCount(2):
            self._read()

    # -- one wish ----------------------------------------------------------

    @mute_logger("odoo.sql_db")
    def test_one_wish_per_worker(self):
        self._wish()
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self._wish(kind="blocked")

    def test_merge_of_workers(self):
        self._wish()
        self._wish(self.beat, "blocked", note="Late")
        self._wish(self.beat, partner_id=self.firm.id)
        self.env["base"].flush()
        self.anna._absorb(self.beat)
        wishes = self.preference.search([("worker_id", "=", self.anna.id)])
        self.assertEqual(len(wishes), 2)
        self.assertEqual(self._read(), ({}, {self.anna.id}))
        self.assertEqual(self._read(self.firm), ({self.anna.id: "asked_for"}, set()))

    def test_merge_of_customers(self):
        """Odoo would delete all wishes of the source for one double."""
        twin = self.env["res.partner"].create(
            {"name": "Twin", "email": self.customer.email}
        )
        self._wish()
        self._wish(partner_id=twin.id).active = False
        self._wish(self.beat, "blocked", partner_id=twin.id)
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard._merge((self.customer | twin).ids, self.customer)
        self.env["base"].invalidate_cache()
        self.assertEqual(self._read(), ({self.anna.id: "asked_for"}, {self.beat.id}))

    # -- screens -----------------------------------------------------------

    def test_form(self):
        with Form(self.preference.with_user(self.agent)) as form:
            form.partner_id = self.customer
            form.worker_id = self.anna
            form.kind = "blocked"
        wish = self.preference.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(wish.company_id, self.company_a)

    def test_on_the_customer(self):
        with Form(self.customer.with_user(self.dispatcher)) as form:
            with form.crowd_preference_ids.new() as line:
                line.worker_id = self.anna
        self.assertEqual(self.customer.crowd_preference_ids.worker_id, self.anna)

    def test_only_agents_have_the_field(self):
        for user, has in ((self.agent, True), (self.employee, False)):
            names = self.env["res.partner"].with_user(user).fields_get()
            self.assertEqual("crowd_preference_ids" in names, has)

    # -- rights ------------------------------------------------------------

    def test_agent_may_write(self):
        wish = self._wish().with_user(self.agent)
        wish.note = "On the phone"
        wish.unlink()

    def test_others_may_not_read(self):
        wish = self._wish()
        for user in (self.technician, self.employee, self.portal_user, self.agent_b):
            with self.assertRaises(AccessError):
                wish.with_user(user).read(["kind"])

    def test_technician_may_not_write(self):
        with self.assertRaises(AccessError):
            self._wish().with_user(self.technician).write({"kind": "preferred"})

    def test_agent_stays_in_his_company(self):
        model = self.preference.with_user(self.agent)
        values = {"partner_id": self.customer.id, "worker_id": self.anna.id}
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            model.create(dict(values, company_id=self.company_b.id))
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self._wish().with_user(self.agent).company_id = self.company_b

    def test_partner_of_another_company(self):
        self.firm.company_id = self.company_b
        with self.assertRaises(UserError):
            self._wish(partner_id=self.firm.id)
