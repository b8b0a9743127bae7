from odoo import models


class CrowdTrackingMixin(models.AbstractModel):
    """Changes of many records at once are logged together.

    This series of Odoo writes one message after the other.
    """

    _name = "crowd.tracking.mixin"
    _description = "Changes logged together"

    def message_track(self, tracked_fields, initial_values):
        if len(self) < 2:
            return super().message_track(tracked_fields, initial_values)
        described = self.fields_get(tracked_fields)
        tracking = {}
        for record in self.exists():
            before = initial_values[record.id]
            changes, commands = record._message_track(described, before)
            if commands and not record._track_subtype({n: before[n] for n in changes}):
                tracking[record.id] = (changes, commands)
        logged = self.browse(tracking)
        logged._log_changes([commands for _changes, commands in tracking.values()])
        others = super(CrowdTrackingMixin, self - logged)
        tracking.update(others.message_track(tracked_fields, initial_values))
        return tracking

    def _log_changes(self, changes):
        """Log for each record what nobody is told.

        :param changes: for each a list of commands for ``tracking_value_ids``
        """
        if not self:
            return
        messages = self._message_log_batch({})
        self.env["mail.tracking.value"].sudo().create(  # as Odoo does for each
            [
                dict(values, mail_message_id=message.id)
                for message, commands in zip(messages, changes)
                for _create, _nothing, values in commands
            ]
        )


class MailMessage(models.Model):
    _name = "mail.message"
    _inherit = ["crowd.bulk.mixin", "mail.message"]


class MailTrackingValue(models.Model):
    _name = "mail.tracking.value"
    _inherit = ["crowd.bulk.mixin", "mail.tracking.value"]
