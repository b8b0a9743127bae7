from odoo import api, fields, models

from ..matching import REASONS

#: Ranked candidates kept per round.
TOP_STORED = 50


class CrowdCandidate(models.Model):
    """A worker considered in a round: why he was asked, or why not."""

    _name = "crowd.candidate"
    _description = "Crowd Candidate"
    _inherit = ["crowd.scored.mixin"]
    _order = "dispatch_id desc, round desc, rank, id"
    _rec_name = "worker_id"

    dispatch_id = fields.Many2one(
        "crowd.dispatch", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="dispatch_id.company_id", store=True, index=True
    )
    round = fields.Integer(required=True)
    rank = fields.Integer(help="1 is the best. Near misses come after the ranked.")
    worker_id = fields.Many2one("fsm.person", required=True, ondelete="cascade")
    worker_type = fields.Selection(related="worker_id.worker_type", store=True)
    distance_km = fields.Float(digits=(8, 1), group_operator="avg")
    has_distance = fields.Boolean()
    travel_minutes = fields.Integer(
        group_operator="avg", help="Estimated from the distance, not from a map."
    )
    excluded_reason = fields.Selection(REASONS, string="Why not", index=True)
    excluded_detail = fields.Char(string="By how much")

    @api.model
    def _store(self, dispatch, result, chosen=()):
        """Keep the best of a ``matching.MatchResult``, and its near misses.

        They replace those of the same round.

        :param chosen: candidates who are asked, whether among the best or not
        """
        candidates = self.sudo()  # a record of the engine, nobody may write it
        candidates.search(
            [("dispatch_id", "=", dispatch.id), ("round", "=", dispatch.round)]
        ).unlink()
        best = result.ranked[:TOP_STORED]
        known = {candidate.worker_id for candidate in best}
        others = tuple(c for c in chosen if c.worker_id not in known)
        known |= {candidate.worker_id for candidate in others}
        near = tuple(c for c in result.near_misses if c.worker_id not in known)
        kept = best + others + near
        return candidates.create(
            [
                dict(
                    self._prepare_values(candidate),
                    dispatch_id=dispatch.id,
                    round=dispatch.round,
                    rank=place,
                )
                for place, candidate in enumerate(kept, start=1)
            ]
        )

    @api.model
    def _prepare_values(self, candidate):
        """Return the values of a ``matching.Candidate``."""
        return {
            **self._prepare_score(candidate),
            "worker_id": candidate.worker_id,
            "has_distance": candidate.distance_km is not None,
            "distance_km": candidate.distance_km or 0.0,
            "travel_minutes": candidate.travel_minutes or 0,
            "excluded_reason": candidate.excluded_reason or False,
            "excluded_detail": self.env["crowd.matcher"]._word_detail(candidate),
        }
