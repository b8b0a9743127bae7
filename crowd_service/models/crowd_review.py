from odoo import api, fields, models

#: How long after the end of a job its customer may still answer.
OPEN_DAYS = 30
#: How long after his first answer he may change it.
CHANGE_DAYS = 7
MOST_STARS = 5
STARS = ("stars_worker", "stars_solution")
ANSWERS = STARS + ("would_book_again", "comment")


class CrowdReview(models.Model):
    """What the customer says after a job. One per job; only the engine writes it.

    A plain model: the customer's words belong to the desk, not into a chatter. The
    stars of the worker are also a ``rating.rating``, by which he is measured.
    """

    _name = "crowd.review"
    _description = "Customer's Answer"
    _rec_name = "ticket_id"
    _order = "id desc"

    offer_id = fields.Many2one(
        "crowd.offer",
        string="Job",
        required=True,
        readonly=True,
        ondelete="restrict",
        help="The accepted offer of the worker who was there.",
    )
    dispatch_id = fields.Many2one(
        "crowd.dispatch", required=True, index=True, readonly=True, ondelete="restrict"
    )
    ticket_id = fields.Many2one(
        "helpdesk.ticket", required=True, index=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, index=True, ondelete="restrict"
    )
    worker_id = fields.Many2one(
        "fsm.person", required=True, index=True, readonly=True, ondelete="restrict"
    )
    worker_type = fields.Selection(
        selection=lambda self: self.env["fsm.person"]._fields["worker_type"].selection,
        string="Kind of worker",
        readonly=True,
    )
    service_id = fields.Many2one("product.template", readonly=True)
    team_id = fields.Many2one("helpdesk.ticket.team", readonly=True)
    is_solved = fields.Boolean(
        string="Solved", readonly=True, help="What the worker said at the end."
    )
    state = fields.Selection(
        [
            ("asked", "Asked"),
            ("answered", "Answered"),
            ("closed", "Not answered"),
        ],
        required=True,
        default="asked",
        readonly=True,
        index=True,
        help="Not answered: the customer did not answer within 30 days.",
    )
    asked_at = fields.Datetime(
        string="Asked", required=True, readonly=True, help="End of the job."
    )
    answered_at = fields.Datetime(
        string="Answered", readonly=True, help="First answer. It may be changed later."
    )
    changed_at = fields.Datetime(
        string="Changed", readonly=True, help="Last change of the answer, if any."
    )
    day = fields.Date(
        readonly=True, help="Day of the first answer, in the company's time zone."
    )
    channel = fields.Selection(
        [
            ("page", "Page behind the link"),
            ("phone", "By phone, through the desk"),
            ("portal", "Portal"),
        ],
        string="By way of",
        readonly=True,
    )
    answered_by_id = fields.Many2one(
        "res.users",
        string="Written down by",
        readonly=True,
        ondelete="restrict",
        help="The agent who asked on the phone.",
    )
    stars_worker = fields.Float(
        string="Stars, worker (1-5)",
        digits=(3, 2),
        readonly=True,
        group_operator="avg",
        help="5 is best. Averages are of the answers.",
    )
    stars_solution = fields.Float(
        string="Stars, solution (1-5)",
        digits=(3, 2),
        readonly=True,
        group_operator="avg",
        help="5 is best. Averages are of the answers.",
    )
    would_book_again = fields.Selection(
        [("yes", "Yes"), ("no", "No")], string="Would book again", readonly=True
    )
    comment = fields.Text(string="Remark", readonly=True)
    rating_id = fields.Many2one(
        "rating.rating",
        readonly=True,
        index=True,
        copy=False,
        ondelete="set null",
        help="The stars of the worker, by which he is measured.",
    )
    worker_stars = fields.Char(compute="_compute_stars", string="Helper")
    solution_stars = fields.Char(compute="_compute_stars", string="Result")

    _sql_constraints = [
        ("offer_uniq", "unique(offer_id)", "The customer is asked once about a job."),
        (
            "stars_worker_check",
            "CHECK (stars_worker BETWEEN 1 AND 5)",
            "There are 1 to 5 stars.",
        ),
        (
            "stars_solution_check",
            "CHECK (stars_solution BETWEEN 1 AND 5)",
            "There are 1 to 5 stars.",
        ),
        (
            "answered_check",
            "CHECK ((state = 'answered') = (answered_at IS NOT NULL)"
            " AND (answered_at IS NULL) = (day IS NULL)"
            " AND (answered_at IS NULL) = (stars_worker IS NULL))",
            "An answer has a time, a day and stars.",
        ),
    ]

    def init(self):
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS crowd_review_company_day"
            " ON crowd_review (company_id, day)"
        )

    @api.depends("stars_worker", "stars_solution")
    def _compute_stars(self):
        for review in self:
            review.worker_stars = stars_text(review.stars_worker) or False
            review.solution_stars = stars_text(review.stars_solution) or False


def stars_text(stars):
    """Return ``stars`` (1 to 5) as a text for lists; "" for none.

    >>> stars_text(4.0), stars_text(0)
    ('★★★★☆', '')
    """
    given = int(stars)
    return "★" * given + "☆" * (MOST_STARS - given) if given else ""
