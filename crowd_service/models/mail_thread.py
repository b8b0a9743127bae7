from odoo import api, models


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def message_route(
        self, message, message_dict, model=None, thread_id=None, custom_values=None
    ):
        """Answers to our messages go to the offer, not into a thread."""
        if self.env["crowd.delivery"]._take_mail(message, message_dict):
            return []
        return super().message_route(
            message, message_dict, model, thread_id, custom_values
        )
