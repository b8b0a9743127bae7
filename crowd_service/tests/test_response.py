from datetime import datetime, timedelta

from psycopg2 import sql

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..matching import hours
from ..models.crowd_response import bucket_sql
from .measures_common import NOON, MeasuresCase


@tagged("post_install", "-at_install")
class TestResponse(MeasuresCase):
    """What the offers of the last 90 days say about answering."""

    def _refresh(self, members=None, at=NOON):
        with self.at(at + timedelta(hours=1)):
            return self.env["crowd.response"]._refresh(members and members.ids)

    def _lines(self, member=None):
        return self.env["crowd.response"].search(
            [("membership_id", "=", (member or self.member).id)]
        )

    def _buckets(self, *moments):
        """Return the parts of the week that offers sent then are counted in."""
        for moment in moments:
            self._create_offer(state="declined", sent_at=moment)
        self._refresh(self.member, max(moments))
        return self._lines().mapped("bucket")

    # -- the part of the week ---------------------------------------------

    def test_sql_agrees_with_python(self):
        start = datetime(2026, 3, 2)
        moments = [start + timedelta(minutes=30 * n) for n in range(14 * 48)]
        moments += [m - timedelta(seconds=1) for m in moments]
        query = sql.SQL(
            "SELECT array_agg({bucket} ORDER BY place)"
            " FROM unnest(%s::timestamp[]) WITH ORDINALITY AS all_of (moment, place)"
        ).format(bucket=bucket_sql("moment"))
        self.env.cr.execute(query, (moments,))
        self.assertEqual(self.env.cr.fetchone()[0], [hours.bucket(m) for m in moments])

    def test_zone_of_the_company(self):
        """17:30 UTC is afternoon in London and evening in Zurich; summer moves it."""
        self.assertEqual(self._buckets(datetime(2026, 3, 4, 17, 30)), [3])

    def test_both_changes_of_the_clock(self):
        winter = datetime(2026, 3, 27, 20, 30)  # Friday, 21:30 at +1
        summer = datetime(2026, 3, 30, 20, 30)  # Monday, 22:30 at +2
        self.assertEqual(self._buckets(winter, summer), [0, 3])
        self.env["crowd.offer"].search([("worker_id", "=", self.anna.id)]).unlink()
        summer = datetime(2026, 10, 23, 19, 45)  # Friday, 21:45 at +2
        winter = datetime(2026, 10, 26, 20, 45)  # Monday, 21:45 at +1
        self.assertEqual(self._buckets(summer, winter), [3])

    def test_weekend_begins_at_local_midnight(self):
        friday = datetime(2026, 3, 6, 22, 59)
        self.assertEqual(self._buckets(friday, friday + timedelta(minutes=1)), [0, 4])

    def test_company_without_a_zone(self):
        self.company_a.resource_calendar_id = False
        self.assertEqual(self._buckets(datetime(2026, 3, 4, 17, 30)), [2])

    # -- what counts -------------------------------------------------------

    def test_formula(self):
        for state, minutes in (
            ("declined", 0),
            ("completed", 10),
            ("backed_out", 30),
            ("expired", None),
        ):
            self._create_offer(state=state, minutes=minutes)
        self._refresh(self.member)
        line = self._lines()
        self.assertEqual((line.asked_count, line.answered_count), (4, 3))
        self.assertAlmostEqual(line.response_sum, 1 + 1 / 2 + 1 / 4, 4)
        self.assertAlmostEqual(line.answer_minutes, 40 / 3, 1)
        self.assertAlmostEqual(line.answered_share, 75)
        self.assertEqual(line.week_part, str(line.bucket))
        self.assertEqual(line.company_id, self.company_a)

    def test_silence_has_no_minutes(self):
        self._create_offer(state="expired", minutes=None)
        self._refresh(self.member)
        self.env.cr.execute(
            "SELECT answer_minutes, response_sum FROM crowd_response WHERE id = %s",
            (self._lines().id,),
        )
        self.assertEqual(self.env.cr.fetchone(), (None, 0))

    def test_outrun_within_five_minutes_is_left_out(self):
        self._create_offer(state="lost", minutes=4.9)
        self._refresh(self.member)
        self.assertFalse(self._lines())
        self._create_offer(state="lost", minutes=5)
        self._refresh(self.member)
        self.assertEqual(self._lines().asked_count, 1)
        self.assertEqual(self._lines().answered_count, 0)

    def test_withdrawn(self):
        offer = self._create_offer(state="withdrawn", minutes=None)
        offer.flush()
        for minutes, asked in ((2, 0), (20, 1)):
            self.env.cr.execute(
                "UPDATE crowd_offer SET write_date = %s WHERE id = %s",
                (NOON + timedelta(minutes=minutes), offer.id),
            )
            self._refresh(self.member)
            self.assertEqual(sum(self._lines().mapped("asked_count")), asked)

    def test_job_taken_back_was_an_answer(self):
        self._create_offer(state="withdrawn", minutes=10)
        self._refresh(self.member)
        self.assertEqual(self._lines().answered_count, 1)
        self.assertAlmostEqual(self._lines().response_sum, 0.5)

    def test_desk_and_escalation_are_no_offers(self):
        self._create_offer(origin="desk")
        self._create_offer(origin="escalation")
        self._create_offer(channel="desk")
        self._create_offer(state="draft", minutes=None)
        self._create_offer(state="sent", minutes=None)
        self._refresh(self.member)
        self.assertFalse(self._lines())

    def test_phone_is_an_answer(self):
        self._create_offer(state="declined", channel="phone")
        self._refresh(self.member)
        self.assertEqual(self._lines().answered_count, 1)

    # -- refresh -----------------------------------------------------------

    def test_old_offers_go(self):
        self._create_offer(state="declined")
        self._refresh(self.member)
        self.assertTrue(self._lines())
        changed = self._refresh(self.member, NOON + timedelta(days=91))
        self.assertEqual(changed, self.member.ids)
        self.assertFalse(self._lines())

    def test_again_writes_nothing(self):
        self._create_offer(state="declined", minutes=7)
        self._create_offer(self.beat, state="expired", minutes=None)
        self.assertIn(self.member.id, self._refresh())
        before = self._rows("crowd_response")
        self.assertEqual(self._refresh(), [])
        self.assertEqual(self._rows("crowd_response"), before)

    def test_only_what_changed_is_written(self):
        self._create_offer(state="declined")
        self._create_offer(self.beat, state="declined")
        self._refresh()
        self._create_offer(state="declined")
        self.assertEqual(self._refresh(), self.member.ids)

    def test_only_given_members(self):
        self._create_offer(state="declined")
        self._create_offer(self.beat, state="declined")
        self._refresh(self.member)
        self.assertTrue(self._lines())
        self.assertFalse(self._lines(self.other_member))

    def test_nobody(self):
        self.assertEqual(self.env["crowd.response"]._refresh([]), [])
        self.assertEqual(self._refresh(self.other_member), [])

    def test_companies_are_apart(self):
        member_b = self._create_membership(self.anna, self.community_b)
        dispatch_b = self._create_dispatch()
        dispatch_b.company_id = self.company_b
        self._create_offer(state="declined")
        self._create_offer(
            state="expired",
            minutes=None,
            dispatch=dispatch_b,
            membership_id=member_b.id,
        )
        self._refresh(self.member | member_b)
        self.assertEqual(self._lines().answered_count, 1)
        self.assertEqual(self._lines(member_b).answered_count, 0)
        self.assertEqual(self._lines(member_b).company_id, self.company_b)

    # -- rights ------------------------------------------------------------

    def test_rights(self):
        self._create_offer(state="declined")
        self._refresh(self.member)
        line = self._lines()
        self.assertTrue(line.with_user(self.agent).read(["asked_count"]))
        for user in (self.technician, self.employee, self.portal_user, self.agent_b):
            with self.assertRaises(AccessError):
                line.with_user(user).read(["asked_count"])

    def test_manager_may_not_write(self):
        self._create_offer(state="declined")
        self._refresh(self.member)
        with self.assertRaises(AccessError):
            self._lines().with_user(self.manager).write({"asked_count": 100})
