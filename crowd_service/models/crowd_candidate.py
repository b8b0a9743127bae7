from odoo import api, fields, models

from ..matching import REASONS

PARTS = [
    ("distance", "Distance"),
    ("quality", "Quality"),
    ("skill", "Skill"),
    ("fairness", "Fairness"),
]


class CrowdCandidate(models.Model):
    """A worker considered in a round: why he was asked, or why not."""

    _name = "crowd.candidate"
    _description = "Crowd Candidate"
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
    score = fields.Float(digits=(5, 1), group_operator="avg", help="0 to 100 points.")
    part_distance = fields.Float(digits=(5, 1), group_operator="avg")
    part_quality = fields.Float(digits=(5, 1), group_operator="avg")
    part_skill = fields.Float(digits=(5, 1), group_operator="avg")
    part_fairness = fields.Float(digits=(5, 1), group_operator="avg")
    excluded_reason = fields.Selection(REASONS, string="Why not", index=True)
    excluded_detail = fields.Char(string="By how much")

    @api.model
    def _prepare_values(self, candidate):
        """Return the values of a ``matching.Candidate``."""
        values = {
            "worker_id": candidate.worker_id,
            "rank": candidate.rank,
            "has_distance": candidate.distance_km is not None,
            "distance_km": candidate.distance_km or 0.0,
            "travel_minutes": candidate.travel_minutes or 0,
            "score": candidate.score,
            "excluded_reason": candidate.excluded_reason or False,
            "excluded_detail": candidate.detail,
        }
        for name, _label in PARTS:
            values["part_" + name] = candidate.parts.get(name, 0.0)
        return values
