"""The mails and SMS that were sent, and how somebody answers an SMS.

The mails are files of ``scripts/mailsink``, the SMS are kept by ``scripts/smssink``.
"""

import email
import email.policy
import os
import re
from pathlib import Path

import requests

from .server import check, wait_for

MAILS = Path(os.environ.get("CROWD_MAIL", ".local/mail/demo"))
SMS = os.environ.get("CROWD_SMS", "")  # address of the SMS provider
TOKEN_IN_LINK = re.compile(r"/crowd/offer/([\w-]{20,})")


def tokens_by_address(since):
    """Return ``{address: token}`` of the mails that were written since then."""
    tokens = {}
    for file in sorted(MAILS.glob("*.eml")):
        if file.stat().st_mtime >= since:
            mail = email.message_from_bytes(
                file.read_bytes(), policy=email.policy.default
            )
            body = mail.get_body(("html", "plain"))
            link = body and TOKEN_IN_LINK.search(body.get_content())
            if link:
                tokens[mail["X-Envelope-To"]] = link.group(1)
    return tokens


class Provider:
    """The SMS provider."""

    def __init__(self):
        check(SMS, "There is no SMS provider: CROWD_SMS is empty.")
        self.browser = requests.Session()
        self.browser.trust_env = False

    def post(self, path, **values):
        reply = self.browser.post(SMS + path, json=values, timeout=30)
        check(reply.ok, f"The SMS provider answers {path} with {reply.status_code}.")
        return reply.json()

    def inbox(self, number):
        """Return the SMS to a number, oldest first."""
        return self.post("/inbox", number=number)

    def wait(self, number, seconds=60, after=0, about=""):
        """Return the text of the next SMS to a number.

        :param after: so many that are older
        :param about: words in it
        """

        def look():
            texts = [message["text"] for message in self.inbox(number)[after:]]
            return [text for text in texts if about in text]

        return wait_for(f"The SMS to {number}", seconds, look)[0]

    def reply(self, number, text, times=1):
        """Somebody answers; the provider tells the server, ``times`` times."""
        return self.post("/reply", sender=number, text=text, times=times)
