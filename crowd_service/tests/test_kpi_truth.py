"""Every figure, counted once more in plain Python, is what the reports say."""

import os
from datetime import date, timedelta
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from .kpi_truth_common import NOW, WildCase

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
        known = []

        def check(books, *period):
            both = self._compare_figures(books, *period, self.companies)
            self._compare_figures(books, *period, self.company_a)
            self._compare_figures(books, *period, self.company_b)
            for scope in self._scopes():
                self._compare_figures(books, *period, self.companies, **scope)
            known.append(both)

        self._on_histories(check)
        self.assertGreater(max(known), 30, "hardly a figure had rows")

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

    def test_no_history(self):
        start = date(2024, 1, 1)
        books = self._books(self.companies, NOW)
        known = self._compare_figures(
            books, start, start + timedelta(days=30), self.companies
        )
        self.assertEqual(known, 0)
