from collections import defaultdict

from psycopg2 import sql

from odoo import models

AUTHOR = ("create_uid", "write_uid")
MOMENT = ("create_date", "write_date")
LISTS = ("one2many", "many2many")


class CrowdBulkMixin(models.AbstractModel):
    """Records that are created by the dozen: one statement inserts all of them.

    This series of Odoo inserts row by row, later ones do this themselves.
    """

    _name = "crowd.bulk.mixin"
    _description = "Rows inserted together"

    def _create(self, data_list):
        rows = [data["stored"] for data in data_list]
        fields = [
            self._fields[name] for name in sorted({n for row in rows for n in row})
        ]
        columns = [field for field in fields if field.column_type]
        lists = [field for field in fields if not field.column_type]
        if len(rows) < 2 or any(field.translate for field in columns):
            return super()._create(data_list)
        records = self.browse(self._insert_rows(columns, rows))
        for record, data in zip(records, data_list):
            data["record"] = record
            record._remember(data["stored"])
        self._note_lists(columns, records)
        protected = [(data["protected"], data["record"]) for data in data_list]
        with self.env.protecting(protected):
            records.modified(self._fields, create=True)
            records._create_lists(lists, rows)
        records._validate_fields([field.name for field in fields])
        records.check_access_rule("create")
        return records

    def _remember(self, row):
        """Put a row that was inserted into the cache: what it does not say is empty."""
        unknown = {"id", *AUTHOR, *MOMENT, self.CONCURRENCY_CHECK_FIELD}
        told = []
        for field in self._fields.values():
            is_kept = field.column_type and field.store or field.type in LISTS
            if field.column_type and field.name in row:
                told.append((field, row[field.name]))
            elif is_kept and not field.compute and field.name not in unknown:
                told.append((field, None))
        # an amount is rounded as its currency wants, which has to be known before
        for field, value in sorted(told, key=lambda pair: pair[0].type == "monetary"):
            self.env.cache.set(self, field, field.convert_to_cache(value, self))

    def _create_lists(self, fields, rows):
        """Store the lists in ``rows``, which have tables of their own."""
        for field in sorted(fields, key=lambda f: f._sequence):
            pairs = zip(self, rows)
            field.create(
                [(r, row[field.name]) for r, row in pairs if field.name in row]
            )
        self.modified([field.name for field in fields], create=True)

    def _insert_rows(self, fields, rows):
        """Insert ``rows`` (dictionaries) and return their ids, in order."""
        columns = [field.name for field in fields] + list(AUTHOR + MOMENT)
        marks = ["%s"] * (len(fields) + len(AUTHOR))
        marks += ["now() AT TIME ZONE 'UTC'"] * len(MOMENT)
        row_marks = sql.SQL("({})").format(sql.SQL(", ").join(map(sql.SQL, marks)))
        query = sql.SQL(
            "INSERT INTO {table} ({columns}) VALUES {rows} RETURNING id"
        ).format(
            table=sql.Identifier(self._table),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            rows=sql.SQL(", ").join([row_marks] * len(rows)),
        )
        values = [self._to_columns(fields, row) + [self._uid] * 2 for row in rows]
        self.env.cr.execute(query, [value for row in values for value in row])
        return [row[0] for row in self.env.cr.fetchall()]

    def _to_columns(self, fields, row):
        """Return the values of ``row`` as the database takes them; not given: NULL."""
        return [
            field.convert_to_column(row[field.name], self, row)
            if field.name in row
            else None
            for field in fields
        ]

    def _note_lists(self, fields, records):
        """Add ``records`` to the cached lists of the records that they belong to."""
        for field in fields:
            if field.type == "many2one" and self._field_inverses[field]:
                lists = defaultdict(list)
                for record in records:
                    lists[self.env.cache.get(record, field)].append(record.id)
                for value, ids in lists.items():
                    field._update_inverses(self.browse(ids), value)
