"""What the boards of the desk sort out: who is late, what is at risk, what fell silent."""

from datetime import timedelta

from odoo import _, api, fields, models
from odoo.osv import expression

from .crowd_dispatch import HELD_STATES, OPEN_STATES
from .crowd_rights import AGENT

SOON = timedelta(minutes=10)
RISK = timedelta(minutes=60)  # before the point of no return, or the deadline
SILENT = timedelta(minutes=2)  # by then the clock must have moved
COLUMNS = "draft searching escalated offered assigned in_progress paused".split()
ALWAYS = ("escalated", "offered", "assigned", "in_progress")
SEARCHING = tuple(set(OPEN_STATES) - set(HELD_STATES) - {"paused"})


class CrowdDispatch(models.Model):
    _inherit = "crowd.dispatch"

    deadline = fields.Datetime(
        related="ticket_id.crowd_deadline", store=True, index=True
    )
    urgency = fields.Selection(
        [
            ("calm", "Goes its way"),
            ("soon", "Next move soon"),
            ("risk", "At risk"),
            ("late", "Overdue"),
        ],
        compute="_compute_urgency",
    )
    is_at_risk = fields.Boolean(compute="_compute_risk", search="_search_is_at_risk")
    risk = fields.Char(string="Why at risk", compute="_compute_risk")

    def _expand_states(self, states, domain, order=None):
        """What wants somebody's attention stands at the left."""
        return [state for state in COLUMNS if state in ALWAYS or state in states]

    @api.depends("next_deadline", "state", "point_of_no_return", "deadline")
    def _compute_urgency(self):
        now = self.env["crowd.clock"].now()
        for dispatch in self:
            dispatch.urgency = dispatch._find_urgency(now)

    def _find_urgency(self, now):
        if self.state not in OPEN_STATES or not self.next_deadline:
            return False
        if self.next_deadline < now:
            return "late"
        if self.is_at_risk:
            return "risk"
        return "soon" if self.next_deadline - now < SOON else "calm"

    @api.depends_context("lang")
    @api.depends("state", "point_of_no_return", "deadline", "on_the_way_at")
    def _compute_risk(self):
        now = self.env["crowd.clock"].now()
        for dispatch in self:
            dispatch.risk = dispatch._find_risk(now)
            dispatch.is_at_risk = bool(dispatch.risk)

    def _find_risk(self, now):
        """Return a sentence; the same conditions as in the search."""
        soon = now + RISK
        if self.state not in OPEN_STATES or self.state == "paused":
            return ""
        if self.deadline and self.deadline <= now:
            return _("The deadline has passed: %s.") % self._words(self.deadline, now)
        if self.state not in HELD_STATES:
            point = self.point_of_no_return
            if point and point <= soon:
                words = self._words(point, now)
                return _("Nobody has it yet; point of no return: %s.") % words
            if self.deadline and self.deadline <= soon:
                words = self._words(self.deadline, now)
                return _("Nobody has it yet; deadline: %s.") % words
        elif self.state == "assigned" and self._is_missed(now):
            words = self._words(self.promised_at, now)
            return _("The worker is not on his way: %s.") % words
        return ""

    def _is_missed(self, now):
        return self.promised_at and self.promised_at <= now and not self.on_the_way_at

    @api.model
    def _words(self, moment, now):
        return self._format_time_left(moment - now)

    @api.model
    def _search_is_at_risk(self, operator, value):
        wanted = (operator == "=") == bool(value)
        domain = self._risk_domain(self.env["crowd.clock"].now())
        # most have no deadline: a negated domain would lose them
        return domain if wanted else [("id", "not in", self.search(domain).ids)]

    @api.model
    def _risk_domain(self, now):
        soon = now + RISK
        late = [("deadline", "<=", now), ("state", "in", OPEN_STATES)]
        nobody = [
            ("state", "in", SEARCHING),
            "|",
            ("point_of_no_return", "<=", soon),
            ("deadline", "<=", soon),
        ]
        awaited = [
            ("state", "=", "assigned"),
            ("promised_at", "<=", now),
            ("on_the_way_at", "=", False),
        ]
        risks = expression.OR([late, nobody, awaited])
        return expression.AND([[("state", "!=", "paused")], risks])


class CrowdEscalation(models.Model):
    _inherit = "crowd.escalation"

    time_left = fields.Char(
        compute="_compute_time_left", help="Until somebody must have acknowledged it."
    )
    is_late = fields.Boolean(compute="_compute_time_left")

    @api.depends_context("lang")
    @api.depends("deadline", "state")
    def _compute_time_left(self):
        now = self.env["crowd.clock"].now()
        words = self.env["crowd.dispatch"]._words
        for escalation in self:
            waits = escalation.state == "open" and escalation.deadline
            escalation.time_left = words(escalation.deadline, now) if waits else ""
            escalation.is_late = bool(waits) and escalation.deadline < now


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    crowd_is_unanswered = fields.Boolean(
        string="Never answered",
        compute="_compute_crowd_is_unanswered",
        search="_search_crowd_is_unanswered",
        groups=AGENT,
        help="Somebody should have moved, and nobody did: neither a person nor the "
        "clock.",
    )
    crowd_unanswered_why = fields.Char(
        string="What is missing",
        compute="_compute_crowd_is_unanswered",
        groups=AGENT,
    )

    @api.depends_context("lang")
    @api.depends("crowd_first_answer_deadline", "crowd_state", "stage_id")
    def _compute_crowd_is_unanswered(self):
        reasons = dict(self._crowd_silences())
        found = {
            name: self.search([("id", "in", self.ids)] + domain)
            for name, domain in reasons.items()
        }
        labels = self._crowd_silence_labels()
        for ticket in self:
            names = [name for name, tickets in found.items() if ticket in tickets]
            ticket.crowd_is_unanswered = bool(names)
            ticket.crowd_unanswered_why = " ".join(labels[name] for name in names)

    @api.model
    def _search_crowd_is_unanswered(self, operator, value):
        wanted = (operator == "=") == bool(value)
        silent = expression.OR([domain for _name, domain in self._crowd_silences()])
        return silent if wanted else [("id", "not in", self.search(silent).ids)]

    @api.model
    def _crowd_silences(self):
        """Return ``[(name, domain)]`` of the ways in which a ticket can fall silent."""
        then = self.env["crowd.clock"].now() - SILENT
        is_open = [("stage_id.closed", "=", False)]
        nobody = [
            ("unattended", "=", True),
            ("crowd_state", "=", False),
            ("crowd_first_answer_deadline", "<=", then),
        ]
        late = self._crowd_dispatches([("next_deadline", "<=", then)])
        left = self._crowd_dispatches([("responsible_id.active", "=", False)])
        return [
            ("clock", is_open + [("crowd_dispatch_id", "in", late)]),
            ("responsible", is_open + [("crowd_dispatch_id", "in", left)]),
            ("first_answer", is_open + nobody),
        ]

    @api.model
    def _crowd_dispatches(self, domain):
        """Return the ids of open dispatches: there are few of them, and an index."""
        dispatches = self.env["crowd.dispatch"]
        return dispatches.search([("state", "in", OPEN_STATES)] + domain).ids

    @api.model
    def _crowd_silence_labels(self):
        return {
            "clock": _("Its next move is overdue: the clock does not run."),
            "responsible": _("Its responsible person has left."),
            "first_answer": _("Nobody has answered it in time."),
        }
