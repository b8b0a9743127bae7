from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class ProductTemplate(models.Model):
    """A service of the crowd's catalogue."""

    _inherit = "product.template"

    is_crowd_service = fields.Boolean(
        string="Crowd service",
        help="Tickets can ask for it, and workers can be offered it.",
    )
    crowd_skill_ids = fields.One2many(
        "crowd.service.skill", "service_id", string="Skills needed", copy=True
    )
    crowd_place = fields.Selection(
        [("on_site", "On site"), ("remote", "Remote")],
        string="Place of work",
        default="on_site",
        required=True,
    )
    crowd_audience = fields.Selection(
        [
            ("crowd", "The crowd"),
            ("both", "The crowd and own technicians"),
            ("experts", "Own technicians only"),
        ],
        string="Done by",
        default="both",
        required=True,
    )
    crowd_minutes = fields.Integer(
        string="Planned minutes", default=60, help="How long the work usually takes."
    )
    crowd_radius_km = fields.Integer(
        string="Radius (km)",
        default=30,
        help="How far from the customer workers are looked for. Remote services "
        "have no radius.",
    )
    crowd_price_min = fields.Float(
        string="Lowest price",
        digits="Product Price",
        help="The final price is agreed between worker and customer within these "
        "bounds. The sales price is the guide.",
    )
    crowd_price_max = fields.Float(string="Highest price", digits="Product Price")
    crowd_deadline_hours = fields.Float(
        string="To be solved within (hours)",
        default=48,
        help="Sets the deadline of a ticket of ordinary priority; higher priorities "
        "shorten it.",
    )
    crowd_knowledge = fields.Html(
        string="Knowledge for the worker",
        translate=True,
        help="Shown on the job page to the worker who has the job.",
    )

    _sql_constraints = [
        (
            "crowd_numbers_check",
            "CHECK (crowd_minutes >= 0 AND crowd_radius_km >= 0"
            " AND crowd_deadline_hours >= 0 AND crowd_price_min >= 0)",
            "Minutes, radius, hours and prices cannot be negative.",
        )
    ]

    @api.constrains("crowd_price_min", "crowd_price_max", "list_price")
    def _check_crowd_price(self):
        for service in self.filtered("is_crowd_service"):
            low, high = service.crowd_price_min, service.crowd_price_max
            if high and not low <= service.list_price <= high:
                raise ValidationError(
                    _(
                        "%(service)s: the guide price %(guide)s must lie between the "
                        "lowest (%(low)s) and the highest price (%(high)s)."
                    )
                    % {
                        "service": service.name,
                        "guide": service.list_price,
                        "low": low,
                        "high": high,
                    }
                )

    @api.onchange("is_crowd_service")
    def _onchange_is_crowd_service(self):
        if self.is_crowd_service:
            self.type = "service"
