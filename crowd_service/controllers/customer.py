from werkzeug.utils import redirect

from odoo import SUPERUSER_ID, _, http
from odoo.exceptions import UserError
from odoo.http import request

from .helpdesk import CrowdTicketController, CrowdTicketPortal
from .main import render, with_headers
from .offer import ROUTE

ADDRESS = "/crowd/ticket/<string:token>"
CONSENT = {"agree": "given", "refuse": "withdrawn"}
LOOK = ("company", "logo", "color", "ink", "contact")


class CustomerByLink(http.Controller):
    """The customer's page behind the link in a message. GET shows, POST acts."""

    @http.route(ADDRESS, methods=["GET"], **ROUTE)
    def crowd_ticket(self, token, **_query):
        """Show how it stands; nothing is written, scanners may come."""
        dispatch = self._find(token)
        if not dispatch:
            return self._not_valid()
        customer = dispatch._crowd_customer_values()
        values = {
            "customer": customer,
            "title": "%s – %s" % (customer["ticket"], customer["company"]),
            "url": "/crowd/ticket/%s" % token,
            "csrf_token": request.csrf_token(),
            **{name: customer[name] for name in LOOK},
        }
        lang = dispatch.env.context["lang"]
        return render("crowd_service.customer_page", lang, values)

    @http.route(ADDRESS + "/<string:action>", methods=["GET", "POST"], **ROUTE)
    def crowd_ticket_act(self, token, action, **_post):
        """Write the consent down, then show the page again."""
        dispatch = self._find(token)
        if not dispatch or action not in CONSENT:
            return self._not_valid()
        if request.httprequest.method == "POST":
            set_consent(dispatch.ticket_id, action, "page")
        return with_headers(redirect("/crowd/ticket/%s" % token, 303))

    def _find(self, token):
        """Return the ticket's present dispatch (as superuser, in the customer's
        language), or an empty one.

        The link is for whom it was written to, as long as the ticket is his.
        """
        found = request.env(context={})["crowd.token"]._find("customer", token)
        ticket, reader = found.dispatch_id.ticket_id, found.delivery_id.partner_id
        if not reader.active or reader != ticket.partner_id:
            return found.dispatch_id.browse()
        context = reader._crowd_reader_context(ticket.company_id)
        dispatch = ticket.crowd_dispatch_id or found.dispatch_id
        return dispatch.with_context(**context)

    def _not_valid(self):
        lang = request.env.context.get("lang")
        values = {"title": _("This link is not valid")}
        return render("crowd_service.offer_unknown", lang, values, status=404)


def set_consent(ticket, action, way):
    """Carry out what the customer decided about his ``ticket``."""
    ticket = ticket.with_user(SUPERUSER_ID)  # he has no rights on dispatch and offers
    if not ticket.stage_id.closed:
        ticket._crowd_set_consent(CONSENT[action], way)


class CustomerTicketController(CrowdTicketController):
    """Customers who log in say in the form whether externals may know them."""

    @http.route(
        "/my/ticket/<int:ticket_id>/crowd/<string:action>",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def crowd_consent(self, ticket_id, action, **_post):
        """Write the consent down, then show the ticket again."""
        ticket = self._find_own_ticket(ticket_id)
        if not ticket or action not in CONSENT:
            return request.not_found()
        try:
            with request.env.cr.savepoint():
                set_consent(ticket, action, "portal")
        except UserError as error:
            values = {"ticket": ticket, "message": error.args[0]}
            return request.render("crowd_service.ticket_not_closed", values, status=409)
        return request.redirect("/my/ticket/%s" % ticket.id)

    def _prepare_submit_ticket_vals(self, **kw):
        values = super()._prepare_submit_ticket_vals(**kw)
        if kw.get("crowd_consent") == "given":
            values.update(
                crowd_consent="given",
                crowd_consent_by="portal",
                crowd_consent_at=request.env["crowd.clock"].sudo().now(),
            )
        return values


class CustomerTicketPortal(CrowdTicketPortal):
    """The page of a ticket shows who comes."""

    def _ticket_get_page_view_values(self, ticket, access_token, **kwargs):
        values = super()._ticket_get_page_view_values(ticket, access_token, **kwargs)
        dispatch = ticket.sudo().crowd_dispatch_id  # shown by its whitelist only
        reader = request.env.user.partner_id._crowd_reader_context(ticket.company_id)
        reader["lang"] = request.env.context.get("lang") or reader["lang"]
        dispatch = dispatch.with_context(**reader)
        values["crowd_customer"] = dispatch and dispatch._crowd_customer_values()
        return values
