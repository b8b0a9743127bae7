"""Whatever changes a fact, the search table stays equal to a rebuild.

A machine does at random what people, imports and the engine can do to workers,
memberships and what they depend on, refused or not; the table is compared with the
facts in between and at the end. ``CROWD_LONG=1``: many more runs, new ones every time.
"""

import os
from contextlib import contextmanager, suppress
from datetime import date, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..exceptions import IllegalTransition
from ..models.crowd_worker_search_facts import PENDING
from .measures_common import NOON, MeasuresCase

LONG = bool(os.environ.get("CROWD_LONG"))
SETTINGS = settings(
    max_examples=300 if LONG else 30,
    stateful_step_count=25 if LONG else 16,
    derandomize=not LONG,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
LOGGERS = ("odoo.sql_db", "odoo.addons.base.models.ir_model")  # tell of refusals
REFUSED = (UserError, ValidationError, AccessError, IllegalTransition, IntegrityError)

NUMBER = st.integers(0, 11)
LATITUDE = st.sampled_from([0.0, 46.948, 47.5, -89.99, 90.0, False, None])
LONGITUDE = st.sampled_from([0.0, 7.4474, 179.99, -180.0, False, None])
DAYS = st.sampled_from([None, -30, -1, 0, 1, 400])
STARS = st.sampled_from([0.0, 1.0, 3.33, 5.0])
BUTTONS = ("verify", "activate", "pause", "suspend", "leave", "reapply")
COMMANDS = st.sampled_from([0, 1, 2, 5, 6])
MEAN = st.sampled_from([0.0, 0.05, 0.6, 1.0])


class RollBack(Exception):
    """Raised to leave a savepoint."""


class SearchMachine(RuleBasedStateMachine):
    """What can happen to the facts. ``case`` is the test with its records."""

    case = None

    @initialize()
    def begin(self):
        self.env = self.case.env
        self.table = self.env["crowd.worker.search"]
        self.changes = 0
        self._flush()
        self.table._sync_pending()
        self.env.cr.execute("SAVEPOINT search_machine")

    def teardown(self):
        if hasattr(self, "env"):
            try:
                self._compare()
            finally:
                self._forget()
                self.env.cr.execute("ROLLBACK TO SAVEPOINT search_machine")
                self.env.cr.precommit.clear()
                self.env.clear()
                self.env.registry.clear_caches()

    def _flush(self):
        self.env["base"].flush()

    def _forget(self):
        for env in list(self.env.all):
            env.cache.invalidate()
            env.all.tocompute.clear()
            env.all.towrite.clear()

    def _compare(self, member_ids=None):
        self._flush()
        self.table._sync_pending()
        self.case.assertEqual(self.table._drifted(member_ids), [])

    @contextmanager
    def change(self, in_savepoint=True):
        """Let something happen that may be refused.

        :param in_savepoint: as the server does it, bringing the table up to date, and
            look at it at once; else the changes of several steps are collected
        """
        keeper = self._savepoint if in_savepoint else self._plain_savepoint
        with suppress(*REFUSED, RollBack), mute_logger(*LOGGERS), keeper():
            yield
        if in_savepoint:
            self._compare(self._members())

    def _members(self):
        companies = (self.case.company_a | self.case.company_b).ids
        members = self.env["crowd.membership"]
        return members.search([("company_id", "in", companies)]).ids

    def _savepoint(self):
        return self.env.cr.savepoint()

    @contextmanager
    def _plain_savepoint(self):
        """Take back what is refused, and nothing of what was collected before."""
        self._flush()
        data = self.env.cr.precommit.data
        before = {kind: set(ids) for kind, ids in data.get(PENDING, {}).items()}
        self.env.cr.execute("SAVEPOINT search_change")
        try:
            yield
            self._flush()
        except Exception:
            self._forget()
            self.env.cr.execute("ROLLBACK TO SAVEPOINT search_change")
            data.pop(PENDING, None)
            for kind, ids in before.items():
                self.table._touch(kind, ids)
            raise

    # ------------------------------------------------------------------
    # who there is
    # ------------------------------------------------------------------

    def _pick(self, model, number, domain=()):
        """Return one of the records that the test made."""
        records = self.env[model].with_context(active_test=False)
        records = records.search(list(domain), order="id")
        return records[number % len(records)] if records else records

    def _worker(self, number):
        names = self.case.names
        return self._pick("fsm.person", number, [("partner_id.ref", "in", names)])

    def _member(self, number):
        companies = (self.case.company_a | self.case.company_b).ids
        domain = [("company_id", "in", companies)]
        return self._pick("crowd.membership", number, domain)

    def _cost(self, number):
        companies = (self.case.company_a | self.case.company_b).ids
        return self._pick("crowd.cost", number, [("company_id", "in", companies)])

    def _community(self, number):
        companies = (self.case.company_a | self.case.company_b).ids
        return self._pick("crowd.community", number, [("company_id", "in", companies)])

    def _skill(self, number):
        return self._pick("hr.skill", number, [("name", "like", "Machine")])

    def _level(self, number):
        types = [("skill_type_id.name", "like", "Machine")]
        return self._pick("hr.skill.level", number, types)

    def _line(self, number):
        types = [("skill_type_id.name", "like", "Machine")]
        return self._pick("fsm.person.skill", number, types)

    def _language(self, number):
        languages = self.env["res.lang"].with_context(active_test=False)
        return languages.search([("code", "in", self.case.codes)])[number % 2 :][:1]

    def _line_values(self, number):
        skill = self._skill(number)
        types = skill.skill_type_id
        return {
            "skill_id": skill.id,
            "skill_type_id": types.id,
            "skill_level_id": types.skill_level_ids[:1].id,
        }

    # ------------------------------------------------------------------
    # workers and their partners
    # ------------------------------------------------------------------

    @rule(settle=st.booleans())
    def compare(self, settle):
        if settle:
            self._compare()
        else:
            self.env.cr.precommit.run()

    @rule(n=NUMBER, lat=LATITUDE, lon=LONGITUDE, over=st.booleans(), sp=st.booleans())
    def place(self, n, lat, lon, over, sp):
        """Coordinates, of the partner or through the worker."""
        with self.change(sp):
            worker = self._worker(n)
            record = worker if over else worker.partner_id
            record.write({"partner_latitude": lat, "partner_longitude": lon})

    @rule(n=NUMBER, located=st.booleans(), sp=st.booleans())
    def locate(self, n, located, sp):
        with self.change(sp):
            self._worker(n).is_located = located

    @rule(n=NUMBER, km=st.sampled_from([0, 7, 40000, -1]), sp=st.booleans())
    def form_of_worker(self, n, km, sp):
        with self.change(sp), Form(self._worker(n)) as form:
            form.crowd_radius_km = km

    @rule(n=NUMBER, rate=st.sampled_from([None, 0.004, 12.34, 1e8]), sp=st.booleans())
    def form_of_member(self, n, rate, sp):
        member = self._member(n)
        if member:
            with self.change(sp):
                with Form(member) as form:
                    form.capacity = n
                if rate is not None:
                    member.cost_rate = rate

    @rule(
        n=NUMBER,
        m=NUMBER,
        what=st.sampled_from(["create", "import", "write", "move", "delete"]),
        basis=st.sampled_from(["hour", "hour", "job"]),
        sp=st.booleans(),
    )
    def cost(self, n, m, what, basis, sp):
        """Lines of costs, of members and of kinds of workers."""
        member, line = self._member(n), self._cost(m)
        values = {"basis": basis, "amount": m + 0.5}
        with self.change(sp):
            if what == "create":
                values["service_id"] = self.case.service.id if m % 3 == 2 else False
                values["company_id"] = member.company_id.id
                self.env["crowd.cost"].create(dict(values, membership_id=member.id))
            elif what == "import":
                self.env["crowd.cost"].load(
                    ["company_id/.id", "membership_id/.id", "amount"],
                    [[member.company_id.id, member.id, "12.5"]] * (1 + m % 2),
                )
            elif what == "write":
                line.write(values if m % 2 else {"basis": basis})
            elif what == "move":
                line.write({"membership_id": member.id})
            else:
                line.unlink()

    @rule(n=NUMBER, what=st.sampled_from(["toggle", "end", "wake"]), sp=st.booleans())
    def archive_worker(self, n, what, sp):
        worker = self._worker(n)
        with self.change(sp):
            if what == "toggle":
                worker.toggle_active()
            else:
                worker.active = what == "wake"

    @rule(n=NUMBER, active=st.booleans(), sp=st.booleans())
    def archive_partner(self, n, active, sp):
        with self.change(sp):
            self._worker(n).partner_id.active = active

    @rule(n=NUMBER, sp=st.booleans())
    def other_partner(self, n, sp):
        with self.change(sp):
            partner = self.env["res.partner"].create(
                {"name": "Other", "partner_latitude": 1.5, "ref": self.case.names[0]}
            )
            self._worker(n).partner_id = partner

    @rule(n=NUMBER, m=NUMBER, sp=st.booleans())
    def copy_worker(self, n, m, sp):
        with self.change(sp):
            worker = self._worker(n).copy({"name": "Copy", "ref": self.case.names[0]})
            self._join(worker, m)

    @rule(n=NUMBER, sp=st.booleans())
    def delete_worker(self, n, sp):
        with self.change(sp):
            self._worker(n).unlink()

    @rule(n=NUMBER, sp=st.booleans())
    def strip_and_delete_worker(self, n, sp):
        with self.change(sp):
            worker = self._worker(n)
            worker.crowd_membership_ids.unlink()
            worker.skill_ids.unlink()
            worker.unlink()

    @rule(n=NUMBER, km=st.integers(0, 99), fail=st.booleans())
    def many_workers(self, n, km, fail):
        with self.change(in_savepoint=fail):
            self.case.crowd.write({"crowd_radius_km": km})
            self.case.crowd[n:].skill_ids[:9].unlink()
            if fail:
                raise RollBack

    @rule(
        n=NUMBER,
        rows=st.lists(
            st.tuples(
                st.integers(0, 3),
                st.sampled_from(["46.9", "0", "", "abc", "91"]),
                st.sampled_from(["5", "0", "-3"]),
            ),
            min_size=1,
            max_size=4,
        ),
        sp=st.booleans(),
    )
    def import_workers(self, n, rows, sp):
        """A CSV file with external ids; an error takes all of it back."""
        community = self._community(n)
        fields = ["id", "name", "ref", "worker_type", "partner_latitude"]
        fields += ["partner_longitude", "crowd_radius_km"]
        fields += ["crowd_membership_ids/community_id/.id", "crowd_membership_ids/id"]
        lines = [
            [
                "machine.worker%d" % number,
                "Imported %d" % number,
                self.case.names[0],
                "friend",
                lat,
                "7.4",
                km,
                str(community.id),
                "machine.member%d" % number,
            ]
            for number, lat, km in rows
        ]
        with self.change(sp):
            self.env["fsm.person"].load(fields, lines)

    @rule(
        n=NUMBER,
        m=NUMBER,
        k=NUMBER,
        day=st.sampled_from(["", "2026-03-04", "bad"]),
        sp=st.booleans(),
    )
    def import_skills(self, n, m, k, day, sp):
        values = self._line_values(m)
        if not all(values.values()):
            return
        fields = ["id", "person_id/.id", "skill_id/.id", "skill_type_id/.id"]
        fields += ["skill_level_id/.id", "valid_until"]
        line = ["machine.line%d" % k, str(self._worker(n).id)]
        line += [str(values[name[:-4]]) for name in fields[2:5]]
        with self.change(sp):
            self.env["fsm.person.skill"].load(fields, [line + [day]])

    # ------------------------------------------------------------------
    # memberships and communities
    # ------------------------------------------------------------------

    def _join(self, worker, number, **values):
        vals = {"worker_id": worker.id, "community_id": self._community(number).id}
        return self.env["crowd.membership"].create(dict(vals, **values))

    @rule(n=NUMBER, m=NUMBER, state=st.sampled_from(["active", "applied", "left"]))
    def join(self, n, m, state):
        with self.change():
            self._join(self._worker(n), m, state=state)

    @rule(n=NUMBER, m=NUMBER, command=st.sampled_from([0, 1, 2, 5]), sp=st.booleans())
    def members_by_commands(self, n, m, command, sp):
        worker = self._worker(n)
        lines = worker.crowd_membership_ids[:1]
        if command and not lines:
            return
        vals = {"community_id": self._community(m).id}
        commands = {0: (0, 0, vals), 1: (1, lines.id, vals), 2: (2, lines.id), 5: (5,)}
        with self.change(sp):
            worker.write({"crowd_membership_ids": [commands[command]]})

    @rule(n=NUMBER, button=st.sampled_from(BUTTONS), sp=st.booleans())
    def press(self, n, button, sp):
        with self.change(sp):
            getattr(self._member(n), "action_" + button)()

    @rule(n=NUMBER, sp=st.booleans())
    def leave_for_good(self, n, sp):
        with self.change(sp):
            self._member(n).unlink()

    @rule(n=NUMBER, m=NUMBER, worker=st.booleans(), sp=st.booleans())
    def move_member(self, n, m, worker, sp):
        with self.change(sp):
            member = self._member(n)
            if worker:
                member.worker_id = self._worker(m)
            else:
                member.community_id = self._community(m)

    @rule(n=NUMBER, active=st.booleans(), sp=st.booleans())
    def archive_community(self, n, active, sp):
        with self.change(sp):
            self._community(n).active = active

    @rule(n=NUMBER, b=st.booleans(), sp=st.booleans())
    def community_of_other_company(self, n, b, sp):
        company = self.case.company_b if b else self.case.company_a
        with self.change(sp):
            self._community(n).company_id = company

    @rule(n=NUMBER, sp=st.booleans())
    def delete_community(self, n, sp):
        with self.change(sp):
            self._community(n).unlink()

    @rule(n=NUMBER, stars=STARS, ratings=st.integers(0, 4), jobs=st.integers(0, 3))
    def measure(self, n, stars, ratings, jobs):
        with self.change():
            self._member(n).write(
                {
                    "quality": stars,
                    "quality_count": ratings,
                    "job_count": jobs,
                    "solved_count": jobs // 2,
                }
            )

    @rule(everybody=st.booleans())
    def measure_again(self, everybody):
        """Ratings and jobs say what the numbers have to be."""
        with self.change():
            members = self.env["crowd.membership"]
            members._measure_all() if everybody else self._member(0)._measure()

    @rule(star=MEAN, success=MEAN, response=MEAN, b=st.booleans())
    def means(self, star, success, response, b):
        company = self.case.company_b if b else self.case.company_a
        with self.change():
            company.write(
                {
                    "crowd_mean_stars": 5 * star,
                    "crowd_mean_success": success,
                    "crowd_mean_response": response,
                }
            )

    @rule()
    def means_again(self):
        with self.change():
            self.env["res.company"]._crowd_measure()

    # ------------------------------------------------------------------
    # skills and languages
    # ------------------------------------------------------------------

    @rule(n=NUMBER, m=NUMBER, command=COMMANDS, sp=st.booleans())
    def skills_by_commands(self, n, m, command, sp):
        worker = self._worker(n)
        line = worker.skill_ids[:1]
        if command in (1, 2) and not line:
            return
        vals = self._line_values(m)
        commands = {0: (0, 0, vals), 1: (1, line.id, vals), 2: (2, line.id), 5: (5,)}
        commands[6] = (6, 0, line.ids)
        with self.change(sp):
            worker.write({"skill_ids": [commands[command]]})

    @rule(n=NUMBER, m=NUMBER, days=DAYS)
    def learn(self, n, m, days):
        with self.change():
            vals = dict(self._line_values(m), person_id=self._worker(n).id)
            if days is not None:
                vals["valid_until"] = date(2026, 3, 4) + timedelta(days=days)
            self.env["fsm.person.skill"].create(vals)

    @rule(n=NUMBER, days=DAYS, sp=st.booleans())
    def renew(self, n, days, sp):
        day = days is not None and date(2026, 3, 4) + timedelta(days=days)
        with self.change(sp):
            self._line(n).valid_until = day

    @rule(n=NUMBER, m=NUMBER, sp=st.booleans())
    def give_skill_away(self, n, m, sp):
        with self.change(sp):
            self._line(n).person_id = self._worker(m)

    @rule(n=NUMBER, sp=st.booleans())
    def unlearn(self, n, sp):
        with self.change(sp):
            self._line(n).unlink()

    @rule(n=NUMBER, m=NUMBER, sp=st.booleans())
    def other_level(self, n, m, sp):
        with self.change(sp):
            self._line(n).skill_level_id = self._level(m)

    @rule(n=NUMBER, progress=st.sampled_from([0, 7, 100, 40000, -2]), sp=st.booleans())
    def worth_of_level(self, n, progress, sp):
        with self.change(sp):
            self._level(n).level_progress = progress

    @rule(
        n=NUMBER,
        model=st.sampled_from(["hr.skill", "hr.skill.level", "hr.skill.type"]),
        unused=st.booleans(),
        sp=st.booleans(),
    )
    def delete_skill(self, n, model, unused, sp):
        """Refused while somebody has it."""
        with self.change(sp):
            skill = self._skill(n)
            if unused:
                lines = [("skill_type_id", "=", skill.skill_type_id.id)]
                self.env["fsm.person.skill"].search(lines).unlink()
            {
                "hr.skill": skill,
                "hr.skill.level": self._level(n),
                "hr.skill.type": skill.skill_type_id,
            }[model].unlink()

    @rule(n=NUMBER, m=NUMBER, command=st.sampled_from([3, 4, 5, 6]), sp=st.booleans())
    def speak(self, n, m, command, sp):
        language = self._language(m)
        if not language:
            return
        commands = {3: (3, language.id), 4: (4, language.id), 5: (5,)}
        commands[6] = (6, 0, language.ids)
        with self.change(sp):
            self._worker(n).crowd_language_ids = [commands[command]]

    @rule(n=NUMBER, sp=st.booleans())
    def delete_language(self, n, sp):
        with self.change(sp):
            self._language(n).unlink()

    # ------------------------------------------------------------------
    # merges and history
    # ------------------------------------------------------------------

    @rule(n=NUMBER, m=NUMBER, sp=st.booleans())
    def merge_partners(self, n, m, sp):
        first, second = self._worker(n).partner_id, self._worker(m).partner_id
        if first == second:
            return
        with self.change(sp):
            wizard = self.env["base.partner.merge.automatic.wizard"]
            wizard._merge((first | second).ids, first)

    @rule(n=NUMBER, sp=st.booleans())
    def merge_stranger(self, n, sp):
        """A contact who is no worker, perhaps with a position."""
        with self.change(sp):
            stranger = self.env["res.partner"].create(
                {"name": "Stranger", "partner_latitude": 12.5 if n % 2 else 0.0}
            )
            wizard = self.env["base.partner.merge.automatic.wizard"]
            wizard._merge((self._worker(n).partner_id | stranger).ids, stranger)
            stranger.ref = self.case.names[0]

    @rule(n=NUMBER, minutes=st.sampled_from([0, 4, 29]), days=st.sampled_from([0, 100]))
    def answer(self, n, minutes, days):
        with self.change():
            offer = self.case.offers[n % len(self.case.offers)].exists()
            sent_at = NOON - timedelta(days=days, hours=n)
            answered_at = sent_at + timedelta(minutes=minutes)
            offer.write({"sent_at": sent_at, "answered_at": answered_at})
            with self.case.at(NOON):
                ids = offer.membership_id.ids if n % 2 else None
                self.env["crowd.response"]._refresh(ids)

    @rule(n=NUMBER, what=st.sampled_from(["learn", "forget", "reopen", "delete"]))
    def solve(self, n, what):
        with self.change():
            offer = self.case.offers[n % len(self.case.offers)].exists()
            experience = self.env["crowd.experience"]
            if what == "learn":
                experience._learn(offer.ticket_id.ids)
            elif what == "forget":
                experience._forget(offer.ticket_id)
            elif what == "reopen":
                offer.dispatch_id.state = "unsolved"
                experience._repair()
            else:
                experience.search([("dispatch_id", "=", offer.dispatch_id.id)]).unlink()

    # ------------------------------------------------------------------
    # savepoints
    # ------------------------------------------------------------------

    @rule(n=NUMBER, m=NUMBER, lat=LATITUDE, inner=st.booleans())
    def change_mind(self, n, m, lat, inner):
        """Changes that are taken back, and others before them that are not."""
        self._worker(n).crowd_radius_km = m
        with self.change(in_savepoint=True):
            self._worker(m).write({"partner_latitude": lat, "active": True})
            with self.env.cr.savepoint():
                self._member(n).cost_rate = 17
            if inner:
                self._line(m).unlink()
            raise RollBack

    @rule(n=NUMBER)
    def refused_in_a_case(self, n):
        self._worker(n).crowd_radius_km = n + 50
        with self.case.assertRaises(ValidationError):
            self._worker(n).write({"partner_latitude": 3.5, "crowd_radius_km": 3})
            self._worker(n).partner_latitude = 91


@tagged("post_install", "-at_install")
class TestSearchStateful(MeasuresCase):
    """The table follows every fact."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.codes = ("eo_XX", "la_XX")
        cls.env["res.lang"].create(
            [
                {"name": code, "code": code, "iso_code": code, "active": False}
                for code in cls.codes
            ]
        )
        for name in ("Machine A", "Machine B"):
            cls.env["hr.skill.type"].create(
                {
                    "name": name,
                    "skill_ids": [(0, 0, {"name": name + " %d" % n}) for n in (1, 2)],
                    "skill_level_ids": [
                        (0, 0, {"name": str(n), "level_progress": n}) for n in (30, 60)
                    ],
                }
            )
        cls.names = ["machine-worker"]
        cls.empty = cls._create_community("Without members")
        cls.second = cls._create_community("Second of A")
        cls._set_up_workers()

    @classmethod
    def _set_up_workers(cls):
        ref = {"ref": cls.names[0]}
        cls.first = cls._create_worker("First", **ref)
        cls._create_worker("Second", position=False, community=cls.second, **ref)
        cls._create_worker("In both companies", community=cls.community_b, **ref)
        cls._create_worker("In none", community=False, **ref)
        cls._create_worker("Tech", "technician", **ref)
        workers = cls.env["fsm.person"].search([("partner_id.ref", "=", cls.names[0])])
        cls._create_membership(workers[2], cls.community, state="paused")
        skills = cls.env["hr.skill"].search([("name", "like", "Machine")])
        cls.env["fsm.person.skill"].create(
            [
                {
                    "person_id": worker.id,
                    "skill_id": skill.id,
                    "skill_type_id": skill.skill_type_id.id,
                    "skill_level_id": skill.skill_type_id.skill_level_ids[0].id,
                }
                for worker, skill in zip(workers, skills)
            ]
        )
        cls.crowd = cls.env["fsm.person"].browse()
        for number in range(50):
            cls.crowd |= cls._create_worker("Crowd %d" % number)

    def setUp(self):
        super().setUp()
        self.offers = self._create_job() | self._create_job(self.beat)
        self.offers |= self._create_job(self.first)
        self.offers |= self._create_offer(self.first, "declined", 3)

    def test_machine(self):
        machine = type("Machine", (SearchMachine,), {"case": self})
        run_state_machine_as_test(machine, settings=SETTINGS)
