from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    crowd_promise_minutes = fields.Integer(
        string="Worker expected after (minutes)",
        default=60,
        help="When somebody who took an urgent job has to be on his way. 0: nobody is "
        "asked whether he comes.",
    )
    crowd_still_coming_minutes = fields.Integer(
        string="Answer whether he comes within (minutes)",
        default=15,
        help="After that the job of an external goes to somebody else.",
    )

    _sql_constraints = [
        (
            "crowd_promise_check",
            "CHECK (crowd_promise_minutes >= 0 AND crowd_still_coming_minutes > 0)",
            "Crowd settings: minutes must be positive.",
        )
    ]


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crowd_promise_minutes = fields.Integer(
        related="company_id.crowd_promise_minutes", readonly=False
    )
    crowd_still_coming_minutes = fields.Integer(
        related="company_id.crowd_still_coming_minutes", readonly=False
    )
