"""The search table, by example: what is easily forgotten, and two at the same time."""

import json
import math
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from psycopg2 import OperationalError, errorcodes, sql

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import common, tagged
from odoo.tools import mute_logger

from ..matching import STANDARD_WEIGHTS
from ..matching.cells import band_of, cell_of
from ..matching.scoring import UNASKED_RESPONSE
from ..models.crowd_clock import simulated_clock
from ..models.crowd_response import bucket_sql
from ..models.crowd_worker_search_facts import PENDING
from .matcher_common import MatcherCase
from .measures_common import NOON, MeasuresCase


@tagged("post_install", "-at_install")
class TestSearchTable(MatcherCase):
    """After each change the table equals what a rebuild would make."""

    def setUp(self):
        super().setUp()
        self.table = self.env["crowd.worker.search"]

    def assertCurrent(self):
        self.env["base"].flush()
        self.table._sync_pending()
        self.assertEqual(self.table._drifted(), [])

    def _rows(self, worker):
        """Return ``{qualification: (valid until, level)}`` of a worker."""
        self.assertCurrent()
        self.env.cr.execute(
            "SELECT qualification, valid_until::text, level FROM crowd_worker_search"
            " WHERE worker_id = %s",
            worker.ids,
        )
        return {row[0]: row[1:] for row in self.env.cr.fetchall()}

    def test_each_fact_alone(self):
        """The table differs from the facts until it is brought up to date."""
        second = self._create_community("Second of A")
        worker = self._create_worker("Anna", membership={"job_count": 9})
        member, line, partner = (
            worker.crowd_membership_ids,
            worker.skill_ids,
            worker.partner_id,
        )
        languages = self.env["res.lang"].search([], limit=1)
        other = self.env["res.partner"].create({"name": "O", "partner_latitude": 3})
        for record, name, value in (
            (member, "community_id", second.id),
            (member, "quality_count", 2),
            (member, "quality", 2.5),
            (member, "solved_count", 3),
            (member, "job_count", 4),
            (member, "cost_rate", 12),
            (member, "capacity", 5),
            (member, "state", "paused"),
            (member, "state", "active"),
            (worker, "crowd_radius_km", 17),
            (worker, "crowd_language_ids", [(6, 0, languages.ids)]),
            (worker, "is_located", False),
            (worker, "is_located", True),
            (worker, "active", False),
            (worker, "active", True),
            (line, "skill_level_id", self._level(80).id),
            (line, "valid_until", date(2026, 3, 4)),
            (line, "skill_id", self.skill_tv.id),
            (self._level(80), "level_progress", 81),
            (partner, "partner_latitude", 12.5),
            (partner, "partner_longitude", 12.5),
            (self.company_a, "crowd_mean_stars", 4.5),
            (self.company_a, "crowd_mean_success", 0.6),
            (self.company_a, "crowd_mean_response", 0.9),
            (second, "active", False),
            (second, "active", True),
            (worker, "partner_id", other.id),
        ):
            with self.subTest(model=record._name, field=name, value=value):
                self.assertCurrent()
                record.write({name: value})
                self.env["base"].flush()
                self.assertIn(member.id, self.table._drifted(), "it is a fact")
                self.assertCurrent()

    def test_each_fact_of_costs(self):
        """A member's cost per hour counts, whatever happens to its line."""
        worker = self._create_worker("Anna", membership={"cost_rate": 12.0})
        member = worker.crowd_membership_ids
        other = self._create_worker("Berta").crowd_membership_ids
        line = self.env["crowd.cost"].search([("membership_id", "=", member.id)])
        for name, value, drifted in (
            ("amount", 13.0, member),
            ("basis", "job", member),
            ("basis", "hour", member),
            ("service_id", self.service.id, member),
            ("service_id", False, member),
            ("membership_id", other.id, member | other),
        ):
            with self.subTest(field=name, value=value):
                self.assertCurrent()
                line.write({name: value})
                self.env["base"].flush()
                self.assertEqual(self.table._drifted(), sorted(drifted.ids))
                self.assertCurrent()
        line.unlink()
        self.assertEqual(self.table._drifted(), other.ids)
        self.assertCurrent()
        values = {"company_id": self.company_a.id, "worker_type": "friend"}
        self.env["crowd.cost"].create(dict(values, amount=50.0))
        self.assertEqual(self.table._drifted(), [], "kinds of workers do not rank")

    @mute_logger("odoo.sql_db")
    def test_import_of_costs(self):
        member = self._create_worker("Anna").crowd_membership_ids
        row = [str(self.company_a.id), str(member.id), "45"]
        names = ["company_id/.id", "membership_id/.id", "amount"]
        costs = self.env["crowd.cost"]
        self.assertTrue(costs.load(names, [row])["ids"])
        self.assertCurrent()
        self.assertEqual(self._cost_in_table(member), 4500)
        self.assertFalse(costs.load(names, [row])["ids"], "one line per scope")
        self.assertCurrent()

    def _cost_in_table(self, member):
        self.env.cr.execute(
            "SELECT DISTINCT cost_rate FROM crowd_worker_search"
            " WHERE membership_id = %s",
            member.ids,
        )
        return self.env.cr.fetchone()[0]

    def test_one_row_per_skill_and_language(self):
        languages = self.env["res.lang"].search([], limit=1)
        worker = self._create_worker(
            "Anna",
            skills={self.skill_wlan: 50, self.skill_tv: 80},
            crowd_language_ids=[(6, 0, languages.ids)],
        )
        wlan, tv = self.skill_wlan.id, self.skill_tv.id
        rows = self._rows(worker)
        self.assertEqual(set(rows), {0, wlan, tv, -10 - languages.id})
        self.assertEqual(rows[tv], ("infinity", 80))

    def test_only_who_could_be_asked_has_rows(self):
        worker = self._create_worker("Anna")
        member = worker.crowd_membership_ids
        member.action_pause()
        self.assertEqual(set(self._rows(worker)), {-1}, "could become active")
        member.action_activate()
        self.assertEqual(set(self._rows(worker)), {0, self.skill_wlan.id})
        self.community.active = False
        self.assertFalse(self._rows(worker))
        self.community.active = True
        member.action_leave()
        self.assertFalse(self._rows(worker))

    def test_certificates_end_without_a_write(self):
        worker = self._create_worker("Anna")
        worker.skill_ids.valid_until = date(2026, 3, 4)
        rows = self._rows(worker)
        self.assertEqual(rows[self.skill_wlan.id], ("2026-03-04", 50))
        for moment, ranked in (
            (datetime(2026, 3, 4, 23, 59), worker.ids),
            (datetime(2026, 3, 5, 0, 0), []),
        ):
            with self.at(moment):
                self.assertEqual(self._ranked(), ranked)
                self.assertEqual(self._rows(worker), rows, "nobody had to write")
        with self.at(datetime(2026, 3, 6)):
            (near,) = self.matcher._match(self.ticket).near_misses
        self.assertEqual(near.excluded_reason, "expired")

    def test_merge_with_somebody_who_is_no_member(self):
        """His skills and languages come by SQL."""
        kept = self._create_worker("Kept", position=False)
        languages = self.env["res.lang"].search([], limit=1)
        other = self._create_worker(
            "Other",
            position=False,
            community=False,
            skills={self.skill_tv: 80},
            crowd_language_ids=[(6, 0, languages.ids)],
        )
        self.assertCurrent()
        both = kept.partner_id | other.partner_id
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard._merge(both.ids, kept.partner_id)
        self.env["base"].invalidate_cache()
        self.assertIn(self.skill_tv, kept.skill_ids.skill_id)
        self.assertIn(self.skill_tv.id, self._rows(kept))
        self.assertIn(-10 - languages.id, self._rows(kept))

    def test_deleted_language(self):
        language = self.env["res.lang"].create(
            {"name": "Esperanto", "code": "eo_XX", "iso_code": "eo", "active": False}
        )
        worker = self._create_worker("Anna", crowd_language_ids=[(6, 0, language.ids)])
        self.assertIn(-10 - language.id, self._rows(worker))
        language.unlink()
        self.assertNotIn(-10 - language.id, self._rows(worker))

    def test_deleted_skill_type(self):
        worker = self._create_worker("Anna", skills={self.skill_tv: 80})
        worker.skill_ids.unlink()
        self.service.crowd_skill_ids.unlink()
        self.skill_type.unlink()
        self.assertEqual(set(self._rows(worker)), {0})

    def test_what_a_failed_import_leaves(self):
        """The rows of what was changed before it are not lost with it."""
        worker = self._create_worker("Anna")
        self.assertCurrent()
        worker.crowd_radius_km = 17
        with mute_logger("odoo.sql_db"):
            result = self.env["res.users"].load(
                ["id", "name", "login", "company_id/.id"],
                [
                    ["machine.one", "One", "machine-one", str(self.company_a.id)],
                    ["machine.two", "Two", "machine-two", "nothing"],
                ],
            )
        self.assertFalse(result["ids"])
        self.assertCurrent()

    def test_many_at_once_are_synced_at_once(self):
        workers = self.env["fsm.person"].browse()
        for number in range(50):
            workers |= self._create_worker("W%d" % number)
        self.assertCurrent()
        workers.write({"crowd_radius_km": 12})
        self.env["base"].flush()
        before = self.cr.sql_log_count
        self.table._sync_pending()
        self.assertLess(self.cr.sql_log_count - before, 5)
        self.assertCurrent()

    def test_nothing_to_do_writes_nothing(self):
        worker = self._create_worker("Anna")
        self.assertCurrent()
        worker.name = "Berta"
        self.assertFalse(self.cr.precommit.data.get(PENDING))
        self.assertEqual(self.table._rebuild(), 0)

    def test_drift_is_found_and_mended(self):
        worker = self._create_worker("Anna")
        self.assertCurrent()
        self.env.cr.execute(
            "UPDATE fsm_person SET crowd_radius_km = 99 WHERE id = %s", worker.ids
        )
        member = worker.crowd_membership_ids
        self.assertEqual(self.table._drifted(), member.ids)
        self.assertEqual(self.table._rebuild(), 2)
        self.assertCurrent()

    def test_indexes_are_there(self):
        self.env.cr.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'crowd_worker_search'"
        )
        names = {row[0] for row in self.env.cr.fetchall()}
        prefix = "crowd_worker_search_"
        self.assertLessEqual({prefix + n for n in ("member", "cover", "wide")}, names)


@tagged("post_install", "-at_install")
class TestSearchTableAtOnce(common.BaseCase):
    """Two transactions change facts of one worker; all of it is committed."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(common.get_db_name())
        with self._transaction() as env:
            self.worker_id = self._make_worker(env)
        self.addCleanup(self._delete)

    def _make_worker(self, env):
        company = env["res.company"].search([], limit=1)
        levels = [(0, 0, {"name": "Some", "level_progress": 50})]
        kind = env["hr.skill.type"].create(
            {
                "name": "At once",
                "skill_ids": [(0, 0, {"name": "At once"})],
                "skill_level_ids": levels,
            }
        )
        self.type_id = kind.id
        community = env["crowd.community"].create(
            {"name": "At once", "company_id": company.id}
        )
        self.community_id = community.id
        worker = env["fsm.person"].create(
            {
                "name": "At once",
                "worker_type": "friend",
                "crowd_membership_ids": [(0, 0, {"community_id": community.id})],
                "skill_ids": [
                    (
                        0,
                        0,
                        {
                            "skill_id": kind.skill_ids.id,
                            "skill_type_id": kind.id,
                            "skill_level_id": kind.skill_level_ids.id,
                        },
                    )
                ],
            }
        )
        worker.crowd_membership_ids._move("verified")
        worker.crowd_membership_ids._move("active")
        self.partner_id = worker.partner_id.id
        return worker.id

    def _delete(self):
        with self._transaction() as env:
            worker = env["fsm.person"].browse(self.worker_id)
            worker.crowd_membership_ids.unlink()
            worker.skill_ids.unlink()
            worker.unlink()
            env["res.partner"].browse(self.partner_id).unlink()
            env["crowd.community"].browse(self.community_id).unlink()
            env["hr.skill.type"].browse(self.type_id).unlink()

    def _transaction(self):
        return _Transaction(self.registry)

    def _drifted(self):
        with self._transaction() as env:
            worker = env["fsm.person"].browse(self.worker_id)
            members = worker.crowd_membership_ids.ids
            return env["crowd.worker.search"]._drifted(members)

    def _change_both(self, first, second):
        """Let two transactions that began together change something.

        :return: whether the second one had to try again
        """
        one, two = self._transaction(), self._transaction()
        with two as env_two:
            worker_two = env_two["fsm.person"].browse(self.worker_id)
            worker_two.skill_ids.mapped("valid_until")  # its snapshot is from now on
            with one as env_one:
                first(env_one["fsm.person"].browse(self.worker_id))
            try:
                with mute_logger("odoo.sql_db"):
                    second(worker_two)
                    env_two["base"].flush()
                    env_two.cr.commit()
                return False
            except OperationalError as error:
                self.assertEqual(error.pgcode, errorcodes.SERIALIZATION_FAILURE)
                two.forget()
        with self._transaction() as env:
            second(env["fsm.person"].browse(self.worker_id))
        return True

    def test_two_facts_of_one_worker(self):
        def radius(km, worker):
            worker.crowd_radius_km = km

        def skill(day, worker):
            worker.skill_ids.valid_until = day

        def rate(cost, worker):
            worker.crowd_membership_ids.cost_rate = cost

        def place(lat, worker):
            worker.partner_id.write({"partner_latitude": lat, "partner_longitude": 7})

        changes = [
            partial(radius, 12),
            partial(skill, date(2026, 3, 4)),
            partial(rate, 33),
            partial(place, 46.5),
        ]
        for first in changes:
            for second in changes:
                if first is not second:
                    with self.subTest(first=first.func, second=second.func):
                        self.assertTrue(self._change_both(first, second))
                        self.assertEqual(self._drifted(), [])

    def test_drift_without_the_guard_would_be_seen(self):
        """The comparison does see a fact that the table has not heard of."""
        with self._transaction() as env:
            env.cr.execute(
                "UPDATE fsm_person SET crowd_radius_km = 77 WHERE id = %s",
                (self.worker_id,),
            )
        self.assertTrue(self._drifted())
        with simulated_clock(NOON), self._transaction() as env:
            env["fsm.person"].browse(self.worker_id).crowd_radius_km = 5
        self.assertEqual(self._drifted(), [])


class _Transaction:
    """A cursor of its own, committed at the end unless something went wrong."""

    def __init__(self, registry):
        self._registry = registry

    def __enter__(self):
        self._cr = self._registry.cursor()
        context = {"tracking_disable": True, "mail_create_nolog": True}
        # as the server does it: `all` has no environments of other transactions
        self._manager = api.Environment.manage()
        self._manager.__enter__()
        self._env = api.Environment(self._cr, SUPERUSER_ID, context)
        return self._env

    def forget(self):
        """Roll back, and drop what was to be written."""
        self._cr.rollback()
        self._env.clear()

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                self._env["base"].flush()
                self._cr.commit()  # pylint: disable=invalid-commit
            else:
                self.forget()
        finally:
            self._manager.__exit__(None, None, None)
            self._cr.close()


@tagged("post_install", "-at_install")
class TestVectors(MeasuresCase):
    """The numbers that the pure rules give are those of the search table."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        vectors = Path(__file__).parent / "vectors" / "matching.json"
        cls.table = json.loads(vectors.read_text())
        cls.service.write(
            {
                "crowd_skill_ids": [(5,)],
                "list_price": cls.table["price"],
                "crowd_minutes": cls.table["minutes"],
                "crowd_radius_km": cls.table["radius_km"],
            }
        )
        cls.ticket = cls._create_ticket("Router")

    def _member(self, row):
        """Return the membership of somebody with these facts."""
        worker = self._create_worker(row["name"], km=row["km"], skills={})
        member = worker.crowd_membership_ids
        facts = dict(row["facts"])
        asked, answered = facts.pop("response_count"), facts.pop("response_sum")
        if asked:
            self.env["crowd.response"].create(
                {
                    "membership_id": member.id,
                    "company_id": self.company_a.id,
                    "bucket": 2,
                    "week_part": "2",
                    "asked_count": asked,
                    "response_sum": answered,
                }
            )
        for _ticket in range(facts.pop("similar_count")):
            self._solve(worker)
        member.write(dict(facts, capacity=99))
        return member

    def _solve(self, worker):
        ticket = self._create_ticket("Router")
        self._create_job(worker, ticket=ticket, sent_at=NOON - timedelta(days=30))
        ticket.crowd_dispatch_id.service_id = self.service
        self.env["crowd.experience"]._learn(ticket.ids)

    def _set_means(self, row):
        means = row["means"]
        self.company_a.write(
            {
                "crowd_mean_" + name: means.get(name, 0.0)
                for name in ("stars", "success", "response")
            }
        )

    def test_a_response_without_numbers_is_the_mean(self):
        self._set_means({"means": {}})
        worker = self._create_worker("Unknown", skills={})
        member = worker.crowd_membership_ids
        self.env["crowd.response"].create(
            {
                "membership_id": member.id,
                "company_id": self.company_a.id,
                "bucket": 2,
                "week_part": "2",
            }
        )
        self.env["crowd.worker.search"]._sync_pending()
        self.env.cr.execute(
            "SELECT responses >> 16 & 127 FROM crowd_worker_search"
            " WHERE membership_id = %s",
            member.ids,
        )
        self.assertEqual(self.env.cr.fetchone()[0], 50)

    def test_members(self):
        for row in self.table["members"]:
            if "load" not in row and "preference" not in row:
                with self.subTest(row["name"]), self.at(NOON):
                    self._check_member(row)

    def _check_member(self, row):
        self._set_means(row)
        member = self._member(row)
        found = self.env["crowd.matcher"]._explain(self.ticket, member.worker_id)
        self.assertAlmostEqual(found.score, row["score"], delta=0.01)
        for part, share in row["shares"].items():
            points = STANDARD_WEIGHTS[part] * share
            self.assertAlmostEqual(found.parts[part], points, delta=0.01)
        self._check_columns(row, member)
        self._check_bound(member, found.score)
        member.worker_id.active = False

    def _check_columns(self, row, member):
        self.env["crowd.worker.search"]._sync_pending()
        self.env.cr.execute(
            "SELECT * FROM crowd_worker_search"
            " WHERE membership_id = %s AND qualification = 0",
            member.ids,
        )
        (found,) = self.env.cr.dictfetchall()
        shares, facts = row["shares"], row["facts"]
        quality = math.ceil(round(10000 * shares["quality"], 3))
        self.assertIn(found["quality"] - quality, (0, 1))
        percent = found["responses"] >> 8 * 2 & 127
        self.assertIn(percent - math.ceil(round(100 * shares["response"], 3)), (0, 1))
        self.assertEqual(found["tickets"], facts["similar_count"])
        self.assertEqual(found["ratings"], min(3, facts["quality_count"]))
        self.assertEqual(found["cost_rate"], round(100 * facts["cost_rate"]))
        band = band_of(found["lat"])
        self.assertEqual(found["band"], band)
        self.assertEqual(found["cell"], cell_of(found["lon"], band))
        mean = row["means"].get("response", UNASKED_RESPONSE)
        best = dict(shares, response=max(shares["response"], mean), cost=1.0)
        for part in ("distance", "preference"):
            del best[part]
        potential = sum(STANDARD_WEIGHTS[part] * best[part] for part in best)
        self.assertAlmostEqual(found["potential"], potential, delta=0.01)

    def _check_bound(self, member, score):
        matcher = self.env["crowd.matcher"]
        ask = matcher._read_ask(self.ticket)
        self.env.cr.execute(*matcher._find_field(ask).scan(1000, -1.0))
        bounds = {row[0]: row[2] for row in self.env.cr.fetchall()}
        self.assertGreaterEqual(bounds[member.id], score - 1e-6)
        self.assertLessEqual(bounds[member.id], score + 0.5)

    def test_cells(self):
        worker = self._create_worker("Traveller")
        for row in self.table["cells"]:
            with self.subTest(row):
                worker.write(
                    {"partner_latitude": row["lat"], "partner_longitude": row["lon"]}
                )
                self.env["base"].flush()
                self.env["crowd.worker.search"]._sync_pending()
                self.env.cr.execute(
                    "SELECT DISTINCT band, cell FROM crowd_worker_search"
                    " WHERE worker_id = %s",
                    worker.ids,
                )
                self.assertEqual(self.env.cr.fetchall(), [(row["band"], row["cell"])])

    def test_buckets(self):
        query = sql.SQL("SELECT {} FROM (SELECT %s::timestamp AS moment) t").format(
            bucket_sql("moment")
        )
        for row in self.table["buckets"]:
            self.env.cr.execute(query, (row["moment"],))
            self.assertEqual(self.env.cr.fetchone()[0], row["bucket"], row)
