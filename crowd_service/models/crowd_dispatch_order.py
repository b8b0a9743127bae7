from datetime import timedelta

from odoo import _, models
from odoo.exceptions import UserError

from .crowd_dispatch import HELD_STATES


class CrowdDispatch(models.Model):
    """Service order and ticket follow the dispatch."""

    _inherit = "crowd.dispatch"

    # ------------------------------------------------------------------
    # order
    # ------------------------------------------------------------------

    def _ensure_order(self, offer):
        """Create the service order, or give the existing one to the winner."""
        if self.order_id:
            self.order_id.write(self._prepare_schedule(offer))
            return self.order_id
        orders = self.env["fsm.order"].with_company(self.company_id)
        return orders.create(
            dict(self._prepare_order(), **self._prepare_schedule(offer))
        )

    def _prepare_order(self):
        ticket = self.ticket_id
        return {
            "ticket_id": ticket.id,
            "company_id": self.company_id.id,
            "team_id": self._get_fsm_team().id,
            "location_id": self._get_location().id,
            "priority": ticket.priority,
            "skill_ids": [(6, 0, ticket.crowd_skill_ids.ids)],
            "description": "\n".join(
                filter(None, [self.service_id.name, self.summary])
            ),
            "crowd_service_id": self.service_id.id,
        }

    def _prepare_schedule(self, offer):
        """Return who does it and when, as far as the ticket says."""
        ticket, now = self.ticket_id, self._now()
        wished = ticket.crowd_when == "window" and ticket.crowd_wished_from
        start = max(wished, now) if wished else now
        minutes = self.service_id.crowd_minutes or 60
        return {
            "person_id": offer.worker_id.id,
            "request_early": wished or now,
            "request_late": (wished and ticket.crowd_wished_to)
            or ticket.crowd_deadline
            or start + timedelta(minutes=minutes),
            "scheduled_date_start": start,
            "scheduled_date_end": start + timedelta(minutes=minutes),
        }

    def _check_settings(self):
        """Raise now, to the desk, what would else hit the worker who accepts."""
        self._get_fsm_team()
        self._get_location()

    def _get_fsm_team(self):
        team = self.team_id.crowd_fsm_team_id or self.company_id.crowd_fsm_team_id
        if not team:
            raise UserError(
                _(
                    "%s has no field service team yet: choose one in the settings of "
                    "Crowd Service."
                )
                % self.company_id.name
            )
        return team

    def _get_location(self):
        """Return where the order takes place; remote work has a place in the books."""
        ticket = self.ticket_id
        location = ticket.fsm_location_id
        if not location and self.service_id.crowd_place == "remote":
            location = (
                ticket.partner_id.service_location_id
                or self.company_id.crowd_remote_location_id
            )
        if not location:
            raise UserError(
                _(
                    "%s: no location for the work. Choose a location on the ticket, or "
                    "the location of remote work in the settings of Crowd Service."
                )
                % ticket.number
            )
        return location

    def _sync_order(self, source, target):
        """Let the service order follow the move ``source -> target``."""
        order = self.order_id
        if not order or order.stage_id.is_closed:
            return
        if target in ("done", "unsolved"):
            self._complete_order(order)
        elif target == "cancelled":
            order.action_cancel()
        elif target == "searching" or (target == "escalated" and order.person_id):
            order.write(dict(self._prepare_stage("offered"), person_id=False))
        else:
            values = self._prepare_stage(target)
            if target == "in_progress":
                values["date_start"] = self._now()
            if values:
                order.write(values)

    def _prepare_stage(self, state):
        stage = self._get_stages(state).order_stage_id
        return {"stage_id": stage.id} if stage else {}

    def _complete_order(self, order):
        now = self._now()
        order.write(
            {
                "date_start": order.date_start or self.assigned_at or now,
                "date_end": now,
            }
        )
        order.action_complete()  # its wizard about the ticket is not for us

    def _get_stages(self, state):
        maps = self.company_id.sudo().crowd_stage_map_ids  # whoever acts: they follow
        return maps.filtered(lambda m: m.dispatch_state == state)

    def _after_order_write(self, order):
        """A dispatcher changed the order by hand: make the same moves as anybody."""
        if order.stage_id.is_closed:
            self._after_order_closed(order)
        elif order.person_id != self.worker_id:
            if order.person_id:
                self._assign_worker(order.person_id)
            elif self.state in HELD_STATES:
                self._take_from_worker()

    def _after_order_closed(self, order):
        completed = order.stage_id == self.env.ref("fieldservice.fsm_stage_completed")
        if completed and self.state in HELD_STATES:
            self._finish(True)
        else:
            self._cancel("order_cancelled")

    # ------------------------------------------------------------------
    # ticket
    # ------------------------------------------------------------------

    def _sync_ticket(self, state):
        """Let the ticket's stage follow, unless it is closed already."""
        ticket = self.ticket_id
        stage = self._get_stages(state).ticket_stage_id
        if stage and stage != ticket.stage_id and not ticket.stage_id.closed:
            ticket.stage_id = stage
        if state in self._transitions.final and not ticket.stage_id.closed:
            ticket._crowd_set_first_answer_deadline()
