from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import GROUP
from .review_common import END, GOOD
from .test_review import ReviewCase

FREE = ("stars_worker", "stars_solution", "comment", "state", "day", "rating_id")


@tagged("post_install", "-at_install")
class TestReviewRights(ReviewCase):
    """Agents read what customers say; nobody writes it but the customer."""

    def setUp(self):
        super().setUp()
        self.review = self._review(worker=self.tech)
        self._answer(self.review)
        self.env["base"].flush()
        self.env.cache.invalidate()

    def _as(self, user):
        return self.review.with_user(user)

    def assertRefused(self, act, *args, **kwargs):
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            act(*args, **kwargs)
        self.env.cache.invalidate()

    # ------------------------------------------------------------------
    # reading
    # ------------------------------------------------------------------

    def test_the_desk_reads(self):
        for user in (self.agent, self.dispatcher, self.manager):
            self.assertEqual(
                self._as(user).read(["comment"])[0]["comment"], GOOD["comment"]
            )

    def test_nobody_else_reads(self):
        own = self.tech.crowd_user_id
        for user in (self.technician, own, self.employee, self.portal_user):
            self.assertRefused(self._as(user).read, ["comment"])
            self.assertRefused(self._as(user).search, [])

    def test_not_by_way_of_other_records(self):
        for record, name in (
            (self.ticket, "crowd_review_ids"),
            (self.ticket, "crowd_review_label"),
            (self.review.dispatch_id, "review_ids"),
            (self.review.dispatch_id, "review_label"),
            (self.tech, "crowd_review_count"),
        ):
            for user in (self.technician, self.tech.crowd_user_id, self.employee):
                record = record.with_user(user)
                with self.subTest(name=name, user=user.login):
                    self.assertRefused(record.read, [name])

    def test_not_by_searching_other_records(self):
        for model, path in (
            ("helpdesk.ticket", "crowd_review_ids"),
            ("crowd.dispatch", "review_ids"),
        ):
            for user in (self.technician, self.tech.crowd_user_id):
                records = self.env[model].with_user(user)
                for name in ("stars_worker", "comment"):
                    domain = [("%s.%s" % (path, name), "!=", False)]
                    with self.subTest(domain=domain, user=user.login):
                        self.assertRefused(records.search, domain)

    def test_multi_company(self):
        for user in (self.agent_b, self.manager_b):
            self.assertFalse(self._as(user).search([]))
            self.assertRefused(self._as(user).read, ["comment"])
            self.assertRefused(self._as(user).action_record_answer)
        both = self._create_user(
            "agent AB",
            GROUP + "agent",
            company_ids=[(6, 0, (self.company_a | self.company_b).ids)],
        )
        for companies, found in ((self.company_b, 0), (self.company_a, 1)):
            reviews = self._as(both).with_context(allowed_company_ids=companies.ids)
            self.assertEqual(reviews.search_count([]), found)

    # ------------------------------------------------------------------
    # writing
    # ------------------------------------------------------------------

    def test_nobody_writes(self):
        for user in (self.agent, self.dispatcher, self.manager, self.technician):
            for name in FREE:
                with self.subTest(user=user.login, name=name):
                    self.assertRefused(self._as(user).write, {name: False})

    def test_nobody_creates(self):
        values = self.review.dispatch_id._prepare_review(self.review.offer_id)
        for user in (self.agent, self.manager):
            self.assertRefused(self._as(user).create, values)

    def test_nobody_deletes(self):
        for user in (self.agent, self.manager):
            self.assertRefused(self._as(user).unlink)

    def test_nobody_writes_by_way_of_other_records(self):
        line = [(1, self.review.id, {"stars_worker": 1})]
        ticket = self.ticket.with_user(self.manager)
        self.assertRefused(ticket.write, {"crowd_review_ids": line})
        dispatch = self.review.dispatch_id.with_user(self.manager)
        self.assertRefused(dispatch.write, {"review_ids": line})

    def test_only_the_desk_records_a_call(self):
        for user in (self.technician, self.tech.crowd_user_id, self.employee):
            for act in (
                self.review.dispatch_id.with_user(user).action_record_answer,
                self.ticket.with_user(user).action_crowd_record_answer,
                self._as(user).action_record_answer,
            ):
                self.assertRefused(act)

    def test_no_wizard_about_another_company(self):
        wizards = self.env["crowd.review.answer"].with_user(self.agent_b)
        values = {"dispatch_id": self.review.dispatch_id.id, "stars_worker": "1"}
        self.assertRefused(lambda: wizards.create(values).action_confirm())
        self.assertEqual(self.review.stars_worker, 5)

    def test_not_about_his_own_job(self):
        """An agent who did the job himself does not say how content people are."""
        self.tech.crowd_user_id.groups_id |= self.env.ref(GROUP + "agent")
        user = self.tech.crowd_user_id
        with self.at(END), self.assertRaisesRegex(UserError, "own job"):
            self._as(user).action_record_answer()
        wizard = self.env["crowd.review.answer"].with_user(user)
        wizard = wizard.create(
            {"dispatch_id": self.review.dispatch_id.id, "stars_worker": "1"}
        )
        with self.at(END), self.assertRaisesRegex(UserError, "own job"):
            wizard.action_confirm()

    # ------------------------------------------------------------------
    # the rating
    # ------------------------------------------------------------------

    def test_nobody_writes_the_rating(self):
        """Odoo lets every employee write ratings; workers are measured by these."""
        for user in (self.tech.crowd_user_id, self.employee, self.manager):
            rating = self.review.rating_id.with_user(user)
            for vals in (
                {"rating": 1},
                {"consumed": False},
                {"res_id": 1},
                {"crowd_offer_id": False},
            ):
                with self.subTest(user=user.login, vals=vals):
                    self.assertRefused(rating.write, vals)
            self.assertRefused(rating.reset)
        self.assertEqual(self.review.rating_id.rating, 5)

    @mute_logger("odoo.models.unlink")
    def test_nobody_makes_a_rating_of_his_job(self):
        self._run_jobs("crowd.membership")
        member = self.tech.crowd_membership_ids
        other = self._create_secret_ticket()
        offer = self._end_job(self.tech, ticket=other)
        values = {
            "res_model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
            "res_id": other.id,
            "rating": 5,
            "consumed": True,
        }
        ratings = self.env["rating.rating"].with_user(self.tech.crowd_user_id)
        made = ratings.create(values)
        self.assertFalse(made.sudo().crowd_offer_id)
        made.write({"consumed": True, "rating": 4})
        self.assertFalse(made.sudo().crowd_offer_id)
        self.assertRefused(made.write, {"crowd_offer_id": offer.id})
        agent = self.env["rating.rating"].with_user(self.agent)
        self.assertRefused(agent.create, dict(values, crowd_offer_id=offer.id))
        self._run_jobs("crowd.membership")
        self.assertEqual(member.quality_count, 1)
