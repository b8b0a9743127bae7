from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .delivery_common import SECRETS
from .invariants import check_invariants
from .page_common import PageCase


@tagged("post_install", "-at_install")
class TestScope(PageCase):
    """Beyond scope, given back, taken away: who pays, and what is kept."""

    def setUp(self):
        super().setUp()
        self.offer, self.other = self._offer_to(self.anna, self.rival)
        self.dispatch = self.offer.dispatch_id
        self.member = self.anna.crowd_membership_ids
        self.offer._accept("mail")
        self.url = "/crowd/offer/%s" % self._mint(self.offer)

    def tearDown(self):
        self.env["base"].flush()
        check_invariants(self.env.cr)
        super().tearDown()

    def _as_agent(self, record=None):
        return (record or self.dispatch).with_user(self.agent)

    def _confirm(self, model, kind, record, **values):
        link = "dispatch_id" if model == "crowd.intervene" else "offer_id"
        wizard = self.env[model].with_user(self.agent)
        # as the client does: the defaults stay in the context of the button
        defaults = {"default_%s" % link: record.id, "default_kind": kind}
        return wizard.with_context(**defaults).create(values)

    # ------------------------------------------------------------------
    # beyond scope
    # ------------------------------------------------------------------

    def test_scope_alarm_on_the_page(self):
        page = self.url_open(self.url)
        self.assertIn("does not count\n                        against you", page.text)
        page = self._post(page, "scope", reason="tools", note="The router is broken.")
        self.assertIn("does not count against you", page.text)
        self.assertNoSecrets(page.text)
        self.assertEqual(self.offer.state, "out_of_scope")
        self.assertEqual(self.dispatch.state, "escalated")
        self.assertFalse(self.dispatch.worker_id)
        self.assertFalse(self.dispatch.order_id.person_id)
        escalation = self.dispatch.escalation_ids
        self.assertEqual(escalation.reason, "scope")
        self.assertIn("tools or parts", escalation.note)
        self.assertIn("The router is broken.", escalation.packet)
        self.assertIn(SECRETS["description"], escalation.packet)
        event = self.dispatch.event_ids.filtered(lambda e: e.to_state == "out_of_scope")
        self.assertEqual((event.channel, event.reason), ("mail", "tools"))
        self.assertIn("Anna Helper: Beyond scope (It takes tools", event.summary)

    def test_scope_alarm_costs_nothing(self):
        self.member.daily_cap = 1
        before = (self.member.job_count, self.member.solved_count, self.member.quality)
        self.offer._raise_scope("special")
        self.member._measure()
        self.assertEqual(
            (self.member.job_count, self.member.solved_count, self.member.quality),
            before,
        )
        self.assertEqual(self.offer._back_out_record(), (0, 0))
        self.assertFalse(self.offer._capacity_sentence())
        (again,) = self._offer_to(self.anna, ticket=self._create_secret_ticket())
        self.assertEqual(again._accept("mail")["result"], "accepted")

    def test_back_to_the_crowd_asks_others(self):
        self.offer._raise_scope("bigger", "Twelve rooms")
        match = self.env["crowd.matcher"]._match(self.ticket, dispatch=self.dispatch)
        self.assertNotIn(self.anna.id, [c.worker_id for c in match.ranked])
        third = self._create_worker("Third Helper", km=4)
        self.ticket.with_user(self.agent).crowd_dispatch(third.ids, 30)
        self.assertEqual(self.dispatch.state, "offered")
        offer = self.dispatch._open_offers()
        self.assertEqual(offer.worker_id, third)
        self.assertEqual(offer._accept("mail")["result"], "accepted")
        self.assertEqual(self.dispatch.order_id.person_id, third)

    def test_scope_needs_a_reason_and_the_job(self):
        with self.assertRaises(UserError):
            self.offer._raise_scope("no_time")
        page = self._post(self.url_open(self.url), "scope", reason="no_time")
        self.assertIn("choose a reason", page.text)
        self.assertEqual(self.offer.state, "accepted")
        self.assertEqual(self.other._raise_scope("tools")["result"], "refused")

    def test_scope_by_phone(self):
        self._as_agent().action_scope()
        wizard = self._confirm("crowd.answer", "scope", self.offer)
        self.assertIn("does not count", wizard.consequence)
        with self.assertRaises(UserError):
            wizard.action_confirm()
        wizard.scope_reason = "danger"
        wizard.action_confirm()
        self.assertEqual(self.offer.state, "out_of_scope")
        self.assertEqual(self.dispatch.event_ids.mapped("channel")[-1:], [False])
        with self.assertRaises(AccessError):
            self.offer.with_user(self.employee).action_scope()

    # ------------------------------------------------------------------
    # give back
    # ------------------------------------------------------------------

    def test_consequences_are_said_before(self):
        self.assertIn("This counts as a back-out.", self.url_open(self.url).text)
        self.offer._give_back("sick")
        (offer,) = self._offer_to(self.anna, ticket=self._create_secret_ticket())
        offer._accept("mail")
        page = self.url_open("/crowd/offer/%s" % self._mint(offer))
        self.assertIn("so far 1 of your last 1 jobs", page.text)
        wizard = self._confirm("crowd.answer", "back_out", offer)
        self.assertIn("Anna Helper: 1 of the last 1 jobs", wizard.consequence)
        wizard.back_out_reason = "unreachable"
        wizard.action_confirm()
        self.assertEqual(offer.state, "backed_out")
        self.assertEqual(offer.decline_reason, "unreachable")

    def test_reasons_of_one_answer_are_none_of_another(self):
        with self.assertRaises(UserError):
            self.offer._give_back("price")
        page = self._post(self.url_open(self.url), "back_out", reason="price")
        self.assertIn("choose a reason", page.text)
        with self.assertRaises(UserError):
            self.other._decline("transport")

    def test_no_show_by_the_desk(self):
        wizard = self._confirm("crowd.answer", "no_show", self.offer, note="Waited")
        self.assertIn("counts as a back-out of Anna", wizard.consequence)
        wizard.action_confirm()
        self.assertEqual(self.offer.state, "no_show")
        self.assertFalse(self.offer.decline_reason)

    # ------------------------------------------------------------------
    # the desk
    # ------------------------------------------------------------------

    def test_redispatch(self):
        third = self._create_worker("Third Helper", km=4)
        self._sync_search()
        self._as_agent().action_redispatch()
        wizard = self._confirm("crowd.intervene", "redispatch", self.dispatch)
        self.assertIn("Anna Helper loses the job", wizard.consequence)
        wizard.write({"reason": "late", "note": "No news for two hours"})
        wizard.action_confirm()
        self.assertEqual(self.offer.state, "withdrawn")
        self.assertEqual(self.dispatch.state, "offered")
        self.assertIn(third, self.dispatch._open_offers().worker_id)
        event = self.dispatch.event_ids.filtered(lambda e: e.kind == "desk")
        self.assertEqual(event.user_id, self.agent)
        self.assertEqual(event.summary, "Look for somebody else: It takes too long")
        self.assertEqual(event.note, "No news for two hours")
        self.member._measure()
        self.assertFalse(self.member.job_count)

    def test_take_over(self):
        self._confirm("crowd.intervene", "take_over", self.dispatch).action_confirm()
        self.assertEqual(self.dispatch.state, "escalated")
        self.assertEqual(self.dispatch.responsible_id, self.agent)
        self.assertEqual(self.dispatch.escalation_ids.state, "acknowledged")
        self.assertEqual(self.offer.state, "withdrawn")

    def test_withdraw(self):
        (offer,) = self._offer_to(self.rival, ticket=self._create_secret_ticket())
        dispatch = offer.dispatch_id
        wizard = self._confirm("crowd.intervene", "withdraw", dispatch)
        self.assertIn("1 open offers are withdrawn", wizard.consequence)
        wizard.action_confirm()
        self.assertEqual(offer.state, "withdrawn")
        self.assertEqual(dispatch.state, "escalated")
        with self.assertRaises(UserError):
            wizard.action_confirm()

    def test_only_the_desk_decides(self):
        for method in ("action_withdraw", "action_redispatch", "action_take_over"):
            with self.assertRaises(AccessError):
                getattr(self.dispatch.with_user(self.technician), method)()
        with self.assertRaises(AccessError):
            self.dispatch.with_user(self.agent_b)._intervene("take_over", "other")
