from datetime import timedelta

from .common import CrowdCase
from .invariants import check_invariants


class LadderCase(CrowdCase):
    """Two friends, a technician on duty, and policies that tests put together."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls._create_worker("Anna", km=2)
        cls.beat = cls._create_worker("Beat", km=4)
        cls.tech = cls._create_worker(
            "Tina Technician",
            worker_type="technician",
            km=6,
            groups="crowd_service.group_crowd_technician",
            membership={"capacity": 3},
        )
        cls.tech_user = cls.tech.crowd_user_id
        cls.ticket = cls._create_ticket()

    def tearDown(self):
        self.env["base"].flush()
        check_invariants(self.env.cr)
        super().tearDown()

    @classmethod
    def _create_policy(cls, *steps, **values):
        values = dict({"name": "Ladder", "company_id": cls.company_a.id}, **values)
        values["step_ids"] = [
            (0, 0, dict({"sequence": place}, **step))
            for place, step in enumerate(steps)
        ]
        return cls.env["crowd.policy"].create(values)

    @classmethod
    def _ask(cls, audience="friends", after=0, **values):
        return dict(
            {"kind": "offer", "audience": audience, "after_minutes": after}, **values
        )

    @classmethod
    def _tell(cls, target="leader", after=30, **values):
        return dict(
            {"kind": "escalate", "target": target, "after_minutes": after}, **values
        )

    def _start(self, ticket=None):
        """Begin the policy; all of it at one instant, so that tests can count."""
        ticket = (ticket or self.ticket).with_user(self.agent)
        with self.at(self.env["crowd.clock"].now()):
            return self.env["crowd.dispatch"].browse(ticket.crowd_dispatch())

    def _offer(self, dispatch, worker):
        return dispatch.offer_ids.filtered(lambda o: o.worker_id == worker)[:1]

    def _wake(self, dispatch, minutes=None, moment=None):
        """Let ``minutes`` go by since the dispatch began; the clock looks once."""
        moment = moment or dispatch.started_at + timedelta(minutes=minutes)
        with self.at(moment):
            self.env["crowd.dispatch"]._cron_sweep()
            dispatch.invalidate_cache()

    def _due(self, dispatch):
        """Let the clock come to the next deadline, and look."""
        self._wake(dispatch, moment=dispatch.next_deadline)

    def _minutes(self, dispatch, moment):
        return (moment - dispatch.started_at).total_seconds() / 60
