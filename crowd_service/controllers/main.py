"""What the pages of an offer have in common, by link and in the portal."""

from odoo.http import request

from .. import compat
from ..models.crowd_offer_answer import (
    NOTE_LENGTH,
    PUBLIC_ACTIONS,
    WITH_MINUTES,
    WITH_REASON,
)
from ..models.crowd_offer_public import COLOR

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
}
#: Pages by link load nothing from elsewhere, whatever a text on them says.
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline';"
    " script-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self';"
    " worker-src 'self'; manifest-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'"
)
FLASH = "crowd_flash"
GOOD_NEWS = ("accepted", "yours", "declined")


def page_values(offer, url):
    """Return what the card of an ``offer`` needs.

    :param offer: as superuser, in the reader's language; the caller has made sure that
        the reader is its worker
    :param url: of the page, without a slash at the end
    """
    values = offer._crowd_public_values()
    return {
        "offer": values,
        "title": "%s – %s" % (values["service"], values["company"]),
        "url": url,
        "reasons": {action: offer._reasons(action) for action in WITH_REASON},
        "minutes": WITH_MINUTES,
        "note_length": NOTE_LENGTH,
        "csrf_token": request.csrf_token(),
        "flash": take_flash(offer),
    }


def act(offer, action, channel, post):
    """Carry out ``action`` of a form; the page shows the answer, once.

    :return: False when there is no such action
    """
    if action not in PUBLIC_ACTIONS:
        return False
    answer = offer._crowd_public_act(
        action,
        channel,
        reason=post.get("reason"),
        note=post.get("note"),
        minutes=post.get("minutes"),
    )
    kind = "success" if answer["result"] in GOOD_NEWS else "warning"
    request.session[FLASH] = {
        "offer": offer.id,
        "kind": kind,
        "text": answer["message"],
    }
    return True


def take_flash(offer):
    """Return the answer that was not shown yet, and forget it."""
    flash = request.session.get(FLASH)
    if not flash or flash["offer"] != offer.id:
        return None
    if request.httprequest.method != "HEAD":
        request.session.pop(FLASH)
    return flash


def render(view, lang, values, status=200):
    """Return a page of its own in ``lang``, with headers that keep its address secret."""
    look = {"company": "", "logo": "", "color": COLOR, "ink": "#ffffff", "contact": ""}
    env = request.env(context={"lang": lang})
    values = dict(look, lang=(lang or "en").replace("_", "-"), **values)
    page = compat.render_view(env, view, values)
    response = request.make_response(page)
    response.status_code = status
    return with_headers(response, {"Content-Security-Policy": POLICY})


def with_headers(response, more=()):
    """Return ``response``, which must not be kept, framed, found, or passed on."""
    response.headers.update(HEADERS)
    response.headers.update(more)
    return response
