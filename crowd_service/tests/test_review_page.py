from datetime import timedelta

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..log_filter import mask
from .delivery_common import SECRETS
from .page_common import TABLES, PageCase
from .review_common import GOOD, REOPENED, ReviewFactory


class ReviewPageCase(ReviewFactory, PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_reviews()

    def setUp(self):
        super().setUp()
        self.now = self.env["crowd.clock"].now().replace(microsecond=0)
        self.offer = self._end_job(moment=self.now)
        self.dispatch = self.offer.dispatch_id
        self.review = self._review(self.offer)

    def _let_pass(self, days):
        """Let ``days`` pass since the question, and since the answer."""
        since = timedelta(days=days)
        self.review.asked_at -= since
        if self.review.answered_at:
            self.review.answered_at -= since

    def assertUnanswered(self):
        self.assertEqual(self.review.state, "asked")
        self.assertFalse(self.review.rating_id)


@tagged("post_install", "-at_install")
class TestReviewPage(ReviewPageCase):
    """The page behind the link. GET shows, POST writes."""

    def setUp(self):
        super().setUp()
        self.delivery = self._told(self.dispatch)
        self.path = "/crowd/review/%s" % self._token()

    def _token(self, purpose="review"):
        return self.env["crowd.token"]._mint(purpose, self.dispatch, self.delivery)

    def _send(self, page=None, **values):
        """Fill in the form of the page."""
        page = page or self.url_open(self.path)
        values.setdefault("csrf_token", self._csrf(page))
        return self.url_open(self.path, data=values)

    def test_page(self):
        page = self.url_open(self.path)
        self.assertEqual(page.status_code, 200)
        self.assertHeaders(page)
        self.assertNothingFromElsewhere(page.text)
        for text in ("How was it?", "How was Anna?", self.ticket.number, "Friend"):
            self.assertIn(text, page.text)
        self.assertNotIn("Helper", page.text, "the first name is enough")
        self.assertNoSecrets(page.text)

    def test_the_whitelist_is_all_there_is(self):
        from ..models.crowd_review_page import REVIEW

        values = self.review._crowd_review_values()
        self.assertEqual(sorted(values), sorted(REVIEW))

    def test_get_writes_nothing(self):
        before = self._rows()
        for query in ("", "?stars_worker=1", "?stars_worker=1&csrf_token=x"):
            self.url_open(self.path + query)
            self.opener.head(self.url_base() + self.path + query)
        self.assertEqual(self._rows(), before, TABLES)

    def test_post_writes_once(self):
        page = self._send(**GOOD)
        self.assertEqual(page.status_code, 200)
        self.assertIn("Thank you for your answer!", page.text)
        self.assertIn("5 of 5 stars", page.text)
        self.assertIn(GOOD["comment"], page.text)
        self.assertEqual({name: self.review[name] for name in GOOD}, GOOD)
        self.assertEqual(self.review.channel, "page")
        before = self.review.read()
        self._send(page, **GOOD)
        self.assertEqual(self.review.read(), before)
        self.assertEqual(len(self._ratings()), 1)

    def test_answer_is_a_redirect(self):
        page = self.url_open(self.path)
        data = {"csrf_token": self._csrf(page), "stars_worker": "4"}
        answer = self.url_open(self.path, data=data, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertHeaders(answer)

    @mute_logger("odoo.http")
    def test_post_needs_the_page(self):
        for csrf_token in ("", "wrong"):
            answer = self._send(csrf_token=csrf_token, stars_worker="5")
            self.assertEqual(answer.status_code, 400)
        self.assertUnanswered()

    def test_bad_forms(self):
        for values in (
            {},
            {"stars_worker": "0"},
            {"stars_worker": "6"},
            {"stars_worker": "abc"},
            {"stars_worker": "5.0"},
            {"stars_worker": "9" * 40},
            {"stars_worker": "٥"},
            {"stars_worker": "5", "stars_solution": "x"},
            {"stars_worker": "5", "would_book_again": "<b>"},
        ):
            with self.subTest(values=values):
                page = self._send(**values)
                self.assertEqual(page.status_code, 400)
                self.assertIn('role="alert"', page.text)
        self.assertUnanswered()

    def test_other_fields_are_not_written(self):
        self._send(stars_worker="5", state="closed", worker_id="1", day="2020-01-01")
        self.assertEqual(self.review.state, "answered")
        self.assertEqual(self.review.worker_id, self.anna)

    def test_remark_is_text(self):
        page = self._send(stars_worker="5", comment="<script>alert(1)</script>\x00")
        self.assertNotIn("<script>alert", page.text)
        self.assertEqual(self.review.comment, "<script>alert(1)</script>")

    def test_remark_has_an_end(self):
        self._send(stars_worker="5", comment="x" * 5000)
        self.assertEqual(len(self.review.comment), 4000)

    def test_change(self):
        self._send(**GOOD)
        page = self.url_open(self.path)
        self.assertIn("Change my answer", page.text)
        self._send(stars_worker="2", comment="No")
        self.assertEqual((self.review.stars_worker, self.review.comment), (2, "No"))
        self.assertEqual(self.review.stars_solution, GOOD["stars_solution"])
        self.assertTrue(self.review.changed_at)

    def test_too_late_to_change(self):
        page = self._send(**GOOD)
        self._let_pass(8)
        late = self._send(page, stars_worker="1")
        self.assertIn("Thank you for your answer!", late.text)
        self.assertNotIn("Change my answer", late.text)
        self.assertEqual(self.review.stars_worker, 5)

    def test_too_late_to_answer(self):
        page = self.url_open(self.path)
        self._let_pass(31)
        late = self._send(page, stars_worker="5")
        self.assertIn("time to answer is over", late.text)
        self.assertNotIn("csrf_token", late.text)
        self.assertUnanswered()

    def test_in_his_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        self.service.with_context(lang="fr_FR").name = "Réseau domestique"
        page = self.url_open(self.path)
        self.assertIn('lang="fr-FR"', page.text)
        self.assertIn("Réseau domestique", page.text)

    def test_after_reopening_it_is_about_the_same_job(self):
        self.ticket.stage_id = self.env.ref(REOPENED)
        self._offer_to(self.rival)
        self._send(stars_worker="4")
        self.assertEqual(self.review.stars_worker, 4)
        self.assertNotIn(SECRETS["rival"], self.url_open(self.path).text)

    # ------------------------------------------------------------------
    # whose link
    # ------------------------------------------------------------------

    def test_links_of_other_purposes(self):
        for token in (self._token("customer"), self._mint(self.offer), "x", "None"):
            path = "/crowd/review/%s" % token
            self.assertEqual(self.url_open(path).status_code, 404)
        token = self.path.rpartition("/")[2]
        for path in ("/crowd/ticket/%s", "/crowd/offer/%s"):
            self.assertEqual(self.url_open(path % token).status_code, 404)

    def test_a_foreign_link_writes_nothing(self):
        csrf_token = self._csrf(self.url_open(self.path))
        path = "/crowd/review/%s" % self._token("customer")
        data = {"csrf_token": csrf_token, "stars_worker": "1"}
        self.assertEqual(self.url_open(path, data=data).status_code, 404)
        self.assertUnanswered()

    def test_the_ticket_is_somebody_elses_now(self):
        page = self.url_open(self.path)
        self.ticket.partner_id = self.rival.partner_id
        answer = self._send(page, stars_worker="1")
        self.assertEqual(answer.status_code, 404)
        self.assertNoSecrets(answer.text)
        self.assertUnanswered()

    def test_the_customer_is_gone(self):
        self.customer.active = False
        self.assertEqual(self.url_open(self.path).status_code, 404)

    def test_revoked(self):
        token = self.path.rpartition("/")[2]
        self.env["crowd.token"]._find("review", token)._revoke()
        self.assertEqual(self.url_open(self.path).status_code, 404)

    def test_the_secret_is_not_logged(self):
        token = self.path.rpartition("/")[2]
        self.assertNotIn(token, mask("GET %s HTTP/1.1" % self.path))


@tagged("post_install", "-at_install")
class TestReviewPortal(ReviewPageCase):
    """Customers who log in answer on a page of their ticket."""

    def setUp(self):
        super().setUp()
        self.path = "/my/ticket/%s/review" % self.ticket.id
        self.portal_user.partner_id.parent_id = self.customer
        self.authenticate("crowd-portal", "crowd-portal")

    def _send(self, **values):
        page = self.url_open("/my/home")
        values.setdefault("csrf_token", self._find_csrf(page))
        return self.url_open(self.path, data=values)

    def _find_csrf(self, page):
        marker = 'csrf_token: "'
        start = page.text.index(marker) + len(marker)
        return page.text[start : page.text.index('"', start)]

    def test_a_colleague_of_the_customer_answers(self):
        page = self.url_open(self.path)
        self.assertIn("How was Anna?", page.text)
        self.assertNoSecrets(page.text, but=("name",))
        self._send(**GOOD)
        self.assertEqual({name: self.review[name] for name in GOOD}, GOOD)
        self.assertEqual(self.review.channel, "portal")

    def test_the_ticket_leads_there(self):
        self.ticket.message_subscribe(self.portal_user.partner_id.ids)
        ticket = "/my/ticket/%s" % self.ticket.id
        self.assertIn(self.path, self.url_open(ticket).text)
        self._send(stars_worker="5")
        self.assertNotIn(self.path, self.url_open(ticket).text)

    def test_get_writes_nothing(self):
        self.url_open(self.path)  # makes the style sheets of the portal
        before = self._rows()
        self.url_open(self.path + "?stars_worker=1")
        self.opener.head(self.url_base() + self.path)
        self.assertEqual(self._rows(), before, TABLES)

    def test_bad_form(self):
        self.assertEqual(self._send(stars_worker="6").status_code, 400)
        self.assertUnanswered()

    @mute_logger("odoo.http")
    def test_post_needs_a_page(self):
        answer = self._send(csrf_token="wrong", stars_worker="5")
        self.assertEqual(answer.status_code, 400)
        self.assertUnanswered()

    def test_somebody_elses_ticket(self):
        self.portal_user.partner_id.parent_id = False
        self.assertEqual(self.url_open(self.path).status_code, 404)
        self.assertEqual(self._send(stars_worker="1").status_code, 404)
        self.assertUnanswered()

    def test_the_desk_has_no_voice(self):
        self.authenticate("crowd-manager", "crowd-manager")
        self.assertEqual(self.url_open(self.path).status_code, 404)
        self.assertUnanswered()

    def test_the_worker_has_no_voice(self):
        self.review.worker_id = self.env["fsm.person"].create(
            {"partner_id": self.portal_user.partner_id.id, "name": "x"}
        )
        self.assertEqual(self._send(stars_worker="5").status_code, 404)
        self.assertUnanswered()

    def test_a_ticket_without_a_question(self):
        ticket = self._create_secret_ticket()
        page = self.url_open("/my/ticket/%s/review" % ticket.id)
        self.assertEqual(page.status_code, 404)

    def test_without_login(self):
        self.logout()
        self.assertIn("/web/login", self.url_open(self.path).url)
