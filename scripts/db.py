"""usage: db.py exists NAME | copy SOURCE TARGET | drop NAME... | list

Databases with their filestores, in the cluster of PGHOST, PGPORT and PGUSER. A copy takes part of a second:
PostgreSQL copies the template's files, and the files of the filestore, which never change, are hard links.
"""

import os
import shutil
import sys
from pathlib import Path

import psycopg2
from psycopg2 import sql

FILESTORE = Path(__file__).resolve().parent.parent / ".local/data/filestore"


def connect():
    connection = psycopg2.connect(dbname="postgres")
    connection.autocommit = True
    return connection.cursor()


def names(cursor):
    cursor.execute(
        "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname != 'postgres'"
    )
    return sorted(name for (name,) in cursor.fetchall())


def disconnect(cursor, name):
    cursor.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid != pg_backend_pid()",
        (name,),
    )


def drop(cursor, name):
    disconnect(cursor, name)
    cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
    shutil.rmtree(FILESTORE / name, ignore_errors=True)


def copy(cursor, source, target):
    drop(cursor, target)
    disconnect(cursor, source)
    cursor.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(target), sql.Identifier(source)
        )
    )
    if (FILESTORE / source).is_dir():
        shutil.copytree(FILESTORE / source, FILESTORE / target, copy_function=os.link)


def main(command, *args):
    cursor = connect()
    if command == "exists":
        sys.exit(args[0] not in names(cursor))
    elif command == "copy":
        copy(cursor, *args)
    elif command == "drop":
        for name in args:
            drop(cursor, name)
    elif command == "list":
        print("\n".join(names(cursor)))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
