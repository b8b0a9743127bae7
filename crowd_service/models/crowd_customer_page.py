from odoo import _, models

from .crowd_dispatch import HELD_STATES, OPEN_STATES

#: What a customer may know of his ticket's way through the crowd, and nothing else.
CUSTOMER = (
    "ticket",
    "about",
    "state",
    "sentence",
    "who",
    "kind",
    "expected",
    "is_on_the_way",
    "is_open",
    "consent",
    "consent_at",
    "asks_consent",
    "asks_review",
    "company",
    "logo",
    "color",
    "ink",
    "contact",
)


class CrowdDispatch(models.Model):
    """What the customer's page and messages show: the only source of both."""

    _inherit = "crowd.dispatch"

    def _crowd_customer_values(self):
        """Return the whitelist: ``{name of CUSTOMER: text}``.

        The language and the time zone are those of the context.
        """
        self.ensure_one()
        dispatch = self.sudo()  # customers have no rights on it; this is the whitelist
        values = dict.fromkeys(CUSTOMER, "")
        values.update(dispatch._customer_frame())
        if dispatch.state in HELD_STATES:
            values.update(dispatch._customer_worker())
        values["sentence"] = dispatch._customer_sentence(values)
        return values

    def _customer_frame(self):
        ticket = self.ticket_id
        offers = self.env["crowd.offer"]
        return {
            "ticket": ticket.number,
            "about": self.service_id.name or "",
            "state": self.state,
            "is_open": self.state in OPEN_STATES,
            "consent": ticket.crowd_consent or "",
            "consent_at": offers._format_moment(ticket.crowd_consent_at),
            "asks_consent": ticket._crowd_lacks_consent(),
            "asks_review": bool(ticket._crowd_asked_review()),
            **offers._look_of(self.company_id),
        }

    def _customer_worker(self):
        """Return who comes: a first name and what he is to the company."""
        worker = self.worker_id
        label = self.env["crowd.offer"]._fields["worker_type"]
        kinds = dict(label._description_selection(self.env))
        return {
            "who": (worker.name or "").split(" ")[0],
            "kind": kinds.get(worker.worker_type, ""),
            "expected": self.env["crowd.offer"]._format_moment(self.promised_at),
            "is_on_the_way": bool(self.on_the_way_at) and self.state == "assigned",
        }

    def _customer_sentence(self, values):
        """Return in a sentence how it stands."""
        if self.state == "assigned" and values["is_on_the_way"]:
            return _("%(who)s is on the way to you.") % values
        return {
            "draft": _("We are dealing with your request."),
            "searching": _("We are looking for somebody who can help you."),
            "offered": _("We are looking for somebody who can help you."),
            "assigned": _("%(who)s takes care of your request.") % values,
            "in_progress": _("%(who)s is working on it.") % values,
            "escalated": _("Our own people take care of your request."),
            "paused": _("Your request pauses. We get in touch when it goes on."),
            "done": _("Your request is done."),
            "unsolved": _("It is not solved yet. We get in touch with you."),
            "cancelled": _("Nobody is looked for any more."),
        }[self.state]
