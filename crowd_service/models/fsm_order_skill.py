from odoo import api, fields, models
from odoo.tools import html_sanitize


class FSMOrder(models.Model):
    _inherit = "fsm.order"

    crowd_instructions = fields.Html(
        compute="_compute_crowd_instructions",
        help="The instructions without anything that could run: they are a text "
        "field that the form fills with HTML.",
    )

    @api.depends("todo")
    def _compute_crowd_instructions(self):
        for order in self:
            order.crowd_instructions = html_sanitize(order.todo or "")

    @api.depends("skill_ids")
    def _compute_skill_workers(self):
        """Find the workers of each order: one search per set of skills."""
        workers = self.env["fsm.person"]
        found = {}
        for order in self:
            skills = tuple(sorted(order.skill_ids.ids))
            if skills not in found:
                found[skills] = workers.search(
                    [("crowd_missing_skill_ids", "not in", skills)]
                )
            order.skill_worker_ids = found[skills]
