from psycopg2 import sql

from odoo import models

AUTHOR = ("create_uid", "write_uid")
MOMENT = ("create_date", "write_date")


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
        if len(rows) < 2 or not all(f.column_type and not f.translate for f in fields):
            return super()._create(data_list)
        records = self.browse(self._insert_rows(fields, rows))
        for record, data in zip(records, data_list):
            data["record"] = record
            record._update_cache(data["stored"])
        self._note_lists(fields, records)
        protected = [(data["protected"], data["record"]) for data in data_list]
        with self.env.protecting(protected):
            records.modified(self._fields, create=True)
        records._validate_fields([field.name for field in fields])
        records.check_access_rule("create")
        return records

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
                for value in {self.env.cache.get(r, field) for r in records}:
                    mine = [
                        r.id for r in records if self.env.cache.get(r, field) == value
                    ]
                    field._update_inverses(self.browse(mine), value)
