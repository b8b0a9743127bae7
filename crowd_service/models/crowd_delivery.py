from psycopg2 import sql

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

OPEN_STATES = ("queued", "failed")
TOLD_STATES = ("sent", "delivered", "read")
LOCK = (
    "SELECT {columns} FROM crowd_delivery WHERE id IN %s AND state IN %s"
    " ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"
)


class CrowdDelivery(models.Model):
    """One message to one person over one gateway. A plain model: there are many.

    A person is told over one gateway after the other: the messages of such a chain have
    the same ``gateway_order``. An activity that stands beside a chain has none.
    """

    _name = "crowd.delivery"
    _description = "Crowd Delivery"
    _inherit = "crowd.bulk.mixin"
    _order = "id desc"

    gateway_id = fields.Many2one(
        "crowd.gateway", required=True, index=True, ondelete="restrict", readonly=True
    )
    kind = fields.Selection(
        selection=lambda self: self.env["crowd.gateway"]._kinds(),
        readonly=True,
        help="That of the gateway.",
    )
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
    occasion = fields.Char(
        required=True,
        default="1",
        readonly=True,
        help="Tells apart messages of one purpose about one thing.",
    )
    partner_id = fields.Many2one(
        "res.partner", string="To", required=True, readonly=True, ondelete="restrict"
    )
    address = fields.Char(
        readonly=True, index=True, help="Where the last attempt went to."
    )
    gateway_order = fields.Char(
        readonly=True, help="Gateways for this person, in order: their numbers."
    )
    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("sent", "Sent"),
            ("delivered", "Delivered"),
            ("read", "Read"),
            ("failed", "Failed, will be tried again"),
            ("dead", "Could not be delivered"),
            ("obsolete", "No longer wanted"),
        ],
        required=True,
        default="queued",
        index=True,
        readonly=True,
    )
    attempts = fields.Integer(readonly=True, default=0)
    resends = fields.Integer(
        readonly=True, default=0, help="How often the desk sent it again."
    )
    next_try = fields.Datetime(index=True, readonly=True)
    sent_at = fields.Datetime(readonly=True)
    failed_at = fields.Datetime(string="Last failure", readonly=True)
    received_at = fields.Datetime(
        string="Receipt", readonly=True, help="When the receipt of the provider came."
    )
    error = fields.Char(readonly=True)
    provider_ref = fields.Char(
        readonly=True, help="Message-Id, or the provider's own number."
    )

    _sql_constraints = [
        (
            "subject_check",
            "CHECK (COALESCE(offer_id, escalation_id, dispatch_id) IS NOT NULL)",
            "A message is about an offer, an escalation or a dispatch.",
        )
    ]

    def init(self):
        self.env.cr.execute("DROP INDEX IF EXISTS crowd_delivery_once_offer")
        self.env.cr.execute("DROP INDEX IF EXISTS crowd_delivery_once_escalation")
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS crowd_delivery_one_offer ON"
            " crowd_delivery (offer_id, purpose, gateway_id, partner_id, occasion)"
            " WHERE offer_id IS NOT NULL"
        )
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS crowd_delivery_one_escalation ON"
            " crowd_delivery (escalation_id, purpose, gateway_id, partner_id, occasion)"
            " WHERE escalation_id IS NOT NULL"
        )
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS crowd_delivery_one_dispatch ON"
            " crowd_delivery (dispatch_id, purpose, gateway_id, partner_id, occasion)"
            " WHERE offer_id IS NULL AND escalation_id IS NULL"
        )
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS crowd_delivery_gateway_sent"
            " ON crowd_delivery (gateway_id, sent_at)"
        )
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS crowd_delivery_gateway_open"
            " ON crowd_delivery (gateway_id, id) WHERE state IN ('queued', 'failed')"
        )
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS crowd_delivery_gateway_failed"
            " ON crowd_delivery (gateway_id, failed_at) WHERE failed_at IS NOT NULL"
        )
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS crowd_delivery_provider_ref"
            " ON crowd_delivery (gateway_id, provider_ref)"
            " WHERE provider_ref IS NOT NULL"
        )

    @api.model_create_multi
    def create(self, vals_list):
        gateways = self.env["crowd.gateway"].sudo()  # whoever writes a message has one
        for vals in vals_list:
            vals["kind"] = gateways.browse(vals["gateway_id"]).kind
        return super().create(vals_list)

    def _subject(self):
        """Return what the message is about: offer, escalation, else the dispatch."""
        return self.offer_id or self.escalation_id or self.dispatch_id

    @api.model
    def _activity_type(self, name):
        """Return our activity type ``mail_activity_<name>``."""
        numbers = self.env["ir.model.data"]
        xml_id = "crowd_service.mail_activity_" + name
        return self.env["mail.activity.type"].browse(numbers.xmlid_to_res_id(xml_id))

    def _lock_open(self):
        """Lock what is not sent yet and return it, without what somebody else holds.

        It is read in the same statement. A decision never waits for a message that is on
        its way to a slow mail server.
        """
        if not self:
            return self
        stored = [f for f in self._fields.values() if f.store and f.column_type]
        names = [field.name for field in stored]
        self.flush(names, self)
        columns = sql.SQL(", ").join(map(sql.Identifier, names))
        query = sql.SQL(LOCK).format(columns=columns)
        params = tuple(self.ids), OPEN_STATES
        self.env.cr.execute(query, params, log_exceptions=False)
        self.invalidate_cache(ids=self.ids)
        return self._note_read(stored, self.env.cr.fetchall())

    def _note_read(self, columns, rows):
        """Return the records of ``rows``, whose values are known from now on.

        :param columns: the fields, as in each row
        """
        place = columns.index(self._fields["id"])
        found = self.browse(row[place] for row in rows)
        for field, *values in zip(columns, *rows):
            if field.name != "id":
                self.env.cache.update(found, field, values)
        return found

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
        for delivery in deliveries:
            delivery.write(
                {
                    "state": "queued",
                    "attempts": 0,
                    "resends": delivery.resends + 1,
                    "next_try": now,
                }
            )
        deliveries._enqueue()
        return True
