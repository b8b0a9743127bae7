import re
from datetime import datetime, timedelta

import pytz

from odoo.tests import tagged

from .page_common import PageCase

ZONE = pytz.timezone("Europe/Zurich")
DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestPortalAvailability(PageCase):
    """A friend says in the portal when he wants to be asked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls._create_user(
            "anna helper", "base.group_portal", partner_id=cls.anna.partner_id.id
        )
        cls.anna.partner_id.tz = "Europe/Zurich"
        cls.rival_absence = cls.env["crowd.absence"].create(
            {
                "worker_id": cls.rival.id,
                "date_from": datetime.now() - DAY,
                "date_to": datetime.now() + DAY,
            }
        )

    def setUp(self):
        super().setUp()
        self.authenticate("crowd-anna-helper", "crowd-anna-helper")
        self.page = self.url_open("/my/offers")
        self.tomorrow = datetime.now(ZONE).replace(tzinfo=None) + DAY

    def _switch(self, presence, until="", **values):
        return self._post(
            self.page, "presence", presence=presence, until=until, **values
        )

    def _be_away(self, first, last=""):
        return self._post(self.page, "absences", first=first, last=last)

    def _utc(self, local):
        return ZONE.localize(local).astimezone(pytz.utc).replace(tzinfo=None)

    def test_the_switch(self):
        self.assertHeaders(self.page)
        self.assertIn("You are asked at any time.", self.page.text)
        until = self.tomorrow.replace(second=0, microsecond=0)
        for presence, sentence in (
            ("available", "You are available until "),
            ("away", "You are not available until "),
        ):
            answer = self._switch(presence, until.strftime("%Y-%m-%dT%H:%M"))
            self.assertEqual(answer.status_code, 200)
            self.assertIn(sentence, answer.text)
            self.assertIn(until.strftime("%H:%M"), answer.text)
            self.assertEqual(self.anna.crowd_presence, presence)
            self.assertEqual(self.anna.crowd_presence_until, self._utc(until))
            answer = self._switch(presence)
            self.assertIn(sentence + "you say otherwise", answer.text)
            self.assertFalse(self.anna.crowd_presence_until)
        self.assertIn("Ask me at any time", answer.text)
        self.anna.calendar_id = self.company_a.resource_calendar_id
        answer = self._switch("calendar", until.strftime("%Y-%m-%dT%H:%M"))
        self.assertIn("You are asked during your working hours.", answer.text)
        self.assertIn("By my working hours", answer.text)
        self.assertEqual(self.anna.crowd_presence, "calendar")
        self.assertFalse(self.anna.crowd_presence_until)

    def test_the_switch_answers_nonsense(self):
        for until in ("soon", "2026-13-01T10:00", "0001-01-01T00:00", "1e9", "\x00"):
            answer = self._switch("available", until)
            self.assertIn("as a day and an hour", answer.text, until)
        answer = self._switch("away", "2020-01-01T10:00")
        self.assertIn("This time is past", answer.text)
        self.assertEqual(self._switch("asleep").status_code, 404)
        self.assertEqual(self._post(self.page, "presence").status_code, 404)
        answer = self._switch("away", csrf_token="")
        self.assertEqual(answer.status_code, 400)
        self.assertEqual(self.anna.crowd_presence, "calendar")

    def test_absences(self):
        first, last = self.tomorrow, self.tomorrow + 2 * DAY
        self._be_away(first.strftime("%Y-%m-%d"), last.strftime("%Y-%m-%d"))
        absence = self.anna.crowd_absence_ids
        midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
        self.assertEqual(absence.date_from, self._utc(midnight))
        self.assertEqual(absence.date_to, self._utc(midnight + 3 * DAY))
        answer = self._be_away(last.strftime("%Y-%m-%d"))
        self.assertEqual(answer.text.count("Remove</button>"), 2)
        remove = "absences/%d/remove" % absence.id
        answer = self._post(self.page, remove)
        self.assertFalse(absence.exists())
        self.assertEqual(answer.text.count("Remove</button>"), 1)
        self.assertEqual(self._post(self.page, remove).status_code, 404)

    def test_says_that_he_is_absent_today(self):
        today = datetime.now(ZONE).strftime("%Y-%m-%d")
        self.assertIn("You are absent until ", self._be_away(today).text)

    def test_absences_answer_nonsense(self):
        day = self.tomorrow.strftime("%Y-%m-%d")
        for first, last, sentence in (
            ("", "", "the first and the last day"),
            (day, "x", "the first and the last day"),
            ("9999-12-31", "9999-12-31", "the first and the last day"),
            (day, "2020-01-01", "before the first"),
            ("2020-01-01", "2020-01-02", "are past"),
        ):
            self.assertIn(sentence, self._be_away(first, last).text, (first, last))
        self.assertFalse(self.anna.crowd_absence_ids)

    def test_not_without_end(self):
        self.env["crowd.absence"].create(
            [
                {
                    "worker_id": self.anna.id,
                    "date_from": datetime.now(),
                    "date_to": datetime.now() + DAY,
                }
            ]
            * 50
        )
        answer = self._be_away(self.tomorrow.strftime("%Y-%m-%d"))
        self.assertIn("too many", answer.text)
        self.assertEqual(len(self.anna.crowd_absence_ids), 50)

    def test_absences_of_others_are_not_found(self):
        for number in (self.rival_absence.id, 0, 10**9 - 1, 10**30):
            answer = self._post(self.page, "absences/%d/remove" % number)
            self.assertEqual(answer.status_code, 404)
        self.assertTrue(self.rival_absence.exists())
        self.assertNotIn("absences/%d" % self.rival_absence.id, self.page.text)

    def test_looking_changes_nothing(self):
        absence = self.rival_absence.copy({"worker_id": self.anna.id})
        paths = (
            "/my/offers",
            "/my/offers/presence?presence=away",
            "/my/offers/absences?first=2030-01-01",
            "/my/offers/absences/%d/remove" % absence.id,
        )
        for path in paths:
            self.url_open(path)
        before = self._rows()
        for path in paths:
            self.assertEqual(self.url_open(path).status_code, 200)
            self.opener.head(self.url_base() + path)
        self.assertEqual(self._rows(), before)

    def test_who_is_no_worker_has_no_switch(self):
        self.authenticate("crowd-portal", "crowd-portal")
        page = self.url_open("/my/offers")
        self.assertNotIn("Change when I am asked", page.text)
        token = re.search(r'csrf_token: "(\w+)"', page.text).group(1)
        for action in ("presence", "absences", "absences/1/remove"):
            answer = self._post(page, action, csrf_token=token, presence="away")
            self.assertEqual(answer.status_code, 404)
        self.assertTrue(self.rival_absence.exists())

    def test_an_archived_worker_has_no_switch(self):
        self.anna.active = False
        self.assertEqual(self._switch("away").status_code, 404)
        self.assertEqual(self.anna.crowd_presence, "calendar")

    def test_visitors_log_in_first(self):
        self.logout()
        answer = self._switch("away")
        self.assertIn("/web/login", answer.url)
        self.assertEqual(self.anna.crowd_presence, "calendar")
