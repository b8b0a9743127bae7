from odoo import SUPERUSER_ID, _, api, models
from odoo.exceptions import UserError

from .crowd_dispatch_clock import SEARCH_STATES
from .helpdesk_ticket_policy import SLA_DEADLINE

#: What makes a ticket ready for its policy.
STARTERS = {"crowd_service_id", "fsm_location_id", "crowd_policy_id", "team_id"}
#: What moves the point of no return.
DEADLINES = {
    "crowd_deadline",
    "crowd_when",
    "crowd_wished_to",
    "priority",
    SLA_DEADLINE,
}


class HelpdeskTicket(models.Model):
    """Policies that start by themselves."""

    _inherit = "helpdesk.ticket"

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(vals_list)
        tickets._crowd_start_soon()
        return tickets

    def write(self, vals):
        points = self._crowd_points() if DEADLINES & vals.keys() else {}
        res = super().write(vals)
        if STARTERS & vals.keys():
            self._crowd_start_soon()
        if points:
            moved = self._crowd_points().items() - points.items()
            self.browse(ticket_id for ticket_id, _point in moved)._crowd_replan_soon()
        return res

    def _crowd_points(self):
        """Return ``{ticket id: point of no return}``."""
        return {ticket.id: ticket.crowd_point_of_no_return for ticket in self}

    def _crowd_replan_soon(self):
        """Let the ladders of these tickets be planned anew: others may hold them now."""
        for dispatch in self.sudo().crowd_dispatch_id:  # the ladder is the engine's
            if dispatch.policy_id and dispatch.state in SEARCH_STATES:
                dispatch._by_clock(
                    _("New deadline of %s") % dispatch.name
                )._job_replan()

    def _crowd_start_soon(self):
        """Store a job for each of these tickets that a policy could begin with."""
        ready = self.filtered(
            lambda t: t.crowd_service_id and not t.stage_id.closed
        ).sudo()  # the ladder is the engine's, whoever writes the ticket
        ready = ready.filtered(lambda t: not t.crowd_dispatch_ids)
        if not ready or not self._crowd_has_automatic(ready.company_id):
            return
        for ticket in ready.with_user(SUPERUSER_ID):
            ticket.with_delay(
                identity_key="crowd.start-%d" % ticket.id,
                description=_("Begin the policy of %s") % ticket.number,
            )._job_crowd_start()

    @api.model
    def _crowd_has_automatic(self, companies):
        return (
            self.env["crowd.policy"]
            .sudo()
            .search_count(
                [
                    ("is_automatic", "=", True),
                    ("company_id", "in", [False, *companies.ids]),
                ]
            )
        )

    def _job_crowd_start(self):
        """Begin the policy of the ticket if it starts by itself.

        :return: a sentence for the job: what was done, or why nothing
        """
        ticket = self._crowd_engine()
        if not ticket.exists() or ticket.crowd_dispatch_ids:
            return _("Somebody was faster.")
        policy = self.env["crowd.policy"]._choose(ticket)[0]
        if not policy.is_automatic:
            return _("No policy that starts by itself.")
        try:
            self.env["crowd.matcher"]._check_matchable(ticket)
            dispatch = ticket._crowd_open_dispatch()
            dispatch._check_settings()
        except UserError as error:  # the desk sees the ticket until its first answer
            return error.args[0]
        dispatch._ask_again()
        return policy.name
