import json

from werkzeug.utils import redirect

from odoo import http
from odoo.exceptions import ValidationError
from odoo.http import request

from ..models.crowd_offer_public import COLOR
from .common import as_id, as_text
from .main import with_headers
from .offer import ADDRESS as BY_LINK
from .offer import ROUTE, OfferByLink
from .portal import ADDRESS as PORTAL
from .reach import ReachPortal


def push_values(partner, url):
    """Return what the button "Tell me on this device" needs, {} without a key."""
    devices = request.env(context={})["crowd.push.subscription"]
    key = devices._public_key()
    return (
        {}
        if not key
        else {
            "key": key,
            "url": url,
            "count": len(partner._crowd_devices()),
            "csrf_token": request.csrf_token(),
        }
    )


def take_device(partner, post, page, offer=None):
    """Remember or forget a browser of ``partner``; return the answer.

    :param page: where the form "forget all" was
    :param offer: the offer whose link was shown, if it was no login
    """
    devices = request.env(context={})["crowd.push.subscription"]
    endpoint = as_text(post.get("endpoint"), 1001)
    if post.get("off") == "all":
        devices._forget(partner)
        return with_headers(redirect(page, 303))
    if post.get("off"):
        devices._forget(partner, endpoint)
        return _answer(200, {"on": False})
    agent = request.httprequest.user_agent
    name = " · ".join(filter(None, [agent.browser, agent.platform])).title()
    try:
        device = devices._remember(
            partner,
            endpoint,
            as_text(post.get("p256dh"), 200),
            as_text(post.get("auth"), 100),
            name,
        )
    except ValidationError as error:
        return _answer(400, {"message": error.args[0]})
    if offer:
        device._tell_owner(offer)
    return _answer(200, {"on": True})


def _answer(status, values):
    response = request.make_response(
        json.dumps(values), [("Content-Type", "application/json")]
    )
    response.status_code = status
    return with_headers(response)


class PushByLink(OfferByLink):
    """Whoever has an open offer, or a job, may be told on this device from now on."""

    def _push_values(self, offer, token):
        url = self._address(token) + "/push"
        is_over = offer._phase() == "closed"
        return {} if is_over else push_values(offer.worker_id.partner_id, url)

    @http.route(BY_LINK + "/push", methods=["POST"], **ROUTE)
    def crowd_offer_push(self, token, **post):
        """Remember or forget the visitor's browser."""
        offer = self._find(token)
        if not offer or offer._phase() == "closed":
            return self._not_valid()
        partner = offer.worker_id.partner_id
        return take_device(partner, post, self._address(token), offer)

    @http.route(
        "/crowd/manifest.webmanifest", methods=["GET"], save_session=False, **ROUTE
    )
    def crowd_manifest(self, company=None, **_query):
        """Let a phone install the portal as an app."""
        companies = request.env["res.company"].sudo()  # its name is on each page
        company = companies.browse(as_id(company)).exists() or companies.search(
            [], limit=1
        )
        look = request.env["crowd.offer"].sudo()._look_of(company)
        icon = "/crowd_service/static/src/pwa/icon-%d.png"
        values = {
            "name": look["company"],
            "short_name": look["company"][:12],
            "start_url": PORTAL,
            "scope": "/",
            "display": "standalone",
            "background_color": "#ffffff",
            "theme_color": look["color"] or COLOR,
            "icons": [
                {
                    "src": icon % size,
                    "sizes": "%dx%d" % (size, size),
                    "type": "image/png",
                }
                for size in (192, 512)
            ],
        }
        kind = [("Content-Type", "application/manifest+json")]
        return request.make_response(json.dumps(values), kind)


class PushPortal(ReachPortal):
    """A worker with a login chooses the devices that tell him of offers."""

    def _render(self, view, **values):
        worker = self._worker()
        if worker:
            values["push"] = push_values(worker.partner_id, PORTAL + "/push")
        return super()._render(view, **values)

    @http.route(
        PORTAL + "/push", type="http", auth="user", website=True, methods=["POST"]
    )
    def portal_push(self, **post):
        """Remember or forget the visitor's browser."""
        worker = self._worker()
        if not worker:
            raise request.not_found()
        return take_device(worker.partner_id, post, PORTAL)
