from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class FSMPerson(models.Model):
    """A worker: employee, friend, professional or partner staff."""

    _name = "fsm.person"
    _inherit = ["fsm.person", "crowd.position.mixin"]

    worker_type = fields.Selection(
        [
            ("technician", "Technician"),
            ("friend", "Friend"),
            ("professional", "Professional"),
            ("partner_staff", "Partner staff"),
        ],
        default="technician",
        required=True,
        index=True,
        help="Technician: employee. Friend: a customer who helps. Professional: works "
        "on his own account. Partner staff: employed by a partner company.",
    )
    is_external = fields.Boolean(
        compute="_compute_is_external",
        store=True,
        help="Not an employee: offers hide names and addresses from him.",
    )
    crowd_radius_km = fields.Integer(
        string="Own radius (km)", help="How far he travels. 0: as far as the service."
    )
    crowd_language_ids = fields.Many2many(
        "res.lang",
        "fsm_person_crowd_language_rel",
        "person_id",
        "lang_id",
        string="Languages",
        help="Languages he speaks with customers.",
    )
    crowd_presence = fields.Selection(
        [
            ("calendar", "By working hours"),
            ("available", "Available"),
            ("away", "Not available"),
        ],
        string="Presence",
        default="calendar",
        required=True,
        help="Overrules the working hours until the time beside it.",
    )
    crowd_presence_until = fields.Datetime(
        string="Until",
        help="Afterwards the working hours count again. Empty: for good.",
    )
    crowd_search_revision = fields.Integer(
        readonly=True,
        copy=False,
        help="Moves with every change of what the matcher knows of him.",
    )
    crowd_membership_ids = fields.One2many(
        "crowd.membership", "worker_id", string="Memberships", copy=False
    )
    crowd_offer_ids = fields.One2many("crowd.offer", "worker_id", copy=False)
    crowd_offer_count = fields.Integer(compute="_compute_crowd_counts")
    crowd_open_job_count = fields.Integer(compute="_compute_crowd_counts")
    crowd_user_id = fields.Many2one(
        "res.users",
        string="Login",
        compute="_compute_crowd_user_id",
        compute_sudo=True,
        help="With it he sees his offers in the portal or in Odoo. Without it he "
        "answers by the links in his messages.",
    )

    _sql_constraints = [
        (
            "crowd_radius_check",
            "CHECK (crowd_radius_km >= 0)",
            "A radius cannot be negative.",
        )
    ]

    def init(self):
        res = super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS fsm_person_crowd_partner_uniq"
            " ON fsm_person (partner_id)"
        )
        return res

    @api.depends("worker_type")
    def _compute_is_external(self):
        for worker in self:
            worker.is_external = worker.worker_type != "technician"

    @api.depends("partner_id.user_ids.active")
    def _compute_crowd_user_id(self):
        for worker in self:
            worker.crowd_user_id = worker.partner_id.user_ids.filtered("active")[:1]

    def _compute_crowd_counts(self):
        groups = self.env["crowd.offer"].read_group(
            [("worker_id", "in", self.ids)],
            ["worker_id"],
            ["worker_id", "state"],
            lazy=False,
        )
        offers, jobs = {}, {}
        for group in groups:
            worker_id = group["worker_id"][0]
            offers[worker_id] = offers.get(worker_id, 0) + group["__count"]
            if group["state"] == "accepted":
                jobs[worker_id] = group["__count"]
        for worker in self:
            worker.crowd_offer_count = offers.get(worker.id, 0)
            worker.crowd_open_job_count = jobs.get(worker.id, 0)

    @api.constrains("partner_id")
    def _check_partner_worker(self):
        for worker in self:
            double = self.with_context(active_test=False).search_count(
                [("partner_id", "=", worker.partner_id.id), ("id", "!=", worker.id)]
            )
            if double:
                raise ValidationError(
                    _("%s already is a worker: one worker per contact.")
                    % worker.partner_id.display_name
                )

    @api.model_create_multi
    def create(self, vals_list):
        # fieldservice's create takes one record at a time
        workers = self.browse()
        for vals in vals_list:
            workers |= super(FSMPerson, self).create(self._with_position(dict(vals)))
        return workers

    def write(self, vals):
        if vals.get("active") is False:
            self._check_open_jobs()
        vals = self._with_position(dict(vals))
        res = super(FSMPerson, self._telling_located(vals)).write(vals)
        if vals.get("active") is False:
            self._withdraw_open_offers()
        return res

    def _check_open_jobs(self):
        for worker in self.sudo():  # jobs of other companies count as well
            job = worker.crowd_offer_ids.filtered(lambda o: o.state == "accepted")[:1]
            if job:
                raise ValidationError(
                    _(
                        "%(worker)s still has job %(job)s: finish it or give it to "
                        "somebody else before archiving him."
                    )
                    % {"worker": worker.name, "job": job.dispatch_id.name}
                )

    def _withdraw_open_offers(self):
        self.sudo().mapped("crowd_offer_ids").filtered(  # of all companies
            lambda o: o.state in ("draft", "sent")
        )._withdraw()

    def action_view_crowd_offers(self):
        """Open the offers this worker was sent."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crowd_service.crowd_offer_action"
        )
        action["domain"] = [("worker_id", "=", self.id)]
        action["context"] = {}
        return action
