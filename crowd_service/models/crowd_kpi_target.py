from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..kpi import BY_CODE, PERIODS
from ..kpi.figures import SCOPE

DISPATCHER = "crowd_service.group_crowd_dispatcher"
MANAGER = "crowd_service.group_crowd_manager"
FIELDS = {name: name + "_id" for name in SCOPE}
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
