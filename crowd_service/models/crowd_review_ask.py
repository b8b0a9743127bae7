from odoo import _, fields, models
from odoo.exceptions import AccessError, UserError

from .crowd_customer import ENDS
from .crowd_review import stars_text
from .crowd_rights import AGENT


class CrowdDispatch(models.Model):
    """The end of a job asks the customer."""

    _inherit = "crowd.dispatch"

    review_ids = fields.One2many(
        "crowd.review", "dispatch_id", readonly=True, groups=AGENT
    )
    review_label = fields.Char(
        string="Customer's answer",
        compute="_compute_review_label",
        groups=AGENT,
        help="Stars of the worker, or how it stands with the question.",
    )

    def _compute_review_label(self):
        for dispatch in self:
            dispatch.review_label = dispatch.review_ids[:1]._label() or False

    def _after_move(self, source, target):
        if target in ENDS:  # first of all: whoever else asks, asks for nothing then
            self._ask_review()
        return super()._after_move(source, target)

    def _ask_review(self):
        """Ask the customers of these jobs, unless their company does not want it."""
        for dispatch in self:
            if dispatch.company_id.crowd_review_ask and dispatch.ticket_id.partner_id:
                dispatch._ensure_review()

    def _ensure_review(self):
        """Return the question about the job that has ended."""
        dispatch = self.sudo()  # whoever ends a job has no right to ask
        job = dispatch.accepted_offer_id
        reviews = dispatch.env["crowd.review"]
        known = reviews.search([("offer_id", "=", job.id)])
        if known or not job:
            return known
        return reviews.create(dispatch._prepare_review(job))

    def _prepare_review(self, job):
        return {
            "offer_id": job.id,
            "dispatch_id": self.id,
            "ticket_id": self.ticket_id.id,
            "company_id": self.company_id.id,
            "partner_id": self.ticket_id.partner_id.id,
            "worker_id": job.worker_id.id,
            "worker_type": job.worker_type or job.worker_id.worker_type,
            "service_id": self.service_id.id,
            "team_id": self.team_id.id,
            "is_solved": self.state == "done",
            "asked_at": self._now(),
        }

    # ------------------------------------------------------------------
    # by phone
    # ------------------------------------------------------------------

    def action_record_answer(self):
        """Write down what the customer says on the phone about the job."""
        self.ensure_one()
        self._check_may_record()
        return {
            "type": "ir.actions.act_window",
            "name": _("The customer's answer"),
            "res_model": "crowd.review.answer",
            "view_mode": "form",
            "target": "new",
            "context": {"default_dispatch_id": self.id},
        }

    def _check_may_record(self):
        """Raise unless an agent may write down an answer about this job, now."""
        if not self.env.user.has_group(AGENT):
            raise AccessError(_("Only the desk can do this."))
        self.check_access_rule("read")
        if self.state not in ENDS or not self.accepted_offer_id:
            raise UserError(_("No job has ended here yet."))
        if self.worker_id.partner_id == self.env.user.partner_id:
            raise UserError(
                _("This was your own job: somebody else has to ask the customer.")
            )
        review = self.review_ids[:1]
        if review and not review._may_answer("phone"):
            raise UserError(_("It is too late to change this answer."))

    def _record_review(self, answer):
        """Write down, as an agent, what the customer said on the phone."""
        self._check_may_record()
        review = self._ensure_review()
        if not review._answer(answer, "phone", self.env.user):
            raise UserError(_("It is too late to change this answer."))

    def action_view_reviews(self):
        """Open what the customer said about the job."""
        return self._action_related("crowd_service.crowd_review_action")


class CrowdReview(models.Model):
    _inherit = "crowd.review"

    def action_record_answer(self):
        """Write down what the customer says on the phone."""
        self.ensure_one()
        return self.dispatch_id.action_record_answer()

    def _label(self):
        """Return the stars of the worker, else how it stands; "" for none."""
        if not self or self.state == "answered":
            return stars_text(self.stars_worker)
        return dict(self._fields["state"]._description_selection(self.env))[self.state]


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    crowd_review_ids = fields.One2many(
        "crowd.review", "ticket_id", readonly=True, groups=AGENT
    )
    crowd_review_label = fields.Char(
        string="Customer's answer", compute="_compute_crowd_review_label", groups=AGENT
    )

    def _compute_crowd_review_label(self):
        for ticket in self:
            ticket.crowd_review_label = ticket.crowd_review_ids[:1]._label() or False

    def _send_ticket_rating_mail(self, force_send=False):
        """Nobody is asked twice: a ticket with our question gets no mail of its stage."""
        asked = self.sudo().crowd_review_ids.ticket_id  # whoever moves the ticket
        tickets = self - self.browse(asked.ids)
        return super(HelpdeskTicket, tickets)._send_ticket_rating_mail(force_send)

    def _crowd_asked_review(self):
        """Return the question about the last job that waits for its answer."""
        last = self.sudo().crowd_review_ids[:1]  # the customer's own
        return last.filtered(lambda r: r.state == "asked" and r._may_answer())

    def action_crowd_record_answer(self):
        """Write down what the customer says on the phone about the last job."""
        self.ensure_one()
        self._crowd_check_agent()
        ended = self.crowd_dispatch_ids.filtered(lambda d: d.state in ENDS)
        if not ended:
            raise UserError(_("No job has ended here yet."))
        return ended.sorted("id")[-1].action_record_answer()

    def action_view_crowd_reviews(self):
        """Open what the customer said about the jobs of this ticket."""
        return self._crowd_action("crowd_service.crowd_review_action")


class FSMPerson(models.Model):
    _inherit = "fsm.person"

    crowd_review_count = fields.Integer(
        string="Answers of customers",
        compute="_compute_crowd_review_count",
        groups=AGENT,
    )

    def _compute_crowd_review_count(self):
        groups = self.env["crowd.review"].read_group(
            [("worker_id", "in", self.ids), ("state", "=", "answered")],
            ["worker_id"],
            ["worker_id"],
            lazy=False,
        )
        counts = {group["worker_id"][0]: group["__count"] for group in groups}
        for worker in self:
            worker.crowd_review_count = counts.get(worker.id, 0)

    def action_view_crowd_reviews(self):
        """Open what customers said about this worker."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crowd_service.crowd_review_action"
        )
        action["domain"] = [("worker_id", "=", self.id)]
        action["context"] = {"search_default_answered": 1}
        return action


class CrowdEvent(models.Model):
    _inherit = "crowd.event"

    kind = fields.Selection(
        selection_add=[("review", "Answer of the customer")],
        ondelete={"review": "cascade"},
    )
