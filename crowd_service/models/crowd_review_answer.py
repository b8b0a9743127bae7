from datetime import timedelta

from odoo import _, api, models
from odoo.exceptions import UserError

from .. import race
from .crowd_review import ANSWERS, CHANGE_DAYS, MOST_STARS, OPEN_DAYS, STARS

COMMENT_LENGTH = 4000  # characters kept of a remark


class CrowdReview(models.Model):
    """Answering: by whom, how long, and what follows for the worker."""

    _inherit = "crowd.review"

    def _answer(self, answer, channel, user=None):
        """Write down what the customer says; said again, it replaces what he said.

        The same words a second time (a form sent twice) change nothing.

        :param answer: ``{name of ANSWERS: value}``; what is left out stays as it was
        :param channel: a code of ``channel``
        :param user: the agent who was told on the phone
        :return: False when it is too late, else True
        """
        self.ensure_one()
        review = self.sudo()  # whoever answers has no right to write it
        race.lock(review)
        if not review._may_answer(channel):
            return False
        values = review._prepare_answer(answer)
        if values:
            is_first = review.state != "answered"
            review.write({**values, **review._prepare_answered(channel, user)})
            review._sync_rating()
            review._record_answer(is_first, channel)
        return True

    def _may_answer(self, channel="page"):
        """Tell whether the customer may (still) answer, or change his answer."""
        now = self.env["crowd.clock"].now()
        if self.state == "answered":
            return now < self.answered_at + timedelta(days=CHANGE_DAYS)
        return channel == "phone" or now < self.asked_at + timedelta(days=OPEN_DAYS)

    @api.model
    def _check_answer(self, answer):
        """Return ``answer`` as it is stored.

        :raise UserError: with a sentence for the customer
        """
        unknown = set(answer) - set(ANSWERS)
        stars = [answer[name] for name in STARS if answer.get(name)]
        if unknown or any(not is_stars(number) for number in stars):
            raise UserError(_("Please choose 1 to 5 stars."))
        if answer.get("would_book_again") not in (None, False, "", "yes", "no"):
            raise UserError(_("Please say yes or no."))
        given = {name: answer[name] for name in ANSWERS if answer.get(name)}
        if "comment" in answer:
            given["comment"] = (answer["comment"] or "").strip()[:COMMENT_LENGTH]
        return given

    def _prepare_answer(self, answer):
        """Return the values that differ from what is stored."""
        given = self._check_answer(answer)
        if not (given.get("stars_worker") or self.stars_worker):
            raise UserError(_("Please say how many stars the helper gets."))
        return {
            name: value or False
            for name, value in given.items()
            if (value or False) != (self[name] or False)
        }

    def _prepare_answered(self, channel, user):
        now = self.env["crowd.clock"].now()
        values = {"channel": channel, "answered_by_id": user.id if user else False}
        if self.state == "answered":
            return dict(values, changed_at=now)
        day = self.company_id._crowd_day(now)
        return dict(values, state="answered", answered_at=now, day=day)

    def _record_answer(self, is_first, channel):
        """Keep it in the history of the dispatch, without the customer's words."""
        self.dispatch_id._record(
            "review",
            to_state="answered" if is_first else "changed",
            reason=channel,
            offer_id=self.offer_id.id,
            worker_id=self.worker_id.id,
            quantity=int(self.stars_worker),
        )

    # ------------------------------------------------------------------
    # what the worker is measured by
    # ------------------------------------------------------------------

    def _sync_rating(self):
        """Let the stars of the worker be the one rating of this job."""
        ratings = self.env["rating.rating"]
        if not self.rating_id:
            self.rating_id = ratings.create(self._prepare_rating())
        if (self.rating_id.rating, self.rating_id.consumed) != (
            self.stars_worker,
            True,
        ):
            self.rating_id.write(
                {
                    "rating": self.stars_worker,
                    "consumed": True,
                    "crowd_offer_id": self.offer_id.id,
                }
            )
        ratings.search(
            [
                ("crowd_offer_id", "=", self.offer_id.id),
                ("id", "!=", self.rating_id.id),
            ]
        ).write({"crowd_offer_id": False})

    def _prepare_rating(self):
        return {
            "res_model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
            "res_id": self.ticket_id.id,
            "partner_id": self.partner_id.id,
            "rated_partner_id": self.worker_id.partner_id.id,
        }

    # ------------------------------------------------------------------
    # too late
    # ------------------------------------------------------------------

    @api.autovacuum
    def _gc_unanswered(self):
        """Close, once a day, what nobody answered in time."""
        long_ago = self.env["crowd.clock"].now() - timedelta(days=OPEN_DAYS)
        self.sudo().search(  # nobody has the right to write reviews
            [("state", "=", "asked"), ("asked_at", "<=", long_ago)]
        ).write({"state": "closed"})


def is_stars(value):
    """Tell whether ``value`` is a number of stars.

    >>> is_stars(5), is_stars(0), is_stars(True), is_stars("5")
    (True, False, False, False)
    """
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return is_number and 1 <= value <= MOST_STARS


class CrowdEvent(models.Model):
    _inherit = "crowd.event"

    def _summary_review(self):
        text = (
            _("The customer gives %(stars)s of 5 stars (%(way)s)")
            if self.to_state == "answered"
            else _("The customer changes it to %(stars)s of 5 stars (%(way)s)")
        )
        way = self._label("crowd.review", "channel", self.reason)
        return text % {"stars": self.quantity, "way": way}
