import logging

import psycopg2

from odoo import http
from odoo.http import request

from .common import answer_json

_logger = logging.getLogger(__name__)


class Webhook(http.Controller):
    """Answers of partners' systems. The signature is the login."""

    @http.route(
        "/crowd/webhook/<int:gateway_id>",
        type="json",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def crowd_webhook(self, gateway_id, **_params):
        """Verify the bytes as they came, act once, and say what happened."""
        # only the signature counts, neither the visitor nor his context
        answers = request.env(context={})["crowd.webhook.answer"].sudo()
        message = request.httprequest
        try:
            status, values = answers._take(
                gateway_id, message.headers, message.get_data()
            )
        except psycopg2.OperationalError:
            raise  # somebody was faster: Odoo begins again
        except Exception:  # noqa: BLE001 the sender learns nothing of our insides
            _logger.exception("A webhook could not be handled")
            request.env.cr.rollback()
            status, values = 500, {"error": "internal"}
        return answer_json(status, values)
