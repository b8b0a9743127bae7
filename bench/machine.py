"""Databases with crowds, made once and kept, and environments in them."""

import ast
import hashlib
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg2

import odoo
from odoo import SUPERUSER_ID, api
from odoo.tools import config

from .catalogue import Base
from .cells import NOW
from .crowd import fill

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
#: What decides how a crowd looks.
MAKERS = ("towns", "cells", "catalogue", "rows", "crowd", "history")
PREFIX = os.environ.get("CROWD_BENCH", "crowd_bench")
TEMPLATE = os.environ.get("CROWD_TEMPLATE", "crowd_test")
VISIBLE = """
SELECT relallvisible >= relpages FROM pg_class WHERE relname = 'crowd_worker_search'
"""
BRANDS = "SELECT value FROM ir_config_parameter WHERE key = 'crowd.bench'"


def start(conf, port=None):
    """Give Odoo its settings; nothing listens."""
    options = ["-c", conf, "--log-level=warn", "--max-cron-threads=0"]
    config.parse_config(options + (["--http-port", str(port)] if port else []))
    odoo.netsvc.init_logger()


def say(text):
    """Tell how far it is, on the error output."""
    print(f"  {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def maker_hash():
    """Return a short hash of the generator; its form and its comments do not count."""
    return code_hash(
        [HERE / f"{m}.py" for m in MAKERS], (HERE / "crowd.sql").read_text()
    )


def code_hash(files, more=""):
    """Return a short hash of what Python files say, and of a text."""
    code = [ast.dump(ast.parse(path.read_text())) for path in files]
    return hashlib.sha256("".join([*code, more]).encode()).hexdigest()[:8]


def addon_folder():
    return Path(odoo.modules.get_module_path("crowd_service"))


def addon_hash():
    """Return a hash of what the addon puts into a database."""
    digest = hashlib.sha256()
    addon = addon_folder()
    for path in sorted(addon.rglob("*")):
        inner = path.relative_to(addon).parts
        is_code = path.suffix in (".py", ".xml", ".csv")
        if is_code and inner[0] in (
            "__manifest__.py",
            "models",
            "matching",
            "security",
        ):
            digest.update(str(inner).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def database(count, extra=""):
    """Return the name of a database with ``count`` workers, made or updated if need be.

    :param extra: another addon to install first
    """
    kind = f"{PREFIX}_{count}_{extra[:12]}" if extra else f"{PREFIX}_{count}"
    name = f"{kind}_{maker_hash()}"
    if not exists(name):
        _drop_old(kind)
        _make(name, count, extra)
    elif _brand(name) != addon_hash():
        _update(name)
    return name


def copy(source, target):
    """Copy a database whole."""
    odoo.sql_db.close_db(source)
    assert _run("copy", source, target), f"{source} cannot be copied"


def rename(name, target):
    """A database gets its name when it is complete: what was interrupted is made again."""
    forget(name)
    with bare("postgres") as connection:
        connection.autocommit = True
        connection.cursor().execute(f'ALTER DATABASE "{name}" RENAME TO "{target}"')
    files = Path(config.filestore(name))
    if files.is_dir():
        files.rename(config.filestore(target))


def forget(name):
    """Let go of a database: its registry and its connections."""
    odoo.modules.registry.Registry.delete(name)
    odoo.sql_db.close_db(name)


def exists(name):
    return _run("exists", name)


@contextmanager
def environment(name, user_id=SUPERUSER_ID, **context):
    """An environment in the database, at the moment ``NOW``; nothing is kept unless committed."""
    registry = odoo.registry(name)
    with api.Environment.manage(), registry.cursor() as cr, stopped_clock(registry):
        yield api.Environment(cr, user_id, context)
        cr.rollback()


@contextmanager
def agent_environment(name):
    """The same for an agent of all three companies, as a call from a client has it."""
    with user_environment(name, "bench") as env:
        yield env


@contextmanager
def user_environment(name, login):
    """The same for a user, with all companies that are his."""
    with environment(name) as env:
        user = env["res.users"].search([("login", "=", login)])
        companies = user.company_ids.ids
        yield env(user=user.id, context={"allowed_company_ids": companies})


@contextmanager
def bare(name):
    """A connection without Odoo, of the isolation that Odoo uses."""
    info = odoo.sql_db.connection_info_for(name)[1]
    connection = psycopg2.connect(**{k: v for k, v in info.items() if v})
    connection.set_session(isolation_level="REPEATABLE READ")
    try:
        yield connection
    finally:
        connection.close()


def vacuum(name, tables="", full=False):
    """Let all-visible pages and statistics be known; again while somebody else looks on.

    :param tables: only these, else all
    :param full: write the tables anew before, without the rows' older versions
    """
    with bare(name) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        if full:
            cursor.execute("VACUUM (FULL) " + tables)
        cursor.execute("VACUUM (ANALYZE) " + tables)
        for _n in range(20):
            cursor.execute(VISIBLE)
            if not cursor.rowcount or cursor.fetchone()[0]:
                break
            time.sleep(0.5)
            cursor.execute("VACUUM crowd_worker_search")


@contextmanager
def stopped_clock(registry):
    """Let ``crowd.clock`` tell ``NOW``, and ask the database as it always does."""
    clock = registry["crowd.clock"]
    clock._as_told = lambda self, moment: NOW
    try:
        yield
    finally:
        del clock._as_told


def _run(*args):
    done = subprocess.run([sys.executable, str(ROOT / "scripts/db.py"), *args])
    return done.returncode == 0


def _drop_old(kind):
    """Drop the databases of the same kind that another generator made."""
    script = str(ROOT / "scripts/db.py")
    listed = subprocess.check_output([sys.executable, script, "list"], text=True)
    pattern = re.compile(re.escape(kind) + "_[0-9a-f]{8}(_new)?")
    for old in filter(pattern.fullmatch, listed.split()):
        _run("drop", old)


def _make(name, count, extra):
    say(f"{name}: making {count:,} workers")
    new = f"{name}_new"
    copy(TEMPLATE, new)
    if extra:
        say(f"Installing {extra}")
        _load(new, "init", extra)
    with environment(new) as env:
        base = Base(env).create()
        fill(env.cr, count, base, say)
        env.cache.invalidate()
        env.cr.execute("ANALYZE")
        say("Adding tickets")
        base.create_tickets()
        env["res.company"]._crowd_measure()
        env["base"].flush()
        env.cr.precommit.clear()  # the search table is rebuilt as a whole
        env.cr.commit()
    _refresh(new)
    rename(new, name)
    say(f"{name}: ready")


def _load(name, how, addon):
    """Install ("init") or update an addon."""
    config[how][addon] = 1
    try:
        odoo.modules.registry.Registry.new(name, update_module=True)
    finally:
        config[how] = {}


def _update(name):
    say(f"{name}: the addon has changed, updating")
    with bare(name) as connection:
        # it may have other columns now, and is rebuilt as a whole
        connection.cursor().execute("DROP TABLE IF EXISTS crowd_worker_search")
        connection.commit()
    _load(name, "update", "crowd_service")
    _refresh(name)


def _refresh(name):
    """Bring up to date what is made of the facts, then vacuum."""
    vacuum(name)
    with environment(name) as env:
        say("Rebuilding the search table")
        env["crowd.worker.search"].init()
        env["crowd.worker.search"]._rebuild()
        env["ir.config_parameter"].set_param("crowd.bench", addon_hash())
        env.cr.commit()
    say("Vacuum")
    vacuum(name)


def _brand(name):
    with bare(name) as connection:
        cursor = connection.cursor()
        cursor.execute(BRANDS)
        found = cursor.fetchone()
    return found and found[0]
