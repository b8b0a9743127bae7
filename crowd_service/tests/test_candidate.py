from datetime import date

from odoo.tests import tagged

from .matcher_common import NOON, MatcherCase


@tagged("post_install", "-at_install")
class TestCandidate(MatcherCase):
    """What is kept of a round, to answer and to learn from months later."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.location.city = "Bern"
        cls.best = cls._create_worker("Fit", km=2)

    def _store(self, chosen=(), ticket=None, at=NOON):
        dispatch = (ticket or self.ticket)._crowd_open_dispatch()
        with self.at(at):
            result = self.matcher._match(dispatch.ticket_id)
            return self.env["crowd.candidate"]._store(dispatch, result, chosen)

    def _of(self, worker, kept):
        return kept.filtered(lambda candidate: candidate.worker_id == worker)

    def test_dimensions(self):
        far = self._create_worker("Far", km=40)
        kept = self._store()
        self.assertEqual(kept.worker_id, self.best | far)
        for candidate in kept:
            self.assertEqual(candidate.judged_at, NOON)
            self.assertEqual(candidate.service_id, self.service)
            self.assertEqual(candidate.team_id, self.team)
            self.assertEqual(candidate.company_id, self.company_a)
            self.assertEqual(candidate.community_id, self.community)
            self.assertEqual(candidate.worker_type, "friend")
            self.assertEqual(candidate.area, "Bern")
            self.assertFalse(candidate.skill_id)
        self.assertEqual(kept.mapped("is_near_miss"), [False, True])

    def test_reasons_are_kept(self):
        best = self._store()
        self.assertEqual(
            best.reasons, "2.0 km away, not rated yet, not asked in the last 7 days"
        )
        self.assertFalse(best.excluded_detail)

    def test_words_are_those_of_the_desk(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.dispatcher.lang = "de_DE"  # leads the team
        self.assertIn("2,0 km", self._store().reasons)

    def test_facts_stay_as_they_were(self):
        best = self._store()
        self.best.worker_type = "professional"
        self.ticket.crowd_service_id = self._create_service("Other")
        self.location.city = "Thun"
        self.assertEqual(best.worker_type, "friend")
        self.assertEqual(best.service_id, self.service)
        self.assertEqual(best.area, "Bern")

    def test_area(self):
        territory = self.env["res.territory"].create({"name": "Oberland"})
        self.location.territory_id = territory
        self.assertEqual(self._store().area, "Oberland")
        self.location.write({"territory_id": False, "city": False, "zip": "3000"})
        self.assertEqual(self._store().area, "3000")

    def test_remote_work_is_nowhere(self):
        service = self._create_service("By phone", crowd_place="remote")
        ticket = self._create_ticket(crowd_service_id=service.id)
        self.assertFalse(self._store(ticket=ticket).area)

    def test_skill_to_train(self):
        service = self._create_service("Both", {self.skill_wlan: 50, self.skill_tv: 50})
        both = {self.skill_wlan: 50, self.skill_tv: 50}
        one = self._create_worker("One", skills={self.skill_wlan: 80})
        low = self._create_worker("Low", skills={**both, self.skill_tv: 10})
        old = self._create_worker("Old", skills=both)
        old.skill_ids.filtered(
            lambda s: s.skill_id == self.skill_wlan
        ).valid_until = date(2026, 3, 1)
        kept = self._store(ticket=self._create_ticket(crowd_service_id=service.id))
        for worker, reason, skill in (
            (one, "skill", self.skill_tv),
            (low, "level", self.skill_tv),
            (old, "expired", self.skill_wlan),
        ):
            with self.subTest(reason=reason):
                candidate = self._of(worker, kept)
                self.assertEqual(candidate.excluded_reason, reason)
                self.assertEqual(candidate.skill_id, skill)

    def test_asked_though_not_among_the_best(self):
        chosen = [self.matcher._explain(self.ticket, self.best)]
        dispatch = self.ticket._crowd_open_dispatch()
        result = self.matcher._match(self.ticket, limit=1)
        other = self._create_worker("Other", km=20)
        chosen.append(self.matcher._explain(self.ticket, other))
        kept = self.env["crowd.candidate"]._store(dispatch, result, chosen)
        self.assertEqual(kept.worker_id, self.best | other)
        self.assertFalse(any(kept.mapped("is_near_miss")))

    def test_as_many_statements_for_few_as_for_many(self):
        counts = []
        for number in (5, 40):
            for n in range(number):
                self._create_worker(f"Far {number} {n}", km=31 + n / 8)
                self._create_worker(f"Near {number} {n}", km=n / 8)
            # the best of three: rights are read now and then
            counts.append(min(self._count_statements() for _time in range(3)))
        self.assertEqual(counts[0], counts[1])

    def _count_statements(self):
        """Return how many statements it takes to keep a round."""
        dispatch = self.ticket._crowd_open_dispatch()
        dispatch.round += 1
        dispatch.flush()
        result = self.matcher._match(self.ticket)
        self.env.cache.invalidate()
        before = self.cr.sql_log_count
        kept = self.env["crowd.candidate"]._store(dispatch, result)
        kept.flush()
        return self.cr.sql_log_count - before

    def test_recruiting_and_training(self):
        """The groups of the menu can be read."""
        self._create_worker("Unskilled", skills={self.skill_tv: 80})
        kept = self._store()
        model = self.env["crowd.candidate"].with_user(self.dispatcher)
        (group,) = model.read_group(
            [("is_near_miss", "=", True), ("id", "in", kept.ids)],
            ["worker_id:count_distinct", "dispatch_id:count_distinct"],
            ["excluded_reason", "skill_id", "area"],
            lazy=False,
        )
        self.assertEqual(group["excluded_reason"], "skill")
        self.assertEqual(group["skill_id"][0], self.skill_wlan.id)
        self.assertEqual((group["area"], group["worker_id"]), ("Bern", 1))

    def test_other_companies_do_not_see_it(self):
        kept = self._store()
        model = self.env["crowd.candidate"].with_user(self.agent_b)
        self.assertFalse(model.search([("id", "in", kept.ids)]))
