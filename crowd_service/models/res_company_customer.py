from odoo import fields, models

TELL = ("found", "way", "search", "technician", "done")


class ResCompany(models.Model):
    _inherit = "res.company"

    crowd_ask_consent = fields.Boolean(
        string="Ask customers before externals know them",
        help="Without consent an external who has the job sees no name, address or "
        "phone number; the customer is asked as soon as somebody is found.",
    )
    crowd_tell_found = fields.Boolean(
        string="Somebody was found", default=True, help="Who comes, and when."
    )
    crowd_tell_way = fields.Boolean(
        string="The worker is on the way, or late", default=True
    )
    crowd_tell_search = fields.Boolean(
        string="Somebody else is looked for",
        default=True,
        help="When the worker gave the job back or did not come.",
    )
    crowd_tell_technician = fields.Boolean(
        string="The company's own people take over", default=True
    )
    crowd_tell_done = fields.Boolean(string="The work is done", default=True)
    crowd_review_ask = fields.Boolean(
        string="Ask customers after a job",
        default=True,
        help="Stars for worker and solution, and whether they would book it again: on "
        "a page of their own, also when it was not solved.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crowd_ask_consent = fields.Boolean(
        related="company_id.crowd_ask_consent", readonly=False
    )
    crowd_tell_found = fields.Boolean(
        related="company_id.crowd_tell_found", readonly=False
    )
    crowd_tell_way = fields.Boolean(related="company_id.crowd_tell_way", readonly=False)
    crowd_tell_search = fields.Boolean(
        related="company_id.crowd_tell_search", readonly=False
    )
    crowd_tell_technician = fields.Boolean(
        related="company_id.crowd_tell_technician", readonly=False
    )
    crowd_tell_done = fields.Boolean(
        related="company_id.crowd_tell_done", readonly=False
    )
    crowd_review_ask = fields.Boolean(
        related="company_id.crowd_review_ask", readonly=False
    )
