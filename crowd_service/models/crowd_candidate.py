from odoo import api, fields, models

from ..matching import REASONS

#: Ranked candidates kept per round.
TOP_STORED = 50


class CrowdCandidate(models.Model):
    """A worker considered in a round: why he was asked, or why not.

    Texts and dimensions are those of the moment: they answer months later.
    """

    _name = "crowd.candidate"
    _description = "Crowd Candidate"
    _inherit = ["crowd.scored.mixin", "crowd.bulk.mixin"]
    _order = "dispatch_id desc, round desc, rank, id"
    _rec_name = "worker_id"

    dispatch_id = fields.Many2one(
        "crowd.dispatch", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", index=True, readonly=True)
    round = fields.Integer(required=True, group_operator="max")
    rank = fields.Integer(
        group_operator="min", help="1 is the best. Near misses come after the ranked."
    )
    judged_at = fields.Datetime(
        string="Considered", readonly=True, index=True, help="When it was found."
    )
    worker_id = fields.Many2one(
        "fsm.person", required=True, index=True, ondelete="cascade"
    )
    worker_type = fields.Selection(
        selection=lambda self: self.env["fsm.person"]._fields["worker_type"].selection,
        string="Kind of worker",
        readonly=True,
    )
    distance_km = fields.Float(
        string="Distance (km)", digits=(8, 1), group_operator="avg"
    )
    has_distance = fields.Boolean()
    travel_minutes = fields.Integer(
        group_operator="avg", help="Estimated from the distance, not from a map."
    )
    reasons = fields.Text(string="Why", help="What spoke for the worker.")
    excluded_reason = fields.Selection(REASONS, string="Why not", index=True)
    excluded_detail = fields.Char(string="By how much")
    is_near_miss = fields.Boolean(
        readonly=True, help="Could not be asked, for one reason that can be cured."
    )

    service_id = fields.Many2one("product.template", readonly=True)
    team_id = fields.Many2one(
        "helpdesk.ticket.team", string="Helpdesk team", readonly=True
    )
    community_id = fields.Many2one("crowd.community", readonly=True)
    skill_id = fields.Many2one(
        "hr.skill",
        string="Skill to train",
        readonly=True,
        help="The first skill that is missing, has expired or is too low.",
    )
    area = fields.Char(
        readonly=True, help="Where the work is: the territory, or else the town."
    )

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
        kept = self._choose_kept(result, chosen)
        shown = self.env["crowd.matcher"]._confirm_distances(dispatch.ticket_id, kept)
        return candidates._create_all(dispatch, shown)

    @api.model
    def _store_more(self, dispatch, chosen):
        """Keep ``chosen`` beside those of the same round: a later wave asks them."""
        candidates = self.sudo()  # a record of the engine, nobody may write it
        known = candidates.search(
            [("dispatch_id", "=", dispatch.id), ("round", "=", dispatch.round)]
        )
        asked = {candidate.worker_id for candidate in chosen}
        known.filtered(lambda c: c.excluded_reason and c.worker_id.id in asked).unlink()
        known = known.exists()
        found = {candidate.worker_id.id for candidate in known}
        new = [c for c in chosen if c.worker_id not in found]
        shown = self.env["crowd.matcher"]._confirm_distances(dispatch.ticket_id, new)
        candidates._create_all(dispatch, shown, len(known))

    @api.model
    def _create_all(self, dispatch, shown, before=0):
        """Create the records of ``matching.Candidate`` s, ranked after ``before``."""
        reader = dispatch.sudo().responsible_id  # whoever acts: the desk reads it
        words = self.with_context(lang=reader.lang, tz=reader.tz)
        base = words._prepare_base(dispatch)
        return self.create(
            [
                dict(base, **words._prepare_values(candidate), rank=place)
                for place, candidate in enumerate(shown, start=before + 1)
            ]
        )

    @api.model
    def _choose_kept(self, result, chosen):
        """Return the candidates to keep: the best, others who are asked, near misses."""
        best = result.ranked[:TOP_STORED]
        known = {candidate.worker_id for candidate in best}
        others = tuple(c for c in chosen if c.worker_id not in known)
        known |= {candidate.worker_id for candidate in others}
        near = tuple(c for c in result.near_misses if c.worker_id not in known)
        return best + others + near

    @api.model
    def _prepare_base(self, dispatch):
        """Return what all candidates of a round have in common."""
        ticket = dispatch.with_env(self.env).ticket_id
        return {
            "dispatch_id": dispatch.id,
            "company_id": dispatch.company_id.id,
            "round": dispatch.round,
            "judged_at": self.env["crowd.clock"].now(),
            "service_id": ticket.crowd_service_id.id,
            "team_id": ticket.team_id.id,
            "area": self._find_area(ticket),
        }

    @api.model
    def _find_area(self, ticket):
        """Return where the work is: the territory, else the town; remote: False."""
        if ticket.crowd_service_id.crowd_place == "remote":
            return False
        place = ticket.fsm_location_id
        return place.territory_id.name or place.city or place.zip

    @api.model
    def _prepare_values(self, candidate):
        """Return the values of a ``matching.Candidate``."""
        words = self.env["crowd.matcher"]
        return {
            **self._prepare_score(candidate),
            "worker_id": candidate.worker_id,
            "worker_type": candidate.worker_type,
            "community_id": candidate.community_id,
            "has_distance": candidate.distance_km is not None,
            "distance_km": candidate.distance_km or 0.0,
            "travel_minutes": candidate.travel_minutes or 0,
            "reasons": words._word_praise(candidate),
            "excluded_reason": candidate.excluded_reason or False,
            "is_near_miss": bool(candidate.excluded_reason),
            "excluded_detail": words._word_detail(candidate),
            "skill_id": self._find_skill(candidate),
        }

    @api.model
    def _find_skill(self, candidate):
        """Return the id of the first skill that keeps the candidate out, or False."""
        data = dict(candidate.reasons) if candidate.excluded_reason else {}
        if "skill" in data:
            return data["skill"]["skill_ids"][0]
        if "expired" in data:
            return data["expired"]["expired"][0][0]
        return data["level"]["levels"][0][0] if "level" in data else False
