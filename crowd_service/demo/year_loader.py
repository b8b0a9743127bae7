"""Writes the year before today: thousands of tickets, in seconds."""

from datetime import datetime, time

from psycopg2 import sql

from odoo import api, models

from .. import compat
from ..year import LINKS, TABLES, Numbers, Year, plan
from ..year.calendar import to_local, to_utc
from .copies import Copies, last_id, link, set_sequence

TICKETS = 3000
WAVE_SIZE = 5
BATCH = 2000  # tickets kept in memory
#: So many ids a ticket needs at most: they are kept free, so that the rows of today, which
#: the engine writes before, have the highest and stand first in lists.
ROOM = {
    "helpdesk_ticket": 1,
    "fsm_order": 2,
    "crowd_dispatch": 2,
    "crowd_offer": 15,
    "crowd_escalation": 2,
    "crowd_event": 30,
    "crowd_delivery": 30,
    "crowd_candidate": 6,
    "rating_rating": 2,
    "crowd_review": 2,
}
#: One row of each table that the engine has written: what nobody says is as there.
PROTOTYPES = {
    "crowd.dispatch": [("state", "=", "done")],
    "crowd.offer": [("state", "=", "completed")],
    "crowd.escalation": [("state", "=", "taken")],
    "crowd.event": [],
    "crowd.delivery": [("state", "=", "sent"), ("kind", "=", "mail")],
    "crowd.candidate": [("is_near_miss", "=", True)],
    "rating.rating": [("crowd_offer_id", "!=", False)],
    "crowd.review": [],
}
#: What an hour costs, in the company's currency; friends and partners get the price.
COSTS = {
    "company_alpenfunk": {"technician": 104, "professional": 82},
    "company_heidefunk": {"technician": 71, "professional": 54},
}
JOINED = """
UPDATE crowd_membership AS m
   SET joined_at = v.joined, left_at = v.gone,
       terms_accepted_at = v.joined + interval '10 minutes'
  FROM unnest(%s, %s::timestamp[], %s::timestamp[]) AS v (id, joined, gone)
 WHERE m.id = v.id
"""
#: Skills of ticket and order are those of the service.
SKILLS = """
INSERT INTO {relation} ({one}, {other})
SELECT DISTINCT t.id, n.skill_id FROM {table} AS t
  JOIN crowd_service_skill AS n ON n.service_id = t.crowd_service_id
 WHERE t.id > %s
    ON CONFLICT DO NOTHING
"""
ARCHIVED = 3  # workers who have left are archived


class CrowdDemo(models.AbstractModel):
    _inherit = "crowd.demo"

    @api.model
    def _reserve_year(self, tickets=TICKETS):
        """Keep ids free; return the greatest id before those, by table."""
        compat.flush(self.env)
        last = {table: last_id(self.env.cr, table) for table in TABLES}
        for table, room in ROOM.items():
            set_sequence(self.env.cr, table, last[table] + room * tickets)
        return last

    @api.model
    def _load_year(self, tickets=TICKETS, wave_size=WAVE_SIZE, first=1, last=None):
        """Write a year of tickets, as the engine would have left it.

        :param first: the lowest number of tickets, dispatches, escalations
        :param last: what :meth:`_reserve_year` has returned
        """
        compat.flush(self.env)
        year = self._get_year()
        cast = self._read_cast(year)
        self._write_joined(cast)
        self._create_costs()
        last = last or self._reserve_year(tickets)
        numbers = Numbers(last, first)
        told = plan(
            cast,
            self._read_props(),
            numbers,
            year,
            tickets,
            wave_size=wave_size,
            words=self._read_words(),
        )
        self._write_tales(told)
        self._finish_year(last)

    @api.model
    def _get_year(self):
        now = self.env["crowd.clock"].now()
        company = self._ref("company_alpenfunk")
        return Year(to_local(now, company.resource_calendar_id.tz).date())

    # ------------------------------------------------------------------
    # people
    # ------------------------------------------------------------------

    @api.model
    def _write_joined(self, cast):
        """Members joined, and left, on the days that the plan says."""
        zones = {company_id: firm.zone for company_id, firm in cast.firms.items()}
        columns = [[], [], []]
        for member in cast.members:
            zone = zones[member.company_id]
            left = member.left if member.state == "left" else None
            columns[0].append(member.membership_id)
            for column, day in zip(columns[1:], (member.joined, left)):
                nine = day and to_utc(datetime.combine(day, time(9)), zone)
                column.append(nine)
        self.env.cr.execute(JOINED, columns)

    @api.model
    def _create_costs(self):
        costs = self.env["crowd.cost"]
        for company, amounts in COSTS.items():
            for kind, amount in amounts.items():
                scope = {"company_id": self._id(company), "worker_type": kind}
                domain = [(name, "=", value) for name, value in scope.items()]
                if not costs.search(domain + [("service_id", "=", False)]):
                    costs.create(dict(scope, basis="hour", amount=amount))

    @api.model
    def _archive_some(self):
        """Some who have left are archived: what they did still counts."""
        members = self.env["crowd.membership"].search(
            [("state", "=", "left"), ("job_count", ">", 0)], order="id"
        )
        gone = members.worker_id.filtered(
            lambda w: set(w.crowd_membership_ids.mapped("state")) == {"left"}
        )
        gone[:ARCHIVED].write({"active": False})

    # ------------------------------------------------------------------
    # rows
    # ------------------------------------------------------------------

    @api.model
    def _write_tales(self, tales):
        """Write the rows of the tickets, some thousand tickets at a time."""
        copies = self._prepare_copies()
        rows, number = {table: [] for table in TABLES}, 0
        for number, tale in enumerate(tales, start=1):
            for table in TABLES:
                rows[table] += tale.rows[table]
            if not number % BATCH:
                self._write_rows(copies, rows)
        self._write_rows(copies, rows)

    @api.model
    def _prepare_copies(self):
        """Return the writer of each table."""
        found = {}
        for model, domain in PROTOTYPES.items():
            records = self.env[model].with_context(active_test=False)
            found[records._table] = records.search(domain, order="id", limit=1).id
        dispatch = self.env["crowd.dispatch"].browse(found["crowd_dispatch"])
        found["helpdesk_ticket"] = dispatch.ticket_id.id
        found["fsm_order"] = dispatch.order_id.id
        return {table: Copies(self.env.cr, table, found[table]) for table in TABLES}

    @api.model
    def _write_rows(self, copies, rows):
        """Write and forget ``rows``; links to later tables follow."""
        links = {key: [] for key in LINKS}
        for (table, column), pairs in links.items():
            for row in rows[table]:
                if row[column]:
                    pairs.append((row["id"], row[column]))
                    row[column] = None
        for table in TABLES:
            copies[table].put(rows[table])
            rows[table].clear()
        for (table, column), pairs in links.items():
            if pairs:
                link(self.env.cr, table, column, pairs)

    # ------------------------------------------------------------------
    # afterwards
    # ------------------------------------------------------------------

    @api.model
    def _finish_year(self, last):
        """Count what the engine counts as it goes, and measure everybody."""
        for table in TABLES:
            set_sequence(self.env.cr, table, last_id(self.env.cr, table))
            self.env.cr.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))
        self._add_skills("helpdesk.ticket", "crowd_skill_ids", last)
        self._add_skills("fsm.order", "skill_ids", last)
        compat.invalidate(self.env)
        self.env["crowd.dispatch"]._init_facts()
        self.env["crowd.offer"]._fill_job_facts()
        self.env["crowd.membership"]._measure_all()
        self._archive_some()

    @api.model
    def _add_skills(self, model, name, last):
        field, table = self.env[model]._fields[name], self.env[model]._table
        query = sql.SQL(SKILLS).format(
            relation=sql.Identifier(field.relation),
            one=sql.Identifier(field.column1),
            other=sql.Identifier(field.column2),
            table=sql.Identifier(table),
        )
        self.env.cr.execute(query, [last[table]])
