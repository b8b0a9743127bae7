from datetime import timedelta

from odoo.tests import tagged

from ..models.crowd_worker_search_check import LAST_CHECK
from .common import CrowdCase


@tagged("post_install", "-at_install")
class TestHealth(CrowdCase):
    """Green when all is well, red with a sentence when it is not."""

    def setUp(self):
        super().setUp()
        self.now = self.env["crowd.clock"].now()
        self.env.cr.execute("DELETE FROM queue_job")
        crons = self.env["ir.cron"].with_context(active_test=False)
        crons.search([("name", "like", "Crowd:")]).write(
            {"nextcall": self.now + timedelta(minutes=1), "active": True}
        )

    def _look(self, user=None):
        self.env.cache.invalidate()
        model = self.env["crowd.health"].with_user(user or self.manager)
        return model.browse(model._open()["res_id"])

    def _finding(self, text, **kwargs):
        lines = self._look(**kwargs).line_ids.filtered(lambda f: text in f.sentence)
        self.assertEqual(len(lines), 1, text)
        return lines

    def test_never_answered(self):
        ticket = self._create_ticket()
        self.assertEqual(self._finding("Never answered: 0.").level, "good")
        ticket.crowd_first_answer_deadline = self.now - timedelta(hours=1)
        finding = self._finding("Never answered: 1.")
        self.assertEqual(finding.level, "bad")
        self.assertEqual(finding.action_view()["res_model"], "helpdesk.ticket")

    def test_other_companies_are_not_told(self):
        self._create_ticket().crowd_first_answer_deadline = self.now - timedelta(
            hours=1
        )
        self.assertEqual(
            self._finding("Never answered", user=self.manager_b).level, "good"
        )

    def test_overdue_deadline(self):
        worker = self._create_worker("Friend")
        ticket = self._create_ticket()
        ticket.with_user(self.agent).crowd_dispatch(worker.ids)
        self.assertTrue(self._finding("No deadline is overdue"))
        ticket.crowd_dispatch_id.next_deadline = self.now - timedelta(minutes=10)
        finding = self._finding("oldest deadline")
        self.assertEqual(finding.level, "bad")
        self.assertIn("10 min", finding.sentence)

    def test_crons(self):
        cron = self.env.ref("crowd_service.crowd_dispatch_cron_sweep")
        self.assertEqual(self._finding(cron.name).level, "good")
        cron.nextcall = self.now - timedelta(minutes=30)
        self.assertIn("should have run 30 min ago", self._finding(cron.name).sentence)
        cron.active = False
        self.assertEqual(self._finding(cron.name).level, "bad")

    def test_runner(self):
        """queue_job's own lock tells: one that is held means it is alive."""
        from odoo.addons.queue_job.jobrunner.runner import PG_ADVISORY_LOCK_ID

        from ..models.crowd_health_checks import RUNNER_LOCK

        self.assertEqual(RUNNER_LOCK, PG_ADVISORY_LOCK_ID)
        self.assertEqual(self._finding("No job runner").level, "bad")
        self.env.cr.execute("SELECT pg_try_advisory_lock(%s)", (RUNNER_LOCK,))
        try:
            self.assertEqual(self._finding("job runner is alive").level, "good")
        finally:
            self.env.cr.execute("SELECT pg_advisory_unlock(%s)", (RUNNER_LOCK,))

    def test_queue(self):
        job = self.env["crowd.dispatch"].with_delay()._job_wake()
        record = self.env["queue.job"].search([("uuid", "=", job.uuid)])
        record.flush()
        self.env.cr.execute(
            "UPDATE queue_job SET date_created = %s WHERE id = %s",
            (self.now - timedelta(minutes=7), record.id),
        )
        finding = self._finding("root.crowd.clock: 1 jobs wait, the oldest for 7 min")
        self.assertEqual(finding.level, "warning")
        self.env.cr.execute("UPDATE queue_job SET state = 'failed'")
        self.assertEqual(self._finding("1 jobs failed").level, "warning")

    def test_gateways(self):
        gateway = self.env["crowd.gateway"].create(
            {"name": "Fast SMS", "kind": "mail", "company_id": self.company_a.id}
        )
        self.assertIn("was not used yet", self._finding("Fast SMS").sentence)
        gateway.database_uuid = "another"
        self.assertEqual(self._finding("Fast SMS").level, "warning")

    def _deliveries(self, **values):
        """Return the messages of two new offers, with ``values``, and their gateway."""
        friends = [self._create_worker(name) for name in ("Friend 1", "Friend 2")]
        gateway = self.env["crowd.gateway"].create(
            {"name": "Own mail", "kind": "mail", "company_id": self.company_a.id}
        )
        ticket = self._create_ticket().with_user(self.agent)
        ticket.crowd_dispatch([friend.id for friend in friends])
        sent = self.env["crowd.delivery"].search([("gateway_id", "=", gateway.id)])
        self.assertEqual(len(sent), 2)
        sent.write(values)
        return sent

    def test_messages_that_wait(self):
        self.assertTrue(self._finding("No message waits"))
        sent = self._deliveries(next_try=self.now - timedelta(minutes=9))
        finding = self._finding("2 messages wait, the oldest for 9 min")
        self.assertEqual(finding.level, "bad")
        self.assertTrue(finding.action_view()["context"]["search_default_problems"])
        sent.write({"state": "dead"})
        self.assertEqual(self._finding("2 messages were given up").level, "warning")
        other = self._look(user=self.manager_b).line_ids.mapped("sentence")
        self.assertFalse([text for text in other if "given up within" in text])

    def test_a_gateway_that_does_not_work(self):
        sent = self._deliveries(state="failed", failed_at=self.now)
        self.assertEqual(self._finding("Own mail").level, "good", "twice happens")
        gateway = sent.mapped("gateway_id")
        sent[0].copy({"partner_id": self.customer.id, "failed_at": self.now})
        finding = self._finding("Own mail: 3 failures in a row")
        self.assertEqual(finding.level, "bad")
        sent[0].write(
            {"state": "sent", "sent_at": self.now + timedelta(minutes=1)},
        )
        self.assertTrue(gateway)
        self.assertEqual(self._finding("Own mail").level, "good")

    def test_stop_switch(self):
        self.assertFalse(
            self._look().line_ids.filtered(lambda f: "stopped" in f.sentence)
        )
        self.company_a.sudo().crowd_stopped = True
        self.assertEqual(self._finding("All offers are stopped").level, "warning")

    def test_search_table(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param(LAST_CHECK, "%s 0" % self.now)
        self.assertEqual(self._finding("Search table").level, "good")
        parameters.set_param(LAST_CHECK, "%s 3" % self.now)
        self.assertEqual(self._finding("Search table").level, "warning")
        parameters.set_param(LAST_CHECK, "%s 0" % (self.now - timedelta(days=4)))
        self.assertEqual(self._finding("Search table").level, "warning")

    def test_on_call(self):
        rota = self.env["crowd.rota"].create(
            {"name": "Nights of A", "company_id": self.company_a.id}
        )
        self.assertEqual(self._finding("Nights of A").level, "warning")
        self.env["crowd.duty"].create(
            {
                "rota_id": rota.id,
                "user_id": self.agent.id,
                "start": self.now - timedelta(hours=1),
                "stop": self.now + timedelta(days=8),
            }
        )
        self.assertIn("Agent is on duty", self._finding("Nights of A").sentence)

    def test_the_number_of_statements_does_not_grow(self):
        def statements():
            self.env["base"].flush()
            self.env.cache.invalidate()
            before = self.env.cr.sql_log_count
            self.env["crowd.health"].with_user(self.manager)._find()
            return self.env.cr.sql_log_count - before

        self._add_one_of_each()
        statements()
        before = statements()
        for _number in range(5):
            self._add_one_of_each()
        statements()  # new gateways have emptied Odoo's caches
        self.assertEqual(statements(), before)

    def _add_one_of_each(self):
        common = {"name": "One more", "company_id": self.company_a.id}
        self.env["crowd.rota"].create(common)
        self.env["crowd.gateway"].create(dict(common, kind="mail"))
        ticket = self._create_ticket()
        ticket.crowd_first_answer_deadline = self.now - timedelta(hours=1)

    def test_worst_first(self):
        self._create_ticket().crowd_first_answer_deadline = self.now - timedelta(
            hours=1
        )
        health = self._look()
        self.assertEqual(health.level, "bad")
        self.assertEqual(health.line_ids[0].level, "bad")
        levels = health.line_ids.mapped("level")
        order = {"bad": 0, "warning": 1, "good": 2}
        self.assertEqual(levels, sorted(levels, key=order.get))
