import psycopg2

from odoo import models

from .. import race
from .crowd_delivery import OPEN_STATES

RANK = {"sent": 1, "delivered": 2, "read": 3}  # a receipt never moves a message back


class CrowdDelivery(models.Model):
    """One gateway after the other, and what comes back after a message was sent."""

    _inherit = "crowd.delivery"

    def _chain_mates(self):
        """Return the messages that tell this person the same over other gateways."""
        first, *others = (self.gateway_order or "").split(",")
        is_first = first == str(self.gateway_id.id) and not self.failed_at
        if is_first or not others:  # the next is tried when one failed, never before
            return self.browse()
        subject = self._subject()
        field = subject._name.replace("crowd.", "") + "_id"
        domain = [
            ("id", "!=", self.id),
            (field, "=", subject.id),
            ("purpose", "=", self.purpose),
            ("partner_id", "=", self.partner_id.id),
            ("occasion", "=", self.occasion),
            ("gateway_order", "!=", False),
        ]
        if field == "dispatch_id":
            domain += [("offer_id", "=", False), ("escalation_id", "=", False)]
        return self.search(domain)

    def _make_obsolete(self):
        self._lock_open().write({"state": "obsolete", "next_try": False})

    def _fall_back(self):
        """Queue the message over the person's next gateway; return it, if any."""
        gateway = self._next_gateway()
        if not gateway:
            return self.browse()
        now = self.env["crowd.clock"].now()
        values = self._prepare(
            self.purpose, self._subject(), gateway, self.partner_id, now
        )
        values.update(occasion=self.occasion, gateway_order=self.gateway_order)
        try:
            with self.env.cr.savepoint():
                delivery = self.create(dict(values, **self._prepare_fall_back()))
        except psycopg2.IntegrityError:  # another message of the chain did it just now
            return self
        delivery._enqueue()
        return delivery

    def _prepare_fall_back(self):
        """Return further values that a message hands on to the next gateway."""
        return {}

    def _next_gateway(self):
        """Return the first gateway of the chain that was not tried and still fits."""
        tried = (self | self._chain_mates()).mapped("gateway_id")
        order = [int(text) for text in (self.gateway_order or "").split(",") if text]
        gateways = tried.browse(order).exists().filtered("active") - tried
        subject, partner = self._subject(), self.partner_id
        return gateways.filtered(lambda g: partner._crowd_reached_by(g, subject))[:1]

    # ------------------------------------------------------------------
    # what comes back
    # ------------------------------------------------------------------

    def _receipt(self, state, error=""):
        """The other side says what became of a message.

        Receipts come twice, late and in any order: a state never goes back.

        :param state: "sent", "delivered", "read", or "failed": it did not arrive
        :return: whether it was news
        """
        self.ensure_one()
        race.lock(self)
        if state == "failed":
            return self._bounce(error)
        if RANK[state] <= RANK.get(self.state, 0) or self.state == "obsolete":
            return False
        now = self.env["crowd.clock"].now()
        self.write(
            {
                "state": state,
                "sent_at": self.sent_at or now,
                "received_at": now,
                "next_try": False,
                "error": False,
            }
        )
        self._chain_mates()._make_obsolete()
        return True

    def _bounce(self, error):
        """It was sent and came back: the next gateway, else the desk.

        :return: whether it was news
        """
        self.ensure_one()
        race.lock(self)
        if self.state not in OPEN_STATES + ("sent",):
            return False
        self.received_at = self.env["crowd.clock"].now()
        if self._is_wanted():
            self._give_up(error)
        else:
            self.write({"state": "dead", "error": error[:500], "next_try": False})
        return True
