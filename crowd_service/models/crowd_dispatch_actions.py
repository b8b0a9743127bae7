from odoo import _, models
from odoo.exceptions import AccessError, UserError

from .. import race


class CrowdDispatch(models.Model):
    """The buttons of a dispatch."""

    _inherit = "crowd.dispatch"

    def _as_desk(self):
        """Return ``self`` as superuser, locked, if an agent is acting.

        Agents read dispatches; only the engine changes them.
        """
        if not self.env.user.has_group("crowd_service.group_crowd_agent"):
            raise AccessError(_("Only the desk can do this."))
        self.check_access_rule("read")
        race.lock(self.sudo())
        return self.sudo()

    def action_match(self):
        """Look for (more) people."""
        return self.ticket_id.action_crowd_match()

    def action_why_not(self):
        """Ask about one worker: why him, or why not."""
        return self.ticket_id.action_crowd_why_not()

    def action_escalate(self):
        """Hand over to internal people."""
        return self.ticket_id.action_crowd_escalate()

    def action_withdraw_offers(self):
        """Take all open offers back; the ticket goes to its responsible person."""
        self._as_desk()._withdraw_offers()
        return True

    def action_start(self):
        """Work begins."""
        return self.accepted_offer_id.action_start()

    def action_done(self):
        """The problem is solved."""
        return self.accepted_offer_id.action_done()

    def action_unsolved(self):
        """The work is over and the problem is not solved."""
        return self.accepted_offer_id.action_unsolved()

    def action_back_out(self):
        """The worker gives the job back."""
        return self.accepted_offer_id.action_back_out()

    def action_no_show(self):
        """The worker did not come."""
        return self.accepted_offer_id.action_no_show()

    def action_cancel(self):
        """The desk stops the dispatch."""
        self._as_desk()._cancel("desk")
        return True

    def action_pause(self):
        """Ask until when, then pause."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crowd.pause",
            "view_mode": "form",
            "target": "new",
            "name": _("Pause"),
            "context": {"default_dispatch_id": self.id},
        }

    def _pause_as_user(self, until, note):
        self._as_desk()._pause(until, note)

    def action_resume(self):
        """Go on before the pause ends."""
        dispatch = self._as_desk()
        if dispatch.state != "paused":
            raise UserError(_("%s is not paused.") % dispatch.name)
        dispatch._resume()
        return True

    def action_take_responsibility(self):
        """The user answers for the ticket from now on."""
        dispatch = self._as_desk()
        dispatch.responsible_id = self.env.user
        return True

    def action_view_offers(self):
        """Open the offers of this dispatch."""
        return self._action_related("crowd_service.crowd_offer_action")

    def action_view_escalations(self):
        """Open the escalations of this dispatch."""
        return self._action_related("crowd_service.crowd_escalation_action")

    def _action_related(self, xml_id):
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        action["domain"] = [("dispatch_id", "in", self.ids)]
        action["context"] = {}
        return action

    def action_view_order(self):
        """Open the service order."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "fsm.order",
            "view_mode": "form",
            "res_id": self.order_id.id,
        }

    def _check_deletable(self):
        if self:
            raise UserError(
                _("A dispatch is history and cannot be deleted. Cancel it instead.")
            )
