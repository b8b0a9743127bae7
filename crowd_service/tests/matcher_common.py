"""What the tests of the matcher share."""

from datetime import datetime, timedelta

from .common import CrowdCase

NOON = datetime(2026, 3, 4, 12)


class MatcherCase(CrowdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.matcher = cls.env["crowd.matcher"]
        cls.ticket = cls._create_ticket()

    def _create_offer(self, worker, state="sent", at=NOON, dispatch=None, **values):
        dispatch = dispatch or self._create_ticket()._crowd_open_dispatch()
        number = self.env["crowd.offer"].search_count([])
        member = worker.crowd_membership_ids[:1]
        defaults = {
            "name": f"test-{number}",
            "dispatch_id": dispatch.id,
            "ticket_id": dispatch.ticket_id.id,
            "company_id": dispatch.company_id.id,
            "worker_id": worker.id,
            "membership_id": member.id,
            "state": state,
            "round": dispatch.round,
            "sent_at": at,
            "expires_at": at + timedelta(minutes=30),
            "answered_at": False if state == "sent" else at,
        }
        return self.env["crowd.offer"].create(dict(defaults, **values))

    def _ranked(self, ticket=None, **kwargs):
        result = self.matcher._match(ticket or self.ticket, **kwargs)
        return [candidate.worker_id for candidate in result.ranked]

    def _reasons(self, worker, ticket=None):
        found = self.matcher._explain(ticket or self.ticket, worker)
        return [code for code, _data in found.reasons] if found.excluded_reason else []

    def assertReason(self, worker, code, ticket=None):
        """``worker`` is kept out by ``code`` alone, and the sentence says so."""
        ticket = ticket or self.ticket
        self.assertEqual(self._reasons(worker, ticket), [code])
        self.assertNotIn(worker.id, self._ranked(ticket))
        sentence = self.matcher._why_not(ticket, worker)
        self.assertIn(self.matcher._word_reason(code), sentence)
        self.assertIn(worker.name, sentence)
