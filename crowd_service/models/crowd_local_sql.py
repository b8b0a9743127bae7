"""SQL of local time: days, hours and parts of the week of a company's zone.

Whatever counts rows by local time is composed of these pieces (docs/kpi.md, *Rules for
all figures*). Instants are columns or expressions with naive UTC.
"""

from psycopg2 import sql

#: Where the zone stands in a statement that joins ``res_company AS company``.
ZONE = "company.crowd_zone"
LOCAL = "({moment} AT TIME ZONE 'UTC' AT TIME ZONE COALESCE({zone}, 'UTC'))"
DAY = "{local}::date"
MONTH = "date_trunc('month', {local})::date"
HOUR = "to_char({local}, 'HH24:00')"
WEEKDAY = "extract(isodow FROM {day})::integer::text"
PART = """CASE WHEN extract(isodow FROM {day}) > 5 THEN 'weekend'
               WHEN extract(hour FROM {local}) BETWEEN 8 AND 17 THEN 'day'
               ELSE 'evening' END"""


def local_day(moment, zone=ZONE):
    """Return the SQL of the local date of an instant."""
    return sql.SQL(DAY).format(local=_local(moment, zone))


def local_month(moment, zone=ZONE):
    """Return the SQL of the first day of the local month of an instant."""
    return sql.SQL(MONTH).format(local=_local(moment, zone))


def local_parts(day, moment, zone=ZONE):
    """Return the pieces ``{hour}``, ``{weekday}`` and ``{part}`` of a query.

    :param day: the local day as it is stored, which a change of zone does not move
    :param moment: the instant that the hour is of
    """
    day, local = _piece(day), _local(moment, zone)
    return {
        "hour": sql.SQL(HOUR).format(local=local),
        "weekday": sql.SQL(WEEKDAY).format(day=day),
        "part": sql.SQL(PART).format(day=day, local=local),
    }


def _local(moment, zone):
    return sql.SQL(LOCAL).format(moment=_piece(moment), zone=_piece(zone))


def _piece(expression):
    """Return an expression as SQL; texts are constants of this addon."""
    return sql.SQL(expression) if isinstance(expression, str) else expression
