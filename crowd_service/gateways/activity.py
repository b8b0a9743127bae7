"""Odoo's own to-do list, for employees."""

from .base import Adapter, PermanentError, register


@register
class ActivityAdapter(Adapter):
    """Puts an activity on the dispatch or the escalation.

    The activity *is* the message, so this adapter writes: the database is its outside
    world, and the activity appears exactly when the delivery is marked as sent.
    """

    kind = "activity"
    purposes = ("offer", "escalation")

    def prepare(self, delivery):
        """Create the activity and return its id as text."""
        user = delivery.partner_id.user_ids.filtered(lambda u: u.active and not u.share)
        if not user:
            raise PermanentError("no login in Odoo")
        return str(delivery._schedule_activity(user[:1]).id)

    def transmit(self, delivery, message):
        """Nothing is left to do."""
        return message
