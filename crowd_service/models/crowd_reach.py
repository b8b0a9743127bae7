from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..workflow.quiet import quiet_until

SILENT = ("activity", "webhook")  # they wake nobody


class CrowdReach(models.Model):
    """How somebody wants to be reached: over which gateways, and when not."""

    _name = "crowd.reach"
    _description = "How to Reach Somebody"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", string="Person", required=True, readonly=True, ondelete="cascade"
    )
    worker_id = fields.Many2one(
        "fsm.person",
        compute="_compute_worker_id",
        store=True,
        index=True,
        ondelete="cascade",
        auto_join=True,  # the rule follows the worker, without listing all of them
    )
    line_ids = fields.One2many("crowd.reach.line", "reach_id", string="Order")
    has_quiet = fields.Boolean(string="Quiet hours")
    quiet_from = fields.Float(string="From", default=22.0)
    quiet_to = fields.Float(string="To", default=7.0)
    summary = fields.Char(compute="_compute_summary")

    _sql_constraints = [
        ("partner_uniq", "unique(partner_id)", "There is one for each person."),
        (
            "quiet_check",
            "CHECK (quiet_from >= 0 AND quiet_from < 24"
            " AND quiet_to >= 0 AND quiet_to < 24)",
            "Quiet hours begin and end between 00:00 and 23:59.",
        ),
    ]

    @api.depends("partner_id")
    def _compute_worker_id(self):
        workers = self.env["fsm.person"].with_context(active_test=False)
        workers = workers.search([("partner_id", "in", self.partner_id.ids)])
        workers = {worker.partner_id: worker for worker in workers}
        for reach in self:
            reach.worker_id = workers.get(reach.partner_id)

    @api.depends("line_ids.kind", "has_quiet", "quiet_from", "quiet_to")
    @api.depends_context("lang")
    def _compute_summary(self):
        for reach in self:
            labels = reach.line_ids.mapped(lambda line: line._kind_label())
            text = _(", then ").join(labels) or _("Over nothing")
            if reach.has_quiet:
                text = _("%(ways)s; quiet from %(start)s to %(end)s") % {
                    "ways": text,
                    "start": clock_text(reach.quiet_from),
                    "end": clock_text(reach.quiet_to),
                }
            reach.summary = text

    @api.constrains("has_quiet", "quiet_from", "quiet_to")
    def _check_quiet(self):
        for reach in self:
            if reach.has_quiet and reach.quiet_from == reach.quiet_to:
                raise ValidationError(
                    _("Quiet hours that end when they begin would never end.")
                )

    def write(self, vals):
        if "partner_id" in vals and not self.env.su:
            raise UserError(_("This stays its person's: make another one."))
        return super().write(vals)

    @api.model
    def _of(self, partner):
        """Return the record of ``partner``, made now if there is none."""
        reach = self.search([("partner_id", "=", partner.id)])
        if reach:
            return reach
        kinds = [k for k in partner._crowd_default_kinds() if k != "webhook"]
        lines = [(0, 0, {"kind": k, "sequence": n}) for n, k in enumerate(kinds)]
        return self.create({"partner_id": partner.id, "line_ids": lines})

    @api.model
    def _own(self):
        """Return the user's own record."""
        user = self.env.user
        return self.sudo()._of(user.partner_id).with_user(user)  # made for himself

    def _choose(self, kinds, values):
        """Keep the ways that a worker chose himself, in order, and ``values``.

        A system that was arranged with the desk stays in front.
        """
        arranged = self.line_ids.filtered(lambda way: way.kind == "webhook")
        kinds = dict.fromkeys(arranged.mapped("kind") + list(kinds))
        lines = [(0, 0, {"kind": k, "sequence": n}) for n, k in enumerate(kinds)]
        self.line_ids.unlink()
        self.write(dict(values, line_ids=lines))

    def _quiet_until(self, zone, moment):
        """Return when the quiet hours end in which ``moment`` lies, else None."""
        if not self.has_quiet:
            return None
        return quiet_until(moment, zone, self.quiet_from, self.quiet_to)

    def _action_open(self):
        return {
            "type": "ir.actions.act_window",
            "name": _("How to reach %s") % self.partner_id.name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }


class CrowdReachLine(models.Model):
    """One way to reach somebody, tried after those before it."""

    _name = "crowd.reach.line"
    _description = "Way to Reach Somebody"
    _order = "sequence, id"
    _rec_name = "kind"

    reach_id = fields.Many2one(
        "crowd.reach", required=True, index=True, ondelete="cascade", auto_join=True
    )
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        selection=lambda self: self.env["crowd.gateway"]._fields["kind"].selection,
        string="Over",
        required=True,
    )
    address = fields.Char(compute="_compute_address")

    _sql_constraints = [
        ("kind_uniq", "unique(reach_id, kind)", "This way is in the list already.")
    ]

    @api.depends("kind", "reach_id.partner_id")
    def _compute_address(self):
        partners = self.reach_id.partner_id.sudo()  # their own addresses
        bounced = self.env["crowd.delivery"].sudo()._find_bounced(partners)
        for line in self:
            partner = line.reach_id.partner_id.sudo()  # his own address
            address = partner._crowd_address(line.kind)
            if (partner.id, line.kind, address) in bounced:
                address = _("%s: nothing arrives there") % address
            line.address = address

    def _kind_label(self):
        return dict(self._fields["kind"]._description_selection(self.env))[self.kind]


class FSMPerson(models.Model):
    _inherit = "fsm.person"

    crowd_reach_summary = fields.Char(
        string="Reached",
        compute="_compute_crowd_reach_summary",
        groups="crowd_service.group_crowd_technician",
    )

    @api.depends_context("lang")
    def _compute_crowd_reach_summary(self):
        for worker in self:
            reach = worker.sudo().partner_id.crowd_reach_ids  # who reads him knows it
            worker.crowd_reach_summary = reach.summary or _(
                "As everybody else: nothing was chosen"
            )

    @api.model_create_multi
    def create(self, vals_list):
        workers = super().create(vals_list)
        reaches = self.env["crowd.reach"].sudo()  # who told it before is a worker now
        reaches.search([("partner_id", "in", workers.partner_id.ids)]).modified(
            ["partner_id"]
        )
        return workers

    def action_crowd_reach(self):
        """Show how this worker wants to be reached."""
        self.ensure_one()
        self.check_access_rule("read")
        # made empty by whoever may read the worker; the rules say who may see it
        made = self.env["crowd.reach"].sudo()._of(self.sudo().partner_id)
        reach = made.with_env(self.env)
        reach.check_access_rights("write")
        reach.check_access_rule("write")
        return reach._action_open()


class ResUsers(models.Model):
    _inherit = "res.users"

    def action_crowd_reach(self):
        """Say how oneself wants to be reached."""
        return self.env["crowd.reach"]._own()._action_open()


def clock_text(hour):
    """Return an ``hour`` of the day as people write it.

    >>> clock_text(22.5), clock_text(7.0)
    ('22:30', '07:00')
    """
    return "%02d:%02d" % divmod(round(hour * 60), 60)
