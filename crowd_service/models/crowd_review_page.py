from odoo import _, models

from .crowd_review import ANSWERS, STARS

#: What the customer may know of the question about a job, and nothing else.
REVIEW = (
    "ticket",
    "about",
    "who",
    "kind",
    "when",
    "is_solved",
    "is_answered",
    "may_answer",
    "sentence",
    "company",
    "logo",
    "color",
    "ink",
    "contact",
) + ANSWERS


class CrowdReview(models.Model):
    """What the customer's page of a question shows: its only source."""

    _inherit = "crowd.review"

    def _crowd_review_values(self):
        """Return the whitelist: ``{name of REVIEW: text}``.

        The language and the time zone are those of the context.
        """
        self.ensure_one()
        review = self.sudo()  # customers have no rights on it; this is the whitelist
        offers = review.env["crowd.offer"]
        return {
            "ticket": review.ticket_id.number,
            "about": review.service_id.name or "",
            "who": review._crowd_first_name(),
            "kind": review._crowd_kind(),
            "when": offers._format_moment(review.asked_at),
            "is_solved": review.is_solved,
            "is_answered": review.state == "answered",
            "may_answer": review._may_answer(),
            "sentence": review._crowd_review_sentence(),
            **{name: review[name] or "" for name in ANSWERS},
            **{name: int(review[name]) or "" for name in STARS},
            **offers._look_of(review.company_id),
        }

    def _crowd_first_name(self):
        """Return how the customer may call the worker."""
        return (self.worker_id.sudo().name or "").split(" ")[0]  # no more than that

    def _crowd_kind(self):
        """Return what the worker is to the company, in a word."""
        label = self._fields["worker_type"]
        return dict(label._description_selection(self.env)).get(self.worker_type, "")

    def _crowd_review_sentence(self):
        if self.state == "answered":
            return _("Thank you for your answer!")
        if self._may_answer():
            return _("How was it?")
        return _("The time to answer is over. Thank you all the same!")
