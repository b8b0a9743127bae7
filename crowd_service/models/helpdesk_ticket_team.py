from odoo import fields, models


class HelpdeskTicketTeam(models.Model):
    _inherit = "helpdesk.ticket.team"

    crowd_fsm_team_id = fields.Many2one(
        "fsm.team",
        string="Field service team",
        check_company=True,
        help="Team of the service orders of this team's tickets. Empty: the company's.",
    )
    crowd_calendar_id = fields.Many2one(
        "resource.calendar",
        string="Desk hours",
        check_company=True,
        help="When this team is at work: deadlines of people at the desk count in "
        "these hours. Empty: the company's working hours.",
    )
