from datetime import timedelta

from odoo import _, api, fields, models
from odoo.tools import format_amount, format_datetime

from .. import compat
from ..workflow.point_of_no_return import share
from .crowd_dispatch_clock import SEARCH_STATES
from .crowd_dispatch_step import SNAPSHOT

SHOWN = SNAPSHOT + ("community_ids", "gateway_ids", "user_id", "rota_id")


class CrowdStepMixin(models.AbstractModel):
    """A step in words, for pictures."""

    _inherit = "crowd.step.mixin"

    def _draw(self, when, **values):
        """Return what ``ladder_picture`` draws of a step.

        :param when: its time in words
        """
        lines = self._word_asking() if self.kind == "offer" else self._word_handing()
        return dict(
            {
                "when": when,
                "clock": "",
                "kind": self.kind,
                "label": self._word_label("kind"),
                "state": "",
                "title": self.name,
                "lines": lines,
                "why": "",
            },
            **values,
        )

    def _word_asking(self):
        """Return in sentences how an offer step asks."""
        lines = [_("Offers stand for %s minutes.") % self.offer_minutes]
        if 0 < self.per_wave < self.quantity:
            lines.append(_("%s minutes between the people.") % self.pause_minutes)
        if self.radius_km:
            lines.append(_("Within %s km.") % self.radius_km)
        if self.community_ids:
            names = ", ".join(self.community_ids.mapped("name"))
            lines.append(_("Communities: %s.") % names)
        if self.bonus:
            money = format_amount(self.env, self.bonus, self._currency())
            lines.append(_("Bonus: %s.") % money)
        return lines + self._word_gateways()

    def _word_handing(self):
        """Return in sentences how an escalation goes on."""
        lines = [
            _("To acknowledge within %s minutes, then the next step comes.")
            % self.acknowledge_minutes
            if self.acknowledge_minutes
            else _(
                "To acknowledge within the company's time, then the next step comes."
            )
        ]
        if self.keep_offers:
            lines.append(_("Open offers are left standing."))
        return lines + self._word_gateways()

    def _word_gateways(self):
        names = ", ".join(self.gateway_ids.mapped("name"))
        return [_("Over: %s.") % names] if names else []

    def _currency(self):
        company = self.company_id or self.env.company
        return company.sudo().currency_id  # everybody may know what money is called


class CrowdPolicy(models.Model):
    _inherit = "crowd.policy"

    picture = fields.Html(
        string="The ladder", compute="_compute_picture", sanitize=False
    )

    @api.depends_context("lang")
    @api.depends(*["step_ids." + name for name in SHOWN])
    def _compute_picture(self):
        for policy in self:
            rungs = [
                step._draw(
                    _("+%s min") % step.after_minutes
                    if step.after_minutes
                    else _("at once"),
                    clock=_("desk hours") if step.clock == "desk" else "",
                )
                for step in policy.step_ids.sorted("sequence")
            ]
            policy.picture = self.env["crowd.policy"]._render_picture(rungs)

    @api.model
    def _render_picture(self, rungs):
        return compat.render_view(
            self.env, "crowd_service.ladder_picture", {"rungs": rungs}
        )


class CrowdDispatchStep(models.Model):
    _inherit = "crowd.dispatch.step"

    def _draw_progress(self):
        """Return what ``ladder_picture`` draws of a step that is being climbed."""
        at = self.started_at or self.due_at
        lines = self._word_asking() if self.state == "waiting" else []
        if self.kind == "escalate":
            lines = self._word_handing() if self.state == "waiting" else []
        if self.asked:
            lines = [_("%s people asked.") % self.asked]
        if self.escalation_id:
            lines = [self.escalation_id.sudo().user_id.name]  # a name is all
        return self._draw(
            self.env["crowd.clock"]._word(at, self.dispatch_id.started_at),
            clock=self._word_label("state"),
            state=self.state,
            lines=lines,
            why=self._word_label("why"),
        )


class CrowdClock(models.AbstractModel):
    _inherit = "crowd.clock"

    @api.model
    def _word(self, moment, today):
        """Return ``moment`` for the reader: the time, with the day if another one.

        :param today: instant of the day that goes without saying (both naive UTC)
        """
        local = fields.Datetime.context_timestamp(self, moment)
        is_same = local.date() == fields.Datetime.context_timestamp(self, today).date()
        pattern = "HH:mm" if is_same else "EEE d MMM HH:mm"
        return format_datetime(self.env, moment, dt_format=pattern)


class CrowdDispatch(models.Model):
    _inherit = "crowd.dispatch"

    ladder_picture = fields.Html(
        compute="_compute_ladder_picture",
        sanitize=False,
        groups="crowd_service.group_crowd_agent",
    )

    @api.depends_context("lang", "tz")
    @api.depends("round", "step_ids.state", "step_ids.due_at", "step_ids.why")
    def _compute_ladder_picture(self):
        for dispatch in self:
            steps = dispatch.step_ids.filtered(
                lambda s, number=dispatch.round: s.round == number
            )
            rungs = [step._draw_progress() for step in steps.sorted()]
            dispatch.ladder_picture = (
                self.env["crowd.policy"]._render_picture(rungs) if rungs else False
            )


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    crowd_time_bar = fields.Html(
        string="Time",
        compute="_compute_crowd_time_bar",
        sanitize=False,
        groups="crowd_service.group_crowd_agent",
        help="From the first step to the deadline: what is due when, and from when on "
        "only your own people can keep the deadline.",
    )

    @api.depends_context("lang", "tz")
    @api.depends("crowd_dispatch_id", "crowd_state", "crowd_point_of_no_return")
    def _compute_crowd_time_bar(self):
        for ticket in self:
            ticket.crowd_time_bar = ticket._crowd_draw_bar()

    def _crowd_draw_bar(self):
        """Return the bar of a ticket that is on its way, or False."""
        end, point = self._crowd_last_end(), self.crowd_point_of_no_return
        dispatch = self.crowd_dispatch_id
        if self.stage_id.closed or not (end and point):
            return False
        start = dispatch.started_at or self.create_date
        now = self.env["crowd.clock"].now()
        end = max(end, now, start + timedelta(minutes=1))
        marks = self._crowd_bar_marks(dispatch, now)
        words = [
            "%s %s" % (title, self._crowd_at(at, now))
            for kind, title, at in self._crowd_bar_words(marks)
        ]
        return compat.render_view(
            self.env,
            "crowd_service.time_bar",
            {
                "point": share(point, start, end),
                "words": " · ".join(words),
                "marks": [
                    {"kind": kind, "title": title, "at": share(at, start, end)}
                    for kind, title, at in marks
                ],
            },
        )

    def _crowd_bar_words(self, marks):
        """Return the marks to spell out: of the steps only the next one."""
        steps = [mark for mark in marks if mark[0] in ("offer", "escalate")]
        return [mark for mark in marks if mark not in steps[1:]]

    def _crowd_at(self, moment, now):
        return self.env["crowd.clock"]._word(moment, now)

    def _crowd_bar_marks(self, dispatch, now):
        """Return ``[(kind, title, instant)]``: now, what is to come, the ends."""
        steps = dispatch._waiting_steps() if dispatch.state in SEARCH_STATES else []
        marks = [(step.kind, step.name, step.due_at) for step in steps]
        marks += [
            ("now", _("Now"), now),
            ("point", _("Point of no return"), self.crowd_point_of_no_return),
            ("deadline", _("Deadline"), self._crowd_last_end()),
        ]
        return sorted(marks, key=lambda mark: mark[2])
