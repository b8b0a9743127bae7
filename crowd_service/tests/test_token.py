import logging
from datetime import timedelta

from odoo.tests import tagged

from ..log_filter import LOGGERS, mask
from .common import CrowdCase
from .delivery_common import DeliveryFactory


@tagged("post_install", "-at_install")
class TestToken(DeliveryFactory, CrowdCase):
    """Secret links: for one offer, one purpose, and only as long as needed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_offers()

    def setUp(self):
        super().setUp()
        self.offer, self.other = self._offer_to(self.anna, self.rival)
        self.tokens = self.env["crowd.token"]

    def test_only_the_hash_is_kept(self):
        token = self._mint(self.offer)
        self.assertEqual(len(token), 43)  # 256 bits
        self.assertNotEqual(token, self._mint(self.offer))
        record = self.tokens.search([("token_hash", "=", self.tokens._hash(token))])
        self.assertEqual(record.offer_id, self.offer)
        self.assertNotIn(token, str(record.read()))

    def test_opens_its_own_offer_only(self):
        mine, foreign = self._mint(self.offer), self._mint(self.other)
        self.assertEqual(self.tokens._offer("offer", mine), self.offer)
        self.assertEqual(self.tokens._offer("offer", foreign), self.other)
        for wrong in ("", None, mine[:-1], mine + "x", mine.swapcase(), "\ud800", "🙂"):
            self.assertFalse(self.tokens._offer("offer", wrong), repr(wrong))

    def test_purposes_are_not_interchangeable(self):
        token = self._mint(self.offer)
        for purpose in ("rating", "", False, "OFFER"):
            self.assertFalse(self.tokens._offer(purpose, token), repr(purpose))

    def test_dead_when_revoked_or_archived(self):
        token = self._mint(self.offer)
        self.offer._withdraw()
        self.anna.active = False
        self.assertFalse(self.tokens._offer("offer", token))
        token = self._mint(self.other)
        self.tokens.search([("offer_id", "=", self.other.id)])._revoke()
        self.assertFalse(self.tokens._offer("offer", token))

    def test_dead_in_a_copied_database(self):
        token = self._mint(self.offer)
        self.env["ir.config_parameter"].set_param("database.uuid", "a-copy")
        self.assertFalse(self.tokens._offer("offer", token))
        self.assertEqual(
            self.tokens._offer("offer", self._mint(self.offer)), self.offer
        )

    def test_a_closed_offer_tells_only_that(self):
        token = self._mint(self.other)
        self.offer._accept("mail")
        values = self.tokens._offer("offer", token)._crowd_public_values()
        self.assertEqual(values["phase"], "closed")
        self.assertIn("faster", values["sentence"])
        self.assertNoSecrets(values, but=())
        for name in ("summary", "area", "price", "customer", "terms"):
            self.assertEqual(values[name], "", name)

    def test_old_links_are_forgotten(self):
        old, young = self._mint(self.other), self._mint(self.offer)
        self.offer._accept("mail")
        now = self.env["crowd.clock"].now()
        with self.at(now + timedelta(days=91)):
            self.tokens._gc_tokens()
        self.assertFalse(self.tokens._offer("offer", old))
        self.assertEqual(self.tokens._offer("offer", young), self.offer)

    def test_nobody_reads_tokens(self):
        self._mint(self.offer)
        for user in (self.manager, self.agent, self.portal_user):
            tokens = self.tokens.with_user(user)
            self.assertFalse(tokens.check_access_rights("read", raise_exception=False))

    def test_logs_do_not_show_them(self):
        token = self._mint(self.offer)
        for path in (
            "/crowd/offer/%s" % token,
            "/fr/crowd/offer/%s/accept?x=1" % token,
            "redirect=%%2Fcrowd%%2Foffer%%2F%s&y=2" % token,
        ):
            self.assertNotIn(token, mask(path))
            for name in LOGGERS:
                with self.assertLogs(name, logging.INFO) as log:
                    logging.getLogger(name).info('"%s %s" %s', "GET", path, 200)
                self.assertNotIn(token, "".join(log.output), name)
                self.assertIn("200", "".join(log.output), name)

    def test_other_log_lines_are_left_alone(self):
        with self.assertLogs("werkzeug", logging.INFO) as log:
            logging.getLogger("werkzeug").info("%s and %d", "/my/offers/3", 7)
        self.assertIn("/my/offers/3 and 7", log.output[0])
