from odoo import _, models
from odoo.exceptions import AccessError, UserError

from .crowd_dispatch import HELD_STATES

DESK_REASONS = [
    ("customer", "The customer wishes it"),
    ("late", "It takes too long"),
    ("wrong", "The wrong people were asked"),
    ("mistake", "It was a mistake"),
    ("other", "Another reason"),
]
INTERVENTIONS = {  # what the desk may do, and while the dispatch is what
    "withdraw": ("offered",),
    "redispatch": HELD_STATES + ("searching", "offered", "escalated"),
    "take_over": HELD_STATES + ("draft", "searching", "offered", "escalated"),
}


class CrowdDispatch(models.Model):
    """What the desk decides against the course of things, always with a reason."""

    _inherit = "crowd.dispatch"

    def action_scope(self):
        """It is beyond what the worker can do."""
        return self.accepted_offer_id.action_scope()

    def action_on_my_way(self):
        """The worker sets off."""
        return self.accepted_offer_id.action_on_my_way()

    def action_late(self):
        """The worker comes later than he promised."""
        return self.accepted_offer_id.action_late()

    def action_withdraw(self):
        """Ask why, then take all open offers back."""
        return self._ask_why("withdraw", _("Withdraw the offers"))

    def action_redispatch(self):
        """Ask why, then look for somebody else."""
        return self._ask_why("redispatch", _("Look for somebody else"))

    def action_take_over(self):
        """Ask why, then make the user responsible, with nobody else at it."""
        return self._ask_why("take_over", _("Take over"))

    def _ask_why(self, kind, name):
        self.ensure_one()
        if not self.env.user.has_group("crowd_service.group_crowd_agent"):
            raise AccessError(_("Only the desk can do this."))
        self.check_access_rule("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "crowd.intervene",
            "view_mode": "form",
            "target": "new",
            "name": name,
            "context": {"default_dispatch_id": self.id, "default_kind": kind},
        }

    def _intervene(self, kind, reason, note=""):
        """Do what the desk decided; the history keeps who, what and why.

        :param kind: a key of :data:`INTERVENTIONS`
        :param reason: a code of :data:`DESK_REASONS`
        """
        dispatch = self._as_desk()
        if dispatch.state not in INTERVENTIONS[kind]:
            raise UserError(
                _("%(name)s is “%(state)s”: that is not possible now.")
                % {
                    "name": dispatch.name,
                    "state": dispatch._state_label(dispatch.state),
                }
            )
        dispatch._record("desk", reason=reason, to_state=kind, note=note)
        getattr(dispatch, "_desk_" + kind)(note)

    def _desk_withdraw(self, _note):
        self._withdraw_offers()

    def _desk_redispatch(self, _note):
        self._take_back(self._open_offers())
        self._take_from_worker()
        self._ask_again()

    def _desk_take_over(self, note):
        self._escalate("manual", note=note, user=self.env.user)._acknowledge()

    def _escalate_scope(self, offer):
        """The worker says that it is beyond the crowd: internal people go on."""
        self.write(
            {
                "accepted_offer_id": False,
                "worker_id": False,
                "assigned_at": False,
                "arrived_at": False,
            }
        )
        dispatch = self._in_desk_language()
        reasons = offer._fields["decline_reason"]._description_selection(dispatch.env)
        words = [dict(reasons)[offer.decline_reason], offer.answer_note]
        dispatch._escalate("scope", note=": ".join(filter(None, words)))
