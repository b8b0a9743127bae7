from psycopg2 import sql

from odoo import api, fields, models

from .crowd_local_sql import local_day

INDEX = "CREATE INDEX IF NOT EXISTS {name} ON {table} (company_id, day)"
#: Rows from before there was a day get it once.
FILL = """
    UPDATE {table} AS fact
       SET day = {day}
      FROM res_company AS company
      LEFT JOIN resource_calendar AS calendar
        ON calendar.id = company.resource_calendar_id
      LEFT JOIN pg_timezone_names AS zone ON zone.name = calendar.tz
     WHERE company.id = fact.company_id
       AND fact.day IS NULL
       AND {moment} IS NOT NULL
"""


class CrowdDayMixin(models.AbstractModel):
    """A record that reports count on the day of one of its moments."""

    _name = "crowd.day.mixin"
    _description = "Day that reports count on"
    _day_moment = None  # name of the Datetime field

    day = fields.Date(
        readonly=True,
        help="The day that reports count it on, in the time zone of the company as it "
        "was then.",
    )

    def _init_day(self):
        """Index the day and give it to the rows that have none yet."""
        table = sql.Identifier(self._table)
        name = sql.Identifier(self._table + "_company_day")
        index = sql.SQL(INDEX).format(table=table, name=name)
        self.env.cr.execute(index)
        moment = sql.Identifier("fact", self._day_moment)
        day = sql.Composed(local_day(moment, "zone.name"))
        fill = sql.SQL(FILL).format(table=table, moment=moment, day=day)
        self.env.cr.execute(fill)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_facts(vals) for vals in vals_list])

    @api.model
    def _with_facts(self, vals):
        """Return ``vals`` with what reports count: the local day of the moment."""
        moment = fields.Datetime.to_datetime(vals.get(self._day_moment))
        if not moment:
            return vals
        company = self.env["res.company"].browse(vals["company_id"])
        return dict(vals, day=company._crowd_day(moment))
