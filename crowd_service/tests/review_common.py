"""What the tests of reviews share: a job of Anna's for the customer with the secrets."""

from datetime import datetime, timedelta

NOON = datetime(2026, 6, 10, 10, 0)  # a Wednesday, 12:00 in Zurich
END = NOON + timedelta(hours=1)
GOOD = {
    "stars_worker": 5,
    "stars_solution": 4,
    "would_book_again": "yes",
    "comment": "Canary-Praise-8181",
}
CLOSED = "helpdesk_mgmt.helpdesk_ticket_stage_done"
REOPENED = "helpdesk_mgmt.helpdesk_ticket_stage_in_progress"


class ReviewFactory:
    """Ends jobs and answers about them; mixed into tests that have offers."""

    @classmethod
    def _set_up_reviews(cls):
        cls.env["crowd.policy"].search([]).active = False
        cls.customer.write({"lang": "en_US", "tz": "Europe/Zurich"})
        cls.company_a.resource_calendar_id.tz = "Europe/Zurich"
        cls.member = cls.anna.crowd_membership_ids

    def _end_job(self, worker=None, ticket=None, solved=True, moment=END):
        """Let a worker do a job; return its offer."""
        ticket = ticket or self.ticket
        with self.at(moment - timedelta(hours=1)):
            (offer,) = self._offer_to(worker or self.anna, ticket=ticket)
            offer._accept("mail")
        with self.at(moment):
            offer._start("mail")
            offer._finish(solved)
        return offer

    def _review(self, offer=None, **values):
        """Return the question about a job that has ended."""
        offer = offer or self._end_job(**values)
        return self.env["crowd.review"].search([("offer_id", "=", offer.id)])

    def _answer(self, review, channel="page", days=0, user=None, **answer):
        """Answer ``days`` after the end; return whether it was in time."""
        with self.at(END + timedelta(days=days)):
            return review._answer(answer or dict(GOOD), channel, user)

    def _told(self, dispatch, *purposes):
        purposes = purposes or ("customer_done", "customer_review")
        return self.env["crowd.delivery"].search(
            [("dispatch_id", "=", dispatch.id), ("purpose", "in", purposes)]
        )

    def _ratings(self, ticket=None):
        return self.env["rating.rating"].search(
            [
                ("res_model", "=", "helpdesk.ticket"),
                ("res_id", "=", (ticket or self.ticket).id),
            ]
        )
