from odoo import _, api, fields, models
from odoo.exceptions import UserError


class CrowdMatch(models.TransientModel):
    """The screen of the Match button: who could do it, and whom to ask."""

    _name = "crowd.match"
    _description = "Match a ticket with workers"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        required=True,
        readonly=True,
        auto_join=True,  # the rule follows it, without listing all of them
    )
    company_id = fields.Many2one(related="ticket_id.company_id")
    service_id = fields.Many2one(related="ticket_id.crowd_service_id")
    summary = fields.Text(string="Summary for externals", required=True)
    summary_warning = fields.Char(compute="_compute_summary_warning")
    offer_minutes = fields.Integer(string="Offers stand for (minutes)", required=True)
    top = fields.Integer(
        string="Ask the best", help="How many of the best candidates are ticked."
    )
    line_ids = fields.One2many("crowd.match.line", "match_id", string="Candidates")
    near_miss_ids = fields.One2many(
        "crowd.match.near.miss", "match_id", string="Why not", readonly=True
    )
    selected_count = fields.Integer(compute="_compute_selected_count")
    excluded_summary = fields.Text(
        string="Everybody", readonly=True, help="How many workers each rule kept out."
    )

    @api.depends("line_ids.is_selected")
    def _compute_selected_count(self):
        for match in self:
            match.selected_count = len(match.line_ids.filtered("is_selected"))

    @api.depends("summary")
    def _compute_summary_warning(self):
        for match in self:
            match.summary_warning = match.ticket_id._get_summary_warning(match.summary)

    @api.model
    def _open(self, ticket):
        """Match ``ticket`` and return the action that shows the result.

        :raise UserError: when the ticket cannot be matched, saying what to do
        """
        result = self.env["crowd.matcher"]._match(ticket)
        match = self.create(self._prepare_match(ticket, result))
        match._create_lines(result.ranked + result.near_misses)
        return match._action()

    @api.model
    def _prepare_match(self, ticket, result):
        company = ticket.company_id
        return {
            "ticket_id": ticket.id,
            "summary": ticket._get_summary_proposal(),
            "offer_minutes": company.crowd_offer_minutes,
            "top": company.crowd_wave_size,
        }

    def _create_lines(self, candidates):
        """Create the rows of ``matching.Candidate`` s, all of a model at once."""
        matcher = self.env["crowd.matcher"]
        shown = matcher._confirm_distances(self.ticket_id, candidates)
        self.env["crowd.match.line"].create(
            [self._prepare_line(c) for c in shown if not c.excluded_reason]
        )
        self.env["crowd.match.near.miss"].create(
            [self._prepare_near_miss(c) for c in shown if c.excluded_reason]
        )

    def _prepare_line(self, candidate):
        words = self.env["crowd.matcher"]
        return {
            **self.env["crowd.match.line"]._prepare_score(candidate),
            "match_id": self.id,
            "rank": candidate.rank,
            "is_selected": candidate.rank <= self.top,
            "worker_id": candidate.worker_id,
            "distance": words._word_distance(candidate),
            "travel": words._word_travel(candidate),
            "reasons": words._word_praise(candidate),
        }

    def _prepare_near_miss(self, candidate):
        words = self.env["crowd.matcher"]
        return {
            "match_id": self.id,
            "worker_id": candidate.worker_id,
            "distance": words._word_distance(candidate),
            "reason": words._word_reason(candidate.excluded_reason),
            "detail": words._word_detail(candidate),
        }

    def _action(self):
        return {
            "type": "ir.actions.act_window",
            "name": _("Match %s") % self.ticket_id.number,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def action_take_top(self):
        """Tick the best ``top`` candidates and nobody else."""
        self.ensure_one()
        if self.top < 1:
            raise UserError(_("Say how many of the best are to be asked: 1 or more."))
        best = self.line_ids.sorted("rank")[: self.top]
        best.write({"is_selected": True})
        (self.line_ids - best).write({"is_selected": False})
        return self._action()

    def action_count_everybody(self):
        """Count every worker of the company by the rule that keeps him out."""
        self.ensure_one()
        self.ticket_id._check_may_match()
        matcher = self.env["crowd.matcher"]
        self.excluded_summary = matcher._word_counts(matcher._survey(self.ticket_id))
        return self._action()

    def action_why_not(self):
        """Ask about one worker, and come back."""
        self.ensure_one()
        self.ticket_id._check_may_match()
        return self.env["crowd.why.not"]._open(self.ticket_id, self)

    def action_send(self):
        """Confirm the summary and offer the ticket to whoever is ticked."""
        self.ensure_one()
        workers = self.line_ids.filtered("is_selected").sorted("rank").worker_id
        if not workers:
            raise UserError(
                _("Nobody is ticked: tick at least one candidate, or close the list.")
            )
        if self.offer_minutes < 1:
            raise UserError(_("Offers must stand for at least one minute."))
        if not (self.summary or "").strip():
            raise UserError(_("Write a summary: it is all that externals can read."))
        self.ticket_id.crowd_summary = self.summary
        self.ticket_id.crowd_dispatch(workers.ids, self.offer_minutes)
        return {"type": "ir.actions.act_window_close"}


class CrowdMatchLine(models.TransientModel):
    """A ranked candidate."""

    _name = "crowd.match.line"
    _description = "Candidate of a match"
    _inherit = ["crowd.scored.mixin"]
    _order = "rank, id"

    match_id = fields.Many2one("crowd.match", required=True, ondelete="cascade")
    is_selected = fields.Boolean(string="Ask")
    rank = fields.Integer(readonly=True)
    worker_id = fields.Many2one("fsm.person", readonly=True)
    worker_type = fields.Selection(related="worker_id.worker_type")
    distance = fields.Char(readonly=True)
    travel = fields.Char(string="Travel (estimated)", readonly=True)
    reasons = fields.Text(string="Why", readonly=True)


class CrowdMatchNearMiss(models.TransientModel):
    """A worker who nearly was a candidate."""

    _name = "crowd.match.near.miss"
    _description = "Near miss of a match"
    _order = "id"

    match_id = fields.Many2one("crowd.match", required=True, ondelete="cascade")
    worker_id = fields.Many2one("fsm.person", readonly=True)
    worker_type = fields.Selection(related="worker_id.worker_type")
    distance = fields.Char(readonly=True)
    reason = fields.Char(string="Why not", readonly=True)
    detail = fields.Char(string="By how much", readonly=True)
