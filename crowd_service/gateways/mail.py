"""E-mail, straight to Odoo's outgoing mail server.

Not through Odoo's mail queue: it never tries again after a failed connection, and sends
twice when it is killed (``docs/operating.md``).
"""

import logging
import smtplib
import threading
from contextlib import contextmanager

import psycopg2

from odoo.addons.base.models import ir_mail_server

from .base import Adapter, PermanentError, TemporaryError, register

_logger = logging.getLogger(__name__)
SMTP_SECONDS = 20  # for each answer of the mail server
_timeout_lock = threading.Lock()
_timeout_users = []


@register
class MailAdapter(Adapter):
    """Sends one e-mail to one person."""

    kind = "mail"
    not_for = ("which_one",)
    longest_wait = 600  # seconds: after an outage everything is soon there

    def prepare(self, delivery):
        """Return the ``EmailMessage``."""
        values = delivery._prepare_mail()
        try:
            return delivery.env["ir.mail_server"].build_email(subtype="html", **values)
        except (AssertionError, ValueError) as error:  # no sender, a broken address
            raise TemporaryError(str(error))

    def transmit(self, delivery, message):
        """Send it, and return its Message-Id."""
        servers = delivery.env["ir.mail_server"]
        server = delivery.gateway_id.mail_server_id
        with short_timeout():
            session = self._attempt(servers.connect, mail_server_id=server.id or None)
            try:
                self._attempt(
                    servers.send_email,
                    message,
                    mail_server_id=server.id or None,
                    smtp_session=session,
                )
            finally:
                _quit(session)
        return message["Message-Id"]

    def _attempt(self, method, *args, **kwargs):
        """Call a ``method`` of Odoo's mail server; translate what it raises."""
        try:
            return method(*args, **kwargs)
        except psycopg2.Error:
            raise
        except Exception as error:  # noqa: BLE001 mail servers raise anything
            raise classify(error)


def classify(error):
    """Return the :class:`GatewayError` that ``error`` of the mail server means.

    Only what the server says about this recipient or this message is final; a wrong
    password, a refused sender, a full disk can be repaired while we try again.
    """
    cause = error
    while not isinstance(cause, (smtplib.SMTPException, OSError)) and cause.__context__:
        cause = cause.__context__  # Odoo wraps the error and drops its type
    text = "%s: %s" % (type(cause).__name__, cause)
    return PermanentError(text) if _is_final(cause) else TemporaryError(text)


def _is_final(error):
    if isinstance(error, AssertionError):
        return str(error) == ir_mail_server.IrMailServer.NO_VALID_RECIPIENT
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    if isinstance(error, smtplib.SMTPDataError):
        return error.smtp_code >= 500
    return isinstance(error, (smtplib.SMTPNotSupportedError, UnicodeError))


@contextmanager
def short_timeout():
    """Let Odoo wait less than its minute for each answer of a mail server.

    A job must be over before the worker process is killed for taking too long. The
    time is a constant of Odoo's module: the last one to leave puts it back.
    """
    with _timeout_lock:
        _timeout_users.append(ir_mail_server.SMTP_TIMEOUT)
        ir_mail_server.SMTP_TIMEOUT = SMTP_SECONDS
    try:
        yield
    finally:
        with _timeout_lock:
            if len(_timeout_users) == 1:
                ir_mail_server.SMTP_TIMEOUT = _timeout_users[0]
                _timeout_users.clear()
            else:
                _timeout_users.pop()


def _quit(session):
    """Say goodbye; a mail that was accepted stays accepted."""
    try:
        if session:
            session.quit()
    except (smtplib.SMTPException, OSError):
        _logger.debug("The mail server did not say goodbye.")
