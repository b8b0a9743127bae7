from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.osv import expression

#: Whoever says "available now" and forgets about it is not asked at night.
AVAILABLE_HOURS = 8


class FSMPerson(models.Model):
    """When a worker wants to be asked."""

    _inherit = "fsm.person"

    calendar_id = fields.Many2one(
        string="Working hours",
        help="He is asked for work within these hours, public holidays left out. "
        "Empty: always.",
    )
    crowd_absence_ids = fields.One2many(
        "crowd.absence",
        "worker_id",
        string="Absences",
        copy=False,
        groups="crowd_service.group_crowd_technician",
    )
    crowd_presence_now = fields.Selection(
        selection=lambda self: self._fields["crowd_presence"].selection,
        string="Present",
        compute="_compute_crowd_presence_now",
        search="_search_crowd_presence_now",
        help="The switch as it stands now: its end may have passed.",
    )

    def init(self):
        res = super().init()
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS fsm_person_crowd_switched"
            " ON fsm_person (crowd_presence, crowd_presence_until)"
            " WHERE crowd_presence <> 'calendar'"
        )
        return res

    @api.depends("crowd_presence", "crowd_presence_until")
    def _compute_crowd_presence_now(self):
        now = self.env["crowd.clock"].now()
        for worker in self:
            until = worker.crowd_presence_until
            is_over = until and until <= now
            worker.crowd_presence_now = "calendar" if is_over else worker.crowd_presence

    @api.model
    def _search_crowd_presence_now(self, operator, value):
        if operator not in ("=", "!=", "in", "not in"):
            raise UserError(_("Look for one position of the switch, or for some."))
        wanted = {value} if operator in ("=", "!=") else set(value)
        if operator in ("!=", "not in"):
            wanted = set(dict(self._fields["crowd_presence"].selection)) - wanted
        now, until = self.env["crowd.clock"].now(), "crowd_presence_until"
        found = [
            ("crowd_presence", "in", list(wanted - {"calendar"})),
            "|",
            (until, "=", False),
            (until, ">", now),
        ]
        if "calendar" in wanted:
            follows = [[("crowd_presence", "=", "calendar")], [(until, "<=", now)]]
            return expression.OR(follows + [found])
        return found

    @api.model
    def _crowd_own_worker(self):
        """Return the worker who is the user himself, or an empty record."""
        partner = self.env.user.partner_id
        return self.search([("partner_id", "=", partner.id)], limit=1)

    def _crowd_switch(self, presence, until=False):
        """Set the switch; ``until`` is a naive UTC datetime, False: for good."""
        if presence == "calendar":
            until = False
        self.write({"crowd_presence": presence, "crowd_presence_until": until})

    def action_crowd_available(self):
        """Be available for the next hours, whatever the working hours say."""
        now = self.env["crowd.clock"].now()
        self._crowd_switch("available", now + timedelta(hours=AVAILABLE_HOURS))

    def action_crowd_away(self):
        """Take no jobs until further notice."""
        self._crowd_switch("away")

    def action_crowd_by_hours(self):
        """Follow the working hours again."""
        self._crowd_switch("calendar")

    @api.model
    def _action_crowd_mine(self):
        """Return the action that shows the user when he himself is asked."""
        worker = self._crowd_own_worker()
        if not worker:
            raise UserError(
                _("You are no worker yet: ask a dispatcher to make you one.")
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crowd_service.fsm_person_action_mine"
        )
        return dict(action, res_id=worker.id)
