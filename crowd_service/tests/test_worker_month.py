from datetime import date, datetime, timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .measures_common import MeasuresCase

MAY = datetime(2026, 5, 15, 10)
LOCAL_MIDNIGHT = datetime(2026, 2, 28, 23)  # 1 March, 00:00 in Zurich


@tagged("post_install", "-at_install")
class TestWorkerMonth(MeasuresCase):
    """What members did, month by month since they joined."""

    def setUp(self):
        super().setUp()
        self.member.joined_at = datetime(2026, 1, 20, 9)
        self.other_member.joined_at = datetime(2026, 3, 10, 9)
        self._first_offer(datetime(2025, 12, 1, 12))

    def _first_offer(self, sent_at):
        """The company has offers since then: to somebody else."""
        worker = self._create_worker("First of %s" % sent_at)
        return self._create_offer(worker, "expired", None, sent_at=sent_at)

    def _refresh(self, at=MAY, members=None):
        with self.at(at):
            return self.env["crowd.worker.month"]._refresh(
                (members or self.member | self.other_member).ids
            )

    def _months(self, member=None):
        """Return ``{month: row}`` of a member."""
        rows = self.env["crowd.worker.month"].search(
            [("membership_id", "=", (member or self.member).id)], order="month"
        )
        return {row.month.month: row for row in rows}

    def _status(self, member=None):
        return [row.status for row in self._months(member).values()]

    def _do_job(self, ended, worker=None):
        """A job of 90 minutes that ended then."""
        return self._create_job(
            worker,
            sent_at=ended - timedelta(hours=3),
            job_day=self.company_a._crowd_day(ended),
            job_arrived_at=ended - timedelta(minutes=90),
            job_ended_at=ended,
        )

    # -- since joining ------------------------------------------------------

    def test_every_month_since_joining(self):
        self._refresh()
        months = self._months()
        self.assertEqual(list(months), [1, 2, 3, 4, 5])
        self.assertEqual([row.age for row in months.values()], [1, 2, 3, 4, 5])
        for row in months.values():
            self.assertEqual(row.joined_month, date(2026, 1, 1))
            self.assertEqual(row.company_id, self.company_a)
            self.assertEqual(row.community_id, self.community)
            self.assertEqual(row.worker_id, self.anna)
        self.assertEqual(list(self._months(self.other_member)), [3, 4, 5])

    def test_joined_at_local_midnight(self):
        self.member.joined_at = LOCAL_MIDNIGHT
        self.other_member.joined_at = LOCAL_MIDNIGHT - timedelta(seconds=1)
        self._refresh()
        self.assertEqual(min(self._months()), 3)
        self.assertEqual(min(self._months(self.other_member)), 2)

    def test_present_month_is_that_of_the_company(self):
        self._refresh(at=LOCAL_MIDNIGHT - timedelta(seconds=1))
        self.assertEqual(max(self._months()), 2)
        self._refresh(at=LOCAL_MIDNIGHT)
        self.assertEqual(max(self._months()), 3)

    def test_nobody_knows_what_was_before_the_first_offer(self):
        """Members from before are not gone: three whole months have to be known."""
        self.env["crowd.offer"].search(
            [("company_id", "=", self.company_a.id)]
        ).unlink()
        self._first_offer(datetime(2026, 2, 10))
        self.member.joined_at = datetime(2024, 11, 3)
        self._refresh()
        self.assertEqual(list(self._months()), [2, 3, 4, 5])
        self.assertEqual(self._months()[2].age, 16)
        self.assertEqual(self._status(), ["inactive", "inactive", "churned", "churned"])
        self._first_offer(datetime(2026, 1, 10))  # imported later
        self._refresh()
        self.assertEqual(list(self._months()), [1, 2, 3, 4, 5])

    def test_company_without_offers(self):
        member_b = self._create_membership(self.anna, self.community_b)
        member_b.joined_at = datetime(2026, 1, 20)
        self._refresh(members=member_b)
        self.assertEqual(list(self._months(member_b)), [5])

    def test_applicants_are_no_members_yet(self):
        applied = self._create_worker("Cora", membership={"state": "applied"})
        member = applied.crowd_membership_ids
        member.joined_at = datetime(2026, 1, 5)
        self._refresh(members=member)
        self.assertFalse(self._months(member))

    def test_without_a_day_of_joining_it_is_that_of_the_record(self):
        self.member.joined_at = False
        self.member.flush()
        self.env.cr.execute(
            "UPDATE crowd_membership SET create_date = '2026-04-02' WHERE id = %s",
            (self.member.id,),
        )
        self._refresh()
        self.assertEqual(list(self._months()), [4, 5])

    # -- what they did ------------------------------------------------------

    def test_counts(self):
        march = datetime(2026, 3, 4, 11)
        self._create_offer(state="declined", minutes=3, sent_at=march)
        self._create_offer(state="expired", minutes=None, sent_at=march)
        self._create_offer(state="lost", minutes=3, sent_at=march)
        self._create_offer(state="draft", minutes=None, sent_at=march)
        self._create_offer(state="completed", channel="desk", sent_at=march)
        self._do_job(march)
        self._do_job(march + timedelta(days=1))
        self._refresh()
        row = self._months()[3]
        self.assertEqual(row.offer_count, 6)
        self.assertEqual(row.answer_count, 3)
        self.assertEqual(row.job_count, 2)
        self.assertAlmostEqual(row.hours_of_work, 3.0)
        self.assertEqual(row.is_active, 100)
        quiet = self._months()[2]
        self.assertEqual((quiet.offer_count, quiet.is_active), (0, 0))

    def test_month_of_an_offer_is_local(self):
        self._create_offer(state="declined", minutes=1, sent_at=LOCAL_MIDNIGHT)
        self._create_offer(
            state="expired",
            minutes=None,
            sent_at=LOCAL_MIDNIGHT - timedelta(seconds=1),
        )
        self._refresh()
        months = self._months()
        self.assertEqual((months[2].offer_count, months[2].answer_count), (1, 0))
        self.assertEqual((months[3].offer_count, months[3].answer_count), (1, 1))

    def test_answer_of_the_next_month_counts_where_it_was_asked(self):
        self._create_offer(
            state="declined", minutes=30, sent_at=LOCAL_MIDNIGHT - timedelta(minutes=5)
        )
        self._refresh()
        self.assertEqual(self._months()[2].is_active, 100)
        self.assertEqual(self._months()[3].is_active, 0)

    def test_job_without_an_answer_is_activity(self):
        """The desk gave it to him in March, he ended it in April."""
        self._create_job(
            sent_at=datetime(2026, 3, 30),
            channel="desk",
            job_day="2026-04-02",
            job_ended_at=datetime(2026, 4, 2),
        )
        self._refresh()
        months = self._months()
        self.assertEqual([months[n].is_active for n in (3, 4)], [0, 100])
        self.assertEqual(months[4].hours_of_work, 0)

    def test_given_back_is_no_job(self):
        self._create_offer(
            state="backed_out",
            sent_at=datetime(2026, 3, 4),
            job_day="2026-03-04",
            job_ended_at=datetime(2026, 3, 4, 1),
        )
        self._refresh()
        row = self._months()[3]
        self.assertEqual((row.job_count, row.is_active), (0, 100))

    # -- new, active, inactive, gone ----------------------------------------

    def test_status(self):
        """Joins in January, answers in February and June: gone in May, back in June."""
        for month in (2, 6):
            self._create_offer(
                state="declined", minutes=1, sent_at=datetime(2026, month, 9, 12)
            )
        self._refresh(at=datetime(2026, 7, 2))
        self.assertEqual(
            self._status(),
            ["new", "active", "inactive", "inactive", "churned", "active", "inactive"],
        )

    def test_never_did_anything(self):
        """Gone after three whole months; the month of joining is not one."""
        self._refresh()
        self.assertEqual(
            self._status(), ["new", "inactive", "inactive", "churned", "churned"]
        )

    def test_left(self):
        for month in (2, 3, 4):
            self._create_offer(
                state="declined", minutes=1, sent_at=datetime(2026, month, 9, 12)
            )
        with self.at(datetime(2026, 3, 31, 21, 59)):  # 23:59 in Zurich
            self.member.action_leave()
        self._refresh()
        self.assertEqual(
            self._status(), ["new", "active", "churned", "churned", "churned"]
        )
        self.assertEqual(self._months()[3].is_active, 100)

    def test_comes_back(self):
        with self.at(datetime(2026, 2, 10)):
            self.member.action_leave()
        self.assertTrue(self.member.left_at)
        with self.at(datetime(2026, 4, 10)):
            self.member.action_reapply()
            self.member.action_activate()
        self.assertFalse(self.member.left_at)
        self._create_offer(
            state="declined", minutes=1, sent_at=datetime(2026, 4, 20, 12)
        )
        self._refresh()
        self.assertEqual(self._status()[3], "active")

    def test_retention_table(self):
        """Of those who joined in a month, who was active how many months later."""
        third = self._create_worker("Cora")
        third.crowd_membership_ids.joined_at = datetime(2026, 1, 2)
        members = self.member | third.crowd_membership_ids
        self._create_offer(
            state="declined", minutes=1, sent_at=datetime(2026, 2, 9, 12)
        )
        self._refresh(members=members)
        groups = self.env["crowd.worker.month"].read_group(
            [("membership_id", "in", members.ids)],
            ["is_active"],
            ["joined_month:month", "age"],
            lazy=False,
        )
        shares = {group["age"]: group["is_active"] for group in groups}
        self.assertEqual(shares, {1: 0, 2: 50, 3: 0, 4: 0, 5: 0})

    # -- refresh ------------------------------------------------------------

    def test_again_writes_nothing(self):
        self._do_job(datetime(2026, 4, 4, 11))
        self.assertTrue(self._refresh())
        before = self._rows("crowd_worker_month")
        self.assertEqual(self._refresh(), [])
        self.assertEqual(self._rows("crowd_worker_month"), before)

    def test_only_what_changed_is_written(self):
        self._refresh()
        self._do_job(datetime(2026, 5, 4, 11))
        self.assertEqual(self._refresh(), self._months()[5].ids)

    def test_the_past_is_closed(self):
        """Late facts of the last two months are counted, those of before are not."""
        self._refresh()
        for month in (2, 3):
            self._do_job(datetime(2026, month, 4, 11))
        self._refresh()
        self.assertEqual(self._months()[2].job_count, 0)
        self.assertEqual(self._months()[3].job_count, 1)

    def test_months_without_a_night_are_made_up_for(self):
        self._refresh(at=datetime(2026, 2, 3))
        self._do_job(datetime(2026, 3, 4, 11))
        self._refresh(at=datetime(2026, 9, 3))
        months = self._months()
        self.assertEqual(list(months), list(range(1, 10)))
        self.assertEqual(months[3].job_count, 1)

    def test_another_day_of_joining(self):
        self._refresh()
        self.member.joined_at = datetime(2026, 3, 1, 12)
        self._refresh()
        self.assertEqual(list(self._months()), [3, 4, 5])
        self.assertEqual([row.age for row in self._months().values()], [1, 2, 3])
        self.member.joined_at = datetime(2025, 12, 24)
        self._refresh()
        self.assertEqual(list(self._months()), [12, 1, 2, 3, 4, 5])
        self.assertEqual(self._months()[5].age, 6)

    def test_two_workers_become_one(self):
        """Their months add up, also those that the nights leave alone."""
        self.other_member.joined_at = self.member.joined_at
        for worker in (self.anna, self.beat):
            self._do_job(datetime(2026, 2, 4, 11), worker)
        self._refresh()
        with self.at(MAY):
            self.anna.sudo()._absorb(self.beat)
        months = self._months()
        self.assertEqual(list(months), [1, 2, 3, 4, 5])
        self.assertEqual((months[2].job_count, months[2].hours_of_work), (2, 3.0))
        self.assertFalse(
            self.env["crowd.worker.month"].search([("worker_id", "=", self.beat.id)])
        )

    def test_everybody_every_night(self):
        self._do_job(datetime(2026, 5, 4, 11))
        with self.at(MAY):
            self.env["crowd.membership"]._measure_all()
        self.assertEqual(self._months()[5].job_count, 1)

    def test_nobody(self):
        with self.at(MAY):
            self.assertEqual(self.env["crowd.worker.month"]._refresh([]), [])

    # -- companies and rights -----------------------------------------------

    def test_two_companies_two_zones(self):
        """The same instant is March in Zurich and February in Lisbon."""
        self.company_b.resource_calendar_id.tz = "Europe/Lisbon"
        member_b = self._create_membership(self.anna, self.community_b)
        member_b.joined_at = datetime(2026, 1, 20)
        dispatch_b = self._create_dispatch()
        dispatch_b.company_id = self.company_b
        moment = LOCAL_MIDNIGHT + timedelta(minutes=30)
        self._create_offer(state="declined", minutes=1, sent_at=moment)
        self._create_offer(
            state="declined",
            minutes=1,
            sent_at=moment,
            dispatch=dispatch_b,
            membership_id=member_b.id,
        )
        self._refresh(members=self.member | member_b)
        self.assertEqual(self._months()[3].answer_count, 1)
        self.assertEqual(self._months()[2].answer_count, 0)
        self.assertEqual(self._months(member_b)[2].answer_count, 1)
        self.assertEqual(self._months(member_b)[3].answer_count, 0)
        rows = self.env["crowd.worker.month"].with_user(self.manager_b).search([])
        self.assertEqual(rows.mapped("company_id"), self.company_b)

    def test_rights(self):
        self._refresh()
        row = self._months()[5]
        for user in (self.dispatcher, self.manager):
            self.assertTrue(row.with_user(user).read(["status"]))
            with self.assertRaises(AccessError):
                row.with_user(user).write({"job_count": 9})
        for user in (self.agent, self.technician, self.manager_b, self.portal_user):
            with self.assertRaises(AccessError):
                row.with_user(user).read(["status"])

    def test_refresh_on_demand_is_of_own_companies(self):
        self._do_job(datetime(2026, 5, 4, 11))
        model = self.env["crowd.worker.month"]
        with self.assertRaises(AccessError):
            model.with_user(self.agent).action_refresh()
        with self.at(MAY):
            model.with_user(self.manager_b).action_refresh()
            self.assertFalse(self._months())
            action = "crowd_service.crowd_worker_month_action_server_refresh"
            self.env.ref(action).with_user(self.dispatcher).run()
        self.assertEqual(self._months()[5].job_count, 1)
