from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

PRIORITY_FACTOR = {"0": 2.0, "1": 1.0, "2": 0.5, "3": 0.25}


class HelpdeskTicket(models.Model):
    """A ticket that can be offered to the crowd: its facts."""

    _name = "helpdesk.ticket"
    _inherit = ["crowd.tracking.mixin", "helpdesk.ticket"]

    crowd_service_id = fields.Many2one(
        "product.template",
        string="Service",
        domain="[('is_crowd_service', '=', True),"
        " '|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        tracking=True,
        index=True,
        help="What is to be done. It brings skills, price, radius and planned time.",
    )
    crowd_skill_ids = fields.Many2many(
        "hr.skill",
        "helpdesk_ticket_crowd_skill_rel",
        "ticket_id",
        "skill_id",
        string="Skills needed",
        compute="_compute_crowd_skill_ids",
        store=True,
        readonly=False,
        help="From the service. Skills added here may have any level.",
    )
    crowd_language_id = fields.Many2one(
        "res.lang",
        string="Language needed",
        compute="_compute_crowd_language_id",
        store=True,
        readonly=False,
        help="Only workers who speak it are asked. Empty: any language.",
    )
    crowd_when = fields.Selection(
        [("now", "As soon as possible"), ("window", "At a wished time")],
        string="When",
        default="now",
        required=True,
    )
    crowd_wished_from = fields.Datetime(string="Wished from")
    crowd_wished_to = fields.Datetime(string="Wished until")
    crowd_summary = fields.Text(
        string="Summary for externals",
        help="The only words about the problem that externals read before they have "
        "the job. No names, addresses or phone numbers.",
    )
    crowd_summary_warning = fields.Char(compute="_compute_crowd_summary_warning")
    crowd_deadline = fields.Datetime(
        string="Deadline",
        compute="_compute_crowd_deadline",
        store=True,
        readonly=False,
        index=True,
        help="When it must be solved. From service and priority.",
    )
    crowd_first_answer_deadline = fields.Datetime(
        string="First answer until",
        readonly=True,
        copy=False,
        index=True,
        help="If nobody has dealt with the open ticket by then, it is escalated.",
    )
    crowd_dispatch_ids = fields.One2many(
        "crowd.dispatch", "ticket_id", string="Dispatches", readonly=True
    )
    crowd_dispatch_id = fields.Many2one(
        "crowd.dispatch", string="Dispatch", readonly=True, copy=False, index=True
    )
    crowd_state = fields.Selection(
        lambda self: (
            self.env["crowd.dispatch"]._fields["state"]._description_selection(self.env)
        ),
        string="Crowd",
        compute="_compute_crowd_now",
        store=True,
        index=True,
        tracking=True,
    )
    crowd_worker_id = fields.Many2one(
        "fsm.person",
        string="Worker",
        compute="_compute_crowd_now",
        store=True,
        index=True,
        tracking=True,
    )
    crowd_responsible_id = fields.Many2one(
        "res.users",
        string="Responsible",
        compute="_compute_crowd_now",
        store=True,
        index=True,
        tracking=True,
        help="Answers for this ticket until somebody has the job.",
    )
    crowd_next_deadline = fields.Datetime(
        string="Until",
        compute="_compute_crowd_next_deadline",
        compute_sudo=True,
        search="_search_crowd_next_deadline",
        help="When the clock looks at it again, at latest.",
    )
    crowd_offer_count = fields.Integer(compute="_compute_crowd_counts")
    crowd_escalation_count = fields.Integer(compute="_compute_crowd_counts")
    crowd_offer_ids = fields.One2many("crowd.offer", "ticket_id", readonly=True)
    crowd_event_ids = fields.One2many("crowd.event", "ticket_id", readonly=True)
    crowd_escalation_ids = fields.One2many(
        "crowd.escalation", "ticket_id", readonly=True
    )

    # These depend on all dispatches, of which the present one is one: a dispatch knows
    # its ticket, whereas the ticket that points to it would have to be searched for.

    @api.depends(
        "crowd_dispatch_id",
        "crowd_dispatch_ids.state",
        "crowd_dispatch_ids.worker_id",
        "crowd_dispatch_ids.responsible_id",
    )
    def _compute_crowd_now(self):
        for ticket in self:
            dispatch = ticket.crowd_dispatch_id
            ticket.crowd_state = dispatch.state
            ticket.crowd_worker_id = dispatch.worker_id
            ticket.crowd_responsible_id = dispatch.responsible_id

    @api.depends("crowd_dispatch_id", "crowd_dispatch_ids.next_deadline")
    def _compute_crowd_next_deadline(self):
        for ticket in self:
            ticket.crowd_next_deadline = ticket.crowd_dispatch_id.next_deadline

    @api.model
    def _search_crowd_next_deadline(self, operator, value):
        return [("crowd_dispatch_id.next_deadline", operator, value)]

    @api.depends("crowd_service_id")
    def _compute_crowd_skill_ids(self):
        for ticket in self:
            ticket.crowd_skill_ids = ticket.crowd_service_id.crowd_skill_ids.skill_id

    @api.depends("partner_id")
    def _compute_crowd_language_id(self):
        languages = self.env["res.lang"]
        for ticket in self:
            if ticket.company_id.crowd_match_language:
                ticket.crowd_language_id = languages._lang_get(ticket.partner_id.lang)
            else:
                ticket.crowd_language_id = ticket.crowd_language_id

    @api.depends("crowd_service_id", "priority")
    def _compute_crowd_deadline(self):
        now = self.env["crowd.clock"].now()
        for ticket in self:
            hours = ticket.crowd_service_id.crowd_deadline_hours
            factor = PRIORITY_FACTOR.get(ticket.priority, 1.0)
            ticket.crowd_deadline = (
                (ticket.create_date or now).replace(microsecond=0)
                + timedelta(hours=hours * factor)
                if hours
                else ticket.crowd_deadline
            )

    @api.depends("crowd_summary", "partner_id", "partner_name")
    def _compute_crowd_summary_warning(self):
        for ticket in self:
            ticket.crowd_summary_warning = ticket._get_summary_warning(
                ticket.crowd_summary
            )

    def _compute_crowd_counts(self):
        for name, model in (
            ("crowd_offer_count", "crowd.offer"),
            ("crowd_escalation_count", "crowd.escalation"),
        ):
            groups = self.env[model].read_group(
                [("ticket_id", "in", self.ids)],
                ["ticket_id"],
                ["ticket_id"],
                lazy=False,
            )
            counts = {g["ticket_id"][0]: g["__count"] for g in groups}
            for ticket in self:
                ticket[name] = counts.get(ticket.id, 0)

    @api.constrains("crowd_wished_from", "crowd_wished_to", "crowd_when")
    def _check_crowd_wish(self):
        for ticket in self.filtered(lambda t: t.crowd_when == "window"):
            if not (ticket.crowd_wished_from and ticket.crowd_wished_to):
                raise ValidationError(_("A wished time needs a beginning and an end."))
            if ticket.crowd_wished_from >= ticket.crowd_wished_to:
                raise ValidationError(_("The wished time must begin before it ends."))
