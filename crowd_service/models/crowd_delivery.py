from odoo import fields, models


class CrowdDelivery(models.Model):
    """One message to one person over one gateway. A plain model: there are many."""

    _name = "crowd.delivery"
    _description = "Crowd Delivery"
    _order = "id desc"

    gateway_id = fields.Many2one(
        "crowd.gateway", required=True, index=True, ondelete="restrict", readonly=True
    )
    kind = fields.Selection(related="gateway_id.kind", store=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True
    )
    purpose = fields.Selection(
        [
            ("offer", "Offer"),
            ("won", "You have the job"),
            ("taken", "Somebody else has the job"),
            ("withdrawn", "The offer is withdrawn"),
            ("job_cancelled", "The job is cancelled"),
            ("escalation", "Escalation"),
        ],
        required=True,
        readonly=True,
    )
    offer_id = fields.Many2one("crowd.offer", index=True, readonly=True)
    escalation_id = fields.Many2one("crowd.escalation", index=True, readonly=True)
    dispatch_id = fields.Many2one("crowd.dispatch", index=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="To", required=True, readonly=True, ondelete="restrict"
    )
    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("sent", "Sent"),
            ("failed", "Failed, will be tried again"),
            ("dead", "Could not be delivered"),
            ("obsolete", "No longer wanted"),
        ],
        required=True,
        default="queued",
        index=True,
        readonly=True,
    )
    attempts = fields.Integer(readonly=True)
    next_try = fields.Datetime(index=True, readonly=True)
    sent_at = fields.Datetime(readonly=True)
    error = fields.Char(readonly=True)
    provider_ref = fields.Char(
        readonly=True, help="Message-Id, or the provider's own number."
    )

    _sql_constraints = [
        (
            "subject_check",
            "CHECK (offer_id IS NOT NULL OR escalation_id IS NOT NULL)",
            "A message is about an offer or an escalation.",
        )
    ]

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS crowd_delivery_once_offer"
            " ON crowd_delivery (offer_id, purpose, gateway_id, partner_id)"
            " WHERE offer_id IS NOT NULL"
        )
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS crowd_delivery_once_escalation"
            " ON crowd_delivery (escalation_id, purpose, gateway_id, partner_id)"
            " WHERE escalation_id IS NOT NULL"
        )
