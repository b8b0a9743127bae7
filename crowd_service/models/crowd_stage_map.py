from odoo import fields, models

from ..workflow import DISPATCH
from .crowd_dispatch import STATE_LABELS
from .crowd_transition_mixin import state_selection


class CrowdStageMap(models.Model):
    """Where ticket and order stand while a dispatch is in a state."""

    _name = "crowd.stage.map"
    _description = "Stages per dispatch state"
    _order = "company_id, id"
    _rec_name = "dispatch_state"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    dispatch_state = fields.Selection(
        state_selection(DISPATCH, **STATE_LABELS), required=True
    )
    ticket_stage_id = fields.Many2one(
        "helpdesk.ticket.stage",
        ondelete="set null",
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        help="Empty: the ticket stays where it is.",
    )
    order_stage_id = fields.Many2one(
        "fsm.stage",
        ondelete="set null",
        domain="[('stage_type', '=', 'order'), ('is_closed', '=', False),"
        " '|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        help="Empty: the order stays where it is. Done and unsolved work completes "
        "the order, a cancelled dispatch cancels it.",
    )

    _sql_constraints = [
        (
            "state_company_uniq",
            "unique(company_id, dispatch_state)",
            "This company already has stages for that state.",
        )
    ]
