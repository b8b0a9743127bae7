"""The statements of the search, as texts; ``crowd_matcher_field`` has their parameters."""

from functools import lru_cache

from .crowd_experience import ASKED, NUMBER_SIMILAR

POINTS = """
       %(w_quality)s::float8 * t.quality / 10000
       + %(w_response)s::float8 * ((t.responses >> %(bucket_bits)s) & 127) / 100
       + %(w_experience)s::float8 * t.tickets / (t.tickets + %(halving_tickets)s::float8)
       + %(w_calm)s::float8
       + %(w_newness)s::float8 * GREATEST(0, 1 - t.ratings / %(newcomer_ratings)s::float8)
       + CASE WHEN t.cost_rate <= %(free_rate)s THEN %(w_cost)s::float8
              WHEN t.cost_rate < %(full_rate)s::float8 THEN %(w_below_price)s::float8
              ELSE 0 END
"""
DISTANCE = """
       CASE WHEN %(is_remote)s THEN 0 ELSE %(diameter)s::float8 * asin(sqrt(LEAST(1,
           sin(radians(t.lat - %(lat)s::float8) / 2) ^ 2
           + %(cos_lat)s::float8 * cos(radians(t.lat))
             * sin(radians(t.lon - %(lon)s::float8) / 2) ^ 2))) END
"""
# rounded as the score is; 2e-9 is more than floats can lose on the way
BOUND = """
       floor((s.points + %(w_distance)s::float8 * (1 - s.km / %(radius)s::float8) + '2e-9'::float8)
             * 10000 + '0.5'::float8) / 10000
"""
COLUMNS = """
SELECT t.membership_id, t.worker_id, t.own_radius_km, t.capacity, t.tickets, t.potential,
       {points} AS points, {km} AS km
  FROM crowd_worker_search t
 WHERE t.company_id = %(company)s
"""
FITS = """
   AND t.community_id = ANY(%(communities)s)
   AND t.level >= %(level)s AND t.valid_until >= %(day)s
   AND NOT t.worker_id = ANY(%(out)s)
"""
OTHERS = """
   AND NOT EXISTS (
       SELECT FROM unnest(%(others)s, %(other_levels)s) AS o(qualification, level)
        WHERE NOT EXISTS (
            SELECT FROM crowd_worker_search x
             WHERE x.membership_id = t.membership_id
               AND x.qualification = o.qualification
               AND x.level >= o.level AND x.valid_until >= %(day)s))
"""
TERRITORY = """
   AND (EXISTS (SELECT FROM fsm_person_res_territory_rel x
                 WHERE x.fsm_person_id = t.worker_id
                   AND x.res_territory_id = %(territory)s)
        OR NOT EXISTS (SELECT FROM fsm_person_res_territory_rel x
                        WHERE x.fsm_person_id = t.worker_id))
"""
# of the kinds of externals, when a step asks for some of them only
KIND = """
   AND (SELECT w.worker_type FROM fsm_person w
         WHERE w.id = t.worker_id) = ANY(%(kinds)s)
"""
IN_REACH = """
   s.km <= %(reach)s
   AND (s.own_radius_km = 0 OR s.km <= s.own_radius_km + %(epsilon)s::float8)
"""
OPEN_JOBS = """
   (SELECT count(*) FROM crowd_offer o
     WHERE o.membership_id = t.membership_id AND o.state = 'accepted')
"""
CELLS = """
c AS MATERIALIZED (
SELECT *
  FROM unnest(%(bands)s::int2[], %(cells)s::int2[], %(kms)s::float8[]) AS c(band, cell, km))
"""
IN_CELL = """
   AND t.qualification = %(driver)s AND t.band = c.band AND t.cell = c.cell
"""
# potential that is needed in a cell, and a distance that is easier to compute: both
# ask for no more than the true distance would
NEAR_ENOUGH = """
   AND t.potential >= (f.floor - %(w_distance)s::float8) / %(worth)s::float8
                      + %(slope)s::float8 * c.km - '1e-6'::float8
   AND t.potential >= (f.floor - %(w_distance)s::float8) / %(worth)s::float8
                      + %(plane_slope)s::float8 * sqrt(
       (t.lat - %(lat)s::float8) * (t.lat - %(lat)s::float8)
       + (t.lon - %(lon)s::float8) * (t.lon - %(lon)s::float8) * %(shrink)s::float8)
       - '1e-6'::float8
"""
# about the bounds of the best few of the nearest cells: they tell where to put the floor
PROBE = """
SELECT %(typical_worth)s::float8 * t.potential
       + %(w_distance)s::float8 * (1 - (c.km + %(within_km)s) / %(radius)s::float8)
  FROM c
 CROSS JOIN LATERAL (
       SELECT t.potential FROM crowd_worker_search t
        WHERE t.company_id = %(company)s {in_cell} {fits} {others}
        ORDER BY t.potential DESC LIMIT %(probed_rows)s) t
 WHERE c.km <= %(probed_km)s
 ORDER BY 1 DESC OFFSET %(wanted)s - 1 LIMIT 1
"""
GIVEN = "SELECT %(floor)s::float8"
# whom the customer wants, before all others: their bounds leave that out
PREFERRED = """
SELECT id AS membership_id, worker_id, %(preferred_bound)s::float8 AS bound,
       0 AS open_jobs, 1 AS tickets
  FROM crowd_membership
 WHERE company_id = %(company)s AND worker_id = ANY(%(preferred)s)
 UNION ALL
"""
# those of the best who have room for another job, with what lowers their bounds
WITH_ROOM = """
SELECT t.*, CASE WHEN t.tickets > 0 THEN {similar} ELSE 0 END
  FROM ({preferred}
        SELECT b.membership_id, b.worker_id, b.bound, b.open_jobs, b.tickets
          FROM (SELECT *, {open_jobs} AS open_jobs FROM best t
                 WHERE t.bound >= %(least)s::float8 OFFSET 0) b
         WHERE b.open_jobs < b.capacity) t
"""
# the last rows tell the number of those who were looked at for room with the least
# bound among them, and the floor
SCAN = """
  WITH {cells},
f AS MATERIALIZED (SELECT COALESCE(({floor}), 0) AS floor),
best AS MATERIALIZED (
SELECT t.membership_id, t.worker_id, t.bound, t.tickets, t.capacity
  FROM (SELECT s.membership_id, s.worker_id, s.capacity, s.tickets, f.floor,
               {bound} AS bound
          FROM f
         CROSS JOIN c
         CROSS JOIN LATERAL (
               {columns} {in_cell} {near_enough} {fits} OFFSET 0) s
         WHERE {in_reach} OFFSET 0) t
 WHERE t.bound >= t.floor {others}
 ORDER BY t.bound DESC, t.worker_id
 LIMIT %(most)s),
asked AS MATERIALIZED ({asked})
{with_room}
 UNION ALL
SELECT NULL, NULL, min(bound), count(*), NULL, NULL FROM best
 UNION ALL
SELECT NULL, NULL, floor, NULL, NULL, NULL FROM f
"""
# by potential alone; the last row tells how many there are, and the last of them
WIDE = """
  WITH best AS MATERIALIZED (
SELECT s.membership_id, s.worker_id, CASE WHEN {in_reach} THEN {bound} END AS bound,
       s.tickets, s.capacity, s.potential
  FROM ({columns} AND t.qualification = %(driver)s
           AND t.potential <= %(from_potential)s::float8 {fits} {others}
         ORDER BY t.potential DESC, t.worker_id LIMIT %(most)s) s),
asked AS MATERIALIZED ({asked})
{with_room}
 UNION ALL
SELECT NULL, (array_agg(worker_id ORDER BY potential, worker_id DESC))[1],
       min(potential), count(*), NULL, NULL
  FROM best
"""
RAREST = """
SELECT q.id
  FROM unnest(%(qualifications)s::int4[]) WITH ORDINALITY AS q(id, place)
 CROSS JOIN LATERAL (
       SELECT count(*)
         FROM (SELECT FROM {source} crowd_worker_search t
                WHERE t.company_id = %(company)s AND t.qualification = q.id {where}
                LIMIT %(count_up_to)s) few) n
 ORDER BY n.count, q.place
 LIMIT 1
"""
COUNT_CELLS = (" WITH " + CELLS + RAREST).format(
    source="c CROSS JOIN ",
    where="AND t.band = c.band AND t.cell = c.cell",
)
COUNT_WIDE = RAREST.format(source="", where="")


def array(numbers):
    """Return numbers as PostgreSQL writes an array: one constant is parsed and planned
    faster than a hundred.

    >>> array([1, 2.5])
    '{1,2.5}'
    """
    return "{%s}" % ",".join(map(str, numbers))


def constants(params):
    """Return parameters with floats as texts: with ``::float8`` behind it PostgreSQL
    takes a text for the constant it is, while it has to convert a number.

    >>> constants({"lat": 47.5, "day": 3})
    {'lat': '47.5', 'day': 3}
    """
    return {
        name: repr(value) if isinstance(value, float) else value
        for name, value in params.items()
    }


@lru_cache(maxsize=None)
def statement_of(
    template, has_others, has_territory, has_kinds, has_preferred, floor=""
):
    """Return a statement with the filters it needs."""
    return template.format(
        bound=BOUND,
        cells=CELLS,
        columns=COLUMNS.format(points=POINTS, km=DISTANCE),
        in_cell=IN_CELL,
        in_reach=IN_REACH,
        near_enough=NEAR_ENOUGH,
        fits=FITS,
        floor=statement_of(floor, has_others, has_territory, has_kinds, False)
        if floor
        else "",
        asked=ASKED,
        with_room=_with_room(has_preferred),
        others=(OTHERS if has_others else "")
        + (TERRITORY if has_territory else "")
        + (KIND if has_kinds else ""),
    )


@lru_cache(maxsize=None)
def _with_room(has_preferred):
    return WITH_ROOM.format(
        open_jobs=OPEN_JOBS,
        preferred=PREFERRED if has_preferred else "",
        similar=NUMBER_SIMILAR.format(worker="t.worker_id"),
    )
