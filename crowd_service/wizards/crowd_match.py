from odoo import api, fields, models


class CrowdMatch(models.TransientModel):
    """The screen of the Match button: who could do it, and whom to ask."""

    _name = "crowd.match"
    _description = "Match a ticket with workers"

    ticket_id = fields.Many2one("helpdesk.ticket", required=True, readonly=True)
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
    excluded_summary = fields.Char(
        readonly=True, help="How many workers each rule kept out."
    )

    @api.depends("line_ids.is_selected")
    def _compute_selected_count(self):
        for match in self:
            match.selected_count = len(match.line_ids.filtered("is_selected"))

    @api.depends("summary")
    def _compute_summary_warning(self):
        for match in self:
            match.summary_warning = match.ticket_id._get_summary_warning(match.summary)


class CrowdMatchLine(models.TransientModel):
    """A ranked candidate."""

    _name = "crowd.match.line"
    _description = "Candidate of a match"
    _order = "rank, id"

    match_id = fields.Many2one("crowd.match", required=True, ondelete="cascade")
    is_selected = fields.Boolean(string="Ask")
    rank = fields.Integer(readonly=True)
    worker_id = fields.Many2one("fsm.person", readonly=True)
    worker_type = fields.Selection(related="worker_id.worker_type")
    distance = fields.Char(readonly=True)
    travel = fields.Char(string="Travel (estimated)", readonly=True)
    score = fields.Float(digits=(5, 1), readonly=True)
    reasons = fields.Char(string="Why", readonly=True)
    part_distance = fields.Float(digits=(5, 1), readonly=True)
    part_quality = fields.Float(digits=(5, 1), readonly=True)
    part_skill = fields.Float(digits=(5, 1), readonly=True)
    part_fairness = fields.Float(digits=(5, 1), readonly=True)


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
