"""What the health page looks at. No check reads more than a fixed number of queries."""

from datetime import timedelta

from odoo import _, api, fields, models

from .crowd_board import SILENT
from .crowd_dispatch import OPEN_STATES
from .crowd_health import Finding
from .crowd_worker_search_check import LAST_CHECK

RUNNER_LOCK = 2293787760715711918  # what queue_job's runner holds while it lives
LATE_MESSAGE = timedelta(minutes=5)
LATE_JOB = timedelta(minutes=2)
PLAN_AHEAD = timedelta(days=7)
CRONS_LATE = timedelta(minutes=10)
SEARCH_CHECKED = timedelta(hours=49)  # every night, and one may fail

QUEUE = """
SELECT channel, count(*), min(COALESCE(eta, date_created))
  FROM queue_job
 WHERE state IN ('pending', 'enqueued')
   AND COALESCE(eta, date_created) <= %(now)s
 GROUP BY channel ORDER BY channel
"""
FAILED = """
SELECT count(*) FROM queue_job
 WHERE state = 'failed' AND date_created > %(since)s
   AND (channel = 'root.crowd' OR channel LIKE %(ours)s)
"""
RUNNER = """
SELECT count(*) FROM pg_locks
 WHERE locktype = 'advisory' AND objsubid = 1 AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND (classid::bigint << 32) + objid::bigint = %(lock)s
"""
MESSAGES = """
SELECT count(*) FILTER (WHERE state IN ('queued', 'failed') AND next_try <= %(late)s),
       min(next_try) FILTER (WHERE state IN ('queued', 'failed')),
       count(*) FILTER (WHERE state = 'dead' AND create_date > %(day)s)
  FROM crowd_delivery
 WHERE state IN ('queued', 'failed', 'dead') AND company_id IN %(companies)s
"""


class CrowdHealth(models.TransientModel):
    _inherit = "crowd.health"

    @api.model
    def _checks(self):
        return super()._checks() + [
            self._check_silence,
            self._check_stop,
            self._check_clock,
            self._check_crons,
            self._check_runner,
            self._check_queue,
            self._check_gateways,
            self._check_messages,
            self._check_on_call,
            self._check_search,
        ]

    # ------------------------------------------------------------------
    # tickets and clock
    # ------------------------------------------------------------------

    @api.model
    def _check_silence(self):
        silent = self.env["helpdesk.ticket"].search_count(
            [("crowd_is_unanswered", "=", True)]
        )
        action = "helpdesk_ticket_action_unanswered"
        if not silent:
            return [Finding("good", "desk", _("Never answered: 0."), "", action)]
        return [
            Finding(
                "bad",
                "desk",
                _("Never answered: %s.") % silent,
                _("Deal with them by hand, and see what is broken below."),
                action,
            )
        ]

    @api.model
    def _check_stop(self):
        stopped = self.env.companies.filtered("crowd_stopped")
        if not stopped:
            return []
        return [
            Finding(
                "warning",
                "desk",
                _("All offers are stopped: %s.") % ", ".join(stopped.mapped("name")),
                _("A manager can let them go on in the settings."),
            )
        ]

    @api.model
    def _check_clock(self):
        now = self._now()
        late = self.env["crowd.dispatch"].search(
            [("state", "in", OPEN_STATES), ("next_deadline", "<", now)],
            order="next_deadline, id",
            limit=1,
        )
        if not late:
            return [Finding("good", "clock", _("No deadline is overdue."))]
        return [
            Finding(
                "bad" if now - late.next_deadline > SILENT else "good",
                "clock",
                _("The oldest deadline that is due waits for %s.")
                % self._ago(late.next_deadline),
                _("The job runner or the sweep below does not run, or cannot keep up."),
                "crowd_dispatch_action",
            )
        ]

    @api.model
    def _check_crons(self):
        ours = self.env["ir.model.data"].sudo()  # which actions are ours is no secret
        ids = ours.search(
            [("module", "=", "crowd_service"), ("model", "=", "ir.cron")]
        ).mapped("res_id")
        crons = self.env["ir.cron"].sudo().with_context(active_test=False)
        return [self._judge_cron(cron) for cron in crons.browse(ids).exists()]

    @api.model
    def _judge_cron(self, cron):
        advice = _("See Settings, Technical, Scheduled Actions.")
        values = {"name": cron.name, "ago": cron.lastcall and self._ago(cron.lastcall)}
        if not cron.active:
            return Finding("bad", "clock", _("“%(name)s” is off.") % values, advice)
        if cron.nextcall < self._now() - CRONS_LATE:
            values["ago"] = self._ago(cron.nextcall)
            text = _("“%(name)s” should have run %(ago)s ago.") % values
            return Finding("bad", "clock", text, advice)
        if not cron.lastcall:
            return Finding("good", "clock", _("“%(name)s” waits to run.") % values)
        return Finding("good", "clock", _("“%(name)s” ran %(ago)s ago.") % values)

    # ------------------------------------------------------------------
    # jobs
    # ------------------------------------------------------------------

    @api.model
    def _check_runner(self):
        self.env.cr.execute(RUNNER, {"lock": RUNNER_LOCK})
        if self.env.cr.fetchone()[0]:
            return [Finding("good", "jobs", _("The job runner is alive."))]
        return [
            Finding(
                "bad",
                "jobs",
                _("No job runner is connected to this database."),
                _("Start Odoo with server_wide_modules = base,web,queue_job."),
            )
        ]

    @api.model
    def _check_queue(self):
        now = self._now()
        self.env["queue.job"].flush()
        self.env.cr.execute(QUEUE, {"now": now})
        found = [self._judge_channel(*row, now) for row in self.env.cr.fetchall()]
        since = now - timedelta(days=1)
        self.env.cr.execute(FAILED, {"since": since, "ours": "root.crowd.%"})
        failed = self.env.cr.fetchone()[0]
        if failed:
            text = _("%s jobs failed within a day.") % failed
            advice = _("See Job Queue: their errors, and run them again.")
            found.append(Finding("warning", "jobs", text, advice))
        return found or [Finding("good", "jobs", _("No job waits."))]

    @api.model
    def _judge_channel(self, channel, count, oldest, now):
        return Finding(
            "warning" if now - oldest > LATE_JOB else "good",
            "jobs",
            _("%(channel)s: %(count)s jobs wait, the oldest for %(ago)s.")
            % {"channel": channel, "count": count, "ago": self._ago(oldest)},
            _("If the age grows, give the channel more room."),
        )

    # ------------------------------------------------------------------
    # gateways and messages
    # ------------------------------------------------------------------

    @api.model
    def _check_gateways(self):
        return [
            self._judge(gateway) for gateway in self.env["crowd.gateway"].search([])
        ]

    @api.model
    def _judge(self, gateway):
        action = "crowd_gateway_action"
        name, success = gateway.name, gateway.last_success_at
        values = {"name": name, "ago": success and self._ago(success)}
        if gateway.is_foreign:
            text = _("%(name)s was enabled for another database and sends nothing.")
            advice = _("If this is not a copy: press Enable on the gateway.")
            return Finding("warning", "gateways", text % values, advice, action)
        if gateway.is_flagged:
            return self._judge_broken(gateway, values, action)
        if not success:
            text = _("%(name)s was not used yet.") % values
        else:
            text = _("%(name)s: the last message went out %(ago)s ago.") % values
        return Finding("good", "gateways", text, "", action)

    @api.model
    def _judge_broken(self, gateway, values, action):
        values.update(
            count=gateway.failures_in_row, since=self._ago(gateway.last_failure_at)
        )
        text = _("%(name)s: %(count)s failures in a row, the last %(since)s ago.")
        if values["ago"]:
            text = _(
                "%(name)s: %(count)s failures since it last worked %(ago)s ago, the "
                "last %(since)s ago."
            )
        advice = _("See its messages for the reason, then try them again.")
        return Finding("bad", "gateways", text % values, advice, action)

    @api.model
    def _check_messages(self):
        now = self._now()
        self.env["crowd.delivery"].flush()
        companies = tuple(self.env.companies.ids)
        day, late = now - timedelta(days=1), now - LATE_MESSAGE
        self.env.cr.execute(
            MESSAGES, {"late": late, "day": day, "companies": companies}
        )
        waiting, oldest, dead = self.env.cr.fetchone()
        action, found = "crowd_delivery_action", []
        if waiting:
            text = _("%(count)s messages wait, the oldest for %(ago)s.")
            text %= {"count": waiting, "ago": self._ago(oldest)}
            advice = _("A gateway is slow, or the job runner does not run.")
            found.append(Finding("bad", "messages", text, advice, action))
        if dead:
            text = _("%s messages were given up within a day.") % dead
            advice = _("The desk has an activity for each of them.")
            found.append(Finding("warning", "messages", text, advice, action))
        text = _("No message waits, none was given up today.")
        return found or [Finding("good", "messages", text, "", action)]

    # ------------------------------------------------------------------
    # people and search
    # ------------------------------------------------------------------

    @api.model
    def _check_on_call(self):
        rotas = self.env["crowd.rota"].search([])
        return [finding for rota in rotas for finding in self._judge_rota(rota)]

    @api.model
    def _judge_rota(self, rota):
        action = "crowd_duty_action"
        values = {"rota": rota.name, "user": rota.on_duty_id.name}
        until = rota.planned_until
        if not until or until < self._now() + PLAN_AHEAD:
            text = _("%(rota)s: nobody is planned a week ahead.") % values
            advice = _("Press “Plan duties” on the rota.")
            yield Finding("warning", "on_call", text, advice, "crowd_rota_action")
        elif rota.on_duty_id:
            text = _("%(rota)s: %(user)s is on duty.") % values
            yield Finding("good", "on_call", text, "", action)
        else:
            text = _("%(rota)s: nobody is on duty at this hour.") % values
            yield Finding("good", "on_call", text, "", action)

    @api.model
    def _check_search(self):
        kept = self.env["ir.config_parameter"].sudo().get_param(LAST_CHECK)  # no secret
        sentence = self.env["crowd.worker.search"].sudo()._last_check()
        text = _("Search table: %s") % sentence
        if not kept:
            return [Finding("good", "search", text)]
        moment, mended = kept.rsplit(" ", 1)
        is_late = fields.Datetime.to_datetime(moment) < self._now() - SEARCH_CHECKED
        if is_late or int(mended):
            advice = _("Something writes by-passing Odoo, or the nightly check is off.")
            return [Finding("warning", "search", text, advice)]
        return [Finding("good", "search", text)]
