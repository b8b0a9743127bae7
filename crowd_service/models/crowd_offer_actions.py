from odoo import _, models
from odoo.exceptions import AccessError, UserError


class CrowdOffer(models.Model):
    """The buttons of an offer in Odoo's back office."""

    _inherit = "crowd.offer"

    def action_accept(self):
        """The technician takes the job himself."""
        return self._tell(self.crowd_accept(channel="backend"))

    def action_accept_on_behalf(self):
        """An agent takes it for the worker, as told by phone."""
        return self._tell(self.crowd_accept(channel="phone", on_behalf=True))

    def action_decline(self):
        """Ask why, then decline."""
        return self._ask("decline")

    def action_back_out(self):
        """Ask why, then give the job back."""
        return self._ask("back_out")

    def action_scope(self):
        """Ask why it is beyond the worker, then hand it over."""
        return self._ask("scope")

    def action_no_show(self):
        """The worker did not come: somebody else is looked for."""
        self._check_desk()
        return self._ask("no_show")

    def action_start(self):
        """Work begins."""
        self._check_holder()
        return self._tell(self._start("backend"))

    def action_done(self):
        """The problem is solved."""
        self._check_holder()
        return self._tell(self._finish(True, channel="backend"))

    def action_unsolved(self):
        """The work is over and the problem is not solved."""
        self._check_holder()
        return self._tell(self._finish(False, channel="backend"))

    def action_withdraw(self):
        """The desk takes open offers back."""
        self._check_desk()
        self.sudo()._withdraw()  # agents read offers, the engine changes them
        return True

    def _check_desk(self):
        """Raise unless an agent who may see these offers is acting."""
        if not self.env.user.has_group("crowd_service.group_crowd_agent"):
            raise AccessError(_("Only the desk can do this."))
        self.check_access_rule("read")

    def _check_holder(self):
        self.ensure_one()
        if not self._is_mine():
            self._check_desk()

    def _ask(self, kind):
        """Open the question that goes with an answer."""
        self._check_holder()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crowd.answer",
            "view_mode": "form",
            "target": "new",
            "name": dict(self.env["crowd.answer"]._fields["kind"].selection)[kind],
            "context": {"default_offer_id": self.id, "default_kind": kind},
        }

    def _tell(self, answer):
        """Show a sentence; an answer that changed nothing is an error to the user."""
        if answer["result"] in ("taken", "expired", "busy", "refused"):
            raise UserError(answer["message"])
        return True

    def _answer_decline(self, reason, note):
        self._check_holder()
        self._tell(self._decline(reason, note, channel=self._desk_channel()))
        return {"type": "ir.actions.act_window_close"}

    def _answer_back_out(self, reason, note):
        self._check_holder()
        self._tell(self._give_back(reason, note, channel=self._desk_channel()))
        return {"type": "ir.actions.act_window_close"}

    def _answer_scope(self, reason, note):
        self._check_holder()
        self._tell(self._raise_scope(reason, note, channel=self._desk_channel()))
        return {"type": "ir.actions.act_window_close"}

    def _answer_no_show(self, reason, note):
        self._check_desk()
        self._tell(self._give_back(reason, note, channel="desk", state="no_show"))
        return {"type": "ir.actions.act_window_close"}

    def _desk_channel(self):
        return "backend" if self._is_mine() else "phone"

    def _withdraw(self):
        """Take back what is not answered yet, and tell the people."""
        for dispatch in self.mapped("dispatch_id"):
            dispatch._withdraw_offers(self & dispatch.offer_ids)
