from psycopg2 import sql

from odoo.tests import tagged

from .common import CrowdCase
from .delivery_common import DeliveryFactory
from .invariants import RULES, broken_invariants
from .review_common import ReviewFactory

#: What the database refuses by itself, as long as nobody takes it away.
GUARDS = (
    "crowd_review_offer_uniq",
    "crowd_review_answered_check",
    "crowd_review_stars_worker_check",
    "crowd_review_stars_solution_check",
)
COPY = """
    INSERT INTO crowd_review (offer_id, dispatch_id, ticket_id, company_id, worker_id,
                              state, asked_at)
    SELECT offer_id, dispatch_id, ticket_id, company_id, worker_id, 'asked', asked_at
      FROM crowd_review WHERE id = %s
"""
COPY_RATING = """
    INSERT INTO rating_rating (res_model_id, res_id, res_model, rating, consumed,
                               access_token, crowd_offer_id)
    SELECT res_model_id, res_id, res_model, rating, consumed, 'another', crowd_offer_id
      FROM rating_rating
     WHERE id = (SELECT rating_id FROM crowd_review WHERE id = %s)
"""
COPY_EVENT = """
    INSERT INTO crowd_event (dispatch_id, ticket_id, company_id, offer_id, at, kind,
                             to_state)
    SELECT dispatch_id, ticket_id, company_id, offer_id, at, kind, to_state
      FROM crowd_event
     WHERE kind = 'review'
       AND offer_id = (SELECT offer_id FROM crowd_review WHERE id = %s)
"""

#: Statements about the review with that id that each break the rule.
BREAKS = {
    "I10 a customer is asked twice about a job": (COPY,),
    "I10 a customer is asked about no job that has ended": (
        """UPDATE crowd_dispatch SET state = 'cancelled'
            WHERE id = (SELECT dispatch_id FROM crowd_review WHERE id = %s)""",
    ),
    "I10 a customer's answer is another job's, worker's or company's": (
        """UPDATE crowd_review SET company_id = (SELECT max(id) FROM res_company)
            WHERE id = %s""",
        """UPDATE crowd_review SET worker_id = (SELECT max(id) FROM fsm_person)
            WHERE id = %s""",
    ),
    "I10 a customer's answer has no moment, day or 1 to 5 stars": (
        "UPDATE crowd_review SET stars_worker = 6 WHERE id = %s",
        "UPDATE crowd_review SET stars_worker = NULL WHERE id = %s",
        "UPDATE crowd_review SET stars_solution = 0.5 WHERE id = %s",
        "UPDATE crowd_review SET day = NULL WHERE id = %s",
        """UPDATE crowd_review SET answered_at = asked_at - interval '1 minute'
            WHERE id = %s""",
        "UPDATE crowd_review SET state = 'closed' WHERE id = %s",
    ),
    "I10 a customer's answer was written down twice": (COPY_EVENT,),
    "I10 a worker is measured twice by a customer's answer, or by other stars": (
        COPY_RATING,
        """UPDATE rating_rating SET rating = 1
            WHERE id = (SELECT rating_id FROM crowd_review WHERE id = %s)""",
    ),
}


@tagged("post_install", "-at_install")
class TestReviewInvariants(ReviewFactory, DeliveryFactory, CrowdCase):
    """A row that breaks the rules about customers' answers is found (I10)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_offers()
        cls._set_up_reviews()

    def setUp(self):
        super().setUp()
        self.review = self._review()
        self._answer(self.review)
        self.env["base"].flush()
        for name in GUARDS:
            drop = sql.SQL("ALTER TABLE crowd_review DROP CONSTRAINT {}")
            self.env.cr.execute(drop.format(sql.Identifier(name)))

    def _found(self):
        """Return the rules about reviews that are broken."""
        broken = broken_invariants(self.env.cr)
        return [one.split(":")[0] for one in broken if one.startswith("I10")]

    def test_nothing_is_broken(self):
        self.assertEqual(self._found(), [])
        with self.at(self.review.answered_at):
            self.review._answer({"stars_worker": 2}, "phone", self.agent)
        self.env["base"].flush()
        self.assertEqual(self._found(), [])

    def test_broken_rows_are_found(self):
        rules = {rule for rule in RULES if rule.startswith("I10")}
        self.assertEqual(rules, set(BREAKS))
        for rule, statements in BREAKS.items():
            for statement in statements:
                with self.subTest(statement):
                    self.env.cr.execute("SAVEPOINT whole")
                    self.env.cr.execute(statement, [self.review.id])
                    self.assertEqual(self.env.cr.rowcount, 1)
                    self.assertIn(rule, self._found())
                    self.env.cr.execute("ROLLBACK TO SAVEPOINT whole")
