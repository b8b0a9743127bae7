import re

from odoo import SUPERUSER_ID, api, fields, models

from .res_partner_reach import format_number

CODE = re.compile(r"\b(?:D?0*(\d+-\d+)|E\s?0*(\d+))\b", re.I)
LONGEST = 2000  # characters of an answer, far more than an SMS has


class CrowdSmsAnswer(models.Model):
    """An SMS that came in, and what it did."""

    _name = "crowd.sms.answer"
    _description = "Answer by SMS"
    _order = "id desc"
    _rec_name = "sender"

    gateway_id = fields.Many2one(
        "crowd.gateway", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    message_id = fields.Char(
        string="Number", readonly=True, help="The provider's. Empty: he gives none."
    )
    sender = fields.Char(readonly=True)
    text = fields.Text(readonly=True)
    delivery_id = fields.Many2one(
        "crowd.delivery", string="Answer to", readonly=True, ondelete="set null"
    )
    dispatch_id = fields.Many2one(related="delivery_id.dispatch_id", store=True)
    partner_id = fields.Many2one(related="delivery_id.partner_id", store=True)
    outcome = fields.Selection(
        [
            ("answered", "Carried out, or shown to the desk"),
            ("which_one", "Asked which one is meant"),
            ("unknown", "Nobody was asked at this number"),
        ],
        required=True,
        readonly=True,
    )

    _sql_constraints = [
        (
            "message_uniq",
            "unique(gateway_id, message_id)",
            "This answer has acted already.",
        )
    ]

    @api.model
    def _take(self, gateway, sender, text, message_id):
        """Carry out what somebody answered; what comes twice acts once.

        The number tells who it is. Numbers can be forged: they only answer what was
        asked at this number, as the answer to a phone call does.
        """
        answers = self.with_user(SUPERUSER_ID)  # the secret address is the login
        values = {
            "gateway_id": gateway.id,
            "message_id": message_id[:255] or False,
            "sender": _clean(sender)[:40],
            "text": _clean(text)[:LONGEST],
        }
        if answers._is_known(values):
            return False
        delivery, outcome, words = answers._understand(gateway, values)
        values.update(
            delivery_id=delivery.id, company_id=delivery.company_id.id, outcome=outcome
        )
        if (
            outcome == "answered"
        ):  # decided in transactions of its own, again is the same
            delivery._take_reply(words, False)
        if not answers._keep(values):
            return False
        if outcome == "which_one":
            answers._ask_which(delivery, message_id)
        return True

    @api.model
    def _is_known(self, values):
        domain = [(name, "=", values[name]) for name in ("gateway_id", "message_id")]
        return values["message_id"] and bool(self.search_count(domain))

    @api.model
    def _keep(self, values):
        """Keep an answer; return False if it was kept at this very moment by another."""
        self.env.cr.execute(
            "INSERT INTO crowd_sms_answer"
            " (gateway_id, message_id, outcome, create_uid, create_date)"
            " VALUES (%s, %s, %s, %s, now() AT TIME ZONE 'UTC')"
            " ON CONFLICT (gateway_id, message_id) DO NOTHING RETURNING id",
            (
                values["gateway_id"],
                values["message_id"] or None,
                values["outcome"],
                self.env.uid,
            ),
            log_exceptions=False,
        )
        row = self.env.cr.fetchone()
        if row:
            self.browse(row[0]).write(values)
        return bool(row)

    @api.model
    def _understand(self, gateway, values):
        """Return ``(message that is answered, outcome, words without the code)``."""
        company = gateway.company_id or self.env.company
        number = format_number(values["sender"], company.country_id)
        deliveries = self.env["crowd.delivery"]
        if not number:
            return deliveries, "unknown", ""
        asked = deliveries._awaiting_answers(gateway, number)
        code, words = _split_code(values["text"])
        if code:
            sent = asked | deliveries._sent_to(gateway, number)
            named = sent.filtered(lambda d: d._subject()._sms_code() == code)[:1]
        else:
            named = (
                asked if len(asked) == 1 else deliveries._sent_to(gateway, number)[:1]
            )
        if named and (code or len(asked) < 2):
            return named, "answered", words
        return (asked[:1], "which_one", "") if asked else (asked, "unknown", "")

    @api.model
    def _ask_which(self, delivery, message_id):
        subject = delivery._subject()
        name = "offers" if subject._name == "crowd.offer" else "escalation"
        self.env["crowd.delivery"]._queue(
            "which_one",
            gateways=delivery.gateway_id,
            occasion=message_id[:64] or str(self.env["crowd.clock"].now()),
            **{name: subject},
        )


def _split_code(text):
    """Return ``(code, text without it)``; the code is as the messages give it.

    >>> _split_code("1 D00012-3"), _split_code("ja 12-3 gerne"), _split_code("2 e005")
    (('12-3', '1'), ('12-3', 'ja gerne'), ('E5', '2'))
    >>> _split_code("1")
    ('', '1')
    """
    found = CODE.search(text)
    if not found:
        return "", text
    code = found.group(1) or "E" + found.group(2)
    return code, " ".join((text[: found.start()] + text[found.end() :]).split())


def _clean(text):
    """Return ``text`` as a database takes it."""
    return text.replace("\x00", "").encode(errors="replace").decode().strip()
