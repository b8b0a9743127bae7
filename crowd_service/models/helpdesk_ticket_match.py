from odoo import _, models
from odoo.exceptions import AccessError, UserError


class HelpdeskTicket(models.Model):
    """The Match button and its interface for scripts."""

    _inherit = "helpdesk.ticket"

    def crowd_match(self, limit=50, near_misses=True):
        """Return who could do the ticket, best first, then the near misses.

        Externals and technicians stand in one list. Near misses do not count for
        ``limit``.

        :param limit: how many ranked candidates at most
        :param near_misses: whether to look for those whom little keeps out as well
        :return: list of dicts: ``worker_id``, ``name``, ``worker_type``,
            ``distance_km`` (False: unknown, or remote work), ``score`` (0 to 100),
            ``parts`` (``{name: points}``), ``excluded_reason`` (code, "" if ranked),
            ``reasons`` (list of words: what speaks for a ranked candidate, or the rule
            that a near miss fails, with by how much)
        """
        self._check_may_match()
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise UserError(_("The limit must be a whole number of at least 1."))
        matcher = self.env["crowd.matcher"]
        result = matcher._match(self, limit=limit, near_misses=bool(near_misses))
        found = result.ranked + result.near_misses
        return [
            self._prepare_match_row(candidate)
            for candidate in matcher._confirm_distances(self, found)
        ]

    def action_crowd_match(self):
        """Open the list of candidates."""
        self._check_may_match()
        return self.env["crowd.match"]._open(self)

    def action_crowd_why_not(self):
        """Ask about one worker: why him, or why not."""
        self._check_may_match()
        return self.env["crowd.why.not"]._open(self)

    def _check_may_match(self):
        """Raise unless an agent who may read this ticket is asking."""
        self.ensure_one()
        if not self.env.user.has_group("crowd_service.group_crowd_agent"):
            raise AccessError(_("Only agents match tickets with workers."))
        self.check_access_rights("read")
        self.check_access_rule("read")

    def _prepare_match_row(self, candidate):
        """Return what :meth:`crowd_match` tells of a ``matching.Candidate``."""
        distance = candidate.distance_km
        return {
            "worker_id": candidate.worker_id,
            "name": candidate.name,
            "worker_type": candidate.worker_type,
            "distance_km": False if distance is None else round(distance, 1),
            "score": round(candidate.score, 1),
            "parts": {part: round(n, 1) for part, n in candidate.parts.items()},
            "excluded_reason": candidate.excluded_reason,
            "reasons": self.env["crowd.matcher"]._word_reasons(candidate),
        }
