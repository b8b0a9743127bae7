"""One record of each model and one user of each kind, for the tests of rights."""

import csv
import os
from datetime import datetime

from .common import CrowdCase

HERE = os.path.dirname(__file__)
# of each level, those on the left may not do what the level begins to allow
LEVELS = (
    "public",
    "portal",
    "employee",
    "technician",
    "holder",
    "agent",
    "dispatcher",
    "manager",
)
PEOPLE = LEVELS + ("agent_b",)


class Undo(Exception):
    """Takes back what was tried."""


def read_table(name):
    with open(os.path.join(HERE, name), newline="") as table:
        return list(csv.DictReader(table))


class PrivilegesCase(CrowdCase):
    """One record of each model, in company A, and a user per kind of person."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        technician = "crowd_service.group_crowd_technician"
        cls.worker = cls._create_worker("Holder", "technician", groups=technician)
        cls.other_worker = cls._create_worker("Friend")
        cls.people = {
            "public": cls.env.ref("base.public_user"),
            "portal": cls.portal_user,
            "employee": cls.employee,
            "technician": cls.technician,
            "holder": cls.worker.crowd_user_id,
            "agent": cls.agent,
            "dispatcher": cls.dispatcher,
            "manager": cls.manager,
            "agent_b": cls.agent_b,
        }

    def setUp(self):
        super().setUp()
        self.ticket = self._create_ticket()
        self._set_up_dispatch()
        self._set_up_facts()
        self.env["crowd.reach"]._of(self.worker.partner_id)
        self.env["crowd.sms.answer"].create(
            {
                "gateway_id": self.gateway.id,
                "company_id": self.company_a.id,
                "outcome": "unknown",
            }
        )
        self.records = self._collect_records()

    def _set_up_dispatch(self):
        """The holder has the job, and an escalation that was addressed to him."""
        ticket = self.ticket.with_user(self.agent)
        dispatch_id = ticket.crowd_dispatch(self.worker.ids, 30)
        escalation_id = ticket.crowd_escalate("manual", "", self.people["holder"].id)
        self.dispatch = self.env["crowd.dispatch"].browse(dispatch_id)
        self.escalation = self.env["crowd.escalation"].browse(escalation_id)
        self.dispatch._assign_worker(self.worker)
        self.offer = self.dispatch.accepted_offer_id
        self.env["crowd.token"]._mint("offer", self.offer)
        self.gateway = self.env["crowd.gateway"].create(
            {"name": "A's mail", "kind": "mail", "company_id": self.company_a.id}
        )
        self.delivery = self.env["crowd.delivery"].create(
            {
                "gateway_id": self.gateway.id,
                "company_id": self.company_a.id,
                "purpose": "won",
                "offer_id": self.offer.id,
                "partner_id": self.worker.partner_id.id,
            }
        )
        self.location.company_id = self.company_a
        self.env["crowd.geocode"].create(
            {"address": "3000 Bern, Testland", "looked_up_at": datetime(2026, 1, 1)}
        )
        self.env["crowd.push.subscription"].create(
            {
                "partner_id": self.worker.partner_id.id,
                "endpoint": "https://push.example.com/1",
                "endpoint_hash": "1",
                "p256dh": "x",
                "auth": "x",
            }
        )
        self.env["crowd.webhook.answer"].create(
            {"gateway_id": self.gateway.id, "message_id": "1", "body_hash": "x"}
        )
        self.env["crowd.absence"].create(self._values_crowd_absence())
        policy = self.env["crowd.policy"].create(
            self._values_crowd_policy(self.env["crowd.policy"])
        )
        self.env["crowd.dispatch.step"].create(
            {
                "dispatch_id": self.dispatch.id,
                "policy_step_id": policy.step_ids.id,
                "round": 1,
                "planned_at": datetime(2026, 1, 1),
                "due_at": datetime(2026, 1, 1),
                "state": "done",
            }
        )
        self.env["crowd.scoring"].create(
            {"name": "A's", "company_id": self.company_a.id}
        )
        self.env["crowd.rota"].create(self._values_crowd_rota())
        self.env["crowd.duty"].create(self._values_crowd_duty())

    def _set_up_facts(self):
        """What is known about the holder."""
        common = {"worker_id": self.worker.id, "company_id": self.company_a.id}
        self.env["crowd.preference"].create(
            dict(common, partner_id=self.customer.id, kind="blocked")
        )
        self.env["crowd.experience"].create(
            dict(
                common,
                ticket_id=self.ticket.id,
                dispatch_id=self.dispatch.id,
                language="english",
            )
        )
        self.env["crowd.worker.month"].create(
            dict(
                common,
                membership_id=self.worker.crowd_membership_ids.id,
                month="2026-01-01",
            )
        )
        self.env["crowd.gap"].create(
            {"name": "WLAN", "advice": "train", "company_id": self.company_a.id}
        )
        self.env["crowd.candidate"].create(
            {
                "dispatch_id": self.dispatch.id,
                "company_id": self.dispatch.company_id.id,
                "worker_id": self.other_worker.id,
                "round": 9,
                "excluded_reason": "skill",
            }
        )
        self.env["crowd.response"].create(
            {
                "membership_id": self.worker.crowd_membership_ids.id,
                "company_id": self.company_a.id,
                "bucket": 1,
                "week_part": "1",
            }
        )
        self.env["crowd.review"].create(self.dispatch._prepare_review(self.offer))
        self.env["crowd.cost"].create(self._values_crowd_cost())
        self.env["crowd.job.cost"].create(
            {"offer_id": self.offer.id, "company_id": self.company_a.id}
        )
        self._set_up_target()

    def _set_up_target(self):
        """A target that is missed."""
        target = self.env["crowd.kpi.target"].create(self._values_crowd_kpi_target())
        self.env["crowd.kpi.alert"].create(
            {"target_id": target.id, "opened_at": datetime(2026, 1, 1)}
        )

    def _values_crowd_kpi_target(self, model=None):
        code = "within_1" if model is None else "within_10"
        return {
            "kpi_id": self.env.ref("crowd_service.crowd_kpi_" + code).id,
            "company_id": self.company_a.id,
            "value": 40.0,
            "owner_id": self.manager.id,
        }

    def _values_crowd_cost(self, model=None):
        kind = "friend" if model is None else "professional"
        return {"company_id": self.company_a.id, "worker_type": kind, "amount": 1.0}

    def _values_crowd_ticket_close(self, model):
        return {"ticket_id": self.ticket.id, "outcome": "solved"}

    def _values_crowd_monthly(self, model):
        return {"company_id": self.company_a.id, "month": "2026-01-01"}

    def _values_crowd_review_answer(self, model):
        return {"dispatch_id": self.dispatch.id, "stars_worker": "5"}

    def _collect_records(self):
        """Return ``{model: record}``; what is not named here is looked for."""
        dispatch = self.dispatch
        records = {
            "crowd.dispatch": dispatch,
            "crowd.offer": self.offer,
            "crowd.escalation": self.escalation,
            "crowd.gateway": self.gateway,
            "crowd.delivery": self.delivery,
            "crowd.candidate": self.env["crowd.candidate"].search(
                [("dispatch_id", "=", dispatch.id)], limit=1
            ),
            "crowd.event": dispatch.event_ids[:1],
            "crowd.report.gap": self.env["crowd.report.gap"].search(
                [("company_id", "=", self.company_a.id)], limit=1
            ),
            "crowd.community": self.community,
            "crowd.membership": self.worker.crowd_membership_ids,
            "crowd.service.skill": self.service.crowd_skill_ids,
            "crowd.stage.map": self.company_a.crowd_stage_map_ids[:1],
            # it has no records, only rows
            "crowd.worker.search": self.env["crowd.worker.search"].browse(1),
            "fsm.person": self.worker,
            "fsm.person.skill": self.worker.skill_ids,
            "fsm.order": dispatch.order_id,
            "fsm.location": self.location,
            "helpdesk.ticket": self.ticket,
            "helpdesk.ticket.stage": self.ticket.stage_id,
            "hr.skill": self.skill_wlan,
            "product.template": self.service,
        }
        for row in read_table("privileges.csv"):
            model = self.env[row["model"]]
            if row["model"] not in records and not model._transient:
                records[row["model"]] = model.search([], limit=1, order="id desc")
        return records

    def _own_models(self):
        return [
            name
            for name, model in self.env.registry.items()
            if model._original_module == "crowd_service" and not model._abstract
        ]

    def _wizard_owner(self, name):
        """Return the least of the desk's people who may open the wizard."""
        return next(
            person
            for person in ("agent", "dispatcher", "manager")
            if self.env[name]
            .with_user(self.people[person])
            .check_access_rights("create", raise_exception=False)
        )

    def _undone(self, act, *args):
        """Return what ``act`` returned or raised, and take it back."""
        outcome = None
        try:
            with self.env.cr.savepoint(), self.env.clear_upon_failure():
                outcome = act(*args)
                raise Undo()
        except Exception as error:  # noqa: BLE001 pylint: disable=broad-except
            if not isinstance(error, Undo):
                outcome = error
        self.env.cache.invalidate()
        return outcome

    def _try_create(self, model):
        prepare = getattr(self, "_values_" + model._name.replace(".", "_"), None)
        model.check_access_rights("create")
        record = model.create(prepare(model) if prepare else {})
        model.flush()
        return record

    def _values_crowd_absence(self, model=None):
        day = {"date_from": "2026-01-01 06:00:00", "date_to": "2026-01-01 16:00:00"}
        return dict(day, worker_id=self.worker.id)

    def _values_crowd_health_line(self, model):
        return {"health_id": model.env["crowd.health"].create({}).id}

    def _values_crowd_health(self, model):
        return {}

    def _values_crowd_rota(self, model=None):
        person = {"user_id": self.dispatcher.id}
        return {
            "name": "Nights",
            "company_id": self.company_a.id,
            "person_ids": [(0, 0, person)],
        }

    def _rota(self):
        return self.env["crowd.rota"].search([("name", "=", "Nights")], limit=1)

    def _values_crowd_rota_person(self, model):
        return {"rota_id": self._rota().id, "user_id": self.manager.id}

    def _values_crowd_duty(self, model=None):
        start = "2026-01-%s 06:00:00" % ("02" if model is None else "03")
        stop = start.replace("06:", "16:")
        user = self.dispatcher
        rota = self._rota()
        return {"rota_id": rota.id, "user_id": user.id, "start": start, "stop": stop}

    def _values_crowd_rota_plan(self, model):
        first = self.dispatcher.id
        return {
            "rota_id": self._rota().id,
            "date_from": "2026-02-01",
            "first_id": first,
        }

    def _values_crowd_community(self, model):
        return {"name": "Another", "company_id": self.company_a.id}

    def _values_crowd_membership(self, model):
        community = self.env["crowd.community"].create(
            {"name": "Third", "company_id": self.company_a.id}
        )
        return {"worker_id": self.other_worker.id, "community_id": community.id}

    def _values_crowd_service_skill(self, model):
        return {"service_id": self.service.id, "skill_id": self.skill_tv.id}

    def _values_crowd_stage_map(self, model):
        return {"company_id": self.company_a.id, "dispatch_state": "searching"}

    def _values_crowd_scoring(self, model):
        return {"name": "B", "company_id": self.company_a.id, "team_id": self.team.id}

    def _values_crowd_dry_run(self, model):
        return {"ticket_id": self.ticket.id}

    def _values_crowd_stop(self, model):
        return {"company_id": self.company_a.id, "reason": "A test"}

    def _values_crowd_policy(self, model):
        return {
            "name": "B",
            "company_id": self.company_a.id,
            "sequence": 90,
            "team_ids": [(6, 0, self.team.copy().ids)],
            "step_ids": [(0, 0, {"kind": "escalate", "target": "leader"})],
        }

    def _values_crowd_policy_step(self, model):
        policy = model.env["crowd.policy"].search([], limit=1)
        return {"policy_id": policy.id, "kind": "escalate", "target": "leader"}

    def _values_crowd_gateway(self, model):
        return {"name": "B", "kind": "mail", "company_id": self.company_a.id}

    def _values_crowd_preference(self, model):
        return {
            "partner_id": self.customer.id,
            "worker_id": self.other_worker.id,
            "company_id": self.company_a.id,
        }

    def _values_fsm_person(self, model):
        return {"name": "New", "company_id": self.company_a.id}

    def _values_fsm_person_skill(self, model):
        return {
            "person_id": self.worker.id,
            "skill_id": self.skill_tv.id,
            "skill_type_id": self.skill_type.id,
            "skill_level_id": self._level(10).id,
        }

    def _values_crowd_match(self, model):
        return {"ticket_id": self.ticket.id, "summary": "x", "offer_minutes": 5}

    def _values_crowd_match_line(self, model):
        match = model.env["crowd.match"]
        return {"match_id": match.create(self._values_crowd_match(match)).id}

    _values_crowd_match_near_miss = _values_crowd_match_line

    def _values_crowd_why_not(self, model):
        return {"ticket_id": self.ticket.id, "worker_id": self.worker.id}

    def _values_crowd_escalate(self, model):
        return {"ticket_id": self.ticket.id, "reason": "manual"}

    def _values_crowd_promise(self, model):
        return {"offer_id": self.offer.id, "kind": "late"}

    def _values_crowd_intervene(self, model):
        return {"dispatch_id": self.dispatch.id, "kind": "take_over"}

    def _values_crowd_call(self, model):
        return {"delivery_id": self.delivery.id}

    def _values_crowd_answer(self, model):
        return {"offer_id": self.offer.id, "kind": "decline"}

    def _values_crowd_pause(self, model):
        return {
            "dispatch_id": self.dispatch.id,
            "until": datetime(2050, 1, 1),
            "note": "Parts",
        }

    def _values_crowd_reach_line(self, model):
        reach = self.env["crowd.reach"]._of(self.worker.partner_id)
        return {"reach_id": reach.id, "kind": "phone"}
