"""What the demo's companies want to reach; some of it is missed."""

from odoo import api, models

#: Target: figure, company, value, period, owner, territory.
TARGETS = {
    "target_alpen_within_10": (
        "within_10",
        "company_alpenfunk",
        70,
        "d30",
        "user_dispatcher",
        None,
    ),
    "target_alpen_wallis": (
        "within_60",
        "company_alpenfunk",
        80,
        "quarter",
        "user_dispatcher",
        "territory_wallis",
    ),
    "target_alpen_again": (
        "would_book_again",
        "company_alpenfunk",
        90,
        "d30",
        "user_manager",
        None,
    ),
    "target_alpen_saving": (
        "saving",
        "company_alpenfunk",
        2000,
        "month",
        "user_manager",
        None,
    ),
    "target_heide_escalated": (
        "escalated",
        "company_heidefunk",
        20,
        "quarter",
        "user_dispatcher_de",
        None,
    ),
}


class CrowdDemo(models.AbstractModel):
    _inherit = "crowd.demo"

    @api.model
    def _load_targets(self):
        """Create the targets, and measure them as in the coming night."""
        quiet = self.with_context(mail_activity_quick_update=True)
        targets = quiet.env["crowd.kpi.target"]
        known = self._find_known(targets)
        for name in sorted(set(TARGETS) - set(known)):
            target = targets.create(self._prepare_target(*TARGETS[name]))
            self._remember({name: target})
        targets._job_check_all()

    @api.model
    def _prepare_target(self, code, company, value, period, owner, territory):
        return {
            "kpi_id": self._id("crowd_service.crowd_kpi_" + code),
            "company_id": self._id(company),
            "value": value,
            "period": period,
            "owner_id": self._id(owner),
            "territory_id": territory and self._id(territory),
        }
