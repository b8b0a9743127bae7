from odoo import _, models

from .. import race
from .crowd_dispatch import HELD_STATES
from .crowd_membership_measures import ENDED

LAST_JOBS = 20  # how far back the consequences of a back-out look


class CrowdOffer(models.Model):
    """The job of whoever has won: begin, finish, give back, beyond scope."""

    _inherit = "crowd.offer"

    def _has_job(self):
        """Tell whether the worker holds the job at this moment."""
        return self.state == "accepted" and self.dispatch_id.state in HELD_STATES

    def _lock_job(self):
        """Lock the job; return the answer of whoever does not have it (any more)."""
        race.lock(self.dispatch_id, wait=False)
        if self._has_job():
            return None
        return self._answer("refused", message=self._closed_sentence())

    # ------------------------------------------------------------------
    # work
    # ------------------------------------------------------------------

    def _start(self, channel="api"):
        """The worker has arrived, or begins where he is."""
        return self._decide("_decide_start", channel)

    def _decide_start(self, channel):
        refusal = self._lock_job()
        if refusal:
            return refusal
        if self.dispatch_id.state == "assigned":
            self.dispatch_id._begin()
        return self._answer("yours", message=_("Good work!"))

    def _finish(self, solved, note="", channel="api"):
        """The worker is done, or could not solve it."""
        return self._decide("_decide_finish", solved, note, channel)

    def _decide_finish(self, solved, note, channel):
        refusal = self._lock_job()
        if refusal:
            return refusal
        self.dispatch_id._finish(solved, note)
        return self._answer("yours", message=_("Thank you. The job is closed."))

    # ------------------------------------------------------------------
    # give back
    # ------------------------------------------------------------------

    def _give_back(self, reason, note="", channel="api", state="backed_out"):
        """Give the job back: others are asked, or the desk takes over.

        :param state: "no_show" when he did not come; then there is no reason of his
        """
        self.ensure_one()
        if state == "backed_out":
            self._check_reason("back_out", reason)
        return self._decide("_decide_give_back", reason, note, channel, state)

    def _decide_give_back(self, reason, note, channel, state):
        refusal = self._lock_job()
        if refusal:
            return refusal
        self._end_job(state, reason if state == "backed_out" else "", note, channel)
        self.dispatch_id._find_another()
        return self._answer("declined", message=_("The job was given back."))

    def _end_job(self, state, reason, note, channel):
        """The worker is rid of the job, for ``reason``."""
        note = (note or "")[:2000]
        self._move(state, decline_reason=reason or False, answer_note=note)
        self._record(state, channel, reason, note)

    def _back_out_record(self):
        """Return ``(given back, jobs)`` of this member's last jobs, no-shows included."""
        ended = self.sudo().search(  # a worker may know his own record
            [
                ("membership_id", "=", self.sudo().membership_id.id),
                ("state", "in", ENDED),
            ],
            order="answered_at desc, id desc",
            limit=LAST_JOBS,
        )
        lost = ended.filtered(lambda o: o.state != "completed")
        return len(lost), len(ended)

    def _back_out_sentence(self, worker=""):
        """Return what giving the job back means, before it is done.

        :param worker: the name, when somebody else reads it
        """
        lost, jobs = self._back_out_record()
        values = {"worker": worker, "lost": lost, "jobs": jobs}
        if worker and jobs:
            return (
                _(
                    "This counts as a back-out of %(worker)s: %(lost)s of the last "
                    "%(jobs)s jobs so far."
                )
                % values
            )
        if worker:
            return _("This counts as a back-out of %(worker)s.") % values
        if jobs:
            return (
                _(
                    "This counts as a back-out: so far %(lost)s of your last %(jobs)s "
                    "jobs."
                )
                % values
            )
        return _("This counts as a back-out.")

    # ------------------------------------------------------------------
    # beyond scope
    # ------------------------------------------------------------------

    def _raise_scope(self, reason, note="", channel="api"):
        """Beyond what the crowd can do: the desk takes over, at no cost to anybody."""
        self.ensure_one()
        self._check_reason("scope", reason)
        return self._decide("_decide_scope", reason, note, channel)

    def _decide_scope(self, reason, note, channel):
        refusal = self._lock_job()
        if refusal:
            return refusal
        self._end_job("out_of_scope", reason, note, channel)
        self.dispatch_id._escalate_scope(self)
        return self._answer(
            "declined",
            message=_(
                "Thank you for telling us. A technician goes on from here, and it does "
                "not count against you."
            ),
        )
