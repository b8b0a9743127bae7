from datetime import datetime, time, timedelta

import pytz
from werkzeug.utils import redirect

from odoo import _, http
from odoo.http import request
from odoo.tools.misc import format_date

from .common import as_id, one_of
from .main import with_headers
from .portal import ADDRESS, OfferPortal

LIST = "crowd_service.portal_my_offers"
FLASH = "crowd_flash_availability"
PRESENCES = ("available", "away", "calendar")
#: More absences to come than anybody plans.
MANY = 50
DAY = timedelta(days=1)


class AvailabilityPortal(OfferPortal):
    """A worker with a login says when he wants to be asked, above his offers."""

    def _render(self, view, **values):
        worker = self._worker()
        if view == LIST and worker:
            values["availability"] = self._availability(worker)
        return super()._render(view, **values)

    @http.route(
        ADDRESS + "/presence",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_presence(self, presence=None, until=None, **_post):
        """Set the switch."""
        if self._is_answer():
            if not one_of(presence, PRESENCES):
                raise request.not_found()
            self._flash(self._switch(self._worker(), presence, until))
        return with_headers(redirect(ADDRESS, 303))

    @http.route(
        ADDRESS + "/absences",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_absence_add(self, first=None, last=None, **_post):
        """Note that he is away on these days."""
        if self._is_answer():
            self._flash(self._add_absence(self._worker(), first, last))
        return with_headers(redirect(ADDRESS, 303))

    @http.route(
        ADDRESS + "/absences/<int:absence_id>/remove",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_absence_remove(self, absence_id, **_post):
        """Forget an absence."""
        if self._is_answer():
            mine = self._absences(self._worker())
            absence = mine.filtered(lambda each: each.id == as_id(absence_id))
            if not absence:
                raise request.not_found()
            absence.unlink()
            self._flash(None)
        return with_headers(redirect(ADDRESS, 303))

    def _is_answer(self):
        """Tell whether a worker sent a form; who is none finds nothing here."""
        if not self._worker():
            raise request.not_found()
        return request.httprequest.method == "POST"

    # ------------------------------------------------------------------
    # acting: each returns what was wrong, or None
    # ------------------------------------------------------------------

    def _switch(self, worker, presence, until):
        moment = self._read_moment(until) if until else False
        if moment is None:
            return _("Please give the time as a day and an hour.")
        if moment and moment <= self._now() and presence != "calendar":
            return _("This time is past. Please choose a later one.")
        worker._crowd_switch(presence, moment)
        return None

    def _add_absence(self, worker, first, last):
        start, end = self._read_day(first), self._read_day(last or first, after=DAY)
        if not start or not end:
            return _("Please give the first and the last day.")
        if start >= end:
            return _("The last day is before the first one.")
        if end <= self._now():
            return _("These days are past. Please choose later ones.")
        if len(self._absences(worker)) >= MANY:
            return _("These are too many absences. Please remove some first.")
        worker.env["crowd.absence"].create(
            {"worker_id": worker.id, "date_from": start, "date_to": end}
        )
        return None

    def _flash(self, sentence):
        """Let the page open where he was, with what was wrong."""
        request.session[FLASH] = {"text": sentence or ""}

    # ------------------------------------------------------------------
    # reading and showing times in his time zone
    # ------------------------------------------------------------------

    def _now(self):
        return request.env["crowd.clock"].sudo().now()

    def _zone(self):
        return pytz.timezone(self._offers().env.context["tz"])

    def _read_moment(self, text):
        """Return a form's local date and time in naive UTC, None when it is none."""
        return self._read(text, "%Y-%m-%dT%H:%M", timedelta(0))

    def _read_day(self, text, after=timedelta(0)):
        return self._read(text, "%Y-%m-%d", after)

    def _read(self, text, form, after):
        try:
            local = datetime.strptime(str(text)[:16], form) + after
            moment = self._zone().localize(local).astimezone(pytz.utc)
        except (ValueError, OverflowError):
            return None
        return moment.replace(tzinfo=None) if moment.year > 1900 else None

    def _absences(self, worker):
        """Return his absences that are not over, as superuser like the worker."""
        domain = [("worker_id", "=", worker.id), ("date_to", ">", self._now())]
        return worker.env["crowd.absence"].search(domain, order="date_from, id")

    def _availability(self, worker):
        """Return what the card above his offers shows."""
        absences = self._absences(worker)
        today = pytz.utc.localize(self._now()).astimezone(self._zone()).date()
        return {
            "presence": worker.crowd_presence_now,
            "choices": self._choices(worker),
            "sentence": self._sentence(worker, absences),
            "absences": [
                ("%s/absences/%d/remove" % (ADDRESS, each.id), self._absence_line(each))
                for each in absences
            ],
            "today": today.isoformat(),
            "flash": self._take_flash(),
        }

    def _choices(self, worker):
        """Return ``[(position of the switch, words)]`` that make sense for him."""
        away = ("away", _("I am not available"))
        if not worker.calendar_id:
            return [away, ("calendar", _("Ask me at any time"))]
        available = ("available", _("I am available"))
        return [available, away, ("calendar", _("By my working hours"))]

    def _take_flash(self):
        if request.httprequest.method == "HEAD":
            return None
        return request.session.pop(FLASH, None) if FLASH in request.session else None

    def _sentence(self, worker, absences):
        """Say in words what holds now."""
        now = self._now()
        current = [each.date_to for each in absences if each.date_from <= now]
        if worker.crowd_presence_now != "away" and current:
            until = self._offers()._format_moment(max(current))
            return _("You are absent until %s.") % until
        until = self._offers()._format_moment(worker.crowd_presence_until)
        if worker.crowd_presence_now == "away":
            if until:
                return _("You are not available until %s.") % until
            return _("You are not available until you say otherwise.")
        if worker.crowd_presence_now == "available":
            if until:
                return _("You are available until %s.") % until
            return _("You are available until you say otherwise.")
        if worker.calendar_id:
            return _("You are asked during your working hours.")
        return _("You are asked at any time.")

    def _absence_line(self, absence):
        """Return the days of an absence, or its moments if it is not whole days."""
        zone, offers = self._zone(), self._offers()
        start, end = (
            pytz.utc.localize(moment).astimezone(zone)
            for moment in (absence.date_from, absence.date_to)
        )
        if start.time() != time.min or end.time() != time.min:
            return offers._format_window(absence.date_from, absence.date_to)
        first = format_date(offers.env, start.date())
        last = format_date(offers.env, end.date() - DAY)
        return first if first == last else "%s – %s" % (first, last)
