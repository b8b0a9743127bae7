from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .. import race


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _crowd_phones(self):
        """Return the numbers under which this person can be called, mobile first.

        A worker has numbers of his own beside those of his contact.
        """
        worker = self.env["fsm.person"].search([("partner_id", "=", self.id)], limit=1)
        numbers = (worker.mobile, self.mobile, worker.phone, self.phone)
        return list(dict.fromkeys(filter(None, numbers)))

    def _crowd_reached_by_phone(self, gateway, subject):
        return subject._name == "crowd.offer" and bool(self._crowd_phones())


class CrowdGateway(models.Model):
    _inherit = "crowd.gateway"

    call_attempts = fields.Integer(
        string="Calls at most",
        default=2,
        help="After so many calls without an answer the person's next gateway is used.",
    )

    _sql_constraints = [
        ("call_attempts_check", "CHECK (call_attempts > 0)", "One call at least.")
    ]


class CrowdDelivery(models.Model):
    """Messages that somebody at the desk passes on by phone."""

    _inherit = "crowd.delivery"

    calls = fields.Integer(
        string="Calls without answer", readonly=True, help="Phone only."
    )

    def _schedule_call(self):
        """Create the activity of whoever is to call; return it."""
        dispatch, user = self.dispatch_id, self.dispatch_id.responsible_id
        reader = user.partner_id._crowd_reader_context(self.company_id)
        race.lock(self.offer_id)  # nobody closes it while it becomes a task
        label = dict(self._fields["purpose"]._description_selection(self.env))
        return dispatch.with_context(
            **reader, mail_activity_quick_update=True
        ).activity_schedule(
            "crowd_service.mail_activity_call",
            summary=_("Call %(person)s: %(message)s")
            % {"person": self.partner_id.name, "message": label[self.purpose]},
            note=Markup("<p>%s</p><p><a href='%s'>%s</a></p>")
            % (
                ", ".join(self.partner_id._crowd_phones()),
                self._backend_link(self),
                _("What to say, and what was answered"),
            ),
            date_deadline=self._local_day(self.env["crowd.clock"].now()),
            user_id=user.id,
        )

    def action_call(self):
        """Open what to read out."""
        self.ensure_one()
        if self.kind != "phone" or self.state != "sent":
            raise UserError(_("There is nothing to call about any more."))
        return {
            "type": "ir.actions.act_window",
            "name": _("Call %s") % self.partner_id.name,
            "res_model": "crowd.call",
            "view_mode": "form",
            "target": "new",
            "context": {"default_delivery_id": self.id},
        }

    def _end_call(self, state, error=""):
        """The person was reached, or will not be: the to-do is gone.

        :param state: as in :meth:`_receipt`
        """
        self._close_calls()
        self._receipt(state, error)

    def _no_answer(self):
        """Nobody answered: again later, or the next gateway.

        :return: whether it is tried again
        """
        race.lock(self)
        self.calls += 1
        self.dispatch_id._record(
            "note",
            note=_("%(person)s did not answer the phone (%(number)s of %(most)s).")
            % {
                "person": self.partner_id.name,
                "number": self.calls,
                "most": self.gateway_id.call_attempts,
            },
        )
        if self.calls < self.gateway_id.call_attempts:
            return True
        self._end_call("failed", _("nobody answers the phone"))
        return False

    def _close_calls(self):
        refs = self.filtered(lambda d: d.kind == "phone").mapped("provider_ref")
        ids = [int(ref) for ref in refs if ref and ref.isdecimal()]
        activities = self.env["mail.activity"].sudo()  # other people's to-do lists
        activities.browse(ids).exists().unlink()

    @api.model
    def _close_todos(self, offers):
        res = super()._close_todos(offers)
        deliveries = self.sudo()  # whoever decides has no rights on messages
        domain = [("offer_id", "in", offers.ids), ("purpose", "=", "offer")]
        deliveries.search(domain + [("kind", "=", "phone")])._close_calls()
        return res
