from odoo import models

#: What the customer is told, and the company's switch for it. Nobody switches off
#: that he is asked for his consent.
SWITCHES = {
    "customer_found": "crowd_tell_found",
    "customer_consent": None,
    "customer_on_the_way": "crowd_tell_way",
    "customer_late": "crowd_tell_way",
    "customer_searching": "crowd_tell_search",
    "customer_technician": "crowd_tell_technician",
    "customer_done": "crowd_tell_done",
    "customer_review": "crowd_review_ask",
}
#: How a job ends.
ENDS = ("done", "unsolved")
#: Escalations that the customer notices: the others are the desk's own business.
NOTICED = (
    "scope",
    "unsolved",
    "no_candidate",
    "all_declined",
    "all_ignored",
    "deadline",
    "policy",
)


class CrowdDispatch(models.Model):
    """The customer is told what concerns him, in his language."""

    _inherit = "crowd.dispatch"

    def _tell_customer(self, purpose, occasion):
        """Queue a message to the customers, unless the company does not want it.

        :param purpose: a key of :data:`SWITCHES`
        :param occasion: tells apart two messages of one purpose
        """
        switch = SWITCHES[purpose]
        told = self.filtered(
            lambda d: d.ticket_id.partner_id and (not switch or d.company_id[switch])
        )
        if told:
            self.env["crowd.delivery"]._queue(
                purpose, dispatches=told, occasion=str(occasion)
            )

    def _assign(self, offer):
        res = super()._assign(offer)
        asks = offer.worker_id.is_external and self.ticket_id._crowd_lacks_consent()
        self._tell_customer(
            "customer_consent" if asks else "customer_found", self._job_occasion()
        )
        return res

    def _job_occasion(self):
        """Return what makes this job and this promise another one."""
        return "%d-%d" % (self.accepted_offer_id.id, self.promise_moves)

    def _after_promise(self, event):
        res = super()._after_promise(event)
        self._tell_customer("customer_%s" % event, self._job_occasion())
        return res

    def _find_another(self):
        res = super()._find_another()
        self._tell_new_search()
        return res

    def _desk_redispatch(self, note):
        had_worker = bool(self.worker_id)
        res = super()._desk_redispatch(note)
        if had_worker:
            self._tell_new_search()
        return res

    def _take_from_external(self):
        res = super()._take_from_external()
        self._tell_new_search()
        return res

    def _tell_new_search(self):
        if self.state in ("searching", "offered"):
            self._tell_customer("customer_searching", self.round)

    def _after_hand_over(self, hand_overs):
        res = super()._after_hand_over(hand_overs)
        noticed = {}
        for hand_over in hand_overs:
            if hand_over.reason in NOTICED and hand_over.source != "escalated":
                dispatch = hand_over.dispatch
                alike = noticed.get(dispatch.round, dispatch)
                noticed[dispatch.round] = alike | dispatch
        for number, dispatches in noticed.items():
            dispatches._tell_customer("customer_technician", number)
        return res

    def _after_move(self, source, target):
        res = super()._after_move(source, target)
        for dispatch in self:
            if target == "done" and dispatch.company_id.crowd_tell_done:
                dispatch._tell_customer("customer_done", 1)
            elif target in ENDS and dispatch.sudo().review_ids:  # customers' secrets
                dispatch._tell_customer("customer_review", 1)
        return res
