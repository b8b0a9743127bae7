from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..matching import geo
from ..workflow.point_of_no_return import point_of_no_return
from .crowd_dispatch import OPEN_STATES

SLA_DEADLINE = "sla_deadline"  # of helpdesk_mgmt_sla, where it is installed


class HelpdeskTicket(models.Model):
    """Which ladder a ticket climbs, and how much time the crowd has."""

    _inherit = "helpdesk.ticket"

    crowd_policy_id = fields.Many2one(
        "crowd.policy",
        string="Policy wished",
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        tracking=True,
        groups="crowd_service.group_crowd_agent",
        help="Empty: the first policy in order that fits the ticket.",
    )
    crowd_policy_words = fields.Char(
        string="Policy",
        compute="_compute_crowd_policy_words",
        groups="crowd_service.group_crowd_agent",
        help="Which policy counts, and why this one.",
    )
    crowd_has_policy = fields.Boolean(
        compute="_compute_crowd_policy_words", groups="crowd_service.group_crowd_agent"
    )
    crowd_is_stopped = fields.Boolean(related="company_id.crowd_stopped")
    crowd_stop_reason = fields.Char(
        related="company_id.crowd_stop_reason",
        groups="crowd_service.group_crowd_agent",
    )
    crowd_point_of_no_return = fields.Datetime(
        string="Point of no return",
        compute="_compute_crowd_point_of_no_return",
        store=True,
        help="From then on only your own people can keep the deadline: the deadline "
        "less travel (estimated), planned work and the time to answer.",
    )

    @api.constrains("crowd_policy_id", "company_id")
    def _check_crowd_policy(self):
        for ticket in self:
            company = ticket.sudo().crowd_policy_id.company_id  # of whichever company
            if company and company != ticket.company_id:
                raise ValidationError(_("This policy belongs to another company."))

    @api.depends_context("lang")
    @api.depends("crowd_policy_id", "crowd_service_id", "priority", "team_id")
    def _compute_crowd_policy_words(self):
        """Say which policy a dispatch has, or the ticket would get."""
        for ticket in self:
            dispatch = ticket.sudo().crowd_dispatch_id  # names are all that is shown
            if dispatch.policy_id and dispatch.state in OPEN_STATES:
                policy, why = dispatch.policy_id, dispatch.policy_why
            elif ticket.crowd_service_id:
                policy, why = self.env["crowd.policy"]._choose(ticket)
            else:
                policy, why = self.env["crowd.policy"], ""
            ticket.crowd_has_policy = bool(policy)
            ticket.crowd_policy_words = (
                "%s: %s" % (policy.sudo().name, why) if policy else False
            )

    @api.depends(lambda self: self._crowd_point_depends())
    def _compute_crowd_point_of_no_return(self):
        for ticket in self:
            ticket.crowd_point_of_no_return = ticket._crowd_find_point()

    @api.model
    def _crowd_point_depends(self):
        """Facts of the ticket only: a changed service leaves its old tickets alone."""
        names = ["crowd_deadline", "crowd_when", "crowd_wished_to", "crowd_service_id"]
        return names + [name for name in (SLA_DEADLINE,) if name in self._fields]

    def _crowd_find_point(self):
        """Return the point of no return (naive UTC), or False without a deadline."""
        deadline = self._crowd_last_end()
        service = self.crowd_service_id
        if not deadline or not service:
            return False
        return point_of_no_return(
            deadline,
            travel_minutes=self._crowd_travel_minutes(),
            work_minutes=service.crowd_minutes,
            duty_minutes=self.company_id.crowd_acknowledge_minutes,
        )

    def _crowd_last_end(self):
        """Return when the work must be done.

        The end of the wished time, else what ``helpdesk_mgmt_sla`` gives if it is
        installed, else the ticket's own deadline.
        """
        if self.crowd_when == "window" and self.crowd_wished_to:
            return self.crowd_wished_to
        agreed = self[SLA_DEADLINE] if SLA_DEADLINE in self._fields else False
        return agreed or self.crowd_deadline

    def _crowd_travel_minutes(self):
        """Estimate the way of a technician, who may come from the radius' edge."""
        service = self.crowd_service_id
        if service.crowd_place == "remote":
            return 0
        return geo.travel_minutes(service.crowd_radius_km)

    def action_crowd_start(self):
        """Let the policy begin."""
        self.crowd_dispatch()
        return True

    def _crowd_externals_allowed(self):
        """Tell whether people from outside may be asked."""
        return True
