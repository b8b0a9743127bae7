from datetime import timedelta

from odoo import _, fields, models

from ..gateways import words
from .crowd_dispatch import HELD_STATES

ON_REPLY = 30  # minutes until somebody is there who only says "yes"


class CrowdDispatch(models.Model):
    """When the worker is expected, and what happens when he is not on his way."""

    _inherit = "crowd.dispatch"

    promised_at = fields.Datetime(
        string="Worker expected",
        readonly=True,
        index=True,
        help="What the worker promised, at first what the ticket or the settings say.",
    )
    on_the_way_at = fields.Datetime(string="On the way since", readonly=True)
    coming_asked_at = fields.Datetime(
        string="Asked whether he comes",
        readonly=True,
        help="He was not on his way when he was expected.",
    )
    promise_moves = fields.Integer(
        string="Times moved", readonly=True, help="How often the worker moved it."
    )

    def _assign(self, offer):
        res = super()._assign(offer)
        self._begin_promise()
        return res

    def _resume(self):
        res = super()._resume()
        if self.state == "assigned":
            self._begin_promise()
        return res

    def _begin_promise(self):
        """From now on the worker is expected."""
        self.write(
            {
                "promised_at": self._first_promise(),
                "on_the_way_at": False,
                "coming_asked_at": False,
                "promise_moves": 0,
            }
        )
        self._watch_promise()

    def _first_promise(self):
        """Return when the worker is expected who has not said anything yet.

        Of a wished time: when the work still fits into it.
        """
        soon = timedelta(minutes=self.company_id.crowd_promise_minutes)
        soon, ticket = self._now() + soon, self.ticket_id
        if ticket.crowd_when != "window" or not ticket.crowd_wished_from:
            return soon
        work = timedelta(minutes=self.service_id.crowd_minutes or 60)
        end = ticket.crowd_wished_to or ticket.crowd_wished_from
        return max(soon, ticket.crowd_wished_from, end - work)

    def _is_worker_awaited(self):
        """Tell whether the worker is neither at work nor on his way to it."""
        return (
            self.state == "assigned"
            and bool(self.promised_at)
            and not self.on_the_way_at
            and bool(self.company_id.crowd_promise_minutes)
        )

    def _watch_promise(self):
        """Look at the dispatch when the worker is expected, at the latest."""
        if self._is_worker_awaited():
            deadline = self._promise_deadline()
            if deadline > self._now():
                self.next_deadline = min(self.next_deadline, deadline)

    def _promise_deadline(self):
        if not self.coming_asked_at:
            return self.promised_at
        minutes = self.company_id.crowd_still_coming_minutes
        return self.coming_asked_at + timedelta(minutes=minutes)

    # ------------------------------------------------------------------
    # the worker moves
    # ------------------------------------------------------------------

    def _set_off(self, minutes):
        """The worker is on his way, and there in ``minutes``."""
        now = self._now()
        self.write({"on_the_way_at": self.on_the_way_at or now})
        self._promise(now + timedelta(minutes=minutes), "on_the_way")

    def _be_late(self, minutes):
        """The worker comes ``minutes`` later than he said, or from now."""
        base = max(self.promised_at or self._now(), self._now())
        self._promise(base + timedelta(minutes=minutes), "late")

    def _promise(self, moment, event):
        """The worker is expected at ``moment``: order and clock follow."""
        minutes = timedelta(minutes=self.service_id.crowd_minutes or 60)
        follow_up = timedelta(minutes=self.company_id.crowd_follow_up_minutes)
        self.write(
            {
                "promised_at": moment,
                "coming_asked_at": False,
                "promise_moves": self.promise_moves + 1,
                "next_deadline": moment + minutes + follow_up,
            }
        )
        self.order_id.write(
            {"scheduled_date_start": moment, "scheduled_date_end": moment + minutes}
        )
        self._watch_promise()
        self._record_promise(event)
        self._after_promise(event)

    def _record_promise(self, event):
        offer = self.accepted_offer_id
        self._record(
            "promise", to_state=event, offer_id=offer.id, worker_id=offer.worker_id.id
        )

    def _after_promise(self, event):
        """Hook: the worker said when he comes; "on_the_way", "late"."""

    # ------------------------------------------------------------------
    # the clock
    # ------------------------------------------------------------------

    def _due_assigned(self):
        awaited = self.filtered(
            lambda d: d._is_worker_awaited() and d.promised_at <= d._now()
        )
        for dispatch in awaited:
            dispatch._due_promise()
        others = self - awaited
        res = super(CrowdDispatch, others)._due_assigned()
        for dispatch in others:
            dispatch._watch_promise()
        return res

    def _due_promise(self):
        """He is not on his way: ask him; without an answer somebody else is asked."""
        if self._waits_for_customer():
            self._look_again(self._customer_reminder())
        elif not self.coming_asked_at:
            self._ask_coming()
        elif self._promise_deadline() > self._now():
            self._watch_promise()
        elif self.accepted_offer_id.worker_type == "technician":
            self._look_again(
                _("%s does not say whether he is on his way.") % self.worker_id.name
            )
        else:
            self._miss_promise()

    def _waits_for_customer(self):
        """Hook: tell whether the worker cannot come before the customer says more."""
        return False

    def _ask_coming(self):
        self.coming_asked_at = self._now()
        self.next_deadline = self._promise_deadline()
        self._record_promise("asked")
        self.env["crowd.delivery"]._queue(
            "still_coming",
            offers=self.accepted_offer_id,
            occasion=str(self.promise_moves + 1),
        )

    def _miss_promise(self):
        """Nobody heard of the worker: he loses the job, and the desk is told."""
        offer, name = self.accepted_offer_id, self.worker_id.name
        dispatch = self._in_desk_language()
        text = _("%s was not on his way and did not answer.") % name
        offer._end_job("no_show", "", text, False)
        self._find_another()
        if dispatch.state == "offered":  # else the escalation tells the desk
            dispatch.activity_schedule(
                "crowd_service.mail_activity_follow_up",
                summary=_("%s did not come: somebody else is looked for") % name,
                user_id=self.responsible_id.id,
            )


class CrowdEvent(models.Model):
    _inherit = "crowd.event"

    def _summary_promise(self):
        name = self.worker_id.sudo().name  # a name is all the history needs
        return {
            "on_the_way": _("%s is on the way"),
            "late": _("%s comes later"),
            "asked": _("%s was asked whether he is coming"),
        }[self.to_state] % name


class CrowdDelivery(models.Model):
    _inherit = "crowd.delivery"

    purpose = fields.Selection(
        selection_add=[("still_coming", "Are you still coming?")],
        ondelete={"still_coming": "cascade"},
    )

    def _prepare_offer_values(self):
        values = super()._prepare_offer_values()
        if self.purpose == "still_coming":
            offer = self.offer_id
            token = self.env["crowd.token"]._mint("offer", offer, self)
            values.update(
                link="%s/crowd/offer/%s" % (self._base_url(), token),
                promised=offer._format_moment(self.dispatch_id.promised_at),
                until=offer._format_moment(self.dispatch_id._promise_deadline()),
            )
        return values

    def _wanted_states(self):
        return dict(super()._wanted_states(), still_coming=("accepted",))

    def _answer_offer(self, meaning, rest):
        """A "yes" to this question is a promise; a "no" gives the job back."""
        if self.purpose != "still_coming":
            return super()._answer_offer(meaning, rest)
        offer = self.offer_id._as_reader()
        if meaning == words.YES:
            return offer._on_my_way(ON_REPLY, self._reply_channel())
        return offer._give_back("other", rest, self._reply_channel())

    def _is_wanted(self):
        if self.purpose == "still_coming":
            dispatch = self.dispatch_id
            if dispatch.state not in HELD_STATES or not dispatch.coming_asked_at:
                return False
        return super()._is_wanted()
