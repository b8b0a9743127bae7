from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .availability_common import HOUR, AvailabilityCase
from .matcher_common import NOON


@tagged("post_install", "-at_install")
class TestAvailabilityRights(AvailabilityCase):
    """Everybody manages his own time, dispatchers that of their companies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.own_technician.crowd_user_id
        cls.absence = cls._create_absence(cls.friend, NOON, NOON + HOUR)
        cls.own_absence = cls._create_absence(cls.own_technician, NOON, NOON + HOUR)
        cls.values = {"date_from": NOON + 2 * HOUR, "date_to": NOON + 3 * HOUR}

    def _create_as(self, user, worker, **values):
        absences = self.env["crowd.absence"].with_user(user)
        return absences.create(dict(self.values, worker_id=worker.id, **values))

    def test_a_technician_manages_his_own(self):
        absence = self.env["crowd.absence"].with_user(self.user).create(self.values)
        self.assertEqual(absence.worker_id, self.own_technician)
        absence.note = "Holidays"
        absence.unlink()

    def test_a_technician_sees_no_others(self):
        found = self.env["crowd.absence"].with_user(self.user).search([])
        self.assertEqual(found, self.own_absence)
        self.absence.invalidate_cache()
        with self.assertRaises(AccessError):
            self.absence.with_user(self.user).read(["note"])

    def test_a_technician_creates_none_for_others(self):
        with self.assertRaises(AccessError):
            self._create_as(self.user, self.friend)

    def test_a_technician_changes_none_of_others(self):
        with self.assertRaises(AccessError):
            self.absence.with_user(self.user).write({"note": "x"})

    def test_a_technician_removes_none_of_others(self):
        with self.assertRaises(AccessError):
            self.absence.with_user(self.user).unlink()

    def test_nobody_moves_an_absence_to_somebody_else(self):
        for user in (self.user, self.dispatcher):
            with self.assertRaises(UserError):
                self.own_absence.with_user(user).worker_id = self.friend

    def test_a_technician_switches_only_himself(self):
        self.own_technician.with_user(self.user).action_crowd_away()
        self.assertEqual(self.own_technician.crowd_presence, "away")
        with self.assertRaises(AccessError):
            self.friend.with_user(self.user).action_crowd_away()
        with self.assertRaises(AccessError):
            self.friend.with_user(self.user).crowd_presence_until = NOON

    def test_an_agent_only_reads(self):
        absence = self.absence.with_user(self.agent)
        self.assertEqual(absence.worker_id, self.friend)
        with self.assertRaises(AccessError):
            absence.note = "x"
        with self.assertRaises(AccessError):
            absence.unlink()
        with self.assertRaises(AccessError):
            self._create_as(self.agent, self.friend)

    def test_a_dispatcher_plans_for_all(self):
        absence = self._create_as(self.dispatcher, self.friend, note="Sick")
        absence.date_to = NOON + 9 * HOUR
        absence.unlink()

    def test_other_companies_see_nothing(self):
        for user in (self.agent_b, self.manager_b):
            found = self.env["crowd.absence"].with_user(user).search([])
            self.assertFalse(found & (self.absence | self.own_absence))
            self.absence.invalidate_cache()
            with self.assertRaises(AccessError):
                self.absence.with_user(user).read(["note"])

    def test_portal_users_and_employees_have_no_rights(self):
        for user in (self.portal_user, self.employee):
            with self.assertRaises(AccessError):
                self.env["crowd.absence"].with_user(user).search([])
            with self.assertRaises(AccessError):
                self.own_technician.with_user(user).action_crowd_available()

    # screens

    def test_my_availability(self):
        workers = self.env["fsm.person"].with_user(self.user)
        action = workers._action_crowd_mine()
        self.assertEqual(action["res_id"], self.own_technician.id)
        server = self.env.ref("crowd_service.fsm_person_action_server_mine")
        self.assertEqual(server.with_user(self.user).run()["res_id"], action["res_id"])
        with self.assertRaises(UserError):
            self.env["fsm.person"].with_user(self.agent)._action_crowd_mine()
        view = "crowd_service.fsm_person_view_form_mine"
        own = self.own_technician.with_user(self.user)
        own.action_crowd_away()
        with Form(own, view) as form:
            form.crowd_presence_until = NOON + HOUR
            with form.crowd_absence_ids.new() as line:
                line.date_from = self.values["date_from"]
                line.date_to = self.values["date_to"]
        self.assertEqual(len(own.crowd_absence_ids), 2)
        self.assertEqual(own.crowd_presence_until, NOON + HOUR)

    def test_the_workers_form(self):
        with Form(self.friend.with_user(self.dispatcher)) as form:
            with form.crowd_absence_ids.new() as line:
                line.date_from = self.values["date_from"]
                line.date_to = self.values["date_to"]
        self.assertEqual(len(self.friend.crowd_absence_ids), 2)

    def test_the_end_is_asked_again_when_it_is_before_the_beginning(self):
        form = Form(self.env["crowd.absence"].with_user(self.dispatcher))
        form.worker_id = self.friend
        form.date_from = NOON
        form.date_to = NOON + HOUR
        form.date_from = NOON + 2 * HOUR
        self.assertFalse(form.date_to)
        form.date_to = NOON + 3 * HOUR
        self.assertEqual(form.save().worker_id, self.friend)
