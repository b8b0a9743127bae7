from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

OPEN_STATES = ("queued", "failed")
NEWS_OF_AN_OFFER = ("taken", "withdrawn")  # only for those who got the offer by mail
LOST_AFTER = timedelta(minutes=5)  # a message this late has lost its job


class CrowdDelivery(models.Model):
    """One message to one person over one gateway. A plain model: there are many."""

    _name = "crowd.delivery"
    _description = "Crowd Delivery"
    _order = "id desc"

    gateway_id = fields.Many2one(
        "crowd.gateway", required=True, index=True, ondelete="restrict", readonly=True
    )
    kind = fields.Selection(related="gateway_id.kind", store=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True
    )
    purpose = fields.Selection(
        [
            ("offer", "Offer"),
            ("won", "You have the job"),
            ("taken", "Somebody else has the job"),
            ("withdrawn", "The offer is withdrawn"),
            ("job_cancelled", "The job is cancelled"),
            ("escalation", "Escalation"),
        ],
        required=True,
        readonly=True,
    )
    offer_id = fields.Many2one("crowd.offer", index=True, readonly=True)
    escalation_id = fields.Many2one("crowd.escalation", index=True, readonly=True)
    dispatch_id = fields.Many2one("crowd.dispatch", index=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="To", required=True, readonly=True, ondelete="restrict"
    )
    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("sent", "Sent"),
            ("failed", "Failed, will be tried again"),
            ("dead", "Could not be delivered"),
            ("obsolete", "No longer wanted"),
        ],
        required=True,
        default="queued",
        index=True,
        readonly=True,
    )
    attempts = fields.Integer(readonly=True)
    next_try = fields.Datetime(index=True, readonly=True)
    sent_at = fields.Datetime(readonly=True)
    error = fields.Char(readonly=True)
    provider_ref = fields.Char(
        readonly=True, help="Message-Id, or the provider's own number."
    )

    _sql_constraints = [
        (
            "subject_check",
            "CHECK (offer_id IS NOT NULL OR escalation_id IS NOT NULL)",
            "A message is about an offer or an escalation.",
        )
    ]

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS crowd_delivery_once_offer"
            " ON crowd_delivery (offer_id, purpose, gateway_id, partner_id)"
            " WHERE offer_id IS NOT NULL"
        )
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS crowd_delivery_once_escalation"
            " ON crowd_delivery (escalation_id, purpose, gateway_id, partner_id)"
            " WHERE escalation_id IS NOT NULL"
        )

    # ------------------------------------------------------------------
    # queue
    # ------------------------------------------------------------------

    @api.model
    def _queue(self, purpose, offers=None, escalation=None):
        """Queue the messages of a decision, in its transaction; jobs send them.

        :param purpose: one of the codes of the ``purpose`` field
        :return: the ``res.partner`` s whom no gateway reaches
        """
        deliveries = self.sudo()  # whoever decides has no rights on messages
        subjects = (escalation or offers or self.env["crowd.offer"]).sudo()
        if purpose in NEWS_OF_AN_OFFER:
            subjects = deliveries._filter_told(subjects)
        gateways = self.env["crowd.gateway"].sudo()
        gateways = {c: gateways._find_all(c) for c in subjects.mapped("company_id")}
        values, missed = [], subjects.browse()
        for subject in subjects:
            wanted = self._get_gateways(purpose, subject, gateways[subject.company_id])
            values += [self._prepare(purpose, subject, gateway) for gateway in wanted]
            missed |= subject.browse() if wanted else subject
        deliveries.create(values)._enqueue()
        return deliveries._note_missed(missed)

    @api.model
    def _filter_told(self, offers):
        """Return those ``offers`` that reached people by mail, or are on the way."""
        told = self.search(
            [
                ("offer_id", "in", offers.ids),
                ("purpose", "=", "offer"),
                ("kind", "=", "mail"),
                ("state", "not in", ("obsolete", "dead")),
            ]
        ).mapped("offer_id")
        return offers.filtered(lambda offer: offer in told)

    @api.model
    def _addressee(self, subject):
        """Return the partner whom an offer or an escalation goes to."""
        if subject._name == "crowd.offer":
            return subject.worker_id.partner_id
        return subject.user_id.partner_id

    @api.model
    def _get_gateways(self, purpose, subject, gateways):
        """Return the gateways over which ``subject`` is told to its addressee.

        Technicians get offers as activities. Only a technician without a login gets
        them by mail, as all externals do. Escalations go both ways.

        :param gateways: ``{kind: crowd.gateway}``
        """
        partner = self._addressee(subject)
        mail = gateways.get("mail") if partner._crowd_email() else None
        activity = gateways.get("activity")
        if purpose == "escalation":
            ways = [activity, mail]
        elif purpose == "offer" and subject.worker_type == "technician":
            ways = [activity if activity and partner._crowd_login() else mail]
        else:
            ways = [mail]
        return [gateway for gateway in ways if gateway]

    @api.model
    def _prepare(self, purpose, subject, gateway):
        """Return the values of one message."""
        is_offer = subject._name == "crowd.offer"
        return {
            "gateway_id": gateway.id,
            "company_id": subject.company_id.id,
            "purpose": purpose,
            "offer_id": subject.id if is_offer else False,
            "escalation_id": False if is_offer else subject.id,
            "dispatch_id": subject.dispatch_id.id,
            "partner_id": self._addressee(subject).id,
            "next_try": self.env["crowd.clock"].now(),
        }

    @api.model
    def _note_missed(self, subjects):
        """Write into the history whom nobody can tell; return their partners."""
        partners = self.env["res.partner"]
        for subject in subjects:
            person = self._addressee(subject)
            note = _("No way to reach %s: no login, no e-mail.") % (person.name or "?")
            subject.dispatch_id._record("note", note=note)
            partners |= person
        return partners

    def _enqueue(self, eta=None):
        """Store one job for the next attempt of each message, unless it has one.

        :param eta: naive UTC datetime, not before then
        """
        for delivery in self:
            delivery.with_delay(
                eta=eta,
                identity_key="crowd.delivery-%d-%d" % (delivery.id, delivery.attempts),
                description="Message %d" % delivery.id,
            )._job_send()

    # ------------------------------------------------------------------
    # stop
    # ------------------------------------------------------------------

    @api.model
    def _close_activities(self, offers):
        """``offers`` are closed: nothing more is sent, nobody is asked to answer."""
        deliveries = self.sudo()  # whoever decides has no rights on messages
        open_ones = deliveries.search(
            [
                ("offer_id", "in", offers.ids),
                ("purpose", "=", "offer"),
                ("state", "in", OPEN_STATES),
            ]
        )
        open_ones._lock_open().write({"state": "obsolete"})
        asked = offers.sudo().filtered(lambda o: o.worker_type == "technician")
        wanted = {
            (offer.dispatch_id.id, user.id)
            for offer in asked
            for user in offer.worker_id.partner_id.user_ids
        }
        activities = self.env["mail.activity"].sudo()  # other people's to-do lists
        activities.search(
            [
                ("res_model", "=", "crowd.dispatch"),
                ("res_id", "in", asked.mapped("dispatch_id").ids),
                ("activity_type_id", "=", self._activity_type("offer").id),
            ]
        ).filtered(lambda a: (a.res_id, a.user_id.id) in wanted).unlink()

    @api.model
    def _activity_type(self, name):
        """Return our activity type ``mail_activity_<name>``."""
        return self.env.ref("crowd_service.mail_activity_" + name)

    def _lock_open(self):
        """Lock what is not sent yet and return it, without what somebody else holds.

        A decision never waits for a message that is on its way to a slow mail server.
        """
        if not self:
            return self
        self.flush()
        self.env.cr.execute(
            "SELECT id FROM crowd_delivery WHERE id IN %s AND state IN %s"
            " ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
            (tuple(self.ids), OPEN_STATES),
            log_exceptions=False,
        )
        self.invalidate_cache()
        return self.browse(row[0] for row in self.env.cr.fetchall())

    # ------------------------------------------------------------------
    # again
    # ------------------------------------------------------------------

    @api.model
    def _cron_sweep(self, limit=500):
        """Give a new job to messages that have lost theirs."""
        late = self.env["crowd.clock"].now() - LOST_AFTER
        self.search(
            [("state", "in", OPEN_STATES), ("next_try", "<=", late)],
            limit=limit,
            order="next_try, id",
        )._enqueue()
        self._wake_runner()

    @api.model
    def _wake_runner(self):
        """Let the job runner look for jobs that it asked for and nobody runs.

        In a burst its own request gets lost. It looks for such jobs when it wakes up,
        and with our deadlines in the queue it would sleep until the next of them.
        """
        self.env.cr.execute(
            "SELECT pg_notify('queue_job', uuid) FROM queue_job"
            " WHERE state = 'enqueued'"
            " AND date_enqueued < now() AT TIME ZONE 'UTC' - interval '10 seconds'"
            " LIMIT 1"
        )

    def action_retry(self):
        """The desk wants messages sent that were given up, or do not get through."""
        if not self.env.user.has_group("crowd_service.group_crowd_agent"):
            raise AccessError(_("Only the desk can do this."))
        self.check_access_rule("read")
        deliveries = self.sudo().filtered(  # agents read messages, the engine writes
            lambda d: d.state in ("failed", "dead")
        )
        if not deliveries:
            raise UserError(_("Nothing to send again: these messages did not fail."))
        now = self.env["crowd.clock"].now()
        deliveries.write({"state": "queued", "attempts": 0, "next_try": now})
        deliveries._enqueue()
        return True
