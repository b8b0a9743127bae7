import re

import pytz
from markupsafe import Markup

from odoo import _, models
from odoo.tools.misc import format_amount, format_datetime

from .crowd_dispatch import HELD_STATES

DISTANCE_BANDS = (2, 5, 10, 20, 30, 50, 100)  # km
COLOR = "#1d5fa8"  # of companies that chose none
HEX_COLOR = re.compile(r"^#[0-9a-fA-F]{6}$")
MOMENT = "EEE d MMM, HH:mm"
#: What everybody may know who was asked, whatever became of the offer.
FRAME = (
    "phase",
    "state",
    "sentence",
    "reference",
    "service",
    "company",
    "logo",
    "color",
    "ink",
    "contact",
)
#: What he may know while he can answer, or has the job.
OFFER = (
    "person",
    "community",
    "terms",
    "summary",
    "area",
    "is_remote",
    "distance",
    "when",
    "minutes",
    "price",
    "expires",
    "seconds_left",
)
#: What he may know while he has the job.
JOB = (
    "ticket",
    "order",
    "is_started",
    "is_hidden",
    "promised",
    "is_on_the_way",
    "is_asked",
    "back_out",
    "customer",
    "phone",
    "email",
    "address",
    "directions",
    "knowledge",
)


def distance_band(distance_km):
    """Return the ``(least, most)`` km of the band; most is None for the last one.

    An exact distance, told to three workers, would be an address.

    >>> distance_band(0), distance_band(7.4), distance_band(10), distance_band(500)
    ((0, 2), (5, 10), (10, 20), (100, None))
    """
    least = 0
    for most in DISTANCE_BANDS:
        if distance_km < most:
            return least, most
        least = most
    return least, None


def ink_on(color):
    """Return the colour of text that can be read on ``color`` (``#rrggbb``).

    >>> ink_on("#1d5fa8"), ink_on("#ffe000")
    ('#ffffff', '#1b1f24')
    """
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    brightness = 0.299 * red + 0.587 * green + 0.114 * blue
    return "#1b1f24" if brightness > 140 else "#ffffff"


class CrowdOffer(models.Model):
    """What the worker who was asked may read: the only source of pages and mails."""

    _inherit = "crowd.offer"

    def _as_reader(self):
        """Return ``self`` in the language and time zone of the worker."""
        self.ensure_one()
        partner = self.sudo().worker_id.partner_id  # his language is all we need
        reader = partner._crowd_reader_context(self.sudo().company_id)
        return self.with_context(**reader)

    def _crowd_public_values(self):
        """Return the whitelist: ``{name: text}`` of all names of FRAME, OFFER, JOB.

        Names that the worker may not know (yet, any more) have the value "". The
        language and the time zone are those of the context.
        """
        self.ensure_one()
        offer = self.sudo()  # workers have no rights on tickets; this is the whitelist
        values = dict.fromkeys(FRAME + OFFER + JOB, "")
        values.update(offer._public_frame())
        if values["phase"] in ("open", "job"):
            values.update(offer._public_offer())
        if values["phase"] == "job":
            values.update(offer._public_job())
        return values

    def _crowd_mail_values(self):
        """Return the whitelist for mails: who and where stays on the page.

        A mail cannot be taken back when the job goes to somebody else.
        """
        values = self._crowd_public_values()
        values["person"] = self.sudo().worker_id.name  # his own name
        return {name: values[name] for name in FRAME + OFFER}

    def _phase(self):
        """Return "open" (can be answered), "job" (he has it) or "closed"."""
        now = self.env["crowd.clock"].now()
        if self.state == "sent" and self.expires_at > now:
            return "open"
        if self.state == "accepted" and self.dispatch_id.state in HELD_STATES:
            return "job"
        return "closed"

    def _public_frame(self):
        phase = self._phase()
        return {
            "phase": phase,
            "state": self.state,
            "sentence": self._public_sentence() if phase == "closed" else "",
            "reference": self.name,
            "service": self.service_id.name or _("Job"),
            **self._look_of(self.company_id),
        }

    def _public_sentence(self):
        """Return why nothing can be done with this offer now."""
        if self.state == "sent":
            return self._sentence("expired")
        if self.state == "accepted" and self.dispatch_id.state == "paused":
            return _("This job pauses. The desk tells you when it goes on.")
        return self._closed_sentence()

    def _look_of(self, company):
        """Return what makes our pages and mails those of ``company``."""
        color = company.primary_color or ""
        color = color if HEX_COLOR.match(color) else COLOR
        return {
            "company": company.name,
            "logo": "/logo.png?company=%d" % company.id,
            "color": color,
            "ink": ink_on(color),
            "contact": company.phone or "",
        }

    # ------------------------------------------------------------------
    # offer
    # ------------------------------------------------------------------

    def _public_offer(self):
        left = self.expires_at - self.env["crowd.clock"].now()
        return {
            "person": self.worker_id.name,
            "community": self.community_id.name or "",
            "terms": Markup(self.community_id.terms or ""),
            "summary": self.dispatch_id.summary or "",
            "area": self._public_area(),
            "is_remote": self.service_id.crowd_place == "remote",
            "distance": self._public_distance(),
            "when": self._public_when(),
            "minutes": self.service_id.crowd_minutes or "",
            "price": self._public_price(),
            "expires": self._format_moment(self.expires_at),
            "seconds_left": max(0, int(left.total_seconds())),
        }

    def _public_area(self):
        """Return the area: the territory, else the town. Never the street."""
        place = self.ticket_id.fsm_location_id
        if place.territory_id:
            return place.territory_id.name
        region = (place.zip or "").strip()[:2]
        town = (place.city or "").strip()
        if town and region:
            return _("%(town)s (%(region)s…)") % {"town": town, "region": region}
        return town or place.country_id.name or ""

    def _public_distance(self):
        if not self.has_distance or self.service_id.crowd_place == "remote":
            return ""
        least, most = distance_band(self.distance_km)
        if most is None:
            return _("more than %s km") % least
        if not least:
            return _("less than %s km") % most
        return _("%(least)s to %(most)s km") % {"least": least, "most": most}

    def _public_when(self):
        ticket = self.ticket_id
        if ticket.crowd_when != "window" or not ticket.crowd_wished_from:
            return _("As soon as possible")
        start, end = ticket.crowd_wished_from, ticket.crowd_wished_to
        if not end:
            return self._format_moment(start)
        return self._format_window(start, end)

    def _public_price(self):
        if not self.price:
            return ""
        return format_amount(self.env, self.price, self.currency_id)

    def _format_moment(self, moment):
        """Return a naive UTC ``moment`` in the context's language and time zone."""
        if not moment:
            return ""
        local = self._to_local(moment)
        text = format_datetime(self.env, moment, tz=local.tzinfo.zone, dt_format=MOMENT)
        return "%s (%s)" % (text, local.tzname())

    def _format_window(self, start, end):
        zone = self._to_local(start).tzinfo.zone
        same_day = self._to_local(start).date() == self._to_local(end).date()
        first = format_datetime(self.env, start, tz=zone, dt_format=MOMENT)
        last = format_datetime(
            self.env, end, tz=zone, dt_format="HH:mm" if same_day else MOMENT
        )
        return "%s – %s (%s)" % (first, last, self._to_local(end).tzname())

    def _to_local(self, moment):
        zone = pytz.timezone(self.env.context.get("tz") or "UTC")
        return pytz.utc.localize(moment).astimezone(zone)

    # ------------------------------------------------------------------
    # job
    # ------------------------------------------------------------------

    def _public_job(self):
        ticket, place = self.ticket_id, self.ticket_id.fsm_location_id
        customer = ticket.partner_id
        is_remote = self.service_id.crowd_place == "remote"
        return {
            "ticket": ticket.number,
            "order": self.dispatch_id.order_id.name or "",
            "is_started": self.dispatch_id.state == "in_progress",
            "back_out": self._back_out_sentence(),
            **self._public_promise(),
            "customer": customer.name or ticket.partner_name or "",
            "phone": customer.phone or customer.mobile or place.phone or "",
            "email": customer.email or ticket.partner_email or "",
            "address": "" if is_remote else self._public_address(place, customer),
            "directions": "" if is_remote else place.direction or "",
            "knowledge": Markup(self.service_id.crowd_knowledge or ""),
        }

    def _public_address(self, place, customer):
        """Return the street address, in lines."""
        partner = place.partner_id if place.street or place.city else customer
        town = " ".join(filter(None, [partner.zip, partner.city]))
        lines = [partner.street, partner.street2, town, partner.country_id.name]
        return "\n".join(line for line in lines if line)
