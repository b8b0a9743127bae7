from datetime import timedelta

from odoo.tests import tagged

from .ladder_common import LadderCase


@tagged("post_install", "-at_install")
class TestSweep(LadderCase):
    """T57 in short: many deadlines of the same minute. ``make bench`` measures more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_policy(cls._ask(quantity=2), cls._tell())

    def _sweep(self, count):
        """Let ``count`` tickets come due at once; return the statements of each."""
        self.anna.crowd_membership_ids.capacity = 99
        dispatches = self.env["crowd.dispatch"]
        for _number in range(count):
            dispatches |= self._start(self._create_ticket())
        self.env["base"].flush()
        self.env.cache.invalidate()
        before = self.cr.sql_log_count
        with self.at(max(dispatches.mapped("next_deadline")) + timedelta(minutes=1)):
            self.env["crowd.dispatch"]._cron_sweep()
        statements = self.cr.sql_log_count - before
        dispatches.invalidate_cache()
        self.assertEqual(set(dispatches.mapped("state")), {"escalated"})
        self.assertEqual(len(dispatches.escalation_ids), count)
        return statements / count

    def test_statements_of_a_ticket_do_not_grow_with_their_number(self):
        self._sweep(1)  # what is read once per process
        few, many = self._sweep(3), self._sweep(12)
        self.assertLessEqual(many, few)
