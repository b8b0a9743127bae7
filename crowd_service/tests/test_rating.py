import re

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CrowdHttpCase


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
        for rate in (0, 2, 4, 6, 10**9):
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
