"""More customers for the demo's year: they live around the workers."""

from odoo import api, models

from ..year.lots import draw
from .copies import Copies, last_id, set_sequence

CUSTOMERS = 280
#: Customers whose rows are copied, by company.
PROTOTYPES = {"company_alpenfunk": "location_001", "company_heidefunk": "location_040"}
NEIGHBOURS = """
SELECT m.company_id, p.name, p.city, p.partner_latitude, p.partner_longitude
  FROM crowd_membership m
  JOIN fsm_person w ON w.id = m.worker_id
  JOIN res_partner p ON p.id = w.partner_id
 WHERE m.company_id IN %s AND w.is_located AND m.worker_type = 'friend'
   AND m.state = 'active'
 ORDER BY m.id
"""


class CrowdDemo(models.AbstractModel):
    _inherit = "crowd.demo"

    @api.model
    def _load_customers(self, count=CUSTOMERS):
        """Create customers and their places; those found again are left alone."""
        if self.env.ref("crowd_demo." + customer_name(1), False):
            return
        self.env["fsm.location"].flush()
        self.env.cr.execute(NEIGHBOURS, [tuple(map(self._id, PROTOTYPES))])
        neighbours = self.env.cr.fetchall()
        partner_id = last_id(self.env.cr, "res_partner")
        location_id = last_id(self.env.cr, "fsm_location")
        rows = {self._id(company): ([], []) for company in PROTOTYPES}
        for number in range(1, count + 1):
            company_id, partners, location = self._prepare_customer(
                number, neighbours, partner_id + 2 * number - 1, location_id + number
            )
            rows[company_id][0].extend(partners)
            rows[company_id][1].append(location)
        self._write_customers(rows)
        places = self.env["fsm.location"].browse(
            range(location_id + 1, location_id + count + 1)
        )
        self._remember({customer_name(n): p for n, p in enumerate(places, start=1)})

    @api.model
    def _write_customers(self, rows):
        for company, name in PROTOTYPES.items():
            self._write_rows_of(self._ref(name), *rows[self._id(company)])
        for table in ("res_partner", "fsm_location"):
            set_sequence(self.env.cr, table, last_id(self.env.cr, table))

    @api.model
    def _write_rows_of(self, prototype, partners, locations):
        """Write the rows of one company; its customers are alike."""
        Copies(self.env.cr, "res_partner", prototype.owner_id.id).put(partners[::2])
        Copies(self.env.cr, "res_partner", prototype.partner_id.id).put(partners[1::2])
        Copies(self.env.cr, "fsm_location", prototype.id).put(locations)

    @api.model
    def _prepare_customer(self, number, neighbours, partner_id, location_id):
        """Return the company, the rows of customer and place, and of the location."""
        lots = draw("customer", number)
        company_id, name, city, lat, lon = lots.choice(neighbours)
        given, family = name.split()[0], lots.choice(neighbours)[1].split()[-1]
        name = "%s %s" % (given, family)
        mail = "customer%03d@customers.example.com" % number
        person = self._prepare_partner(
            partner_id, name, city, email=mail, email_normalized=mail
        )
        place_name = "%s, %s" % (name, city)
        place = self._prepare_partner(
            partner_id + 1,
            place_name,
            city,
            partner_latitude=round(float(lat) + lots.uniform(-0.03, 0.03), 5),
            partner_longitude=round(float(lon) + lots.uniform(-0.04, 0.04), 5),
        )
        location = {
            "id": location_id,
            "partner_id": partner_id + 1,
            "owner_id": partner_id,
            "contact_id": partner_id,
            "complete_name": place_name,
            "territory_id": None,
        }
        return company_id, (person, place), location

    @api.model
    def _prepare_partner(self, partner_id, name, city, **columns):
        return {
            "id": partner_id,
            "name": name,
            "display_name": name,
            "commercial_partner_id": partner_id,
            "city": city,
            "street": None,
            "zip": None,
            "phone": None,
            **columns,
        }


def customer_name(number):
    """Return the external id of a customer's place.

    >>> customer_name(7)
    'location_year_007'
    """
    return "location_year_%03d" % number
