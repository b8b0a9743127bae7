import time
from collections import defaultdict

from odoo import SUPERUSER_ID, _, api, fields, models

from .. import race
from .crowd_dispatch import OPEN_STATES

SEARCH_STATES = ("draft", "searching", "offered")
ENOUGH_FAILURES = 3
TOGETHER = 40  # handled in one transaction: an answer waits less than a second
MOVED = "crowd_service.moved"  # deadlines, in the data of the transaction
ERROR_LENGTH = 500  # characters of an error that its reader gets


class CrowdDispatch(models.Model):
    """The clock that makes sure there is a next move."""

    _inherit = "crowd.dispatch"

    failure_count = fields.Integer(
        readonly=True,
        help="How often in a row the clock could not handle the dispatch. After three "
        "times its responsible person gets it.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        dispatches = super().create(vals_list)
        dispatches._schedule_later()
        return dispatches

    def write(self, vals):
        if "next_deadline" not in vals:
            return super().write(vals)
        before = {dispatch: dispatch.next_deadline for dispatch in self}
        res = super().write(vals)
        self.filtered(lambda d: d.next_deadline != before[d])._schedule_later()
        return res

    def _schedule_later(self):
        """Schedule at the end of the transaction: until then deadlines move often."""
        if not self:
            return
        precommit = self.env.cr.precommit
        if MOVED not in precommit.data:
            precommit.data[MOVED] = {}
            precommit.add(self.browse()._schedule_moved)
        precommit.data[MOVED].update(self._read_deadlines())

    @api.model
    def _schedule_moved(self):
        self._schedule(self.env.cr.precommit.data.pop(MOVED, {}))
        self.flush()

    def _schedule_wake(self):
        """Let jobs look at dispatches at their deadlines, to the second."""
        self._schedule(self._read_deadlines())

    def _read_deadlines(self):
        """Return ``{id: (deadline, reference)}``; at the end nothing is in the cache."""
        return {
            dispatch.id: (dispatch.next_deadline, dispatch.name) for dispatch in self
        }

    @api.model
    def _schedule(self, deadlines):
        """Store a job for the dispatches of each deadline, see ``_read_deadlines``."""
        alike = defaultdict(list)
        for number, (deadline, name) in sorted(deadlines.items()):
            if deadline:
                alike[deadline].append((number, name))
        for deadline, known in sorted(alike.items()):
            for start in range(0, len(known), TOGETHER):
                ids, names = zip(*known[start : start + TOGETHER])
                description = _("Deadline of %s") % ", ".join(names)
                self.browse(ids)._by_clock(description, eta=deadline)._job_wake()

    def _by_clock(self, description, eta=None):
        """Return ``self`` for a job that nobody in particular is the author of."""
        dispatch = self.with_user(SUPERUSER_ID).with_context(**race.MAILS_LATER)
        return dispatch.with_delay(eta=eta, description=description)

    @api.model
    def _job_prepare_context_before_enqueue_keys(self):
        """Return the names of what jobs keep of the context."""
        return tuple(race.MAILS_LATER)

    def _job_wake(self):
        """Do what is due; a job that comes too early or too late does no harm.

        Most come too early: the deadline was put off, and has a job of its own.
        """
        due = self.search([("id", "in", self.ids)] + self._due_domain())
        if len(due) == 1:
            due._handle_due()  # in the job's own transaction
        elif due:
            self._handle_few(due.ids)

    @api.model
    def _due_domain(self):
        return [("state", "in", OPEN_STATES), ("next_deadline", "<=", self._now())]

    @api.model
    def _cron_sweep(self, limit=10000, seconds=50):
        """Do what is due and was not done: the net below the jobs.

        :param seconds: after these the rest is left to the next run; Odoo kills what
            takes too long, and what is done is committed
        """
        until = time.monotonic() + seconds
        due = self.search(self._due_domain(), limit=limit, order="next_deadline, id")
        for start in range(0, len(due), TOGETHER):
            if time.monotonic() > until:
                break
            self._handle_few(due.ids[start : start + TOGETHER])
        self.env["helpdesk.ticket"]._crowd_sweep_first_answers(500)

    @api.model
    def _handle_few(self, dispatch_ids):
        """Handle some dispatches together.

        When one cannot be handled, or somebody else is at it, each half of them is
        tried, down to the one that it is.
        """
        if len(dispatch_ids) == 1:
            error = self._alone(*dispatch_ids, "_handle_due")
            if error:
                self._alone(*dispatch_ids, "_note_failure", repr(error))
        elif not race.try_once(
            self.env,
            lambda env: env["crowd.dispatch"].browse(dispatch_ids)._handle_all(),
        ):
            middle = len(dispatch_ids) // 2
            self._handle_few(dispatch_ids[:middle])
            self._handle_few(dispatch_ids[middle:])

    def _handle_all(self):
        race.lock(self, wait=False)
        self._do_due()
        return True

    @api.model
    def _alone(self, record_id, method, *args, model="crowd.dispatch"):
        """Run one record's ``method`` in its own transaction; log, never stop.

        :return: the exception, None when all went well
        """
        try:
            race.decide(
                self.env,
                lambda env: getattr(env[model].browse(record_id), method)(*args),
            )
        except Exception as error:  # noqa: BLE001 - one bad row must not stop others
            self.env["crowd.clock"]._log_failure(model, record_id)
            return error
        return None

    def _handle_due(self):
        """Make the move that the deadline asks for."""
        race.lock(self)
        self._do_due()

    def _do_due(self):
        """Make the moves that are due: those of one state together."""
        now = self._now()
        due = self.filtered(lambda d: d.state in OPEN_STATES and d.next_deadline <= now)
        stopped = due.filtered(
            lambda d: d.company_id.crowd_stopped and d.state in SEARCH_STATES
        )
        for dispatch in stopped:
            dispatch._stop()
        going_on = due - stopped
        by_state = {
            s: going_on.filtered(lambda d, s=s: d.state == s) for s in OPEN_STATES
        }
        for state, dispatches in by_state.items():
            if dispatches:
                getattr(dispatches, "_due_" + state)()
        due.filtered("failure_count").write({"failure_count": 0})

    def _note_failure(self, error):
        """The clock failed: try again soon, then give it to somebody.

        :param error: what went wrong, in technical words
        """
        race.lock(self)
        self.failure_count += 1
        self.next_deadline = self._in_minutes(self.failure_count)
        if self.failure_count >= ENOUGH_FAILURES:
            self._quarantine(error[:ERROR_LENGTH])

    def _quarantine(self, error):
        """Take the dispatch out of the clock's hands: its responsible person goes on."""
        self._ensure_responsible()
        self.failure_count = 0
        self._end_steps("failed")
        user = self.responsible_id
        dispatch = self.with_context(lang=user.lang)
        note = _("The clock failed %(times)s times: %(error)s") % {
            "times": ENOUGH_FAILURES,
            "error": error,
        }
        if self.state in SEARCH_STATES + ("escalated",):
            dispatch._hand_over("failure", user, note=note)
        else:
            dispatch._look_again(note)

    # what is due in each state; most dispatches of a sweep are in "offered"

    def _due_draft(self):
        self._hand_over_all([d._plan_escalation("not_asked") for d in self])

    def _due_searching(self):
        for dispatch in self:
            if dispatch._climb_ladder():
                dispatch._set_deadline()
            else:
                dispatch._escalate("not_asked")

    def _due_offered(self):
        """Expire first, then climb: what is over does not count as asked."""
        self._expire_late()
        leaving = []
        for dispatch in self:
            step = dispatch._due_step()
            if step.kind == "escalate":
                leaving.append(dispatch._plan_step(step, dispatch._ladder_reason()))
            elif step:
                dispatch._take_step(step)
            elif dispatch._is_silent() and not dispatch._pull_next("nobody_left"):
                reason = dispatch._silence_reason()
                leaving.append(dispatch._plan_escalation(reason))
        self._hand_over_all(leaving)
        for dispatch in self:
            dispatch._set_deadline()

    def _expire_late(self):
        """End the offers whose time is over."""
        now = self._now()
        late = self._open_offers().filtered(lambda o: o.expires_at <= now)
        if late:
            late._move("expired")
            late._record("expired")
            self.env["crowd.delivery"]._close_activities(late)

    def _due_assigned(self):
        for dispatch in self:
            dispatch._look_again(
                _("The job should be done by now: is everything all right?")
            )

    def _due_in_progress(self):
        for dispatch in self:
            dispatch._look_again(_("The job takes longer than planned."))

    def _due_escalated(self):
        self._expire_late()
        for dispatch in self:
            dispatch._watch_escalation()

    def _watch_escalation(self):
        """Somebody inside was asked: remind him, or ask the next one."""
        escalation = self.escalation_ids.filtered(
            lambda e: e.state in ("open", "acknowledged")
        )[:1]
        if escalation.state == "acknowledged":
            self._follow_up(escalation)
        elif not self._climb_ladder():
            if escalation.deadline <= self._now():
                self._climb(escalation)
            else:  # only an offer that was left standing is over
                self.next_deadline = escalation.deadline

    def _follow_up(self, escalation):
        """Somebody is responsible: remind him when it is time, not before."""
        due = self.team_id._crowd_desk_time(
            escalation.acknowledged_at, self.company_id.crowd_follow_up_minutes
        )
        if due > self._now():
            self.next_deadline = due
        else:
            self._look_again(_("You said you are responsible: what is next?"))

    def _due_paused(self):
        for dispatch in self:
            dispatch._resume()

    def _look_again(self, text):
        """Remind the responsible person, once per follow-up period."""
        self._ensure_responsible()
        kind = "crowd_service.mail_activity_follow_up"
        self.activity_unlink([kind])
        self.activity_schedule(kind, summary=text, user_id=self.responsible_id.id)
        self._record("note", note=text)
        self.next_deadline = self._in_desk_minutes(
            self.company_id.crowd_follow_up_minutes
        )

    def _ensure_responsible(self):
        """Replace a responsible person who has left."""
        for dispatch in self:
            if not dispatch.responsible_id.active:
                dispatch.responsible_id = dispatch.ticket_id._crowd_find_responsible()
