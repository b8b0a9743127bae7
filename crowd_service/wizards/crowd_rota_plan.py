from collections import defaultdict

import pytz

from odoo import _, api, fields, models
from odoo.exceptions import UserError


class CrowdRotaPlan(models.TransientModel):
    """Enter the duties of a rota for some weeks, turn by turn."""

    _name = "crowd.rota.plan"
    _description = "Plan Duties"

    rota_id = fields.Many2one("crowd.rota", required=True, readonly=True)
    date_from = fields.Date(string="First day", required=True)
    weeks = fields.Integer(default=8, required=True)
    person_ids = fields.Many2many("res.users", compute="_compute_person_ids")
    first_id = fields.Many2one(
        "res.users",
        string="Who begins",
        required=True,
        domain="[('id', 'in', person_ids)]",
        help="Whoever comes after the last one who is entered.",
    )

    _sql_constraints = [
        (
            "weeks_check",
            "CHECK (weeks > 0 AND weeks <= 104)",
            "Plan between 1 and 104 weeks at a time.",
        )
    ]

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        rota = self.env["crowd.rota"].browse(values.get("rota_id"))
        if rota:
            values.update(self._following(rota))
        return values

    @api.model
    def _following(self, rota):
        """Return first day and person after what is entered already."""
        duties = self.env["crowd.duty"]
        last = duties.search([("rota_id", "=", rota.id)], order="stop desc", limit=1)
        zone, now = pytz.timezone(rota.tz), self.env["crowd.clock"].now()
        moment = max(last.stop or now, now)
        people = rota.person_ids.mapped("user_id")
        place = people.ids.index(last.user_id.id) + 1 if last.user_id in people else 0
        return {
            "date_from": pytz.utc.localize(moment).astimezone(zone).date(),
            "first_id": people[place % len(people)].id if people else False,
        }

    @api.depends("rota_id")
    def _compute_person_ids(self):
        for plan in self:
            plan.person_ids = plan.rota_id.person_ids.mapped("user_id")

    def action_plan(self):
        """Enter the duties; what is entered already stays as it is."""
        self.ensure_one()
        shifts = self.rota_id._rhythm().shifts(self.date_from, self.weeks * 7)
        values = self._prepare_duties(self._free(shifts))
        if not values:
            raise UserError(
                _("Duties are entered for all of this time: choose a later first day.")
            )
        self.env["crowd.duty"].create(values)
        return self.rota_id.action_view_duties()

    def _free(self, shifts):
        """Return those ``shifts`` during which nobody is entered."""
        if not shifts:
            return []
        taken = self.env["crowd.duty"].search(
            [
                ("rota_id", "=", self.rota_id.id),
                ("stop", ">", shifts[0].start),
                ("start", "<", shifts[-1].stop),
            ]
        )
        return [
            shift
            for shift in shifts
            if not any(d.start < shift.stop and d.stop > shift.start for d in taken)
        ]

    def _prepare_duties(self, shifts):
        """Return the values of the duties; whoever is absent is passed over."""
        people = self.person_ids
        place = people.ids.index(self.first_id.id)
        absences = self._absences(shifts)
        return [
            {
                "rota_id": self.rota_id.id,
                "user_id": self._find(people, place + shift.turn, shift, absences).id,
                "start": shift.start,
                "stop": shift.stop,
            }
            for shift in shifts
        ]

    @staticmethod
    def _find(people, place, shift, absences):
        """Return the first from ``place`` on who is there; else whose turn it is."""
        in_turn = [people[(place + i) % len(people)] for i in range(len(people))]
        for user in in_turn:
            away = absences.get(user.partner_id, ())
            if not any(start < shift.stop and end > shift.start for start, end in away):
                return user
        return in_turn[0]

    def _absences(self, shifts):
        """Return ``{partner: [(from, to)]}`` of the people of the rota."""
        found = defaultdict(list)
        if not shifts:
            return found
        partners = self.person_ids.mapped("partner_id")
        absences = self.env["crowd.absence"].sudo()  # only when, not why
        for absence in absences.search(
            [
                ("worker_id.partner_id", "in", partners.ids),
                ("date_to", ">", shifts[0].start),
            ]
        ):
            times = (absence.date_from, absence.date_to)
            found[absence.worker_id.partner_id].append(times)
        return found
