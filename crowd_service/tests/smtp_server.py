"""A mail server for tests that can be as bad as real ones."""

import asyncio
import socket
import threading
from contextlib import contextmanager
from unittest.mock import patch

from aiosmtpd.controller import Controller

from ..gateways import mail

#: ``mode``: what the server does with the next mail.
OK, LATER, NEVER, SPAM, HANG, DROP = "ok", "later", "never", "spam", "hang", "drop"


class Handler:
    """Keeps what was delivered; misbehaves as ``mode`` says."""

    def __init__(self):
        self.mode = OK
        self.mails = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.mode == LATER:
            return "450 4.2.1 mailbox is busy, try again later"
        if self.mode == NEVER:
            return "550 5.1.1 nobody of that name here"
        if self.mode == HANG:
            await asyncio.sleep(30)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.mode == SPAM:
            return "554 5.7.1 we do not like this"
        self.mails.append(envelope)
        if self.mode == DROP:  # taken, but nobody hears of it
            server.transport.abort()
        return "250 kept"


class SmtpServer:
    """The server on a free port of this machine."""

    def __init__(self):
        self.handler = Handler()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._controller = Controller(
            self.handler, hostname="127.0.0.1", port=self.port
        )

    @property
    def mails(self):
        """The envelopes that were delivered, oldest first."""
        return self.handler.mails

    def start(self):
        """Listen."""
        self._controller.start()

    def stop(self):
        """Hang up."""
        self._controller.stop()

    @contextmanager
    def doing(self, mode):
        """Misbehave for a while."""
        self.handler.mode = mode
        try:
            yield
        finally:
            self.handler.mode = OK


@contextmanager
def real_mail(registry):
    """Let Odoo send although it is being tested, and wait for a second only."""
    thread = threading.current_thread()
    with (
        patch.object(type(registry), "in_test_mode", lambda self: False),
        patch.object(thread, "testing", False, create=True),
        patch.object(mail, "SMTP_SECONDS", 1),
    ):
        yield
