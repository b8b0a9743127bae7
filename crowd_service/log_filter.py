"""Secret links stay out of the log files."""

import logging
import re

#: Everybody who writes addresses of requests into the log.
LOGGERS = (
    "werkzeug",
    "odoo.http",
    "odoo.http.rpc.request",
    "odoo.http.rpc.response",
    "odoo.tools.misc",
    "odoo.addons.base.models.ir_http",
    "odoo.addons.http_routing.models.ir_http",
    "odoo.addons.mail.models.mail_thread",
)
SECRET = re.compile(
    r"((?:/|%2F)crowd(?:/|%2F)(?:offer|ticket)(?:/|%2F)|\bcrowd(?:\+|%2B)"
    r"(?=[0-9a-f]{32}))[^\s/?#&@\"'<>]+",
    re.I,
)


def mask(text):
    """Return ``text`` without the tokens of our links.

    >>> mask("GET /crowd/offer/s3cret/accept HTTP/1.1")
    'GET /crowd/offer/***/accept HTTP/1.1'
    >>> mask("to crowd+0123456789abcdef0123456789abcdef@example.com")
    'to crowd+***@example.com'
    """
    return SECRET.sub(r"\1***", text)


class TokenFilter(logging.Filter):
    """Masks the tokens in what a logger writes; it lets everything pass."""

    def filter(self, record):
        """Change ``record`` in place if it names one of our links."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # a broken format: logging complains itself
            return True
        if SECRET.search(text):
            record.msg, record.args = mask(text), ()
        return True


def install():
    """Put the filter on the loggers, once."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(f, TokenFilter) for f in logger.filters):
            logger.addFilter(TokenFilter())
