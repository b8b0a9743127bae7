from odoo import _, api, fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    crowd_fallback_user_id = fields.Many2one(
        "res.users",
        string="Fallback responsible",
        domain="[('share', '=', False)]",
        help="Answers for tickets whose own responsible people are away.",
    )
    crowd_offer_minutes = fields.Integer(
        string="Offers stand for (minutes)",
        default=30,
        help="Proposed by Match; the agent may change it.",
    )
    crowd_wave_size = fields.Integer(
        string="People per wave",
        default=8,
        help="How many of the best candidates Match proposes to ask.",
    )
    crowd_acknowledge_minutes = fields.Integer(
        string="Acknowledge within (minutes)",
        default=15,
        help="How long somebody may take to say he is responsible for an escalation.",
    )
    crowd_follow_up_minutes = fields.Integer(
        string="Follow up after (minutes)",
        default=240,
        help="When to look again at work that was acknowledged or is overdue.",
    )
    crowd_first_answer_minutes = fields.Integer(
        string="First answer within (minutes)",
        default=240,
        help="An open ticket that nobody dealt with for so long is escalated.",
    )
    crowd_fsm_team_id = fields.Many2one(
        "fsm.team",
        string="Field service team",
        domain="['|', ('company_id', '=', False), ('company_id', '=', id)]",
        help="Team of service orders whose helpdesk team names none.",
    )
    crowd_remote_location_id = fields.Many2one(
        "fsm.location",
        string="Location of remote work",
        help="Used for remote orders of customers without a location.",
    )
    crowd_match_language = fields.Boolean(
        string="Match the customer's language",
        help="New tickets ask for workers who speak the language of the customer.",
    )
    crowd_mean_stars = fields.Float(
        digits=(3, 2),
        readonly=True,
        help="Mean of all stars of the crowd, rounded to 0.1. 0: nobody was rated.",
    )
    crowd_mean_success = fields.Float(
        digits=(3, 2),
        readonly=True,
        help="Share of the crowd's jobs that were solved, rounded to 0.05. "
        "0: no job ended yet.",
    )
    crowd_mean_response = fields.Float(
        digits=(3, 2),
        readonly=True,
        help="Mean response of the crowd, 0 to 1, rounded to 0.05. "
        "0: nobody was asked yet.",
    )
    crowd_stage_map_ids = fields.One2many("crowd.stage.map", "company_id")

    _sql_constraints = [
        (
            "crowd_minutes_check",
            "CHECK (crowd_offer_minutes > 0 AND crowd_wave_size > 0"
            " AND crowd_acknowledge_minutes > 0 AND crowd_follow_up_minutes > 0"
            " AND crowd_first_answer_minutes > 0)",
            "Crowd settings: minutes and people per wave must be positive.",
        )
    ]

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._crowd_setup()
        return companies

    def _crowd_setup(self):
        """Give each company what the crowd needs and does not have yet."""
        for company in self.sudo():  # also for users who may only create companies
            company._crowd_setup_team()
            company._crowd_setup_remote_location()
            company._crowd_setup_stages()
            company._crowd_setup_community()

    def _crowd_setup_team(self):
        if self.crowd_fsm_team_id:
            return
        teams = self.env["fsm.team"]
        team = teams.search([("company_id", "in", (self.id, False))], limit=1)
        self.crowd_fsm_team_id = team or teams.create(
            {"name": _("Field service %s") % self.name, "company_id": self.id}
        )

    def _crowd_setup_remote_location(self):
        if self.crowd_remote_location_id:
            return
        self.crowd_remote_location_id = self.env["fsm.location"].create(
            {
                "name": _("Remote (%s)") % self.name,
                "owner_id": self.partner_id.id,
                "company_id": self.id,
            }
        )

    def _crowd_setup_stages(self):
        """Map dispatch states to stages; what exists is left as it is."""
        known = set(self.crowd_stage_map_ids.mapped("dispatch_state"))
        ref = self.env["ir.model.data"].xmlid_to_res_id
        busy = ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")
        done = ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        waiting = ref("helpdesk_mgmt.helpdesk_ticket_stage_awaiting")
        assigned = ref("crowd_service.fsm_stage_assigned")
        started = ref("crowd_service.fsm_stage_in_progress")
        new = ref("fieldservice.fsm_stage_new")
        stages = {
            "offered": (busy, new),
            "escalated": (busy, new),
            "assigned": (busy, assigned),
            "in_progress": (busy, started),
            "paused": (waiting, False),
            "done": (done, False),
            "unsolved": (busy, False),
        }
        self.env["crowd.stage.map"].create(
            [
                {
                    "company_id": self.id,
                    "dispatch_state": state,
                    "ticket_stage_id": ticket_stage,
                    "order_stage_id": order_stage,
                }
                for state, (ticket_stage, order_stage) in stages.items()
                if state not in known
            ]
        )

    def _crowd_setup_community(self):
        communities = self.env["crowd.community"].with_context(active_test=False)
        if not communities.search_count(
            [("company_id", "=", self.id), ("is_internal", "=", True)]
        ):
            communities.create(
                {
                    "name": _("Technicians"),
                    "company_id": self.id,
                    "is_internal": True,
                }
            )
