"""The monthly report: its pages, in whose rights, and that a printer can draw them."""

from datetime import date, datetime
from random import Random

from dateutil.relativedelta import relativedelta

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .kpi_history import NOW
from .kpi_wild_common import WildCase

ZONES = ("Europe/Zurich", "America/New_York")
REPORT = "crowd_service.crowd_report_monthly_action"
MODEL = "report.crowd_service.crowd_report_monthly"


@tagged("post_install", "-at_install")
class TestMonthly(WildCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the reader of both companies
        cls.manager.company_ids |= cls.company_b

    def setUp(self):
        super().setUp()
        with self.at(NOW):
            self._write_history(Random(5), 120, ZONES)

    def _create_wizard(self, user=None, **values):
        values = dict({"month": date(2026, 3, 14)}, **values)
        wizards = self.env["crowd.monthly"].with_user(user or self.manager)
        return wizards.create(dict({"company_id": self.company_a.id}, **values))

    def _render(self, wizard):
        """Return the page as the reader gets it, HTML."""
        report = wizard.env.ref(REPORT)
        html, kind = report._render_qweb_html(wizard.ids)
        self.assertEqual(kind, "html")
        return html.decode()

    def _get_page(self, wizard):
        return wizard.env[MODEL]._get_report_values(wizard.ids)["pages"][0]

    def _kpis(self, *args, **scope):
        kpis = super()._kpis(*args, **scope)
        return kpis.with_context(crowd_period="month").search([])

    # ------------------------------------------------------------------
    # the wizard
    # ------------------------------------------------------------------

    def test_default(self):
        """The last month that is over, in the zone of the company."""
        wizards = self.env["crowd.monthly"].with_user(self.manager)
        with self.at(datetime(2026, 4, 30, 22, 30)):  # it is May in Zurich
            form = Form(wizards.with_company(self.company_a))
            self.assertEqual(form.month, date(2026, 4, 1))
            self.assertEqual(form.company_id, self.company_a)

    def test_period(self):
        wizard = self._create_wizard(month=date(2028, 2, 29))
        self.assertEqual(wizard._get_period(), (date(2028, 2, 1), date(2028, 2, 29)))

    def test_actions(self):
        wizard = self._create_wizard()
        self.assertEqual(wizard.action_print()["report_type"], "qweb-pdf")
        self.assertEqual(wizard.action_preview()["report_type"], "qweb-html")

    # ------------------------------------------------------------------
    # what it says
    # ------------------------------------------------------------------

    def test_figures(self):
        """They are those of the overview, for the same month."""
        for company in self.companies:
            wizard = self._create_wizard(company_id=company.id)
            page = self._get_page(wizard)
            kpis = self._kpis(date(2026, 3, 1), date(2026, 3, 31), company)
            wanted = kpis.with_user(self.manager).filtered(
                lambda k: k.code != "at_risk"
            )
            shown = {k.code: k for _area, found in page["areas"] for k in found}
            self.assertEqual(set(shown), set(wanted.mapped("code")))
            for kpi in wanted:
                for name in ("value_text", "previous_text", "target_text", "state"):
                    self.assertEqual(shown[kpi.code][name], kpi[name], kpi.code)

    def test_page(self):
        html = self._render(self._create_wizard())
        self.assertIn("March 2026", html)
        self.assertIn("<polyline", html)
        self.assertIn("North of Crowd test A", html)
        self.assertNotIn("Crowd test B", html)
        kpis = self._kpis(date(2026, 3, 1), date(2026, 3, 31), self.company_a)
        kpi = kpis.with_user(self.manager).filtered(lambda k: k.code == "within_60")
        self.assertTrue(kpi.has_value)
        self.assertIn(kpi.value_text, html)

    def test_tables(self):
        """Rows of a table add up to the figures of the whole."""
        page = self._get_page(self._create_wizard())
        books = self._books(self.companies, NOW)
        period = date(2026, 3, 1), date(2026, 3, 31)
        rows = books.select("dispatch", *period, self.company_a.ids)
        self.assertGreater(len(rows), 5)
        for name in ("territories", "services"):
            self.assertEqual(sum(int(r[1][0]) for r in page[name]), len(rows))
        rows = books.select("escalation", *period, self.company_a.ids)
        self.assertEqual(sum(int(r[1][0]) for r in page["escalations"]), len(rows))
        rows = books.select("delivery", *period, self.company_a.ids)
        self.assertEqual(sum(int(r[1][0]) for r in page["gateways"]), len(rows))

    def test_forgotten(self):
        count = 0
        for number in range(9):
            month = date(2025, 9, 1) + relativedelta(months=number)
            wizard = self._create_wizard(month=month)
            forgotten = self._get_page(wizard)["forgotten"]
            kpis = self._kpis(*wizard._get_period(), self.company_a)
            kpi = kpis.filtered(lambda k: k.code == "never_answered")
            self.assertEqual(forgotten["count"], kpi.value)
            html = self._render(wizard) if forgotten["count"] else ""
            for row in forgotten["rows"]:
                self.assertIn(row.ticket_id.number, html)
            count += forgotten["count"]
        self.assertGreater(count, 0)

    def test_scope(self):
        firm = self.firms[0]
        team, territory = firm["teams"][1], firm["territories"][0]
        wizard = self._create_wizard(team_id=team.id, territory_id=territory.id)
        page = self._get_page(wizard)
        self.assertEqual(page["scope"], "%s, %s" % (team.name, territory.name))
        self.assertEqual([r[0] for r in page["territories"]], [territory.name])
        books = self._books(self.companies, NOW)
        period = date(2026, 3, 1), date(2026, 3, 31)
        scope = {"team": team.id, "territory": territory.id}
        rows = books.select("dispatch", *period, self.company_a.ids, **scope)
        self.assertEqual(int(page["territories"][0][1][0]), len(rows))

    def test_nothing(self):
        """A month without anything says so."""
        html = self._render(self._create_wizard(month=date(2020, 1, 1)))
        for sentence in (
            "Nobody was asked in this month.",
            "There were no dispatches.",
            "Nobody was left without an answer.",
            "Nothing had to be escalated.",
            "No message was sent.",
        ):
            self.assertIn(sentence, html)
        self.assertNotIn("<polyline", html)

    def test_language(self):
        """Numbers and the month are written as the reader is used to."""
        self.env["res.lang"]._activate_lang("de_DE")
        self.manager.lang = "de_DE"
        wizard = self._create_wizard().with_context(lang="de_DE")
        self.assertIn("März 2026", self._render(wizard))

    # ------------------------------------------------------------------
    # rights
    # ------------------------------------------------------------------

    def test_costs(self):
        """Costs are for managers."""
        wizard = self._create_wizard(self.dispatcher)
        codes = {k.code for _a, found in self._get_page(wizard)["areas"] for k in found}
        self.assertFalse(codes & {"crowd_cost", "own_cost", "saving"})
        page = self._get_page(self._create_wizard())
        codes = {k.code for _a, found in page["areas"] for k in found}
        self.assertGreaterEqual(codes, {"crowd_cost", "own_cost", "saving"})

    def test_agents_have_none(self):
        with self.assertRaises(AccessError):
            self._create_wizard(self.agent)

    def test_other_company(self):
        """Nobody prints what happened in a company that is not his."""
        with self.assertRaises(AccessError):
            self._get_page(
                self._create_wizard(self.dispatcher, company_id=self.company_b.id)
            )

    def test_not_another_ones(self):
        wizard = self._create_wizard()
        with self.assertRaises(AccessError):
            self._get_page(wizard.with_user(self.dispatcher))

    # ------------------------------------------------------------------
    # the printer
    # ------------------------------------------------------------------

    def test_header_and_footer(self):
        """Each printed page names the company and its number; the screen has no pages."""
        wizard = self._create_wizard()
        report = wizard.env.ref(REPORT)
        html, _kind = report._render_qweb_html(wizard.ids, data={"report_type": "pdf"})
        bodies, _ids, header, footer, _paper = report._prepare_html(html)
        self.assertEqual(len(bodies), 1)
        self.assertIn("March 2026", bodies[0].decode())
        self.assertIn(self.company_a.name, header.decode())
        for number in ("page", "topage"):
            self.assertIn('<span class="%s"' % number, footer.decode())
        self.assertNotIn('<span class="topage"', self._render(wizard))

    def test_pdf(self):
        wizard = self._create_wizard()
        report = wizard.env.ref(REPORT).with_context(force_report_rendering=True)
        if report.get_wkhtmltopdf_state() not in ("ok", "workers"):
            self.skipTest("There is no wkhtmltopdf.")
        with mute_logger("odoo.addons.base.models.ir_actions_report"):  # no server
            pdf, kind = report._render_qweb_pdf(wizard.ids)
        self.assertEqual(kind, "pdf")
        self.assertTrue(pdf.startswith(b"%PDF"))
