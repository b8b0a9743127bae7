from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .. import compat
from ..matching import PARTS
from .common import CrowdCase


@tagged("post_install", "-at_install")
class TestMatchWizard(CrowdCase):
    """The Match screen: tick, confirm, send."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.workers = cls.env["fsm.person"].browse()
        for n in range(1, 5):
            cls.workers |= cls._create_worker(f"Friend {n}", km=n)
        cls.company_a.write({"crowd_wave_size": 3, "crowd_offer_minutes": 20})
        cls.ticket = cls._create_ticket()

    def _open(self, ticket=None):
        action = (ticket or self.ticket).with_user(self.agent).action_crowd_match()
        self.assertEqual(action["target"], "new")
        match = self.env[action["res_model"]].with_user(self.agent)
        return match.browse(action["res_id"])

    def test_proposal(self):
        self._create_worker("Far", km=40)
        match = self._open()
        self.assertEqual(match.line_ids.worker_id, self.workers)
        self.assertEqual(match.line_ids.mapped("rank"), [1, 2, 3, 4])
        self.assertEqual(
            match.line_ids.mapped("is_selected"), [True, True, True, False]
        )
        self.assertEqual(
            (match.selected_count, match.top, match.offer_minutes), (3, 3, 20)
        )
        line = match.line_ids[0]
        self.assertEqual((line.distance, line.travel), ("1.0 km", "about 3 min"))
        self.assertEqual(
            line.reasons, "1.0 km away, not rated yet, not asked in the last 7 days"
        )
        self.assertAlmostEqual(
            sum(line[f"part_{part}"] for part in PARTS), line.score, delta=0.4
        )
        miss = match.near_miss_ids
        self.assertEqual(
            (miss.distance, miss.reason, miss.detail),
            ("40.0 km", "Too far away", "10.0 km too far"),
        )
        self.assertFalse(match.excluded_summary, "only on demand")

    def test_count_everybody(self):
        self._create_worker("Far", km=40)
        self._create_worker("Unskilled", skills={})
        match = self._open()
        self.assertEqual(match.action_count_everybody()["res_id"], match.id)
        self.assertEqual(
            match.excluded_summary.split("\n"),
            [
                "6 people looked at, 4 can be asked",
                "A skill is missing: 1",
                "Too far away: 1",
            ],
        )

    def test_as_many_statements_for_few_as_for_many(self):
        for n in range(5, 41):
            self._create_worker(f"Friend {n}", km=n / 4)
        few = self._create_ticket(crowd_service_id=self._create_rare(5).id)
        many = self._create_ticket(crowd_service_id=self._create_rare(39).id)
        self._sync_search()
        # the best of three: rights are read now and then
        counts = [
            min(self._count_statements(ticket, candidates) for _time in range(3))
            for ticket, candidates in ((few, 5), (many, 39))
        ]
        self.assertEqual(counts[0], counts[1])

    def _count_statements(self, ticket, candidates):
        """Return how many statements it takes to open the screen, but for the rows."""
        compat.flush(self.env)
        compat.invalidate(self.env)
        before = self.cr.sql_log_count
        match = self._open(ticket)
        compat.flush(self.env)
        count = self.cr.sql_log_count - before
        self.assertEqual(len(match.line_ids), candidates)
        self.assertTrue(match.near_miss_ids)
        # the ORM inserts row by row
        return count - len(match.line_ids) - len(match.near_miss_ids)

    def _create_rare(self, count):
        """Return a service that ``count`` friends can do."""
        skill = self.env["hr.skill"].create(
            {"name": f"Rare {count}", "skill_type_id": self.skill_type.id}
        )
        friends = self.env["fsm.person"].search([("name", "like", "Friend %")])
        for worker in friends[:count]:
            self._give_skills(worker, {skill: 50})
        return self._create_service(f"Rare {count}", {skill: 50})

    def test_words_of_remote_work_and_unknown_places(self):
        service = self._create_service("By phone", crowd_place="remote")
        match = self._open(self._create_ticket(crowd_service_id=service.id))
        self.assertEqual(set(match.line_ids.mapped("distance")), {"remote"})
        self.assertFalse(any(match.line_ids.mapped("travel")))
        self._create_worker("Lost", position=False)
        self.assertEqual(self._open().near_miss_ids.distance, "unknown")

    def test_take_top(self):
        match = self._open()
        match.top = 1
        self.assertEqual(match.action_take_top()["res_id"], match.id)
        self.assertEqual(match.selected_count, 1)
        self.assertEqual(
            match.line_ids.filtered("is_selected").worker_id, self.workers[0]
        )
        match.top = 99
        match.action_take_top()
        self.assertEqual(match.selected_count, 4)
        match.top = 0
        with self.assertRaises(UserError):
            match.action_take_top()

    def test_the_form(self):
        self.customer.name = "Petra Muster"
        with Form(self._open()) as form:
            self.assertFalse(form.summary_warning)
            form.summary = "Petra waits"
            self.assertIn("Petra", form.summary_warning)
            with form.line_ids.edit(3) as line:
                line.is_selected = True
            self.assertEqual(form.selected_count, 4)
        self.assertEqual(form.save().selected_count, 4)

    def test_send(self):
        match = self._open()
        match.line_ids.write({"is_selected": False})
        match.line_ids[1].is_selected = True
        match.write({"summary": "Set up the network.", "offer_minutes": 45})
        self.assertEqual(match.action_send()["type"], "ir.actions.act_window_close")
        self.assertEqual(self.ticket.crowd_summary, "Set up the network.")
        offer = self.ticket.crowd_dispatch_id.offer_ids
        self.assertEqual(offer.worker_id, self.workers[1])
        minutes = (offer.expires_at - offer.sent_at).total_seconds() / 60
        self.assertEqual(minutes, 45)

    def test_the_considered_are_kept(self):
        self._create_worker("Far", km=40)
        self._open().action_send()
        dispatch = self.ticket.crowd_dispatch_id
        candidates = dispatch.candidate_ids
        self.assertEqual(candidates.mapped("rank"), [1, 2, 3, 4, 5])
        self.assertEqual(set(candidates.mapped("round")), {dispatch.round})
        self.assertEqual(candidates[:4].worker_id, self.workers)
        self.assertEqual(
            (candidates[4].excluded_reason, candidates[4].excluded_detail),
            ("radius", "10.0 km too far"),
        )
        best = candidates[0]
        self.assertTrue(best.has_distance)
        self.assertEqual((best.distance_km, best.travel_minutes), (1.0, 3))
        self.assertAlmostEqual(
            sum(best[f"part_{part}"] for part in PARTS), best.score, delta=0.4
        )

    def test_storing_again_replaces_the_round(self):
        dispatch = self.ticket._crowd_open_dispatch()
        result = self.env["crowd.matcher"]._match(self.ticket)
        store = self.env["crowd.candidate"]._store
        store(dispatch, result)
        kept = store(dispatch, result)
        self.assertEqual(dispatch.candidate_ids, kept)
        dispatch.round += 1
        store(dispatch, result)
        self.assertEqual(len(dispatch.candidate_ids), 8)

    def test_nobody_ticked(self):
        match = self._open()
        match.line_ids.write({"is_selected": False})
        with self.assertRaisesRegex(UserError, "Nobody is ticked"):
            match.action_send()
        self.assertFalse(self.ticket.crowd_dispatch_id)

    def test_no_time_and_no_words(self):
        match = self._open()
        match.offer_minutes = 0
        with self.assertRaisesRegex(UserError, "at least one minute"):
            match.action_send()
        match.write({"offer_minutes": 5, "summary": "  "})
        with self.assertRaisesRegex(UserError, "Write a summary"):
            match.action_send()

    def test_nobody_in_reach(self):
        location = self._create_location("Far away", (0.0, 0.0))
        match = self._open(self._create_ticket(fsm_location_id=location.id))
        self.assertFalse(match.line_ids)
        match.action_count_everybody()
        self.assertIn("4 people looked at, 0 can be asked", match.excluded_summary)
        with self.assertRaisesRegex(UserError, "Nobody is ticked"):
            match.action_send()

    def test_the_wizard_is_its_agents_own(self):
        match = self._open()
        with self.assertRaises(AccessError):
            match.with_user(self.dispatcher).read(["summary"])
        with self.assertRaises(AccessError):
            self.ticket.with_user(self.technician).action_crowd_match()


@tagged("post_install", "-at_install")
class TestSummary(CrowdCase):
    """What is proposed to externals, and the warning about what gives too much away."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write({"name": "Petra Muster", "street": "Long Lane 5"})
        cls.ticket = cls._create_ticket(crowd_summary=False)

    def _proposal(self, title):
        self.ticket.name = title
        return self.ticket.with_user(self.agent)._get_summary_proposal()

    def test_proposal_is_service_and_title(self):
        self.assertEqual(self._proposal("No internet"), "Home network: No internet")

    def test_proposal_gives_nothing_away(self):
        title = "TV of Petra Muster, Long Lane 5, p@example.com, 031 555 12 34"
        text = self._proposal(title)
        for secret in ("Petra", "Muster", "Long Lane", "example", "555"):
            self.assertNotIn(secret, text)
        self.assertIs(self.ticket._get_summary_warning(text), False)

    def test_proposal_is_the_agents_text_once_there_is_one(self):
        self.ticket.crowd_summary = "As agreed."
        self.assertEqual(self._proposal("No internet"), "As agreed.")

    def test_proposal_without_service(self):
        self.ticket.crowd_service_id = False
        self.assertEqual(self._proposal("No internet"), "No internet")

    def test_warning(self):
        for text, word in (
            ("Ask p@example.com", "e-mail addresses"),
            ("Call 031 555 12 34", "phone numbers"),
            ("Mrs. Muster waits", "the customer's name"),
            ("It is in Long Lane", "the street"),
        ):
            with self.subTest(text=text):
                self.assertIn(word, self.ticket._get_summary_warning(text))

    def test_no_warning(self):
        for text in (False, "", "The router blinks red since 2026-03-01."):
            self.assertIs(self.ticket._get_summary_warning(text), False)

    def test_warning_on_ticket_and_wizard(self):
        self._create_worker("Friend")
        self.ticket.crowd_summary = "Petra waits"
        ticket = self.ticket.with_user(self.agent)
        self.assertIn("Petra", ticket.crowd_summary_warning)
        match = self.env["crowd.match"].browse(ticket.action_crowd_match()["res_id"])
        self.assertIn("Petra", match.with_user(self.agent).summary_warning)

    def test_warning_names_the_location_too(self):
        self.location.street = "High Road 7"
        warning = self.ticket._get_summary_warning("second house of the high road")
        self.assertIn("High Road", warning)

    def test_a_companys_name_is_no_list_of_words(self):
        self.customer.write({"name": "Home Network Ltd", "is_company": True})
        self.ticket.partner_name = "Home Network Ltd"
        self.assertFalse(self.ticket._get_summary_warning("the home network"))
        self.assertTrue(self.ticket._get_summary_warning("at Home Network Ltd"))
