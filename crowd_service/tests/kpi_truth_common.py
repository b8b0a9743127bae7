"""Is what the product says what really happened? The comparison."""

from datetime import timedelta

from ..kpi import BY_CODE, FACTS
from .kpi_recompute import FIGURES, Books, export, last_whole_month

#: Of each fact view what it is grouped by, and the means that are compared.
VIEWS = {
    "dispatch": (
        "accepted_by",
        "within_1 within_10 within_60 within_180 is_accepted is_escalated is_solved"
        " is_unsolved is_cancelled minutes_to_offer minutes_to_accept"
        " minutes_to_arrive minutes_to_done offer_count round_count",
    ),
    "offer": (
        "weekday",
        "is_accepted is_declined is_ignored is_lost minutes_to_answer distance_km",
    ),
    "escalation": (
        "reason",
        "acknowledged_in_time minutes_to_acknowledge is_taken",
    ),
    "delivery": (
        "kind",
        "is_reached is_dead is_receipted minutes_to_send",
    ),
    "job": (
        "result",
        "is_solved is_first_time_fix is_back_out is_no_show is_scope distance_km"
        " minutes_to_arrive minutes_of_work stars_worker stars_solution"
        " would_book_again",
    ),
    "outcome": (
        "weekday",
        "is_solved is_not_solved is_abandoned is_reopened is_open",
    ),
    "cost": ("lane", ""),
}

SUMS = {"dispatch": ("back_out_count",)}  # what is added up instead


class TruthMixin:
    """Compares what the product says with :class:`Books`."""

    def _books(self, companies, now):
        self.env["base"].flush()
        zones = {company.id: company.crowd_zone for company in companies}
        currencies = {company.id: company.currency_id.id for company in companies}
        return Books(export(self.env, companies.ids), zones, now, currencies)

    def _compare_figures(self, books, start, end, companies, codes=FIGURES, **scope):
        """Compare figures, by default all; return how many had rows."""
        kpis = self._kpis(start, end, companies, **scope)
        cut = kpis._cut()
        figures, known = kpis._measure(list(codes), cut), 0
        for code, figure in figures.items():
            self._assert_figure(books, code, figure, cut, companies, **scope)
            known += figure.value is not None
        return known

    def _kpis(self, start, end, companies, **scope):
        context = {"crowd_%s" % name: value for name, value in scope.items()}
        return self.env["crowd.kpi"].with_context(
            crowd_period="d30",
            crowd_from=str(start),
            crowd_to=str(end),
            allowed_company_ids=companies.ids,
            **context,
        )

    def _assert_figure(self, books, code, figure, cut, companies, **scope):
        ids = companies.ids
        where = code, cut.period, ids, scope
        wanted = books.figure(code, *cut.period, ids, **scope)
        self.assertEqual(figure.population, wanted[1], where)
        self._assert_close(figure.value, wanted[0], where)
        earlier = cut.previous
        if FIGURES[code][0] == "member":
            earlier = None, last_whole_month(cut.period.end) - timedelta(days=1)
        before, _number = books.figure(code, *earlier, ids, **scope)
        self._assert_close(figure.previous, before, (*where, "previous"))

    def _assert_close(self, value, wanted, where):
        if value is None or wanted is None:
            self.assertIs(value, wanted, where)
        else:
            self.assertAlmostEqual(value, float(wanted), 5, where)

    def _compare_rows(self, books, start, end, companies, codes=FIGURES):
        """The rows that a click opens are those that the figure is counted from."""
        kpis = self._kpis(start, end, companies).search([])
        for kpi in kpis.filtered(lambda k: k.code in codes):
            if BY_CODE[kpi.code].how == "count":
                continue  # its rows are those that count
            _value, number = books.figure(kpi.code, start, end, companies.ids)
            action = kpi.action_open_rows()
            rows = self.env[action["res_model"]].search_count(action["domain"])
            self.assertEqual(rows, number, (kpi.code, start, end))

    def _compare_views(self, books, start, end, companies):
        for fact, (dimension, means) in VIEWS.items():
            for names in (["part", dimension], ["hour"], ["territory_id"]):
                self._compare_view(books, fact, (start, end), companies, names, means)

    def _compare_view(self, books, fact, period, companies, names, means):
        model = self.env[FACTS[fact].model]
        measures = ["nbr", *means.split(), *SUMS.get(fact, ())]
        domain = [
            ("company_id", "in", companies.ids),
            ("day", ">=", str(period[0])),
            ("day", "<=", str(period[1])),
        ]
        groups = model.read_group(domain, measures, ["company_id", *names], lazy=False)
        wanted = {}
        for row in books.select(fact, *period, companies.ids):
            values = [_value(row, name) for name in names]
            wanted.setdefault((row.company, *values), []).append(row)
        found = {_key(group, names): group for group in groups}
        self.assertEqual(set(found), set(wanted), (fact, names))
        for key, rows in wanted.items():
            self.assertEqual(found[key]["nbr"], len(rows), (fact, key))
            for name in SUMS.get(fact, ()):
                total = sum(getattr(row, name) for row in rows)
                self.assertEqual(found[key][name], total, (fact, key, name))
            for name in means.split():
                numbers = [n for n in (getattr(r, name) for r in rows) if n is not None]
                mean = sum(numbers) / len(numbers) if numbers else 0
                self.assertAlmostEqual(
                    found[key][name] or 0, mean, 4, (fact, key, name)
                )

    def _compare_curve(self, books, start, end, companies):
        groups = self.env["crowd.report.curve"].read_group(
            [
                ("company_id", "in", companies.ids),
                ("day", ">=", str(start)),
                ("day", "<=", str(end)),
                ("series", "!=", "target"),
            ],
            ["share"],
            ["series", "minutes"],
            lazy=False,
        )
        found = {
            (g["series"], g["minutes"]): (g["share"], g["__count"]) for g in groups
        }
        wanted = books.curve(start, end, companies.ids)
        self.assertEqual(set(found), set(wanted))
        for key, (share, number) in wanted.items():
            self.assertEqual(found[key][1], number, key)
            self.assertAlmostEqual(found[key][0], share, 5, key)


def _value(row, name):
    return getattr(row, name.replace("_id", ""))


def _key(group, names):
    values = [group["company_id"], *(group[name] for name in names)]
    return tuple(v[0] if isinstance(v, tuple) else v or None for v in values)
