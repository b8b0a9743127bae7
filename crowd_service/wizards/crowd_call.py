from odoo import _, api, fields, models
from odoo.exceptions import AccessError

from .. import compat


class CrowdCall(models.TransientModel):
    """A call from the desk: what to read out, and what was answered."""

    _name = "crowd.call"
    _description = "Call"

    delivery_id = fields.Many2one(
        "crowd.delivery",
        required=True,
        readonly=True,
        auto_join=True,  # the rule follows it, without listing all of them
    )
    purpose = fields.Selection(related="delivery_id.purpose")
    offer_id = fields.Many2one(related="delivery_id.offer_id")
    partner_id = fields.Many2one(related="delivery_id.partner_id")
    number = fields.Char(compute="_compute_number")
    other_numbers = fields.Char(compute="_compute_number")
    script = fields.Html(compute="_compute_script", sanitize=False)
    calls = fields.Integer(related="delivery_id.calls")
    reason = fields.Selection(
        selection=lambda self: (
            self.env["crowd.offer"]._fields["decline_reason"].selection
        ),
        default="other",
    )
    note = fields.Text(string="Remark")
    result = fields.Selection([("good", "Done"), ("bad", "Not possible")])
    message = fields.Char(readonly=True)

    @api.depends("delivery_id")
    def _compute_number(self):
        for call in self:
            numbers = call.partner_id._crowd_phones()
            call.number = numbers[0] if numbers else False
            call.other_numbers = ", ".join(numbers[1:]) or False

    @api.depends("delivery_id")
    @api.depends_context("lang")
    def _compute_script(self):
        """What may be said: the same whitelist as in mails.

        In the agent's language, and in the time of the worker.
        """
        for call in self:
            offer = call.offer_id
            zone = call.partner_id._crowd_reader_context(offer.company_id)["tz"]
            values = {
                "offer": offer.with_context(tz=zone)._crowd_mail_values(),
                "purpose": call.purpose,
            }
            call.script = compat.render_view(
                self.env, "crowd_service.call_script", values
            )

    def action_accept(self):
        """The worker takes the job; the agent signs for him."""
        delivery = self._check()
        answer = self.offer_id.crowd_accept(channel="phone", on_behalf=True)
        return self._show(delivery, answer, ("accepted", "yours"))

    def action_decline(self):
        """The worker does not want the job."""
        delivery = self._check()
        answer = self.offer_id._decline(
            self.reason or "other", self.note or "", channel="phone"
        )
        return self._show(delivery, answer, ("declined",))

    def action_told(self):
        """The worker knows now; nothing was to be answered."""
        self._check()._end_call("read")
        return {"type": "ir.actions.act_window_close"}

    def action_no_answer(self):
        """Nobody answered the phone."""
        self._check()._no_answer()
        return {"type": "ir.actions.act_window_close"}

    def _check(self):
        """Return the message, as superuser, if an agent may act on it."""
        self.ensure_one()
        if not self.env.user.has_group("crowd_service.group_crowd_agent"):
            raise AccessError(_("Only the desk can do this."))
        self.delivery_id.check_access_rule("read")
        self.offer_id.check_access_rule("read")
        return self.delivery_id.sudo()  # agents read messages, the engine writes

    def _show(self, delivery, answer, good):
        """Let the agent read the answer out: the worker is still on the phone."""
        if answer["result"] != "busy":
            delivery._receipt("read")  # whoever decided has removed the to-do
        is_good = answer["result"] in good
        self.write(
            {"result": "good" if is_good else "bad", "message": answer["message"]}
        )
        return {
            "type": "ir.actions.act_window",
            "name": _("Call %s") % self.partner_id.name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
