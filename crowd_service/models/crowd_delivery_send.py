import logging
import random
import time
from datetime import timedelta

import psycopg2
from markupsafe import Markup

from odoo import _, fields, models

from .. import compat, race
from ..gateways import PermanentError, TemporaryError, get_adapter, retry_seconds
from .crowd_delivery import OPEN_STATES, TOLD_STATES

_logger = logging.getLogger(__name__)
JOB_SECONDS = 20  # then a job leaves the rest to the next: Odoo kills what takes long


class CrowdDelivery(models.Model):
    """Sending: what the job of some messages does."""

    _inherit = "crowd.delivery"

    def _job_send(self):
        """Send these messages, as far as they are still wanted."""
        if len(self) == 1:
            self._send()
        else:
            self._send_each()

    def _send_each(self):
        """Send one after the other, each in a transaction of its own.

        What was handed over is remembered at once: whoever kills the process lets one
        message be sent twice at most, as if each had a job of its own. Those that went
        wrong, and those for which the time does not suffice, get jobs of their own.
        """
        until = time.monotonic() + JOB_SECONDS
        wrong = late = self.browse()
        with race.apart(self.env) as env:
            people = self.with_env(env).sudo().partner_id
            people.mapped("name")  # all are read at once, and how to reach them
            people.crowd_reach_ids.mapped("has_quiet")
            for delivery in map(self.browse, self.ids):
                if time.monotonic() > until:
                    late |= delivery
                elif not delivery.with_env(env)._send_alone():
                    wrong |= delivery
        late._enqueue()
        for delivery in wrong:
            delivery._enqueue()

    def _send_alone(self):
        """Send this message and commit; tell whether it went without a surprise."""
        try:
            self._send()
            compat.commit(self.env, race.SETTLED)
            return True
        except Exception:  # noqa: BLE001 - it has a job of its own, which will say why
            _logger.info("Message %s gets a job of its own", self.id, exc_info=True)
            self.env.cr.rollback()
            return False

    def _send(self):
        """Send this message if it is still wanted.

        It raises nothing but the database's "somebody was faster", after which the
        queue runs it again.
        """
        delivery = self.sudo()._lock_open()  # jobs run as whoever decided
        if not delivery:
            return
        if not delivery._is_wanted():
            delivery.write({"state": "obsolete", "next_try": False})
            return
        hold = delivery._hold()
        if hold:
            delivery._put_off(*hold)
        else:
            delivery._attempt()

    # ------------------------------------------------------------------
    # wanted
    # ------------------------------------------------------------------

    def _wanted_states(self):
        """Return ``{purpose: states}`` of the subject that still want the message."""
        return {
            "offer": ("sent",),
            "won": ("accepted",),
            "taken": ("lost",),
            "withdrawn": ("withdrawn",),
            "job_cancelled": ("withdrawn",),
            "escalation": ("open",),
        }

    def _is_wanted(self):
        """Tell whether the message still says the truth: no offer is sent late."""
        subject = self._subject()
        if subject.state not in self._wanted_states()[self.purpose]:
            return False
        if any(mate.state in TOLD_STATES for mate in self._chain_mates()):
            return False
        return not self._ends_at() or self._ends_at() > self.env["crowd.clock"].now()

    def _ends_at(self):
        """Return the moment from which on nobody wants the message, if any."""
        return self.offer_id.expires_at if self.purpose == "offer" else None

    def _put_off(self, moment, reason):
        """Try at ``moment``, unless nobody wants to know by then.

        :param reason: a sentence for the desk
        """
        values = {"state": "queued", "error": reason[:500], "next_try": moment}
        if self._ends_at() and self._ends_at() <= moment:
            values.update(state="obsolete", next_try=False)
            self.write(values)
            return
        self.write(values)
        self._enqueue(eta=moment)

    # ------------------------------------------------------------------
    # attempt
    # ------------------------------------------------------------------

    def _attempt(self):
        try:
            adapter = get_adapter(self.kind)
            with self.env.cr.savepoint():
                message = adapter.prepare(self)
            outcome = self._succeed, adapter.transmit(self, message)
        except psycopg2.OperationalError:
            raise
        except PermanentError as error:
            outcome = self._give_up, str(error)
        except TemporaryError as error:
            outcome = self._fail, str(error), error.retry_after
        except Exception as error:  # noqa: BLE001 one bad template stops no queue
            _logger.exception("Message %s could not be prepared", self.id)
            outcome = self._fail, "%s: %s" % (type(error).__name__, error)
        self.attempts += 1
        act, *args = outcome
        act(*args)

    def _succeed(self, reference):
        self.write(
            {
                "state": "sent",
                "sent_at": self.env["crowd.clock"].now(),
                "next_try": False,
                "error": False,
                "provider_ref": reference,
            }
        )
        for delivery in self:
            delivery._chain_mates()._make_obsolete()

    def _fail(self, error, retry_after=0):
        """Try again later, or give up after too many attempts.

        :param retry_after: seconds that the other side asked for
        """
        if self.attempts >= self.gateway_id.max_attempts:
            self._give_up(error)
            return
        longest = get_adapter(self.kind).longest_wait
        seconds = retry_seconds(self.attempts, random.random(), retry_after, longest)
        now = self.env["crowd.clock"].now()
        next_try = now + timedelta(seconds=seconds)
        self.write(
            {
                "state": "failed",
                "error": error[:500],
                "failed_at": now,
                "next_try": next_try,
            }
        )
        self._enqueue(eta=next_try)
        if self.attempts == self.gateway_id.fallback_attempts:
            self._fall_back()

    def _give_up(self, error):
        """This gateway does not reach the person: the next one, else the desk."""
        self.write(
            {
                "state": "dead",
                "error": error[:500],
                "failed_at": self.env["crowd.clock"].now(),
                "next_try": False,
            }
        )
        mates = self._chain_mates()
        if any(mate.state in OPEN_STATES + TOLD_STATES for mate in mates):
            return
        if not self._fall_back():
            self._alarm()

    def _alarm(self):
        """The person is reached over no gateway: the responsible person is told."""
        dispatch = self.dispatch_id
        known = dispatch.activity_ids.mapped("activity_type_id")
        if self._activity_type("dead_delivery") in known:
            return
        user = dispatch.responsible_id
        reader = user.partner_id._crowd_reader_context(self.company_id)
        try:
            with self.env.cr.savepoint():
                self.with_context(**reader)._tell_responsible(dispatch, user)
        except psycopg2.IntegrityError:  # another message of this dispatch died now
            _logger.info("%s: the dead message is told already", dispatch.name)

    def _tell_responsible(self, dispatch, user):
        label = dict(self._fields["purpose"]._description_selection(self.env))
        dispatch.with_context(
            **dict(self.env.context, mail_activity_quick_update=True)
        ).activity_schedule(
            "crowd_service.mail_activity_dead_delivery",
            summary=_("A message did not get through"),
            note=Markup("<p>%s</p>")
            % _("“%(message)s” did not reach %(person)s. Call, or correct the address.")
            % {"message": label[self.purpose], "person": self.partner_id.name},
            user_id=user.id,
        )

    # ------------------------------------------------------------------
    # activity
    # ------------------------------------------------------------------

    def _schedule_activity(self, user):
        """Create the activity that carries this message to ``user``; return it."""
        reader = user.partner_id._crowd_reader_context(self.company_id)
        reader["mail_activity_quick_update"] = True  # no mail from Odoo on top
        delivery = self.with_context(**reader)
        if self.purpose == "escalation":
            record, values = self.escalation_id, delivery._prepare_escalation_activity()
        else:
            race.lock(self.offer_id)  # nobody closes it while it becomes an activity
            record, values = self.dispatch_id, delivery._prepare_offer_activity()
        return record.with_context(**reader).activity_schedule(
            user_id=user.id, **values
        )

    def _prepare_offer_activity(self):
        values = self.offer_id._crowd_public_values()
        return {
            "act_type_xmlid": "crowd_service.mail_activity_offer",
            "summary": _("Offer: %s") % values["service"],
            "note": Markup("<p>%s</p><p>%s</p><p><a href='%s'>%s</a></p>")
            % (
                values["summary"],
                _("Please answer until %s.") % values["expires"],
                self._backend_link(self.offer_id),
                _("See and answer"),
            ),
            "date_deadline": self._local_day(self.offer_id.expires_at),
        }

    def _prepare_escalation_activity(self):
        escalation = self.escalation_id
        return {
            "act_type_xmlid": "crowd_service.mail_activity_escalation",
            "summary": _("Escalation of %s") % escalation.ticket_id.number,
            "note": Markup("<p>%s</p>") % (escalation.note or ""),
            "date_deadline": self._local_day(escalation.deadline),
        }

    def _local_day(self, moment):
        return fields.Datetime.context_timestamp(self, moment).date()

    def _backend_link(self, record):
        return "/mail/view?model=%s&res_id=%d" % (record._name, record.id)
