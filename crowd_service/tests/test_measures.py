from datetime import datetime, timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .measures_common import NOON, MeasuresCase


@tagged("post_install", "-at_install")
class TestMeasures(MeasuresCase):
    """Stars and jobs of a member, and the means of the crowd."""

    def _forget_jobs(self):
        jobs = self.env["queue.job"].search([("model_name", "=", "crowd.membership")])
        jobs.unlink()

    def _run(self):
        return self._run_jobs("crowd.membership")

    def assertQuality(self, stars, count, member=None):
        member = member or self.member
        self.assertAlmostEqual(member.quality, stars, 2)
        self.assertEqual(member.quality_count, count)

    # -- stars -------------------------------------------------------------

    def test_rating_counts(self):
        job = self._create_job()
        rating = self._rate(job.ticket_id, 3)
        self.assertEqual(rating.crowd_offer_id, job)
        self.assertEqual(self._run(), 1)
        self.assertQuality(3, 1)
        self.assertQuality(0, 0, self.other_member)

    def test_mean_of_all_jobs(self):
        for stars in (5, 5, 1):
            self._rate(self._create_job().ticket_id, stars)
        self.assertEqual(self._run(), 1, "one job for all changes of a member")
        self.assertQuality(11 / 3, 3)

    def test_rating_of_the_customer_page(self):
        job = self._create_job()
        token = job.ticket_id.rating_get_access_token()
        job.ticket_id.with_user(self.portal_user).sudo().rating_apply(5, token=token)
        self._run()
        self.assertQuality(5, 1)

    def test_rating_that_is_created_at_once(self):
        job = self._create_job()
        model = self.env["ir.model"]._get("helpdesk.ticket")
        self.env["rating.rating"].create(
            {
                "res_model_id": model.id,
                "res_id": job.ticket_id.id,
                "partner_id": self.customer.id,
                "rating": 1,
                "consumed": True,
            }
        )
        self._run()
        self.assertQuality(1, 1)

    def test_changed_reset_deleted(self):
        rating = self._rate(self._create_job().ticket_id, 1)
        rating.rating = 5
        self._run()
        self.assertQuality(5, 1)
        rating.reset()
        self._run()
        self.assertQuality(0, 0)
        rating.write({"rating": 3, "consumed": True})
        self._run()
        self.assertQuality(3, 1)
        rating.unlink()
        self._run()
        self.assertQuality(0, 0)

    def test_asked_but_not_answered(self):
        self._create_job().ticket_id.rating_get_access_token()
        self.assertEqual(self._run(), 0)

    def test_rating_of_something_else(self):
        self._rate(self._create_ticket(), 1)
        self.assertEqual(self._run(), 0)

    def test_reopened_ticket_rates_the_second_worker(self):
        first = self._create_job()
        bad = self._rate(first.ticket_id, 1)
        second = self._create_job(
            self.beat, ticket=first.ticket_id, sent_at=NOON + timedelta(days=2)
        )
        good = self._rate(first.ticket_id, 5)
        self._run()
        self.assertEqual((bad.crowd_offer_id, good.crowd_offer_id), (first, second))
        self.assertQuality(1, 1)
        self.assertQuality(5, 1, self.other_member)

    def test_old_question_is_not_about_a_job_that_goes_on(self):
        first = self._create_job()
        first.ticket_id.rating_get_access_token()
        now = datetime.utcnow().replace(microsecond=0)
        running = self._create_offer(
            self.beat,
            "accepted",
            ticket=first.ticket_id,
            sent_at=now + timedelta(hours=1),
        )
        self.assertEqual(self._rate(first.ticket_id, 2).crowd_offer_id, first)
        running.answered_at = now - timedelta(hours=1)
        self.assertEqual(self._rate(first.ticket_id, 2).crowd_offer_id, running)

    def test_given_back_afterwards(self):
        """A rating of a job that was not done in the end is nobody's."""
        offer = self._create_offer(state="accepted")
        self._rate(offer.ticket_id, 1)
        offer.state = "backed_out"
        self.member._measure()
        self.assertQuality(0, 0)

    # -- brought along -----------------------------------------------------

    def test_start_values_stay(self):
        member = self._create_membership(
            self._create_worker("Imported", community=False),
            self.community,
            quality=4.0,
            quality_count=3,
            job_count=5,
            solved_count=4,
        )
        self._rate(self._create_job(member.worker_id).ticket_id, 2)
        self._run()
        self.assertQuality(3.5, 4, member)
        self.assertEqual((member.job_count, member.solved_count), (6, 5))

    def test_merge_adds_up(self):
        self.anna.email = self.beat.email = "same@example.com"
        for member, stars in ((self.member, 4.0), (self.other_member, 2.0)):
            member.write({"start_quality": stars, "start_quality_count": 1})
        self._rate(self._create_job().ticket_id, 5)
        self._rate(self._create_job(self.beat).ticket_id, 1)
        self._merge(self.beat)
        self.assertQuality(3, 4)
        self.assertEqual((self.member.job_count, self.member.solved_count), (2, 2))

    def test_merge_of_two_offers_of_one_round(self):
        job = self._create_job()
        rating = self._rate(job.ticket_id, 5)
        self._create_offer(self.beat, "lost", 9, dispatch=job.dispatch_id)
        self._merge(self.beat)
        self.assertEqual(rating.crowd_offer_id, job)
        self.assertQuality(5, 1)
        line = self.env["crowd.response"].search(
            [("membership_id", "=", self.member.id)]
        )
        self.assertEqual(sum(line.mapped("asked_count")), 1)

    def _merge(self, other):
        self.env["base"].flush()
        with self.at(NOON + timedelta(days=1)):
            self.anna._absorb(other)
        self.env["base"].invalidate_cache()

    # -- jobs --------------------------------------------------------------

    def test_jobs_that_ended(self):
        self._create_job()
        self._create_job(solved=False)
        for state in ("backed_out", "no_show", "withdrawn", "declined", "accepted"):
            self._create_offer(state=state)
        self.member._measure()
        self.assertEqual((self.member.job_count, self.member.solved_count), (4, 1))

    def test_end_of_a_job_measures(self):
        dispatch = self._create_dispatch()
        dispatch._assign_worker(self.anna)
        self.assertEqual(self._run(), 0)
        dispatch._finish(True)
        self.assertEqual(self.member.job_count, 0, "after the transaction")
        self._run()
        self.assertEqual((self.member.job_count, self.member.solved_count), (1, 1))

    def test_job_of_a_member_who_is_gone(self):
        self.member._enqueue_measure()
        self.member.unlink()
        self.assertEqual(self._run(), 1)

    def test_again_writes_nothing(self):
        self._rate(self._create_job().ticket_id, 4)
        self.env["crowd.membership"]._measure_all()
        tables = (
            "crowd_membership",
            "crowd_response",
            "crowd_experience",
            "res_company",
        )
        before = [self._rows(table) for table in tables]
        self.env["crowd.membership"]._measure_all()
        self.assertEqual([self._rows(table) for table in tables], before)

    def test_repair(self):
        self._rate(self._create_job().ticket_id, 4)
        self.env["base"].flush()
        self.env.cr.execute(
            "UPDATE crowd_membership SET quality = 1, job_count = 0, solved_count = 0"
        )
        self.env["base"].invalidate_cache()
        self._forget_jobs()
        self.env["crowd.membership"]._cron_measure()
        self.env["crowd.membership"]._cron_measure()
        self.assertEqual(self._run(), 2)
        self.assertQuality(4, 1)
        self.assertEqual(self.member.job_count, 1)

    @mute_logger("odoo.sql_db")
    def test_no_more_solved_than_ended(self):
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.member.write({"job_count": 1, "solved_count": 2})
            self.member.flush()

    # -- means -------------------------------------------------------------

    def _means(self, company=None):
        company = company or self.company_a
        return (
            company.crowd_mean_stars,
            company.crowd_mean_success,
            company.crowd_mean_response,
        )

    def test_nothing_known(self):
        self.env["res.company"]._crowd_measure()
        self.assertEqual(self._means(), (0, 0, 0))

    def test_means(self):
        for worker, stars in ((self.anna, 5), (self.anna, 4), (self.beat, 4)):
            self._rate(self._create_job(worker, minutes=10).ticket_id, stars)
        self._create_offer(state="no_show", minutes=10)
        with self.at(NOON + timedelta(days=1)):
            self.env["crowd.membership"]._measure_all()
        self.assertEqual(self._means(), (4.3, 0.75, 0.5))
        self.assertEqual(self._means(self.company_b), (0, 0, 0))

    def test_known_to_be_bad_is_not_unknown(self):
        self._create_job(solved=False)
        self._create_offer(state="expired", minutes=None)
        with self.at(NOON + timedelta(days=1)):
            self.env["crowd.membership"]._measure_all()
        self.assertEqual(self._means()[1], 0.05)

    def test_changed_companies_only(self):
        self.env["res.company"]._crowd_measure()
        self.member.write({"quality": 4.0, "quality_count": 2})
        self.assertEqual(self.env["res.company"]._crowd_measure(), self.company_a.ids)
        self.assertEqual(self.env["res.company"]._crowd_measure(), [])

    # -- rights ------------------------------------------------------------

    def test_nobody_writes_measures(self):
        member = self.member.with_user(self.manager)
        for name in ("job_count", "solved_count", "quality", "start_quality"):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                member.write({name: 1})

    def test_employee_does_not_choose_the_job_of_a_rating(self):
        job = self._create_job()
        rating = self._rate(job.ticket_id, 1)
        with self.assertRaises(AccessError):
            rating.with_user(self.employee).write({"crowd_offer_id": False})
