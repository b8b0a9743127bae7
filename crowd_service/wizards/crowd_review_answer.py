from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context

from ..models.crowd_review import ANSWERS, STARS

CHOICES = [
    ("0", "Not said"),
    ("1", "1 star: bad"),
    ("2", "2 stars"),
    ("3", "3 stars"),
    ("4", "4 stars"),
    ("5", "5 stars: very good"),
]


class CrowdReviewAnswer(models.TransientModel):
    """What the customer says on the phone after a job, as the agent notes it."""

    _name = "crowd.review.answer"
    _description = "The customer's answer, by phone"

    dispatch_id = fields.Many2one(
        "crowd.dispatch",
        required=True,
        readonly=True,
        auto_join=True,  # the rule follows it, without listing all of them
    )
    ticket_id = fields.Many2one(related="dispatch_id.ticket_id")
    partner_id = fields.Many2one(related="dispatch_id.partner_id", string="Customer")
    phone = fields.Char(compute="_compute_phone")
    worker_id = fields.Many2one(related="dispatch_id.worker_id")
    stars_worker = fields.Selection(
        CHOICES, string="How was the helper?", default="0", help="5 is best."
    )
    stars_solution = fields.Selection(
        CHOICES, string="How satisfied with the result?", default="0", help="5 is best."
    )
    would_book_again = fields.Selection(
        [("yes", "Yes"), ("no", "No")], string="Would you book this again?"
    )
    comment = fields.Text(string="What should we know?")

    @api.depends("dispatch_id")
    def _compute_phone(self):
        for wizard in self:
            wizard.phone = ", ".join(wizard.partner_id._crowd_phones())

    @api.model
    def default_get(self, names):
        """Show what the customer has said already."""
        values = super().default_get(names)
        dispatch = self.env["crowd.dispatch"].browse(values.get("dispatch_id") or 0)
        review = dispatch.review_ids[:1]
        if review.state == "answered":
            said = {name: review[name] for name in ANSWERS if review[name]}
            said.update({name: str(int(review[name])) for name in STARS})
            values.update({name: said[name] for name in said if name in names})
        return values

    def action_confirm(self):
        """Write the answer down."""
        self.ensure_one()
        # the defaults of this form are not those of the records it leads to
        context = clean_context(self.env.context)
        dispatch = self.dispatch_id
        dispatch = dispatch.with_context(context)  # pylint: disable=context-overridden
        dispatch._record_review(self._prepare_answer())
        return {"type": "ir.actions.act_window_close"}

    def _prepare_answer(self):
        """Return the answer as ``crowd.review`` understands it."""
        if self.stars_worker in (False, "0"):
            raise UserError(_("Please say how many stars the helper gets."))
        return {
            "stars_worker": int(self.stars_worker),
            "stars_solution": int(self.stars_solution or 0),
            "would_book_again": self.would_book_again,
            "comment": self.comment,
        }
