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
    r"((?:/|%2F)crowd(?:/|%2F)(?:offer|ticket|review|gateway(?:/|%2F)\d+)(?:/|%2F)|"
    r"\bcrowd(?:\+|%2B)"
    r"(?=[0-9a-f]{32}))[^\s/?#&@\"'<>]+",
    re.I,
)
#: Odoo writes a body that is no JSON into the log: people's numbers and words.
BODY = re.compile(r"(/crowd/.*: Invalid JSON data: ).*", re.S)


def mask(text):
    """Return ``text`` without the tokens of our links, and bodies sent to us.

    >>> mask("GET /crowd/offer/s3cret/accept HTTP/1.1")
    'GET /crowd/offer/***/accept HTTP/1.1'
    >>> mask("to crowd+0123456789abcdef0123456789abcdef@example.com")
    'to crowd+***@example.com'
    >>> mask("/crowd/gateway/7/s3cret/in.json: Invalid JSON data: '+41 79'")
    '/crowd/gateway/7/***/in.json: Invalid JSON data: ***'
    """
    return BODY.sub(r"\1***", SECRET.sub(r"\1***", text))


class TokenFilter(logging.Filter):
    """Masks the tokens in what a logger writes; it lets everything pass."""

    def filter(self, record):
        """Change ``record`` in place if it names one of our links."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # a broken format: logging complains itself
            return True
        masked = mask(text)
        if masked != text:
            record.msg, record.args = masked, ()
        return True


def install():
    """Put the filter on the loggers, once."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(f, TokenFilter) for f in logger.filters):
            logger.addFilter(TokenFilter())
