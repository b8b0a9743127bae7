from psycopg2 import sql

from odoo import fields, models, tools


class CrowdReportMixin(models.AbstractModel):
    """Rows that managers count: a view over a table, with its id.

    The views have neither groups nor windows at their top: what is not asked for
    costs nothing, and conditions reach the indexes of the tables.
    """

    _name = "crowd.report.mixin"
    _description = "Rows of a report"
    _opens = None  # name of the field with the record behind the row

    day = fields.Date(
        readonly=True, help="In the time zone of the company's working hours."
    )
    hour = fields.Char(
        readonly=True,
        help="00:00 to 23:00: the hour that begins then, in the time zone of the "
        "company's working hours.",
    )
    weekday = fields.Selection(
        [
            ("1", "Monday"),
            ("2", "Tuesday"),
            ("3", "Wednesday"),
            ("4", "Thursday"),
            ("5", "Friday"),
            ("6", "Saturday"),
            ("7", "Sunday"),
        ],
        readonly=True,
    )
    part = fields.Selection(
        [
            ("day", "Working day, 8-18"),
            ("evening", "Working day, before 8 or after 18"),
            ("weekend", "Weekend"),
        ],
        string="Part of the week",
        readonly=True,
        help="Monday to Friday from 8 to 18, before and after, Saturday and Sunday.",
    )
    company_id = fields.Many2one("res.company", readonly=True)
    team_id = fields.Many2one("helpdesk.ticket.team", string="Team", readonly=True)
    service_id = fields.Many2one("product.template", string="Service", readonly=True)
    territory_id = fields.Many2one("res.territory", string="Territory", readonly=True)

    def init(self):
        if self._abstract:
            return
        tools.drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(
            sql.SQL("CREATE VIEW {name} AS {query}").format(
                name=sql.Identifier(self._table), query=self._query()
            )
        )

    def _query(self):
        """Return the statement of the view, a ``psycopg2.sql`` object."""
        raise NotImplementedError

    def action_open(self):
        """Open the record behind the row."""
        self.ensure_one()
        return self[self._opens].get_formview_action()


class CrowdReportBegunMixin(models.AbstractModel):
    """Rows that count on one day, and whose hours are those of the dispatch's begin."""

    _name = "crowd.report.begun.mixin"
    _description = "Rows of a report"
    _inherit = "crowd.report.mixin"

    hour = fields.Char(help="When the dispatch began: 0-23, local time.")
    weekday = fields.Selection(help="When the dispatch began.")
    part = fields.Selection(
        help="When the dispatch began: Monday to Friday from 8 to 18, before and after, "
        "Saturday and Sunday."
    )


def choices_of(model, name):
    """Return the callable for a selection with the choices of another model's."""
    return lambda self: self.env[model]._fields[name]._description_selection(self.env)


def share(string, text):
    """Return the field of a column with 0, 100 or nothing: its mean is per cent."""
    return fields.Float(
        string=string, readonly=True, group_operator="avg", digits=(5, 1), help=text
    )


def mean(string, text):
    """Return the field of a column of which the mean counts; nothing counts not."""
    return fields.Float(
        string=string, readonly=True, group_operator="avg", digits=(10, 1), help=text
    )
