"""What the controllers share."""


def as_id(value):
    """Return ``value``, text from a request, as a number a database id can be, or 0."""
    text = str(value or "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0
