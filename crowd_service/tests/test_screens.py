import ast
from datetime import timedelta

from lxml import etree

from odoo.tests import Form, tagged

from .common import CrowdCase

MODULE = "crowd_service."


@tagged("post_install", "-at_install")
class TestScreens(CrowdCase):
    """What the screens show, and to whom they open."""

    def _offered(self):
        worker = self._create_worker(
            "Tina", "technician", groups="crowd_service.group_crowd_technician"
        )
        ticket = self._create_ticket()
        ticket.with_user(self.agent).crowd_dispatch(worker.ids)
        return ticket, ticket.crowd_offer_ids, worker.crowd_user_id

    def _actions_of(self, user):
        """Return the window actions in the menus that ``user`` sees."""
        root = self.env.ref(MODULE + "crowd_service_menu").id
        menus = (
            self.env["ir.ui.menu"].with_user(user).search([("id", "child_of", root)])
        )
        actions = [m.action for m in menus.sudo() if m.action]
        return [a for a in actions if a._name == "ir.actions.act_window"]

    def test_every_menu_opens_in_every_view(self):
        for user in (self.technician, self.agent, self.dispatcher, self.manager):
            actions = self._actions_of(user)
            self.assertTrue(actions)
            for action in actions:
                model = self.env[action.res_model].with_user(user)
                views = [(v, mode) for v, mode in action.views] + [(False, "search")]
                with self.subTest(user=user.name, action=action.name):
                    found = model.load_views(views)["fields_views"]
                    self.assertEqual(set(found), {mode for _v, mode in views})
                    fields = list(found[views[0][1]]["fields"])
                    domain = ast.literal_eval(
                        (action.domain or "[]").replace("uid", str(user.id))
                    )
                    model.search(domain, limit=5).read(fields)

    def test_every_menu_with_records_explains_itself_when_empty(self):
        for action in self._actions_of(self.env.ref("base.user_admin")):
            if self.env[action.res_model]._transient:
                continue
            with self.subTest(action=action.name):
                self.assertIn("o_view_nocontent_smiling_face", action.help or "")

    def test_filters_can_be_used(self):
        for name in ("crowd.dispatch", "crowd.offer", "crowd.escalation"):
            model = self.env[name].with_user(self.agent)
            arch = etree.fromstring(model.fields_view_get(view_type="search")["arch"])
            for node in arch.iter("filter"):
                domain = node.get("domain")
                with self.subTest(model=name, filter=node.get("name")):
                    if domain and not node.get("date"):
                        model.search(
                            ast.literal_eval(domain.replace("uid", str(self.agent.id)))
                        )

    def test_job_shows_customer_only_to_whom_has_it(self):
        _ticket, offer, user = self._offered()
        shown = offer.with_user(user)
        self.assertTrue(shown.is_mine)
        self.assertEqual(shown.summary, "The home network has to be set up again.")
        self.assertFalse(shown.job_customer or shown.job_email or shown.job_address)
        self.assertFalse(offer.with_user(self.agent).is_mine)
        shown.action_accept()
        shown.invalidate_cache()
        self.assertEqual(shown.job_customer, "Customer of A")
        self.assertEqual(shown.dispatch_state, "assigned")
        self.assertTrue(shown.order_id)

    def test_time_left_in_words(self):
        words = self.env["crowd.dispatch"]._format_time_left
        self.assertEqual(words(False), "")
        self.assertEqual(words(timedelta(minutes=119)), "119 min left")
        self.assertEqual(words(timedelta(minutes=121)), "2 h left")
        self.assertEqual(words(timedelta(days=3)), "3 days left")
        self.assertEqual(words(timedelta(minutes=-5)), "overdue 5 min")

    def test_overdue_is_found(self):
        ticket, _offer, _user = self._offered()
        dispatch = ticket.crowd_dispatch_id
        late = [("is_overdue", "=", True), ("id", "=", dispatch.id)]
        in_time = [("is_overdue", "=", False), ("id", "=", dispatch.id)]
        self.assertFalse(dispatch.search(late))
        self.assertEqual(dispatch.search(in_time), dispatch)
        with self.at(dispatch.next_deadline + timedelta(minutes=1)):
            self.assertEqual(dispatch.search(late), dispatch)
            self.assertFalse(dispatch.search(in_time))
            dispatch.invalidate_cache()
            self.assertTrue(ticket.crowd_is_overdue)
            self.assertEqual(ticket.crowd_time_left, "overdue 1 min")

    def test_ticket_form_asks_for_both_ends_of_a_wish(self):
        with Form(self._create_ticket().with_user(self.agent)) as form:
            form.crowd_when = "window"
            with self.assertRaises(AssertionError):
                form.save()
            form.crowd_wished_from = "2030-01-01 08:00:00"
            form.crowd_wished_to = "2030-01-01 10:00:00"

    def test_order_form_does_not_load_all_workers(self):
        view = self.env.ref("fieldservice.fsm_order_form")
        arch = self.env["fsm.order"].fields_view_get(view.id)["arch"]
        self.assertNotIn("skill_worker_ids", arch)
        self.assertIn("crowd_missing_skill_ids", arch)

    def test_responsible_sees_that_he_is(self):
        ticket, _offer, _user = self._offered()
        dispatch = ticket.crowd_dispatch_id
        responsible = dispatch.responsible_id
        self.assertTrue(dispatch.with_user(responsible).is_responsible)
        self.assertTrue(ticket.with_user(responsible).crowd_is_responsible)
        self.assertFalse(dispatch.with_user(self.agent).is_responsible)
        dispatch.with_user(self.agent).action_take_responsibility()
        self.assertTrue(ticket.with_user(self.agent).crowd_is_responsible)
