"""The databases of a simulation: copies of the one with demo data."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from psycopg2 import sql

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "db.py"


@contextmanager
def copies(template, names, keep=False):
    """Make the databases ``names``, and drop them at the end unless ``keep``."""
    try:
        for name in names:
            _run("copy", template, name)
            _prepare(name)
        yield
    finally:
        if not keep:
            _run("drop", *names)


def _run(*args):
    subprocess.run([sys.executable, str(SCRIPT), *args], check=True)


def _prepare(name):
    """A copy that is thrown away need not survive a power cut; nobody vacuumed it yet."""
    query = sql.SQL("ALTER DATABASE {} SET synchronous_commit = off")
    connection = psycopg2.connect(dbname=name)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(query.format(sql.Identifier(name)))
        cursor.execute("VACUUM ANALYZE")
    connection.close()
