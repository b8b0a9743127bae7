from odoo import _, api, fields, models, tools
from odoo.exceptions import ValidationError

from ..matching import PARTS, STANDARD_WEIGHTS

WEIGHTS = tuple("weight_" + part for part in PARTS)


class CrowdScoring(models.Model):
    """What counts how much when people are ranked, in a company or for one team."""

    _name = "crowd.scoring"
    _description = "Crowd Scoring"
    _inherit = ["crowd.kept.mixin", "crowd.company.mixin"]
    _order = "company_id, team_id, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    team_id = fields.Many2one(
        "helpdesk.ticket.team",
        ondelete="cascade",
        check_company=True,
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        help="For the tickets of this team only. Empty: for all teams of the company "
        "that have no scoring of their own.",
    )
    weight_distance = fields.Integer(
        string="Near the customer",
        default=STANDARD_WEIGHTS["distance"],
        help="Full points at the customer's door, none at the edge of the radius. "
        "Remote work has no distance: these points go to the other parts.",
    )
    weight_quality = fields.Integer(
        string="Good work",
        default=STANDARD_WEIGHTS["quality"],
        help="Stars from customers, and the share of jobs that were solved. Whoever "
        "has few of them is taken for as good as the crowd on the average.",
    )
    weight_response = fields.Integer(
        string="Quick answers",
        default=STANDARD_WEIGHTS["response"],
        help="How often and how fast offers are answered at this time of the week. "
        "A quick no counts as well.",
    )
    weight_experience = fields.Integer(
        string="Experience with the problem",
        default=STANDARD_WEIGHTS["experience"],
        help="How many similar tickets were solved before.",
    )
    weight_fairness = fields.Integer(
        string="Everybody gets a turn",
        default=STANDARD_WEIGHTS["fairness"],
        help="Points for having had few offers and jobs lately, and for being new.",
    )
    weight_preference = fields.Integer(
        string="The customer's choice",
        default=STANDARD_WEIGHTS["preference"],
        help="The customer asked for this person, or had him before and liked him.",
    )
    weight_cost = fields.Integer(
        string="Low cost",
        default=STANDARD_WEIGHTS["cost"],
        help="Full points for whoever costs nothing, half of them for whoever costs "
        "less than the price of the service.",
    )
    shares = fields.Char(
        string="Out of 100 points",
        compute="_compute_shares",
        help="What the numbers come to when they are scaled to 100 points.",
    )
    mean_stars = fields.Float(
        string="Average stars", related="company_id.crowd_mean_stars"
    )
    mean_success = fields.Float(
        string="Jobs solved", related="company_id.crowd_mean_success"
    )
    mean_response = fields.Float(
        string="Average response", related="company_id.crowd_mean_response"
    )

    _sql_constraints = [
        (
            "weights_check",
            "CHECK (%s)" % " AND ".join("%s BETWEEN 0 AND 100" % w for w in WEIGHTS),
            "Each number lies between 0 and 100.",
        ),
        (  # unlike a unique constraint it knows archived ones and "no team"
            "team_uniq",
            "EXCLUDE USING btree (company_id WITH =, (COALESCE(team_id, 0)) WITH =)"
            " WHERE (active)",
            "This team or company already has a scoring: change that one, or archive "
            "it first.",
        ),
    ]

    @api.depends_context("lang")
    @api.depends(*WEIGHTS)
    def _compute_shares(self):
        for scoring in self:
            points = scoring._scale()
            scoring.shares = ", ".join(
                "%s %d"
                % (scoring._fields[name]._description_string(self.env), round(share))
                for name, share in zip(WEIGHTS, points.values())
            )

    @api.constrains(*WEIGHTS)
    def _check_weights(self):
        for scoring in self:
            if not any(scoring[name] for name in WEIGHTS):
                raise ValidationError(
                    _("Something must count: at least one number is more than 0.")
                )

    def _scale(self):
        """Return ``{part: points}``, 100 together; all zero if nothing counts."""
        weights = {part: self["weight_" + part] for part in PARTS}
        total = sum(weights.values()) or 1
        return {part: 100.0 * weight / total for part, weight in weights.items()}

    @api.model
    def _get_weights(self, company_id, team_id=False):
        """Return ``{part: points}``, 100 together, for tickets of a team (or of none).

        Of the team's scoring, else the company's, else the standard weights.
        """
        return dict(self._find_weights(company_id, team_id or False))

    @api.model
    @tools.ormcache("company_id", "team_id")
    def _find_weights(self, company_id, team_id):
        """As a tuple: what is cached must not be changed by whoever gets it."""
        found = self.sudo().search(  # the ranking is the same for whoever asks
            [("company_id", "=", company_id), ("team_id", "in", (team_id, False))]
        )
        scoring = found.filtered("team_id") or found
        return tuple((scoring._scale() if scoring else STANDARD_WEIGHTS).items())
