import re

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .delivery_common import FOR_THE_HOLDER, SECRETS
from .page_common import PageCase

MODELS = (
    "crowd.offer",
    "crowd.dispatch",
    "crowd.escalation",
    "crowd.delivery",
    "crowd.token",
    "crowd.membership",
    "crowd.community",
    "crowd.candidate",
    "crowd.event",
    "fsm.person",
)


@tagged("post_install", "-at_install")
class TestPortalOffers(PageCase):
    """The same pages for workers who log in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls._create_user(
            "anna helper", "base.group_portal", partner_id=cls.anna.partner_id.id
        )
        cls.anna.crowd_membership_ids.capacity = 5

    def setUp(self):
        super().setUp()
        self.offer, self.other = self._offer_to(self.anna, self.rival)
        self.authenticate("crowd-anna-helper", "crowd-anna-helper")
        self.url = "/my/offers/%d" % self.offer.id

    def test_list(self):
        page = self.url_open("/my/offers")
        self.assertEqual(page.status_code, 200)
        self.assertHeaders(page)
        self.assertIn("Open offers", page.text)
        self.assertIn(self.offer.name, page.text)
        self.assertNotIn(self.other.name + "<", page.text)
        self.assertNoSecrets(page.text)
        self.assertNotIn("My jobs</h2>", page.text)
        self._post(self.url_open(self.url), "accept")
        page = self.url_open("/my/offers")
        self.assertIn("My jobs</h2>", page.text)
        self.assertNoSecrets(page.text)

    def test_filters_and_pages(self):
        self.offer._decline("no_time")
        for number in range(21):
            (offer,) = self._offer_to(
                self.anna, ticket=self._create_ticket("T%s" % number)
            )
            offer._decline("no_time")
        first = self.url_open("/my/offers?filterby=past")
        second = self.url_open("/my/offers/page/2?filterby=past")
        self.assertEqual(first.text.count("crowd_line_text"), 20)
        self.assertEqual(second.text.count("crowd_line_text"), 2)
        self.assertIn(self.offer.name, second.text)
        self.assertIn("/my/offers/page/2", self.url_open("/my/offers").text)
        self.assertIn("nothing here", self.url_open("/my/offers?filterby=jobs").text)

    def test_home_counts_what_waits(self):
        self.assertIn("/my/offers", self.url_open("/my").text)
        self.assertEqual(self._counter(), 1)
        self.offer._accept("portal")
        self.assertEqual(self._counter(), 1)
        self.offer._finish(True)
        self.assertEqual(self._counter(), 0)

    def _counter(self):
        answer = self.opener.post(
            self.url_base() + "/my/counters",
            json={"params": {"counters": ["crowd_offer_count"]}},
        )
        return answer.json()["result"]["crowd_offer_count"]

    def test_somebody_who_is_no_worker(self):
        self.authenticate("crowd-portal", "crowd-portal")
        self.assertNotIn("/my/offers", self.url_open("/my").text)
        self.assertIn("nothing here", self.url_open("/my/offers").text)
        self.assertEqual(self._counter(), 0)
        self.assertEqual(self.url_open(self.url).status_code, 404)

    def test_an_archived_worker(self):
        self.offer._withdraw()
        self.anna.active = False
        self.assertEqual(self.url_open(self.url).status_code, 404)
        self.assertIn("nothing here", self.url_open("/my/offers").text)

    def test_the_page_and_the_life_of_a_job(self):
        page = self.url_open(self.url)
        self.assertHeaders(page)
        self.assertIn("Accept the job", page.text)
        self.assertIn(self.offer.name, page.text)
        self.assertNoSecrets(page.text)
        page = self._post(page, "accept")
        self.assertEqual(self.offer.channel, "portal")
        for name in FOR_THE_HOLDER:
            self.assertIn(SECRETS[name], page.text, name)
        self.assertNoSecrets(page.text, but=FOR_THE_HOLDER)
        page = self._post(page, "start")
        page = self._post(page, "done", note="Done.")
        self.assertEqual(self.offer.state, "completed")
        self.assertNoSecrets(page.text)

    def test_decline(self):
        page = self._post(self.url_open(self.url), "decline", reason="too_far")
        self.assertEqual(self.offer.decline_reason, "too_far")
        self.assertIn("Thank you for telling us", page.text)

    def test_foreign_and_missing_look_alike(self):
        missing = self.env["crowd.offer"].search([], limit=1, order="id desc").id + 999
        form = self.url_open(self.url)
        bodies = set()
        for number in (self.other.id, missing, 0, 10**30):
            page = self.url_open("/my/offers/%d" % number)
            self.assertEqual(page.status_code, 404, number)
            body = re.sub(r'csrf_token: "\w+"', "", page.text)  # tells the time
            bodies.add(body.replace("/my/offers/%d" % number, ""))
            for action in ("accept", "decline", "done", "nonsense"):
                form.url = self.url_base() + "/my/offers/%d" % number
                answer = self._post(form, action, reason="no_time")
                self.assertEqual(answer.status_code, 404)
        self.assertEqual(len(bodies), 1)
        self.assertEqual(self.other.state, "sent")

    def test_bad_input(self):
        for path in (
            "/my/offers/page/0",
            "/my/offers/page/99999999999999999999",
            "/my/offers?filterby=%27%3BDROP",
            "/my/offers?page=abc&filterby=open&filterby=past",
            "/my/offers?sortby=x&search=%00&groupby=y",
        ):
            self.assertEqual(self.url_open(path).status_code, 200, path)
        for path in (
            "/my/offers/abc",
            "/my/offers/-1",
            "/my/offers/page/x",
            self.url + "/x/y",
        ):
            self.assertEqual(self.url_open(path).status_code, 404, path)
        page = self.url_open(self.url)
        self.assertEqual(self._post(page, "nonsense").status_code, 404)
        answer = self._post(page, "decline", reason="no_time", note="x" * 100000)
        self.assertIn("too long", answer.text)
        self.assertEqual(self._post(page, "accept", csrf_token="").status_code, 400)
        self.assertEqual(self.offer.state, "sent")

    def test_looking_changes_no_row(self):
        paths = ("/my/offers", self.url, self.url + "/accept", "/my/offers/page/2")
        for path in paths:
            self.url_open(path)
        before = self._rows()
        for path in paths:
            self.url_open(path)
            self.opener.head(self.url_base() + path)
        self.assertEqual(self._rows(), before)

    def test_visitors_log_in_first(self):
        self.logout()
        for path in ("/my/offers", self.url):
            page = self.url_open(path, allow_redirects=False)
            self.assertIn(page.status_code, (302, 303), path)
            self.assertIn("/web/login", page.headers["Location"])

    def test_portal_users_have_no_rights_on_records(self):
        for model in MODELS:
            records = self.env[model].with_user(self.user)
            with self.assertRaises(AccessError, msg=model):
                records.search([])
