from odoo import _, api, fields, models
from odoo.exceptions import UserError


class CrowdAbsence(models.Model):
    """A time in which a worker takes no jobs, of whichever company."""

    _name = "crowd.absence"
    _description = "Absence"
    _rec_name = "worker_id"
    _order = "date_from desc, id desc"

    worker_id = fields.Many2one(
        "fsm.person",
        required=True,
        ondelete="cascade",
        auto_join=True,  # the rule follows the worker, without listing all of them
        default=lambda self: self.env["fsm.person"]._crowd_own_worker(),
    )
    date_from = fields.Datetime(
        string="From", required=True, default=lambda self: self.env["crowd.clock"].now()
    )
    date_to = fields.Datetime(
        string="To", required=True, help="From this moment he can be asked again."
    )
    note = fields.Char(help="For those who plan the work, and for himself.")

    _sql_constraints = [
        (
            "dates_check",
            "CHECK (date_from < date_to)",
            "An absence begins before it ends.",
        )
    ]

    def init(self):
        # the matcher looks for those that are not over yet
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS crowd_absence_worker_end"
            " ON crowd_absence (worker_id, date_to)"
        )

    @api.onchange("date_from")
    def _onchange_date_from(self):
        if self.date_from and self.date_to and self.date_to <= self.date_from:
            self.date_to = False

    def write(self, vals):
        if "worker_id" in vals and not self.env.su:
            # the rules would look at whose it was, not at whose it becomes
            raise UserError(_("An absence stays its worker's: make another one."))
        return super().write(vals)
