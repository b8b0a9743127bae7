from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class CrowdDuty(models.Model):
    """A time in which one person is on call for a rota."""

    _name = "crowd.duty"
    _description = "On-call Duty"
    _order = "start, id"

    name = fields.Char(compute="_compute_name", store=True)
    rota_id = fields.Many2one(
        "crowd.rota", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="rota_id.company_id", store=True, index=True)
    team_id = fields.Many2one(related="rota_id.team_id", store=True)
    user_id = fields.Many2one(
        "res.users",
        string="Person",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('share', '=', False)]",
    )
    start = fields.Datetime(string="From", required=True)
    stop = fields.Datetime(
        string="To", required=True, help="From this moment on the next one is asked."
    )
    note = fields.Char(help="E.g. with whom it was swapped.")

    _sql_constraints = [
        ("dates_check", "CHECK (start < stop)", "A duty begins before it ends."),
        (
            "one_at_a_time",
            # a range of one number: ranges need no extension of PostgreSQL
            "EXCLUDE USING gist (int4range(rota_id, rota_id, '[]') WITH =,"
            " tsrange(start, stop) WITH &&)",
            "Somebody else is on duty in this rota at that time: shorten or delete "
            "that duty first.",
        ),
    ]

    @api.depends("user_id.name", "rota_id.name")
    def _compute_name(self):
        for duty in self:
            duty.name = "%s (%s)" % (duty.user_id.name or "?", duty.rota_id.name or "?")

    @api.constrains("user_id", "rota_id")
    def _check_user(self):
        self._check_internal(self)

    @api.model
    def _check_internal(self, records):
        """Refuse people who cannot see the tickets of the rota's company."""
        for record in records.sudo():  # everybody's companies are needed
            user, company = record.user_id, record.rota_id.company_id
            if user.share or company not in user.company_ids:
                raise ValidationError(
                    _("%(user)s cannot be on call: no internal user of %(company)s.")
                    % {"user": user.name, "company": company.name}
                )

    # ------------------------------------------------------------------
    # who is it
    # ------------------------------------------------------------------

    @api.model
    def _on_duty(self, company, team=None, at=None, rota=None):
        """Return the ``res.users`` on call, whoever is to be asked first at the front.

        The people of the team's rotas come before those of rotas for all teams. Whoever
        left, lost the company or is absent is passed over.

        :param team: leaves out rotas of other teams; without it all rotas count
        :param at: naive UTC datetime; now
        :param rota: only this one
        """
        at = at or self.env["crowd.clock"].now()
        domain = self._present(at) + [("company_id", "=", company.id)]
        if team:
            domain += [("team_id", "in", (team.id, False))]
        if rota:
            domain += [("rota_id", "=", rota.id)]
        duties = self.sudo().search(domain)  # the clock asks, and people without rights
        duties = duties.sorted(lambda d: (not d.team_id, d.rota_id.sequence, d.id))
        users = duties.mapped("user_id")
        fit = users.filtered(lambda u: not u.share and company in u.company_ids)
        return fit - self._absent(fit, at)

    @api.model
    def _is_on_duty(self, user, at=None):
        """Tell whether ``user`` is on call, in whichever rota."""
        at = at or self.env["crowd.clock"].now()
        domain = self._present(at) + [("user_id", "=", user.id)]
        return bool(self.sudo().search_count(domain))  # others ask about him

    @api.model
    def _present(self, at):
        """Return the domain of duties that count at ``at``."""
        return [
            ("start", "<=", at),
            ("stop", ">", at),
            ("rota_id.active", "=", True),
            ("user_id.active", "=", True),
        ]

    @api.model
    def _absent(self, users, at):
        """Return those who are away at ``at``, as far as they are workers."""
        absences = self.env["crowd.absence"].sudo()  # only whether, not why
        away = absences.search(
            [
                ("worker_id.partner_id", "in", users.mapped("partner_id").ids),
                ("date_from", "<=", at),
                ("date_to", ">", at),
            ]
        ).mapped("worker_id.partner_id")
        return users.filtered(lambda user: user.partner_id in away)
