from odoo import _, fields, models

from .crowd_customer import SWITCHES

#: The states of the dispatch in which a message still says the truth.
WANTED = {
    "customer_found": ("assigned", "in_progress"),
    "customer_consent": ("assigned", "in_progress"),
    "customer_on_the_way": ("assigned",),
    "customer_late": ("assigned",),
    "customer_searching": ("searching", "offered"),
    "customer_technician": ("escalated",),
    "customer_done": ("done",),
    "customer_review": ("done", "unsolved"),
}
ASKS = ("customer_done", "customer_review")
ABOUT_THE_JOB = ("customer_found", "customer_consent")
ABOUT_THE_PROMISE = ("customer_on_the_way", "customer_late")


class CrowdDelivery(models.Model):
    """What customers are told, in words."""

    _inherit = "crowd.delivery"

    purpose = fields.Selection(
        selection_add=[
            ("customer_found", "Customer: somebody was found"),
            ("customer_consent", "Customer: may an external know you?"),
            ("customer_on_the_way", "Customer: on the way"),
            ("customer_late", "Customer: comes later"),
            ("customer_searching", "Customer: somebody else is looked for"),
            ("customer_technician", "Customer: our own people take over"),
            ("customer_done", "Customer: done"),
            ("customer_review", "Customer: how was it?"),
        ],
        ondelete=dict.fromkeys(SWITCHES, "cascade"),
    )

    def _wanted_states(self):
        return dict(super()._wanted_states(), **WANTED)

    def _is_wanted(self):
        return self._is_present() and super()._is_wanted()

    def _is_present(self):
        """Tell whether the customer's message is about the present job and promise."""
        dispatch = self.dispatch_id
        is_question = self.purpose == "customer_consent"
        if is_question and not dispatch.ticket_id._crowd_lacks_consent():
            return False
        if self.purpose in ABOUT_THE_JOB:
            job = dispatch._job_occasion().partition("-")[0]
            return self.occasion.partition("-")[0] == job
        if self.purpose in ABOUT_THE_PROMISE:
            return self.occasion == dispatch._job_occasion()
        return self.purpose != "customer_review" or bool(self._open_review())

    def _open_review(self):
        """Return the question about the job that the customer has not answered yet."""
        reviews = self.dispatch_id.sudo().review_ids  # the customer's own
        return reviews.filtered(lambda r: r.state == "asked")

    def _prepare_dispatch_values(self):
        values = super()._prepare_dispatch_values()
        if self.purpose not in SWITCHES:
            return values
        page = self.dispatch_id._crowd_customer_values()
        token = self.env["crowd.token"]._mint("customer", self.dispatch_id, self)
        values.update(
            {name: page[name] for name in ("kind", "expected", "about")},
            link="%s/crowd/ticket/%s" % (self._base_url(), token),
            **self._prepare_question(page["who"]),
        )
        return values

    def _prepare_question(self, who):
        """Return the page that asks how it was, "" for none, and who was there."""
        review = self.purpose in ASKS and self._open_review()
        if not review:
            return {"review": "", "who": who}
        token = self.env["crowd.token"]._mint("review", self.dispatch_id, self)
        link = "%s/crowd/review/%s" % (self._base_url(), token)
        return {"review": link, "who": review._crowd_first_name()}

    # ------------------------------------------------------------------
    # SMS
    # ------------------------------------------------------------------

    def _text_still_coming(self, values):
        return _(
            "%(company)s: you were expected at %(promised)s (%(service)s). Are you still "
            "coming? Reply 1 = yes, on my way, 2 = no, by %(until)s (%(code)s). %(link)s"
        ) % dict(values)

    def _text_customer_found(self, values):
        return _(
            "%(company)s: %(who)s (%(kind)s) takes care of your request %(ticket)s. "
            "Expected: %(expected)s. %(link)s"
        ) % dict(values)

    def _text_customer_consent(self, values):
        return _(
            "%(company)s: %(who)s (%(kind)s) could help you with %(ticket)s. May we pass "
            "on your name, address and phone number? %(link)s"
        ) % dict(values)

    def _text_customer_on_the_way(self, values):
        return _(
            "%(company)s: %(who)s is on the way to you. Expected: %(expected)s. %(link)s"
        ) % dict(values)

    def _text_customer_late(self, values):
        return _(
            "%(company)s: %(who)s comes later. Now expected: %(expected)s. %(link)s"
        ) % dict(values)

    def _text_customer_searching(self, values):
        return _(
            "%(company)s: your helper for %(ticket)s cannot come, we are sorry. We are "
            "looking for somebody else and tell you at once. %(link)s"
        ) % dict(values)

    def _text_customer_technician(self, values):
        return _(
            "%(company)s: our own people take over your request %(ticket)s. We tell you "
            "who comes and when. %(link)s"
        ) % dict(values)

    def _text_customer_review(self, values):
        return _(
            "%(company)s: %(who)s was there for your request %(ticket)s. How was it? "
            "Three short questions: %(review)s"
        ) % dict(values)

    def _text_customer_done(self, values):
        if values["review"]:
            return _(
                "%(company)s: your request %(ticket)s is done. Thank you! How was it? "
                "Three short questions: %(review)s If something is not right, please "
                "call us."
            ) % dict(values)
        return _(
            "%(company)s: your request %(ticket)s is done. Thank you! If something is "
            "not right, please call us. %(link)s"
        ) % dict(values)
