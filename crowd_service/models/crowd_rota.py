from odoo import _, api, fields, models

from odoo.addons.base.models.res_partner import _tz_get

from ..workflow.rota import EVERY_DAY, WEEKEND, WORKDAYS, Rhythm

WEEKDAYS = [
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
]
SERVED = {"all": EVERY_DAY, "workdays": WORKDAYS, "weekend": WEEKEND}


class CrowdRota(models.Model):
    """People of the company who are on call by turns."""

    _name = "crowd.rota"
    _description = "On-call Rota"
    _inherit = ["crowd.company.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    sequence = fields.Integer(
        default=10, help="Of several rotas, the first one's person is asked first."
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    team_id = fields.Many2one(
        "helpdesk.ticket.team",
        ondelete="cascade",
        check_company=True,
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        help="For the tickets of this team. Empty: for all teams of the company.",
    )
    person_ids = fields.One2many("crowd.rota.person", "rota_id", string="People")
    duty_ids = fields.One2many("crowd.duty", "rota_id", string="Duties")
    turn = fields.Selection(
        [("day", "Every day"), ("week", "Every week")],
        string="Changes hands",
        required=True,
        default="week",
    )
    handover_weekday = fields.Selection(
        WEEKDAYS, string="Week begins on", required=True, default="0"
    )
    days = fields.Selection(
        [
            ("all", "All days"),
            ("workdays", "Monday to Friday"),
            ("weekend", "Saturday and Sunday"),
        ],
        string="Served on",
        required=True,
        default="all",
    )
    hour_from = fields.Float(
        string="From", default=8.0, help="When a day's duty begins, and hands change."
    )
    hour_to = fields.Float(
        string="To",
        default=8.0,
        help="When a day's duty ends; not later than it begins: on the next day. "
        "From 08:00 to 08:00 is around the clock.",
    )
    tz = fields.Selection(
        _tz_get,
        string="Time zone",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
        help="In which the hours are meant.",
    )
    on_duty_id = fields.Many2one(
        "res.users", string="On duty now", compute="_compute_on_duty"
    )
    planned_until = fields.Datetime(
        string="Planned until",
        compute="_compute_on_duty",
        help="End of the last duty that is entered.",
    )

    _sql_constraints = [
        (
            "hours_check",
            "CHECK (hour_from >= 0 AND hour_from < 24 AND hour_to >= 0"
            " AND hour_to <= 24)",
            "Hours lie between 00:00 and 24:00.",
        )
    ]

    def _compute_on_duty(self):
        duties = self.env["crowd.duty"]
        present = duties._present(self.env["crowd.clock"].now())
        now_on = duties.search([("rota_id", "in", self.ids)] + present)
        people = {duty.rota_id: duty.user_id for duty in reversed(now_on)}
        ends = duties.read_group(
            [("rota_id", "in", self.ids)], ["stop:max"], ["rota_id"], lazy=False
        )
        ends = {group["rota_id"][0]: group["stop"] for group in ends}
        for rota in self:
            rota.on_duty_id = people.get(rota, False)
            rota.planned_until = ends.get(rota.id, False)

    def _rhythm(self):
        """Return the hours as :class:`Rhythm`."""
        return Rhythm(
            zone=self.tz,
            hour_from=self.hour_from,
            hour_to=self.hour_to,
            weekdays=SERVED[self.days],
            is_weekly=self.turn == "week",
            handover_weekday=int(self.handover_weekday),
        )

    def action_view_duties(self):
        """Open the calendar of this rota."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crowd_service.crowd_duty_action"
        )
        action["domain"] = [("rota_id", "=", self.id)]
        action["context"] = {"default_rota_id": self.id}
        return action

    def action_plan(self):
        """Ask for how long, then enter the duties."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crowd.rota.plan",
            "view_mode": "form",
            "target": "new",
            "name": _("Plan duties"),
            "context": {"default_rota_id": self.id},
        }


class CrowdRotaPerson(models.Model):
    """Somebody who takes turns, in their order."""

    _name = "crowd.rota.person"
    _description = "Person of a Rota"
    _rec_name = "user_id"
    _order = "rota_id, sequence, id"

    rota_id = fields.Many2one(
        "crowd.rota", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="rota_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    user_id = fields.Many2one(
        "res.users",
        string="Person",
        required=True,
        ondelete="cascade",
        domain="[('share', '=', False)]",
    )

    _sql_constraints = [
        (
            "person_uniq",
            "unique(rota_id, user_id)",
            "Everybody has one place in a rota.",
        )
    ]

    @api.constrains("user_id", "rota_id")
    def _check_user(self):
        self.env["crowd.duty"]._check_internal(self)
