from datetime import timedelta
from random import Random
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models import crowd_experience
from .measures_common import NOON, MeasuresCase


@tagged("post_install", "-at_install")
class TestExperience(MeasuresCase):
    """Who solved what, and what is similar."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.experience = cls.env["crowd.experience"]
        cls.env["res.lang"]._activate_lang("de_DE")
        cls.customer.lang = "en_US"
        cls.tv = cls._create_service("Television")

    def _solve(self, name, summary="", worker=None, learn=True, **values):
        """Return a ticket that was solved, and learn of it."""
        at = values.pop("at", NOON)
        ticket = self._create_ticket(name, crowd_summary=summary, **values)
        self._create_job(
            worker, ticket=ticket, sent_at=at, service_id=ticket.crowd_service_id.id
        )
        ticket.crowd_dispatch_id.service_id = ticket.crowd_service_id
        if learn:
            self.experience._learn(ticket.ids)
        return ticket

    def _count(self, name, summary="", **values):
        """Return how many similar tickets Anna solved."""
        ticket = self._create_ticket(name, crowd_summary=summary, **values)
        return self.experience._count_similar(ticket, self.anna.ids).get(
            self.anna.id, 0
        )

    def _known(self, ticket):
        return self.experience.search([("ticket_id", "=", ticket.id)])

    # -- learn -------------------------------------------------------------

    def test_done_is_learned_after_the_transaction(self):
        ticket = self._create_ticket("Printer is lost")
        dispatch = self._create_dispatch(ticket)
        dispatch._assign_worker(self.anna)
        dispatch._finish(True, "Found it behind the wardrobe.")
        self.assertFalse(self._known(ticket))
        self._run_jobs("crowd.experience")
        known = self._known(ticket)
        self.assertEqual(known.worker_id, self.anna)
        self.assertEqual(known.service_id, self.service)
        self.assertEqual(known.company_id, self.company_a)
        self.assertEqual(known.solved_at, dispatch.closed_at)
        self.assertEqual(known.language, "english")
        self.assertEqual(known.resolution, "Found it behind the wardrobe.")

    def test_unsolved_is_not_learned(self):
        ticket = self._create_ticket()
        dispatch = self._create_dispatch(ticket)
        dispatch._assign_worker(self.anna)
        dispatch._finish(False)
        self._run_jobs("crowd.experience")
        self.experience._learn(ticket.ids)
        self.assertFalse(self._known(ticket))

    def test_given_to_the_crowd_again(self):
        ticket = self._solve("Printer is lost")
        self._create_dispatch(ticket)
        self.assertFalse(self._known(ticket))
        self._create_job(self.beat, dispatch=ticket.crowd_dispatch_id)
        self.experience._repair()
        self.assertEqual(self._known(ticket).worker_id, self.beat)

    def test_repair(self):
        missed = self._solve("Printer is lost", learn=False)
        changed = self._solve("Scanner is lost")
        changed.crowd_dispatch_id.state = "unsolved"
        self.experience._repair()
        self.assertTrue(self._known(missed))
        self.assertFalse(self._known(changed))

    def test_again_writes_nothing(self):
        self._solve("Printer is lost")
        self.experience._repair()
        before = self._rows("crowd_experience")
        self.assertEqual(self.experience._repair(), 0)
        self.assertEqual(self._rows("crowd_experience"), before)

    def test_changed_ticket_is_read_again(self):
        ticket = self._solve("Printer is lost")
        self.env["base"].flush()
        ticket.name = "Scanner is lost"
        self.env["base"].flush()
        self.env.cr.execute(  # all of a test has the time of its transaction
            "UPDATE helpdesk_ticket SET write_date = write_date + interval '1 second'"
            " WHERE id = %s",
            (ticket.id,),
        )
        self.assertEqual(self.experience._repair(), 1)
        self.assertEqual(self._count("Scanner", crowd_service_id=self.tv.id), 1)

    def test_language(self):
        for lang, config in (
            ("de_CH", "german"),
            ("fr_FR", "french"),
            ("it_IT", "italian"),
            ("es_ES", "spanish"),
            ("en_GB", "english"),
            ("pt_PT", "simple"),
        ):
            self.env.cr.execute(
                "UPDATE res_partner SET lang = %s WHERE id = %s",
                (lang, self.customer.id),
            )
            self.customer.invalidate_cache()
            ticket = self._create_ticket()
            self.assertEqual(self.experience._get_language(ticket), config)

    def test_language_that_the_database_lacks(self):
        model = type(self.experience)
        with patch.object(model, "_get_configs", lambda model: frozenset()):
            language = self.experience._get_language(self._create_ticket())
        self.assertEqual(language, "simple")

    # -- similar -----------------------------------------------------------

    def test_same_service_needs_one_term(self):
        self._solve("Printer makes noise")
        self.assertEqual(self._count("The printers"), 1)
        self.assertEqual(self._count("The scanners"), 0)

    def test_other_service_needs_two(self):
        self._solve("Printer makes noise", crowd_service_id=self.tv.id)
        self.assertEqual(self._count("Printer has no paper"), 0)
        self.assertEqual(self._count("Noise of the printer"), 1)

    def test_other_service_needs_a_third_of_the_terms(self):
        self._solve("Printer makes noise", crowd_service_id=self.tv.id)
        others = "lamp window garden bicycle"
        self.assertEqual(self._count("Printer noise", others), 1)  # 2 of 6
        self.assertEqual(self._count("Printer noise", others + " rain"), 0)  # of 7

    def test_one_word_is_enough_if_it_is_all(self):
        self._solve("Printer makes noise", crowd_service_id=self.tv.id)
        self.assertEqual(self._count("Printer"), 1)

    def test_stop_words_are_no_terms(self):
        self._solve("It is not there")
        self.assertEqual(self._count("It is not there"), 0)
        self.assertEqual(self._count(""), 0)

    def test_other_language(self):
        self._solve("Router kaputt", "Router")
        german = self.env["res.partner"].create({"name": "Hans", "lang": "de_DE"})
        self.assertEqual(self._count("Router", partner_id=german.id), 0)
        self._solve("Die Router sind kaputt", partner_id=german.id)
        self.assertEqual(self._count("Router", partner_id=german.id), 1)

    def test_own_ticket(self):
        ticket = self._solve("Printer is lost")
        self.assertFalse(self.experience._count_similar(ticket, self.anna.ids))
        self.assertFalse(self.experience._find_similar(ticket))

    def test_companies_are_apart(self):
        self._solve("Printer is lost").crowd_dispatch_id.company_id = self.company_b
        self.experience._repair()
        self.env.cr.execute("UPDATE crowd_experience SET ticket_written_at = NULL")
        self.experience._repair()
        self.assertEqual(self._count("Printer"), 0)

    def test_only_the_last_tickets_count(self):
        most = crowd_experience.LAST_TICKETS
        for number in range(most + 3):
            self._solve("Printer", at=NOON + timedelta(days=number))
        self.assertEqual(self._count("Printer"), most)
        for number in range(2):
            self._solve("Scanner", at=NOON + timedelta(days=100 + number))
        self.assertEqual(self._count("Printer"), most - 2)

    def test_many_workers_one_query(self):
        self._solve("Printer is lost")
        self._solve("Printer is lost", worker=self.beat)
        self._solve("Printer is found", worker=self.beat)
        ticket = self._create_ticket("Printer")
        ids = (self.anna | self.beat).ids
        self.experience._count_similar(ticket, ids)
        with self.assertQueryCount(1):
            found = self.experience._count_similar(ticket, ids)
        self.assertEqual(found, {self.anna.id: 1, self.beat.id: 2})
        self.assertEqual(self.experience._count_similar(ticket, []), {})

    def test_strange_words(self):
        for name in (
            "it's 'quoted' | & ! ( ) :* <->",
            "back\\slash \\' and C:\\path\\to",
            "日本語 ☎ émigré ﷽",
            "x" * 5000,
            " ".join("w%dx" % n for n in range(3000)),
            "http://example.com/" + "a/" * 800,
            "% %s %(name)s",
        ):
            with self.subTest(name=name[:20]):
                ticket = self._solve(name)
                self.experience._count_similar(ticket, self.anna.ids)
                self.assertTrue(self._known(ticket))

    def test_formula(self):
        """Against sets of words, on random tickets."""
        random = Random(7)
        words = ["lamp", "tram", "milk", "fork", "bird", "ship", "rope", "corn"]
        known = []
        for _number in range(crowd_experience.LAST_TICKETS):
            terms = random.sample(words, random.randint(1, 5))
            service = random.choice([self.service, self.tv])
            self._solve(" ".join(terms), crowd_service_id=service.id)
            known.append((set(terms), service))
        for _number in range(40):
            asked = random.sample(words, random.randint(1, 8))
            service = random.choice([self.service, self.tv])
            needed = min(len(asked), max(2, -(-3 * len(asked) // 10)))
            expected = sum(
                len(terms & set(asked)) >= (1 if done == service else needed)
                for terms, done in known
            )
            found = self._count(" ".join(asked), crowd_service_id=service.id)
            self.assertEqual(found, expected, asked)

    # -- for people --------------------------------------------------------

    def test_find_best_first(self):
        one = self._solve("Printer makes noise")
        two = self._solve("Printer in the attic makes noise and smoke")
        self._solve("Television is black")
        ticket = self._create_ticket("Smoke and noise in the attic", crowd_summary="")
        found = self.experience._find_similar(ticket)
        self.assertEqual(found.ticket_id.ids, [two.id, one.id])
        self.assertEqual(self.experience._find_similar(ticket, limit=1).ticket_id, two)

    def test_button(self):
        solved = self._solve("Printer makes noise")
        ticket = self._create_ticket("Noise from the printer").with_user(self.agent)
        action = ticket.action_crowd_similar()
        found = self.experience.with_user(self.agent).search(action["domain"])
        self.assertEqual(found.ticket_id, solved)

    def test_html_is_no_word(self):
        ticket = self._solve("Printer", description="<p class='blink'>Paper</p>")
        self.env.cr.execute(
            "SELECT document::text FROM crowd_experience WHERE ticket_id = %s",
            (ticket.id,),
        )
        document = self.env.cr.fetchone()[0]
        self.assertIn("paper", document)
        self.assertNotIn("blink", document)
        self.assertIn("network", document)  # of the service

    # -- rights ------------------------------------------------------------

    def test_rights(self):
        known = self._known(self._solve("Printer"))
        self.assertTrue(known.with_user(self.agent).read(["worker_id", "resolution"]))
        for user in (self.technician, self.employee, self.portal_user, self.agent_b):
            with self.assertRaises(AccessError):
                known.with_user(user).read(["worker_id"])

    def test_manager_may_not_write(self):
        known = self._known(self._solve("Printer"))
        with self.assertRaises(AccessError):
            known.with_user(self.manager).write({"worker_id": self.beat.id})

    def test_who_may_not_look_for_similar(self):
        ticket = self._solve("Printer")
        for user in (self.employee, self.technician, self.agent_b):
            with self.assertRaises(AccessError):
                ticket.with_user(user).action_crowd_similar()

    # -- the indexes -------------------------------------------------------

    def test_indexes(self):
        self.env.cr.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'crowd_experience'"
        )
        names = {row[0] for row in self.env.cr.fetchall()}
        wanted = {"crowd_experience_document", "crowd_experience_similar"}
        self.assertFalse(wanted - names)
