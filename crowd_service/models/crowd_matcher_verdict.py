"""The full verdict on one worker: what each rule and each part of the score says."""

from dataclasses import dataclass

from odoo import _, api, models

from .. import matching
from ..matching import scoring

BEST = 50  # as many as the Match screen shows

#: Which part of the score a remark is about.
PART_OF = {
    "distance": "distance",
    "remote": "distance",
    "rating": "quality",
    "newcomer": "quality",
    "success": "quality",
    "response": "response",
    "similar": "experience",
    "offers": "fairness",
    "open_jobs": "fairness",
    "asked_for": "preference",
    "liked": "preference",
    "cost": "cost",
}


@dataclass(frozen=True)
class Explanation:
    """What was found about one worker.

    ``rank`` is his place among all who can be asked; 0: he cannot, or others fill the
    best :data:`BEST`. ``most`` are the points that each part can give at most.
    """

    found: matching.Candidate
    rank: int
    most: dict


class CrowdMatcher(models.AbstractModel):
    """The full verdict on one worker."""

    _inherit = "crowd.matcher"

    @api.model
    def _give_verdict(self, ticket, worker):
        """Return the :class:`Explanation` of a worker, however far away.

        :raise UserError: as :meth:`_match`
        """
        found = self._explain(ticket, worker)
        most = scoring.points(self._read_ask(ticket).request)
        rank = 0
        if not found.excluded_reason:
            best = self._match(ticket, limit=BEST, near_misses=False).ranked
            ranks = {candidate.worker_id: candidate.rank for candidate in best}
            rank = ranks.get(worker.id, 0)
        shown = self._confirm_distances(ticket, [found])[0]
        return Explanation(shown, rank, dict(most))

    @api.model
    def _word_verdict(self, verdict):
        """Return the verdict in a sentence."""
        found = verdict.found
        if found.excluded_reason:
            return _("%s cannot be asked.") % found.name
        words = {
            "name": found.name,
            "rank": verdict.rank,
            "best": BEST,
            "points": self._word_number(found.score),
        }
        if verdict.rank:
            return _("%(name)s can be asked: rank %(rank)s, %(points)s points.") % words
        return (
            _("%(name)s can be asked, but %(best)s others have more than %(points)s.")
            % words
        )

    @api.model
    def _word_parts(self, verdict):
        """Return a row per part that counts: its name, points, most points, words."""
        words = self._word_by_part(verdict.found)
        return [
            (
                self._word_part(part),
                self._word_number(verdict.found.parts[part]),
                self._word_number(most),
                words.get(part) or self._word_without(part),
            )
            for part, most in verdict.most.items()
            if most
        ]

    @api.model
    def _word_by_part(self, found):
        words = {}
        for code, data in found.reasons:
            words.setdefault(PART_OF[code], []).append(self._word_remark(code, data))
        return {part: ", ".join(some) for part, some in words.items()}

    @api.model
    def _word_without(self, part):
        """Return what a part means of which there is nothing to tell."""
        return {
            "response": _("no answers at this hour so far"),
            "experience": _("no similar ticket solved yet"),
            "preference": _("no wish of this customer"),
            "cost": _("costs nothing extra"),
        }.get(part, "")

    @api.model
    def _word_part(self, part):
        """Return the name of a part of the score, as the settings call it."""
        field = self.env["crowd.scoring"]._fields["weight_" + part]
        return field._description_string(self.env)
