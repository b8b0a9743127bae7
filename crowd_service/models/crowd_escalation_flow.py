from odoo import _, models
from odoo.exceptions import AccessError, UserError

from .. import race
from .crowd_dispatch import HELD_STATES


class CrowdDispatch(models.Model):
    """Handing a dispatch over to internal people."""

    _inherit = "crowd.dispatch"

    def _escalate(self, reason, note="", user=None, team=None, level=1):
        """Make ``user`` answer for the ticket.

        Without one: whoever is next on the ladder, else the next responsible person.
        """
        self.ensure_one()
        step = not user and self._next_escalation()
        if step:
            return self._escalate_by(step, reason, note)
        user = user or self.ticket_id._crowd_find_responsible()
        escalation = self._hand_over(reason, user, team, note, level)
        self._postpone(escalation.deadline)
        return escalation

    def _hand_over(self, reason, user, team=None, note="", level=1, step=None):
        """Escalate to ``user``, who has to acknowledge; return the escalation.

        Open offers are withdrawn, unless the ``step`` of the ladder keeps them.
        """
        packet = self.with_context(lang=user.lang)._render_packet(reason, note)
        if not (step and step.keep_offers):
            self._take_back(self._open_offers())
        self._withdraw_job()
        self._end_steps("escalated", kind="offer")
        self._close_escalations("closed")
        deadline = (
            step._acknowledge_until()
            if step
            else self._in_desk_minutes(self.company_id.crowd_acknowledge_minutes)
        )
        values = {"responsible_id": user.id, "next_deadline": deadline}
        if self.state == "escalated":
            self.write(values)
        else:
            self._move("escalated", **values)
        escalation = self.env["crowd.escalation"].create(
            {
                "name": self.env["ir.sequence"].next_by_code("crowd.escalation"),
                "dispatch_id": self.id,
                "ticket_id": self.ticket_id.id,
                "company_id": self.company_id.id,
                "reason": reason,
                "note": note,
                "from_user_id": self._acting_user().id,
                "user_id": user.id,
                "team_id": team.id if team else self.team_id.id,
                "level": level,
                "packet": packet,
                "opened_at": self._now(),
                "deadline": deadline,
            }
        )
        escalation._record("open", note)
        self.env["crowd.delivery"]._queue(
            "escalation", escalation=escalation, **self._gateways_of(step)
        )
        return escalation

    def _gateways_of(self, step):
        """Return the argument of ``_queue`` for the gateways that a step names."""
        gateways = step.gateway_ids if step else None
        return {"gateways": gateways} if gateways else {}

    def _acting_user(self):
        """Return the internal person who is acting, or nobody: the clock."""
        user = self.env.user
        return user.browse() if user.share or user._is_superuser() else user

    def _withdraw_job(self):
        """Take the job from whoever holds it."""
        holder = self.accepted_offer_id
        if self.state in HELD_STATES and holder.state == "accepted":
            self._take_back(holder)
            self.write(
                {"accepted_offer_id": False, "worker_id": False, "assigned_at": False}
            )

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
        values = {"closed_at": self._now()}
        if state == "taken":
            values.update(taken_at=self._now(), worker_id=worker_id)
        escalations._move(state, **values)
        escalations._record(state)
        escalations.activity_unlink(["crowd_service.mail_activity_escalation"])

    def _render_packet(self, reason, note):
        """Return the hand-over packet: what happened so far, for the next person."""
        view = self.env.ref("crowd_service.escalation_packet")
        labels = dict(
            self.env["crowd.escalation"]
            ._fields["reason"]
            ._description_selection(self.env)
        )
        return view._render(
            {
                "dispatch": self,
                "ticket": self.ticket_id,
                "note": note,
                "reason": labels[reason],
            }
        )


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

    def _record(self, state, note=""):
        for escalation in self:
            escalation.dispatch_id._record(
                "escalation",
                escalation_id=escalation.id,
                to_state=state,
                reason=escalation.reason,
                note=note,
            )
