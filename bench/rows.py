"""Many rows out of one: copies of a prototype, made by the database."""

from psycopg2 import sql

COLUMNS = """
SELECT column_name FROM information_schema.columns
 WHERE table_schema = 'public' AND table_name = %s AND column_name != 'id'
"""


def spread(cr, table, prototype_id, source, **columns):
    """Insert a copy of a row for each row of ``source`` (SQL), with other ``columns``.

    :param source: a table, or a query in brackets, with a column ``i`` to order by
    :param columns: ``{column: SQL expression}`` over ``s``, the row of the source
    """
    cr.execute(COLUMNS, [table])
    names = [name for (name,) in cr.fetchall()]
    unknown = set(columns) - {*names, "id"}
    assert not unknown, f"{table} has no {unknown}"
    values = {name: sql.SQL("proto.{}").format(sql.Identifier(name)) for name in names}
    values.update({name: sql.SQL(text) for name, text in columns.items()})
    query = sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {values} FROM {source} s"
        " JOIN {table} proto ON proto.id = %s ORDER BY s.i"
    ).format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(map(sql.Identifier, values)),
        values=sql.SQL(", ").join(values.values()),
        source=sql.SQL(source),
    )
    cr.execute(query, [prototype_id])


def last_id(cr, table):
    """Return the greatest id of a table, 0 if it is empty."""
    query = sql.SQL("SELECT COALESCE(max(id), 0) FROM {}")
    cr.execute(query.format(sql.Identifier(table)))
    return cr.fetchone()[0]


def move_sequence(cr, table):
    """Let the next id of a table be a free one."""
    query = sql.SQL(
        "SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT max(id) FROM {}))"
    )
    cr.execute(query.format(sql.Literal(table), sql.Identifier(table)))


def pick(values, place):
    """Return the SQL of one of some numbers; ``place`` is SQL, from 1."""
    return "(ARRAY[{}])[{}]".format(", ".join(map(str, values)), place)
