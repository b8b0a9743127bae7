from odoo import api, fields, models

from ..kpi import AREAS, BY_CODE, FACTS, chart, judge, trend
from ..kpi.figures import CONTEXT, comparable

MANAGER = "crowd_service.group_crowd_manager"
AREA_LABELS = {
    "silence": "Never silent",
    "speed": "How fast",
    "outcome": "What becomes of tickets",
    "voice": "The customer's word",
    "jobs": "Jobs",
    "offers": "Offers",
    "crowd": "The crowd",
    "cost": "Cost",
    "gateways": "Gateways",
}


class CrowdKpi(models.Model):
    """A key figure: what docs/kpi.md says about it, and how it stands.

    The figure depends on the context: ``crowd_period`` (d30, month, quarter, year),
    ``crowd_team``, ``crowd_service``, ``crowd_territory`` (ids) and the companies that
    are switched on. ``kpi/`` defines it, ``crowd_kpi_sql`` counts it.
    """

    _name = "crowd.kpi"
    _description = "Key Figure"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, readonly=True)
    question = fields.Char(
        translate=True, help="What a manager wants to know, and what is counted."
    )
    area = fields.Selection(
        [(area, AREA_LABELS[area]) for area in AREAS],
        required=True,
        readonly=True,
        group_expand="_expand_areas",
    )
    sequence = fields.Integer(default=10)
    is_cost = fields.Boolean(
        string="Managers only", readonly=True, help="It tells what work costs."
    )
    team_id = fields.Many2one("helpdesk.ticket.team", compute="_compute_scope")
    service_id = fields.Many2one("product.template", compute="_compute_scope")
    territory_id = fields.Many2one("res.territory", compute="_compute_scope")
    period = fields.Char(compute="_compute_period", help="First and last day.")
    value = fields.Float(compute="_compute_figure", digits=(16, 2), group_operator=None)
    has_value = fields.Boolean(
        compute="_compute_figure", help="There is something to count it from."
    )
    value_text = fields.Char(string="Figure", compute="_compute_figure")
    previous_text = fields.Char(string="Period before", compute="_compute_figure")
    trend = fields.Selection(
        [("better", "Better"), ("worse", "Worse"), ("same", "As before")],
        compute="_compute_figure",
    )
    arrow = fields.Selection(
        [("up", "Up"), ("down", "Down"), ("same", "Level")], compute="_compute_figure"
    )
    target_text = fields.Char(string="Target", compute="_compute_figure")
    state = fields.Selection(
        [
            ("good", "On target"),
            ("near", "Near the target"),
            ("bad", "Off target"),
            ("none", "No target"),
        ],
        compute="_compute_figure",
    )
    population = fields.Integer(
        compute="_compute_figure", help="From how many rows it is counted."
    )
    population_text = fields.Char(string="Counted from", compute="_compute_figure")
    odd_count = fields.Integer(
        string="To look at",
        compute="_compute_figure",
        help="Rows that are what should not be.",
    )
    picture = fields.Html(string="Chart", compute="_compute_figure", sanitize=False)
    target_ids = fields.One2many("crowd.kpi.target", "kpi_id", string="Targets")

    _sql_constraints = [
        ("code_uniq", "unique(code)", "There is one record for each key figure.")
    ]

    def _expand_areas(self, areas, domain, order=None):
        """In the order of the definitions; an area without figures has no place."""
        return [area for area in AREAS if area in areas]

    def _compute_scope(self):
        """The search bar asks for a scope by these fields; it stands in the context.

        They stay empty: a record named by its id alone may be another company's.
        """
        self.update({"team_id": False, "service_id": False, "territory_id": False})

    @api.depends_context(*CONTEXT, "lang", "allowed_company_ids")
    def _compute_period(self):
        cut = self._cut()
        for kpi in self:
            kpi.period = kpi._word_period(cut)

    @api.depends_context(*CONTEXT, "lang", "uid", "allowed_company_ids")
    @api.depends("code", "target_ids.value")
    def _compute_figure(self):
        cut = self._cut()
        mine = self if self.env.user.has_group(MANAGER) else self._without_cost()
        figures = self._measure(mine.mapped("code"), cut)
        targets = self._find_targets(cut)
        for kpi in self:
            kpi.update(kpi._show(figures.get(kpi.code), targets.get(kpi)))
        self._draw(figures, targets)

    def _without_cost(self):
        """Return those that are no cost, whatever the record says."""
        return self.filtered(lambda kpi: not BY_CODE[kpi.code].is_cost)

    def _find_targets(self, cut):
        """Return ``{key figure: the target that fits the scope best}``."""
        return self.env["crowd.kpi.target"]._find(self, cut)

    def _show(self, figure, target):
        """Return the values of the computed fields.

        :param figure: a ``Figure``, or None for whoever may not see it
        :param target: the record of :meth:`_find_targets`, or None
        """
        if not figure:
            return dict.fromkeys(SHOWN, False)
        definition = BY_CODE[self.code]
        wanted = self._wanted(target)
        margin = [target.margin] if target else []
        previous = comparable(figure)
        arrow, word = trend(figure.value, previous, definition.direction)
        known = figure.value is not None
        return {
            "value": figure.value or 0.0,
            "has_value": known,
            "value_text": self._word_value(figure.value) if known else "–",
            "previous_text": self._word_previous(previous),
            "arrow": arrow,
            "trend": word,
            "target_text": self._word_target(wanted),
            "state": judge(figure.value, wanted, definition.direction, *margin),
            "population": figure.population,
            "population_text": self._word_population(figure.population),
            "odd_count": self._count_odd(figure),
        }

    def _wanted(self, target):
        """Return the value that the figure shall have, or None."""
        return target.value if target else BY_CODE[self.code].target

    def _count_odd(self, figure):
        """Return how many rows are what should not be (see ``kpi.definitions``)."""
        definition = BY_CODE[self.code]
        if definition.how != "share" or not definition.odd or figure.value is None:
            return 0
        hits = round(figure.value * figure.population / 100)
        return figure.population - hits if definition.direction == "up" else hits

    def _draw(self, figures, targets):
        """Set the small charts of the period, each with its target as a line."""
        drawn = {}
        for kpi in self:
            kpi.picture = False
            points = figures[kpi.code].points if kpi.code in figures else []
            picture = chart.draw(points, kpi._wanted(targets.get(kpi)))
            if picture and len(points) > 1:
                drawn[kpi] = (picture, kpi._word_points(points))
        for kpi, picture in zip(drawn, self._render_charts(drawn.values())):
            kpi.picture = picture

    # ------------------------------------------------------------------
    # rows
    # ------------------------------------------------------------------

    def action_open_rows(self):
        """Open the rows that the figure is counted from."""
        return self._open(())

    def action_open_odd(self):
        """Open those of the rows that are what should not be."""
        return self._open(BY_CODE[self.code].odd)

    def _open(self, domain):
        """Open the rows of the figure that are in ``domain`` as well."""
        self.ensure_one()
        self.check_access_rights("read")
        self.check_access_rule("read")
        definition, cut = BY_CODE[self.code], self._cut()
        return {
            "type": "ir.actions.act_window",
            "name": "%s, %s" % (self.name, self._word_period(cut)),
            "res_model": FACTS[definition.fact].model,
            "views": [(False, view) for view in ("list", "pivot", "graph", "form")],
            "domain": list(definition.population + domain)
            + self._cut_domain(cut, definition.fact),
            "context": {},
        }


#: What is shown of a figure.
SHOWN = (
    "value",
    "has_value",
    "value_text",
    "previous_text",
    "arrow",
    "trend",
    "target_text",
    "state",
    "population",
    "population_text",
    "odd_count",
)
