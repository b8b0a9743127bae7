"""The people, places and tickets that every test starts from.

``CrowdCase`` is the base of ordinary tests, ``CrowdHttpCase`` of those that talk to
the server over HTTP. Both work with and without demo data.
"""

import re

from odoo.tests.common import HttpSavepointCase, SavepointCase, new_test_user

from odoo.addons.queue_job.job import Job

from ..models.crowd_clock import simulated_clock

GROUP = "crowd_service.group_crowd_"
KM_PER_DEGREE = 111.195  # of latitude, on a sphere of mean earth radius
BERN = (46.94800, 7.44740)
WINTERTHUR = (47.49990, 8.72410)


class CrowdFactory:
    """Creates records; mixed into Odoo's test classes."""

    @classmethod
    def _set_up_crowd(cls):
        """Create two companies with users, a service, a place and a customer."""
        cls.env = cls.env(
            context=dict(cls.env.context, tracking_disable=True, no_reset_password=True)
        )
        cls.company_a = cls.env["res.company"].create({"name": "Crowd test A"})
        cls.company_b = cls.env["res.company"].create({"name": "Crowd test B"})
        cls.env.user.company_ids |= cls.company_a | cls.company_b
        cls.env.user.company_id = cls.company_a
        cls._set_up_users()
        cls._set_up_service()
        cls.customer = cls.env["res.partner"].create(
            {"name": "Customer of A", "email": "customer@example.com"}
        )
        cls.location = cls._create_location("House in Bern", BERN)
        cls.community = cls._create_community("Friends of A")
        cls.community_b = cls._create_community("Friends of B", cls.company_b)
        cls.technicians = cls._internal_community(cls.company_a)
        cls.technicians_b = cls._internal_community(cls.company_b)
        cls.team = cls.env["helpdesk.ticket.team"].create(
            {
                "name": "Desk of A",
                "company_id": cls.company_a.id,
                "user_id": cls.dispatcher.id,
                "user_ids": [(6, 0, (cls.agent | cls.dispatcher).ids)],
            }
        )

    @classmethod
    def _set_up_users(cls):
        """One user per group of company A, an agent of B, and two without rights."""
        cls.technician = cls._create_user("technician", GROUP + "technician")
        cls.agent = cls._create_user("agent", GROUP + "agent")
        cls.dispatcher = cls._create_user("dispatcher", GROUP + "dispatcher")
        cls.manager = cls._create_user("manager", GROUP + "manager")
        cls.employee = cls._create_user("employee", "base.group_user")
        cls.portal_user = cls._create_user("portal", "base.group_portal")
        cls.agent_b = cls._create_user("agent B", GROUP + "agent", cls.company_b)
        cls.manager_b = cls._create_user("manager B", GROUP + "manager", cls.company_b)
        cls.company_a.crowd_fallback_user_id = cls.manager
        cls.company_b.crowd_fallback_user_id = cls.manager_b

    @classmethod
    def _set_up_service(cls):
        """A service on site for everybody, which needs one skill of level 50."""
        cls.skill_type = cls.env["hr.skill.type"].create(
            {
                "name": "Crowd test skills",
                "skill_ids": [
                    (0, 0, {"name": name}) for name in ("WLAN", "Television")
                ],
                "skill_level_ids": [
                    (0, 0, {"name": f"Level {level}", "level_progress": level})
                    for level in (10, 50, 80, 100)
                ],
            }
        )
        cls.skill_wlan = cls.skill_type.skill_ids.filtered(lambda s: s.name == "WLAN")
        cls.skill_tv = cls.skill_type.skill_ids - cls.skill_wlan
        cls.service = cls._create_service("Home network", {cls.skill_wlan: 50})

    @classmethod
    def _create_user(cls, name, groups, company=None, **values):
        """Return a user with login and password ``crowd-<name>``.

        :param groups: XML ids, comma separated
        """
        company = company or cls.company_a
        login = "crowd-" + name.lower().replace(" ", "-")
        values = dict(
            {
                "name": name.capitalize(),
                "email": login + "@example.com",
                "password": login,
                "tz": "Europe/Zurich",
                "company_id": company.id,
                "company_ids": [(6, 0, company.ids)],
            },
            **values,
        )
        return new_test_user(cls.env, login=login, groups=groups, **values)

    @classmethod
    def _level(cls, progress):
        """Return the level of the test skills with that progress (10, 50, 80, 100)."""
        return cls.skill_type.skill_level_ids.filtered(
            lambda level: level.level_progress == progress
        )

    @classmethod
    def _create_service(cls, name, skills=None, **values):
        """Return a crowd service.

        :param skills: ``{hr.skill: least level 0-100}``
        """
        needed = [
            {"skill_id": skill.id, "skill_level_id": cls._level(level).id}
            for skill, level in (skills or {}).items()
        ]
        values = dict(
            {
                "name": name,
                "type": "service",
                "is_crowd_service": True,
                "list_price": 49.0,
                "crowd_radius_km": 30,
                "crowd_skill_ids": [(0, 0, vals) for vals in needed],
            },
            **values,
        )
        return cls.env["product.template"].create(values)

    @classmethod
    def _create_location(cls, name, position=BERN, owner=None, **values):
        """Return a location; ``position`` False: nobody knows where it is."""
        values = dict({"name": name, "owner_id": (owner or cls.customer).id}, **values)
        return cls.env["fsm.location"].create(cls._with_position(values, position))

    @classmethod
    def _create_community(cls, name, company=None, **values):
        values = dict(
            {"name": name, "company_id": (company or cls.company_a).id}, **values
        )
        return cls.env["crowd.community"].create(values)

    @classmethod
    def _internal_community(cls, company):
        return cls.env["crowd.community"].search(
            [("company_id", "=", company.id), ("is_internal", "=", True)], limit=1
        )

    @classmethod
    def _create_worker(
        cls,
        name,
        worker_type="friend",
        km=5,
        position=None,
        skills=None,
        community=None,
        membership=None,
        groups=None,
        **values,
    ):
        """Return a worker who can be asked for ``cls.service``, unless told otherwise.

        :param km: how far north of Bern he lives
        :param position: ``(latitude, longitude)`` instead; False: unknown
        :param skills: ``{hr.skill: level}``; by default WLAN at 50
        :param community: by default the one of company A for his type; False: none
        :param membership: values of the membership, active by default
        :param groups: he gets a login with these groups
        """
        if position is None:
            position = (BERN[0] + km / KM_PER_DEGREE, BERN[1])
        email = re.sub(r"\W+", ".", name.lower()) + "@example.com"
        values = dict({"name": name, "email": email}, worker_type=worker_type, **values)
        worker = cls.env["fsm.person"].create(cls._with_position(values, position))
        cls._give_skills(worker, {cls.skill_wlan: 50} if skills is None else skills)
        if community is None:
            is_employee = worker_type == "technician"
            community = cls.technicians if is_employee else cls.community
        if community:
            cls._create_membership(worker, community, **(membership or {}))
        if groups:
            cls._create_user(
                name, groups, email=worker.email, partner_id=worker.partner_id.id
            )
        return worker

    @classmethod
    def _with_position(cls, values, position):
        if position:
            values.update(partner_latitude=position[0], partner_longitude=position[1])
        return values

    @classmethod
    def _give_skills(cls, worker, skills):
        cls.env["fsm.person.skill"].create(
            [
                {
                    "person_id": worker.id,
                    "skill_id": skill.id,
                    "skill_type_id": skill.skill_type_id.id,
                    "skill_level_id": cls._level(level).id,
                }
                for skill, level in skills.items()
            ]
        )

    @classmethod
    def _create_membership(cls, worker, community, **values):
        values = dict({"state": "active", "capacity": 1}, **values)
        return cls.env["crowd.membership"].create(
            dict(values, worker_id=worker.id, community_id=community.id)
        )

    @classmethod
    def _create_ticket(cls, name="No internet", company=None, **values):
        """Return a ticket of company A that can be matched, unless told otherwise."""
        company = company or cls.company_a
        defaults = {
            "name": name,
            "description": "<p>It does not work.</p>",
            "company_id": company.id,
            "team_id": cls.team.id if company == cls.company_a else False,
            "partner_id": cls.customer.id,
            "crowd_service_id": cls.service.id,
            "fsm_location_id": cls.location.id,
            "crowd_summary": "The home network has to be set up again.",
        }
        return cls.env["helpdesk.ticket"].create(dict(defaults, **values))

    def _sync_search(self):
        """Bring the search table up to date before the savepoint of the test."""
        self.env["crowd.worker.search"]._sync_pending()

    def at(self, moment):
        """Context manager: let ``crowd.clock`` tell ``moment`` (naive UTC)."""
        return simulated_clock(moment)

    def _run_jobs(self, model=None, is_due=True):
        """Do the stored jobs, and those they store, oldest first.

        :param model: only the jobs of that model
        :param is_due: leave jobs alone whose time has not come by ``crowd.clock``
        :return: how many were done
        """
        domain = [("state", "in", ("pending", "enqueued"))]
        if model:
            domain.append(("model_name", "=", model))
        if is_due:
            now = self.env["crowd.clock"].now()
            domain += ["|", ("eta", "=", False), ("eta", "<=", now)]
        for done in range(1000):
            record = self.env["queue.job"].search(domain, order="id", limit=1)
            if not record:
                return done
            self._run_job(record)
        raise AssertionError("The jobs never end.")

    def _run_job(self, record):
        job = Job.load(self.env, record.uuid)
        job.set_started()
        job.store()
        job.perform()
        job.set_done()
        job.store()
        self.env["base"].flush()
        self.env["base"].invalidate_cache()


class CrowdCase(CrowdFactory, SavepointCase):
    """Base of the tests of crowd_service.

    The engine decides races in cursors of its own: in test mode these are savepoints
    of the test's transaction.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_crowd()

    def setUp(self):
        self._sync_search()
        super().setUp()
        self.registry.enter_test_mode(self.cr)
        self.addCleanup(self.registry.leave_test_mode)


class CrowdHttpCase(CrowdFactory, HttpSavepointCase):
    """Base of the tests that send requests (Odoo's class enters the test mode)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_crowd()

    def setUp(self):
        self._sync_search()
        super().setUp()
