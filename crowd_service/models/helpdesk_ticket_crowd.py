from datetime import timedelta

from odoo import _, api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import clean_context

from .. import race
from ..exceptions import NobodyResponsible
from ..sanitize import without_scripts
from .crowd_dispatch import OPEN_STATES
from .crowd_escalation import REASONS

SHOWN_AS_HTML = ("resolution",)


class HelpdeskTicket(models.Model):
    """A ticket and the crowd: what agents and scripts can ask for."""

    _inherit = "helpdesk.ticket"

    # ------------------------------------------------------------------
    # interface for scripts and other addons
    # ------------------------------------------------------------------

    def crowd_dispatch(self, worker_ids=False, minutes=0):
        """Offer the ticket to workers, and make sure that somebody gets it.

        A second call adds the new people to the open dispatch. Without people the
        policy of the ticket begins. When nobody can be asked the dispatch is escalated
        at once.

        :param worker_ids: ids of ``fsm.person``; none: whom the policy says, without a
            policy the best of the ranked list
        :param minutes: how long the offers stand; 0: the company's setting. The steps
            of a policy have their own
        :return: id of the open dispatch
        """
        self.ensure_one()
        self._crowd_check_agent()
        if not isinstance(minutes, int) or not 0 <= minutes <= 60 * 24 * 30:
            raise UserError(_("Offers stand for 1 minute to 30 days."))
        if worker_ids and not self._crowd_are_ids(worker_ids):
            raise UserError(_("Name the workers by a list of their ids."))
        ticket = self._crowd_engine()
        self.env["crowd.matcher"]._check_matchable(ticket)
        dispatch = ticket._crowd_open_dispatch()
        dispatch._check_settings()
        if worker_ids:
            dispatch._offer_to_workers(worker_ids, minutes)
        elif dispatch._may_begin_round():
            if minutes:
                dispatch.offer_minutes = minutes
            dispatch._ask_again()
        return dispatch.id

    @api.model
    def _crowd_are_ids(self, value):
        return isinstance(value, (list, tuple)) and all(
            isinstance(one, int) for one in value
        )

    def crowd_escalate(self, reason, note="", user_id=False):
        """Hand the ticket to an internal person, who has to acknowledge.

        :param reason: a code of ``crowd.escalation.reason``
        :param user_id: the person; none: the ticket's responsible people in turn
        :return: id of the escalation
        """
        self.ensure_one()
        user = self.env["res.users"].browse(user_id or False).exists()
        if user_id and not (user and self._crowd_is_fit(user)):
            raise UserError(
                _("An escalation goes to an active internal user of %s.")
                % self.company_id.name
            )
        return self._crowd_escalate(reason, note, user).id

    # ------------------------------------------------------------------
    # rights
    # ------------------------------------------------------------------

    def _crowd_check_agent(self):
        """Raise unless an agent who may write this ticket is acting."""
        if not self.env.user.has_group("crowd_service.group_crowd_agent"):
            raise AccessError(_("Only agents offer and escalate tickets."))
        self.check_access_rights("write")
        self.check_access_rule("write")

    def _crowd_engine(self):
        """Return the ticket as superuser: agents may not write dispatches themselves.

        Defaults that a client put into the context stay outside.
        """
        # pylint: disable=context-overridden
        context = dict(clean_context(self.env.context), **race.MAILS_LATER)
        return self.with_context(context).sudo()

    # ------------------------------------------------------------------
    # dispatch
    # ------------------------------------------------------------------

    def _crowd_open_dispatch(self):
        """Return the open dispatch, locked; create it if there is none.

        Dispatch before ticket, as everybody locks them.
        """
        dispatch = self.crowd_dispatch_ids.filtered(lambda d: d.state in OPEN_STATES)[
            :1
        ]
        if dispatch:
            race.lock(dispatch)
            return dispatch
        race.lock(self)
        dispatch = self.env["crowd.dispatch"].create(self._prepare_dispatch())
        self.write({"crowd_dispatch_id": dispatch.id})
        dispatch._record("state", to_state="draft")
        return dispatch

    def _prepare_dispatch(self):
        now = self.env["crowd.clock"].now()
        company = self.company_id
        return {
            "ticket_id": self.id,
            "company_id": company.id,
            "service_id": self.crowd_service_id.id,
            "summary": self.crowd_summary or self.crowd_service_id.name,
            "responsible_id": self._crowd_find_responsible().id,
            "wave_size": company.crowd_wave_size,
            "offer_minutes": company.crowd_offer_minutes,
            "started_at": now,
            "next_deadline": now + timedelta(minutes=company.crowd_acknowledge_minutes),
        }

    def _crowd_escalate(self, reason, note="", user=None, team=None):
        """Escalate as the acting agent; see :meth:`crowd_escalate`."""
        self._crowd_check_agent()
        if reason not in dict(REASONS):
            raise UserError(
                _("“%(reason)s” is no reason. Choose one of: %(reasons)s.")
                % {"reason": reason, "reasons": ", ".join(sorted(dict(REASONS)))}
            )
        ticket = self._crowd_engine()
        if ticket.stage_id.closed:
            raise UserError(_("%s is closed: reopen it first.") % ticket.number)
        dispatch = ticket._crowd_open_dispatch()
        return dispatch._escalate(reason, note, user, team).with_env(self.env)

    def _crowd_find_responsible(self, exclude=()):
        """Return the internal person who answers for the ticket.

        In turn: its assigned user, the team's leader, the company's fallback, whoever
        is acting. ``exclude`` leaves out people who were asked already.

        :raise NobodyResponsible: with a sentence that says what to set
        """
        self.ensure_one()
        for user in (
            self.user_id,
            self.team_id.user_id,
            self.company_id.crowd_fallback_user_id,
            self.env.user,
        ):
            if user and user not in exclude and self._crowd_is_fit(user):
                return user
        raise NobodyResponsible(
            _(
                "Nobody is responsible for %(ticket)s: assign it, give its team a leader, "
                "or choose a fallback responsible for %(company)s in the settings of "
                "Crowd Service."
            )
            % {"ticket": self.number, "company": self.company_id.name}
        )

    def _crowd_is_fit(self, user):
        user = user.sudo()  # everybody's companies are needed
        return user.active and not user.share and self.company_id in user.company_ids

    # ------------------------------------------------------------------
    # never silent
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(
            [without_scripts(vals, SHOWN_AS_HTML) for vals in vals_list]
        )
        tickets.filtered(
            lambda t: not t.stage_id.closed
        )._crowd_set_first_answer_deadline()
        return tickets

    def _crowd_set_first_answer_deadline(self):
        """Let the clock look at these tickets if nobody deals with them."""
        now = self.env["crowd.clock"].now()
        for ticket in self:
            minutes = ticket.company_id.crowd_first_answer_minutes
            ticket.crowd_first_answer_deadline = ticket.team_id._crowd_desk_time(
                now, minutes
            )

    def init(self):
        res = super().init()
        self.env.cr.execute(  # the clock asks every minute; most tickets are closed
            "CREATE INDEX IF NOT EXISTS helpdesk_ticket_crowd_unattended"
            " ON helpdesk_ticket (crowd_first_answer_deadline) WHERE unattended"
        )
        return res

    @api.model
    def _crowd_sweep_first_answers(self, limit=500):
        """Escalate open tickets that nobody dealt with in time."""
        due = self.search(
            [
                ("crowd_first_answer_deadline", "<=", self.env["crowd.clock"].now()),
                ("stage_id.closed", "=", False),
                "|",
                "&",
                ("unattended", "=", True),
                ("crowd_state", "in", (False, "cancelled", "done")),
                ("crowd_state", "=", "unsolved"),
            ],
            limit=limit,
            order="crowd_first_answer_deadline, id",
        )
        for ticket_id in due.ids:
            self.env["crowd.dispatch"]._alone(
                ticket_id, "_crowd_miss_first_answer", model=self._name
            )

    def _crowd_miss_first_answer(self):
        unsolved = self.crowd_state == "unsolved"
        dispatch = self._crowd_open_dispatch()
        if dispatch.state == "draft":
            dispatch._escalate("unsolved" if unsolved else "first_answer")

    def write(self, vals):
        closing = self.browse()
        if vals.get("stage_id"):
            stage = self.env["helpdesk.ticket.stage"].browse(vals["stage_id"])
            closing = self.filtered(lambda t: stage.closed and not t.stage_id.closed)
            reopened = self.filtered(lambda t: t.stage_id.closed and not stage.closed)
            closing._crowd_end_search("ticket_closed")
        else:
            reopened = self.browse()
        res = super().write(without_scripts(vals, SHOWN_AS_HTML))
        reopened._crowd_set_first_answer_deadline()
        return res

    def _crowd_end_search(self, reason):
        """The ticket closes: stop looking for people; a running job stays."""
        dispatches = self.sudo().crowd_dispatch_ids.filtered(  # the engine's records
            lambda d: d.state in OPEN_STATES and not d.worker_id
        )
        if dispatches:
            race.lock(dispatches)
            dispatches._cancel(reason)

    def _crowd_close_by_customer(self, stage):
        """The customer does not need help any more: cancel everything, then close."""
        self.ensure_one()
        ticket = self._crowd_engine()  # a customer may close his own ticket
        dispatches = ticket.crowd_dispatch_ids.filtered(
            lambda d: d.state in OPEN_STATES
        )
        if dispatches:
            race.lock(dispatches)
            dispatches._cancel("customer")
        ticket.stage_id = stage

    def unlink(self):
        if self.sudo().crowd_dispatch_ids:
            raise UserError(
                _("A ticket that was offered to the crowd is history: archive it.")
            )
        return super().unlink()

    # ------------------------------------------------------------------
    # buttons
    # ------------------------------------------------------------------

    def action_crowd_escalate(self):
        """Ask for reason and addressee, then escalate."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crowd.escalate",
            "view_mode": "form",
            "target": "new",
            "name": _("Escalate"),
            "context": {
                "default_ticket_id": self.id,
                "default_team_id": self.team_id.id,
            },
        }

    def action_crowd_take_responsibility(self):
        """The user answers for the ticket from now on."""
        self.ensure_one()
        if not self.crowd_dispatch_id:
            raise UserError(_("Match or escalate the ticket first."))
        return self.crowd_dispatch_id.action_take_responsibility()

    def action_view_crowd_dispatches(self):
        """Open the dispatches of this ticket."""
        return self._crowd_action("crowd_service.crowd_dispatch_action")

    def action_view_crowd_offers(self):
        """Open the offers of this ticket."""
        return self._crowd_action("crowd_service.crowd_offer_action")

    def action_view_crowd_escalations(self):
        """Open the escalations of this ticket."""
        return self._crowd_action("crowd_service.crowd_escalation_action")

    def _crowd_action(self, xml_id):
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        action["domain"] = [("ticket_id", "in", self.ids)]
        action["context"] = {}
        return action
