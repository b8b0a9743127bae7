"""A history of some weeks, drawn from a lot, for the tests of key figures."""

import random
from datetime import timedelta

from odoo import fields

from .measures_common import MeasuresCase

DAYS = 75
ENDS = ("completed", "completed", "completed", "backed_out", "no_show", "out_of_scope")


class KpiCase(MeasuresCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tom = cls._create_worker("Tom", "technician")
        cls.ted = cls._create_worker("Ted", "technician")
        cls.territory = cls.env["res.territory"].create({"name": "Test land"})
        cls.home = cls._create_location(
            "At home", owner=cls.customer, territory_id=cls.territory.id
        )
        cls.team_2 = cls.team.copy({"name": "Second desk", "user_id": cls.manager.id})
        cls.service_2 = cls._create_service("Television", {})
        cls.gateway = cls.env["crowd.gateway"].create(
            {"name": "Post", "kind": "mail", "company_id": cls.company_a.id}
        )
        cls.kpis = cls.env["crowd.kpi"].search([])
        cls.now = cls._database_now()

    @classmethod
    def _database_now(cls):
        """Return the instant that views see in all of a test's transaction."""
        cls.env.cr.execute("SELECT date_trunc('second', now() AT TIME ZONE 'UTC')")
        return cls.env.cr.fetchone()[0]

    def setUp(self):
        super().setUp()
        self.env.user.company_ids |= self.company_a
        self.only_a = {"allowed_company_ids": self.company_a.ids}
        self.lot = random.Random(5)

    # ------------------------------------------------------------------
    # history
    # ------------------------------------------------------------------

    def _make_history(self, number=40):
        """Create tickets with all that can become of them."""
        for place in range(number):
            back = timedelta(days=DAYS * place / number, hours=self.lot.randrange(24))
            self._make_story(self.now - back)
        self.env["crowd.worker.month"]._job_refresh()
        self.env["base"].flush()
        self.env["base"].invalidate_cache()

    def _make_story(self, begin):
        lot = self.lot
        with self.at(begin):
            ticket = self._create_ticket(
                team_id=lot.choice((self.team, self.team_2)).id,
                crowd_service_id=lot.choice((self.service, self.service_2)).id,
                fsm_location_id=lot.choice((self.location, self.home)).id,
            )
            dispatch = None if lot.random() < 0.1 else ticket._crowd_open_dispatch()
        self.env["base"].flush()
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET create_date = %s,"
            " crowd_first_answer_deadline = %s WHERE id = %s",
            (begin, begin + timedelta(hours=4), ticket.id),
        )
        self.env["base"].invalidate_cache()
        if dispatch:
            self._make_search(dispatch, begin)
        self._make_end(ticket, begin)

    def _make_search(self, dispatch, begin):
        lot = self.lot
        if lot.random() < 0.3:
            self._make_escalation(dispatch, begin)
        if lot.random() < 0.1:
            dispatch.write({"state": "cancelled", "next_deadline": False})
            return
        offered_at = begin + timedelta(minutes=lot.randrange(30))
        dispatch.write({"state": "offered", "offered_at": offered_at})
        if lot.random() < 0.5:
            self._make_offer(dispatch, self.ted, "declined", offered_at)
        if lot.random() < 0.5:
            self._make_offer(
                dispatch, self.beat, lot.choice(("expired", "lost")), begin
            )
        if lot.random() < 0.15:
            dispatch.write({"state": "cancelled", "next_deadline": False})
        elif lot.random() < 0.85:
            self._make_job(dispatch, offered_at, lot.choice(ENDS))

    def _make_offer(self, dispatch, worker, state, sent_at, **values):
        minutes = self.lot.choice((0.5, 4, 40, 150, 400))
        answered = state not in ("expired", "lost", "sent")
        offer = self._create_offer(
            worker,
            state,
            minutes if answered else None,
            dispatch=dispatch,
            sent_at=sent_at,
            worker_type=worker.worker_type,
            service_id=dispatch.service_id.id,
            distance_km=self.lot.randrange(30),
            has_distance=self.lot.random() < 0.8,
            minutes_to_answer=minutes if answered else None,
            **values,
        )
        self._make_message(offer)
        return offer

    def _make_message(self, offer):
        self.env["crowd.delivery"].create(
            {
                "gateway_id": self.gateway.id,
                "company_id": offer.company_id.id,
                "purpose": "offer",
                "offer_id": offer.id,
                "dispatch_id": offer.dispatch_id.id,
                "partner_id": offer.worker_id.partner_id.id,
                "queued_at": offer.sent_at,
                "state": self.lot.choice(
                    ("queued", "sent", "delivered", "read", "dead", "obsolete")
                ),
            }
        )

    def _make_job(self, dispatch, offered_at, state):
        worker = self.lot.choice((self.anna, self.tom))
        offer = self._make_offer(dispatch, worker, state, offered_at)
        ended_at = offer.answered_at + timedelta(hours=3)
        dispatch.write({"accepted_offer_id": offer.id})
        dispatch.write({"state": "assigned", "assigned_at": offer.answered_at})
        dispatch.write({"arrived_at": offer.answered_at + timedelta(hours=1)})
        day = dispatch.company_id._crowd_day(ended_at)
        offer.write({"job_day": day, "job_ended_at": ended_at})
        if state == "completed":
            is_done = self.lot.random() < 0.8
            dispatch.write({"close_reason": "solved" if is_done else "unsolved"})
            dispatch.write(
                {
                    "state": "done" if is_done else "unsolved",
                    "closed_at": ended_at,
                    "next_deadline": False,
                }
            )
            self._make_answer(offer, ended_at)
        self._make_cost(offer, day)

    def _make_answer(self, offer, ended_at):
        answered_at = ended_at + timedelta(hours=self.lot.randrange(40))
        values = {
            "offer_id": offer.id,
            "dispatch_id": offer.dispatch_id.id,
            "ticket_id": offer.ticket_id.id,
            "company_id": offer.company_id.id,
            "worker_id": offer.worker_id.id,
            "team_id": offer.ticket_id.team_id.id,
            "service_id": offer.dispatch_id.service_id.id,
            "asked_at": ended_at,
        }
        if self.lot.random() < 0.7:
            values.update(
                state="answered",
                answered_at=answered_at,
                day=offer.company_id._crowd_day(answered_at),
                stars_worker=self.lot.randint(1, 5),
                would_book_again=self.lot.choice(("yes", "no", False)),
            )
        self.env["crowd.review"].create(values)

    def _make_cost(self, offer, day):
        is_technician = offer.worker_type == "technician"
        values = {
            "offer_id": offer.id,
            "dispatch_id": offer.dispatch_id.id,
            "company_id": offer.company_id.id,
            "worker_id": offer.worker_id.id,
            "worker_type": offer.worker_type,
            "service_id": offer.dispatch_id.service_id.id,
            "lane": "technician" if is_technician else "crowd",
            "day": day,
            "minutes": 60,
        }
        if self.lot.random() < 0.8:
            values.update(amount=self.lot.randrange(20, 60), source="price")
        if self.lot.random() < 0.8:
            values["own_amount"] = self.lot.randrange(60, 120)
        self.env["crowd.job.cost"].create(values)

    def _make_escalation(self, dispatch, begin):
        late = self.lot.random() < 0.4
        values = {
            "dispatch_id": dispatch.id,
            "ticket_id": dispatch.ticket_id.id,
            "company_id": dispatch.company_id.id,
            "team_id": dispatch.team_id.id,
            "reason": "manual",
            "user_id": self.manager.id,
            "opened_at": begin,
            "deadline": begin + timedelta(minutes=30),
        }
        if self.lot.random() < 0.7:
            values.update(
                state="acknowledged",
                acknowledged_at=begin + timedelta(minutes=50 if late else 5),
                acknowledged_in_time=not late,
            )
        values["name"] = "E-test-%d" % dispatch.id
        self.env["crowd.escalation"].create(values)

    def _make_end(self, ticket, begin):
        lot = self.lot
        if lot.random() < 0.2:
            return
        closed_at = begin + timedelta(hours=lot.randrange(60))
        ticket.write(
            {
                "crowd_outcome": lot.choice(("solved", "not_solved", "abandoned")),
                "crowd_outcome_by": lot.choice(("agent", "crowd", "customer")),
                "crowd_closed_at": closed_at,
                "crowd_closed_day": ticket.company_id._crowd_day(closed_at),
                "crowd_reopen_count": lot.choice((0, 0, 1)),
            }
        )

    # ------------------------------------------------------------------
    # looking
    # ------------------------------------------------------------------

    def _kpi(self, code, user=None, **context):
        """Return the figure as ``user`` sees it, of company A alone."""
        context = dict(self.only_a, **{"crowd_" + k: v for k, v in context.items()})
        kpi = self.kpis.filtered(lambda k: k.code == code)
        return kpi.with_user(user or self.manager).with_context(**context)

    def _rows(self, action):
        """Return the rows that an action opens, as the manager."""
        model = self.env[action["res_model"]].with_user(self.manager)
        return model.with_context(**self.only_a).search(action["domain"])

    def _today(self):
        return fields.Date.to_string(self.company_a._crowd_day(self.now))
