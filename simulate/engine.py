"""The real engine on the simulated clock: jobs become events, nobody is written to."""

import logging
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

import odoo
from odoo import SUPERUSER_ID, api

from odoo.addons.base.models.ir_mail_server import IrMailServer
from odoo.addons.crowd_service import compat, gateways, race
from odoo.addons.crowd_service.models.crowd_clock import simulated_clock
from odoo.addons.queue_job.models import base as queue_base

from .behaviour import lot
from .events import Queue

_logger = logging.getLogger(__name__)
#: Nobody changes what was set up: it stays in the cache from one event to the next.
SETTLED = race.SETTLED | {
    "crowd.push.subscription",
    "crowd.scoring",
    "crowd.service.skill",
    "fsm.person",
    "hr.skill.level",
    "ir.model",
    "res.company",
}
JOB_LATENCY = timedelta(seconds=1)
#: What the context says that nobody would see: followers, changes of each field.
QUIET = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    "mail_create_nolog": True,
    "mail_notrack": True,
    "mail_activity_quick_update": True,
}


class Simulation:
    """One database, its clock, and what happens in it.

    :param name: of the database
    :param habits: :class:`behaviour.Habits`
    :param outages: ``[(from, until)]`` (naive UTC) in which the server is off
    """

    def __init__(self, name, habits, seed, start, outages=()):
        self.registry = odoo.registry(name)
        self.habits, self.seed, self.start = habits, seed, start
        self.now, self.outages = start, outages
        self._cr = self.registry.cursor()
        self.queue = Queue()
        self.errors = ErrorCounter()
        self.happened = {"events": 0, "jobs": 0, "jobs lost": 0}
        self.on_told = None  # called with (env, delivery) when a message is out

    # ------------------------------------------------------------------
    # time
    # ------------------------------------------------------------------

    def run(self, is_over):
        """Let everything happen, one after the other, until ``is_over()``."""
        with api.Environment.manage(), self._seams():
            while self.queue and not is_over():
                event = self.queue.pop()
                at = max(event.at, self.now)
                off = next((end for begin, end in self.outages if begin <= at < end), 0)
                if off:  # the server is off: everything waits
                    self.queue.push(off, event.act, *event.args, key=event.key)
                    continue
                self.now = at
                self.happened["events"] += 1
                with simulated_clock(self.now):
                    self._happen(event)

    def _happen(self, event):
        """Let an event happen; one that fails is an error, and the others go on."""
        try:
            event.act(*event.args)
        except Exception:  # noqa: BLE001 whatever it is, it is counted and shown
            _logger.exception("%s%s failed", event.act.__name__, event.args)

    def close(self):
        self._cr.close()

    def after(self, minutes, act, *args, key=None):
        """Let something happen in so many minutes."""
        at = self.now + timedelta(seconds=round(minutes * 60))
        self.queue.push(at, act, *args, key=key)

    @contextmanager
    def transaction(self, user_id=SUPERUSER_ID):
        """An environment of its own, committed at the end."""
        env = api.Environment(self._cr, user_id, dict(QUIET))
        try:
            yield env
            compat.commit(env, SETTLED)
        except BaseException:
            self._cr.rollback()
            raise
        finally:
            compat.discard(env)

    def lot(self, *name):
        """Return the source of chance of whoever has this name."""
        return lot(self.seed, *name)

    # ------------------------------------------------------------------
    # seams
    # ------------------------------------------------------------------

    @contextmanager
    def _seams(self):
        """Put the simulation in the place of job runner, mail server and gateways."""
        logger = logging.getLogger()
        adapters = dict(gateways.base._adapters)
        recorder = queue_base.DelayableRecordset
        connect, send = IrMailServer.connect, IrMailServer.send_email
        settled, race.SETTLED = race.SETTLED, SETTLED
        queue_base.DelayableRecordset = partial(Recorder, self)
        IrMailServer.connect = lambda *args, **kwargs: None
        IrMailServer.send_email = lambda self, message, *args, **kw: message[
            "Message-Id"
        ]
        for kind, adapter in adapters.items():
            gateways.base._adapters[kind] = silent(self, adapter)
        logger.addHandler(self.errors)
        try:
            yield
        finally:
            logger.removeHandler(self.errors)
            race.SETTLED = settled
            gateways.base._adapters.update(adapters)
            queue_base.DelayableRecordset = recorder
            IrMailServer.connect, IrMailServer.send_email = connect, send

    def add_job(self, at, job, key):
        """A committed transaction has stored a job."""
        chance = self.lot("job", *job[:3], job[5], at)
        if chance.random() < self.habits.job_lost:
            self.happened["jobs lost"] += 1
            return
        self.queue.push(at, self.run_job, job, key=key)

    def run_job(self, job):
        """Call the method of a recorded job."""
        model, ids, method, args, kwargs, _eta, user_id, su = job
        self.happened["jobs"] += 1
        with self.transaction() as env:
            records = env(user=user_id, su=su)[model].browse(ids)
            getattr(records, method)(*args, **kwargs)


class Recorder:
    """Stands for queue_job's recordset: its jobs become events, once committed."""

    def __init__(self, simulation, records, eta=None, identity_key=None, **_properties):
        self._simulation, self._records = simulation, records
        self._eta, self._key = eta, identity_key

    def __getattr__(self, method):
        def delay(*args, **kwargs):
            records, env = self._records, self._records.env
            model, ids = records._name, tuple(records.ids)
            job = (model, ids, method, args, kwargs, self._eta, env.uid, env.su)
            at = max(self._at(), self._simulation.now + JOB_LATENCY)
            env.cr.postcommit.add(partial(self._simulation.add_job, at, job, self._key))

        return delay

    def _at(self):
        eta = self._eta
        if isinstance(eta, datetime):
            return eta
        seconds = eta.total_seconds() if isinstance(eta, timedelta) else eta or 0
        return self._simulation.now + timedelta(seconds=seconds)


def silent(simulation, adapter):
    """Return an adapter like ``adapter``, which hands over to nobody.

    Activities are written all the same: the database is their outside world.
    """

    class Silent(adapter):
        def prepare(self, delivery):
            return super().prepare(delivery) if adapter.kind == "activity" else ""

        def transmit(self, delivery, message):
            chance = simulation.lot("attempt", delivery.id, delivery.attempts)
            draw = chance.random()
            if adapter.kind != "activity" and draw < simulation.habits.gateway_refuses:
                raise gateways.PermanentError("simulated: refused")
            if adapter.kind != "activity" and draw < simulation.habits.gateway_fails:
                raise gateways.TemporaryError("simulated: not now")
            simulation.on_told(delivery)
            return message or "simulated-%d" % delivery.id

    return Silent


class ErrorCounter(logging.Handler):
    """Keeps what Odoo logs as an error."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.messages = []

    def emit(self, record):
        text = record.getMessage().splitlines()[0]
        if record.exc_info:
            text += ": %r" % record.exc_info[1]
        self.messages.append(text)
