import re
from itertools import product
from pathlib import Path

from lxml import html

from odoo.tests import tagged

from .page_common import PageCase

#: How an attacker tries to get a script started, and where he breaks out of.
SCRIPTS = (
    "<script>xss()</script>",
    "<ScRiPt >xss()</sCrIpT >",
    "<img src=x onerror=xss()>",
    "<svg/onload=xss()>",
    "<body onload=xss()>",
    "<iframe src=javascript:xss()></iframe>",
    "<a href='java&#10;script:xss()'>x</a>",
    "<details open ontoggle=xss()>",
    "<math><mtext></mtext><mglyph><svg><mtext><style><img src onerror=xss()>",
    "<input autofocus onfocus=xss()>",
    "<form action=javascript:xss()><button>x</button></form>",
    "<object data='data:text/html,<script>xss()</script>'></object>",
)
BREAKS = ("", '">', "'>", "</textarea>", "</title></style>")
PAYLOADS = ["%s%s" % pair for pair in product(BREAKS, SCRIPTS)]
ALL = " ".join(PAYLOADS)
#: Templates may only output raw HTML that comes from a sanitised Html field, or from
#: a template of ours.
RAW = {
    "ticket.description",
    "body",
    "0",
    "offer['terms']",
    "offer['knowledge']",
    "record.picture.raw_value",  # drawn by the server out of numbers
}


@tagged("post_install", "-at_install")
class TestXss(PageCase):
    """Sixty payloads in everything people type stay words, wherever they are shown."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write({"name": ALL, "street": ALL, "street2": ALL})
        cls.location.write({"name": ALL, "direction": ALL})
        cls.service.write({"name": ALL, "crowd_knowledge": ALL})
        cls.community.write({"name": ALL, "terms": ALL})
        cls.anna.write({"name": ALL})
        cls.company_a.name = ALL
        cls.ticket = cls._create_ticket(
            ALL, description=ALL, crowd_summary=ALL, partner_name=ALL
        )

    def assertInert(self, text, where):
        """No element, attribute or address of a payload has come to life."""
        self.assertTrue(text, where)
        for script in SCRIPTS:
            self.assertNotIn(script, text, where)
        for element in html.fromstring(text).iter():
            if not isinstance(element.tag, str):
                continue
            if element.tag == "script":
                self.assertNotIn("xss()", element.text or "", where)
            for name, value in element.attrib.items():
                self.assertFalse(name.startswith("on") and "xss" in value, where)
                address = re.sub(r"[\s\x00-\x1f]", "", value).lower()
                self.assertFalse(address.startswith("javascript:"), where)

    def test_there_are_sixty(self):
        self.assertEqual(len(set(PAYLOADS)), 60)

    def test_what_the_test_looks_for(self):
        for payload in SCRIPTS:
            with self.assertRaises(AssertionError, msg=payload):
                self.assertInert("<div>%s</div>" % payload, payload)

    def test_pages_and_mails(self):
        offer, rival = self._offer_to(self.anna, self.rival)
        url = "/crowd/offer/%s" % self._mint(offer)
        page = self.url_open(url)
        self.assertInert(page.text, "open offer")
        page = self._post(page, "accept")
        self.assertIn("xss()", page.text)
        self.assertInert(page.text, "job")
        page = self._post(page, "back_out", reason="other", note=ALL)
        self.assertInert(page.text, "given back")
        rival._decline("other", ALL)
        for message in self.ticket.message_ids:
            self.assertInert(message.body or "<p/>", "chatter")
        for delivery in self._deliveries(offer) | self._deliveries(offer, "won"):
            self.assertInert(delivery._render_mail()["body_html"], delivery.purpose)

    def test_escalation_packet(self):
        offer, _rival = self._offer_to(self.anna, self.rival)
        offer._decline("other", ALL)
        escalation = self.env["crowd.escalation"].browse(
            self.ticket.with_user(self.agent).crowd_escalate("manual", ALL)
        )
        self.assertIn("xss()", escalation.packet)
        self.assertInert(escalation.packet, "packet")

    def test_work_report(self):
        offer, _rival = self._offer_to(self.anna, self.rival)
        offer._accept("api")
        order = offer.dispatch_id.order_id
        offer._finish(True, ALL)
        self.assertInert(order.resolution, "resolution")

    def test_portal(self):
        self._create_user(
            "anna", "base.group_portal", partner_id=self.anna.partner_id.id
        )
        offer, _rival = self._offer_to(self.anna, self.rival)
        self.authenticate("crowd-anna", "crowd-anna")
        for url in ("/my", "/my/offers", "/my/offers/%d" % offer.id):
            self.assertInert(self.url_open(url).text, url)

    def test_templates_escape(self):
        root = Path(__file__).parent.parent
        used = set()
        for path in list(root.glob("views/*.xml")) + list(root.glob("wizards/*.xml")):
            used |= set(re.findall(r't-raw="([^"]+)"', path.read_text()))
        self.assertEqual(used, RAW)
