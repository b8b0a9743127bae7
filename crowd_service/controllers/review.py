from werkzeug.utils import redirect

from odoo import _, http
from odoo.exceptions import UserError
from odoo.http import request

from ..models.crowd_review import MOST_STARS, STARS
from ..models.crowd_review_answer import COMMENT_LENGTH
from .common import as_id, as_text
from .customer import LOOK, CustomerTicketController
from .main import render, with_headers
from .offer import ROUTE

ADDRESS = "/crowd/review/<string:token>"


def read_answer(post):
    """Return the answer that a form brings, as ``crowd.review`` understands it."""
    answer = {"comment": as_text(post.get("comment"), COMMENT_LENGTH)}
    for name in STARS:
        if post.get(name):
            answer[name] = as_id(post[name]) or -1  # no number: no stars
    if post.get("would_book_again"):
        answer["would_book_again"] = post["would_book_again"]
    return answer


def page_values(review, url, message=""):
    """Return what the card of a ``review`` needs.

    :param review: as superuser, in the customer's language
    :param url: of the page
    :param message: what is wrong with the form that was sent
    """
    values = review._crowd_review_values()
    return {
        "review": values,
        "title": "%s – %s" % (values["ticket"], values["company"]),
        "url": url,
        "message": message,
        "stars": range(1, MOST_STARS + 1),
        "comment_length": COMMENT_LENGTH,
        "csrf_token": request.csrf_token(),
        **{name: values[name] for name in LOOK},
    }


def take_answer(review, channel, post):
    """Write down what a form brings; return what is wrong with it, else ""."""
    try:
        with request.env.cr.savepoint():
            review._answer(read_answer(post), channel)
    except UserError as error:
        return error.args[0]
    return ""


class ReviewByLink(http.Controller):
    """The page behind the link that asks how it was. GET shows, POST writes."""

    @http.route(ADDRESS, methods=["GET", "POST"], **ROUTE)
    def crowd_review(self, token, **post):
        """Show the questions, or write the answer down and show it."""
        review = self._find(token)
        if not review:
            values = {"title": _("This link is not valid")}
            lang = request.env.context.get("lang")
            return render("crowd_service.offer_unknown", lang, values, status=404)
        url, message = "/crowd/review/%s" % token, ""
        if request.httprequest.method == "POST":
            message = take_answer(review, "page", post)
            if not message:
                return with_headers(redirect(url, 303))
        values = page_values(review, url, message)
        status = 400 if message else 200
        lang = review.env.context["lang"]
        return render("crowd_service.review_page", lang, values, status=status)

    def _find(self, token):
        """Return the review (as superuser, in the customer's language), or an empty one.

        The link is for whom it was written to, as long as the ticket is his.
        """
        found = request.env(context={})["crowd.token"]._find("review", token)
        reader, review = found.delivery_id.partner_id, found.dispatch_id.review_ids[:1]
        if not reader.active or reader != review.ticket_id.partner_id:
            return review.browse()
        context = reader._crowd_reader_context(review.company_id)
        return review.with_context(**context)


class ReviewTicketController(CustomerTicketController):
    """Customers who log in answer on a page of their ticket."""

    @http.route(
        "/my/ticket/<int:ticket_id>/review",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def crowd_ticket_review(self, ticket_id, **post):
        """Show the questions about the last job, or write the answer down."""
        review = self._find_own_review(ticket_id)
        if not review:
            return request.not_found()
        url, message = "/my/ticket/%s/review" % ticket_id, ""
        if request.httprequest.method == "POST":
            message = take_answer(review, "portal", post)
            if not message:
                return request.redirect(url)
        values = dict(
            page_values(review, url, message),
            page_name="crowd_review",
            ticket_url="/my/ticket/%s" % ticket_id,
        )
        status = 400 if message else 200
        return request.render("crowd_service.portal_review", values, status=status)

    def _find_own_review(self, ticket_id):
        """Return the last review (as superuser) of a ticket that is the user's own.

        The desk and whoever did the job have no voice here.
        """
        ticket = self._find_own_ticket(ticket_id)
        person = request.env.user.partner_id
        review = ticket.crowd_review_ids[:1]
        is_customer = ticket.partner_id.commercial_partner_id == (
            person.commercial_partner_id
        )
        if not is_customer or person == review.worker_id.partner_id:
            return review.browse()
        reader = person._crowd_reader_context(review.company_id)
        reader["lang"] = request.env.context.get("lang") or reader["lang"]
        return review.with_context(**reader)
