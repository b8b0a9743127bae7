"""Two companies in which wild histories can be written."""

from datetime import datetime, timedelta

from psycopg2 import sql

from ..demo.copies import Copies, last_id, link
from ..year.cast import Firm, Member, Place, Service, User
from ..year.plan import Props
from ..year.rows import LINKS, TABLES
from .common import CrowdCase
from .kpi_history import NOW, WildNumbers, WildTale, draw_start
from .kpi_truth_common import TruthMixin

NOON = datetime(2026, 3, 4, 11)
NEXT_ID = "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)"


class WildCase(TruthMixin, CrowdCase):
    """Two companies in which histories can be written."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.companies = cls.company_a | cls.company_b
        cls.service_b = cls._create_service("Television")
        cls.firms = [
            cls._create_firm(cls.company_a, cls.agent, cls.community, cls.technicians),
            cls._create_firm(
                cls.company_b, cls.agent_b, cls.community_b, cls.technicians_b
            ),
        ]
        cls.props = cls._create_props()
        cls.prototypes = cls._create_prototypes()
        cls._create_costs()

    @classmethod
    def _create_firm(cls, company, agent, community, technicians):
        """Return a dictionary of what takes part in a company's histories."""
        teams = cls.env["helpdesk.ticket.team"].create(
            [
                {"name": "%s %s" % (word, company.name), "company_id": company.id}
                for word in ("Care", "Field")
            ]
        )
        territories = cls.env["res.territory"].create(
            [{"name": "%s of %s" % (word, company.name)} for word in ("North", "South")]
        )
        places = cls.env["fsm.location"]
        for territory in (*territories, None):
            places |= cls._create_location(
                "Place",
                company_id=company.id,
                territory_id=territory.id if territory else False,
            )
        return {
            "company": company,
            "user": User(agent.id, agent.partner_id.id),
            "teams": teams,
            "places": places,
            "territories": territories,
            "members": list(cls._create_members(company, community, technicians)),
        }

    @classmethod
    def _create_members(cls, company, community, technicians):
        kinds = ("friend", "professional", "friend", "technician", "technician")
        for number, kind in enumerate(kinds):
            worker = cls._create_worker(
                "Worker %d of %s" % (number, company.name),
                kind,
                community=technicians if kind == "technician" else community,
            )
            member = worker.crowd_membership_ids
            yield Member(
                membership_id=member.id,
                worker_id=worker.id,
                partner_id=worker.partner_id.id,
                community_id=member.community_id.id,
                company_id=company.id,
                worker_type=kind,
                state="active",
                lat=None,
                lon=None,
            )

    @classmethod
    def _create_props(cls):
        stages = {
            name: cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_" + name).id
            for name in ("new", "done", "cancelled")
        }
        for name, stage in (
            ("order_new", "new"),
            ("order_done", "completed"),
            ("order_cancelled", "cancelled"),
        ):
            stages[name] = cls.env.ref("fieldservice.fsm_stage_" + stage).id
        gateways = cls.env["crowd.gateway"].search([], order="id desc")
        channel = cls.env.ref("helpdesk_mgmt.helpdesk_ticket_channel_web").id
        return Props({g.kind: g.id for g in gateways}, stages, {"web": channel})

    @classmethod
    def _create_prototypes(cls):
        """Return a row of each table, which the ORM has made."""
        ticket = cls._create_ticket()
        dispatch = ticket._crowd_open_dispatch()
        member = cls.firms[0]["members"][0]
        order = cls.env["fsm.order"].create({"location_id": cls.location.id})
        base = {
            "dispatch_id": dispatch.id,
            "ticket_id": ticket.id,
            "company_id": cls.company_a.id,
        }
        offer = cls.env["crowd.offer"].create(
            dict(
                base,
                name="P",
                worker_id=member.worker_id,
                membership_id=member.membership_id,
                state="draft",
            )
        )
        made = [
            ticket,
            dispatch,
            order,
            offer,
            cls.env["crowd.escalation"].create(
                dict(base, name="E", reason="manual", user_id=cls.dispatcher.id)
            ),
            cls.env["crowd.event"].create(dict(base, at=NOON, kind="note")),
            cls.env["crowd.delivery"].create(
                {
                    "company_id": cls.company_a.id,
                    "gateway_id": cls.env["crowd.gateway"].search([], limit=1).id,
                    "purpose": "offer",
                    "partner_id": cls.customer.id,
                    "gateway_order": "1",
                    "dispatch_id": dispatch.id,
                    "offer_id": offer.id,
                }
            ),
            cls.env["crowd.review"].create(
                dict(base, offer_id=offer.id, worker_id=member.worker_id, asked_at=NOON)
            ),
        ]
        cls.env["base"].flush()
        return {record._table: record.id for record in made}

    @classmethod
    def _create_costs(cls):
        costs = ((cls.company_a, "technician", 90), (cls.company_a, "professional", 70))
        cls.env["crowd.cost"].create(
            [
                {"company_id": c.id, "worker_type": kind, "amount": amount}
                for c, kind, amount in costs
            ]
        )

    # ------------------------------------------------------------------
    # histories
    # ------------------------------------------------------------------

    def _write_history(self, lots, number, zones):
        """Write ``number`` tickets of both companies, and let the product count."""
        self._set_zones(zones)
        numbers = WildNumbers({t: last_id(self.env.cr, t) for t in TABLES})
        tales = [self._tell(lots, numbers) for _number in range(number)]
        self._write_tales(tales)
        self._join(lots)
        self.env.cache.invalidate()
        with self.at(NOW):
            self.env["crowd.dispatch"]._init_facts()
            for model in ("crowd.offer", "crowd.escalation", "crowd.delivery"):
                self.env[model]._init_day()
            self.env["crowd.offer"]._fill_job_facts()
            self.env["crowd.job.cost"]._record(self._member_ids())
            self.env["crowd.worker.month"]._refresh(self._member_ids())
        self._archive(lots)

    def _set_zones(self, zones):
        for company, zone in zip(self.companies, zones):
            company.resource_calendar_id.tz = zone
        self.env["base"].flush()

    def _tell(self, lots, numbers):
        firm = lots.choice(self.firms)
        company, user = firm["company"], firm["user"]
        place = lots.choice(firm["places"])
        service = lots.choice(self.service | self.service_b)
        told = Firm(
            company_id=company.id,
            zone=company.crowd_zone,
            team_id=lots.choice(firm["teams"]).id,
            order_team_id=self.env.ref("fieldservice.fsm_team_default").id,
            agents=(user,),
            dispatcher=user,
            manager=user,
            technicians=(user,),
            categories={},
        )
        return WildTale(
            numbers,
            self.props,
            told,
            Place(
                location_id=place.id,
                company_id=company.id,
                customer_id=self.customer.id,
                name="Customer",
                email="customer@example.com",
                lat=None,
                lon=None,
                territory_id=place.territory_id.id or None,
            ),
            Service(
                service_id=service.id,
                company_id=company.id,
                family="wlan",
                name=service.name,
                minutes=60,
                price=49.0,
                deadline_hours=24,
                is_remote=False,
                audience="both",
                weight=1,
            ),
            draw_start(lots, company.crowd_zone),
            lots=lots,
            members=firm["members"],
        ).run()

    def _write_tales(self, tales):
        cr = self.env.cr
        rows = {
            table: [row for t in tales for row in t.rows[table]] for table in TABLES
        }
        for name in ("crowd_offer", "crowd_escalation", "crowd_delivery"):
            for row in rows[name]:
                row["day"] = None  # the product finds it
        links = [
            (table, column, [(r["id"], r[column]) for r in rows[table] if r[column]])
            for table, column in LINKS
        ]
        for table, column in LINKS:
            for row in rows[table]:
                row[column] = None
        for table in filter(rows.get, TABLES):
            names = {name for row in rows[table] for name in row}
            complete = [dict(dict.fromkeys(names), **row) for row in rows[table]]
            Copies(cr, table, self.prototypes[table]).put(complete)
            cr.execute(NEXT_ID, [table, max(row["id"] for row in complete)])
        for table, column, pairs in links:
            if pairs:
                link(cr, table, column, pairs)

    def _join(self, lots):
        """Members joined at some time, some have left."""
        for member in (m for firm in self.firms for m in firm["members"]):
            joined = datetime(2025, lots.randrange(6, 13), 1) - timedelta(
                hours=lots.choice((-12, 0, 1, 11, 500))
            )
            left = joined + timedelta(days=lots.choice((0, 31, 90, 150)))
            is_gone = lots.random() < 0.2
            self.env.cr.execute(
                "UPDATE crowd_membership SET joined_at = %s, left_at = %s, state = %s"
                " WHERE id = %s",
                (
                    joined,
                    left if is_gone else None,
                    "left" if is_gone else lots.choice(("active", "paused")),
                    member.membership_id,
                ),
            )

    def _archive(self, lots):
        """Who is archived has worked all the same."""
        firm = lots.choice(self.firms)
        for table, archived_id in (
            ("fsm_person", firm["members"][0].worker_id),
            ("helpdesk_ticket_team", firm["teams"][0].id),
            ("product_template", self.service_b.id),
        ):
            query = sql.SQL("UPDATE {} SET active = FALSE WHERE id = %s")
            self.env.cr.execute(query.format(sql.Identifier(table)), [archived_id])
        self.env.cache.invalidate()

    def _member_ids(self):
        return [m.membership_id for firm in self.firms for m in firm["members"]]
