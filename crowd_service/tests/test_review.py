from datetime import date, timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tests.common import Form
from odoo.tools import mute_logger

from .common import CrowdCase
from .delivery_common import SECRETS, DeliveryFactory
from .review_common import CLOSED, END, GOOD, REOPENED, ReviewFactory


class ReviewCase(ReviewFactory, DeliveryFactory, CrowdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_offers()
        cls._set_up_reviews()


@tagged("post_install", "-at_install")
class TestReview(ReviewCase):
    """The end of a job asks the customer, once, and his answer counts once."""

    # ------------------------------------------------------------------
    # asked
    # ------------------------------------------------------------------

    def test_the_end_of_a_job_asks(self):
        offer = self._end_job()
        review = self._review(offer)
        self.assertEqual(review.state, "asked")
        self.assertEqual(review.asked_at, END)
        self.assertEqual(review.dispatch_id, offer.dispatch_id)
        self.assertEqual(review.ticket_id, self.ticket)
        self.assertEqual(review.company_id, self.company_a)
        self.assertEqual(review.partner_id, self.customer)
        self.assertEqual(review.worker_id, self.anna)
        self.assertEqual(review.worker_type, "friend")
        self.assertEqual(review.service_id, self.service)
        self.assertEqual(review.team_id, self.team)
        self.assertTrue(review.is_solved)
        self.assertFalse(review.day or review.answered_at or review.channel)

    def test_also_when_it_was_not_solved(self):
        review = self._review(solved=False)
        self.assertEqual((review.state, review.is_solved), ("asked", False))

    def test_also_about_technicians(self):
        self.assertEqual(self._review(worker=self.tech).worker_type, "technician")

    def test_when_the_order_is_completed_by_hand(self):
        with self.at(END):
            (offer,) = self._offer_to(self.tech)
            offer._accept("backend")
            offer._start("backend")
            offer.dispatch_id.order_id.action_complete()
        self.assertEqual(offer.dispatch_id.state, "done")
        self.assertEqual(len(self._review(offer)), 1)

    def test_nobody_is_asked_about_what_was_not_done(self):
        (offer,) = self._offer_to(self.anna)
        offer._accept("mail")
        offer._raise_scope("tools")
        offer.dispatch_id.sudo()._cancel("desk")
        self.assertFalse(offer.dispatch_id.review_ids)

    def test_switched_off(self):
        self.company_a.crowd_review_ask = False
        offer = self._end_job()
        self.assertFalse(self._review(offer))
        self.assertEqual(
            self._told(offer.dispatch_id).mapped("purpose"), ["customer_done"]
        )
        self.assertNotIn("/crowd/review/", self._body(offer))

    def test_without_a_customer(self):
        ticket = self._create_ticket(partner_id=False)
        self.assertFalse(self._review(worker=self.tech, ticket=ticket))

    @mute_logger("odoo.sql_db")
    def test_the_database_keeps_one_per_job(self):
        review = self._review()
        values = review.dispatch_id._prepare_review(review.offer_id)
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            review.create(values)

    @mute_logger("odoo.sql_db")
    def test_the_database_keeps_stars(self):
        review = self._review()
        self._answer(review)
        for name in ("stars_worker", "stars_solution"):
            for stars in (0, 6, -1):
                with self.assertRaises(IntegrityError), self.env.cr.savepoint():
                    review.write({name: stars})
                    review.flush()
                review.invalidate_cache()

    def test_a_reopened_ticket_asks_about_the_next_job(self):
        first = self._review()
        self._answer(first, stars_worker=1)
        self.ticket.stage_id = self.env.ref(REOPENED)
        second = self._review(worker=self.tech, moment=END + timedelta(days=1))
        self.assertEqual(self.ticket.crowd_review_ids, second | first)
        self._answer(second, days=2, stars_worker=5)
        ratings = {r.crowd_offer_id: r.rating for r in self._ratings()}
        self.assertEqual(ratings, {first.offer_id: 1, second.offer_id: 5})

    # ------------------------------------------------------------------
    # messages
    # ------------------------------------------------------------------

    def _body(self, offer, lang="en_US"):
        delivery = self._told(offer.dispatch_id)
        self.customer.lang = lang
        mail = delivery._prepare_mail()
        for left in ("${", "% if", "% else"):
            self.assertNotIn(left, mail["body"] + mail["subject"])
        return mail["body"]

    def test_done_asks_in_the_same_message(self):
        offer = self._end_job()
        told = self._told(offer.dispatch_id)
        self.assertEqual(told.mapped("purpose"), ["customer_done"])
        body = self._body(offer)
        self.assertIn("/crowd/review/", body)
        self.assertIn("/crowd/ticket/", body)
        self.assertIn("How was it?", body)

    def test_not_solved_asks_with_a_message_of_its_own(self):
        offer = self._end_job(solved=False)
        told = self._told(offer.dispatch_id)
        self.assertEqual(told.mapped("purpose"), ["customer_review"])
        self.assertTrue(told._is_wanted())
        body = self._body(offer)
        self.assertIn("/crowd/review/", body)
        self.assertIn("Anna", body)
        self.assertNotIn("Helper", body)
        self.assertNoSecrets(body, but=("name",))

    def test_done_is_not_told_but_asked(self):
        self.company_a.crowd_tell_done = False
        offer = self._end_job()
        self.assertEqual(
            self._told(offer.dispatch_id).mapped("purpose"), ["customer_review"]
        )

    def test_an_answer_makes_the_question_obsolete(self):
        offer = self._end_job(solved=False)
        told = self._told(offer.dispatch_id)
        self._answer(self._review(offer))
        self.assertFalse(told._is_wanted())

    def test_a_late_message_does_not_ask_again(self):
        offer = self._end_job()
        self._answer(self._review(offer))
        self.assertTrue(self._told(offer.dispatch_id)._is_wanted())
        self.assertNotIn("/crowd/review/", self._body(offer))

    def test_by_sms(self):
        for solved in (True, False):
            ticket = self._create_secret_ticket()
            offer = self._end_job(ticket=ticket, solved=solved)
            told = self._told(offer.dispatch_id).with_context(lang="en_US")
            text = told._render_text()
            self.assertIn("How was it?", text)
            self.assertIn("/crowd/review/", text)
            self.assertLess(len(text), 307)
            self.assertNoSecrets(text)

    def test_one_token_one_purpose(self):
        offer = self._end_job()
        self._body(offer)
        tokens = self.env["crowd.token"].search(
            [("dispatch_id", "=", offer.dispatch_id.id), ("purpose", "=", "review")]
        )
        self.assertEqual(len(tokens), 1)
        self.assertEqual(tokens.delivery_id.partner_id, self.customer)

    # ------------------------------------------------------------------
    # nobody is asked twice
    # ------------------------------------------------------------------

    def _stage_asks(self):
        stage = self.env.ref(CLOSED)
        stage.rating_mail_template_id = self.env.ref(
            "helpdesk_mgmt_rating.rating_ticket_email_template"
        )
        self.ticket.stage_id = stage
        return self._asked_by_stage()

    def _asked_by_stage(self):
        messages = self.ticket.message_ids
        return messages.filtered(lambda m: "Satisfaction" in (m.subject or ""))

    def test_no_mail_of_the_stage_after_our_question(self):
        self._end_job()
        self.ticket.stage_id = self.env.ref(REOPENED)
        self.assertFalse(self._stage_asks())

    def test_the_stage_asks_when_we_do_not(self):
        self.company_a.crowd_review_ask = False
        self._end_job()
        self.ticket.stage_id = self.env.ref(REOPENED)
        self.assertEqual(len(self._stage_asks()), 1)

    def test_the_stage_that_the_dispatch_sets_does_not_ask(self):
        stage = self.env.ref(CLOSED)
        stage.rating_mail_template_id = self.env.ref(
            "helpdesk_mgmt_rating.rating_ticket_email_template"
        )
        self.company_a.crowd_stage_map_ids.filtered(
            lambda m: m.dispatch_state == "done"
        ).unlink()
        self.env["crowd.stage.map"].create(
            {
                "company_id": self.company_a.id,
                "dispatch_state": "done",
                "ticket_stage_id": stage.id,
            }
        )
        self._end_job()
        self.assertEqual(self.ticket.stage_id, stage)
        self.assertFalse(self._asked_by_stage())

    # ------------------------------------------------------------------
    # the answer
    # ------------------------------------------------------------------

    def test_answer(self):
        review = self._review()
        self.assertTrue(self._answer(review, days=2))
        self.assertEqual(review.state, "answered")
        self.assertEqual(review.answered_at, END + timedelta(days=2))
        self.assertEqual(review.day, date(2026, 6, 12))
        self.assertEqual({name: review[name] for name in GOOD}, GOOD)
        self.assertEqual((review.channel, review.answered_by_id.id), ("page", False))
        self.assertFalse(review.changed_at)

    def test_the_day_is_that_of_the_company(self):
        review = self._review()
        # 23:30 UTC is 01:30 of the next day in Zurich
        self._answer(review, days=12.5 / 24)
        self.assertEqual(review.day, date(2026, 6, 11))

    def test_stars_of_the_worker_are_enough(self):
        review = self._review()
        self._answer(review, stars_worker=3)
        review.flush()
        self.env.cr.execute(
            "SELECT stars_worker, stars_solution, would_book_again FROM crowd_review"
            " WHERE id = %s",
            (review.id,),
        )
        self.assertEqual(self.env.cr.fetchone(), (3, None, None), "averages need it")

    def test_bad_answers(self):
        review = self._review()
        for answer in (
            {},
            {"comment": "x"},
            {"stars_solution": 5},
            {"stars_worker": 0},
            {"stars_worker": 6},
            {"stars_worker": -1},
            {"stars_worker": True},
            {"stars_worker": "5"},
            {"stars_worker": 2.5},
            {"stars_worker": 5, "stars_solution": 9},
            {"stars_worker": 5, "would_book_again": "perhaps"},
            {"stars_worker": 5, "state": "closed"},
        ):
            with self.subTest(answer=answer), self.at(END):
                with self.assertRaises(UserError):
                    review._answer(answer, "page")
        self.assertEqual(review.state, "asked")
        self.assertFalse(self._ratings())

    def test_sent_twice(self):
        review = self._review()
        for hours in (0, 1):
            self._answer(review, days=hours / 24)
        self.assertFalse(review.changed_at, "the same words change nothing")
        self.assertEqual(len(self._ratings()), 1)
        events = review.dispatch_id.event_ids.filtered(lambda e: e.kind == "review")
        self.assertEqual(len(events), 1)

    def test_changed_within_a_week(self):
        review = self._review()
        self._answer(review)
        self.assertTrue(self._answer(review, days=6.9, stars_worker=2, comment=""))
        self.assertEqual((review.stars_worker, review.stars_solution), (2, 4))
        self.assertFalse(review.comment)
        self.assertEqual(review.answered_at, END, "it counts on the first day")
        self.assertEqual(review.changed_at, END + timedelta(days=6.9))
        self.assertEqual(self._ratings().rating, 2)

    def test_too_late_to_change(self):
        review = self._review()
        self._answer(review)
        self._answer(review, days=6, stars_worker=4)
        for channel in ("page", "portal", "phone"):
            self.assertFalse(self._answer(review, channel, days=7, stars_worker=1))
        self.assertEqual((review.stars_worker, self._ratings().rating), (4, 4))

    def test_too_late_to_answer(self):
        review = self._review()
        self.assertFalse(self._answer(review, days=30))
        with self.at(END + timedelta(days=29)):
            review._gc_unanswered()
        self.assertEqual(review.state, "asked")
        with self.at(END + timedelta(days=30)):
            review._gc_unanswered()
        self.assertEqual(review.state, "closed")
        self.assertFalse(self._answer(review, days=31))
        self.assertTrue(self._answer(review, "phone", days=31, user=self.agent))
        self.assertEqual(review.state, "answered")

    def test_history(self):
        review = self._review()
        self._answer(review)
        self._answer(review, days=1, stars_worker=1)
        events = review.dispatch_id.event_ids.filtered(lambda e: e.kind == "review")
        self.assertEqual(
            events.mapped("summary"),
            [
                "The customer gives 5 of 5 stars (Page behind the link)",
                "The customer changes it to 1 of 5 stars (Page behind the link)",
            ],
        )
        self.assertNotIn(GOOD["comment"], str(events.read()))

    def test_words_stay_with_the_desk(self):
        """Chatter and rating can be read by many: the remark is in neither."""
        review = self._review()
        self._answer(review)
        texts = self.ticket.message_ids.mapped("body")
        texts += review.dispatch_id.message_ids.mapped("body")
        texts += [rating.feedback for rating in self._ratings()]
        self.assertNotIn(GOOD["comment"], str(texts))

    # ------------------------------------------------------------------
    # what the worker is measured by
    # ------------------------------------------------------------------

    def _run_measures(self):
        self._run_jobs("crowd.membership")
        return self.member.quality, self.member.quality_count

    def test_quality_follows(self):
        review = self._review()
        self._answer(review, stars_worker=4)
        self.assertEqual(self._run_measures(), (4.0, 1))
        self._answer(review, days=1, stars_worker=2)
        self.assertEqual(self._run_measures(), (2.0, 1))

    def test_rating(self):
        review = self._review()
        self._answer(review)
        rating = self._ratings()
        self.assertEqual(rating, review.rating_id)
        self.assertEqual(rating.crowd_offer_id, review.offer_id)
        self.assertEqual(rating.partner_id, self.customer)
        self.assertEqual(rating.rated_partner_id, self.anna.partner_id)
        self.assertTrue(rating.consumed)

    def test_an_older_rating_of_the_job_does_not_count_beside_it(self):
        review = self._review()
        token = self.ticket.rating_get_access_token()
        self.ticket.rating_apply(1, token=token)
        self.assertEqual(self._run_measures(), (1.0, 1))
        self._answer(review)
        self.assertEqual(self._run_measures(), (5.0, 1))

    def test_a_later_rating_of_the_ticket_does_not_count_beside_it(self):
        review = self._review()
        token = self.ticket.rating_get_access_token()
        self._answer(review)
        self.ticket.rating_apply(1, token=token)
        self.assertEqual(self._run_measures(), (5.0, 1))

    # ------------------------------------------------------------------
    # by phone
    # ------------------------------------------------------------------

    def _open_wizard(self, record, user=None, method="action_record_answer"):
        record = record.with_user(user or self.agent)
        action = getattr(record, method)()
        model = self.env[action["res_model"]].with_user(user or self.agent)
        return Form(model.with_context(**action["context"]))

    def test_by_phone(self):
        review = self._review()
        with self.at(END + timedelta(hours=3)):
            form = self._open_wizard(review)
            self.assertIn(SECRETS["mobile"], form.phone)
            form.stars_worker = "4"
            form.would_book_again = "no"
            form.comment = "Too late"
            form.save().action_confirm()
        self.assertEqual((review.stars_worker, review.stars_solution), (4, 0))
        self.assertEqual((review.would_book_again, review.comment), ("no", "Too late"))
        self.assertEqual((review.channel, review.answered_by_id), ("phone", self.agent))

    def test_by_phone_from_dispatch_and_ticket(self):
        review = self._review()
        for record, method in (
            (review.dispatch_id, "action_record_answer"),
            (self.ticket, "action_crowd_record_answer"),
        ):
            with self.at(END):
                form = self._open_wizard(record, method=method)
                self.assertEqual(form.dispatch_id, review.dispatch_id)

    def test_the_wizard_shows_what_was_said(self):
        review = self._review()
        self._answer(review)
        with self.at(END + timedelta(hours=1)):
            form = self._open_wizard(review)
            self.assertEqual((form.stars_worker, form.stars_solution), ("5", "4"))
            self.assertEqual(form.comment, GOOD["comment"])
            form.stars_worker = "3"
            form.save().action_confirm()
        self.assertEqual((review.stars_worker, review.comment), (3, GOOD["comment"]))

    def test_by_phone_where_nobody_was_asked(self):
        self.company_a.crowd_review_ask = False
        offer = self._end_job()
        with self.at(END):
            form = self._open_wizard(offer.dispatch_id)
            form.stars_worker = "5"
            form.save().action_confirm()
        self.assertEqual(self._review(offer).stars_worker, 5)

    def test_by_phone_needs_stars(self):
        with self.at(END), self.assertRaises(UserError):
            self._open_wizard(self._review()).save().action_confirm()

    def test_by_phone_only_after_the_end(self):
        (offer,) = self._offer_to(self.anna)
        for record, method in (
            (offer.dispatch_id, "action_record_answer"),
            (self.ticket, "action_crowd_record_answer"),
        ):
            with self.assertRaises(UserError):
                self._open_wizard(record, method=method)

    def test_too_late_by_phone(self):
        review = self._review()
        self._answer(review)
        with self.at(END + timedelta(days=6)):
            wizard = self._open_wizard(review)
            wizard.stars_worker = "1"
            wizard = wizard.save()
        with self.at(END + timedelta(days=8)):
            for act in (wizard.action_confirm, review.action_record_answer):
                with self.assertRaises(UserError):
                    act()
        self.assertEqual(review.stars_worker, 5)

    # ------------------------------------------------------------------
    # screens
    # ------------------------------------------------------------------

    def test_labels(self):
        review = self._review()
        ticket = self.ticket.with_user(self.agent)
        self.assertEqual(ticket.crowd_review_label, "Asked")
        self._answer(review)
        ticket.invalidate_cache()
        self.assertEqual(ticket.crowd_review_label, "★★★★★")
        self.assertEqual(review.solution_stars, "★★★★☆")
        dispatch = review.dispatch_id.with_user(self.agent)
        self.assertEqual(dispatch.review_label, "★★★★★")
        worker = self.anna.with_user(self.agent)
        self.assertEqual(worker.crowd_review_count, 1)
        for record, method in (
            (worker, "action_view_crowd_reviews"),
            (ticket, "action_view_crowd_reviews"),
            (dispatch, "action_view_reviews"),
        ):
            domain = getattr(record, method)()["domain"]
            found = self.env["crowd.review"].with_user(self.agent).search(domain)
            self.assertEqual(found, review)

    def test_averages_are_of_the_answers(self):
        reviews = self._review() | self._review(ticket=self._create_secret_ticket())
        self._answer(reviews[0], stars_worker=4, stars_solution=2)
        self._answer(reviews[1], stars_worker=2)
        group = self.env["crowd.review"].read_group(
            [("id", "in", reviews.ids)],
            ["stars_worker", "stars_solution"],
            ["company_id"],
            lazy=False,
        )[0]
        self.assertEqual((group["stars_worker"], group["stars_solution"]), (3, 2))

    # ------------------------------------------------------------------
    # merges
    # ------------------------------------------------------------------

    def _merge(self, one, other):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((one | other).ids, dst_partner=one)
        self.env.cache.invalidate()

    def test_two_workers_who_are_one(self):
        review = self._review()
        self._answer(review)
        double = self._create_worker("Anna Double", km=6)
        self._merge(double.partner_id, self.anna.partner_id)
        self.assertEqual(review.worker_id, double)
        self.assertEqual(double.crowd_membership_ids.quality_count, 1)

    def test_two_customers_who_are_one(self):
        review = self._review()
        double = self.env["res.partner"].create({"name": "Double"})
        self._merge(double, self.customer)
        self.assertEqual(review.partner_id, double)
        self._answer(review)
        self.assertEqual(self._ratings().partner_id, double)
