from collections import namedtuple

from odoo import _, api, fields, models

LEVELS = [("bad", "Broken"), ("warning", "Look at it"), ("good", "Good")]
AREAS = [
    ("desk", "Tickets"),
    ("clock", "Clock"),
    ("jobs", "Jobs"),
    ("gateways", "Gateways"),
    ("messages", "Messages"),
    ("on_call", "On call"),
    ("search", "Search"),
]

#: What one check found: ``level`` and ``area`` as above, a sentence, what to do about
#: it, and the XML id (without module) of the action that shows more.
Finding = namedtuple(
    "Finding", "level area sentence advice action", defaults=("", False)
)


class CrowdHealth(models.TransientModel):
    """Whether everything runs, in sentences; for the operator."""

    _name = "crowd.health"
    _description = "Health"

    name = fields.Char(readonly=True)
    checked_at = fields.Datetime(string="Checked", readonly=True)
    level = fields.Selection(LEVELS, readonly=True)
    summary = fields.Char(readonly=True)
    line_ids = fields.One2many("crowd.health.line", "health_id", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        """Look at everything now; nobody else says what is found."""
        self.check_access_rights("create")
        findings = self._find()
        worst = findings[0].level
        values = {
            "name": _("Health"),
            "checked_at": self.env["crowd.clock"].now(),
            "level": worst,
            "summary": self._summarise(findings),
            "line_ids": [
                (0, 0, dict(finding._asdict(), sequence=number))
                for number, finding in enumerate(findings)
            ],
        }
        return super().create([values for _vals in vals_list])

    @api.model
    def _find(self):
        """Return all findings, the worst first."""
        order = {level: number for number, (level, _label) in enumerate(LEVELS)}
        now = self.env["crowd.clock"].now()
        at_once = self.with_context(crowd_health_now=now)
        findings = [found for check in at_once._checks() for found in check()]
        return sorted(findings, key=lambda finding: order[finding.level])

    @api.model
    def _now(self):
        """Return the moment of which the findings tell."""
        return self.env.context.get("crowd_health_now") or self.env["crowd.clock"].now()

    @api.model
    def _checks(self):
        """Return the checks: methods that return findings."""
        return []

    @api.model
    def _summarise(self, findings):
        bad = sum(finding.level == "bad" for finding in findings)
        warnings = sum(finding.level == "warning" for finding in findings)
        if bad:
            return _("%s things are broken.") % bad if bad > 1 else _("1 is broken.")
        if warnings:
            return _("It runs. %s things want a look.") % warnings
        return _("Everything runs.")

    @api.model
    def _open(self):
        """Return the action that shows what is found now."""
        return {
            "type": "ir.actions.act_window",
            "name": _("Health"),
            "res_model": self._name,
            "res_id": self.create({}).id,
            "view_mode": "form",
            "target": "main",
            "help": "",
        }

    def action_check(self):
        """Look again."""
        self.check_access_rule("read")
        return self._open()

    @api.model
    def _ago(self, moment):
        """Return how long ago ``moment`` (naive UTC) was, in words."""
        seconds = max(int((self._now() - moment).total_seconds()), 0)
        if seconds < 120:
            return _("%s s") % seconds
        if seconds < 2 * 3600:
            return _("%s min") % (seconds // 60)
        if seconds < 48 * 3600:
            return _("%s h") % (seconds // 3600)
        return _("%s days") % (seconds // 86400)


class CrowdHealthLine(models.TransientModel):
    """One sentence of the health page."""

    _name = "crowd.health.line"
    _description = "Health: Finding"
    _rec_name = "sentence"
    _order = "sequence, id"

    health_id = fields.Many2one("crowd.health", required=True, ondelete="cascade")
    sequence = fields.Integer()
    area = fields.Selection(AREAS, readonly=True)
    level = fields.Selection(LEVELS, readonly=True)
    sentence = fields.Char(readonly=True)
    advice = fields.Char(string="What to do", readonly=True)
    action = fields.Char(readonly=True)

    def action_view(self):
        """Open the records in question."""
        self.ensure_one()
        if not self.action:
            return False
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crowd_service." + self.action
        )
        if self.area == "messages":
            action["context"] = {"search_default_problems": 1}
        return action
