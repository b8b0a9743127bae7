"""What the tests of the measured facts share: jobs with a history, without a match."""

from datetime import datetime, timedelta

from psycopg2 import sql

from .common import CrowdCase

NOON = datetime(2026, 3, 4, 11)  # a Wednesday, 12:00 in Zurich


class MeasuresCase(CrowdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.tz = "UTC"
        for company in (cls.company_a, cls.company_b):
            company.resource_calendar_id.tz = "Europe/Zurich"
        cls.anna = cls._create_worker("Anna")
        cls.beat = cls._create_worker("Beat")
        cls.member = cls.anna.crowd_membership_ids
        cls.other_member = cls.beat.crowd_membership_ids

    def _create_offer(self, worker=None, state="completed", minutes=0, **values):
        """Return an offer with a history, in a dispatch of its own unless told.

        :param minutes: after which it was answered; None: never
        """
        worker = worker or self.anna
        dispatch = values.pop("dispatch", None)
        dispatch = dispatch or self._create_dispatch(values.pop("ticket", None))
        sent_at = values.pop("sent_at", NOON)
        defaults = {
            "name": "test-%d" % self.env["crowd.offer"].search_count([]),
            "dispatch_id": dispatch.id,
            "ticket_id": dispatch.ticket_id.id,
            "company_id": dispatch.company_id.id,
            "worker_id": worker.id,
            "membership_id": worker.crowd_membership_ids[:1].id,
            "state": state,
            "sent_at": sent_at,
            "expires_at": sent_at + timedelta(minutes=30),
        }
        if minutes is not None:
            defaults["answered_at"] = sent_at + timedelta(minutes=minutes)
        return self.env["crowd.offer"].create(dict(defaults, **values))

    def _create_dispatch(self, ticket=None):
        return (ticket or self._create_ticket())._crowd_open_dispatch()

    def _create_job(self, worker=None, solved=True, **values):
        """Return the completed offer of a job."""
        offer = self._create_offer(worker, **values)
        offer.dispatch_id.write(
            {
                "state": "done" if solved else "unsolved",
                "accepted_offer_id": offer.id,
                "worker_id": offer.worker_id.id,
                "closed_at": offer.answered_at + timedelta(hours=2),
                "next_deadline": False,
            }
        )
        return offer

    def _rate(self, ticket, stars, **values):
        """Let the customer of a ticket say what he thinks; return the rating."""
        token = ticket.rating_get_access_token()
        rating = self.env["rating.rating"].search([("access_token", "=", token)])
        rating.write(dict(values, rating=stars, consumed=True))
        return rating

    def _rows(self, table):
        """Return where the database keeps each row: written again, it moves."""
        self.env["base"].flush()
        query = sql.SQL("SELECT id, ctid::text FROM {}")
        self.env.cr.execute(query.format(sql.Identifier(table)))
        return sorted(self.env.cr.fetchall())
