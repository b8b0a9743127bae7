from psycopg2 import sql

from odoo import fields, models

from ..kpi.definitions import CURVE, CURVE_MINUTES, CURVE_TARGETS
from ..kpi.measures import curve_target
from ..models.crowd_kpi_sql import IN_CURVE, is_told
from ..models.crowd_local_sql import local_parts
from .crowd_report_dispatch import ACCEPTED_BY
from .crowd_report_mixin import choices_of
from .crowd_report_mixin import share as share_field

SERIES = ("all", "crowd", "technician", "target")
MINUTES = (1, 2, 5, 10, 20, 30, 60, 120, 180, 360, 720, 1440)
POINTS_MOST = 64  # points per dispatch that leave its id readable in the row's
#: A point says nothing about a dispatch that waits and is younger than its minutes.
QUERY = """
    SELECT d.id * {most} + point.place AS id, d.id AS dispatch_id, d.day, {hour} AS hour,
           {weekday} AS weekday, {part} AS part, d.company_id, d.team_id, d.service_id,
           d.territory_id, d.policy_id, d.priority, {accepted_by} AS accepted_by,
           point.series, point.minutes,
           CASE WHEN point.series = 'all' THEN 1 ELSE 0 END AS nbr, {share} AS share,
           CASE WHEN point.series = 'all' THEN {share} END AS share_accepted,
           CASE WHEN point.series = 'crowd' THEN {share} END AS share_crowd,
           CASE WHEN point.series = 'technician' THEN {share} END AS share_technician,
           CASE WHEN point.series = 'target' THEN {share} END AS share_target
      FROM crowd_dispatch AS d
     CROSS JOIN (VALUES {points}) AS point (place, series, minutes, {weights})
      LEFT JOIN ({goals}) AS goal ON goal.company_id = d.company_id
      LEFT JOIN res_company AS company ON company.id = d.company_id
     WHERE {in_curve}
       AND {is_told}
"""


SHARE = """CASE WHEN point.series = 'target' THEN {target}
         WHEN d.minutes_to_accept > point.minutes
           OR d.minutes_to_accept IS NULL THEN 0::float
         WHEN point.series IN ('all', {accepted_by}) THEN 100::float
         ELSE 0::float END"""
#: The targets that a company has set for itself as a whole.
GOALS = """
    SELECT goal.company_id, {levels}
      FROM crowd_kpi_target AS goal
      JOIN crowd_kpi AS kpi ON kpi.id = goal.kpi_id
     WHERE goal.active AND goal.team_id IS NULL AND goal.service_id IS NULL
       AND goal.territory_id IS NULL
     GROUP BY goal.company_id
"""
LEVEL = "max(goal.value) FILTER (WHERE kpi.code = {code}) AS {code_name}"
WEIGHTED = "point.{weight}::float * COALESCE(goal.{code}, {default})::float"
OF_WHICH = (
    "Of the dispatches that were offered, and not cancelled before anybody accepted."
)


def weights(minutes):
    """Return how much each of the four targets weighs in that of ``minutes``.

    Between two of them the target is a mean of both.

    >>> weights(10), weights(1440)
    ([0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0])
    """
    return [
        round(curve_target(minutes, [(m, float(m == one)) for m in CURVE_MINUTES]), 6)
        for one in CURVE_MINUTES
    ]


def points():
    """Return ``[(place, series, minutes, weight of each target)]`` of the curve."""
    places = [(series, minutes) for series in SERIES for minutes in MINUTES]
    return [
        (place, series, minutes, *weights(minutes))
        for place, (series, minutes) in enumerate(places)
    ]


def _target():
    """Return the SQL of a point of the line of targets."""
    return sql.SQL(" + ").join(
        sql.SQL(WEIGHTED).format(
            weight=sql.Identifier(code),
            code=sql.Identifier(code),
            default=sql.Literal(default),
        )
        for code, default in zip(CURVE, CURVE_TARGETS)
    )


def _goals():
    levels = [
        sql.SQL(LEVEL).format(code=sql.Literal(code), code_name=sql.Identifier(code))
        for code in CURVE
    ]
    return sql.SQL(GOALS).format(levels=sql.SQL(", ").join(levels))


class CrowdReportCurve(models.Model):
    """The acceptance curve: a row per dispatch, series and number of minutes.

    The mean of ``share`` over the rows of one number of minutes is the share of
    dispatches that somebody had accepted by then.
    """

    _name = "crowd.report.curve"
    _description = "Acceptance Curve"
    _inherit = "crowd.report.mixin"
    _auto = False
    _rec_name = "dispatch_id"
    _order = "day desc, id"
    _opens = "dispatch_id"
    _depends = {
        "crowd.dispatch": [
            "day",
            "company_id",
            "team_id",
            "service_id",
            "territory_id",
            "policy_id",
            "priority",
            "state",
            "started_at",
            "offered_at",
            "first_accepted_at",
            "first_accepted_type",
            "minutes_to_accept",
        ],
        "crowd.kpi": ["code"],
        "crowd.kpi.target": [
            "kpi_id",
            "company_id",
            "team_id",
            "service_id",
            "territory_id",
            "value",
            "active",
        ],
        "res.company": ["crowd_zone"],
    }

    dispatch_id = fields.Many2one("crowd.dispatch", readonly=True)
    policy_id = fields.Many2one("crowd.policy", readonly=True)
    priority = fields.Selection(choices_of("crowd.dispatch", "priority"), readonly=True)
    accepted_by = fields.Selection(
        choices_of("crowd.report.dispatch", "accepted_by"),
        string="First accepted by",
        readonly=True,
    )
    series = fields.Selection(
        [
            ("all", "Accepted"),
            ("crowd", "Accepted by the crowd"),
            ("technician", "Accepted by own technicians"),
            ("target", "Target"),
        ],
        string="Line",
        readonly=True,
    )
    minutes = fields.Integer(
        string="Minutes since the first offer", readonly=True, group_operator=False
    )
    nbr = fields.Integer(
        string="Dispatches",
        readonly=True,
        help="At one number of minutes. The younger a dispatch is that waits, the fewer "
        "minutes can be told of it.",
    )
    share = share_field("Share of dispatches (%)", OF_WHICH)
    share_accepted = share_field("Accepted (%)", OF_WHICH)
    share_crowd = share_field("Accepted by the crowd (%)", OF_WHICH)
    share_technician = share_field("Accepted by own technicians (%)", OF_WHICH)
    share_target = share_field("Target (%)", "Of the company, else the usual one.")

    def _query(self):
        rows = [
            sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, point)))
            for point in points()
        ]
        return sql.SQL(QUERY).format(
            most=sql.Literal(POINTS_MOST),
            points=sql.SQL(", ").join(rows),
            weights=sql.SQL(", ").join(map(sql.Identifier, CURVE)),
            share=sql.SQL(SHARE).format(
                target=_target(), accepted_by=sql.SQL(ACCEPTED_BY)
            ),
            goals=_goals(),
            accepted_by=sql.SQL(ACCEPTED_BY),
            in_curve=sql.SQL(IN_CURVE),
            is_told=is_told(sql.SQL("point.minutes")),
            **local_parts("d.day", "d.started_at"),
        )
