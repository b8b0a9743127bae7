from odoo import api, fields, models


class CrowdCommunity(models.Model):
    """A sub-crowd of one company, with its own terms, look and services."""

    _name = "crowd.community"
    _description = "Crowd Community"
    _inherit = ["mail.thread", "image.mixin"]
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="restrict",
    )
    is_internal = fields.Boolean(
        string="Own technicians",
        help="Members are employees: technicians of this company.",
    )
    service_ids = fields.Many2many(
        "product.template",
        string="Services",
        domain=[("is_crowd_service", "=", True)],
        help="Services this community may do. Empty: all of them.",
    )
    terms = fields.Html(
        translate=True, help="What members agree to before their first job."
    )
    membership_ids = fields.One2many("crowd.membership", "community_id")
    member_count = fields.Integer(compute="_compute_member_count")

    _sql_constraints = [
        (
            "name_company_uniq",
            "unique(name, company_id)",
            "This company already has a community of that name.",
        )
    ]

    @api.depends("membership_ids.state")
    def _compute_member_count(self):
        groups = self.env["crowd.membership"].read_group(
            [("community_id", "in", self.ids), ("state", "=", "active")],
            ["community_id"],
            ["community_id"],
            lazy=False,
        )
        counts = {group["community_id"][0]: group["__count"] for group in groups}
        for community in self:
            community.member_count = counts.get(community.id, 0)

    def action_view_members(self):
        """Open the memberships of this community."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crowd_service.crowd_membership_action"
        )
        action["domain"] = [("community_id", "=", self.id)]
        action["context"] = {"default_community_id": self.id}
        return action
