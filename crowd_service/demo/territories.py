"""Territories of the demo: each place belongs to the nearest."""

from odoo import api, models

from ..year.cast import globe_km

#: Name of the territory: its middle.
TERRITORIES = {
    "company_alpenfunk": {
        "territory_bern": ("Bern", 46.95, 7.45),
        "territory_zurich": ("Zürich", 47.40, 8.60),
        "territory_basel": ("Nordwestschweiz", 47.50, 7.75),
        "territory_luzern": ("Zentralschweiz", 47.05, 8.30),
        "territory_ost": ("Ostschweiz", 47.45, 9.35),
        "territory_romandie": ("Romandie", 46.45, 6.50),
        "territory_grischun": ("Graubünden", 46.80, 9.85),
        "territory_ticino": ("Ticino", 46.05, 8.95),
        "territory_wallis": ("Wallis", 46.20, 7.90),
    },
    "company_heidefunk": {
        "territory_berlin": ("Berlin", 52.52, 13.40),
        "territory_hamburg": ("Hamburg", 53.50, 10.00),
        "territory_rhein": ("Rheinland", 50.80, 7.00),
        "territory_main": ("Rhein-Main", 50.10, 8.60),
        "territory_bayern": ("Bayern", 48.30, 11.90),
        "territory_sued": ("Südwesten", 48.40, 9.00),
        "territory_sachsen": ("Sachsen", 51.33, 12.35),
        "territory_uckermark": ("Uckermark", 53.32, 13.86),
    },
}
#: Where the crowd does not work: few people, long ways.
HARD = ("territory_wallis", "territory_uckermark")


class CrowdDemo(models.AbstractModel):
    _inherit = "crowd.demo"

    @api.model
    def _load_territories(self):
        """Create the territories, and give each place of a customer the nearest."""
        for company, territories in TERRITORIES.items():
            self._create_territories(territories)
            self._divide(company, territories)

    @api.model
    def _create_territories(self, territories):
        known = self._find_known(self.env["res.territory"])
        for name, (label, _lat, _lon) in territories.items():
            if name not in known:
                territory = self.env["res.territory"].create({"name": label})
                self._remember({name: territory})

    @api.model
    def _divide(self, company, territories):
        places = self._find_known(self.env["fsm.location"]).values()
        for name in territories:
            mine = self.env["fsm.location"]
            for place in places:
                is_ours = place.company_id == self._ref(company)
                if is_ours and self._find_nearest(place, territories) == name:
                    mine |= place
            mine.write({"territory_id": self._id(name)})

    @api.model
    def _find_nearest(self, place, territories):
        def far(name):
            _label, lat, lon = territories[name]
            position = place.partner_latitude, place.partner_longitude
            return globe_km(position, (lat, lon))

        return min(territories, key=far)
