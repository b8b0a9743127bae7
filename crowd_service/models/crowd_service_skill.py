from odoo import api, fields, models


class CrowdServiceSkill(models.Model):
    """A skill that a service needs, and the least level of it."""

    _name = "crowd.service.skill"
    _description = "Skill needed for a service"
    _order = "service_id, skill_id, id"
    _rec_name = "skill_id"

    service_id = fields.Many2one(
        "product.template", required=True, index=True, ondelete="cascade"
    )
    skill_id = fields.Many2one("hr.skill", required=True, ondelete="restrict")
    skill_type_id = fields.Many2one(related="skill_id.skill_type_id", store=True)
    skill_level_id = fields.Many2one(
        "hr.skill.level",
        string="Least level",
        domain="[('skill_type_id', '=', skill_type_id)]",
        ondelete="restrict",
        help="Empty: any level will do.",
    )
    level_progress = fields.Integer(
        related="skill_level_id.level_progress",
        store=True,
        help="Least level in percent, as hr.skill.level counts it.",
    )

    _sql_constraints = [
        (
            "service_skill_uniq",
            "unique(service_id, skill_id)",
            "The service already needs that skill.",
        )
    ]

    @api.onchange("skill_id")
    def _onchange_skill_id(self):
        self.skill_level_id = False
