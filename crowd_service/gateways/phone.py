"""The phone: somebody at the desk calls and reads out."""

from .base import Adapter, PermanentError, register


@register
class PhoneAdapter(Adapter):
    """Puts a call on the desk's to-do list; as with activities that *is* the message."""

    kind = "phone"
    purposes = ("offer", "job_cancelled")

    def prepare(self, delivery):
        """Create the activity of the person who is to call; return its id as text."""
        if not delivery.partner_id._crowd_phones():
            raise PermanentError("no phone number")
        return str(delivery._schedule_call().id)

    def transmit(self, delivery, message):
        """Nothing is left to do."""
        return message
