"""What SMS providers call: answers and receipts. The secret address is the login."""

import json
import logging

import psycopg2

from odoo import http
from odoo.http import request

from .common import answer_json, as_text

_logger = logging.getLogger(__name__)
ADDRESS = "/crowd/gateway/<int:gateway_id>/<string:key>/"
ROUTE = {"auth": "public", "methods": ["POST"], "csrf": False, "save_session": False}
MOST_BYTES = 64 * 1024
UNKNOWN = (404, {"error": "not found"})


class SmsGateway(http.Controller):
    """One address for providers that send JSON, one for those that send forms.

    Odoo gives a body of JSON to no other kind of route.
    """

    @http.route(ADDRESS + "in.json", type="json", **ROUTE)
    def sms_in_json(self, gateway_id, key, **_params):
        """Take an answer."""
        return answer_json(*self._take("_take_inbound", gateway_id, key, read_json))

    @http.route(ADDRESS + "receipt.json", type="json", **ROUTE)
    def sms_receipt_json(self, gateway_id, key, **_params):
        """Take a receipt."""
        return answer_json(*self._take("_take_receipt", gateway_id, key, read_json))

    @http.route(ADDRESS + "in", type="http", **ROUTE)
    def sms_in_form(self, gateway_id, key, **_params):
        """Take an answer."""
        return respond(*self._take("_take_inbound", gateway_id, key, read_form))

    @http.route(ADDRESS + "receipt", type="http", **ROUTE)
    def sms_receipt_form(self, gateway_id, key, **_params):
        """Take a receipt."""
        return respond(*self._take("_take_receipt", gateway_id, key, read_form))

    def _take(self, method, gateway_id, key, read):
        """Return ``(status, values)`` of the answer to the provider."""
        # only the key counts, neither the visitor nor his context
        gateways = request.env(context={})["crowd.gateway"]
        try:
            gateway = gateways._find_inbound(gateway_id, as_text(key, 100))
            data = read() if gateway else None
            if not gateway or data is None:
                return UNKNOWN if not gateway else (400, {"error": "unreadable"})
            is_known = getattr(gateway, method)(data)
        except psycopg2.OperationalError:
            raise  # somebody was faster: Odoo begins again
        except Exception:  # noqa: BLE001 the sender learns nothing of our insides
            _logger.exception(
                "A message of gateway %s could not be handled", gateway_id
            )
            request.env.cr.rollback()
            return 500, {"error": "internal"}
        is_receipt = method == "_take_receipt"
        return UNKNOWN if is_receipt and not is_known else (200, {"status": "ok"})


def read_json():
    """Return the parsed body, None when it is none."""
    body = request.httprequest.get_data()
    if len(body) > MOST_BYTES:
        return None
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, (dict, list)) else None


def read_form():
    """Return the fields of the form."""
    form = request.httprequest.form
    if sum(len(value) for value in form.values()) > MOST_BYTES:
        return None
    return form.to_dict()


def respond(status, values):
    """Return the answer of a ``type="http"`` route."""
    response = request.make_response(
        json.dumps(values), [("Content-Type", "application/json")]
    )
    response.status_code = status
    return response
