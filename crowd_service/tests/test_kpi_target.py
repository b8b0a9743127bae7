from datetime import timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .kpi_common import KpiCase

ACTIVITY = "crowd_service.mail_activity_kpi"


@tagged("post_install", "-at_install")
class TestKpiTarget(KpiCase):
    def setUp(self):
        super().setUp()
        self.target = self._create_target(70)

    def _create_target(self, value, code="within_10", **values):
        defaults = {
            "kpi_id": self.kpis.filtered(lambda k: k.code == code).id,
            "company_id": self.company_a.id,
            "value": value,
            "owner_id": self.manager.id,
        }
        return self.env["crowd.kpi.target"].create(dict(defaults, **values))

    def _accepted(self, *minutes, team=None, back=timedelta()):
        """Create a dispatch for each of ``minutes`` until it was accepted."""
        for number in minutes:
            with self.at(self.now - back):
                ticket = self._create_ticket(team_id=(team or self.team).id)
                dispatch = ticket._crowd_open_dispatch()
            dispatch.write({"state": "offered", "offered_at": self.now - back})
            dispatch.write({"minutes_to_accept": number})

    def _activities(self, target=None):
        return (target or self.target).activity_ids

    def test_one_activity_while_it_is_missed(self):
        self._accepted(5, 500)
        jobs = self.env["crowd.kpi.target"]
        jobs._job_check_all()
        activity = self._activities()
        self.assertEqual(activity.user_id, self.manager)
        self.assertEqual(activity.activity_type_id, self.env.ref(ACTIVITY))
        self.assertIn("50.0 %", str(activity.note))
        self.assertIn("at least 70.0 %", str(activity.note))
        jobs._job_check_all()
        self.assertEqual(self._activities(), activity)
        alert = self.target.alert_ids
        self.assertEqual((alert.figure, alert.closed_at), ("50.0 %", False))
        self._accepted(1, 1, 1, 1)
        jobs._job_check_all()
        self.assertFalse(self._activities())
        self.assertTrue(alert.closed_at)
        self.assertEqual(self.target.state, "good")
        self.assertIn("The figure is back", str(self.target.message_ids.mapped("body")))
        self._accepted(*[999] * 9)
        jobs._job_check_all()
        self.assertEqual(len(self.target.alert_ids), 2)
        self.assertEqual(len(self._activities()), 1)

    def test_near_is_no_alert(self):
        self.target.margin = 30
        self._accepted(5, 500)
        self.target.action_check()
        self.assertEqual((self.target.state, self.target.figure), ("near", "50.0 %"))
        self.assertFalse(self._activities())

    def test_nothing_measured_changes_nothing(self):
        self._accepted(500)
        self.target.action_check()
        self.env["crowd.dispatch"].search(
            [("company_id", "=", self.company_a.id)]
        ).write({"offered_at": False})
        self.target.action_check()
        self.assertEqual((self.target.state, self.target.figure), ("none", "–"))
        self.assertEqual(len(self._activities()), 1)

    def test_the_rows_behind_it(self):
        self._accepted(5)
        self._accepted(500, team=self.team_2)
        target = self._create_target(90, team_id=self.team_2.id)
        target.action_check()
        self.assertEqual(target.figure, "0.0 %")
        rows = self._rows(target.with_user(self.manager).action_open_rows())
        self.assertEqual(rows.team_id, self.team_2)
        self.assertEqual(len(rows), 1)

    def test_its_own_period(self):
        self._accepted(500, back=timedelta(days=60))
        self.target.action_check()
        self.assertEqual(self.target.state, "none")
        self.target.period = "year"
        self.target.action_check()
        self.assertEqual(self.target.state, "bad")

    def test_the_most_special_target_is_shown(self):
        self._create_target(10, team_id=self.team.id)
        self._create_target(20, team_id=self.team.id, service_id=self.service.id)
        shown = "at least %s.0 %%"
        self.assertEqual(self._kpi("within_10").target_text, shown % 70)
        of_team = self._kpi("within_10", team=self.team.id)
        self.assertEqual(of_team.target_text, shown % 10)
        special = self._kpi("within_10", team=self.team.id, service=self.service.id)
        self.assertEqual(special.target_text, shown % 20)
        other = self._kpi("within_10", team=self.team_2.id, service=self.service.id)
        self.assertEqual(other.target_text, shown % 70)

    def test_who_may_own_it(self):
        self.target.owner_id = self.dispatcher
        for owner in (self.agent, self.manager_b):
            with self.assertRaises(ValidationError):
                self.target.owner_id = owner
        with self.assertRaises(ValidationError):
            self._create_target(1, "saving", owner_id=self.dispatcher.id)

    def test_the_owner_changes_or_leaves(self):
        self._accepted(500)
        self.target.action_check()
        self.target.owner_id = self.dispatcher
        self.assertEqual(self._activities().user_id, self.dispatcher)
        other = self._create_target(90, "within_60", owner_id=self.dispatcher.id)
        self.dispatcher.active = False
        other.action_check()
        self.assertEqual(self._activities(other).user_id, self.manager)

    def test_an_archived_target_has_no_alert(self):
        self._accepted(500)
        self.target.action_check()
        self.target.with_user(self.manager).active = False
        self.assertFalse(self._activities())
        self.assertTrue(self.target.alert_ids.closed_at)

    def test_one_per_scope(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            with self.env.cr.savepoint():
                self._create_target(5)

    def test_members_have_no_scope(self):
        self._create_target(5, "active")
        with self.assertRaises(ValidationError):
            self._create_target(5, "gini", team_id=self.team.id)

    def test_rights(self):
        mine = self.target.with_user(self.dispatcher)
        self.assertEqual(mine.value, 70)
        for call in (
            lambda: mine.write({"value": 1}),
            mine.action_check,
            mine.unlink,
        ):
            with self.assertRaises(AccessError):
                call()
        cost = self._create_target(0, "saving")
        with self.assertRaises(AccessError):
            cost.with_user(self.dispatcher).read(["figure"])
        with self.assertRaises(AccessError):
            self.target.with_user(self.manager_b).read(["value"])
        with self.assertRaises(AccessError):
            self.target.with_user(self.agent).read(["value"])

    def test_the_form(self):
        form = Form(self.env["crowd.kpi.target"].with_user(self.manager))
        form.kpi_id = self.kpis.filtered(lambda k: k.code == "stars")
        form.value = 4.5
        target = form.save()
        self.assertEqual(target.owner_id, self.manager)
        self.assertEqual(target.company_id, self.company_a)
        self.assertEqual(target.name, "Stars for workers")


@tagged("post_install", "-at_install")
class TestDigest(KpiCase):
    def setUp(self):
        super().setUp()
        self.digest = self.env["digest.digest"].create(
            {
                "name": "Crowd",
                "company_id": self.company_a.id,
                "user_ids": [(6, 0, self.manager.ids)],
                "kpi_crowd_within_10": True,
                "kpi_crowd_stars": True,
            }
        )

    def _kpis(self, user):
        found = self.digest.with_user(user).compute_kpis(self.company_a, user)
        return {kpi["kpi_name"]: kpi for kpi in found}

    def _accept(self, minutes):
        # not yesterday: Odoo's digest begins its days by UTC, the company in its zone
        moment = self.now - timedelta(days=2)
        with self.at(moment):
            dispatch = self._create_dispatch()
        dispatch.write({"state": "offered", "offered_at": moment})
        dispatch.write({"minutes_to_accept": minutes})

    def test_figures_with_their_units(self):
        self._accept(5)
        self._accept(50)
        kpis = self._kpis(self.manager)
        self.assertEqual(kpis["kpi_crowd_within_10"]["kpi_col3"]["value"], "50.0 %")
        self.assertEqual(kpis["kpi_crowd_stars"]["kpi_col3"]["value"], "–")
        action = self.env.ref("crowd_service.crowd_kpi_action")
        self.assertEqual(kpis["kpi_crowd_stars"]["kpi_action"], action.id)

    def test_who_may_not_see_them_gets_none(self):
        self.assertFalse(self._kpis(self.agent))
        self.assertTrue(self._kpis(self.dispatcher))

    def test_the_mail(self):
        self._accept(5)
        with patch.object(type(self.env["mail.mail"]), "send"):
            self.digest._action_send_to_user(self.manager, tips_count=0)
        mail = self.env["mail.mail"].search([], order="id desc", limit=1)
        body = str(mail.body_html)
        self.assertIn("Accepted within 10 minutes", body)
        self.assertIn("100.0 %", body)
        for rest in ("${", "% if"):
            self.assertNotIn(rest, body)
