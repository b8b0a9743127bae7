from psycopg2 import sql

from odoo import fields, models

from ..matching import REASONS
from ..models.crowd_local_sql import local_parts
from .crowd_report_mixin import choices_of, mean, share

#: What helps against each reason.
ADVICE = {
    "recruit": ("radius", "own_radius", "territory", "nobody"),
    "train": ("skill", "expired", "level", "language"),
    "availability": (
        "away",
        "absent",
        "calendar",
        "appointment",
        "capacity",
        "daily_cap",
    ),
    "motivate": ("membership", "unlocated", "silent"),
}
ADVICES = [
    ("recruit", "Recruit"),
    ("train", "Train"),
    ("availability", "More time"),
    ("motivate", "Wake up"),
]
KINDS = [
    ("excluded", "Could not be asked"),
    ("silent", "Did not answer"),
    ("nobody", "Nobody was near"),
]
GAPS = [
    *(
        (code, label)
        for code, label in REASONS
        if any(code in a for a in ADVICE.values())
    ),
    ("silent", "Did not answer"),
    ("nobody", "Nobody was near"),
]
#: Nobody was found, or everybody said no or nothing: our own people had to step in.
IS_SHORT = """
    CASE WHEN EXISTS (
        SELECT FROM crowd_escalation AS short
         WHERE short.dispatch_id = d.id
           AND short.reason IN ('no_candidate', 'all_declined', 'all_ignored'))
    THEN 100.0 ELSE 0.0 END"""
#: The territory, or else the town that the candidates were looked for in.
AREA = """COALESCE(
        (SELECT territory.name FROM res_territory AS territory
          WHERE territory.id = d.territory_id),
        (SELECT near.area FROM crowd_candidate AS near
          WHERE near.dispatch_id = d.id AND near.area IS NOT NULL LIMIT 1))"""
SKILL = """(SELECT needed.skill_id FROM crowd_service_skill AS needed
             WHERE needed.service_id = d.service_id ORDER BY needed.id LIMIT 1)"""
#: Near misses: people whom one thing kept out.
EXCLUDED = """
    SELECT c.id * 3 AS id, 'excluded' AS kind, c.day, {hour} AS hour,
           {weekday} AS weekday, {part} AS part, c.company_id, c.team_id, c.service_id,
           d.territory_id, c.area, c.dispatch_id, d.ticket_id, c.worker_id,
           c.worker_type, c.community_id, c.skill_id, c.excluded_reason AS reason,
           {advice} AS advice, c.excluded_detail AS detail,
           c.has_distance, CASE WHEN c.has_distance THEN c.distance_km END AS distance_km,
           {is_short} AS is_short, 1 AS nbr
      FROM crowd_candidate AS c
      LEFT JOIN crowd_dispatch AS d ON d.id = c.dispatch_id
      LEFT JOIN res_company AS company ON company.id = c.company_id
     WHERE c.excluded_reason IS NOT NULL AND {advice} IS NOT NULL
"""
#: Silences: people who were asked and did not answer.
SILENT = """
    SELECT o.id * 3 + 1, 'silent', o.day, {hour}, {weekday}, {part}, o.company_id,
           d.team_id, o.service_id, d.territory_id, {area}, o.dispatch_id, o.ticket_id,
           o.worker_id, o.worker_type, o.community_id, {skill}, 'silent', 'motivate',
           NULL, o.has_distance, CASE WHEN o.has_distance THEN o.distance_km END, {is_short}, 1
      FROM crowd_offer AS o
      LEFT JOIN crowd_dispatch AS d ON d.id = o.dispatch_id
      LEFT JOIN res_company AS company ON company.id = o.company_id
     WHERE o.state = 'expired'
"""
#: Cases in which nobody fitted at all.
NOBODY = """
    SELECT e.id * 3 + 2, 'nobody', e.day, {hour}, {weekday}, {part}, e.company_id,
           e.team_id, d.service_id, d.territory_id, {area}, e.dispatch_id, e.ticket_id,
           NULL, NULL, NULL, {skill}, 'nobody', 'recruit', NULL, FALSE, NULL, 100.0, 1
      FROM crowd_escalation AS e
      LEFT JOIN crowd_dispatch AS d ON d.id = e.dispatch_id
      LEFT JOIN res_company AS company ON company.id = e.company_id
     WHERE e.reason = 'no_candidate'
"""
#: A row is read by its id, which is made of that of the record behind it.
INDEXES = (
    """
    CREATE INDEX IF NOT EXISTS crowd_candidate_gap
        ON crowd_candidate ((id * 3)) WHERE excluded_reason IS NOT NULL
    """,
    """
    CREATE INDEX IF NOT EXISTS crowd_offer_gap
        ON crowd_offer ((id * 3 + 1)) WHERE state = 'expired'
    """,
    """
    CREATE INDEX IF NOT EXISTS crowd_escalation_gap
        ON crowd_escalation ((id * 3 + 2)) WHERE reason = 'no_candidate'
    """,
)


class CrowdReportGap(models.Model):
    """Why the crowd could not, or did not: one row per person and case.

    Near misses, people who did not answer, and cases in which nobody fitted at all.
    """

    _name = "crowd.report.gap"
    _description = "Report on Gaps"
    _inherit = "crowd.report.mixin"
    _auto = False
    _rec_name = "worker_id"
    _order = "day desc, id desc"
    _depends = {
        "crowd.candidate": [
            "day",
            "judged_at",
            "company_id",
            "team_id",
            "service_id",
            "area",
            "dispatch_id",
            "worker_id",
            "worker_type",
            "community_id",
            "skill_id",
            "excluded_reason",
            "excluded_detail",
            "has_distance",
            "distance_km",
        ],
        "crowd.offer": [
            "day",
            "sent_at",
            "company_id",
            "service_id",
            "dispatch_id",
            "ticket_id",
            "worker_id",
            "worker_type",
            "community_id",
            "has_distance",
            "distance_km",
            "state",
        ],
        "crowd.escalation": [
            "day",
            "opened_at",
            "company_id",
            "team_id",
            "dispatch_id",
            "ticket_id",
            "reason",
        ],
        "crowd.dispatch": ["team_id", "service_id", "territory_id", "ticket_id"],
        "crowd.service.skill": ["service_id", "skill_id"],
        "res.territory": ["name"],
        "res.company": ["crowd_zone"],
    }

    kind = fields.Selection(KINDS, string="What happened", readonly=True)
    reason = fields.Selection(GAPS, string="Why not", readonly=True)
    advice = fields.Selection(
        ADVICES,
        readonly=True,
        help="Recruit: too far away, or nobody there. Train: a skill, a level, a "
        "certificate or a language. More time: absent, busy, or full. Wake up: does not "
        "answer, is not active, or his position is unknown.",
    )
    detail = fields.Char(string="By how much", readonly=True)
    area = fields.Char(
        readonly=True, help="Where the work is: the territory, or else the town."
    )
    dispatch_id = fields.Many2one("crowd.dispatch", string="Case", readonly=True)
    ticket_id = fields.Many2one("helpdesk.ticket", readonly=True)
    worker_id = fields.Many2one("fsm.person", readonly=True)
    worker_type = fields.Selection(
        choices_of("crowd.offer", "worker_type"),
        string="Kind of worker",
        readonly=True,
    )
    community_id = fields.Many2one("crowd.community", readonly=True)
    skill_id = fields.Many2one(
        "hr.skill",
        readonly=True,
        help="The one that is missing; of who did not answer, the first one of the "
        "service.",
    )
    nbr = fields.Integer(string="Times", readonly=True)
    has_distance = fields.Boolean(readonly=True)
    distance_km = mean("Distance (km)", "Mean of those with a known distance.")
    is_short = share(
        "Short of people (%)",
        "Share where nobody was found, or everybody asked said no or nothing, so that "
        "our own people had to step in.",
    )

    def init(self):
        for statement in INDEXES:
            self.env.cr.execute(statement)
        return super().init()

    def _query(self):
        shared = {
            "is_short": sql.SQL(IS_SHORT),
            "area": sql.SQL(AREA),
            "skill": sql.SQL(SKILL),
            "advice": _advice(),
        }
        parts = (
            (EXCLUDED, local_parts("c.day", "c.judged_at")),
            (SILENT, local_parts("o.day", "o.sent_at")),
            (NOBODY, local_parts("e.day", "e.opened_at")),
        )
        return sql.SQL(" UNION ALL ").join(
            sql.SQL(query).format(**shared, **names) for query, names in parts
        )

    def action_open(self):
        """Open the worker; where there was nobody, the case."""
        self.ensure_one()
        self.check_access_rights("read")
        self.check_access_rule("read")
        return (self.worker_id or self.dispatch_id).get_formview_action()


def _advice():
    """Return the SQL of the advice for a candidate's reason."""
    cases = [
        sql.SQL("WHEN c.excluded_reason IN ({reasons}) THEN {advice}").format(
            reasons=sql.SQL(", ").join(map(sql.Literal, reasons)),
            advice=sql.Literal(advice),
        )
        for advice, reasons in ADVICE.items()
    ]
    return sql.SQL("CASE {cases} END").format(cases=sql.SQL(" ").join(cases))
