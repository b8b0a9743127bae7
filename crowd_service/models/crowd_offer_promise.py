from odoo import _, models

ON_MY_WAY = (10, 15, 20, 30, 45, 60, 90, 120)  # minutes that the pages propose
LATE = (10, 15, 30, 45, 60, 90, 120, 180)
MOST = 24 * 60


class CrowdOffer(models.Model):
    """The worker says when he comes."""

    _inherit = "crowd.offer"

    def action_on_my_way(self):
        """Ask how long it takes, then tell the customer."""
        return self._ask_minutes("on_my_way", _("On the way"))

    def action_late(self):
        """Ask how late, then tell the customer."""
        return self._ask_minutes("late", _("Later than promised"))

    def _ask_minutes(self, kind, name):
        self._check_holder()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crowd.promise",
            "view_mode": "form",
            "target": "new",
            "name": name,
            "context": {"default_offer_id": self.id, "default_kind": kind},
        }

    def _answer_promise(self, kind, minutes):
        self._check_holder()
        answer = self._on_my_way if kind == "on_my_way" else self._be_late
        return self._tell(answer(minutes, self._desk_channel()))

    def _on_my_way(self, minutes, channel="api"):
        """The worker sets off and is there in ``minutes``."""
        return self._decide("_decide_promise", "_set_off", minutes, channel)

    def _be_late(self, minutes, channel="api"):
        """The worker comes ``minutes`` later than he promised."""
        return self._decide("_decide_promise", "_be_late", minutes, channel)

    def _decide_promise(self, method, minutes, channel):
        refusal = self._lock_job()
        if refusal:
            return refusal
        dispatch = self.dispatch_id
        if dispatch.state != "assigned":
            return self._answer("refused", message=_("You have begun already."))
        if not 0 < minutes <= MOST:
            return self._answer("refused", message=_("Please choose a time."))
        getattr(dispatch.with_context(crowd_channel=channel), method)(minutes)
        return self._answer(
            "yours",
            message=_("Thank you. You are expected at %s.")
            % self._format_moment(dispatch.promised_at),
        )

    def _public_promise(self):
        """Return what the worker's page says about when he is expected."""
        dispatch = self.dispatch_id
        return {
            "promised": self._format_moment(dispatch.promised_at),
            "is_on_the_way": bool(dispatch.on_the_way_at),
            "is_asked": bool(dispatch.coming_asked_at)
            and dispatch._is_worker_awaited(),
        }
