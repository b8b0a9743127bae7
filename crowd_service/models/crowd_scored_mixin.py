from odoo import api, fields, models


def _points():
    return fields.Float(digits=(5, 1), readonly=True, group_operator="avg")


class CrowdScoredMixin(models.AbstractModel):
    """A score with its parts, each in points; together 0 to 100."""

    _name = "crowd.scored.mixin"
    _description = "Score in parts"

    score = _points()
    part_distance = _points()
    part_quality = _points()
    part_response = _points()
    part_experience = _points()
    part_fairness = _points()
    part_preference = _points()
    part_cost = _points()

    @api.model
    def _prepare_score(self, candidate):
        """Return the values of score and parts of a ``matching.Candidate``."""
        parts = {"part_" + name: points for name, points in candidate.parts.items()}
        return dict(parts, score=candidate.score)
