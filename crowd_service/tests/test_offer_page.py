import logging
from datetime import timedelta

from odoo.tests import tagged

from .delivery_common import FOR_THE_HOLDER, SECRETS
from .page_common import PageCase


@tagged("post_install", "-at_install")
class TestOfferPage(PageCase):
    """The page behind the link: GET shows, POST acts, nothing leaks."""

    def setUp(self):
        super().setUp()
        self.offer, self.other = self._offer_to(self.anna, self.rival)
        self.url = "/crowd/offer/%s" % self._mint(self.offer)
        self.other_url = "/crowd/offer/%s" % self._mint(self.other)

    # ------------------------------------------------------------------
    # what it shows
    # ------------------------------------------------------------------

    def test_an_open_offer(self):
        page = self.url_open(self.url)
        self.assertEqual(page.status_code, 200)
        self.assertHeaders(page)
        self.assertIn("frame-ancestors 'none'", page.headers["Content-Security-Policy"])
        for text in (
            "Home network",
            "The home network has to be set up again.",
            "Bern (30…)",
            "2 to 5 km",
            "49.00",
            "As soon as possible",
            "about 60 minutes",
            "Accept the job",
            "Friends of A",
            "logo.png?company=%d" % self.company_a.id,
        ):
            self.assertIn(text, page.text)
        self.assertNoSecrets(page.text)
        self.assertNoSecrets(page.headers)
        self.assertNothingFromElsewhere(page.text)

    def test_the_holder_sees_the_customer_and_the_others_do_not(self):
        page = self._post(self.url_open(self.url), "accept")
        self.assertEqual(page.status_code, 200)
        self.assertIn("The job is yours", page.text)
        for name in FOR_THE_HOLDER:
            self.assertIn(SECRETS[name], page.text, name)
        self.assertNoSecrets(page.text, but=FOR_THE_HOLDER)
        self.assertIn(self.ticket.number, page.text)
        self.assertIn("tel:", page.text)
        self.assertHeaders(page)
        self.assertNotIn("The job is yours", self.url_open(self.url).text)
        rival = self.url_open(self.other_url)
        self.assertIn("Somebody else was faster", rival.text)
        self.assertNoSecrets(rival.text)
        self.assertNotIn("home network", rival.text)

    def test_the_customer_is_hidden_again_at_the_end(self):
        for action, values in (("done", {}), ("back_out", {"reason": "sick"})):
            (offer,) = self._offer_to(self.anna, ticket=self._create_secret_ticket())
            url = "/crowd/offer/%s" % self._mint(offer)
            page = self._post(self.url_open(url), "accept")
            self.assertIn(SECRETS["street"], page.text, action)
            self._post(page, action, **values)
            page = self.url_open(url)
            self.assertEqual(page.status_code, 200)
            self.assertNoSecrets(page.text)
            self.assertNotIn("csrf_token", page.text)

    def test_withdrawn_expired_and_paused(self):
        self.other._withdraw()
        self.assertIn("withdrawn this offer", self.url_open(self.other_url).text)
        with self.at(self.offer.expires_at + timedelta(seconds=1)):
            offer = self.offer._as_reader()
            values = offer._crowd_public_values()
            self.assertEqual(values["phase"], "closed")
            self.assertIn("over", values["sentence"])
        self._post(self.url_open(self.url), "accept")
        dispatch = self.offer.dispatch_id
        until = self.env["crowd.clock"].now() + timedelta(days=1)
        dispatch._pause(until, "waiting for parts")
        page = self.url_open(self.url)
        self.assertNoSecrets(page.text)
        self.assertIn("pauses", page.text)

    def test_language_of_the_worker(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.anna.lang = "fr_FR"
        self.service.with_context(lang="fr_FR").name = "Réseau domestique"
        page = self.url_open(self.url)
        self.assertIn("Réseau domestique", page.text)
        self.assertIn("49,00", page.text)
        self.assertIn('lang="fr-FR"', page.text)

    def test_terms_and_texts_cannot_act(self):
        self.community.terms = "<p>Be nice<script>alert(7)</script></p>"
        self.offer.dispatch_id.summary = "<img src=x onerror=alert(8)>"
        page = self.url_open(self.url)
        self.assertIn("Be nice", page.text)
        self.assertNotIn("alert(7)", page.text)
        self.assertNotIn("<img src=x", page.text)
        self.assertIn("&lt;img src=x", page.text)

    def test_remote_work_has_no_place(self):
        self.service.crowd_place = "remote"
        page = self.url_open(self.url)
        self.assertIn("From where you are", page.text)
        self.assertNotIn("2 to 5 km", page.text)
        page = self._post(page, "accept")
        self.assertNotIn(SECRETS["street"], page.text)
        self.assertIn(SECRETS["phone"], page.text)

    # ------------------------------------------------------------------
    # GET writes nothing
    # ------------------------------------------------------------------

    def test_looking_changes_no_row(self):
        self.url_open(self.url)  # makes the style sheets, once
        before = self._rows()
        self.assertGreater(len(before), 30)
        for url in (self.url, self.other_url, "/crowd/offer/nonsense"):
            for path in (url, url + "/accept", url + "/decline", url + "/done"):
                self.url_open(path)
                self.opener.head(self.url_base() + path)
                self.opener.options(self.url_base() + path)
        self.assertEqual(self._rows(), before)
        self.assertEqual(self.offer.state, "sent")

    def test_scanners_do_not_eat_the_answer(self):
        page = self._post(
            self.url_open(self.url), "decline", reason="", allow_redirects=False
        )
        self.assertEqual(page.status_code, 303)
        self.assertHeaders(page)
        self.opener.head(self.url_base() + self.url)
        self.assertIn("choose a reason", self.url_open(self.url).text)
        self.assertNotIn("choose a reason", self.url_open(self.url).text)

    def test_forms_from_elsewhere(self):
        page = self.url_open(self.url)
        for token in ("", "wrong", "a" * 40 + "o9999999999"):
            answer = self._post(page, "accept", csrf_token=token)
            self.assertEqual(answer.status_code, 400)
        self.assertEqual(self.offer.state, "sent")

    # ------------------------------------------------------------------
    # links that are none
    # ------------------------------------------------------------------

    def test_unknown_revoked_and_archived_look_alike(self):
        archived = self._mint(self.other)
        self.other._withdraw()
        self.rival.active = False
        revoked = self._mint(self.offer)
        tokens = self.env["crowd.token"]
        tokens.search([("token_hash", "=", tokens._hash(revoked))])._revoke()
        bodies = set()
        for token in ("x", "x" * 43, "é🙂", "%00", "a" * 5000, archived, revoked):
            page = self.url_open("/crowd/offer/%s" % token)
            self.assertEqual(page.status_code, 404, token[:50])
            self.assertIn("This link is not valid", page.text)
            self.assertHeaders(page)
            bodies.add(page.text)
        self.assertEqual(len(bodies), 1)

    def test_nobody_answers_with_a_wrong_link(self):
        page = self.url_open(self.url)
        csrf = self._csrf(page)
        for token in ("x" * 43, "%s" % self.offer.id):
            for action in ("accept", "decline", "done"):
                answer = self.url_open(
                    "/crowd/offer/%s/%s" % (token, action), data={"csrf_token": csrf}
                )
                self.assertEqual(answer.status_code, 404)
        self.assertEqual(self.offer.state, "sent")

    # ------------------------------------------------------------------
    # answers
    # ------------------------------------------------------------------

    def test_the_life_of_a_job(self):
        page = self._post(self.url_open(self.url), "accept")
        self.assertEqual(self.offer.state, "accepted")
        self.assertEqual(self.offer.channel, "mail")
        self.assertFalse(self.offer.answered_by_id)
        page = self._post(page, "start")
        self.assertEqual(self.offer.dispatch_id.state, "in_progress")
        self.assertNotIn("I begin now", page.text)
        page = self._post(page, "done", note="New cable.")
        self.assertEqual(self.offer.state, "completed")
        self.assertIn("New cable.", self.offer.dispatch_id.order_id.resolution)
        self.assertIn("Thank you", page.text)

    def test_not_solved(self):
        page = self._post(self.url_open(self.url), "accept")
        self._post(page, "unsolved", note="Needs a new router.")
        self.assertEqual(self.offer.dispatch_id.state, "unsolved")

    def test_give_back(self):
        page = self._post(self.url_open(self.url), "accept")
        page = self._post(page, "back_out", reason="sick", note="flu")
        self.assertEqual(self.offer.state, "backed_out")
        self.assertEqual(self.offer.decline_reason, "sick")
        self.assertIn("given back", page.text)

    def test_decline(self):
        page = self._post(
            self.url_open(self.url), "decline", reason="no_time", note="next week"
        )
        self.assertEqual(self.offer.state, "declined")
        self.assertEqual(self.offer.answer_note, "next week")
        self.assertIn("Thank you for telling us", page.text)
        self.assertNotIn("Accept the job", page.text)

    def test_a_double_tap_and_a_late_one(self):
        page = self.url_open(self.url)
        late = self.url_open(self.other_url)
        self._post(page, "accept")
        again = self._post(page, "accept")
        self.assertIn("You have this job", again.text)
        answer = self._post(late, "accept")
        self.assertEqual(answer.status_code, 200)
        self.assertIn("Somebody else was faster", answer.text)
        self.assertEqual(self.other.state, "lost")

    def test_an_answer_after_the_deadline(self):
        page = self.url_open(self.url)
        self.offer.expires_at = self.env["crowd.clock"].now() - timedelta(seconds=5)
        answer = self._post(page, "accept")
        self.assertIn("The time to answer is over", answer.text)
        self.assertEqual(answer.text.count("The time to answer is over"), 1)
        self.assertEqual(self.offer.state, "sent")

    def test_a_full_worker_is_told_why(self):
        (other,) = self._offer_to(self.anna, ticket=self._create_secret_ticket())
        self._post(self.url_open(self.url), "accept")
        page = self._post(
            self.url_open("/crowd/offer/%s" % self._mint(other)), "accept"
        )
        self.assertIn("You have 1 of 1 jobs open", page.text)

    def test_what_the_desk_must_repair(self):
        self.ticket.fsm_location_id = False
        page = self.url_open(self.url)
        with self.assertLogs("odoo.addons.crowd_service", logging.WARNING):
            page = self._post(page, "accept")
        self.assertEqual(page.status_code, 200)
        self.assertIn("Please call us", page.text)
        self.assertEqual(self.offer.state, "sent")

    def test_bad_forms(self):
        page = self.url_open(self.url)
        for values in (
            {},
            {"reason": "because"},
            {"reason": "no_time" * 5000},
            {"reason": "no_time", "note": "x" * 100000},
            {"reason": ["no_time", "sick"], "note": "\x00" * 3000 + "y" * 3000},
        ):
            answer = self._post(page, "decline", **values)
            self.assertEqual(answer.status_code, 200)
            self.assertIn("alert-warning", answer.text)
        self.assertEqual(self.offer.state, "sent")
        for action in ("delete", "write", "_accept", "%2e%2e", "accept%00", "é"):
            self.assertEqual(self._post(page, action).status_code, 404, action)
        answer = self._post(
            page, "decline", reason="other", note="a\x00b 🙂", state="accepted", price=1
        )
        self.assertEqual(self.offer.state, "declined")
        self.assertEqual(self.offer.answer_note, "ab 🙂")
        self.assertEqual(self.offer.price, 49.0)

    def test_a_file_instead_of_a_text(self):
        page = self.url_open(self.url)
        csrf = self._csrf(page)
        answer = self.opener.post(
            self.url_base() + self.url + "/decline",
            data={"csrf_token": csrf},
            files={"reason": ("r.txt", b"no_time"), "note": ("n.txt", b"x")},
        )
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.offer.state, "sent")

    def test_the_link_is_not_logged(self):
        token = self.url.rpartition("/")[2]
        with (
            self.assertLogs("werkzeug", logging.INFO) as access,
            self.assertLogs("odoo.http", logging.WARNING) as warnings,
        ):
            page = self.url_open(self.url)
            self._post(page, "accept", csrf_token="wrong")
        for log in (access, warnings):
            self.assertNotIn(token, "\n".join(log.output))
        self.assertIn("/crowd/offer/***", "\n".join(warnings.output))
