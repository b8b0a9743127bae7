import hashlib
from datetime import timedelta
from itertools import islice

from odoo import _, api, models

from ..gateways import carries
from .crowd_delivery import OPEN_STATES, TOLD_STATES

ANSWERS = ("taken", "withdrawn")  # only for those who got the offer
NO_MESSAGE = ("activity", "phone")  # what they asked for ends without a message
ONCE = (
    "offer_id",
    "escalation_id",
    "dispatch_id",
    "purpose",
    "partner_id",
    "occasion",
)
ALIKE = """
    SELECT offer_id, escalation_id, dispatch_id, purpose, partner_id, occasion
      FROM crowd_delivery
     WHERE dispatch_id IN %s AND purpose IN %s AND occasion IN %s
"""
PER_JOB = 25  # messages: few enough for several processes to share a wave
LOST_AFTER = timedelta(minutes=5)  # a message this late has lost its job


class CrowdDelivery(models.Model):
    """Queueing: who is told what, over which gateway after which."""

    _inherit = "crowd.delivery"

    @api.model
    def _queue(
        self,
        purpose,
        offers=None,
        escalation=None,
        dispatches=None,
        gateways=None,
        occasion="1",
    ):
        """Queue the messages of a decision, in its transaction; jobs send them.

        :param purpose: one of the codes of the ``purpose`` field
        :param offers: told to their workers
        :param escalation: told to its user
        :param dispatches: told to the customers of their tickets
        :param gateways: ``crowd.gateway`` records, in order, that are tried before
            those that the person chose
        :param occasion: another one for the same purpose about the same thing; what
            was queued for an occasion is not queued again
        :return: the ``res.partner`` s whom no gateway reaches
        """
        deliveries = self.sudo()  # whoever decides has no rights on messages
        subjects = (
            escalation or offers or dispatches or self.env["crowd.offer"]
        ).sudo()
        told = deliveries._told_over(purpose, subjects)
        if purpose in ANSWERS:
            subjects = subjects.filtered(lambda subject: subject in told)
        first = gateways or self.env["crowd.gateway"]
        usable = first.sudo()._find_usable(subjects.mapped("company_id"))
        people = (
            self.env["res.partner"]
            .sudo()
            .concat(*(deliveries._addressee(subject) for subject in subjects))
        )
        bounced = deliveries._find_bounced(people)
        values, missed, now = [], subjects.browse(), self.env["crowd.clock"].now()
        for subject in subjects:
            wanted = told.get(subject, first.browse()) | first.sudo()
            ways = usable[subject.company_id]
            rows = deliveries._prepare_rows(
                purpose, subject, wanted, ways, now, bounced
            )
            values += [dict(row, occasion=occasion) for row in rows]
            missed |= subject.browse() if rows else subject
        deliveries._create_once(values)._enqueue()
        return deliveries._note_missed(missed)

    @api.model
    def _told_over(self, purpose, subjects):
        """Return ``{offer: gateways}`` over which offers reached people, or will.

        Whoever got an offer over a gateway hears there what became of it.
        """
        if purpose == "offer" or subjects._name != "crowd.offer":
            return {}
        told = {}
        for delivery in self.search(
            [
                ("offer_id", "in", subjects.ids),
                ("purpose", "=", "offer"),
                ("kind", "not in", NO_MESSAGE),
                ("state", "not in", ("obsolete", "dead")),
            ]
        ).sorted(lambda d: (d.state not in TOLD_STATES, d.id)):
            offer = delivery.offer_id
            told[offer] = told.get(offer, delivery.gateway_id) | delivery.gateway_id
        return told

    @api.model
    def _addressee(self, subject):
        """Return the partner whom an offer, escalation or dispatch goes to."""
        if subject._name == "crowd.offer":
            return subject.worker_id.partner_id
        if subject._name == "crowd.escalation":
            return subject.user_id.partner_id
        return subject.ticket_id.partner_id

    @api.model
    def _prepare_rows(self, purpose, subject, wanted, usable, now, bounced=()):
        """Return the values of the first messages about ``subject``.

        An escalation always is in the person's to-do list, whatever else tells him.

        :param wanted: gateways to try first
        :param usable: all gateways of the company, in order
        :param now: naive UTC datetime
        :param bounced: as :meth:`_find_bounced` says
        """
        partner = self._addressee(subject)
        if not partner:
            return []
        rows = []
        chain = self._chain(purpose, subject, partner, wanted, usable)
        if purpose == "escalation":
            beside = (wanted | usable).filtered(
                lambda g: g.kind == "activity" and partner._crowd_reached_by(g, subject)
            )[:1]
            chain = chain.filtered(lambda g: g.kind != "activity")
            rows = [self._prepare(purpose, subject, g, partner, now) for g in beside]
        chain = self._last_resorts(chain, partner, bounced)
        if chain:
            order = ",".join(map(str, chain.ids))
            row = self._prepare(purpose, subject, chain[0], partner, now)
            rows.append(dict(row, gateway_order=order))
        return rows

    @api.model
    def _chain(self, purpose, subject, partner, wanted, usable):
        """Return the gateways for a message, in the order in which they are tried."""

        def fits(gateway):
            return carries(gateway.kind, purpose) and partner._crowd_reached_by(
                gateway, subject
            )

        chain = list(filter(fits, wanted))
        for kind in partner._crowd_kinds():
            alike = (gateway for gateway in usable if gateway.kind == kind)
            chain += islice(filter(fits, alike), 1)
        return wanted.browse(gateway.id for gateway in dict.fromkeys(chain))

    @api.model
    def _prepare(self, purpose, subject, gateway, partner, now):
        """Return the values of one message."""
        names = {"crowd.offer": "offer_id", "crowd.escalation": "escalation_id"}
        values = {
            "gateway_id": gateway.id,
            "company_id": subject.company_id.id,
            "purpose": purpose,
            "partner_id": partner.id,
            "next_try": now,
        }
        if subject._name in names:
            values[names[subject._name]] = subject.id
        is_dispatch = subject._name == "crowd.dispatch"
        values["dispatch_id"] = (subject if is_dispatch else subject.dispatch_id).id
        return values

    @api.model
    def _create_once(self, values):
        """Create messages, without those that were queued for this occasion before.

        The index of the table is the guard; a wave of offers never repeats itself.
        """
        fresh = [row for row in values if row["purpose"] == "offer"]
        others = [row for row in values if row["purpose"] != "offer"]
        known = {self._once_key(row) for row in self._find_alike(others)}
        return self.create(
            fresh + [row for row in others if self._once_key(row) not in known]
        )

    @api.model
    def _find_alike(self, values):
        """Return ``[{name of ONCE: value}]`` of messages about the same things."""
        if not values:
            return []
        self.env.cr.execute(
            ALIKE,
            [
                tuple({row[name] for row in values})
                for name in ("dispatch_id", "purpose", "occasion")
            ],
        )
        return [dict(zip(ONCE, row)) for row in self.env.cr.fetchall()]

    @api.model
    def _once_key(self, row):
        """Return what makes a message another one."""
        return tuple(row.get(name) or False for name in ONCE)

    @api.model
    def _note_missed(self, subjects):
        """Write into the history whom nobody can tell; return their partners."""
        partners = self.env["res.partner"]
        for subject in subjects:
            person = self._addressee(subject)
            note = _("No way to reach %s: no login, no e-mail, no mobile phone.")
            is_dispatch = subject._name == "crowd.dispatch"
            dispatch = subject if is_dispatch else subject.dispatch_id
            dispatch._record("note", note=note % (person.name or "?"))
            partners |= person
        return partners

    # ------------------------------------------------------------------
    # jobs
    # ------------------------------------------------------------------

    def _enqueue(self, eta=None):
        """Store jobs for the next attempt of these messages, unless they have them.

        Each kind of gateway has a channel of its own: a slow one holds up no other.

        :param eta: naive UTC datetime, not before then
        """
        for kind in dict.fromkeys(self.mapped("kind")):
            alike = self.filtered(lambda d, k=kind: d.kind == k)
            for start in range(0, len(alike), PER_JOB):
                chunk = alike[start : start + PER_JOB]
                chunk.with_delay(
                    eta=eta,
                    identity_key=chunk._job_key(),
                    channel="root.crowd.message.%s" % kind,
                    description="Message %s" % ", ".join(map(str, chunk.ids)),
                )._job_send()

    def _job_key(self):
        """Return what makes a job for the next attempt of these messages another one."""
        keys = ["%d-%d-%d" % (d.id, d.attempts, d.resends) for d in self]
        if len(keys) > 1:
            keys.append(hashlib.sha256("+".join(keys).encode()).hexdigest())
        return "crowd.delivery-" + keys[-1]

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

        In a burst its own request gets lost, or the process that ran the job was
        killed. It looks for such jobs when it wakes up, and with our deadlines in the
        queue it would sleep until the next of them.
        """
        self.env.cr.execute(
            "SELECT pg_notify('queue_job', uuid) FROM queue_job"
            " WHERE state IN ('enqueued', 'started')"
            " AND date_enqueued < now() AT TIME ZONE 'UTC' - interval '10 seconds'"
            " LIMIT 1"
        )
