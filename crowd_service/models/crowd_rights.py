"""Rights that record rules cannot express: what a record may not become."""

from odoo import _, fields, models
from odoo.exceptions import AccessError, UserError

AGENT = "crowd_service.group_crowd_agent"
TECHNICIAN = "crowd_service.group_crowd_technician"
# what a worker who may write himself still leaves to the desk
DESK_FACTS = ("partner_id", "worker_type", "active", "stage_id", "territory_ids")
FIXED = ("worker_id", "community_id")
MEASURED = (
    "quality",
    "quality_count",
    "job_count",
    "solved_count",
    "start_quality",
    "start_quality_count",
    "start_job_count",
    "start_solved_count",
)


class CrowdCompanyMixin(models.AbstractModel):
    """A record that cannot be pushed into a company where its writer has no rights.

    Odoo checks the rules of a record before it is written, not as it is afterwards.
    """

    _name = "crowd.company.mixin"
    _description = "Stays in the companies of its writer"

    def write(self, vals):
        res = super().write(vals)
        if "company_id" in vals:
            self.flush(["company_id"])
            self.check_access_rule("write")
        return res


class HelpdeskTicket(models.Model):
    """Everybody reads tickets; whoever may not read a field's records lacks the field.

    Otherwise tickets could not be opened by people without rights of this addon. The
    same goes for the other models below.
    """

    _inherit = "helpdesk.ticket"

    crowd_dispatch_ids = fields.One2many(groups=AGENT)
    crowd_offer_ids = fields.One2many(groups=AGENT)
    crowd_event_ids = fields.One2many(groups=AGENT)
    crowd_escalation_ids = fields.One2many(groups=AGENT)
    # screens of everybody ask for these numbers
    crowd_offer_count = fields.Integer(compute_sudo=True)
    crowd_escalation_count = fields.Integer(compute_sudo=True)


class FSMOrder(models.Model):
    _inherit = "fsm.order"

    crowd_dispatch_ids = fields.One2many(groups=TECHNICIAN)
    crowd_dispatch_id = fields.Many2one(groups=TECHNICIAN)


class FSMPerson(models.Model):
    _inherit = "fsm.person"

    crowd_membership_ids = fields.One2many(groups=AGENT)
    crowd_offer_ids = fields.One2many(groups=TECHNICIAN)
    crowd_offer_count = fields.Integer(groups=TECHNICIAN)
    crowd_open_job_count = fields.Integer(groups=TECHNICIAN)

    def write(self, vals):
        if not self.env.su and any(name in vals for name in DESK_FACTS):
            self._check_desk_facts()
        return super().write(vals)

    def _check_desk_facts(self):
        if not self.env.user.has_group("fieldservice.group_fsm_dispatcher"):
            raise AccessError(
                _("Who a worker is, and where he may work, is for dispatchers to say.")
            )


class ProductTemplate(models.Model):
    _inherit = "product.template"

    crowd_skill_ids = fields.One2many(groups=AGENT)


class ResCompany(models.Model):
    _inherit = "res.company"

    crowd_stage_map_ids = fields.One2many(groups=AGENT)


class CrowdDispatch(models.Model):
    """A technician sees the dispatch of his job, not who else was considered."""

    _inherit = "crowd.dispatch"

    candidate_ids = fields.One2many(groups=AGENT)
    event_ids = fields.One2many(groups=AGENT)


class CrowdStageMap(models.Model):
    _name = "crowd.stage.map"
    _inherit = ["crowd.stage.map", "crowd.company.mixin"]


class CrowdGateway(models.Model):
    _name = "crowd.gateway"
    _inherit = ["crowd.gateway", "crowd.company.mixin"]


class CrowdCommunity(models.Model):
    _name = "crowd.community"
    _inherit = ["crowd.community", "crowd.company.mixin"]

    def write(self, vals):
        if "company_id" in vals:
            self._check_without_members(vals["company_id"])
        return super().write(vals)

    def _check_without_members(self, company_id):
        """Raise if members would change the company with their community."""
        moving = self.filtered(lambda c: c.company_id.id != company_id)
        if moving.sudo().membership_ids:  # also those of companies out of sight
            raise UserError(
                _("A community with members stays in its company. Make another one.")
            )


class CrowdMembership(models.Model):
    _inherit = "crowd.membership"

    def write(self, vals):
        if not self.env.su:
            self._check_writable(vals)
        return super().write(vals)

    def _check_writable(self, vals):
        if any(name in vals for name in FIXED):
            raise UserError(
                _("A membership keeps its worker and its community: make another one.")
            )
        if any(name in vals for name in MEASURED):
            raise AccessError(
                _("Quality comes from ratings and jobs, nobody writes it.")
            )
