import pytz

from odoo import api, fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    crowd_zone = fields.Char(
        string="Time zone of reports",
        compute="_compute_crowd_zone",
        store=True,
        compute_sudo=True,
        help="Time zone of the company's working hours; UTC without one.",
    )

    @api.depends("resource_calendar_id.tz")
    def _compute_crowd_zone(self):
        """Keep the zones that the database knows: its statements use them."""
        wanted = {company: company.resource_calendar_id.tz for company in self}
        self.env.cr.execute(
            "SELECT name FROM pg_timezone_names WHERE name = ANY(%s)",
            (list(set(filter(None, wanted.values()))),),
        )
        known = {row[0] for row in self.env.cr.fetchall()}
        for company, zone in wanted.items():
            company.crowd_zone = zone if zone in known else "UTC"

    def _crowd_zone(self):
        """Return the name of the time zone in which the company's figures count."""
        # whoever causes a fact may not know the company
        return self.sudo().crowd_zone or "UTC"

    def _crowd_day(self, moment):
        """Return the local date of ``moment`` (naive UTC)."""
        zone = pytz.timezone(self._crowd_zone())
        return pytz.utc.localize(moment).astimezone(zone).date()
