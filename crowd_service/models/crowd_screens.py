"""What only the screens need to know about records."""

from odoo import _, api, fields, models

from .crowd_dispatch import OPEN_STATES

JOB_FIELDS = {
    "job_area": "area",
    "job_when": "when",
    "job_customer": "customer",
    "job_phone": "phone",
    "job_email": "email",
    "job_address": "address",
    "job_directions": "directions",
    "job_knowledge": "knowledge",
}


class CrowdOffer(models.Model):
    _inherit = "crowd.offer"

    summary = fields.Text(related="dispatch_id.summary")
    dispatch_state = fields.Selection(
        related="dispatch_id.state", string="State of the dispatch"
    )
    order_id = fields.Many2one(related="dispatch_id.order_id")
    is_mine = fields.Boolean(
        compute="_compute_is_mine", help="The user is the worker who was asked."
    )

    job_area = fields.Char(string="Area", compute="_compute_job")
    job_when = fields.Char(string="When", compute="_compute_job")
    job_customer = fields.Char(string="Customer", compute="_compute_job")
    job_phone = fields.Char(string="Phone", compute="_compute_job")
    job_email = fields.Char(string="E-mail", compute="_compute_job")
    job_address = fields.Text(string="Address", compute="_compute_job")
    job_directions = fields.Html(string="How to get there", compute="_compute_job")
    job_knowledge = fields.Html(string="Good to know", compute="_compute_job")

    @api.depends_context("uid")
    @api.depends("worker_id")
    def _compute_is_mine(self):
        for offer in self:
            offer.is_mine = offer._is_mine()

    @api.depends_context("lang", "tz")
    @api.depends("state", "expires_at", "dispatch_state")
    def _compute_job(self):
        """Show in Odoo what the page of the offer shows: the same whitelist."""
        for offer in self:
            values = offer._crowd_public_values()
            for field, name in JOB_FIELDS.items():
                offer[field] = values[name]


class CrowdDispatch(models.Model):
    _inherit = "crowd.dispatch"

    is_overdue = fields.Boolean(search="_search_is_overdue")
    is_responsible = fields.Boolean(
        compute="_compute_is_responsible", help="The user is responsible."
    )
    time_left = fields.Char(
        compute="_compute_time_left", help="Until the next deadline, or since then."
    )

    @api.model
    def _search_is_overdue(self, operator, value):
        wanted = (operator == "=") == bool(value)
        now = self.env["crowd.clock"].now()
        late = [("state", "in", OPEN_STATES), ("next_deadline", "<", now)]
        return late if wanted else ["!", "&"] + late

    @api.depends_context("uid")
    @api.depends("responsible_id")
    def _compute_is_responsible(self):
        for dispatch in self:
            dispatch.is_responsible = dispatch.responsible_id == self.env.user

    @api.depends_context("lang")
    @api.depends("next_deadline")
    def _compute_time_left(self):
        now = self.env["crowd.clock"].now()
        for dispatch in self:
            deadline = dispatch.next_deadline
            dispatch.time_left = self._format_time_left(deadline and deadline - now)

    @api.model
    def _format_time_left(self, left):
        """Return ``left`` (a timedelta, negative: late) in words, coarsely."""
        if not left:
            return ""
        minutes = int(abs(left.total_seconds()) // 60)
        if not minutes:
            amount = _("a moment")
        elif minutes < 120:
            amount = _("%s min") % minutes
        elif minutes < 48 * 60:
            amount = _("%s h") % (minutes // 60)
        else:
            amount = _("%s days") % (minutes // (24 * 60))
        words = _("overdue %s") if left.total_seconds() < 0 else _("%s left")
        return words % amount


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    crowd_progress = fields.Selection(
        related="crowd_state", string="Progress of the dispatch"
    )
    crowd_is_responsible = fields.Boolean(compute="_compute_crowd_is_responsible")
    crowd_is_overdue = fields.Boolean(
        string="Is Overdue",
        compute="_compute_crowd_time_left",
        compute_sudo=True,
        search="_search_crowd_is_overdue",
    )
    crowd_time_left = fields.Char(
        string="Time Left",
        compute="_compute_crowd_time_left",
        compute_sudo=True,
        help="Until the next deadline, or since then.",
    )

    @api.depends_context("uid")
    @api.depends("crowd_responsible_id")
    def _compute_crowd_is_responsible(self):
        for ticket in self:
            ticket.crowd_is_responsible = ticket.crowd_responsible_id == self.env.user

    @api.depends_context("lang")
    @api.depends("crowd_next_deadline", "crowd_state")
    def _compute_crowd_time_left(self):
        for ticket in self:
            ticket.crowd_is_overdue = ticket.crowd_dispatch_id.is_overdue
            ticket.crowd_time_left = ticket.crowd_dispatch_id.time_left

    @api.model
    def _search_crowd_is_overdue(self, operator, value):
        return [("crowd_dispatch_id.is_overdue", operator, value)]


class CrowdDelivery(models.Model):
    _inherit = "crowd.delivery"
    _rec_name = "partner_id"
