from odoo import SUPERUSER_ID, _, fields, models
from odoo.exceptions import AccessError, UserError

from .. import race
from .crowd_dispatch_clock import SEARCH_STATES

MANAGER = "crowd_service.group_crowd_manager"


class ResCompany(models.Model):
    """The stop switch: nobody outside is asked any more."""

    _inherit = "res.company"

    crowd_stopped = fields.Boolean(string="All offers are stopped", readonly=True)
    crowd_stopped_at = fields.Datetime(
        string="Stopped", readonly=True, groups="base.group_user"
    )
    crowd_stopped_by_id = fields.Many2one(
        "res.users", string="Stopped by", readonly=True, groups="base.group_user"
    )
    crowd_stop_reason = fields.Char(
        string="Why offers are stopped", readonly=True, groups="base.group_user"
    )

    def _crowd_stop(self, reason):
        """Withdraw all open offers of the company; tickets go to people inside.

        :param reason: in words, for everybody at the desk
        """
        self._crowd_check_manager()
        company = self.sudo()  # managers may not write companies
        company.write(
            {
                "crowd_stopped": True,
                "crowd_stopped_at": self.env["crowd.clock"].now(),
                "crowd_stopped_by_id": self.env.user.id,
                "crowd_stop_reason": reason,
            }
        )
        company.with_user(SUPERUSER_ID).with_delay(
            priority=1, description=_("Stop all offers of %s") % company.name
        )._job_crowd_stop()

    def _crowd_go_on(self):
        """People may be asked again."""
        self._crowd_check_manager()
        self.sudo().write({"crowd_stopped": False})  # managers may not write companies

    def _crowd_check_manager(self):
        """Raise unless a manager of this company is acting."""
        self.ensure_one()
        user = self.env.user
        if not user.has_group(MANAGER) or self not in user.company_ids:
            raise AccessError(_("Only managers of the crowd stop and allow offers."))

    def _crowd_check_not_stopped(self):
        if self.crowd_stopped:
            raise UserError(
                _("All offers of %(company)s are stopped by %(user)s: %(why)s")
                % {
                    "company": self.name,
                    "user": self.sudo().crowd_stopped_by_id.name,  # a name is all
                    "why": self.crowd_stop_reason,
                }
            )

    def _job_crowd_stop(self):
        """Hand every search over to people inside, each in its own transaction."""
        dispatches = self.env["crowd.dispatch"]
        searching = dispatches.search(
            [("company_id", "=", self.id), ("state", "in", SEARCH_STATES)]
        )
        for dispatch_id in searching.ids:
            dispatches._alone(dispatch_id, "_stop_searching")


class CrowdDispatch(models.Model):
    _inherit = "crowd.dispatch"

    is_stopped = fields.Boolean(related="company_id.crowd_stopped")

    def _stop_searching(self):
        """Stop unless somebody was faster, or offers are allowed again."""
        race.lock(self)
        if self.state in SEARCH_STATES and self.is_stopped:
            self._in_desk_language()._stop()
