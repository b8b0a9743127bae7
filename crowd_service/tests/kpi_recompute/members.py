"""One row per member and month."""

from collections import defaultdict
from types import SimpleNamespace

from .arithmetic import before, is_job, share


class Members:
    """Mixed into ``Books``."""

    def members(self, month, companies):
        """Return what the externals of these companies did in a month."""
        return [
            row
            for m in self.rows["crowd.membership"]
            for row in [self.member(m, month)]
            if m.company_id in companies and m.worker_type != "technician" and row
        ]

    def member(self, m, month):
        joined = self.month(m.joined_at or m.create_date, m.company_id)
        first = self._once("first offers", self._find_first).get(m.company_id)
        if m.state in ("applied", "verified") or joined > month:
            return None
        if not first or first > month:
            return None  # nobody knows what was before
        did = [self.did(m, earlier) for earlier in (month, *before(month, 2))]
        left = m.state == "left" and m.left_at
        is_new, is_active = joined == month, any(did[0][1:])
        gone = left and self.month(m.left_at, m.company_id) <= month
        idle = joined <= before(month, 3)[-1] and first <= before(month, 2)[-1]
        idle = idle and not any(any(d[1:]) for d in did)
        is_gone = bool(gone or (idle and not is_new))
        return SimpleNamespace(
            is_churned=share(is_gone),
            is_active=None if is_gone else share(is_active),
            is_inactive=None if is_gone else share(not is_active and not is_new),
            shared_jobs=did[0][2] if did[0][0] else None,
        )

    def _find_first(self):
        """Return ``{company: month of its first offer}``."""
        first = {}
        for o in self._sent():
            month = self.month(o.sent_at, o.company_id)
            first[o.company_id] = min(month, first.get(o.company_id, month))
        return first

    def did(self, m, month):
        """Return how many offers, answers and jobs a member had in a month."""
        return self._once("did", self._count_members)[m.id, month]

    def _count_members(self):
        did = defaultdict(lambda: [0, 0, 0])
        for o in self._sent():
            counts = did[o.membership_id, self.month(o.sent_at, o.company_id)]
            counts[0] += 1
            said = is_job(o) or o.state == "declined"
            counts[1] += bool(said and o.channel != "desk")
            if o.state == "completed":
                did[o.membership_id, self.month(self.job_end(o), o.company_id)][2] += 1
        return did
