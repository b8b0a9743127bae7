from odoo import _, http
from odoo.http import request
from odoo.tools.misc import get_lang

from odoo.addons.rating.controllers.main import MAPPED_RATES, Rating

from .common import as_id

FEEDBACK_LENGTH = 4000  # characters kept of a remark


class CrowdRating(Rating):
    """Links in mails only show the question: scanners follow them, people answer."""

    @http.route(methods=["GET"])
    def action_open_rating(self, token, rate, **kwargs):
        """Show the form with ``rate`` (1, 3 or 5) chosen. Nothing is written."""
        rating = self._find_rating(token)
        if not rating:
            return self._render_problem(rating, 404)
        if rate not in self._rate_names():
            return self._render_problem(rating, 400)
        if rating.consumed:
            return self._render_rating("rating_thanks", rating)
        return self._render_rating("rating_question", rating, token=token, rate=rate)

    @http.route()
    def action_submit_rating(self, token, rate=None, feedback="", **kwargs):
        """Write the answer down, once."""
        rating = self._find_rating(token)
        rate = as_id(rate)
        if not rating:
            return self._render_problem(rating, 404)
        if rate not in self._rate_names():
            return self._render_problem(rating, 400)
        record = request.env[rating.res_model].sudo().browse(rating.res_id).exists()
        if record and not rating.consumed:
            record.rating_apply(rate, token=token, feedback=feedback[:FEEDBACK_LENGTH])
        return self._render_rating("rating_thanks", rating)

    @http.route(methods=["GET"])
    def open_rating(self, token, rate, **kwargs):
        """Links of old mails, which counted 1, 5, 10."""
        return self.action_open_rating(token, MAPPED_RATES.get(rate), **kwargs)

    @http.route()
    def submit_rating(self, token, rate=None, **kwargs):
        """Forms of old pages, which counted 1, 5, 10."""
        rate = MAPPED_RATES.get(as_id(rate))
        return self.action_submit_rating(token, rate=rate, **kwargs)

    def _find_rating(self, token):
        """Return what ``token`` opens: the visitor is a customer without a login."""
        ratings = request.env["rating.rating"].sudo()
        return ratings.search([("access_token", "=", token)], limit=1)

    def _rate_names(self):
        return {5: _("Satisfied"), 3: _("Not satisfied"), 1: _("Highly dissatisfied")}

    def _render_problem(self, rating, status):
        message = {
            400: _("This is no rating we know. Please use one of the faces."),
            404: _("This link is not valid (any more)."),
        }[status]
        return self._render_rating("rating_problem", rating, status, message=message)

    def _render_rating(self, page, rating, status=200, **values):
        """Answer with a page in the customer's language."""
        lang = rating.partner_id.lang or get_lang(request.env).code
        views = request.env["ir.ui.view"].with_context(lang=lang)
        values.update(rating=rating, rate_names=self._rate_names())
        response = request.make_response(
            views._render_template("crowd_service.%s" % page, values)
        )
        response.status_code = status
        return response
