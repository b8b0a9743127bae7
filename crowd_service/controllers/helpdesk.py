from werkzeug.exceptions import BadRequest

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.helpdesk_mgmt.controllers.main import HelpdeskTicketController
from odoo.addons.helpdesk_mgmt.controllers.myaccount import CustomerPortalHelpdesk

from .common import as_date, as_id, as_text, one_of

TITLE, DESCRIPTION = 200, 50000  # characters kept


def closing_stages(ticket):
    """Return the stages in which a customer can close ``ticket``."""
    stages = request.env["helpdesk.ticket.stage"].sudo()  # whoever may see the ticket
    return stages.search(
        [("closed", "=", True), ("company_id", "in", (False, ticket.company_id.id))]
    )


class CrowdTicketController(HelpdeskTicketController):
    """A customer closes his own ticket: asked for by POST, never by a link."""

    @http.route(methods=["POST"], website=True)
    def support_ticket_close(self, ticket_id=None, stage_id=None, **kw):
        """Close the ticket, or say why not; foreign and unknown tickets look alike."""
        ticket = self._find_own_ticket(as_id(ticket_id))
        stage = closing_stages(ticket).filtered(lambda s: s.id == as_id(stage_id))
        if not ticket or not stage:
            return request.not_found()
        try:
            with request.env.cr.savepoint():
                if not ticket.stage_id.closed:
                    ticket._crowd_close_by_customer(stage)
        except UserError as error:
            values = {"ticket": ticket, "message": error.args[0]}
            return request.render("crowd_service.ticket_not_closed", values, status=409)
        return request.redirect("/my/ticket/%s" % ticket.id)

    def _find_own_ticket(self, ticket_id):
        """Return the ticket (as superuser) if the user may close it, or an empty one."""
        tickets = request.env["helpdesk.ticket"]
        ticket = tickets.search([("id", "=", ticket_id)])
        customer = ticket.sudo().partner_id.commercial_partner_id
        if customer and customer == request.env.user.partner_id.commercial_partner_id:
            return ticket.sudo()  # customers have no right to write tickets
        may_write = tickets.check_access_rights("write", raise_exception=False)
        return (ticket._filter_access_rules("write") if may_write else tickets).sudo()

    @http.route(methods=["POST"])
    def submit_ticket(self, category=None, subject=None, description=None, **kw):
        """Create a ticket if the form is complete and in order."""
        categories = request.env["helpdesk.ticket.category"]
        category = categories.search([("id", "=", as_id(category))])
        subject = as_text(subject, TITLE).strip()
        if not category or not subject:
            raise BadRequest()
        company = category.company_id or request.env.user.company_id
        return super().submit_ticket(
            **dict(
                kw,
                category=category.id,
                subject=subject,
                description=as_text(description, DESCRIPTION),
                team=self._find_team(as_id(kw.get("team")), company).id,
            )
        )

    def _find_team(self, team_id, company):
        """Return the team if customers of ``company`` may choose it, or an empty one."""
        return (
            request.env["helpdesk.ticket.team"]
            .sudo()  # customers have no right to read teams
            .search([("id", "=", team_id), ("company_id", "in", (False, company.id))])
        )


class CrowdTicketPortal(CustomerPortalHelpdesk):
    """The pages of tickets take what they know and leave the rest aside."""

    @http.route()
    def portal_my_tickets(self, page=1, search=None, **kw):
        """List the customer's tickets."""
        for name, choices in (
            ("sortby", self._ticket_get_searchbar_sortings()),
            ("groupby", self._ticket_get_searchbar_groupby()),
            ("search_in", self._ticket_get_searchbar_inputs()),
        ):
            kw[name] = one_of(kw.get(name), choices)
        for name in ("date_begin", "date_end"):
            kw[name] = as_date(kw.get(name))
        return super().portal_my_tickets(page=page, search=as_text(search, TITLE), **kw)

    def _ticket_get_page_view_values(self, ticket, access_token, **kwargs):
        values = super()._ticket_get_page_view_values(ticket, access_token, **kwargs)
        values["closed_stages"] = closing_stages(ticket)
        return values
