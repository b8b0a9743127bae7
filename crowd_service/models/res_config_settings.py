from odoo import fields, models

from .crowd_geocoder import PARAM, PROVIDERS


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crowd_fallback_user_id = fields.Many2one(
        related="company_id.crowd_fallback_user_id", readonly=False
    )
    crowd_offer_minutes = fields.Integer(
        related="company_id.crowd_offer_minutes", readonly=False
    )
    crowd_wave_size = fields.Integer(
        related="company_id.crowd_wave_size", readonly=False
    )
    crowd_acknowledge_minutes = fields.Integer(
        related="company_id.crowd_acknowledge_minutes", readonly=False
    )
    crowd_follow_up_minutes = fields.Integer(
        related="company_id.crowd_follow_up_minutes", readonly=False
    )
    crowd_first_answer_minutes = fields.Integer(
        related="company_id.crowd_first_answer_minutes", readonly=False
    )
    crowd_match_language = fields.Boolean(
        related="company_id.crowd_match_language", readonly=False
    )
    crowd_fsm_team_id = fields.Many2one(
        related="company_id.crowd_fsm_team_id", readonly=False
    )
    crowd_remote_location_id = fields.Many2one(
        related="company_id.crowd_remote_location_id", readonly=False
    )
    crowd_stage_map_ids = fields.One2many(
        related="company_id.crowd_stage_map_ids", readonly=False
    )
    crowd_search_check = fields.Char(
        string="Search table",
        compute="_compute_crowd_search_check",
        help="What the matcher looks workers up in is compared with the facts every "
        "night.",
    )
    crowd_geocoder_provider = fields.Selection(
        PROVIDERS,
        string="Address service",
        config_parameter=PARAM + "provider",
        help="Asked where an address is when somebody presses the button. Addresses "
        "leave the company. Empty: nobody is asked.",
    )
    crowd_geocoder_url = fields.Char(
        string="Own server",
        config_parameter=PARAM + "url",
        help="Such as https://geo.example.com. Empty: the public one.",
    )
    crowd_geocoder_contact = fields.Char(
        string="Contact for the service",
        config_parameter=PARAM + "contact",
        help="An e-mail address; public services want to know who asks.",
    )

    def _compute_crowd_search_check(self):
        for settings in self:
            settings.crowd_search_check = self.env["crowd.worker.search"]._last_check()
