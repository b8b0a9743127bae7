from datetime import datetime

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tests.common import Form
from odoo.tools import mute_logger

from ..matching import PARTS, STANDARD_WEIGHTS
from .common import CrowdCase

ONLY_DISTANCE = {"weight_" + part: 100 if part == "distance" else 0 for part in PARTS}


@tagged("post_install", "-at_install")
class TestScoringSettings(CrowdCase):
    """What counts how much: for a company, for a team, or by the standard."""

    def setUp(self):
        super().setUp()
        self.scoring = self.env["crowd.scoring"]

    def _create_scoring(self, team=None, company=None, **values):
        return self.scoring.create(
            dict(
                {
                    "name": "Scoring",
                    "company_id": (company or self.company_a).id,
                    "team_id": team.id if team else False,
                },
                **values,
            )
        )

    def _get(self, team=None, company=None):
        return self.scoring._get_weights(
            (company or self.company_a).id, team.id if team else False
        )

    def test_standard(self):
        self.assertEqual(self._get(self.team), STANDARD_WEIGHTS)
        self.assertEqual(tuple(self._get()), PARTS)

    def test_a_new_scoring_is_the_standard(self):
        self._create_scoring()
        self.assertEqual(self._get(), STANDARD_WEIGHTS)

    def test_team_before_company_before_standard(self):
        self._create_scoring(weight_cost=80)
        of_company = self._get()
        self.assertEqual(self._get(self.team), of_company)
        self._create_scoring(self.team, **ONLY_DISTANCE)
        self.assertEqual(self._get(self.team)["distance"], 100.0)
        self.assertEqual(self._get(), of_company)
        self.assertEqual(self._get(company=self.company_b), STANDARD_WEIGHTS)

    def test_points_are_a_hundred(self):
        self._create_scoring(weight_distance=100, weight_quality=7, weight_cost=0)
        weights = self._get()
        self.assertAlmostEqual(sum(weights.values()), 100.0)
        self.assertAlmostEqual(weights["distance"] / weights["quality"], 100 / 7)
        self.assertEqual(weights["cost"], 0.0)

    def test_shares_are_told_while_they_are_typed(self):
        form = Form(self.scoring.with_user(self.manager))
        self.assertIn("Near the customer 30, Good work 20", form.shares)
        form.weight_distance = 100
        self.assertIn("Near the customer 59, Good work 12", form.shares)

    def test_every_change_is_seen_at_once(self):
        self.assertEqual(self._get()["distance"], 30.0)
        scoring = self._create_scoring(**ONLY_DISTANCE)
        self.assertEqual(self._get()["distance"], 100.0)
        scoring.weight_cost = 100
        self.assertEqual(self._get()["distance"], 50.0)
        scoring.toggle_active()
        self.assertEqual(self._get()["distance"], 30.0)
        scoring.toggle_active()
        self.assertEqual(self._get()["distance"], 50.0)
        scoring.unlink()
        self.assertEqual(self._get()["distance"], 30.0)

    def test_asking_again_costs_nothing(self):
        self._create_scoring()
        self._get(self.team)
        with self.assertQueryCount(0):
            self._get(self.team)

    def test_what_one_asker_does_with_the_answer_is_his(self):
        self._get()["distance"] = 0.0
        self.assertEqual(self._get(), STANDARD_WEIGHTS)

    def test_nothing_counts(self):
        with self.assertRaisesRegex(ValidationError, "Something must count"):
            self._create_scoring(**dict(ONLY_DISTANCE, weight_distance=0))

    @mute_logger("odoo.sql_db")
    def test_numbers_have_limits(self):
        for number in (-1, 101):
            with self.assertRaises(IntegrityError), self.cr.savepoint():
                self._create_scoring(weight_cost=number)

    @mute_logger("odoo.sql_db")
    def test_one_per_company_and_team(self):
        for team in (None, self.team):
            first = self._create_scoring(team)
            self._create_scoring(team, active=False)
            with self.assertRaises(IntegrityError) as error, self.cr.savepoint():
                self._create_scoring(team)
            # those that Odoo tells in the words of the model
            told = self.registry._sql_constraints
            self.assertIn(error.exception.diag.constraint_name, told)
            first.active = False
            first.flush()
            self._create_scoring(team)
            with self.assertRaises(IntegrityError), self.cr.savepoint():
                first.active = True
                first.flush()

    def test_team_of_another_company(self):
        with self.assertRaises(UserError):
            self._create_scoring(self.team, self.company_b)

    def test_match_asks_for_everybody(self):
        """The ranking does not depend on who looks at it."""
        self._create_scoring(**ONLY_DISTANCE)
        for user in (self.agent, self.agent_b, self.technician):
            weights = self.scoring.with_user(user)._get_weights(self.company_a.id)
            self.assertEqual(weights["distance"], 100.0)


@tagged("post_install", "-at_install")
class TestScoringRights(CrowdCase):
    """Agents may know what counts, managers of the company decide it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scoring = cls.env["crowd.scoring"].create(
            {"name": "Of A", "company_id": cls.company_a.id}
        )

    def _as(self, user):
        self.scoring.invalidate_cache()
        return self.scoring.with_user(user)

    def test_agent_reads(self):
        self.assertEqual(self._as(self.agent).name, "Of A")

    def test_technician_does_not_read(self):
        with self.assertRaises(AccessError):
            self._as(self.technician).read(["name"])

    def test_dispatcher_does_not_write(self):
        with self.assertRaises(AccessError):
            self._as(self.dispatcher).write({"weight_cost": 1})

    def test_dispatcher_does_not_create(self):
        with self.assertRaises(AccessError):
            self._as(self.dispatcher).create({"name": "Mine"})

    def test_dispatcher_does_not_delete(self):
        with self.assertRaises(AccessError):
            self._as(self.dispatcher).unlink()

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_manager_of_another_company(self):
        self.assertFalse(
            self._as(self.manager_b).search([("id", "=", self.scoring.id)])
        )
        for act in (
            lambda scoring: scoring.read(["name"]),
            lambda scoring: scoring.write({"weight_cost": 1}),
            lambda scoring: scoring.unlink(),
            lambda scoring: scoring.create(
                {"name": "X", "company_id": self.company_a.id, "team_id": self.team.id}
            ),
        ):
            with self.assertRaises(AccessError):
                act(self._as(self.manager_b))

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_manager_cannot_push_it_into_another_company(self):
        with self.assertRaises(AccessError):
            self._as(self.manager).write({"company_id": self.company_b.id})


@tagged("post_install", "-at_install")
class TestNewFacts(CrowdCase):
    """Certificates, languages and costs on the screens."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.worker = cls._create_worker("Anna", membership={"cost_rate": 30.0})

    def test_validity_is_told_by_the_day(self):
        skill = self.worker.skill_ids
        for until, validity in (
            (False, "unlimited"),
            ("2026-02-28", "expired"),
            ("2026-03-01", "soon"),
            ("2026-03-31", "soon"),
            ("2026-04-01", "valid"),
        ):
            skill.valid_until = until
            skill.invalidate_cache(["validity"])
            with self.at(datetime(2026, 3, 1, 12)):
                self.assertEqual(skill.validity, validity, until)

    def test_manager_writes_the_cost(self):
        with Form(self.worker.crowd_membership_ids.with_user(self.manager)) as form:
            form.cost_rate = 45.0
        self.assertEqual(self.worker.crowd_membership_ids.cost_rate, 45.0)

    def test_ticket_form_tells_the_language(self):
        self.company_a.crowd_match_language = True
        self.customer.lang = "en_US"
        form = Form(self.env["helpdesk.ticket"].with_user(self.agent))
        form.partner_id = self.customer
        self.assertEqual(form.crowd_language_id.code, "en_US")
