from odoo import _, api, fields, models

from .crowd_offer import CHANNELS


class CrowdEvent(models.Model):
    """One line of a dispatch's history. Written once, never changed."""

    _name = "crowd.event"
    _description = "Crowd History"
    _inherit = "crowd.bulk.mixin"
    _rec_name = "kind"
    _order = "id"

    dispatch_id = fields.Many2one(
        "crowd.dispatch", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one("res.company", index=True, readonly=True)
    ticket_id = fields.Many2one(
        "helpdesk.ticket", index=True, ondelete="cascade", readonly=True
    )
    at = fields.Datetime(required=True, readonly=True)
    kind = fields.Selection(
        [
            ("state", "State"),
            ("wave", "Wave"),
            ("answer", "Answer"),
            ("escalation", "Escalation"),
            ("desk", "Decision of the desk"),
            ("promise", "Promise of the worker"),
            ("consent", "Consent of the customer"),
            ("note", "Note"),
        ],
        required=True,
        readonly=True,
    )
    from_state = fields.Char(readonly=True)
    to_state = fields.Char(readonly=True)
    reason = fields.Char(readonly=True, help="Reason code.")
    note = fields.Text(readonly=True)
    channel = fields.Selection(CHANNELS, readonly=True, help="How the answer came in.")
    quantity = fields.Integer(readonly=True, help="Number of people in the wave.")
    offer_id = fields.Many2one("crowd.offer", readonly=True, ondelete="cascade")
    escalation_id = fields.Many2one(
        "crowd.escalation", readonly=True, ondelete="cascade"
    )
    worker_id = fields.Many2one("fsm.person", readonly=True, ondelete="restrict")
    user_id = fields.Many2one("res.users", string="By", readonly=True)
    summary = fields.Char(compute="_compute_summary")

    @api.depends_context("lang")
    @api.depends("kind", "from_state", "to_state", "reason", "note", "worker_id")
    def _compute_summary(self):
        for event in self:
            event.summary = getattr(event, "_summary_%s" % event.kind)()

    def _label(self, model, field, value):
        """Return the translated label of a selection ``value``."""
        selection = self.env[model]._fields[field]._description_selection(self.env)
        return dict(selection).get(value, value or "")

    def _summary_state(self):
        return self._label("crowd.dispatch", "state", self.to_state)

    def _summary_wave(self):
        return _("%s people asked") % self.quantity

    def _summary_answer(self):
        text = "%s: %s" % (
            self.worker_id.sudo().name,  # a name is all the history needs
            self._label("crowd.offer", "state", self.to_state),
        )
        if self.reason:
            reason = self._label("crowd.offer", "decline_reason", self.reason)
            text = "%s (%s)" % (text, reason)
        return text

    def _summary_escalation(self):
        reason = self._label("crowd.escalation", "reason", self.reason)
        # names are all the history needs
        escalation = self.escalation_id.sudo()
        if self.to_state == "open":
            return _("Escalated to %(name)s: %(reason)s") % {
                "name": escalation.user_id.name,
                "reason": reason,
            }
        if self.to_state == "acknowledged":
            return _("%s is responsible") % escalation.acknowledged_by_id.name
        if self.to_state == "taken":
            return _("%s has the job") % escalation.worker_id.name
        return _("The escalation is over")

    def _summary_desk(self):
        """What the desk decided, and why."""
        return "%s: %s" % (
            self._label("crowd.intervene", "kind", self.to_state),
            self._label("crowd.intervene", "reason", self.reason),
        )

    def _summary_note(self):
        return self.note or ""
