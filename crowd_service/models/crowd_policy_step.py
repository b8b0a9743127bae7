from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class CrowdPolicyStep(models.Model):
    """One step of a ladder: after so many minutes, offer or escalate."""

    _name = "crowd.policy.step"
    _description = "Step of a policy"
    _inherit = ["crowd.step.mixin"]
    _order = "policy_id, sequence, id"

    policy_id = fields.Many2one(
        "crowd.policy", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)

    _sql_constraints = [
        (
            "numbers_check",
            "CHECK (after_minutes >= 0 AND radius_km >= 0 AND per_wave >= 0"
            " AND pause_minutes >= 0 AND bonus >= 0 AND acknowledge_minutes >= 0)",
            "The numbers of a step cannot be negative.",
        ),
        (
            "offer_check",
            "CHECK (kind = 'escalate' OR (quantity BETWEEN 1 AND 1000"
            " AND offer_minutes BETWEEN 1 AND 43200 AND audience IS NOT NULL))",
            "An offer goes to 1 to 1000 people and stands for 1 minute to 30 days.",
        ),
        (
            "pause_check",
            "CHECK (kind = 'escalate' OR per_wave = 0 OR per_wave >= quantity"
            " OR pause_minutes > 0)",
            "People who are asked one after another need a pause between.",
        ),
        (
            "target_check",
            "CHECK (kind = 'offer' OR target IS NOT NULL)",
            "Say to whom the step escalates.",
        ),
    ]

    @api.constrains("kind", "target", "user_id", "rota_id")
    def _check_target(self):
        for step in self.filtered(lambda s: s.kind == "escalate"):
            if step.target == "user" and not step.user_id:
                raise ValidationError(
                    _("Choose the person to whom the step escalates.")
                )
            if step.target == "rota" and not step.rota_id:
                raise ValidationError(_("Choose the rota to which the step escalates."))

    @api.constrains("user_id", "rota_id", "community_ids", "gateway_ids", "policy_id")
    def _check_named(self):
        """A policy for all companies names nobody of one; the others only their own."""
        for step in self:
            company = step.policy_id.company_id
            named = (step.community_ids.company_id | step.rota_id.company_id) - company
            if named or step.gateway_ids.company_id - company:
                raise ValidationError(
                    _(
                        "A step names communities, rotas and gateways of its policy's "
                        "company only. Give the policy a company first."
                    )
                )
            user = step.user_id.sudo()  # everybody's companies are needed
            if user.share or (company and user and company not in user.company_ids):
                raise ValidationError(
                    _("%(user)s is no internal user of %(company)s.")
                    % {"user": user.name, "company": company.name or _("the company")}
                )
