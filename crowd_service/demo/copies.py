"""Many rows at once: copies of one that the ORM made, each with its own columns."""

from datetime import date, datetime
from io import StringIO

from psycopg2 import sql

COLUMNS = """
SELECT column_name FROM information_schema.columns
 WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position
"""
ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Copies:
    """Rows of a table. What they do not say is taken from the prototype."""

    def __init__(self, cr, table, prototype_id):
        self.cr, self.table, self.prototype_id = cr, table, prototype_id
        self.names = self.rest = self.statement = None

    def put(self, rows):
        """Write ``rows``: dictionaries of columns, all of the same."""
        if not rows:
            return
        if self.names is None:
            self._prepare(list(rows[0]))
        text = StringIO()
        for row in rows:
            if len(row) != len(self.names):
                unknown = set(row).symmetric_difference(self.names)
                raise ValueError("%s: %s" % (self.table, sorted(unknown)))
            values = [to_text(row[name]) for name in self.names]
            text.write("\t".join(values + self.rest) + "\n")
        text.seek(0)
        self.cr.copy_expert(self.statement, text)

    def _prepare(self, names):
        """Read the prototype: its columns are the rest of each row."""
        self.cr.execute(COLUMNS, [self.table])
        known = [name for (name,) in self.cr.fetchall()]
        unknown = set(names) - set(known)
        if unknown:
            raise ValueError("%s has no %s" % (self.table, sorted(unknown)))
        others = [name for name in known if name not in names]
        self.names, self.rest = names, self._read_prototype(others)
        statement = sql.SQL("COPY {table} ({names}) FROM STDIN").format(
            table=sql.Identifier(self.table),
            names=sql.SQL(", ").join(map(sql.Identifier, names + others)),
        )
        self.statement = statement.as_string(self.cr._obj)

    def _read_prototype(self, names):
        """Return the prototype's columns as texts that COPY reads."""
        query = sql.SQL("SELECT {names} FROM {table} WHERE id = %s").format(
            table=sql.Identifier(self.table),
            names=sql.SQL(", ").join(
                sql.SQL("{}::text").format(sql.Identifier(name)) for name in names
            ),
        )
        self.cr.execute(query, [self.prototype_id])
        return [to_text(value) for value in self.cr.fetchone()]


#: How COPY reads a value, by its type.
TEXTS = {
    type(None): lambda value: "\\N",
    bool: lambda value: "t" if value else "f",
    str: lambda value: value.translate(ESCAPED),
    date: date.isoformat,
    datetime: datetime.isoformat,
    int: str,
    float: str,
}


def to_text(value):
    """Return a value as COPY reads it.

    >>> to_text(None), to_text(True), to_text("a" + chr(10) + "b")
    ('\\\\N', 't', 'a\\\\nb')
    """
    return TEXTS[type(value)](value)


def link(cr, table, column, pairs):
    """Let rows name others that were not there when they were written.

    :param pairs: ``(id of the row, id of the other)``
    """
    query = sql.SQL(
        "UPDATE {table} AS t SET {column} = v.other"
        " FROM unnest(%s, %s) AS v (id, other) WHERE t.id = v.id"
    ).format(table=sql.Identifier(table), column=sql.Identifier(column))
    cr.execute(query, [[one for one, _o in pairs], [other for _one, other in pairs]])


def last_id(cr, table):
    """Return the greatest id of a table, 0 if it is empty."""
    query = sql.SQL("SELECT COALESCE(max(id), 0) FROM {}").format(sql.Identifier(table))
    cr.execute(query)
    return cr.fetchone()[0]


def set_sequence(cr, table, last):
    """Let the next id of a table be the one after ``last``."""
    cr.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, last])
