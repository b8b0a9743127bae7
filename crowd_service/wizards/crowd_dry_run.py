from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..workflow import ladder


class CrowdDryRun(models.TransientModel):
    """What a policy would do with a ticket if it began now. Nobody is asked."""

    _name = "crowd.dry.run"
    _description = "Dry run of a policy"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Ticket",
        auto_join=True,  # the rule follows it, without listing all of them
    )
    company_id = fields.Many2one(related="ticket_id.company_id")
    policy_id = fields.Many2one(
        "crowd.policy",
        string="Policy",
        help="Empty: the one that the ticket would get.",
    )
    start_at = fields.Datetime(
        string="Beginning at", help="Empty: now. Duties and working hours count then."
    )
    why = fields.Char(string="Why this policy", readonly=True)
    picture = fields.Html(readonly=True, sanitize=False)

    @api.model
    def _open(self, **values):
        """Rehearse as far as ``values`` say what, and return the action to show it."""
        wizard = self.create(values)
        if wizard.ticket_id:
            wizard._rehearse()
        return wizard._action()

    def action_rehearse(self):
        """Do it (again) with what is filled in."""
        self.ensure_one()
        self._rehearse()
        return self._action()

    def _action(self):
        return {
            "type": "ir.actions.act_window",
            "name": _("Dry run"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _rehearse(self):
        """Draw what would happen."""
        if not self.ticket_id:
            raise UserError(_("Choose a ticket."))
        self.ticket_id._check_may_match()
        ticket = self.ticket_id.sudo()  # the engine looks, the agent may see the result
        policy, why = self.policy_id.sudo(), _("Chosen for this dry run.")
        if not policy:
            policy, why = self.env["crowd.policy"]._choose(ticket)
        if not policy:
            raise UserError(
                _(
                    "No policy fits this ticket: the best of the crowd would be asked "
                    "once, then the desk decides."
                )
            )
        if ticket.company_id not in (policy.company_id or ticket.company_id):
            raise AccessError(_("This policy belongs to another company."))
        start = self.start_at or self.env["crowd.clock"].now()
        rungs = self._draw(ticket, policy, start)
        self.write(
            {
                "why": "%s: %s" % (policy.name, why),
                "picture": policy._render_picture(rungs),
            }
        )

    @api.model
    def _draw(self, ticket, policy, start):
        """Return the rungs and marks for the picture, in order of time."""
        point = ticket.crowd_point_of_no_return or None
        steps = {step.id: step for step in policy.step_ids}
        rungs = ladder.plan(
            policy.step_ids.sorted()._to_ladder(),
            start,
            point,
            ticket.team_id._crowd_desk_time,
        )
        drawn, asked = [], set()
        for rung in rungs:
            step = steps[rung.step.key]
            if step.kind == "offer" and not rung.is_skipped:
                drawn += self._draw_offer(ticket, step, rung, asked, start)
            else:
                drawn.append((rung.due_at, self._draw_other(ticket, step, rung, start)))
        drawn += self._draw_ends(ticket, start)
        return [drawing for _at, drawing in sorted(drawn, key=lambda pair: pair[0])]

    @api.model
    def _draw_offer(self, ticket, step, rung, asked, start):
        """Return ``[(instant, drawing)]``, one for each wave that finds people."""
        found = self._find(ticket, step, asked)
        asked.update(candidate.worker_id for candidate in found)
        if not found:
            nobody = _("Nobody fits: the next step would come at once.")
            values = {"state": "skipped", "lines": [], "why": nobody}
            return [(rung.due_at, step._draw(self._at(rung.due_at, start), **values))]
        drawn = []
        for wave in rung.waves:
            people, found = found[: wave.quantity], found[wave.quantity :]
            if people:
                lines = self._word_wave(people, wave, start)
                when = self._at(wave.at, start)
                title = _("Ask %(count)s (%(audience)s)") % {
                    "count": len(people),
                    "audience": step._word_label("audience"),
                }
                drawn.append((wave.at, step._draw(when, title=title, lines=lines)))
        return drawn

    @api.model
    def _find(self, ticket, step, asked):
        """Return the candidates whom ``step`` would ask now, the best first."""
        narrow = step._narrow(ticket)
        if narrow is None:
            return []
        result = self.env["crowd.matcher"]._match(
            ticket, limit=step.quantity + len(asked), near_misses=False, narrow=narrow
        )
        fresh = [c for c in result.ranked if c.worker_id not in asked]
        return self.env["crowd.matcher"]._confirm_distances(
            ticket, fresh[: step.quantity]
        )

    @api.model
    def _word_wave(self, people, wave, start):
        names = ", ".join(candidate.name for candidate in people[:3])
        more = len(people) - 3
        lines = [_("%(names)s and %(more)s more") % {"names": names, "more": more}]
        if more <= 0:
            lines = [names]
        distances = [c.distance_km for c in people if c.distance_km is not None]
        if distances:
            lines.append(_("The nearest lives %.1f km away.") % min(distances))
        return lines + [_("They may answer up to %s.") % self._at(wave.until, start)]

    @api.model
    def _draw_other(self, ticket, step, rung, start):
        """Draw a hand-over, or an offer for which there is no time."""
        words = dict(
            self.env["crowd.dispatch.step"]
            ._fields["why"]
            ._description_selection(self.env)
        )
        values = {"why": words.get(rung.why, "")}
        if rung.is_skipped:
            values.update(state="skipped", lines=[])
        elif step.kind == "escalate":
            person = step._find_people(ticket, rung.due_at)[:1]
            values["title"] = step.name
            if person:
                values["title"] = _("Escalate to %s") % person.name
            else:
                values["why"] = _("Nobody would be there: the next in turn is asked.")
        return step._draw(self._at(rung.due_at, start), **values)

    @api.model
    def _draw_ends(self, ticket, start):
        """Return ``[(instant, drawing)]`` of the point of no return and the deadline."""
        ends = [
            (ticket.crowd_point_of_no_return, _("Point of no return")),
            (ticket._crowd_last_end(), _("Deadline")),
        ]
        return [
            (
                at,
                {
                    "when": self._at(at, start),
                    "clock": "",
                    "kind": "mark",
                    "label": title,
                    "state": "",
                    "title": title,
                    "lines": [],
                    "why": "",
                },
            )
            for at, title in ends
            if at
        ]

    @api.model
    def _at(self, moment, start):
        return self.env["crowd.clock"]._word(moment, start)


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    def action_crowd_dry_run(self):
        """Show what the ticket's policy would do."""
        self._check_may_match()
        return self.env["crowd.dry.run"]._open(ticket_id=self.id)


class CrowdPolicy(models.Model):
    _inherit = "crowd.policy"

    def action_dry_run(self):
        """Ask for a ticket, and show what this policy would do with it."""
        self.ensure_one()
        self.check_access_rights("read")
        self.check_access_rule("read")
        return self.env["crowd.dry.run"]._open(policy_id=self.id)
