from psycopg2 import sql

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import plaintext2html

from .. import race
from .crowd_dispatch import OPEN_STATES
from .crowd_local_sql import local_day

OUTCOMES = [
    ("solved", "Solved"),
    ("not_solved", "Not solved"),
    ("abandoned", "Abandoned"),
]
FACTS = (
    "crowd_outcome",
    "crowd_outcome_by",
    "crowd_closed_at",
    "crowd_closed_day",
    "crowd_reopen_count",
    "crowd_reopened_at",
)
#: What the stages that come with the helpdesk mean, as long as nobody has closed a ticket.
STAGES = """
    UPDATE helpdesk_ticket_stage AS stage
       SET crowd_outcome = 'abandoned'
      FROM ir_model_data AS known
     WHERE known.module = 'helpdesk_mgmt'
       AND known.name IN ('helpdesk_ticket_stage_cancelled',
                          'helpdesk_ticket_stage_rejected')
       AND stage.id = known.res_id
       AND stage.closed AND stage.crowd_outcome IS NULL
       AND NOT EXISTS (SELECT FROM helpdesk_ticket WHERE crowd_outcome IS NOT NULL)
"""
#: What became of tickets that were closed before anybody noted it.
FILL = """
    WITH closed AS (
        SELECT t.id, zone.name AS zone, d.state, d.close_reason,
               stage.crowd_outcome AS outcome,
               COALESCE(t.closed_date, t.last_stage_update, t.write_date) AS at
          FROM helpdesk_ticket AS t
          JOIN helpdesk_ticket_stage AS stage ON stage.id = t.stage_id
          JOIN res_company AS company ON company.id = t.company_id
          LEFT JOIN resource_calendar AS calendar
            ON calendar.id = company.resource_calendar_id
          LEFT JOIN pg_timezone_names AS zone ON zone.name = calendar.tz
          LEFT JOIN crowd_dispatch AS d ON d.id = t.crowd_dispatch_id
         WHERE stage.closed AND t.crowd_outcome IS NULL
    )
    UPDATE helpdesk_ticket AS t
       SET crowd_outcome = CASE
               WHEN closed.state = 'done' THEN 'solved'
               WHEN closed.close_reason = 'customer' THEN 'abandoned'
               WHEN closed.outcome IS NOT NULL THEN closed.outcome
               WHEN closed.state = 'unsolved' THEN 'not_solved'
               ELSE 'solved' END,
           crowd_outcome_by = CASE
               WHEN closed.state = 'done' THEN 'crowd'
               WHEN closed.close_reason = 'customer' THEN 'customer'
               WHEN closed.outcome IS NULL AND closed.state = 'unsolved' THEN 'crowd'
               ELSE 'assumed' END,
           crowd_closed_at = closed.at,
           crowd_closed_day = {day}
      FROM closed
     WHERE closed.id = t.id
"""


class HelpdeskTicketStage(models.Model):
    _inherit = "helpdesk.ticket.stage"

    crowd_outcome = fields.Selection(
        OUTCOMES,
        string="Outcome",
        help="What it means that a ticket is moved here and nobody says more. Empty: "
        "what the worker said, or else solved.",
    )


class HelpdeskTicket(models.Model):
    """What became of a ticket, noted when it is closed."""

    _inherit = "helpdesk.ticket"

    crowd_outcome = fields.Selection(
        OUTCOMES,
        string="Outcome",
        readonly=True,
        copy=False,
        tracking=True,
        help="What became of the ticket when it was closed.",
    )
    crowd_outcome_by = fields.Selection(
        [
            ("agent", "An agent"),
            ("crowd", "The worker"),
            ("customer", "The customer"),
            ("assumed", "Nobody, it is assumed"),
        ],
        string="Outcome told by",
        readonly=True,
        copy=False,
        help="Assumed: it was moved to a closing stage, and nobody said more.",
    )
    crowd_closed_at = fields.Datetime(
        string="Closed at",
        readonly=True,
        copy=False,
        help="When it was closed for the last time; empty while it is open.",
    )
    crowd_closed_day = fields.Date(
        string="Day closed",
        readonly=True,
        copy=False,
        help="The day that reports count it on, in the time zone of the company.",
    )
    crowd_reopen_count = fields.Integer(
        string="Times reopened", readonly=True, copy=False
    )
    crowd_reopened_at = fields.Datetime(
        string="Last reopened", readonly=True, copy=False
    )

    def init(self):
        res = super().init()
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS helpdesk_ticket_company_closed_day"
            " ON helpdesk_ticket (company_id, crowd_closed_day)"
        )
        self.pool.post_init(self._crowd_fill_outcomes)  # needs tables of other models
        return res

    def _crowd_fill_outcomes(self):
        self.env.cr.execute(STAGES)
        day = sql.Composed(local_day("closed.at", "closed.zone"))
        self.env.cr.execute(sql.SQL(FILL).format(day=day))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._crowd_check_outcome(vals)
        if not self.env.su:  # a client's defaults are no outcome
            vals_list = [dict(dict.fromkeys(FACTS, False), **v) for v in vals_list]
        tickets = super().create(vals_list)
        closed = tickets.filtered(lambda t: t.stage_id.closed and not t.crowd_outcome)
        closed._crowd_follow_stage()
        return tickets

    def write(self, vals):
        self._crowd_check_outcome(vals)
        if not vals.get("stage_id"):
            return super().write(vals)
        before = {ticket: ticket.stage_id.closed for ticket in self}
        res = super().write(vals)
        self.filtered(lambda t: t.stage_id.closed != before[t])._crowd_follow_stage()
        return res

    def _crowd_check_outcome(self, vals):
        """Raise if somebody writes the outcome down without closing the ticket."""
        if not self.env.su and any(name in vals for name in FACTS):
            raise AccessError(_("The outcome is noted when the ticket is closed."))

    def _crowd_follow_stage(self):
        """These tickets were closed, or opened again, by a change of stage."""
        for ticket in self:
            if ticket.stage_id.closed:
                ticket._crowd_set_outcome(*ticket._crowd_find_outcome())
            else:
                ticket._crowd_forget_outcome()

    def _crowd_find_outcome(self):
        """Return ``(outcome, who told it)`` of a ticket that is closed by its stage."""
        dispatch = self.sudo().crowd_dispatch_id  # its verdict is all that is needed
        if dispatch.state == "done":
            return "solved", "crowd"
        if self.stage_id.crowd_outcome:
            return self.stage_id.crowd_outcome, "assumed"
        if dispatch.state == "unsolved":
            return "not_solved", "crowd"
        return "solved", "assumed"

    def _crowd_set_outcome(self, outcome, by):
        """Note what became of these tickets; the moment they were closed stays.

        :param outcome: a code of ``crowd_outcome``
        :param by: a code of ``crowd_outcome_by``
        """
        now = self.env["crowd.clock"].now()
        for ticket in self.sudo():  # whoever may close it cannot write it otherwise
            values = {"crowd_outcome": outcome, "crowd_outcome_by": by}
            if not ticket.crowd_closed_at:
                values["crowd_closed_at"] = now
                values["crowd_closed_day"] = ticket.company_id._crowd_day(now)
            ticket.write(values)

    def _crowd_forget_outcome(self):
        """The ticket is open again: what became of it is told when it is closed."""
        now = self.env["crowd.clock"].now()
        for ticket in self.sudo():  # whoever may open it cannot write it otherwise
            ticket.write(
                {
                    "crowd_outcome": False,
                    "crowd_outcome_by": False,
                    "crowd_closed_at": False,
                    "crowd_closed_day": False,
                    "crowd_reopen_count": ticket.crowd_reopen_count + 1,
                    "crowd_reopened_at": now,
                }
            )

    def _crowd_close_by_customer(self, stage):
        res = super()._crowd_close_by_customer(stage)
        if self.sudo().crowd_dispatch_id.state != "done":
            self._crowd_set_outcome("abandoned", "customer")
        return res

    # ------------------------------------------------------------------
    # the agent's word
    # ------------------------------------------------------------------

    def action_crowd_close(self):
        """Ask what became of the ticket, then close it."""
        return self._crowd_ask_outcome(_("Close the ticket"))

    def action_crowd_correct_outcome(self):
        """Ask again what became of a closed ticket."""
        return self._crowd_ask_outcome(_("Correct the outcome"))

    def _crowd_ask_outcome(self, name):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crowd.ticket.close",
            "view_mode": "form",
            "target": "new",
            "name": name,
            "context": {"default_ticket_id": self.id},
        }

    def _crowd_close(self, outcome, stage, note=""):
        """An agent says what became of the ticket, and closes it if it is open.

        :param outcome: a code of ``crowd_outcome``; abandoned: the search ends, and
            whoever has the job is told
        :param stage: the closing stage of a ticket that is open
        """
        self.ensure_one()
        self._crowd_check_agent()
        ticket = self._crowd_engine()
        if not ticket.stage_id.closed:
            if not stage.closed:
                raise UserError(_("%s is no stage that closes tickets.") % stage.name)
            if outcome == "abandoned":
                ticket._crowd_call_off()
            ticket.stage_id = stage
        ticket._crowd_set_outcome(outcome, "agent")
        if note:
            ticket.message_post(body=plaintext2html(note), subtype_xmlid="mail.mt_note")

    def _crowd_call_off(self):
        """Nobody needs the work any more: workers are told, orders are cancelled."""
        dispatches = self.crowd_dispatch_ids.filtered(lambda d: d.state in OPEN_STATES)
        if dispatches:
            race.lock(dispatches)
            dispatches._cancel("desk")
