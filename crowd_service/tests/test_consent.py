from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .delivery_common import FOR_THE_HOLDER, SECRETS
from .invariants import check_invariants
from .ladder_common import LadderCase
from .page_common import PageCase

HIDDEN = ("name", "phone", "email", "street", "directions")


@tagged("post_install", "-at_install")
class TestConsent(PageCase):
    """No external learns who the customer is against his will."""

    def setUp(self):
        super().setUp()
        self.env["crowd.policy"].search([]).active = False
        self.company_a.crowd_ask_consent = True
        self.customer.email = SECRETS["email"]

    def tearDown(self):
        self.env["base"].flush()
        check_invariants(self.env.cr)
        super().tearDown()

    def _job(self, worker=None, ticket=None):
        (offer,) = self._offer_to(worker or self.anna, ticket=ticket)
        self.assertEqual(offer._accept("mail")["result"], "accepted")
        return offer

    def _worker_page(self, offer):
        return self.url_open("/crowd/offer/%s" % self._mint(offer))

    def _customer_token(self, dispatch, partner=None):
        delivery = self.env["crowd.delivery"].search(
            [
                ("dispatch_id", "=", dispatch.id),
                ("purpose", "in", ("customer_found", "customer_consent")),
            ],
            limit=1,
        )
        return self.env["crowd.token"]._mint("customer", dispatch, delivery)

    def _customer_page(self, dispatch):
        return self.url_open("/crowd/ticket/%s" % self._customer_token(dispatch))

    # ------------------------------------------------------------------
    # before
    # ------------------------------------------------------------------

    def test_an_external_waits_for_consent(self):
        offer = self._job()
        page = self._worker_page(offer)
        self.assertIn("has not agreed yet", page.text)
        self.assertNoSecrets(page.text, but=("knowledge",))
        self.assertEqual(offer.with_user(self.agent).job_customer, "")
        asked = self.env["crowd.delivery"].search(
            [
                ("dispatch_id", "=", offer.dispatch_id.id),
                ("purpose", "like", "customer"),
            ]
        )
        self.assertEqual(asked.mapped("purpose"), ["customer_consent"])
        self.assertEqual(asked.partner_id, self.customer)
        page = self._customer_page(offer.dispatch_id)
        self.assertIn("May a helper who is not our employee", page.text)
        page = self._post(page, "agree")
        self.assertIn("You agreed", page.text)
        page = self._worker_page(offer)
        for name in FOR_THE_HOLDER:
            self.assertIn(SECRETS[name], page.text, name)
        self.assertFalse(asked._is_wanted())
        self.assertEqual(self.ticket.crowd_consent_by, "page")
        self.assertTrue(self.ticket.crowd_consent_at)
        event = offer.dispatch_id.event_ids[-1:]
        self.assertEqual((event.kind, event.to_state), ("consent", "given"))
        self.assertFalse(event.user_id)

    def test_the_worker_is_told_when_the_customer_agrees(self):
        offer = self._job()
        dispatch = offer.dispatch_id
        with self.at(dispatch.next_deadline):
            dispatch._job_wake()  # he cannot come: the customer is called, not he
        self.assertFalse(self._deliveries(offer, "still_coming"))
        reminder = " ".join(dispatch.activity_ids.mapped("summary"))
        self.assertIn("has not agreed yet", reminder)
        before = dispatch.promised_at
        self.ticket.with_user(self.agent).action_crowd_consent()
        self.assertGreaterEqual(dispatch.promised_at, before)
        told = self._deliveries(offer, "agreed")
        self.assertEqual(told.partner_id, self.anna.partner_id)
        mail = told._prepare_mail()
        self.assertIn("/crowd/offer/", mail["body"])
        self.assertNotIn("${", mail["body"] + mail["subject"])
        self.assertNoSecrets(mail["body"])
        self.assertIn("has agreed", told._render_text())

    def test_technicians_need_no_consent(self):
        offer = self._job(self.tech)
        values = offer._crowd_public_values()
        self.assertEqual(values["customer"], SECRETS["name"])
        self.assertFalse(values["is_hidden"])

    def test_companies_that_do_not_ask(self):
        self.company_a.crowd_ask_consent = False
        offer = self._job()
        self.assertIn(SECRETS["name"], self._worker_page(offer).text)
        page = self._customer_page(offer.dispatch_id)
        self.assertIn("If you want our own employees only", page.text)

    def test_consent_from_the_beginning(self):
        self.ticket.crowd_consent = "given"
        offer = self._job()
        self.assertIn(SECRETS["name"], self._worker_page(offer).text)
        told = self.env["crowd.delivery"].search(
            [
                ("dispatch_id", "=", offer.dispatch_id.id),
                ("purpose", "like", "customer"),
            ]
        )
        self.assertEqual(told.purpose, "customer_found")

    # ------------------------------------------------------------------
    # withdrawn
    # ------------------------------------------------------------------

    def test_withdrawn_the_job_goes_back_at_once(self):
        self.ticket.crowd_consent = "given"
        offer = self._job()
        dispatch = offer.dispatch_id
        page = self._post(self._customer_page(dispatch), "refuse")
        self.assertIn("Only our own employees", page.text)
        self.assertNoSecrets(self._worker_page(offer).text)
        self.assertEqual(offer.state, "withdrawn")
        self.assertFalse(dispatch.worker_id.is_external)
        asked = dispatch.offer_ids.filtered(lambda o: o.round == dispatch.round)
        self.assertEqual(asked.worker_id, self.tech)
        self.assertEqual(dispatch.state, "offered")
        self.assertFalse(self.anna.crowd_membership_ids._measure())
        self.assertTrue(self._deliveries(offer, "job_cancelled"))

    def test_withdrawn_open_offers_end(self):
        offer, rival, tech = self._offer_to(self.anna, self.rival, self.tech)
        self.ticket.with_user(self.agent).action_crowd_no_consent()
        self.assertEqual((offer | rival).mapped("state"), ["withdrawn"] * 2)
        self.assertEqual(tech.state, "sent")
        self.assertEqual(offer._accept("mail")["result"], "refused")
        self.assertEqual(tech._accept("backend")["result"], "accepted")

    def test_withdrawn_with_nobody_else_it_is_escalated(self):
        offer = self._job()
        self.tech.crowd_membership_ids.state = "paused"
        self.ticket.with_user(self.agent).action_crowd_no_consent()
        self.assertEqual(offer.dispatch_id.state, "escalated")
        self.assertFalse(offer.dispatch_id.worker_id)

    def test_withdrawn_of_a_paused_job(self):
        offer = self._job()
        until = self.env["crowd.clock"].now().replace(year=2050)
        offer.dispatch_id._pause(until, "Parts")
        self.ticket.with_user(self.agent).action_crowd_no_consent()
        self.assertEqual(offer.state, "withdrawn")
        self.assertNotEqual(offer.dispatch_id.worker_id, self.anna)

    def test_a_technician_keeps_his_job(self):
        offer = self._job(self.tech)
        self.ticket.with_user(self.agent).action_crowd_no_consent()
        self.assertEqual(offer.state, "accepted")

    def test_nobody_from_outside_is_found_or_named(self):
        self.ticket.crowd_consent = "withdrawn"
        result = self.env["crowd.matcher"]._match(self.ticket)
        self.assertEqual({c.worker_type for c in result.ranked}, {"technician"})
        self.assertFalse(self.ticket._crowd_externals_allowed())
        with self.assertRaises(UserError):
            self.ticket.with_user(self.agent).crowd_dispatch(self.anna.ids)
        (offer,) = self._offer_to(self.tech)
        with self.assertRaises(UserError):
            offer.dispatch_id._assign_worker(self.anna)

    def test_defaults_of_a_client_are_no_consent(self):
        tickets = self.env["helpdesk.ticket"].with_user(self.agent)
        ticket = tickets.with_context(default_crowd_consent="given").create(
            {"name": "x", "description": "y"}
        )
        self.assertFalse(ticket.crowd_consent)

    # ------------------------------------------------------------------
    # who may say so
    # ------------------------------------------------------------------

    def test_by_phone(self):
        offer = self._job()
        ticket = self.ticket.with_user(self.agent)
        ticket.action_crowd_consent()
        self.assertEqual(ticket.crowd_consent, "given")
        self.assertEqual(ticket.crowd_consent_by, "phone")
        self.assertEqual(ticket.crowd_consent_user_id, self.agent)
        event = offer.dispatch_id.event_ids[-1:]
        self.assertEqual(event.user_id, self.agent)
        self.assertIn("By phone", event.summary)
        for user in (self.technician, self.employee, self.agent_b):
            with self.assertRaises(AccessError):
                self.ticket.with_user(user).action_crowd_consent()

    def test_nobody_writes_it(self):
        values = {"crowd_consent": "given"}
        with self.assertRaises(AccessError):
            self.ticket.with_user(self.agent).write(values)
        with self.assertRaises(AccessError):
            self.env["helpdesk.ticket"].with_user(self.agent).create(
                dict(values, name="x", description="y")
            )

    def test_in_the_portal(self):
        self.portal_user.partner_id.parent_id = self.customer
        self.ticket.message_subscribe(self.portal_user.partner_id.ids)
        offer = self._job()
        self.authenticate("crowd-portal", "crowd-portal")
        url = "/my/ticket/%d" % self.ticket.id
        page = self.url_open(url)
        self.assertIn("Anna takes care of your request", page.text)
        self.assertNotIn("Anna Helper", page.text)
        csrf = self._csrf(page)
        self.url_open("%s/crowd/agree" % url)
        self.assertFalse(self.ticket.crowd_consent)
        self.url_open("%s/crowd/agree" % url, data={"csrf_token": csrf})
        self.assertEqual(self.ticket.crowd_consent, "given")
        self.assertEqual(self.ticket.crowd_consent_by, "portal")
        self.url_open("%s/crowd/refuse" % url, data={"csrf_token": csrf})
        self.assertEqual(offer.state, "withdrawn")
        other = self._create_secret_ticket(partner_id=self.anna.partner_id.id)
        answer = self.url_open(
            "/my/ticket/%d/crowd/agree" % other.id, data={"csrf_token": csrf}
        )
        self.assertEqual(answer.status_code, 404)
        self.assertFalse(other.crowd_consent)

    def test_in_the_form_of_a_new_ticket(self):
        self.authenticate("crowd-portal", "crowd-portal")
        category = self.env["helpdesk.ticket.category"].create(
            {"name": "Net", "company_id": self.company_a.id}
        )
        page = self.url_open("/new/ticket")
        self.assertIn("crowd_consent", page.text)
        for given in ("given", "x"):
            self.url_open(
                "/submitted/ticket",
                data={
                    "csrf_token": self._csrf(page),
                    "category": category.id,
                    "subject": "Consent " + given,
                    "description": "d",
                    "crowd_consent": given,
                },
            )
        tickets = self.env["helpdesk.ticket"].search([("name", "like", "Consent ")])
        consents = {t.name: t.crowd_consent for t in tickets}
        self.assertEqual(consents, {"Consent given": "given", "Consent x": False})


@tagged("post_install", "-at_install")
class TestOnTheLadder(LadderCase):
    """The same with a policy: the ladder is planned anew, from now on."""

    def setUp(self):
        super().setUp()
        self._create_policy(
            self._ask("all"),
            self._ask("crowd", after=20),
            self._tell("technician_on_duty", after=40),
            self._tell("fallback", after=60),
        )
        self.dispatch = self._start()
        self.assertTrue(self.dispatch.policy_id)
        self.offer = self._offer(self.dispatch, self.anna)
        self.assertEqual(self.offer._accept("mail")["result"], "accepted")

    def _planned(self):
        return self.dispatch.step_ids.filtered(
            lambda s: s.round == self.dispatch.round and s.state == "waiting"
        )

    def test_withdrawn_consent_plans_without_externals(self):
        self.dispatch.ticket_id.with_user(self.agent).action_crowd_no_consent()
        self.assertEqual(self.dispatch.round, 2)
        self.assertTrue(self._planned() or self.dispatch.state == "escalated")
        asked = self.dispatch._open_offers().worker_id
        self.assertFalse(asked.filtered("is_external"))
        self.assertNotEqual(self.dispatch.state, "assigned")

    def test_no_show_plans_anew(self):
        for moment in (self.dispatch.next_deadline, None):
            with self.at(moment or self.dispatch.next_deadline):
                self.dispatch._job_wake()
        self.assertEqual(self.offer.state, "no_show")
        self.assertEqual(self.dispatch.round, 2)
        self.assertTrue(self._planned() or self.dispatch.state == "escalated")
        self.assertNotIn(self.offer.worker_id, self.dispatch._open_offers().worker_id)

    def test_scope_alarm_takes_the_next_escalation(self):
        self.offer._raise_scope("tools")
        self.assertEqual(self.dispatch.state, "escalated")
        self.assertEqual(self.dispatch.escalation_ids[:1].reason, "scope")
        self.assertFalse(self.dispatch._open_offers())

    def test_the_desk_looks_for_somebody_else(self):
        self.dispatch.with_user(self.agent)._intervene("redispatch", "late")
        self.assertEqual(self.dispatch.round, 2)
        self.assertTrue(self._planned() or self.dispatch.state == "escalated")

    def test_the_desk_takes_over(self):
        self.dispatch.with_user(self.agent)._intervene("take_over", "customer")
        self.assertEqual(self.dispatch.responsible_id, self.agent)
        self.assertFalse(self.dispatch._open_offers())
        self.assertFalse(self._planned().filtered(lambda s: s.kind == "offer"))
