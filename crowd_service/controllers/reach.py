from datetime import datetime

from werkzeug.utils import redirect

from odoo import _, http
from odoo.http import request

from ..models.crowd_reach import clock_text
from .availability import AvailabilityPortal
from .common import one_of
from .main import with_headers
from .portal import ADDRESS

FLASH = "crowd_flash_reach"
PLACES = 3
#: What people outside can choose; the rest is arranged with the desk.
KINDS = ("push", "mail", "sms", "phone")


class ReachPortal(AvailabilityPortal):
    """A worker with a login says how he is reached, and when not."""

    def _availability(self, worker):
        values = super()._availability(worker)
        reach = worker.partner_id.crowd_reach_ids or worker.env["crowd.reach"].new({})
        chosen = list(worker.partner_id._crowd_kinds())
        kinds = self._reach_kinds(worker, chosen)
        chosen = [kind for kind in chosen if kind in dict(kinds)][:PLACES]
        places = (_("First over"), _("Else over"), _("Else over"))
        values["reach"] = {
            "sentence": self._reach_sentence(worker, kinds, chosen, reach),
            "places": list(zip(places, chosen + [""] * PLACES)),
            "kinds": kinds,
            "has_quiet": reach.has_quiet,
            "quiet_from": clock_text(reach.quiet_from),
            "quiet_to": clock_text(reach.quiet_to),
            "flash": self._take_reach_flash(),
        }
        return values

    def _reach_kinds(self, worker, chosen):
        """Return ``[(code, label)]`` of the ways that exist for this worker."""
        env = self._offers().env
        usable = worker.env["crowd.gateway"].search([]).mapped("kind")
        labels = env["crowd.gateway"]._fields["kind"]._description_selection(env)
        partner = worker.partner_id
        return [
            (code, ("%s %s" % (label, partner._crowd_address(code))).strip())
            for code, label in labels
            if code in KINDS and (code in usable or code in chosen)
        ]

    def _reach_sentence(self, worker, kinds, chosen, reach):
        labels = dict(kinds)
        known = [kind for kind in chosen if worker.partner_id._crowd_address(kind)]
        ways = _(", else ").join(labels[kind] for kind in known)
        sentence = _("You are reached over: %s.") % (ways or "–")
        if not reach.has_quiet:
            return sentence
        quiet = _("No offers from %(start)s to %(end)s.") % {
            "start": clock_text(reach.quiet_from),
            "end": clock_text(reach.quiet_to),
        }
        return "%s %s" % (sentence, quiet)

    def _take_reach_flash(self):
        if request.httprequest.method == "HEAD":
            return None
        return request.session.pop(FLASH, None) if FLASH in request.session else None

    @http.route(
        ADDRESS + "/reach",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_reach(self, **post):
        """Keep how he wants to be reached."""
        if self._is_answer():
            problem = self._keep_reach(self._worker(), post)
            request.session[FLASH] = {"text": problem or ""}
        return with_headers(redirect(ADDRESS, 303))

    def _keep_reach(self, worker, post):
        """Return what was wrong with the form, or None."""
        ways = [post.get("way_%d" % place) for place in range(PLACES)]
        ways = list(dict.fromkeys(w for w in ways if one_of(w, KINDS)))
        if not ways:
            return _("Please choose one way at least, or we cannot reach you.")
        values = {"has_quiet": post.get("quiet") == "1"}
        if values["has_quiet"]:
            start, end = (_read_hour(post.get(n)) for n in ("quiet_from", "quiet_to"))
            if start is None or end is None or start == end:
                return _("Please give two different times for the quiet hours.")
            values.update(quiet_from=start, quiet_to=end)
        worker.env["crowd.reach"]._of(worker.partner_id)._choose(ways, values)
        return None


def _read_hour(text):
    """Return the hour that a form's time means, None when it is none.

    >>> _read_hour("22:30"), _read_hour("25:00"), _read_hour(None)
    (22.5, None, None)
    """
    try:
        moment = datetime.strptime(str(text)[:5], "%H:%M")
    except ValueError:
        return None
    return moment.hour + moment.minute / 60
