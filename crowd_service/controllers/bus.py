from odoo.http import request

from odoo.addons.bus.controllers.main import BusController


class CrowdBusController(BusController):
    """Gives people of the desk the channels of their companies."""

    def _poll(self, dbname, channels, last, options):
        if request.session.uid:
            channels = list(channels) + request.env["crowd.live"]._channels()
        return super()._poll(dbname, channels, last, options)
