import logging

from geopy.exc import GeopyError
from geopy.geocoders import get_geocoder_for_service

from odoo import _, api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

TIMEOUT = 8  # seconds, for the whole request
PARAM = "crowd_service.geocoder_"
PROVIDERS = [("nominatim", "Nominatim (OpenStreetMap)"), ("photon", "Photon (Komoot)")]


class CrowdGeocode(models.Model):
    """An address that was looked up, and where it lies. Kept so as not to ask twice."""

    _name = "crowd.geocode"
    _description = "Looked-up address"
    _order = "id desc"
    _rec_name = "address"

    address = fields.Char(required=True)
    is_found = fields.Boolean()
    latitude = fields.Float(digits=(8, 5))
    longitude = fields.Float(digits=(8, 5))
    looked_up_at = fields.Datetime(required=True)

    _sql_constraints = [
        ("address_uniq", "unique(address)", "This address was looked up already.")
    ]


class CrowdGeocoder(models.AbstractModel):
    """The one way out to a service that knows where addresses are."""

    _name = "crowd.geocoder"
    _description = "Crowd Geocoder"

    @api.model
    def _locate(self, partner):
        """Return ``(latitude, longitude)`` of ``partner``'s address, or None.

        :raise UserError: when no provider is set, or it does not answer
        """
        address = self._address(partner)
        if not address:
            return None
        cache = self.env["crowd.geocode"].sudo()  # nobody reads others' addresses
        known = cache.search([("address", "=", address)], limit=1)
        if not known:
            place = self._ask(address)
            known = cache.create(
                {
                    "address": address,
                    "is_found": bool(place),
                    "latitude": place.latitude if place else 0.0,
                    "longitude": place.longitude if place else 0.0,
                    "looked_up_at": self.env["crowd.clock"].now(),
                }
            )
        return (known.latitude, known.longitude) if known.is_found else None

    @api.model
    def _address(self, partner):
        place = partner.with_context(lang="en_US")
        town = " ".join(filter(None, [place.zip, place.city]))
        parts = [place.street, town, place.state_id.name, place.country_id.name]
        return ", ".join(filter(None, parts)) if town else ""

    @api.model
    def _ask(self, address):
        try:
            return self._geocoder().geocode(address, timeout=TIMEOUT)
        except GeopyError as error:
            _logger.info("Geocoder: %s", type(error).__name__)
            raise UserError(
                _("The address service does not answer now. Please try again later.")
            )

    @api.model
    def _geocoder(self):
        """Return the geopy geocoder that the settings choose."""
        param = self.env["ir.config_parameter"].sudo().get_param  # set by admins
        provider = param(PARAM + "provider")
        if provider not in dict(PROVIDERS):
            raise UserError(
                _(
                    "No address service is chosen: an administrator can do so in the "
                    "settings of Crowd Service. Or type the position in by hand."
                )
            )
        scheme, _separator, domain = (param(PARAM + "url") or "").rpartition("://")
        options = {"user_agent": "crowd_service %s" % (param(PARAM + "contact") or "")}
        if domain:
            options.update(domain=domain.strip("/"), scheme=scheme or "https")
        return get_geocoder_for_service(provider)(**options)
