from psycopg2 import sql

from odoo.tests.common import SavepointCase, tagged

from ..demo import loader
from ..workflow import DISPATCH
from .invariants import check_invariants

#: Rows of the year have numbers of their own.
NAMES = {
    "helpdesk_ticket": "number",
    "fsm_order": "name",
    "crowd_dispatch": "name",
    "crowd_offer": "name",
    "crowd_escalation": "name",
}
#: Of each table the rows of the engine that are as closed as those of the year.
CLOSED = {
    "helpdesk_ticket": "crowd_state = 'done'",
    "fsm_order": "date_end IS NOT NULL",
    "crowd_dispatch": "state = 'done'",
    "crowd_offer": "state = 'completed' AND origin = 'match'",
    "crowd_escalation": "state = 'taken'",
}
COLUMNS = """
SELECT column_name FROM information_schema.columns
 WHERE table_schema = 'public' AND table_name = %s
"""
#: So many rows there are, and so many have each column.
COUNTED = "SELECT count(*), {columns} FROM {table} WHERE {name} {like} %s AND {closed}"
#: Of each territory: dispatches with an offer, and those taken within an hour.
TERRITORIES = """
SELECT t.name, count(*), count(*) FILTER (WHERE d.minutes_to_accept <= 60)
  FROM crowd_dispatch d
  JOIN res_territory t ON t.id = d.territory_id
 WHERE d.offered_at IS NOT NULL AND d.state <> 'cancelled'
 GROUP BY t.name
"""


@tagged("post_install", "-at_install")
class TestDemoYear(SavepointCase):
    """A year of history that no engine has written, and that looks as if it had."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        name = loader.MODULE + ".territory_wallis"
        cls.has_demo = bool(cls.env.ref(name, raise_if_not_found=False))

    def setUp(self):
        super().setUp()
        if not self.has_demo:
            self.skipTest("no demo data")

    def _ask(self, query, *params):
        self.env.cr.execute(query, params)
        return self.env.cr.fetchall()

    def _find(self, model, *domain):
        found = self.env[model].with_context(active_test=False)
        return found.search(list(domain) + [("name", "=like", "D__-%")])

    def test_there_are_thousands_and_all_are_closed(self):
        tickets = self.env["helpdesk.ticket"].search([("number", "=like", "H__-%")])
        self.assertGreater(len(tickets), 2900)
        self.assertFalse(tickets.filtered(lambda t: not t.stage_id.closed))
        self.assertFalse(tickets.filtered(lambda t: not t.crowd_outcome))
        open_ones = self._find("crowd.dispatch", ("state", "in", DISPATCH.open))
        self.assertFalse(open_ones)

    def test_nothing_impossible_has_happened(self):
        check_invariants(self.env.cr)

    def test_no_column_is_forgotten(self):
        """What every row of the engine has, every row of the year has."""
        for table in NAMES:
            names = [name for (name,) in self._ask(COLUMNS, table)]
            count, *engine = self._count(table, names, "!~")
            total, *written = self._count(table, names, "~")
            for name, one, other in zip(names, engine, written):
                if one == count:
                    self.assertEqual(other, total, (table, name))

    def _count(self, table, names, like):
        columns = [sql.SQL("count({})").format(sql.Identifier(name)) for name in names]
        query = sql.SQL(COUNTED).format(
            columns=sql.SQL(", ").join(columns),
            table=sql.Identifier(table),
            name=sql.Identifier(NAMES[table]),
            like=sql.SQL(like),
            closed=sql.SQL(CLOSED[table]),
        )
        return self._ask(query, "^[A-Z]+[0-9][0-9]-")[0]

    def test_what_reports_count_is_there(self):
        dispatches = self._find("crowd.dispatch")
        self.assertTrue(all(dispatches.mapped("day")))
        for dispatch in dispatches.filtered("assigned_at"):
            self.assertTrue(dispatch.first_accepted_at, dispatch.name)
            self.assertTrue(dispatch.first_accepted_offer_id, dispatch.name)
        jobs = self._find("crowd.offer", ("state", "=", "completed"))
        self.assertTrue(all(jobs.mapped("job_day")))
        self.assertTrue(all(jobs.mapped("job_arrived_at")))
        costs = self.env["crowd.job.cost"].search([("offer_id", "in", jobs.ids)])
        self.assertEqual(len(costs), len(jobs))

    def test_members_join_and_leave(self):
        months = self.env["crowd.worker.month"].read_group(
            [("status", "=", "new")],
            ["joined_month"],
            ["joined_month:month"],
            lazy=False,
        )
        self.assertGreater(len(months), 11)
        for status in ("new", "active", "inactive", "churned"):
            self.assertTrue(
                self.env["crowd.worker.month"].search_count([("status", "=", status)])
            )
        archived = self.env["fsm.person"].search_count(
            [("active", "=", False), ("crowd_membership_ids.state", "=", "left")]
        )
        self.assertTrue(archived)

    def test_two_territories_do_not_work(self):
        shares = {name: 100 * quick / n for name, n, quick in self._ask(TERRITORIES)}
        hard = [shares.pop(name) for name in ("Wallis", "Uckermark")]
        big = [shares[name] for name in ("Zürich", "Bern", "Berlin", "Romandie")]
        self.assertLess(max(hard), min(big) - 10)

    def test_customers_have_said_what_they_think(self):
        reviews = self.env["crowd.review"].search([("state", "=", "answered")])
        self.assertGreater(len(reviews), 1000)
        stars = sum(reviews.mapped("stars_worker")) / len(reviews)
        self.assertTrue(4.5 < stars < 4.9, stars)
        self.assertFalse(
            reviews.filtered(lambda r: r.rating_id.rating != r.stars_worker)
        )

    def test_a_missed_target_has_an_alert(self):
        name = loader.MODULE + ".target_alpen_wallis"
        target = self.env.ref(name)
        self.assertEqual(target.state, "bad")
        self.assertEqual(target.activity_ids.user_id, target.owner_id)

    def test_the_night_changes_nothing(self):
        """What the nightly measures know has been measured."""
        offers = self._ask("SELECT count(*), max(write_date) FROM crowd_offer")
        self.env["crowd.membership"]._measure_all()
        self.assertEqual(self.env["crowd.worker.month"]._refresh(), [])
        self.assertEqual(
            self._ask("SELECT count(*), max(write_date) FROM crowd_offer"), offers
        )

    def test_the_clock_leaves_it_alone(self):
        self.assertFalse(any(self._find("crowd.dispatch").mapped("next_deadline")))
        waiting = self.env["crowd.delivery"].search_count(
            [
                ("state", "in", ("queued", "failed")),
                ("dispatch_id.name", "=like", "D__-%"),
            ]
        )
        self.assertFalse(waiting)
