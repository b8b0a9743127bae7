from markupsafe import Markup

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import ValidationError

from ..kpi import BY_CODE, PERIODS, judge
from ..kpi.figures import SCOPE

ACTIVITY = "crowd_service.mail_activity_kpi"
DISPATCHER = "crowd_service.group_crowd_dispatcher"
MANAGER = "crowd_service.group_crowd_manager"
PERIOD_LABELS = {
    "d30": "Last 30 days",
    "month": "Last month",
    "quarter": "Last quarter",
    "year": "Last 12 months",
}


class CrowdKpiTarget(models.Model):
    """What a figure shall be, for a company or a part of it, and who sees to it.

    Measured every night. While it is missed its owner has one activity.
    """

    _name = "crowd.kpi.target"
    _description = "Target"
    _inherit = ["mail.thread", "mail.activity.mixin", "crowd.company.mixin"]
    _order = "kpi_id, company_id, id"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    kpi_id = fields.Many2one(
        "crowd.kpi", string="Figure", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    team_id = fields.Many2one(
        "helpdesk.ticket.team",
        check_company=True,
        ondelete="cascade",
        help="Empty: all teams.",
    )
    service_id = fields.Many2one(
        "product.template",
        domain="[('is_crowd_service', '=', True)]",
        check_company=True,
        ondelete="cascade",
        help="Empty: all services.",
    )
    territory_id = fields.Many2one(
        "res.territory", ondelete="cascade", help="Empty: everywhere."
    )
    value = fields.Float(
        string="Target value",
        required=True,
        digits=(16, 2),
        tracking=True,
        group_operator=None,
        help="In the unit of the figure: per cent (0-100), minutes, kilometres, stars, "
        "the company's currency.",
    )
    target_text = fields.Char(string="Target", compute="_compute_target_text")
    margin = fields.Float(
        string="Near, up to (%)",
        default=5.0,
        required=True,
        tracking=True,
        group_operator=None,
        help="How much worse than the target is no alert yet, in per cent of the target.",
    )
    period = fields.Selection(
        [(name, PERIOD_LABELS[name]) for name in PERIODS],
        required=True,
        default="d30",
        tracking=True,
        help="What is measured every night.",
    )
    owner_id = fields.Many2one(
        "res.users",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        tracking=True,
        ondelete="restrict",
        help="Gets an activity while the target is missed. A dispatcher or manager.",
    )
    active = fields.Boolean(default=True)
    state = fields.Selection(
        [
            ("good", "On target"),
            ("near", "Near the target"),
            ("bad", "Off target"),
            ("none", "Nothing measured"),
        ],
        default="none",
        required=True,
        readonly=True,
        copy=False,
        help="As measured last.",
    )
    figure = fields.Char(
        string="Measured figure", readonly=True, copy=False, help="As measured last."
    )
    measured_at = fields.Datetime(string="Measured", readonly=True, copy=False)
    alert_ids = fields.One2many("crowd.kpi.alert", "target_id", readonly=True)

    _sql_constraints = [
        ("margin_check", "CHECK (margin >= 0)", "The margin cannot be negative."),
        (
            "one_per_scope",
            "EXCLUDE USING btree (kpi_id WITH =, company_id WITH =,"
            " (COALESCE(team_id, 0)) WITH =, (COALESCE(service_id, 0)) WITH =,"
            " (COALESCE(territory_id, 0)) WITH =) WHERE (active)",
            "There is a target for this figure and this scope already.",
        ),
    ]

    @api.depends("kpi_id.name", "team_id", "service_id", "territory_id")
    def _compute_name(self):
        for target in self:
            parts = [target[field].display_name for field in FIELDS.values()]
            names = [target.kpi_id.name or "", *filter(None, parts)]
            target.name = ", ".join(names)

    @api.depends_context("lang")
    @api.depends("value", "kpi_id", "company_id")
    def _compute_target_text(self):
        for target in self:
            kpi = target._kpi() if target.kpi_id else None
            target.target_text = kpi._word_target(target.value) if kpi else ""

    @api.constrains("owner_id", "kpi_id", "company_id")
    def _check_owner(self):
        for target in self:
            group = MANAGER if target.kpi_id.is_cost else DISPATCHER
            owner = target.owner_id.sudo()  # his groups and companies
            if not owner.has_group(group) or target.company_id not in owner.company_ids:
                raise ValidationError(
                    _("%(owner)s may not see this figure of %(company)s.")
                    % {"owner": owner.name, "company": target.company_id.name}
                )

    @api.constrains("kpi_id", "team_id", "service_id", "territory_id")
    def _check_scope(self):
        for target in self:
            has_scope = target.team_id or target.service_id or target.territory_id
            if has_scope and BY_CODE[target.kpi_id.code].fact == "member":
                raise ValidationError(
                    _("Members have no team, service or territory: leave them empty.")
                )

    @api.model
    def _find(self, kpis, cut):
        """Return ``{key figure: target}``: of those that fit, the most special one.

        Several companies at once have no common target.
        """
        if len(cut.companies) != 1:
            return {}
        domain = [("kpi_id", "in", kpis.ids), ("company_id", "in", cut.companies)]
        domain += [
            (field, "in", [False, getattr(cut, name)]) for name, field in FIELDS.items()
        ]
        found = self.search(domain)
        special = found.sorted(lambda t: sum(bool(t[f]) for f in FIELDS.values()))
        return {target.kpi_id: target for target in special}

    # ------------------------------------------------------------------
    # measuring
    # ------------------------------------------------------------------

    @api.model
    def _job_check_all(self):
        """Every night: measure every target, and alert."""
        self.search([])._check()

    def action_check(self):
        """Measure now."""
        self.check_access_rights("write")
        self.check_access_rule("write")
        self._check()
        return True

    def action_open_rows(self):
        """Open the rows that the figure is counted from."""
        self.ensure_one()
        return self._kpi().action_open_rows()

    def _kpi(self):
        """Return the figure, as this target wants it measured."""
        context = {"crowd_" + name: self[field].id for name, field in FIELDS.items()}
        return self.kpi_id.with_context(
            crowd_period=self.period,
            allowed_company_ids=self.company_id.ids,
            **context,
        )

    def _check(self):
        """Measure these targets, and open and close their alerts."""
        for target in self.with_user(SUPERUSER_ID):
            kpi = target._kpi()
            figure = kpi._measure([kpi.code], kpi._cut())[kpi.code]
            target._note(kpi, figure)

    def _note(self, kpi, figure):
        """Keep what was measured."""
        direction = BY_CODE[kpi.code].direction
        state = judge(figure.value, self.value, direction, self.margin)
        words = kpi._word_value(figure.value) if state != "none" else "–"
        self.write(
            {
                "state": state,
                "figure": words,
                "measured_at": self.env["crowd.clock"].now(),
            }
        )
        alert = self.alert_ids.filtered(lambda a: not a.closed_at)
        if state == "bad" and not alert:
            self._open_alert(kpi, words)
        elif state == "bad":
            alert.last_figure = words
        elif state in ("good", "near") and alert:
            alert._close(words)

    def _open_alert(self, kpi, words):
        self.env["crowd.kpi.alert"].create(
            {
                "target_id": self.id,
                "opened_at": self.env["crowd.clock"].now(),
                "figure": words,
                "last_figure": words,
                "wanted": kpi._word_target(self.value),
            }
        )
        user = self._addressee()
        if user:
            target = self.with_context(lang=user.lang)
            target.activity_schedule(
                ACTIVITY,
                user_id=user.id,
                note=target._alert_note(kpi.with_context(lang=user.lang)),
            )

    def _addressee(self):
        """Return who is alerted: the owner; when he has left, the company's fallback."""
        group = MANAGER if self.kpi_id.is_cost else DISPATCHER
        for user in (self.owner_id, self.company_id.crowd_fallback_user_id):
            if user.active and user.has_group(group):
                return user
        return self.env["res.users"]

    def _alert_note(self, kpi):
        """Return what the owner reads: figure, target, days, the way to the rows."""
        note = _(
            "%(name)s is %(figure)s, it should be %(target)s (%(period)s). "
            "The button “Rows” shows what it is counted from."
        )
        return Markup("<p>%s</p>") % (
            note
            % {
                "name": kpi.name,
                "figure": self.figure,
                "target": kpi._word_target(self.value),
                "period": kpi._word_period(kpi._cut()),
            }
        )

    def write(self, vals):
        res = super().write(vals)
        if vals.get("owner_id"):
            self.activity_reschedule([ACTIVITY], new_user_id=vals["owner_id"])
        if vals.get("active") is False:  # Odoo takes the activities away
            # whoever may archive a target ends its alerts
            alerts = self.sudo().alert_ids.filtered(lambda a: not a.closed_at)
            alerts.closed_at = self.env["crowd.clock"].now()
        return res

    def unlink(self):
        self.activity_unlink([ACTIVITY])
        return super().unlink()


FIELDS = {name: name + "_id" for name in SCOPE}


class CrowdKpiAlert(models.Model):
    """A time in which a target was missed."""

    _name = "crowd.kpi.alert"
    _description = "Missed Target"
    _rec_name = "target_id"
    _order = "opened_at desc, id desc"

    target_id = fields.Many2one(
        "crowd.kpi.target", required=True, readonly=True, index=True, ondelete="cascade"
    )
    kpi_id = fields.Many2one(related="target_id.kpi_id", store=True)
    company_id = fields.Many2one(related="target_id.company_id", store=True, index=True)
    owner_id = fields.Many2one(related="target_id.owner_id")
    opened_at = fields.Datetime(string="Since", required=True, readonly=True)
    closed_at = fields.Datetime(
        string="Until", readonly=True, help="Empty: it is still missed."
    )
    figure = fields.Char(string="Figure at first", readonly=True)
    last_figure = fields.Char(readonly=True)
    wanted = fields.Char(string="It should be", readonly=True)

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS crowd_kpi_alert_one_open"
            " ON crowd_kpi_alert (target_id) WHERE closed_at IS NULL"
        )

    def _close(self, words):
        """The figure is back."""
        self.write({"closed_at": self.env["crowd.clock"].now(), "last_figure": words})
        feedback = _("The figure is back: %s.") % words
        self.target_id.activity_feedback([ACTIVITY], feedback=feedback)
