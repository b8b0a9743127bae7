from datetime import date, datetime, timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import CrowdCase

NOON = datetime(2026, 3, 4, 12)


class CostCase(CrowdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.costs = cls.env["crowd.cost"]
        cls.worker = cls._create_worker("Anna")
        cls.member = cls.worker.crowd_membership_ids
        cls.other_service = cls._create_service("Television")

    def _cost(self, who, amount, basis="hour", service=None, company=None):
        """Return a line for a membership or a kind of worker."""
        values = {
            "company_id": (company or self.company_a).id,
            "amount": amount,
            "basis": basis,
            "service_id": service and service.id,
        }
        if isinstance(who, str):
            return self.costs.create(dict(values, worker_type=who))
        return self.costs.create(dict(values, membership_id=who.id))


@tagged("post_install", "-at_install")
class TestCost(CostCase):
    """Lines of costs, and the cost per hour of a membership."""

    @mute_logger("odoo.sql_db")
    def test_one_line_per_scope(self):
        for who in (self.member, "friend"):
            for service in (None, self.service):
                self._cost(who, 10, service=service)
                with self.assertRaises(IntegrityError), self.env.cr.savepoint():
                    self._cost(who, 20, "job", service)
        self._cost(self.member, 20, service=self.other_service)
        self._cost("friend", 20, company=self.company_b)

    @mute_logger("odoo.sql_db")
    def test_of_a_member_or_of_a_kind(self):
        values = {"company_id": self.company_a.id, "amount": 1}
        both = dict(values, membership_id=self.member.id, worker_type="friend")
        for wrong in (values, both, dict(values, worker_type="friend", amount=-1)):
            with self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self.costs.create(wrong)

    def test_member_of_another_company(self):
        worker = self._create_worker("Bea", community=self.community_b)
        with self.assertRaises(UserError):
            self._cost(worker.crowd_membership_ids, 1)

    def test_services_of_the_crowd_only(self):
        product = self.env["product.template"].create({"name": "Cable"})
        with self.assertRaises(ValidationError):
            self._cost("friend", 1, service=product)

    def test_names(self):
        self.assertEqual(self._cost(self.member, 1).name, self.member.name)
        self.assertEqual(self._cost("technician", 1).name, "Technician")

    def test_cost_rate_is_the_line_for_all_services(self):
        self._cost(self.member, 12, service=self.service)
        self._cost("friend", 50)
        self.assertEqual(self.member.cost_rate, 0.0)
        line = self._cost(self.member, 33)
        self.assertEqual(self.member.cost_rate, 33.0)
        line.amount = 34
        self.assertEqual(self.member.cost_rate, 34.0)
        line.basis = "job"
        self.assertEqual(self.member.cost_rate, 0.0)
        line.unlink()
        self.assertEqual(self.member.cost_rate, 0.0)

    def test_cost_rate_writes_the_line(self):
        lines = [("membership_id", "=", self.member.id)]
        self.member.cost_rate = 30
        line = self.costs.search(lines)
        self.assertEqual((line.amount, line.basis), (30.0, "hour"))
        self.assertEqual(line.company_id, self.company_a)
        self.member.cost_rate = 31
        self.assertEqual(self.costs.search(lines), line)
        self.assertEqual(line.amount, 31.0)
        line.basis = "job"
        self.member.cost_rate = 0
        self.assertEqual(line.exists(), line, "a cost per job is something else")
        self.member.cost_rate = 32
        self.assertEqual((line.amount, line.basis), (32.0, "hour"))
        self.member.cost_rate = 0
        self.assertFalse(self.costs.search(lines))

    def test_cost_rate_of_several(self):
        members = self.member | self._create_worker("Bea").crowd_membership_ids
        members[0].cost_rate = 5
        members.write({"cost_rate": 7})
        self.assertEqual(members.mapped("cost_rate"), [7.0, 7.0])
        members.invalidate_cache()
        self.assertEqual(members.mapped("cost_rate"), [7.0, 7.0])

    def test_search_by_cost_rate(self):
        other = self._create_worker("Bea").crowd_membership_ids
        members = self.member | other
        self.member.cost_rate = 30
        for operator, value, found in (
            (">", 10, self.member),
            ("=", 30, self.member),
            ("!=", 30, other),
            ("=", 0, other),
            ("!=", 0, self.member),
            ("<", 10, other),
            (">=", 0, members),
            ("in", [0, 30], members),
            ("not in", [0], self.member),
        ):
            with self.subTest(operator=operator, value=value):
                domain = [("id", "in", members.ids), ("cost_rate", operator, value)]
                self.assertEqual(
                    self.env["crowd.membership"]
                    .with_user(self.manager)
                    .search(domain, order="id"),
                    found,
                )

    def test_manager_on_the_screens(self):
        with Form(self.member.with_user(self.manager)) as form:
            form.cost_rate = 45
        self.assertEqual(self.member.cost_rate, 45.0)
        form = Form(self.costs.with_user(self.manager))
        form.worker_type = "technician"
        form.amount = 60
        self.assertEqual(form.save().company_id, self.company_a)

    def test_columns_of_earlier_versions_move_once(self):
        other = self._create_worker("Bea").crowd_membership_ids
        known = self._create_worker("Cleo", membership={"cost_rate": 9}).id
        self.env["base"].flush()
        self.env.cr.execute("ALTER TABLE crowd_membership ADD COLUMN cost_rate numeric")
        self.env.cr.execute(
            "UPDATE crowd_membership SET cost_rate = CASE worker_id"
            " WHEN %s THEN 21.5 WHEN %s THEN 8 ELSE 0 END",
            (self.worker.id, known),
        )
        self.costs.init()
        self.costs.init()
        self.env.cache.invalidate()
        self.assertEqual(self.member.cost_rate, 21.5)
        self.assertEqual(other.cost_rate, 0.0)
        lines = self.costs.search([("membership_id.worker_id", "=", known)])
        self.assertEqual(lines.amount, 9.0, "what is there stays")
        line = self.costs.search([("membership_id", "=", self.member.id)])
        self.assertEqual((line.name, line.basis), (self.member.name, "hour"))
        self.env.cr.execute(
            "SELECT FROM information_schema.columns"
            " WHERE table_name = 'crowd_membership' AND column_name = 'cost_rate'"
        )
        self.assertFalse(self.env.cr.fetchall())

    def test_merged_members(self):
        other = self._create_worker("Anna again")
        theirs = other.crowd_membership_ids
        self._cost(self.member, 10)
        self._cost(theirs, 20)
        kept = self._cost(theirs, 30, service=self.service)
        self.worker._absorb(other)
        lines = self.costs.search([("membership_id", "=", self.member.id)])
        self.assertEqual(sorted(lines.mapped("amount")), [10.0, 30.0])
        self.assertIn(kept, lines)
        table = self.env["crowd.worker.search"]
        table._sync_pending()
        self.assertEqual(table._drifted(self.member.ids), [])


class JobCostCase(CostCase):
    def _job(self, worker=None, minutes=90, solved=True, service=None, arrive=True):
        """Return the offer of a job that took so long, and has no cost yet."""
        worker = worker or self.worker
        with self.at(NOON):
            ticket = self._create_ticket(crowd_service_id=(service or self.service).id)
            ticket.with_user(self.agent).crowd_dispatch(worker.ids)
            offer = ticket.crowd_offer_ids
            offer._accept("api")
            if arrive:
                offer._start("api")
        with self.at(NOON + timedelta(minutes=minutes)):
            offer._finish(solved, channel="api")
        return offer

    def _record(self, offer):
        """Return ``(minutes, source, amount, own amount)`` of the job."""
        self.env["crowd.job.cost"]._record(offer.membership_id.ids)
        return self._read(offer)

    def _read(self, offer):
        self.env.cr.execute(
            "SELECT minutes, source, amount, own_amount FROM crowd_job_cost"
            " WHERE offer_id = %s",
            offer.ids,
        )
        found = self.env.cr.fetchall()
        self.assertLessEqual(len(found), 1)
        return tuple(
            value if value is None or isinstance(value, str) else float(value)
            for value in (found or [()])[0]
        )


@tagged("post_install", "-at_install")
class TestJobCost(JobCostCase):
    """What a job cost, written when it has ended."""

    def test_price_of_the_offer(self):
        offer = self._job()
        self.assertEqual(self._record(offer), (90.0, "price", 49.0, None))
        row = self.env["crowd.job.cost"].search([("offer_id", "=", offer.id)])
        self.assertEqual((row.lane, row.worker_type), ("crowd", "friend"))
        self.assertEqual(row.dispatch_id, offer.dispatch_id)
        self.assertEqual(row.membership_id, self.member)
        self.assertEqual(row.service_id, self.service)
        self.assertEqual(row.company_id, self.company_a)
        self.assertEqual(row.day, date(2026, 3, 4))

    def test_own_technicians_for_the_same_minutes(self):
        self._cost("technician", 80)
        self.assertEqual(self._record(self._job()), (90.0, "price", 49.0, 120.0))

    def test_own_technicians_for_that_service(self):
        self._cost("technician", 80)
        self._cost("technician", 55, "job", self.service)
        self.assertEqual(self._record(self._job()), (90.0, "price", 49.0, 55.0))
        other = self._job(service=self.other_service)
        self.assertEqual(self._record(other)[3], 120.0)

    def test_the_most_special_line_counts(self):
        lines = []
        for who, service, amount, source in (
            ("friend", None, 10, "type"),
            ("friend", self.service, 20, "type"),
            (self.member, None, 30, "member"),
            (self.member, self.service, 40, "member"),
        ):
            lines.append(self._cost(who, amount, service=service))
            with self.subTest(who=who, service=service):
                offer = self._job(minutes=60)
                self.assertEqual(self._record(offer)[1:3], (source, amount))
        self._cost("professional", 99)
        other = self._job(service=self.other_service, minutes=60)
        self.assertEqual(self._record(other)[1:3], ("member", 30.0))

    def test_per_job(self):
        self._cost(self.member, 25, "job")
        self.assertEqual(self._record(self._job()), (90.0, "member", 25.0, None))

    def test_lines_of_another_company_do_not_count(self):
        self._cost("friend", 10, company=self.company_b)
        self._cost("technician", 10, company=self.company_b)
        self.assertEqual(self._record(self._job())[1:], ("price", 49.0, None))

    def test_technicians(self):
        tina = self._create_worker("Tina", "technician")
        offer = self._job(tina)
        self.assertEqual(self._record(offer), (90.0, None, None, None), "not known")
        self._cost("technician", 80)
        self.assertEqual(self._record(offer), (90.0, "type", 120.0, None))
        row = self.env["crowd.job.cost"].search([("offer_id", "=", offer.id)])
        self.assertEqual(row.lane, "technician")

    def test_nobody_noted_the_arrival(self):
        self.service.crowd_minutes = 45
        self._cost(self.member, 40)
        offer = self._job(minutes=600, arrive=False)
        self.assertEqual(self._record(offer), (45.0, "member", 30.0, None))
        self.service.crowd_minutes = 0
        offer = self._job(minutes=600, arrive=False)
        self.assertEqual(self._record(offer)[0], 60.0)

    def test_pauses_are_no_work(self):
        with self.at(NOON):
            ticket = self._create_ticket()
            ticket.with_user(self.agent).crowd_dispatch(self.worker.ids)
            offer, dispatch = ticket.crowd_offer_ids, ticket.crowd_dispatch_id
            offer._accept("api")
        with self.at(NOON + timedelta(hours=1)):
            dispatch._pause(NOON + timedelta(hours=9), "before he arrives")
        with self.at(NOON + timedelta(hours=2)):
            dispatch._resume()
        with self.at(NOON + timedelta(hours=3)):
            offer._start("api")
        with self.at(NOON + timedelta(hours=4)):
            dispatch._pause(NOON + timedelta(days=9), "a part is missing")
        with self.at(NOON + timedelta(days=2)):
            dispatch._resume()
        with self.at(NOON + timedelta(days=2, minutes=30)):
            offer._finish(True, channel="api")
        self.assertEqual(self._record(offer)[0], 90.0)

    def test_unsolved_jobs_cost_as_well(self):
        self.assertEqual(self._record(self._job(solved=False))[2], 49.0)

    def test_only_the_last_of_several_workers(self):
        """Who gave the job back did not bring it to an end."""
        with self.at(NOON):
            ticket = self._create_ticket()
            ticket.with_user(self.agent).crowd_dispatch(self.worker.ids)
            first = ticket.crowd_offer_ids
            first._accept("api")
            first._give_back("sick")
        self.env["crowd.job.cost"]._record()
        self.assertEqual(self._read(first), ())

    def test_running_jobs_cost_nothing_yet(self):
        ticket = self._create_ticket()
        ticket.with_user(self.agent).crowd_dispatch(self.worker.ids)
        ticket.crowd_offer_ids._accept("api")
        self.assertEqual(self._record(ticket.crowd_offer_ids), ())

    def test_currency_without_cents(self):
        self.env.ref("base.JPY").active = True
        self.company_a.currency_id = self.env.ref("base.JPY")
        self._cost(self.member, 100)
        self.assertEqual(self._record(self._job(minutes=1))[2], 2.0)

    def test_history_stays(self):
        """A later line changes no job, but fills in what nobody knew."""
        offer = self._job()
        self._record(offer)
        self._cost(self.member, 500)
        self._cost("technician", 80)
        self.assertEqual(self._record(offer), (90.0, "price", 49.0, 120.0))
        self._cost("technician", 1, service=self.service)
        self.assertEqual(self._record(offer), (90.0, "price", 49.0, 120.0))

    def test_twice_is_once(self):
        offer = self._job()
        job_costs = self.env["crowd.job.cost"]
        self.assertEqual(job_costs._record(self.member.ids), offer.ids)
        self.assertEqual(job_costs._record(self.member.ids), [])

    def test_written_by_the_job_that_measures(self):
        offer = self._job()
        self.assertEqual(self._read(offer), (), "not in the worker's transaction")
        self._run_jobs("crowd.membership", is_due=False)
        self.assertEqual(self._read(offer)[1], "price")

    def test_every_night(self):
        offer = self._job()
        self.env["queue.job"].search([]).unlink()
        self.env["crowd.membership"]._cron_measure()
        self._run_jobs("crowd.job.cost", is_due=False)
        self.assertEqual(self._read(offer)[1], "price")

    def test_day_is_local(self):
        self.company_a.resource_calendar_id.tz = "Europe/Zurich"
        offer = self._job(minutes=11 * 60 + 30)
        self._record(offer)
        row = self.env["crowd.job.cost"].search([("offer_id", "=", offer.id)])
        self.assertEqual(row.day, date(2026, 3, 5))


@tagged("post_install", "-at_install")
class TestCostRights(JobCostCase):
    """Costs are for managers; nobody else learns them, by whatever question."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.member.cost_rate = 30
        cls.line = cls.costs.search([("membership_id", "=", cls.member.id)])
        cls.others = (
            cls.agent | cls.dispatcher | cls.technician | cls.employee | cls.portal_user
        )

    def setUp(self):
        super().setUp()
        self.offer = self._job()
        self._record(self.offer)
        self.job = self.env["crowd.job.cost"].search([("offer_id", "=", self.offer.id)])

    def _refused(self, act, users=None):
        for user in users or self.others:
            self.env["base"].flush()
            self.env.cache.invalidate()
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                act(user)

    def test_nobody_reads_lines(self):
        self._refused(lambda user: self.line.with_user(user).read(["amount"]))
        self._refused(lambda user: self.costs.with_user(user).search([]))

    def test_nobody_creates_lines(self):
        values = {
            "company_id": self.company_a.id,
            "worker_type": "friend",
            "amount": 1,
        }
        self._refused(lambda user: self.costs.with_user(user).create(values))

    def test_nobody_writes_lines(self):
        self._refused(lambda user: self.line.with_user(user).write({"amount": 1}))

    def test_nobody_deletes_lines(self):
        self._refused(lambda user: self.line.with_user(user).unlink())

    def test_nobody_reads_costs_of_jobs(self):
        self._refused(lambda user: self.job.with_user(user).read(["amount"]))
        self._refused(
            lambda user: self.job.with_user(user).search([("amount", ">", 1)])
        )

    def test_not_even_managers_write_costs_of_jobs(self):
        users = self.manager | self.agent
        self._refused(lambda user: self.job.with_user(user).write({"amount": 1}), users)
        self._refused(lambda user: self.job.with_user(user).unlink(), users)
        values = {"offer_id": self.offer.id, "company_id": self.company_a.id}
        self._refused(lambda user: self.job.with_user(user).create(values), users)

    def test_manager_of_another_company(self):
        lines = self.costs.with_user(self.manager_b)
        self.assertFalse(lines.search([("id", "=", self.line.id)]))
        self.assertFalse(self.job.with_user(self.manager_b).search([]) & self.job)
        with mute_logger("odoo.addons.base.models.ir_rule"):
            users = self.manager_b
            self._refused(lambda u: self.line.with_user(u).read(["amount"]), users)
            self._refused(lambda u: self.line.with_user(u).write({"amount": 1}), users)
            self._refused(lambda u: self.line.with_user(u).unlink(), users)
            self._refused(lambda u: self.job.with_user(u).read(["amount"]), users)
            values = {
                "company_id": self.company_a.id,
                "worker_type": "friend",
                "amount": 1,
            }
            self._refused(lambda u: self.costs.with_user(u).create(values), users)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_manager_cannot_push_a_line_into_another_company(self):
        line = self._cost("friend", 1).with_user(self.manager)
        with self.assertRaises(AccessError):
            line.write({"company_id": self.company_b.id})

    # ------------------------------------------------------------------
    # the cost per hour of a membership
    # ------------------------------------------------------------------

    def _member(self, user):
        return self.member.with_user(user)

    def test_nobody_reads_the_rate(self):
        self._refused(lambda user: self._member(user).read(["cost_rate"]))
        self._refused(lambda user: self._member(user).cost_rate)
        self._refused(lambda user: self._member(user).mapped("cost_rate"))

    def test_nobody_writes_the_rate(self):
        self._refused(lambda user: self._member(user).write({"cost_rate": 1}))

    def test_nobody_creates_with_a_rate(self):
        worker = self._create_worker("Bea", community=False)
        values = {
            "worker_id": worker.id,
            "community_id": self.community.id,
            "cost_rate": 3,
        }
        self._refused(
            lambda user: self.env["crowd.membership"].with_user(user).create(values)
        )

    def test_nobody_exports_the_rate(self):
        desk = self.agent | self.dispatcher
        desk.groups_id |= self.env.ref("base.group_allow_export")
        self._refused(
            lambda u: self._member(u).export_data(["name", "cost_rate"]), desk
        )
        path = "crowd_membership_ids/cost_rate"
        self._refused(lambda u: self.worker.with_user(u).export_data([path]), desk)

    def test_nobody_finds_members_by_their_rate(self):
        """No question whose answer depends on it, by whatever path."""
        desk = self.agent | self.dispatcher
        for model, path in (
            ("crowd.membership", "cost_rate"),
            ("fsm.person", "crowd_membership_ids.cost_rate"),
            ("crowd.offer", "membership_id.cost_rate"),
            ("crowd.offer", "worker_id.crowd_membership_ids.cost_rate"),
            ("crowd.dispatch", "accepted_offer_id.membership_id.cost_rate"),
            ("helpdesk.ticket", "crowd_offer_ids.membership_id.cost_rate"),
            ("crowd.response", "membership_id.cost_rate"),
        ):
            records = self.env[model]
            for domain in (
                [(path, ">", 10)],
                [(path, "=", 0)],
                ["!", (path, "<", 1000)],
                ["|", ("id", "=", 0), (path, "in", [30])],
            ):
                with self.subTest(model=model, domain=domain):
                    self._refused(
                        lambda u, r=records, d=domain: r.with_user(u).search(d), desk
                    )
            domain = [(path, ">", 10)]
            for act in (
                lambda u, r=records, d=domain: r.with_user(u).search_count(d),
                lambda u, r=records, d=domain: r.with_user(u).search_read(d, ["id"]),
                lambda u, r=records, d=domain: r.with_user(u).read_group(
                    d, ["id"], ["company_id"], lazy=False
                ),
                lambda u, r=records, d=domain: r.with_user(u).name_search("", d),
            ):
                self._refused(act, desk)

    def test_nobody_groups_or_sorts_by_the_rate(self):
        for user in self.agent | self.dispatcher | self.manager:
            members = self.env["crowd.membership"].with_user(user)
            for act in (
                lambda m=members: m.read_group([], ["cost_rate:avg"], ["state"]),
                lambda m=members: m.read_group([], [], ["cost_rate"]),
                lambda m=members: m.search([], order="cost_rate"),
            ):
                with mute_logger("odoo.models", "odoo.osv.query"):
                    found = self._told(act)
                self.assertNotIn("30", found)

    def _told(self, act):
        """Return what an RPC call would get to see, as text."""
        try:
            found = act()
        except (AccessError, UserError, ValueError, AssertionError):
            return ""
        if isinstance(found, list):
            return str([group.get("cost_rate") for group in found])
        return "" if found == found.sorted("id") else str(found.ids)

    def test_nobody_lacks_a_screen_because_of_it(self):
        for user in self.agent | self.dispatcher:
            self.assertNotIn("cost_rate", self._member(user).fields_get())
            Form(self._member(user))
            Form(self.worker.with_user(user))
        with Form(self._member(self.dispatcher)) as form:
            form.capacity = 3
        self.assertEqual(self.member.cost_rate, 30.0, "it stays")

    def test_tables_have_no_copy_that_can_be_searched(self):
        """The search table has it, and no right to read that is given to anybody."""
        self._refused(
            lambda user: self.env["crowd.worker.search"].with_user(user).search([]),
            self.others | self.manager,
        )

    def test_matching_counts_it_for_everybody(self):
        ticket = self._create_ticket()
        free = self._create_worker("Bea").crowd_membership_ids
        parts = {}
        for member in (self.member, free):
            found = self.env["crowd.matcher"]._explain(ticket, member.worker_id)
            parts[member] = found.parts["cost"]
        self.assertLess(parts[self.member], parts[free])
        result = ticket.with_user(self.agent).crowd_match()
        self.assertTrue(result, "an agent may match all the same")
