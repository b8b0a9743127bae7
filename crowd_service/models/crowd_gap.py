from datetime import timedelta

from markupsafe import Markup, escape
from psycopg2 import sql

from odoo import SUPERUSER_ID, _, api, fields, models

from .. import compat

#: How far back gaps are looked for.
DAYS = 90
#: Until when somebody shall have followed up.
FOLLOW_UP_DAYS = 7
#: So many names fit into the note of a follow-up.
NAMES = 10
ACTIVITY = "crowd_service.mail_activity_gap"

#: What was missed lately, by place and service; by place and skill where it helps to
#: train. Rows that are over stay, with nothing in them: people have worked on them.
REFRESH = """
    WITH found AS (
        SELECT company_id, advice, area,
               CASE WHEN advice <> 'train' THEN service_id END AS service_id,
               CASE WHEN advice = 'train' THEN skill_id END AS skill_id,
               count(DISTINCT dispatch_id) AS cases,
               count(DISTINCT dispatch_id) FILTER (WHERE is_short > 0) AS short,
               count(DISTINCT worker_id) AS workers, max(day) AS last_day
          FROM crowd_report_gap
         WHERE day >= %(since)s AND {only}
         GROUP BY 1, 2, 3, 4, 5
    ), is_over AS (
        UPDATE crowd_gap AS gap
           SET case_count = 0, short_count = 0, worker_count = 0, write_date = %(now)s
         WHERE gap.case_count > 0 AND {only}
           AND NOT EXISTS (
               SELECT FROM found
                WHERE found.company_id = gap.company_id AND found.advice = gap.advice
                  AND (found.area, found.service_id, found.skill_id)
                      IS NOT DISTINCT FROM (gap.area, gap.service_id, gap.skill_id))
        RETURNING gap.id
    ), changed AS (
        INSERT INTO crowd_gap AS gap (
            company_id, advice, area, service_id, skill_id, case_count, short_count,
            worker_count, last_day, create_uid, create_date, write_date)
        SELECT company_id, advice, area, service_id, skill_id, cases, short, workers,
               last_day, %(uid)s, %(now)s, %(now)s
          FROM found
            ON CONFLICT (company_id, advice, COALESCE(area, ''),
                         COALESCE(service_id, 0), COALESCE(skill_id, 0)) DO UPDATE
           SET case_count = excluded.case_count, short_count = excluded.short_count,
               worker_count = excluded.worker_count, last_day = excluded.last_day,
               write_date = excluded.write_date
         WHERE (gap.case_count, gap.short_count, gap.worker_count, gap.last_day)
               IS DISTINCT FROM (excluded.case_count, excluded.short_count,
                                 excluded.worker_count, excluded.last_day)
        RETURNING gap.id
    )
    SELECT id FROM is_over UNION ALL SELECT id FROM changed
"""
INDEX = """
    CREATE UNIQUE INDEX IF NOT EXISTS crowd_gap_key
        ON crowd_gap (company_id, advice, COALESCE(area, ''), COALESCE(service_id, 0),
                      COALESCE(skill_id, 0))
"""


class CrowdGap(models.Model):
    """What the crowd lacks, where: people to recruit, to train, or to wake up.

    The rows of ``crowd.report.gap`` of the last 90 days, counted every night and on
    demand. It has activities, for somebody shall do something about it.
    """

    _name = "crowd.gap"
    _description = "Gap in the Crowd"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "short_count desc, case_count desc, worker_count desc, id"
    _mail_post_access = "read"

    name = fields.Char(readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    advice = fields.Selection(
        selection=lambda self: self.env["crowd.report.gap"]._fields["advice"].selection,
        required=True,
        readonly=True,
    )
    area = fields.Char(
        readonly=True,
        help="Where the work is: the territory, or else the town. Empty: remote work.",
    )
    service_id = fields.Many2one(
        "product.template", string="Service", readonly=True, ondelete="cascade"
    )
    skill_id = fields.Many2one("hr.skill", readonly=True, ondelete="cascade")
    case_count = fields.Integer(
        string="Cases", readonly=True, help="In the last 90 days."
    )
    short_count = fields.Integer(
        string="Short of people",
        readonly=True,
        help="Cases in which nobody was found, or everybody asked said no or nothing, so "
        "that our own people had to step in.",
    )
    worker_count = fields.Integer(
        string="People",
        readonly=True,
        group_operator=False,
        help="Who was nearly good enough, or did not answer.",
    )
    last_day = fields.Date(string="Last time", readonly=True)

    def init(self):
        self.env.cr.execute(INDEX)

    # ------------------------------------------------------------------
    # count
    # ------------------------------------------------------------------

    def action_refresh(self):
        """Count the gaps of the user's companies again, now."""
        self.check_access_rights("read")
        self.sudo()._refresh(self.env.companies.ids)  # nobody may write the rows
        return True

    @api.model
    def _refresh(self, company_ids=None):
        """Count the gaps of these companies, or of all; return ids that changed."""
        compat.flush(self.env)
        now = self.env["crowd.clock"].now()
        only = "TRUE" if company_ids is None else "company_id = ANY(%(ids)s)"
        params = {
            "ids": list(company_ids or ()),
            "since": (now - timedelta(days=DAYS)).date(),
            "uid": SUPERUSER_ID,
            "now": now,
        }
        self.env.cr.execute(sql.SQL(REFRESH).format(only=sql.SQL(only)), params)
        changed = sorted(row[0] for row in self.env.cr.fetchall())
        self.invalidate_cache()
        self.search([("name", "=", False)])._give_names()
        return changed

    def _give_names(self):
        for gap in self:
            what = gap.skill_id.name or gap.service_id.name
            words = filter(None, (what, gap.area))
            gap.name = ", ".join(words) or gap._advice_label()

    def _advice_label(self):
        choices = self._fields["advice"]._description_selection(self.env)
        return dict(choices)[self.advice]

    @api.model
    def _job_refresh(self):
        """Count the gaps of all companies."""
        self._refresh()

    # ------------------------------------------------------------------
    # the people
    # ------------------------------------------------------------------

    def _rows_domain(self):
        """Return the domain of the rows of ``crowd.report.gap`` behind this gap."""
        self.ensure_one()
        today = self.env["crowd.clock"].now()
        domain = [
            ("company_id", "=", self.company_id.id),
            ("advice", "=", self.advice),
            ("area", "=", self.area),
            ("day", ">=", fields.Date.to_string(today - timedelta(days=DAYS))),
        ]
        key = "skill_id" if self.advice == "train" else "service_id"
        return domain + [(key, "=", self[key].id)]

    def _get_workers(self):
        """Return who was nearly good enough, or did not answer; most often first."""
        groups = self.env["crowd.report.gap"].read_group(
            self._rows_domain() + [("worker_id", "!=", False)],
            ["worker_id"],
            ["worker_id"],
            lazy=False,
        )
        groups.sort(key=lambda g: (-g["__count"], g["worker_id"][0]))
        return self.env["fsm.person"].browse(g["worker_id"][0] for g in groups)

    def action_view_workers(self):
        """Open the people who were nearly good enough, or did not answer."""
        action = self._read_action("crowd_service.fsm_person_action")
        return dict(
            action,
            display_name=_("People: %s") % self.name,
            domain=[("id", "in", self._get_workers().ids)],
            context={"active_test": False},
        )

    def action_view_rows(self):
        """Open the cases, and what kept whom out."""
        action = self._read_action("crowd_service.crowd_report_gap_action")
        return dict(
            action,
            display_name=_("Cases: %s") % self.name,
            domain=self._rows_domain(),
            context={},
            views=[(False, "tree"), (False, "pivot"), (False, "form")],
        )

    def _read_action(self, xml_id):
        self.ensure_one()
        self.check_access_rights("read")
        self.check_access_rule("read")
        return self.env["ir.actions.act_window"]._for_xml_id(xml_id)

    # ------------------------------------------------------------------
    # follow up
    # ------------------------------------------------------------------

    def action_follow_up(self):
        """Give the user an activity about each gap that nobody works on yet."""
        self.check_access_rights("read")
        self.check_access_rule("read")
        for gap in self:
            if not gap.activity_search([ACTIVITY]):
                gap._follow_up()
        return True

    def _follow_up(self):
        today = fields.Date.context_today(self)
        self.activity_schedule(
            ACTIVITY,
            date_deadline=today + timedelta(days=FOLLOW_UP_DAYS),
            summary="%s: %s" % (self._advice_label(), self.name),
            note=self._word_follow_up(),
        )

    def _word_follow_up(self):
        """Return the figures and the names of a follow-up, as HTML."""
        figures = _(
            "%(cases)s cases in the last %(days)s days; in %(short)s of them our own "
            "people had to step in."
        ) % {"cases": self.case_count, "days": DAYS, "short": self.short_count}
        workers = self._get_workers()
        names = workers[:NAMES].mapped("name")
        if len(workers) > NAMES:
            names.append(_("and %s more") % (len(workers) - NAMES))
        lines = [escape(figures), escape(", ".join(names))]
        return Markup("<br/>").join(line for line in lines if line)
