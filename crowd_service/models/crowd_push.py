import hashlib
from urllib.parse import urlsplit

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize

from .. import compat
from ..gateways import http, push

KEY = "crowd_service.vapid_private_key"
MOST = 10  # devices of one person
FAILURES = 20  # in a row, after which nobody believes in a device any more
WITH_LINK = ("offer", "won")
DAY = 24 * 3600  # seconds


class CrowdPushSubscription(models.Model):
    """A browser that shows one person's notifications."""

    _name = "crowd.push.subscription"
    _description = "Device for Notifications"
    _rec_name = "device"
    _order = "id desc"

    partner_id = fields.Many2one(
        "res.partner", required=True, index=True, readonly=True, ondelete="cascade"
    )
    device = fields.Char(readonly=True, help="What the browser says of itself.")
    endpoint = fields.Char(required=True, readonly=True, groups="base.group_system")
    endpoint_hash = fields.Char(
        required=True, readonly=True, groups="base.group_system"
    )
    p256dh = fields.Char(required=True, readonly=True, groups="base.group_system")
    auth = fields.Char(required=True, readonly=True, groups="base.group_system")
    failures = fields.Integer(readonly=True, help="In a row.")
    last_used_at = fields.Datetime(readonly=True)

    _sql_constraints = [
        ("endpoint_uniq", "unique(endpoint_hash)", "This device is known already.")
    ]

    def init(self):
        res = super().init()
        self._private_key()
        return res

    # ------------------------------------------------------------------
    # keys
    # ------------------------------------------------------------------

    @api.model
    def _private_key(self):
        """Return the key of this database, "" without the library.

        System parameters are for the administrator only.
        """
        parameters = self.env["ir.config_parameter"].sudo()  # never leaves the server
        key = parameters.get_param(KEY)
        if not key and push.WebPusher:
            key = push.new_private_key()
            parameters.set_param(KEY, key)
        return key or ""

    @api.model
    def _public_key(self):
        """Return what a browser needs, "" when there are no notifications."""
        parameters = self.env["ir.config_parameter"].sudo()  # never leaves the server
        key = parameters.get_param(KEY)
        usable = self.env["crowd.gateway"].sudo().search([("kind", "=", "push")])
        return push.public_key(key) if key and usable and push.WebPusher else ""

    def _keys(self):
        return {
            "endpoint": self.endpoint,
            "keys": {"p256dh": self.p256dh, "auth": self.auth},
        }

    # ------------------------------------------------------------------
    # devices
    # ------------------------------------------------------------------

    @api.model
    def _remember(self, partner, endpoint, p256dh, auth, device=""):
        """Show notifications of ``partner`` on a browser, and no one else's.

        :raise ValidationError: what the browser sent is no device
        """
        self._check_device(endpoint, p256dh, auth)
        devices = self.sudo()  # nobody has rights on other people's devices
        values = {
            "partner_id": partner.id,
            "device": device[:200],
            "p256dh": p256dh,
            "auth": auth,
            "failures": 0,
        }
        known = devices.search([("endpoint_hash", "=", self._hash(endpoint))])
        if known:
            known.write(values)
            return known
        mine = devices.search([("partner_id", "=", partner.id)])
        mine[MOST - 1 :].unlink()
        return devices.create(
            dict(values, endpoint=endpoint, endpoint_hash=self._hash(endpoint))
        )

    @api.model
    def _forget(self, partner, endpoint=None):
        """Forget one of the devices of ``partner``, or all."""
        domain = [("partner_id", "=", partner.id)]
        if endpoint is not None:
            domain.append(("endpoint_hash", "=", self._hash(endpoint)))
        self.sudo().search(domain).unlink()  # the caller knows whose they are

    @api.model
    def _hash(self, endpoint):
        return hashlib.sha256(endpoint.encode(errors="replace")).hexdigest()

    @api.model
    def _check_device(self, endpoint, p256dh, auth):
        try:
            parts = urlsplit(endpoint)
            host = (parts.hostname or "", parts.port or 443)
        except ValueError:
            parts, host = None, ()
        is_address = (
            parts is not None
            and (parts.scheme == "https" or host in http.allowed_hosts())
            and len(endpoint) <= 1000
            and endpoint.isascii()
        )
        point = push.decode_key(p256dh, 65)
        if not (is_address and point and push.decode_key(auth, 16)):
            raise ValidationError(_("This is no device that can show notifications."))

    def _tell_owner(self, offer):
        """Tell by e-mail that a device was added by way of a link.

        A link may have been passed on: its owner hears of every new device, once.
        """
        deliveries = self.env["crowd.delivery"].sudo()  # the engine writes messages
        partner, gateways = self.partner_id, self.env["crowd.gateway"].sudo()
        usable = gateways._find_usable(offer.company_id)[offer.company_id]
        mail = usable.filtered(lambda gateway: gateway.kind == "mail")[:1]
        if not mail or not partner._crowd_email():
            return
        now = self.env["crowd.clock"].now()
        values = deliveries._prepare("new_device", offer, mail, partner, now)
        values["occasion"] = "device-%d" % self.id
        deliveries._create_once([values])._enqueue()

    def _count_failure(self):
        for device in self:
            if device.failures + 1 >= FAILURES:
                device.unlink()
            else:
                device.failures += 1

    def _count_success(self):
        self.write({"failures": 0, "last_used_at": self.env["crowd.clock"].now()})

    def action_forget(self):
        """Show no more notifications on these devices."""
        self.check_access_rights("unlink")
        self.check_access_rule("unlink")
        self.unlink()
        return True


class ResPartner(models.Model):
    _inherit = "res.partner"

    crowd_device_ids = fields.One2many(
        "crowd.push.subscription", "partner_id", groups="base.group_system"
    )

    def _crowd_devices(self):
        """Return the devices (as superuser) that show this person's notifications."""
        devices = self.sudo().crowd_device_ids  # the engine sends
        if not devices:
            return devices
        worker = self.sudo().with_context(active_test=False).crowd_worker_ids
        return devices.browse() if worker and not worker.active else devices

    def _crowd_reached_by_push(self, gateway, subject):
        return bool(self._crowd_devices())

    def _crowd_address(self, kind):
        if kind != "push":
            return super()._crowd_address(kind)
        names = self._crowd_devices().mapped(lambda device: device.device or "?")
        return ", ".join(names)


class FSMPerson(models.Model):
    _inherit = "fsm.person"

    def write(self, vals):
        res = super().write(vals)
        if vals.get("active") is False:
            devices = self.env["crowd.push.subscription"].sudo()  # he is out
            partners = self.mapped("partner_id")
            devices.search([("partner_id", "in", partners.ids)]).unlink()
        return res


class CrowdDelivery(models.Model):
    """Notifications on devices."""

    _inherit = "crowd.delivery"

    purpose = fields.Selection(
        selection_add=[("new_device", "A device shows your offers")],
        ondelete={"new_device": "cascade"},
    )

    def _wanted_states(self):
        always = tuple(state for state, _label in self._offer_states())
        return dict(super()._wanted_states(), new_device=always)

    def _offer_states(self):
        return self.env["crowd.offer"]._fields["state"].selection

    def _prepare_push(self):
        """Return what a device shows: it may lie open on a table."""
        reader = self.partner_id._crowd_reader_context(self.company_id)
        delivery = self.with_context(**reader)
        values = delivery._prepare_mail_values()
        template = delivery.env.ref("crowd_service.mail_template_" + self.purpose)
        text = compat.render_template(
            template.with_context(crowd=values), delivery._subject()
        )
        is_offer = self.purpose == "offer"
        facts = [values.get(name) for name in ("area", "distance", "when", "price")]
        until = _("Until %s") % values["expires"] if is_offer else ""
        return {
            "title": " ".join(text["subject"].split()),
            "body": "\n".join(filter(None, [", ".join(filter(None, facts)), until])),
            "url": values.get("link") or self._base_url(),
            "tag": "crowd-%d" % self.dispatch_id.id,
            "icon": "/crowd_service/static/description/icon.png",
            "lang": (reader["lang"] or "en").replace("_", "-"),
            "actions": [
                {"action": "accept", "title": delivery._label_accept()},
                {"action": "decline", "title": delivery._label_decline()},
            ]
            if is_offer
            else [],
        }

    def _push_contact(self):
        """Return whom a push service can write to."""
        return email_normalize(self.company_id.email or "") or "postmaster@localhost"

    def _label_accept(self):
        return _("Accept")

    def _label_decline(self):
        return _("Decline")

    def _prepare_push_headers(self):
        """Return how long the push service keeps it, and what it replaces."""
        end = self._ends_at()
        left = (end - self.env["crowd.clock"].now()).total_seconds() if end else DAY
        return {
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(max(0, int(left))),
            "Urgency": "high" if end or self.purpose == "escalation" else "normal",
            "Topic": "crowd%d" % self.dispatch_id.id,
        }
