"""A provider of SMS, as a real company would have it."""

import time
from urllib.parse import urlsplit

import requests
from e2e_server import assignments, script


class Provider:
    """The fake provider that ``scripts/server`` starts, and the gateway to it."""

    def __init__(self, server, crowd):
        self.server, self.crowd = server, crowd
        self.address = assignments(script("server", "env", "--name", server.name))[
            "SMS"
        ]
        self.gateway = crowd.admin(
            "crowd.gateway",
            "create",
            {
                "name": "SMS",
                "kind": "sms",
                "company_id": crowd.company,
                "sms_url": self.address + "/send",
                "sms_headers": "Authorization: Bearer {secret:key}",
                "sms_new_secret": "key=e2e",
                "sms_id_path": "message.id",
                "sms_status_path": "message.status",
                "sms_ok_values": "accepted",
            },
        )
        shown = crowd.admin("crowd.gateway", "action_new_inbound_key", [self.gateway])
        lines = shown["params"]["message"].splitlines()
        self.inbound, self.receipt = (
            server.url + urlsplit(line).path for line in lines[:2]
        )
        self.settings(inbound=self.inbound, receipt=self.receipt)

    def post(self, path, **values):
        reply = requests.post(self.address + path, json=values, timeout=60)
        reply.raise_for_status()
        return reply.json()

    def settings(self, **values):
        self.post("/settings", **values)

    def wait(self, number, count=1, seconds=90):
        """Return the messages to ``number`` when there are ``count``."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            messages = self.post("/inbox", number=number)
            if len(messages) >= count:
                return messages
            time.sleep(0.3)
        raise AssertionError(f"no {count} SMS to {number} in {seconds} s")

    def reached(self, worker, number):
        """Let ``worker`` be told by SMS, else by e-mail."""
        admin = self.crowd.admin
        admin("fsm.person", "write", [worker], {"mobile": number})
        reach = admin("fsm.person", "action_crowd_reach", [worker])["res_id"]
        lines = [[5]] + [
            [0, 0, {"sequence": n, "kind": kind}]
            for n, kind in enumerate(("sms", "mail"))
        ]
        admin("crowd.reach", "write", [reach], {"line_ids": lines})
