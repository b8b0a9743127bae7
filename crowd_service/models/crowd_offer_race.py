from datetime import datetime, time

import pytz

from odoo import SUPERUSER_ID, _, models
from odoo.exceptions import AccessError, UserError

from .. import race
from .crowd_offer import REASONS


class CrowdOffer(models.Model):
    """The answers to an offer: accept, decline. The same rules for every channel."""

    _inherit = "crowd.offer"

    # ------------------------------------------------------------------
    # interface for scripts and other addons
    # ------------------------------------------------------------------

    def crowd_accept(self, channel="api", on_behalf=False):
        """Take the job if nobody was faster.

        It decides in a transaction of its own and commits it.

        :param channel: one of the codes of the ``channel`` field
        :param on_behalf: an agent answers for the worker, as he was told by phone
        :return: ``{"result": "accepted" | "yours" | "taken" | "expired" | "busy" |
            "refused", "order_id": id of the service order or False,
            "message": sentence}``
        """
        self._check_may_answer(channel, on_behalf)
        return self._accept(channel, on_behalf)

    def crowd_decline(self, reason, note=""):
        """Say no. The worker is not asked again in this round.

        :param reason: one of the codes of ``REASONS["decline"]``
        :return: as :meth:`crowd_accept`, with the result ``declined``
        """
        self._check_may_answer("api", not self._is_mine())
        return self._decline(reason, note)

    # ------------------------------------------------------------------
    # who may answer
    # ------------------------------------------------------------------

    def _is_mine(self):
        """Tell whether the user is the worker who was asked."""
        self.ensure_one()
        worker = self.sudo().worker_id  # workers cannot read themselves everywhere
        return worker.active and worker.partner_id == self.env.user.partner_id

    def _check_may_answer(self, channel, on_behalf):
        if len(self) != 1 or not self.sudo().exists():  # existence is no secret here
            raise AccessError(_("This offer does not exist, or it is not yours."))
        if channel not in dict(self._fields["channel"].selection):
            raise UserError(_("“%s” is no channel.") % channel)
        if self._is_mine() and not on_behalf:
            return
        if not (
            on_behalf and self.env.user.has_group("crowd_service.group_crowd_agent")
        ):
            raise AccessError(_("This offer does not exist, or it is not yours."))
        self.check_access_rule("read")

    def _engine(self):
        """Return ``self`` with the rights to carry a decision out.

        The right to answer was checked, or a secret link was shown; workers have no
        rights on tickets and orders. Outsiders do not sign as "public user".
        """
        user = self.env.user
        return self.with_user(SUPERUSER_ID) if user.share else self.sudo()

    def _decide(self, method, *args):
        """Run ``method`` of this offer alone, as often as rivals make it necessary."""
        offer = self._engine()
        return race.decide(
            offer.env,
            lambda env: getattr(env["crowd.offer"].browse(offer.id), method)(*args),
            busy=self._answer("busy"),
            line=offer.dispatch_id.id,
        )

    # ------------------------------------------------------------------
    # accept
    # ------------------------------------------------------------------

    def _accept(self, channel, on_behalf=False):
        """Accept without asking for rights: see :meth:`crowd_accept`.

        What is settled already needs no race: most of the many are told at once.
        """
        self.ensure_one()
        settled = self._engine()._known_answer()
        return settled or self._decide("_decide_accept", channel, on_behalf)

    def _decide_accept(self, channel, on_behalf):
        answer = self._known_answer() or self._refusal()
        if answer:
            return answer
        self._count_accept()
        race.lock(self.dispatch_id, wait=False)
        answer = self._known_answer() or self._refusal()
        if answer:
            return answer
        self._win(channel, on_behalf)
        return self._answer("accepted")

    def _known_answer(self):
        """Return the answer that the present state already gives, if any."""
        if self.state == "sent":
            if self.expires_at < self.env["crowd.clock"].now():
                return self._answer("expired")
            return None
        if self.state == "accepted":
            return self._answer("yours")
        return self._answer(
            {"lost": "taken", "expired": "expired"}.get(self.state, "refused"),
            message=self._closed_sentence(),
        )

    def _count_accept(self):
        """Change the membership's row: of two accepts of one worker, one must wait.

        A lock without a change would not refresh the other's snapshot.
        """
        self.env.cr.execute(
            "UPDATE crowd_membership SET accept_count = accept_count + 1 WHERE id = %s",
            (self.membership_id.id,),
            log_exceptions=False,
        )

    def _refusal(self):
        """Return the answer that says why this worker may not take it now, if any."""
        sentence = (
            self._membership_sentence()
            or self._capacity_sentence()
            or self._own_ticket_sentence()
        )
        return self._answer("refused", message=sentence) if sentence else None

    def _membership_sentence(self):
        if not self.worker_id.active or self.membership_id.state != "active":
            return _("Your membership is not active, so you cannot take jobs now.")
        if self.dispatch_id.state not in ("offered", "searching", "escalated"):
            return _("This job is not open any more.")
        return ""

    def _capacity_sentence(self):
        member = self.membership_id
        jobs = self.search_count(
            [("membership_id", "=", member.id), ("state", "=", "accepted")]
        )
        if jobs >= member.capacity:
            return _("You have %(jobs)s of %(most)s jobs open: finish one first.") % {
                "jobs": jobs,
                "most": member.capacity,
            }
        if member.daily_cap and self._accepted_today() >= member.daily_cap:
            return _("You have taken %s jobs today, that is the most per day.") % (
                member.daily_cap
            )
        return ""

    def _accepted_today(self):
        """Count the jobs taken since midnight of the worker's time zone."""
        zone = pytz.timezone(self.worker_id.tz or "UTC")
        now = pytz.utc.localize(self.env["crowd.clock"].now()).astimezone(zone)
        midnight = zone.localize(datetime.combine(now.date(), time.min))
        return self.search_count(
            [
                ("membership_id", "=", self.membership_id.id),
                ("state", "in", ("accepted", "completed", "backed_out", "no_show")),
                (
                    "answered_at",
                    ">=",
                    midnight.astimezone(pytz.utc).replace(tzinfo=None),
                ),
            ]
        )

    def _own_ticket_sentence(self):
        customer, partner = self.ticket_id.partner_id, self.worker_id.partner_id
        if self.worker_id.is_external:  # colleagues of the customer count as he does
            customer = customer.commercial_partner_id
            partner = partner.commercial_partner_id
        if customer and customer == partner:
            return _("This is your own ticket: somebody else must do it.")
        return ""

    def _prepare_answer(self, channel):
        """Return what is kept of a yes or no that comes now.

        Who got the job without being asked has not answered within any time.
        """
        now = self.env["crowd.clock"].now()
        answer = {"answered_at": now, "channel": channel}
        if self.origin == "match":
            answer["minutes_to_answer"] = (now - self.sent_at).total_seconds() / 60
        return answer

    def _win(self, channel, on_behalf=False):
        """Make this offer the winner. The dispatch is locked."""
        self._move(
            "accepted",
            **self._prepare_answer(channel),
            answered_by_id=self.env.user.id if on_behalf else False,
        )
        self._record("accepted", channel)
        self.dispatch_id._assign(self)

    # ------------------------------------------------------------------
    # decline
    # ------------------------------------------------------------------

    def _decline(self, reason, note="", channel="api"):
        """Decline without asking for rights: see :meth:`crowd_decline`."""
        self.ensure_one()
        self._check_reason("decline", reason)
        return self._decide("_decide_decline", reason, note, channel)

    def _check_reason(self, kind, reason):
        """Raise unless ``reason`` is a code of :data:`REASONS` for that ``kind``."""
        reasons = dict(REASONS[kind])
        if reason not in reasons:
            raise UserError(
                _("“%(reason)s” is no reason. Choose one of: %(reasons)s.")
                % {"reason": reason, "reasons": ", ".join(sorted(reasons))}
            )

    def _decide_decline(self, reason, note, channel):
        answer = self._known_answer()
        if answer and self.state == "accepted":
            return self._answer(
                "refused",
                message=_("You have this job. Give it back if you cannot do it."),
            )
        if answer:
            return answer
        race.lock(self.dispatch_id, wait=False)
        if self.state != "sent":
            return self._known_answer()
        self._move(
            "declined",
            **self._prepare_answer(channel),
            decline_reason=reason,
            answer_note=(note or "")[:2000],
        )
        self._record("declined", channel, reason, note)
        self.env["crowd.delivery"]._close_activities(self)
        self.dispatch_id._after_no()
        return self._answer("declined")

    # ------------------------------------------------------------------
    # sentences and history
    # ------------------------------------------------------------------

    def _answer(self, result, message=""):
        """Return the answer in the shape that :meth:`crowd_accept` promises."""
        offer = self.sudo()  # the order's number is all that gets out
        won = result in ("accepted", "yours")
        return {
            "result": result,
            "order_id": won and offer.dispatch_id.order_id.id,
            "message": message or self._sentence(result),
        }

    def _sentence(self, result):
        return {
            "accepted": _("The job is yours. Thank you!"),
            "yours": _("You have this job."),
            "taken": _("Somebody else was faster. Thank you all the same!"),
            "expired": _("The time to answer is over."),
            "busy": _("Many people are answering at this moment: please try again."),
            "refused": _("You cannot take this job."),
            "declined": _("Thank you for telling us. Somebody else is asked."),
        }[result]

    def _closed_sentence(self):
        return {
            "draft": _("This offer was not sent yet."),
            "sent": _("This offer is still open."),
            "accepted": self.dispatch_id.state == "paused"
            and _("The desk has paused this job. We will tell you when it goes on.")
            or _("This job is not with you any more."),
            "declined": _("You declined this offer."),
            "expired": self._sentence("expired"),
            "lost": self._sentence("taken"),
            "withdrawn": _("The desk has withdrawn this offer."),
            "backed_out": _("You gave this job back."),
            "no_show": _("This job was given to somebody else."),
            "out_of_scope": _("You handed this job to a technician. Thank you!"),
            "completed": _("This job is finished. Thank you!"),
        }[self.state]

    def _record(self, state, channel="", reason="", note=""):
        """Write these offers' answers into the history."""
        user, now = self.dispatch_id._acting_user(), self.env["crowd.clock"].now()
        self.env["crowd.event"].create(
            [
                {
                    "dispatch_id": offer.dispatch_id.id,
                    "ticket_id": offer.ticket_id.id,
                    "company_id": offer.company_id.id,
                    "at": now,
                    "kind": "answer",
                    "offer_id": offer.id,
                    "worker_id": offer.worker_id.id,
                    "to_state": state,
                    "channel": channel,
                    "reason": reason,
                    "note": (note or "")[:2000],
                    "user_id": user.id,
                }
                for offer in self
            ]
        )
