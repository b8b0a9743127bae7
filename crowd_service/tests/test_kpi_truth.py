"""Every figure, counted once more in plain Python, is what the reports say."""

import os
from datetime import date, timedelta
from random import Random
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.tests import tagged

from ..kpi import BY_CODE
from ..kpi.definitions import CURVE as KPI_CURVE
from ..models import crowd_kpi_sql, crowd_local_sql
from .common import CrowdCase
from .kpi_history import NOW
from .kpi_recompute import CURVE, FIGURES
from .kpi_truth_common import TruthMixin
from .kpi_wild_common import WildCase

LONG = bool(os.environ.get("CROWD_LONG"))
SETTINGS = settings(
    max_examples=150 if LONG else 8,
    derandomize=not LONG,
    deadline=None,
    database=None,
    print_blob=True,
    phases=list(Phase) if LONG else [Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
ZONES = st.sampled_from(
    [
        ("Europe/Zurich", "America/New_York"),
        ("Pacific/Auckland", "Europe/Zurich"),
        ("America/New_York", "Pacific/Auckland"),
    ]
)
PERIODS = st.sampled_from(
    [
        (date(2025, 9, 1), date(2026, 5, 31)),
        (date(2026, 3, 1), date(2026, 3, 31)),
        (date(2025, 10, 26), date(2025, 10, 26)),
        (date(2026, 3, 8), date(2026, 3, 29)),
        (date(2026, 4, 5), date(2026, 6, 30)),
    ]
)


YEAR = date(2025, 9, 1), date(2026, 5, 31)
MONTH = date(2026, 3, 1), date(2026, 3, 31)
#: Mistakes that must be found: in which fact or piece, what is written, what somebody
#: writes.
MISTAKES = (
    ("WITHIN", "minutes_to_accept <= {minutes}", "minutes_to_accept < {minutes}"),
    ("IN_CURVE", "d.state <> 'cancelled' OR", "TRUE OR"),
    ("escalation", "e.state <> 'open'", "TRUE"),
    ("outcome", "NOT IN ('agent', 'assumed')", "NOT IN ('agent')"),
    ("outcome", "t.user_id IS NULL", "TRUE"),
    ("job", "< (o.answered_at, o.id)", "> (o.answered_at, o.id)"),
    ("PART", "BETWEEN 8 AND 17", "BETWEEN 8 AND 20"),
    ("job", "interval '30 days'", "interval '3 days'"),
    ("offer", "OR o.state = 'withdrawn' AND o.answered_at IS NOT NULL", ""),
    ("review", "WHEN 'no' THEN 0", ""),
    ("cost", "c.lane = 'crowd'", "TRUE"),
    ("member", "m.worker_type <> 'technician'", "TRUE"),
    ("delivery", "WHEN v.state = 'dead' THEN 0", ""),
)
#: Those who wait have been asked as many minutes ago as the curve has thresholds.
ASK_LATELY = """
    UPDATE crowd_dispatch AS d
       SET offered_at = date_trunc('second', now() AT TIME ZONE 'UTC')
                        - minutes[1 + waits.place %% cardinality(minutes)]
                          * interval '1 minute'
      FROM (SELECT id, row_number() OVER (ORDER BY id) AS place, %s::int[] AS minutes
              FROM crowd_dispatch
             WHERE company_id = ANY(%s) AND offered_at IS NOT NULL
               AND first_accepted_at IS NULL AND state <> 'cancelled') AS waits
     WHERE waits.id = d.id
"""


class RollBack(Exception):
    """Raised to leave a savepoint."""


@tagged("post_install", "-at_install")
class TestKpiTruth(WildCase):
    """On wild histories in two companies and three time zones."""

    def _on_histories(self, check):
        """Call ``check(books, period)`` on many histories."""

        @SETTINGS
        @given(st.integers(0, 2**32), st.integers(10, 40), ZONES, PERIODS)
        def run(seed, number, zones, period):
            try:
                with self.env.cr.savepoint(), self.at(NOW):
                    self._write_history(Random(seed), number, zones)
                    check(self._books(self.companies, NOW), *period)
                    raise RollBack()
            except RollBack:
                self.env.cache.invalidate()
                self.env.clear()

        run()

    def test_figures(self):
        known, risks = [], []

        def check(books, *period):
            both = self._compare_figures(books, *period, self.companies)
            self._compare_figures(books, *period, self.company_a)
            self._compare_figures(books, *period, self.company_b)
            for scope in self._scopes():
                self._compare_figures(books, *period, self.companies, **scope)
            known.append(both)
            risks.append(books.at_risk(self.companies.ids))
            now = self._kpis(*period, self.companies)
            figure = now._measure(["at_risk"], now._cut())["at_risk"]
            self.assertEqual(figure.value, risks[-1])

        self._on_histories(check)
        self.assertGreater(max(known), 30, "hardly a figure had rows")
        self.assertGreater(max(risks), 0)

    def _scopes(self):
        for firm in self.firms:
            yield {"team": firm["teams"][0].id}
            yield {"territory": firm["territories"][0].id}
        yield {"service": self.service.id}
        yield {"service": self.service_b.id, "team": self.firms[1]["teams"][1].id}

    def test_rows(self):
        def check(books, *period):
            self._compare_rows(books, *period, self.companies)
            self._compare_views(books, *period, self.companies)
            self._compare_curve(books, *period, self.companies)

        self._on_histories(check)

    def test_the_last_hours(self):
        """Who waits for his first yes counts from the minute on that decides."""
        with self.at(NOW):
            self._write_history(Random(8), 60, ("Europe/Zurich", "America/New_York"))
        now = self._ask_lately()
        with self.at(now):
            books = self._books(self.companies, now)
            told = {books.figure(c, *YEAR, self.companies.ids)[1] for c in KPI_CURVE}
            self.assertEqual(len(told), len(KPI_CURVE))
            self._compare_figures(books, *YEAR, self.companies, KPI_CURVE)
            self._compare_rows(books, *YEAR, self.companies, KPI_CURVE)
            self._compare_curve(books, *YEAR, self.companies)
            with self._mistake("IS_TOLD", "offered_at <= ", "offered_at < "):
                with self.assertRaises(AssertionError):
                    self._compare_figures(books, *YEAR, self.companies, KPI_CURVE)

    def _ask_lately(self):
        """Let those who wait have waited for so many minutes; return the instant."""
        self.env.cr.execute(ASK_LATELY, [list(CURVE), self.companies.ids])
        self.env["base"].invalidate_cache()
        self.env.cr.execute("SELECT date_trunc('second', now() AT TIME ZONE 'UTC')")
        return self.env.cr.fetchone()[0]

    def test_all_figures(self):
        """A new figure is counted again as well."""
        self.assertEqual({*FIGURES, "at_risk"}, set(BY_CODE))

    def test_no_history(self):
        start = date(2024, 1, 1)
        books = self._books(self.companies, NOW)
        known = self._compare_figures(
            books, start, start + timedelta(days=30), self.companies
        )
        self.assertEqual(known, 0)

    def test_mistakes_are_found(self):
        with self.at(NOW):
            self._write_history(Random(3), 150, ("Europe/Zurich", "America/New_York"))
            books = self._books(self.companies, NOW)
            self._compare_figures(books, *YEAR, self.companies)
            for where, right, wrong in MISTAKES:
                with self.subTest(right), self._mistake(where, right, wrong):
                    with self.assertRaises(AssertionError):
                        self._compare_figures(books, *YEAR, self.companies)
                        self._compare_figures(books, *MONTH, self.companies)

    def _mistake(self, where, right, wrong):
        """Context manager: somebody has written ``wrong``."""
        rows = crowd_kpi_sql.ROWS
        if where in rows:
            self.assertIn(right, rows[where])
            return patch.dict(rows, {where: rows[where].replace(right, wrong)})
        module = crowd_local_sql if where == "PART" else crowd_kpi_sql
        piece = getattr(module, where)
        self.assertIn(right, piece)
        return patch.object(module, where, piece.replace(right, wrong))


@tagged("post_install", "-at_install")
class TestKpiTruthDemo(TruthMixin, CrowdCase):
    """On the year of the demo data, if it is there."""

    def test_year(self):
        companies = self._find_companies()
        if not companies:
            self.skipTest("There is no demo data.")
        today = fields.Date.today()
        books = self._books(companies, self.env["crowd.clock"].now())
        for days in (30, 365):
            period = today - timedelta(days=days - 1), today
            known = self._compare_figures(books, *period, companies)
            self.assertGreater(known, 35)
            self._compare_rows(books, *period, companies)
            self._compare_views(books, *period, companies)
            self._compare_curve(books, *period, companies)

    def _find_companies(self):
        names = ("company_alpenfunk", "company_heidefunk")
        found = [
            self.env.ref("crowd_demo." + name, raise_if_not_found=False)
            for name in names
        ]
        return self.env["res.company"].union(*filter(None, found))
