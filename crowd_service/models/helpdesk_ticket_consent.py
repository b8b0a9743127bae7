from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import plaintext2html

from .. import race
from .crowd_dispatch import HELD_STATES, OPEN_STATES

CONSENTS = [("given", "Given"), ("withdrawn", "Withdrawn")]
FACTS = (
    "crowd_consent",
    "crowd_consent_at",
    "crowd_consent_by",
    "crowd_consent_user_id",
)
WAYS = [
    ("page", "Page of the ticket"),
    ("portal", "Portal"),
    ("phone", "By phone, through the desk"),
]


class HelpdeskTicket(models.Model):
    """Whether people from outside may learn who the customer is."""

    _inherit = "helpdesk.ticket"

    crowd_consent = fields.Selection(
        CONSENTS,
        string="Consent of the customer",
        readonly=True,
        copy=False,
        index=True,
        help="That an external learns name, address and phone number once he has the "
        "job. Withdrawn: technicians of the company only.",
    )
    crowd_consent_at = fields.Datetime(
        string="Consent changed", readonly=True, copy=False
    )
    crowd_consent_by = fields.Selection(
        WAYS, string="Consent by way of", readonly=True, copy=False
    )
    crowd_consent_user_id = fields.Many2one(
        "res.users", string="Consent noted by", readonly=True, copy=False
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._crowd_check_consent(vals)
        if not self.env.su:  # a client's defaults are no consent
            vals_list = [dict(dict.fromkeys(FACTS, False), **v) for v in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        self._crowd_check_consent(vals)
        return super().write(vals)

    def _crowd_check_consent(self, vals):
        """Raise if somebody writes the consent down who was not told by a button."""
        if not self.env.su and any(name in vals for name in FACTS):
            raise AccessError(_("The consent is the customer's: use its buttons."))

    # ------------------------------------------------------------------
    # what follows from it
    # ------------------------------------------------------------------

    def _crowd_externals_allowed(self):
        """Tell whether people from outside may be asked."""
        allowed = super()._crowd_externals_allowed()
        return allowed and self.crowd_consent != "withdrawn"

    def _crowd_may_share(self, worker):
        """Tell whether ``worker``, who has the job, may learn who the customer is."""
        if not worker.is_external or self.crowd_consent == "given":
            return True
        return not (self.crowd_consent or self.company_id.crowd_ask_consent)

    def _crowd_lacks_consent(self):
        """Tell whether the customer has to be asked before an external knows him."""
        return not self.crowd_consent and self.company_id.crowd_ask_consent

    # ------------------------------------------------------------------
    # changing it
    # ------------------------------------------------------------------

    def action_crowd_consent(self):
        """The customer agrees on the phone."""
        return self._crowd_consent_by_phone("given")

    def action_crowd_no_consent(self):
        """The customer says on the phone that no external may know him."""
        return self._crowd_consent_by_phone("withdrawn")

    def _crowd_consent_by_phone(self, consent):
        self.ensure_one()
        self._crowd_check_agent()
        ticket = self._crowd_engine()
        if ticket.stage_id.closed:
            raise UserError(_("%s is closed: reopen it first.") % ticket.number)
        ticket._crowd_set_consent(consent, "phone", self.env.user)
        return True

    def _crowd_set_consent(self, consent, way, user=None):
        """Write down what the customer wants; the jobs of externals follow at once.

        :param consent: "given" or "withdrawn"
        :param way: a code of ``crowd_consent_by``
        :param user: the agent who was told
        """
        self.ensure_one()
        dispatches = self.crowd_dispatch_ids.filtered(lambda d: d.state in OPEN_STATES)
        if dispatches:
            race.lock(dispatches)
        if self.crowd_consent == consent:
            return
        dispatches._change_row()
        self.write(
            {
                "crowd_consent": consent,
                "crowd_consent_at": self.env["crowd.clock"].now(),
                "crowd_consent_by": way,
                "crowd_consent_user_id": user.id if user else False,
            }
        )
        self._crowd_note_consent(dispatches, consent, way)
        for dispatch in dispatches:
            if consent == "withdrawn":
                dispatch._without_externals()
            else:
                dispatch._with_consent()

    def _crowd_note_consent(self, dispatches, consent, way):
        """Keep it in the history of the dispatch and on the ticket."""
        for dispatch in dispatches:
            dispatch._record("consent", to_state=consent, reason=way)
        reader = dispatches[:1].responsible_id or self.user_id
        ticket = self.with_context(
            lang=(reader.partner_id or self.company_id.partner_id).lang,
            mail_create_nosubscribe=True,
        )
        by = self._fields["crowd_consent_by"]._description_selection(ticket.env)
        text = ticket._crowd_consent_words(consent) % dict(by)[way]
        author = self.env.user.partner_id if way == "phone" else self.partner_id
        ticket.message_post(
            body=plaintext2html(text),
            author_id=author.id,
            subtype_xmlid="mail.mt_note",
        )

    def _crowd_consent_words(self, consent):
        """Return a sentence with a place for the way it came."""
        return (
            _("The customer agrees that an external gets his data (%s).")
            if consent == "given"
            else _("The customer does not want an external to get his data (%s).")
        )


class CrowdDispatch(models.Model):
    _inherit = "crowd.dispatch"

    def _change_row(self):
        """Make whoever decides with an older view of the ticket begin anew.

        A lock without a change would not refresh the other's snapshot.
        """
        if self:
            self.env.cr.execute(
                "UPDATE crowd_dispatch SET write_date = write_date WHERE id IN %s",
                (tuple(self.ids),),
                log_exceptions=False,
            )

    def _waits_for_customer(self):
        return not self.ticket_id._crowd_may_share(self.worker_id)

    def _customer_reminder(self):
        return _(
            "The customer has not agreed yet that %s learns who he is: call him."
        ) % (self.worker_id.name)

    def _with_consent(self):
        """The external who has the job learns who the customer is, and is told."""
        if self.state not in HELD_STATES or not self.worker_id.is_external:
            return
        if self.state == "assigned" and not self.on_the_way_at:
            self._begin_promise()
        self.env["crowd.delivery"]._queue(
            "agreed", offers=self.accepted_offer_id, occasion=self._consent_occasion()
        )

    def _consent_occasion(self):
        """Return what tells this consent from those before."""
        return fields.Datetime.to_string(self.ticket_id.crowd_consent_at)

    def _without_externals(self):
        """The customer wants no externals: offers and job go back, others are asked."""
        offers = self._open_offers().filtered("worker_id.is_external")
        self._take_back(offers)
        if self.state in HELD_STATES + ("paused",) and self.worker_id.is_external:
            self._take_from_external()
        elif offers and self.state == "offered" and not self._open_offers():
            self._ask_again()

    def _take_from_external(self):
        if self.state == "paused":
            self._resume()
        self._take_from_worker()
        self._ask_again()


class CrowdOffer(models.Model):
    _inherit = "crowd.offer"

    def _membership_sentence(self):
        return super()._membership_sentence() or self._consent_sentence()

    def _consent_sentence(self):
        """Return why the customer's will keeps this worker out, or ""."""
        ticket, worker = self.ticket_id, self.worker_id
        if worker.is_external and not ticket._crowd_externals_allowed():
            return _("The customer wants somebody from the company.")
        return ""

    def _public_job(self):
        """Without the customer's consent an external does not learn who he is."""
        values = super()._public_job()
        may_share = self.ticket_id._crowd_may_share(self.worker_id)
        values["is_hidden"] = not may_share
        if not may_share:
            for name in ("customer", "phone", "email", "address", "directions"):
                values[name] = ""
        return values


class CrowdDelivery(models.Model):
    _inherit = "crowd.delivery"

    purpose = fields.Selection(
        selection_add=[("agreed", "The customer has agreed")],
        ondelete={"agreed": "cascade"},
    )

    def _wanted_states(self):
        return dict(super()._wanted_states(), agreed=("accepted",))

    def _prepare_offer_values(self):
        values = super()._prepare_offer_values()
        if self.purpose == "agreed":
            token = self.env["crowd.token"]._mint("offer", self.offer_id, self)
            values["link"] = "%s/crowd/offer/%s" % (self._base_url(), token)
        return values

    def _text_agreed(self, values):
        return _(
            "%(company)s: the customer has agreed (%(code)s, %(service)s). Name, address "
            "and phone number: %(link)s"
        ) % dict(values)


class CrowdEvent(models.Model):
    _inherit = "crowd.event"

    def _summary_consent(self):
        words = self.env["helpdesk.ticket"]._crowd_consent_words(self.to_state)
        return words % self._label("helpdesk.ticket", "crowd_consent_by", self.reason)
