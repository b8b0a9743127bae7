from markupsafe import Markup

from odoo import SUPERUSER_ID, _, api, fields, models

from ..kpi import BY_CODE, judge
from .crowd_kpi_target import DISPATCHER, MANAGER

ACTIVITY = "crowd_service.mail_activity_kpi"


class CrowdKpiTarget(models.Model):
    """Targets are measured every night; who misses one has an activity."""

    _inherit = "crowd.kpi.target"

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
