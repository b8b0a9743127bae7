from werkzeug.utils import redirect

from odoo import _, http
from odoo.http import request

from ..workflow import OFFER
from .main import act, page_values, render, with_headers

ADDRESS = "/crowd/offer/<string:token>"
ROUTE = {
    "type": "http",
    "auth": "public",
    "website": True,
    "multilang": False,
    "sitemap": False,
}


class OfferByLink(http.Controller):
    """The page behind the link in a message. GET shows, POST acts."""

    @http.route(ADDRESS, methods=["GET"], **ROUTE)
    def crowd_offer(self, token, **_query):
        """Show the offer; nothing is written, scanners may come."""
        offer = self._find(token)
        if not offer:
            return self._not_valid()
        values = page_values(offer, self._address(token))
        look = ("company", "logo", "color", "ink", "contact")
        values.update((name, values["offer"][name]) for name in look)
        values["push"] = self._push_values(offer, token)
        return render("crowd_service.offer_page", offer.env.context["lang"], values)

    @http.route(ADDRESS + "/<string:action>", methods=["GET", "POST"], **ROUTE)
    def crowd_offer_act(self, token, action, **post):
        """Carry out an answer, then show the offer again."""
        offer = self._find(token)
        if not offer:
            return self._not_valid()
        is_answer = request.httprequest.method == "POST"
        if is_answer and offer.state in OFFER.final:
            return self.crowd_offer(token)  # many come too late: spare them the detour
        if is_answer and not act(offer, action, self._channel(token), post):
            return self._not_valid()
        return with_headers(redirect(self._address(token), 303))

    def _find(self, token):
        """Return the offer (as superuser, in the worker's language), or an empty one.

        Only the link counts, never the visitor's context.
        """
        offer = request.env(context={})["crowd.token"]._offer("offer", token)
        return offer and offer._as_reader()

    def _channel(self, token):
        """Return over what the link came: that is how he answers."""
        found = request.env(context={})["crowd.token"]._find("offer", token)
        kind = found.delivery_id.kind
        return kind if kind in ("push", "sms", "webhook") else "mail"

    def _push_values(self, offer, token):
        """Return what the button for notifications needs, {} for none."""
        return {}

    def _address(self, token):
        return "/crowd/offer/%s" % token

    def _not_valid(self):
        lang = request.env.context.get("lang")
        values = {"title": _("This link is not valid")}
        return render("crowd_service.offer_unknown", lang, values, status=404)
