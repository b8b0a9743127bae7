from werkzeug.utils import redirect

from odoo import _, http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from .common import as_id
from .main import act, page_values, with_headers

ADDRESS = "/my/offers"
OPEN, JOBS, PAST = "open", "jobs", "past"


class OfferPortal(CustomerPortal):
    """The offers of a worker who has a login. He has no rights on any record of ours:
    every offer is fetched through :meth:`_offers`, which knows whose it is."""

    def _prepare_portal_layout_values(self):
        values = super()._prepare_portal_layout_values()
        values["crowd_is_worker"] = bool(self._worker())
        return values

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "crowd_offer_count" in counters:
            domains = self._section_domains()
            values["crowd_offer_count"] = sum(
                self._offers().search_count(self._mine() + domains[name])
                for name in (OPEN, JOBS)
            )
        return values

    # ------------------------------------------------------------------
    # pages
    # ------------------------------------------------------------------

    @http.route(
        [ADDRESS, ADDRESS + "/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_offers(self, page=1, filterby=None, **_query):
        """List offers that wait for an answer, then jobs, then the past."""
        filters = self._section_labels()
        filterby = filterby if filterby in filters else "all"
        paged = PAST if filterby == "all" else filterby
        domains, offers = self._section_domains(), self._offers()
        pager = portal_pager(
            url=ADDRESS,
            url_args={"filterby": filterby},
            total=offers.search_count(self._mine() + domains[paged]),
            page=page,
            step=self._items_per_page,
        )
        found = offers.search(
            self._mine() + domains[paged],
            limit=self._items_per_page,
            offset=pager["offset"],
        )
        sections = [(filters[paged]["label"], self._lines(found))]
        if filterby == "all" and pager["page"]["num"] == 1:
            sections = [
                (filters[name]["label"], self._lines(self._first(name)))
                for name in (OPEN, JOBS)
            ] + sections
        return self._render(
            "crowd_service.portal_my_offers",
            sections=[(label, lines) for label, lines in sections if lines],
            pager=pager,
            filterby=filterby,
            searchbar_filters=filters,
            default_url=ADDRESS,
        )

    @http.route(
        ADDRESS + "/<int:offer_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_offer(self, offer_id, **_query):
        """Show one offer."""
        offer = self._find(offer_id)
        if not offer:
            raise request.not_found()
        values = page_values(offer, "%s/%d" % (ADDRESS, offer.id))
        return self._render("crowd_service.portal_my_offer", **values)

    @http.route(
        ADDRESS + "/<int:offer_id>/<string:action>",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_my_offer_act(self, offer_id, action, **post):
        """Carry out an answer, then show the offer again."""
        offer = self._find(offer_id)
        if not offer:
            raise request.not_found()
        is_answer = request.httprequest.method == "POST"
        if is_answer and not act(offer, action, "portal", post):
            raise request.not_found()
        return with_headers(redirect("%s/%d" % (ADDRESS, offer.id), 303))

    # ------------------------------------------------------------------
    # whose offers
    # ------------------------------------------------------------------

    def _worker(self):
        """Return the active worker (as superuser) who is logged in, or an empty one."""
        workers = request.env(context={})["fsm.person"].sudo()  # by his own partner
        partner = request.env.user.partner_id
        return workers.search([("partner_id", "=", partner.id)], limit=1)

    def _mine(self):
        return [("worker_id", "=", self._worker().id), ("state", "!=", "draft")]

    def _offers(self):
        """Return an empty recordset to search in, together with :meth:`_mine`."""
        user = request.env.user
        context = user.partner_id._crowd_reader_context(user.company_id)
        context["lang"] = request.env.context.get("lang")  # chosen on the portal
        # portal users have no rights on offers
        return request.env(context=context)["crowd.offer"].sudo()

    def _find(self, offer_id):
        """Return the offer if it is the visitor's, else an empty one."""
        return self._offers().search(self._mine() + [("id", "=", as_id(offer_id))])

    # ------------------------------------------------------------------
    # list
    # ------------------------------------------------------------------

    def _section_domains(self):
        now = request.env["crowd.clock"].sudo().now()
        return {
            OPEN: [("state", "=", "sent"), ("expires_at", ">", now)],
            JOBS: [("state", "=", "accepted")],
            PAST: [
                "|",
                ("state", "not in", ("sent", "accepted")),
                "&",
                ("state", "=", "sent"),
                ("expires_at", "<=", now),
            ],
        }

    def _section_labels(self):
        return {
            "all": {"label": _("All")},
            OPEN: {"label": _("Open offers")},
            JOBS: {"label": _("My jobs")},
            PAST: {"label": _("Past")},
        }

    def _first(self, name):
        domain = self._mine() + self._section_domains()[name]
        return self._offers().search(domain, limit=self._items_per_page)

    def _lines(self, offers):
        """Return ``[(address, public values, when it was sent)]``."""
        return [
            (
                "%s/%d" % (ADDRESS, offer.id),
                offer._crowd_public_values(),
                offer._format_moment(offer.sent_at),
            )
            for offer in offers
        ]

    def _render(self, view, **values):
        values = dict(self._prepare_portal_layout_values(), **values)
        values["page_name"] = "crowd_offer"
        return with_headers(request.render(view, values))
