"""What the chapters share: users, and what the administrator prepares for them."""

import threading
import time
from contextlib import contextmanager

from .letters import SMS, Provider
from .server import URL, User

COMPANY = "Alpenfunk AG"
NOBODY_LISTENS = 1  # a port


class Stage:
    """Users of the demo, gateways and ladders."""

    def __init__(self):
        self.start = time.time() - 1
        self.agent, self.technician = User("agent"), User("technician")
        self.technician2, self.leader = User("technician2"), User("dispatcher")
        self.admin = User("admin")
        self.company = self.admin.first("res.company", [["name", "=", COMPANY]])["id"]
        self.admin("ir.config_parameter", "set_param", "web.base.url", URL)
        self.labels = self._labels("fsm.person", "worker_type")
        self.reasons = self._labels("crowd.candidate", "excluded_reason")
        self.provider = Provider()
        self.sms = self._sms_gateway()
        self.dead_mail = self._dead_mail_gateway()
        self._policies, self._lock = {}, threading.Lock()

    def _labels(self, model, field):
        facts = self.agent(model, "fields_get", [field], ["selection"])
        return dict(facts[field]["selection"])

    def keep(self, model, name, **values):
        """Create a record of that name, or write into the one from the last story."""
        domain = [["name", "=", name]]
        context = {"active_test": False, "allowed_company_ids": [self.company]}
        found = self.admin(model, "search", domain, context=context)
        values = dict({"name": name, "company_id": self.company}, **values)
        if found:
            self.admin(model, "write", found[:1], values, context=context)
            return found[0]
        return self.admin(model, "create", values, context=context)

    def _sms_gateway(self):
        """An account at the fake provider, with the addresses for its answers."""
        gateway = self.keep(
            "crowd.gateway",
            "SMS of the story",
            kind="sms",
            sequence=20,
            sms_url=SMS + "/send",
            sms_headers="Authorization: Bearer {secret:key}",
            sms_new_secret="key=not-a-secret",
            sms_id_path="message.id",
            sms_status_path="message.status",
            sms_ok_values="accepted",
        )
        action = self.admin("crowd.gateway", "action_new_inbound_key", [gateway])
        inbound, receipt = action["params"]["message"].split("\n")[:2]
        self.provider.post(
            "/settings",
            inbound=URL + inbound[inbound.index("/crowd/") :],
            receipt=URL + receipt[receipt.index("/crowd/") :],
        )
        return gateway

    def _dead_mail_gateway(self):
        """An e-mail gateway whose mail server is down."""
        name = "Mail server that is down"
        values = {"name": name, "smtp_host": "127.0.0.1", "smtp_port": NOBODY_LISTENS}
        values["active"] = False  # nobody else gets it
        domain = [["name", "=", name], ["active", "=", False]]
        found = self.admin("ir.mail_server", "search", domain, limit=1)
        [server] = found or [self.admin("ir.mail_server", "create", values)]
        return self.keep(
            "crowd.gateway",
            "E-mail of the story, down",
            kind="mail",
            company_id=False,
            sequence=15,  # before SMS, and after the e-mail that works
            mail_server_id=server,
            fallback_attempts=1,
        )

    def policy(self, name, steps):
        """Return the id of a ladder that only a ticket of the story uses.

        :param steps: values of ``crowd.policy.step``; gateways and users by the names
            of attributes of this object
        """
        lines = [(5, 0, 0)]
        for number, step in enumerate(steps, start=1):
            values = dict(step, sequence=number)
            if "user" in values:
                values["user_id"] = getattr(self, values.pop("user")).uid
            names = values.pop("over", ())
            values["gateway_ids"] = [(6, 0, [getattr(self, name) for name in names])]
            lines.append((0, 0, values))
        with self._lock:
            if name not in self._policies:
                self._policies[name] = self.keep(
                    "crowd.policy",
                    f"Story: {name}",
                    active=False,  # no other ticket gets it by itself
                    sequence=900,
                    step_ids=lines,
                )
            return self._policies[name]

    @contextmanager
    def nobody_sleeps(self):
        """The story is told at any hour: while it is, nobody has quiet hours."""
        sleepers = self.admin("crowd.reach", "search", [["has_quiet", "=", True]])
        self.admin("crowd.reach", "write", sleepers, {"has_quiet": False})
        try:
            yield
        finally:
            self.admin("crowd.reach", "write", sleepers, {"has_quiet": True})

    def give_mobile(self, partner, number):
        """Write down the mobile number of a person."""
        self.admin("res.partner", "write", [partner], {"mobile": number})
