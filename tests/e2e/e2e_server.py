"""A real Odoo for the tests: several workers, job runner, cron, its own mail server.

Everything is started by ``scripts/``; here are only the ways to talk to it.
"""

import email
import email.policy
import importlib.util
import os
import re
import shlex
import subprocess
import time
import xmlrpc.client
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from aiosmtpd.controller import Controller

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = ROOT / "scripts"
LOCAL = ROOT / ".local"
PREFIX = os.environ.get("CROWD_DB", "crowd")
TEMPLATE = os.environ.get("CROWD_TEMPLATE", PREFIX + "_test")
DATABASE = PREFIX + "_e2e"

RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ \d+ (\w+) (\S+) (\S+?):? (.*)"
)
#: Odoo writes a line for each refused statement before it tries again: that is how
#: rivals meet under REPEATABLE READ. Nothing else of level ERROR may be in the log.
EXPECTED = re.compile(
    r"could not serialize access due to concurrent (update|delete)"
    r"|canceling statement due to lock timeout"
    r"|deadlock detected"
)


def script(name, *args, env=None):
    """Run ``scripts/<name>`` and return what it prints."""
    done = subprocess.run(
        [SCRIPTS / name, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=240,
        env=dict(os.environ, **(env or {})),
    )
    if done.returncode:
        raise RuntimeError(f"scripts/{name} {args}: {done.stdout}{done.stderr}")
    return done.stdout


def assignments(text):
    """Return ``{name: value}`` of shell assignments."""
    return dict(word.split("=", 1) for word in shlex.split(text))


class MailServer:
    """Keeps what it is sent; can be shut down and started again on its port."""

    def __init__(self):
        self.mails = []
        self.port = 0
        self._controller = None

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((list(envelope.rcpt_tos), mail))
        return "250 kept"

    def start(self):
        self._controller = _Controller(self, "127.0.0.1", self.port)
        self._controller.start()
        self.port = self._controller.server.sockets[0].getsockname()[1]

    def stop(self):
        self._controller.stop()

    @contextmanager
    def dead(self):
        """Nobody answers on the port."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def to(self, address):
        """Return the mails to ``address``, oldest first."""
        return [mail for people, mail in list(self.mails) if address in people]

    def wait(self, address, text="", seconds=60):
        """Return the first mail to ``address`` that contains ``text``."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for mail in self.to(address):
                if text in mail_text(mail):
                    return mail
            time.sleep(0.2)
        raise AssertionError(f"no mail with “{text}” to {address} in {seconds} s")


class _Controller(Controller):
    def _trigger_server(self):
        """The base class asks the port that was given, which may be 0."""
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def mail_text(mail):
    """Return subject and body of an ``email.message.EmailMessage``."""
    body = mail.get_body(("html", "plain"))
    return f"{mail['subject']}\n{body.get_content() if body else ''}"


class Server:
    """The server under test, on a database of its own."""

    def __init__(self, name="e2e", database=DATABASE, template=TEMPLATE, workers=2):
        self.name, self.database, self.template = name, database, template
        self.workers = workers
        self.mails = MailServer()

    def start(self):
        self.halt()  # one that a broken run has left behind
        script("db", "copy", self.template, self.database)
        self.mails.start()
        self._env = pg_settings()
        self.launch()

    def launch(self):
        """Start the processes on the database as it is."""
        arguments = ("--db", self.database, "--port", 0, "--workers", self.workers)
        smtp = ("--smtp-port", self.mails.port)
        script("server", "start", "--name", self.name, *arguments, *smtp)
        facts = assignments(script("server", "env", "--name", self.name))
        self.url, self.log = facts["URL"], Path(facts["LOG"])
        self.pid = int(facts["PID"])
        self.log_read = 0

    def halt(self):
        """End the processes; the database stays."""
        script("server", "stop", "--name", self.name)

    def stop(self):
        self.halt()
        self.mails.stop()
        script("db", "drop", self.database)

    def login(self, login, password=None):
        return Rpc(self.url, self.database, login, password or login)

    def sql(self, query, *params):
        """Return the rows of a reading query."""
        with self.cursor() as cr:
            cr.execute(query, params)
            return cr.fetchall()

    @contextmanager
    def cursor(self):
        """A committing cursor, for what has no interface."""
        connection = psycopg2.connect(dbname=self.database, **self._env)
        try:
            with connection, connection.cursor() as cr:
                yield cr
        finally:
            connection.close()

    def new_log_lines(self):
        """Return what was logged since the last call."""
        with self.log.open(errors="replace") as log:
            log.seek(self.log_read)
            text = log.read()
            self.log_read = log.tell()
        return text.splitlines()

    def wait_for(self, query, *params, seconds=90, what=""):
        """Wait until ``query`` has a row; return it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            rows = self.sql(query, *params)
            if rows:
                return rows[0]
            time.sleep(0.3)
        raise AssertionError(f"{what or query} did not happen within {seconds} s")

    def wait_for_jobs(self, seconds=120):
        """Wait until nothing that is due waits in the job queue."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            waiting = self.sql(
                "SELECT id, state, name, date_created, date_enqueued FROM queue_job"
                " WHERE state IN ('pending', 'enqueued', 'started')"
                " AND (eta IS NULL OR eta <= now() AT TIME ZONE 'UTC') ORDER BY id"
            )
            if not waiting:
                return
            time.sleep(0.3)
        raise AssertionError(f"after {seconds} s jobs still wait: {waiting[:5]}")


def pg_settings():
    """Return how psycopg2 reaches the database server of the scripts."""
    known = {}
    file = LOCAL / "pg.env"
    if file.exists():
        known = assignments(file.read_text())
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER"}
    names["password"] = "PGPASSWORD"
    settings = {k: os.environ.get(v) or known.get(v) for k, v in names.items()}
    return {k: v for k, v in settings.items() if v}


class Rpc:
    """One user over XML-RPC. Not shared between threads: see :meth:`again`."""

    def __init__(self, url, database, login, password, uid=None):
        self.url, self.database = url, database
        self.login, self.password = login, password
        self._common = xmlrpc.client.ServerProxy(url + "/xmlrpc/2/common")
        self._models = xmlrpc.client.ServerProxy(url + "/xmlrpc/2/object")
        self.uid = uid or self._common.authenticate(database, login, password, {})
        if not self.uid:
            raise AssertionError(f"{login} cannot log in")

    def again(self):
        """Return the same user with connections of its own."""
        return Rpc(self.url, self.database, self.login, self.password, self.uid)

    def __call__(self, model, method, *args, **kwargs):
        return self._models.execute_kw(
            self.database, self.uid, self.password, model, method, args, kwargs
        )


def broken_invariants(cr):
    """Return a sentence for each rule of ``docs/concurrency.md`` that is broken."""
    path = ROOT / "crowd_service/tests/invariants.py"
    spec = importlib.util.spec_from_file_location("crowd_invariants", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.broken_invariants(cr)


def unexpected_errors(lines, expected=lambda logger, text: False):
    """Return the records of level ERROR and the tracebacks that nobody expects.

    :param expected: tells of further loggers and texts that they are harmless
    """
    found = []
    expecting = False  # the record before was an expected one: its traceback is too
    for i, line in enumerate(lines):
        record = RECORD.match(line)
        if record:
            level, text = record.group(1), record.group(4)
            after = " ".join(lines[i : i + 3])
            is_bad_query = record.group(3) == "odoo.sql_db" and EXPECTED.search(after)
            expecting = bool(is_bad_query or expected(record.group(3), after))
            if level in ("ERROR", "CRITICAL") and not expecting:
                found.append(text)
        elif line.startswith("Traceback") and not expecting:
            found.append(" / ".join(lines[max(0, i - 1) : i + 30]))
    return found
