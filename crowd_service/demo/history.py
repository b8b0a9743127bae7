"""Plays three weeks of tickets through the real engine, on a simulated clock."""

import csv
import heapq
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytz

from odoo import api, models
from odoo.tools import file_open

from .. import compat
from ..models.crowd_clock import simulated_clock
from ..models.crowd_dispatch import OPEN_STATES
from .stories import Story

#: When records of the past were created: the ORM always says "now", so it is told
#: afterwards. Ticket and order take the times of their history.
DATED = (
    "UPDATE crowd_dispatch SET create_date = started_at, write_date = started_at",
    "UPDATE crowd_offer SET create_date = sent_at,"
    " write_date = COALESCE(answered_at, sent_at)",
    "UPDATE crowd_event SET create_date = at, write_date = at",
    "UPDATE crowd_escalation SET create_date = opened_at, write_date = opened_at",
    "UPDATE crowd_delivery SET create_date = sent_at, write_date = sent_at"
    " WHERE sent_at IS NOT NULL",
    "UPDATE crowd_review SET create_date = asked_at,"
    " write_date = COALESCE(answered_at, asked_at)",
    """
    UPDATE crowd_candidate c SET create_date = e.at, write_date = e.at
      FROM (SELECT dispatch_id, min(at) AS at FROM crowd_event WHERE kind = 'wave'
             GROUP BY dispatch_id) e
     WHERE e.dispatch_id = c.dispatch_id
    """,
    """
    UPDATE fsm_order o SET create_date = e.at
      FROM (SELECT d.order_id, min(e.at) AS at
              FROM crowd_event e JOIN crowd_dispatch d ON d.id = e.dispatch_id
             WHERE e.to_state = 'assigned' GROUP BY d.order_id) e
     WHERE e.order_id = o.id
    """,
    """
    UPDATE helpdesk_ticket t
       SET last_stage_update = e.at,
           closed_date = CASE WHEN t.closed_date IS NOT NULL THEN e.at END
      FROM (SELECT ticket_id, max(at) AS at FROM crowd_event WHERE kind = 'state'
             GROUP BY ticket_id) e
     WHERE e.ticket_id = t.id
    """,
    "UPDATE helpdesk_ticket SET last_stage_update = create_date"
    " WHERE id IN %(tickets)s AND crowd_dispatch_id IS NULL",
    "UPDATE helpdesk_ticket SET assigned_date = create_date"
    " WHERE id IN %(tickets)s AND user_id IS NOT NULL",
)


class CrowdDemo(models.AbstractModel):
    _inherit = "crowd.demo"

    @api.model
    def _load_history(self):
        """Let the tickets of ``tickets.csv`` live, in the order of time."""
        demo = self.with_context(
            tracking_disable=True,
            mail_create_nosubscribe=True,
            mail_activity_quick_update=True,  # no mails about activities
        )
        now = self.env["crowd.clock"].now()
        last = demo._get_last_ids()
        demo._play(demo._read_stories(now), now)
        demo._tidy(last)
        demo.env["crowd.membership"]._measure_all()

    # ------------------------------------------------------------------
    # time
    # ------------------------------------------------------------------

    @api.model
    def _read_stories(self, now):
        with file_open("crowd_service/demo/tickets.csv") as file:
            rows = list(csv.DictReader(file))
        return [
            Story(self, number, row, self._read_start(row["start"], now), now)
            for number, row in enumerate(rows)
        ]

    @api.model
    def _read_start(self, text, now):
        """Return when a story begins, naive UTC.

        :param text: ``now-<minutes>``, or ``<days ago> <hours>:<minutes>`` of Zurich
        """
        if text.startswith("now-"):
            return now - timedelta(minutes=int(text[4:]))
        days, hour = text.split()
        zone = pytz.timezone("Europe/Zurich")
        today = pytz.utc.localize(now).astimezone(zone).date()
        at = datetime.strptime(hour, "%H:%M").time()
        local = datetime.combine(today - timedelta(days=int(days)), at)
        return zone.localize(local).astimezone(pytz.utc).replace(tzinfo=None)

    @api.model
    def _play(self, stories, now):
        """Run every story to its end or up to now, and the deadlines between."""
        steps = [(story.start, story.number, story.run()) for story in stories]
        heapq.heapify(steps)
        while steps:
            moment, number, story = heapq.heappop(steps)
            self._let_deadlines_pass(moment)
            with self._at(moment):
                minutes = next(story, None)
            if minutes is not None:
                later = moment + timedelta(minutes=minutes)
                if later <= now:  # else the real people go on with it
                    heapq.heappush(steps, (later, number, story))
        self._let_deadlines_pass(now)

    @api.model
    def _let_deadlines_pass(self, until):
        """Do what the clock of the dispatches would have done until then."""
        domain = [("state", "in", OPEN_STATES), ("next_deadline", "<=", until)]
        while True:
            due = self.env["crowd.dispatch"].search(
                domain, order="next_deadline, id", limit=1
            )
            if not due:
                return
            with self._at(due.next_deadline):
                due._handle_due()

    @contextmanager
    def _at(self, moment):
        """Do something at ``moment``; the messages that came of it are of then."""
        self.env.cr.execute("SELECT COALESCE(max(id), 0) FROM mail_message")
        last = self.env.cr.fetchone()[0]
        with simulated_clock(moment):
            yield
            self._send_messages()
        compat.flush(self.env)
        self.env.cr.execute(
            "UPDATE mail_message SET date = %s, create_date = %s WHERE id > %s",
            (moment, moment, last),
        )

    @api.model
    def _send_messages(self):
        """Nobody gets mail from the past: what would be sent counts as sent."""
        queued = self.env["crowd.delivery"].search([("state", "=", "queued")])
        activities = queued.filtered(lambda d: d.kind == "activity")
        for delivery in activities:
            delivery._job_send()
        mails = queued - activities
        wanted = mails.filtered(lambda d: d._is_wanted())
        wanted.write({"attempts": 1})
        wanted._succeed(False)
        (mails - wanted).write({"state": "obsolete"})

    # ------------------------------------------------------------------
    # afterwards
    # ------------------------------------------------------------------

    @api.model
    def _get_last_ids(self):
        """Return the newest record of what history must not leave behind."""
        return {
            name: self.env[name].search([], order="id desc", limit=1).id or 0
            for name in ("queue.job", "mail.mail", "helpdesk.ticket")
        }

    @api.model
    def _tidy(self, last):
        """Date the records, and leave no work for the past behind."""
        for name in ("queue.job", "mail.mail"):
            self.env[name].search([("id", ">", last[name])]).unlink()
        tickets = self.env["helpdesk.ticket"].search(
            [("id", ">", last["helpdesk.ticket"])]
        )
        for dispatch in tickets.crowd_dispatch_id:
            if dispatch.next_deadline:
                dispatch._schedule_wake()
        compat.flush(self.env)
        for query in DATED:
            self.env.cr.execute(query, {"tickets": tuple(tickets.ids)})
        compat.invalidate(self.env)
