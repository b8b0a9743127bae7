from datetime import timedelta

from odoo import _, models

from .crowd_delivery import OPEN_STATES
from .crowd_reach import SILENT

FOREIGN_WAIT = timedelta(hours=1)
#: What can wait until somebody is awake; all else answers him, or stops him.
CAN_WAIT = ("offer", "taken", "withdrawn", "escalation")


class CrowdDelivery(models.Model):
    """When a message has to wait: quiet hours, the gateway's pace, a copied database."""

    _inherit = "crowd.delivery"

    def _hold(self):
        """Return ``(moment, reason)`` when the message has to wait, else ()."""
        return self._hold_foreign() or self._hold_quiet() or self._hold_rate()

    def _hold_foreign(self):
        if not self.gateway_id._is_foreign():
            return ()
        moment = self.env["crowd.clock"].now() + FOREIGN_WAIT
        return moment, _("This is a copy of the database: the gateway is not enabled.")

    def _hold_quiet(self):
        if self.kind in SILENT or self.purpose not in CAN_WAIT:
            return ()
        reach = self.partner_id.crowd_reach_ids[:1]
        if not reach.has_quiet:
            return ()
        zone = self.partner_id._crowd_reader_context(self.company_id)["tz"]
        moment = reach._quiet_until(zone, self.env["crowd.clock"].now())
        if not moment or (self.purpose == "escalation" and self._is_on_duty()):
            return ()
        return moment, _("Quiet hours of this person.")

    def _is_on_duty(self):
        """Tell whether the addressee of an escalation is on call at this moment."""
        user, now = self.escalation_id.user_id, self.env["crowd.clock"].now()
        return self.env["crowd.duty"]._is_on_duty(user, now)

    def _hold_rate(self):
        """Keep the gateway's pace, without a lock: a few at once may be too many.

        Those that wait get their turn one after the other.
        """
        rate = self.gateway_id.rate_per_minute
        if not rate:
            return ()
        now = self.env["crowd.clock"].now()
        self.flush(["sent_at", "state"])
        self.env.cr.execute(
            "SELECT count(*) FROM crowd_delivery WHERE gateway_id = %s AND sent_at > %s",
            (self.gateway_id.id, now - timedelta(minutes=1)),
        )
        if self.env.cr.fetchone()[0] < rate:
            return ()
        self.env.cr.execute(
            "SELECT count(*) FROM crowd_delivery"
            " WHERE gateway_id = %s AND id < %s AND state IN %s",
            (self.gateway_id.id, self.id, OPEN_STATES),
        )
        ahead = self.env.cr.fetchone()[0]
        moment = now + timedelta(seconds=max(1, round(60 * (ahead + 1) / rate)))
        return moment, _("The gateway's messages per minute are used up.")
