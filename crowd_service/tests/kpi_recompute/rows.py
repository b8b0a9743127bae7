"""Exported rows, and the lines of history that belong to them."""

from types import SimpleNamespace

import pytz

from .arithmetic import group, is_job

EXPORT = {
    "helpdesk.ticket": "company_id team_id user_id create_date fsm_location_id"
    " crowd_service_id crowd_outcome crowd_outcome_by crowd_closed_at"
    " crowd_reopen_count crowd_reopened_at crowd_first_answer_deadline",
    "crowd.dispatch": "company_id team_id service_id territory_id ticket_id slot state"
    " started_at offered_at closed_at round deadline point_of_no_return promised_at"
    " on_the_way_at",
    "crowd.offer": "company_id dispatch_id ticket_id service_id membership_id"
    " worker_type origin state sent_at answered_at channel has_distance distance_km",
    "crowd.event": "company_id dispatch_id offer_id kind at from_state to_state",
    "crowd.escalation": "company_id dispatch_id ticket_id state opened_at deadline"
    " acknowledged_at taken_at reason level",
    "crowd.delivery": "company_id dispatch_id state queued_at sent_at kind",
    "crowd.review": "company_id dispatch_id offer_id answered_at stars_worker"
    " stars_solution would_book_again",
    "crowd.job.cost": "company_id offer_id dispatch_id service_id lane source amount"
    " own_amount",
    "crowd.cost": "company_id worker_type service_id",
    "crowd.membership": "company_id worker_type state joined_at left_at create_date",
}


def export(env, company_ids):
    """Return ``{model: rows}`` of these companies, archived ones too.

    :param env: an Odoo environment that may read everything
    """
    rows = {}
    for model, names in EXPORT.items():
        records = env[model].with_context(active_test=False)
        found = records.search([("company_id", "in", list(company_ids))], order="id")
        rows[model] = found.read(names.split(), load="_classic_write")
    places = env["fsm.location"].with_context(active_test=False).search([])
    rows["fsm.location"] = places.read(["territory_id"], load="_classic_write")
    return rows


class Rows:
    """What was exported.

    :param rows: of :func:`export`
    :param zones: ``{company id: name of its time zone}``
    :param now: naive UTC
    :param currencies: ``{company id: its currency}``; money of two is not added up
    """

    def __init__(self, rows, zones, now, currencies=None):
        self.now, self.currencies = now, currencies or {}
        self.zones = {company: pytz.timezone(name) for company, name in zones.items()}
        self.rows = {
            model: [SimpleNamespace(**row) for row in found]
            for model, found in rows.items()
        }
        self.dispatches = {row.id: row for row in self.rows["crowd.dispatch"]}
        self.offers = group(self.rows["crowd.offer"], "dispatch_id")
        self.events = group(self.rows["crowd.event"], "dispatch_id")
        self.places = {row.id: row.territory_id for row in self.rows["fsm.location"]}

    def _once(self, name, make):
        known = self.__dict__.setdefault("_known", {})
        if name not in known:
            known[name] = make()
        return known[name]

    def local(self, moment, company):
        return moment and pytz.utc.localize(moment).astimezone(self.zones[company])

    def when(self, moment, company):
        """Return the dimensions of an instant."""
        local = self.local(moment, company)
        if not local:
            return {"day": None, "hour": None, "weekday": None, "part": None}
        is_day = 8 <= local.hour < 18
        part = "weekend" if local.weekday() > 4 else "day" if is_day else "evening"
        return {
            "day": local.date(),
            "hour": "%02d:00" % local.hour,
            "weekday": str(local.isoweekday()),
            "part": part,
        }

    def month(self, moment, company):
        return self.local(moment, company).date().replace(day=1)

    def of_dispatch(self, dispatch_id):
        found = self.dispatches.get(dispatch_id)
        return {
            "team": found and found.team_id or None,
            "service": found and found.service_id or None,
            "territory": found and found.territory_id or None,
        }

    def first(self, dispatch_id, kind, state):
        """Return the first line of history of that kind, or None."""
        lines = self.events.get(dispatch_id, ())
        found = [e for e in lines if e.kind == kind and e.to_state == state]
        return min(found, key=lambda e: (e.at, e.id)) if found else None

    def _started(self):
        return [d for d in self.rows["crowd.dispatch"] if d.started_at]

    def _tickets(self):
        """The tickets of the crowd: with a service, or a dispatch."""
        known = {d.ticket_id for d in self.rows["crowd.dispatch"]}
        tickets = self.rows["helpdesk.ticket"]
        return [t for t in tickets if t.crowd_service_id or t.id in known]

    def _sent(self):
        return [o for o in self.rows["crowd.offer"] if o.state != "draft" and o.sent_at]

    def _jobs(self):
        return [o for o in self.rows["crowd.offer"] if is_job(o)]

    def _answered(self):
        return [r for r in self.rows["crowd.review"] if r.answered_at]

    @property
    def tickets(self):
        rows = self.rows["helpdesk.ticket"]
        return self._once("tickets", lambda: {row.id: row for row in rows})

    @property
    def rows_of_ticket(self):
        return self._once("of_ticket", lambda: group(self._sent(), "ticket_id"))

    @property
    def dispatches_of_ticket(self):
        rows = self.rows["crowd.dispatch"]
        return self._once("dispatches", lambda: group(rows, "ticket_id"))

    @property
    def _escalated(self):
        return self._once(
            "escalated", lambda: {e.dispatch_id for e in self.rows["crowd.escalation"]}
        )

    @property
    def _answered_tickets(self):
        """Tickets that somebody accepted, or said that he is responsible for."""
        return self._once(
            "answered",
            lambda: (
                {
                    self.dispatches[e.dispatch_id].ticket_id
                    for e in self.rows["crowd.event"]
                    if e.kind == "answer" and e.to_state == "accepted"
                }
                | {
                    e.ticket_id
                    for e in self.rows["crowd.escalation"]
                    if e.acknowledged_at
                }
            ),
        )

    @property
    def _reviews(self):
        rows = self.rows["crowd.review"]
        return self._once("reviews", lambda: {row.offer_id: row for row in rows})

    @property
    def _own_lines(self):
        """What is known about the cost of technicians: company and service."""
        return self._once(
            "lines",
            lambda: {
                (line.company_id, line.service_id)
                for line in self.rows["crowd.cost"]
                if line.worker_type == "technician"
            },
        )
