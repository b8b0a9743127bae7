"""What the controllers share: reading what a request brings."""

import json

from odoo import fields
from odoo.http import Response, request


def as_id(value):
    """Return ``value``, text from a request, as a number a database id can be, or 0."""
    text = str(value or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def as_text(value, length):
    """Return ``value`` as text that a database takes, no longer than ``length``."""
    return (value or "").replace("\x00", "")[:length] if isinstance(value, str) else ""


def as_date(value):
    """Return ``value`` if it is a date or a moment, else None."""
    try:
        fields.Datetime.to_datetime(value)
    except (TypeError, ValueError):
        return None
    return value or None


def one_of(value, choices):
    """Return ``value`` if it is one of the ``choices``, else None."""
    return value if isinstance(value, str) and value in choices else None


def answer_json(status, values):
    """Answer a request to a ``type="json"`` route with ``values`` as they are.

    Odoo would wrap them, and call every answer a success.

    :return: what the controller has to return
    """
    body = json.dumps(values)

    def respond(result=None, error=None):
        return Response(body, status=status, content_type="application/json")

    request._json_response = respond
    return {}
