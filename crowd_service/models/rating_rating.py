from odoo import _, api, fields, models
from odoo.exceptions import AccessError

#: A change of these may change what a worker is measured by.
FACTS = ("rating", "consumed", "res_id", "res_model_id", "crowd_offer_id")
JOBS = ("accepted", "completed")


class Rating(models.Model):
    """A customer's opinion knows the job it is about."""

    _inherit = "rating.rating"

    crowd_offer_id = fields.Many2one(
        "crowd.offer",
        string="Job",
        readonly=True,
        copy=False,
        index=True,
        ondelete="set null",
        groups="crowd_service.group_crowd_agent",
        help="The accepted offer of the worker who did what is rated.",
    )

    def init(self):
        res = super().init()
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS rating_rating_crowd_customer"
            " ON rating_rating (partner_id, id) WHERE crowd_offer_id IS NOT NULL"
        )
        return res

    @api.model_create_multi
    def create(self, vals_list):
        ratings = super().create(vals_list)
        if self.env.su:  # what an employee types in is nobody's measure
            ratings.filtered("consumed")._crowd_attach()
        elif any(vals.get("crowd_offer_id") for vals in vals_list):
            ratings._crowd_check_own()
        return ratings

    def write(self, vals):
        if not any(name in vals for name in FACTS):
            return super().write(vals)
        self._crowd_check_own()
        before = self._crowd_members()
        res = super().write(vals)
        is_answer = self.env.su and vals.get("consumed")
        if "crowd_offer_id" in vals:
            self._crowd_check_own()
        elif is_answer:
            self._crowd_attach()
        (before | self._crowd_members())._enqueue_measure()
        return res

    def _crowd_check_own(self):
        """Raise if an employee changes what a customer said about a job.

        Odoo lets every employee write ratings; workers are measured by these.
        """
        if not self.env.su and self._crowd_members():
            raise AccessError(_("What a customer said about a job is his to change."))

    def unlink(self):
        members = self._crowd_members()
        res = super().unlink()
        members._enqueue_measure()
        return res

    def _crowd_members(self):
        """Return the memberships in which the rated jobs were done."""
        # customers rate, and know nothing of offers
        return self.sudo().crowd_offer_id.membership_id

    def _crowd_attach(self):
        """Find out which job each of these ratings is about."""
        ratings = self.sudo().filtered(lambda r: r.res_model == "helpdesk.ticket")
        offers = self.env["crowd.offer"].sudo()  # customers have no rights on offers
        jobs = offers.search(
            [("ticket_id", "in", ratings.mapped("res_id")), ("state", "in", JOBS)],
            order="answered_at, id",
        )
        reviews = self.env["crowd.review"].sudo()  # nobody's rights reach there
        reviewed = reviews.search(
            [("offer_id", "in", jobs.ids), ("rating_id", "!=", False)]
        )
        for rating in ratings:
            mine = jobs.filtered(lambda o, r=rating: o.ticket_id.id == r.res_id)
            job = mine._crowd_rated(rating.create_date)
            if job in reviewed.offer_id:
                continue  # the customer has said it on our page: it counts once
            if rating.crowd_offer_id != job:
                rating.crowd_offer_id = job


class CrowdOffer(models.Model):
    _inherit = "crowd.offer"

    def _crowd_rated(self, asked_at):
        """Return the one of a ticket's jobs, oldest first, that a rating is about.

        The last one; while that is still going on, the one before if the customer
        had been asked for his opinion (``asked_at``) already.
        """
        last = self[-1:]
        if last.state == "accepted" and last.answered_at > asked_at:
            return self[-2:-1] or last
        return last
