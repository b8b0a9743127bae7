"""What customers say after a job."""

from datetime import timedelta

from . import calendar
from .search import Search

REVIEW_CHANNELS = ("page",) * 7 + ("phone",) * 2 + ("portal",)
#: A customer who was asked and says nothing.
NO_ANSWER = dict.fromkeys(
    (
        "state",
        "answered_at",
        "changed_at",
        "day",
        "channel",
        "answered_by_id",
        "stars_worker",
        "stars_solution",
        "would_book_again",
        "comment",
        "rating_id",
    )
)


class Voice(Search):
    """The customer is asked."""

    def ask_customer(self, member, job, is_solved):
        """The customer is asked what he thinks of it; half of them answer."""
        asked_at = self.now
        review = {
            "offer_id": job["id"],
            "dispatch_id": self.dispatch["id"],
            "ticket_id": self.ticket["id"],
            "partner_id": self.place.customer_id,
            "worker_id": member.worker_id,
            "worker_type": member.worker_type,
            "service_id": self.service.service_id,
            "team_id": self.firm.team_id,
            "is_solved": is_solved,
            "asked_at": asked_at,
            **NO_ANSWER,
        }
        answered_at = asked_at + timedelta(minutes=self.lots.uniform(20, 2400))
        answered_at = answered_at.replace(microsecond=0)
        end = calendar.to_utc(self.year.midnight, self.firm.zone)
        if self.lots.random() < 0.52 and answered_at < end:
            review.update(self._draw_answer(member, job, is_solved, answered_at))
        else:
            is_over = asked_at < end - timedelta(days=30)
            review["state"] = "closed" if is_over else "asked"
        self.add("crowd_review", **review)

    def _draw_answer(self, member, job, is_solved, at):
        """Return the columns of an answer, and add the rating that repeats it."""
        stars = self._draw_stars(member, is_solved)
        solution = stars if self.lots.random() < 0.8 else max(stars - 1, 1)
        again = self.lots.random() < (0.97 if stars > 3 else 0.25)
        comments = self.words.get(stars) or [None]
        comment = self.lots.choice(comments) if self.lots.random() < 0.3 else None
        rating = self._rate(member, job, stars, at)
        channel = self.lots.choice(REVIEW_CHANNELS)
        agent = self.firm.agents[0].user_id if channel == "phone" else None
        self._note_answer(member, job, stars, at, channel)
        return {
            "state": "answered",
            "answered_at": at,
            "day": calendar.to_local(at, self.firm.zone).date(),
            "channel": channel,
            "answered_by_id": agent,
            "stars_worker": stars,
            "stars_solution": solution if is_solved else min(solution, 3),
            "would_book_again": "yes" if again else "no",
            "comment": comment,
            "rating_id": rating["id"],
        }

    def _rate(self, member, job, stars, at):
        """Add the rating of the worker; without words, as everybody reads ratings."""
        self.ticket["rating_last_value"] = stars
        return self.add(
            "rating_rating",
            create_date=at,
            write_date=at,
            res_id=self.ticket["id"],
            res_name="%(number)s - %(name)s" % self.ticket,
            rated_partner_id=member.partner_id,
            partner_id=self.place.customer_id,
            rating=stars,
            rating_text=rating_text(stars),
            feedback=None,
            crowd_offer_id=job["id"],
            access_token=None,
        )

    def _note_answer(self, member, job, stars, at, channel):
        self.note(
            "review",
            at=at,
            create_date=at,
            write_date=at,
            to_state="answered",
            reason=channel,
            quantity=stars,
            offer_id=job["id"],
            worker_id=member.worker_id,
        )

    def _draw_stars(self, member, is_solved):
        content = member.talent - (0.03 if is_solved else 0.5)
        if self.place.is_hard:
            content -= 0.3
        lot = self.lots.random()
        if lot < content:
            return 5
        return self.lots.choices((4, 3, 2, 1), (5, 2, 1, 1))[0]


def rating_text(stars):
    """Return Odoo's word for so many stars.

    >>> rating_text(5), rating_text(3), rating_text(1)
    ('satisfied', 'not_satisfied', 'highly_dissatisfied')
    """
    if stars >= 5:
        return "satisfied"
    return "not_satisfied" if stars >= 3 else "highly_dissatisfied"
