"""What the controllers share: reading what a request brings."""

from odoo import fields


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
