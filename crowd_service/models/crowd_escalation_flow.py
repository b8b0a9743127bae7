from odoo import _, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import html_sanitize

from .. import race
from .crowd_dispatch_hand_over import HandOver


class CrowdDispatch(models.Model):
    """Handing a dispatch over to internal people."""

    _inherit = "crowd.dispatch"

    def _escalate(self, reason, note="", user=None, team=None, level=1):
        """Make ``user`` answer for the ticket.

        Without one: whoever is next on the ladder, else the next responsible person.
        """
        self.ensure_one()
        if user:
            return self._hand_over(reason, user, team, note, level)
        hand_over = self._plan_escalation(reason, note)
        if not hand_over.step:
            hand_over.team, hand_over.level = team, level
        return self._hand_over_all([hand_over])

    def _escalate_by(self, step, reason, note=""):
        """Hand over to whom ``step`` names; if nobody is there, to the next."""
        return self._hand_over_all([self._plan_step(step, reason, note)])

    def _hand_over(self, reason, user, team=None, note="", level=1):
        """Escalate to ``user``, who has to acknowledge; return the escalation."""
        return self._hand_over_all([HandOver(self, reason, user, note, team, level)])

    def _gateways_of(self, step):
        """Return the argument of ``_queue`` for the gateways that a step names."""
        gateways = step.gateway_ids if step else None
        return {"gateways": gateways} if gateways else {}

    def _acting_user(self):
        """Return the internal person who is acting, or nobody: the clock."""
        user = self.env.user
        return user.browse() if user.share or user._is_superuser() else user

    def _climb(self, escalation):
        """Nobody acknowledged in time: the next person up is asked.

        That is the ladder's next one at once; after its end the team's leader and the
        company's fallback, as far as they were not asked.
        """
        step = self._next_escalation()
        if step:
            self._pull_next("not_acknowledged")
            if step.due_at <= self._now():
                self._escalate_by(step, "not_acknowledged", escalation.note or "")
            else:  # the next person is asked when the desk opens
                self.next_deadline = step.due_at
            return
        asked = self.escalation_ids.mapped("user_id")
        try:
            user = self.ticket_id._crowd_find_responsible(exclude=asked)
        except UserError:  # everybody was asked: remind the last one, quietly
            self._look_again(_("This escalation waits for somebody to acknowledge it."))
        else:
            self._hand_over(
                "not_acknowledged",
                user,
                team=escalation.team_id,
                note=escalation.note or "",
                level=escalation.level + 1,
            )

    def _close_escalations(self, state, worker_id=False):
        """End the escalations that are still open."""
        escalations = self.escalation_ids.filtered(
            lambda e: e.state in ("open", "acknowledged")
        )
        if not escalations:
            return
        values = {"closed_at": self._now()}
        if state == "taken":
            values.update(taken_at=values["closed_at"], worker_id=worker_id)
        escalations._move(state, **values)
        escalations._record(state)
        escalations.activity_unlink(["crowd_service.mail_activity_escalation"])

    def _render_packet(self, reason, note):
        """Return the hand-over packet: what happened so far, for the next person."""
        labels = dict(
            self.env["crowd.escalation"]
            ._fields["reason"]
            ._description_selection(self.env)
        )
        number = self.env["ir.model.data"].xmlid_to_res_id(
            "crowd_service.escalation_packet"
        )
        values = {
            "dispatch": self,
            "ticket": self.ticket_id,
            "note": note,
            "reason": labels[reason],
        }
        page = self.env["ir.ui.view"].browse(number)._render(values)
        return html_sanitize(page, sanitize_attributes=True)


class CrowdEscalation(models.Model):
    """What the person who was asked can do."""

    _inherit = "crowd.escalation"

    def action_acknowledge(self):
        """The user is responsible from now on."""
        for escalation in self._as_addressee():
            escalation._check_open()
            if escalation.state == "open":
                escalation._acknowledge()
        return True

    def _acknowledge(self):
        now = self.env["crowd.clock"].now()
        self._move(
            "acknowledged",
            acknowledged_at=now,
            acknowledged_by_id=self.env.user.id,
            acknowledged_in_time=now <= self.deadline,
        )
        self._record("acknowledged")
        self.activity_unlink(["crowd_service.mail_activity_escalation"])
        dispatch = self.dispatch_id
        dispatch.activity_unlink(["crowd_service.mail_activity_follow_up"])
        dispatch._end_steps("acknowledged")
        dispatch.write(
            {
                "responsible_id": self.env.user.id,
                "next_deadline": dispatch._in_desk_minutes(
                    self.company_id.crowd_follow_up_minutes
                ),
            }
        )

    def action_take_job(self):
        """The technician takes the job himself."""
        return self._take_job("escalation")

    def _take_job(self, channel):
        """Give the job to the user, who said so over ``channel``."""
        self.ensure_one()
        escalation = self._as_addressee()
        escalation._check_open()
        worker = self.env["fsm.person"].search(
            [("partner_id", "=", self.env.user.partner_id.id)], limit=1
        )
        if not worker:
            raise UserError(
                _(
                    "You are no worker. Acknowledge the escalation, then use Match to "
                    "find a technician and accept on his behalf."
                )
            )
        escalation.dispatch_id._assign_worker(
            worker.sudo(), origin="escalation", channel=channel
        )
        return True

    def action_back_to_crowd(self):
        """Look for people again."""
        return self.ticket_id.action_crowd_match()

    def action_view_ticket(self):
        """Open the ticket."""
        return self.ticket_id.get_formview_action()

    def _action_open(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    def _as_addressee(self):
        """Return ``self`` as superuser, locked, if the user may answer for it.

        Technicians answer what is addressed to them, the desk answers everything.
        """
        self.check_access_rights("read")
        self.check_access_rule("read")
        is_desk = self.env.user.has_group("crowd_service.group_crowd_agent")
        if not is_desk and self.sudo().user_id != self.env.user:
            raise AccessError(_("This escalation is addressed to somebody else."))
        race.lock(self.sudo().dispatch_id)
        return self.sudo()

    def _check_open(self):
        for escalation in self:
            if escalation.state in ("taken", "closed"):
                raise UserError(
                    _("%s is over: somebody else has dealt with it.") % escalation.name
                )

    def _record(self, state):
        """Write into the history what became of these escalations."""
        events = self.dispatch_id._prepare_events("escalation", to_state=state)
        of_dispatch = {event["dispatch_id"]: event for event in events}
        self.env["crowd.event"].create(
            [
                dict(
                    of_dispatch[escalation.dispatch_id.id],
                    escalation_id=escalation.id,
                    reason=escalation.reason,
                    note=escalation.note if state == "open" else "",
                )
                for escalation in self
            ]
        )
