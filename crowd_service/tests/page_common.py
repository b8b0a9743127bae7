"""What the tests of pages share: a visitor with a browser's habits."""

import re

from odoo.tests.common import HOST
from odoo.tools import config

from .. import compat
from .common import CrowdHttpCase
from .delivery_common import DeliveryFactory

CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
}
#: Whatever a page could touch by mistake.
TABLES = (
    "bus_bus",
    "crowd_%",
    "fsm_%",
    "helpdesk_%",
    "ir_attachment",
    "mail_%",
    "queue_job",
    "rating_rating",
    "res_partner",
    "res_users%",
)


class PageCase(DeliveryFactory, CrowdHttpCase):
    """Offers to Anna and a rival, and pages to look at them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_offers()
        # making the style sheet takes seconds: once is enough
        look = dict.fromkeys(("lang", "title", "logo", "company", "contact"), "")
        compat.render_view(
            cls.env, "crowd_service.offer_unknown", dict(look, color="", ink="")
        )

    def url_base(self):
        """Return the server's address, without a slash at the end."""
        return "http://%s:%s" % (HOST, config["http_port"])

    def url_open(self, *args, **kwargs):
        # what the server changes, this environment does not know
        self.env["base"].flush()
        response = super().url_open(*args, **kwargs)
        self.env["base"].invalidate_cache()
        return response

    def _csrf(self, page):
        token = CSRF.search(page.text)
        return token.group(1) if token else ""

    def _post(self, page, action, allow_redirects=True, **values):
        """Fill in the form of a ``page`` (a response) and send it to ``action``."""
        values.setdefault("csrf_token", self._csrf(page))
        path = page.url.split("?")[0]
        return self.url_open(
            "%s/%s" % (path[path.index("/", 8) :], action),
            data=values,
            allow_redirects=allow_redirects,
        )

    def _rows(self):
        """Return ``{table: (count, youngest transaction)}``: it shows every change."""
        self.env["base"].flush()
        self.env.cr.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND ("
            + " OR ".join(["relname LIKE %s"] * len(TABLES))
            + ") ORDER BY relname",
            [name.replace("_", r"\_") for name in TABLES],
        )
        return {name: self._fingerprint(name) for (name,) in self.env.cr.fetchall()}

    def _fingerprint(self, table):
        # a name that PostgreSQL has just told us
        self.env.cr.execute(
            'SELECT count(*), md5(string_agg(t::text, %s ORDER BY t::text)) FROM "'
            + table
            + '" t',
            ("|",),
        )
        return self.env.cr.fetchone()

    def assertHeaders(self, response):
        for name, value in HEADERS.items():
            self.assertEqual(response.headers.get(name), value, name)

    def assertNothingFromElsewhere(self, html):
        """Fail if a browser would ask another server for a part of the page."""
        sources = re.findall(
            r'<(?:img|script|link|iframe)[^>]+(?:src|href)="([^"]+)"', html
        )
        base = self.env["ir.config_parameter"].get_param("web.base.url")
        foreign = [
            source
            for source in sources
            if not source.startswith("/") and not source.startswith(base)
        ]
        self.assertEqual(foreign, [])
        self.assertTrue(sources)
