"""Finding the best candidates without looking at everybody.

Every row of the search table has a bound: the most points it can have. Those with the
highest bounds are judged with all facts, until the worst of the best ``limit`` has
more points than anybody left can have. So the result is exact for the full score.

In the area the query goes cell by cell, in each by falling potential, and leaves a cell
as soon as nobody left in it can reach the floor. A first probe of a few rows per cell
tells a good floor. Remote work and very wide areas take the potential alone. The rarest
of the needed qualifications drives, the others filter.
"""

import math
from functools import lru_cache
from heapq import nsmallest

from odoo import api, models

from .. import matching
from ..matching import cells as grid
from ..matching import scoring
from ..matching.entities import STANDARD_WEIGHTS
from .crowd_worker_search import LANGUAGE, NO_SKILL

FIRST_PAGE = 40  # judged beyond the limit before asking whether that was enough
PAGE = 60
MOST_CELLS = 2500
ROWS_PER_PROBE = 800
MOST_ROWS = 400
COUNT_UP_TO = 1000
FIRST_STEP = 8.0  # points to go down when too few can be asked
EPSILON = 1e-6  # km; far more than the rounding of floats
NOBODY = (-math.inf, 0)  # has a greater bound

POINTS = """
       %(w_quality)s * t.quality / 10000
       + %(w_response)s * ((t.responses >> %(bucket_bits)s) & 127) / 100
       + %(w_experience)s * t.tickets / (t.tickets + %(halving_tickets)s)
       + %(w_calm)s
       + %(w_newness)s * GREATEST(0, 1 - t.ratings / %(newcomer_ratings)s)
       + CASE WHEN t.cost_rate = 0 THEN %(w_cost)s
              ELSE GREATEST(0, %(w_cost)s - %(cost_loss)s * t.cost_rate) END
"""
DISTANCE = """
       CASE WHEN %(is_remote)s THEN 0 ELSE %(diameter)s * asin(sqrt(LEAST(1,
           sin(radians(t.lat - %(lat)s) / 2) ^ 2
           + %(cos_lat)s * cos(radians(t.lat))
             * sin(radians(t.lon - %(lon)s) / 2) ^ 2))) END
"""
# rounded as the score is; 2e-9 is more than floats can lose on the way
BOUND = """
       floor((s.points + %(w_distance)s * (1 - s.km / %(radius)s) + 2e-9) * 10000 + 0.5)
       / 10000
"""
COLUMNS = """
SELECT t.membership_id, t.worker_id, t.own_radius_km, t.capacity, t.potential,
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
IN_REACH = """
   s.km <= %(reach)s
   AND (s.own_radius_km = 0 OR s.km <= s.own_radius_km + %(epsilon)s)
"""
HAS_ROOM = """
   (SELECT count(*) FROM crowd_offer o
     WHERE o.membership_id = {row}.membership_id AND o.state = 'accepted')
   < {row}.capacity
"""
CELLS = """
unnest(%(bands)s::int2[], %(cells)s::int2[], %(least)s::float8[]) AS c(band, cell, least)
"""
IN_CELL = """
   AND t.qualification = %(driver)s AND t.band = c.band AND t.cell = c.cell
"""
# the best few of every cell: their bounds tell where to put the floor
PROBE = """
SELECT {bound} AS bound
  FROM {cells}
 CROSS JOIN LATERAL (
       SELECT s.* FROM ({columns} {in_cell} {fits}
                         ORDER BY t.potential DESC OFFSET 0) s
        WHERE {in_reach} LIMIT %(deep)s) s
 ORDER BY bound DESC OFFSET %(wanted)s - 1 LIMIT 1
"""
SCAN = """
SELECT f.membership_id, f.worker_id, f.bound
  FROM (SELECT s.membership_id, s.worker_id, s.capacity, {bound} AS bound
          FROM {cells}
         CROSS JOIN LATERAL ({columns} {in_cell} AND t.potential >= c.least {fits}
                              OFFSET 0) s
         WHERE {in_reach}) f
 WHERE f.bound >= %(floor)s AND {f_has_room}
 ORDER BY f.bound DESC, f.worker_id
 LIMIT %(most)s
"""
# by potential alone, telling those out of reach or busy by a bound of NULL
WIDE = """
SELECT s.membership_id, s.worker_id, CASE WHEN {in_reach} AND {s_has_room} THEN {bound} END, s.potential
  FROM ({columns} AND t.qualification = %(driver)s {fits}
         ORDER BY t.potential DESC, t.worker_id LIMIT %(most)s) s
"""
NEXT_POTENTIAL = """
SELECT max(t.potential) FROM crowd_worker_search t
 WHERE t.company_id = %(company)s AND t.qualification = %(driver)s
   AND t.potential < %(potential)s
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
COUNT_CELLS = RAREST.format(
    source=CELLS + " CROSS JOIN ",
    where="AND t.band = c.band AND t.cell = c.cell",
)
COUNT_WIDE = RAREST.format(source="", where="")


@lru_cache(maxsize=None)
def _statement(template, has_others, has_territory):
    """Return a statement with the filters it needs."""
    fits = FITS + (OTHERS if has_others else "") + (TERRITORY if has_territory else "")
    return template.format(
        bound=BOUND,
        cells=CELLS,
        columns=COLUMNS.format(points=POINTS, km=DISTANCE),
        in_cell=IN_CELL,
        in_reach=IN_REACH,
        f_has_room=HAS_ROOM.format(row="f"),
        s_has_room=HAS_ROOM.format(row="s"),
        fits=fits,
    )


class Field:
    """Where a request looks: the statements and their parameters."""

    def __init__(self, ask):
        request = ask.request
        self.request = request
        self.points = scoring.points(request)
        self.cells = [] if request.is_remote else self._cells()
        self.is_wide = request.is_remote or len(self.cells) > MOST_CELLS
        self.params = dict(self._params(ask), **self._point_params(ask))
        # a point with the standard weights is worth at most so many points here
        self.worth = max(
            self.points[part] / STANDARD_WEIGHTS[part]
            for part in STANDARD_WEIGHTS
            if part not in ("distance", "preference")
        )

    def _cells(self):
        request = self.request
        return grid.cells(request.lat, request.lon, request.radius_km)

    def _params(self, ask):
        request = self.request
        return {
            "company": ask.company_id,
            "communities": ask.community_ids,
            "bands": [band for band, _cell, _km in self.cells],
            "cells": [cell for _band, cell, _km in self.cells],
            "least": [0.0] * len(self.cells),
            "out": ask.out_ids,
            "is_remote": request.is_remote,
            "lat": request.lat,
            "lon": request.lon,
            "cos_lat": math.cos(math.radians(request.lat or 0.0)),
            "diameter": 2 * matching.EARTH_RADIUS_KM,
            "radius": request.radius_km or 1.0,
            "reach": math.inf if request.is_remote else request.radius_km + EPSILON,
            "epsilon": EPSILON,
            "day": request.day,
            "territory": request.territory_id,
            "count_up_to": COUNT_UP_TO,
        }

    def _point_params(self, ask):
        points, request = self.points, self.request
        newcomer = points["fairness"] * scoring.NEWCOMER_SHARE
        price = max(request.price, 1e-9)  # without one, every cost is too much
        return {
            "w_distance": 0.0 if request.is_remote else points["distance"],
            "w_quality": points["quality"],
            "w_response": points["response"],
            "w_experience": points["experience"],
            "w_newness": newcomer,
            "w_calm": points["fairness"] - newcomer,
            "w_cost": points["cost"],
            "cost_loss": points["cost"] * request.minutes / 6000 / price,
            "halving_tickets": scoring.HALVING_TICKETS,
            "newcomer_ratings": float(scoring.NEWCOMER_RATINGS),
            "bucket_bits": 8 * ask.bucket,
        }

    def drive(self, driver, levels):
        """Let ``driver`` drive and the other qualifications filter.

        :param levels: ``{qualification: least level}``
        """
        others = [one for one in levels if one != driver]
        self.params.update(
            driver=driver,
            level=levels[driver],
            others=others,
            other_levels=[levels[one] for one in others],
        )

    def rarest(self, qualifications):
        """Return statement and parameters for the rarest qualification in reach."""
        statement = COUNT_WIDE if self.is_wide else COUNT_CELLS
        return statement, dict(self.params, qualifications=qualifications)

    def probe(self, wanted):
        """Return statement and parameters for a good floor: about the bound that
        ``wanted`` rows have."""
        deep = max(4, ROWS_PER_PROBE // max(1, len(self.cells)))
        params = dict(self.params, deep=deep, wanted=wanted)
        return self._statement(PROBE), params

    def scan(self, floor, most):
        """Return statement and parameters for rows with a bound of ``floor``."""
        near, radius = self.params["w_distance"], self.params["radius"]
        least = [
            (floor - near * max(0.0, 1 - km / radius)) / self.worth - 1e-6
            if self.worth
            else 0.0
            for _band, _cell, km in self.cells
        ]
        params = dict(self.params, floor=floor, most=most, least=least)
        return self._statement(SCAN), params

    def wide(self, most):
        """Return statement and parameters for the ``most`` rows of most potential."""
        return self._statement(WIDE), dict(self.params, most=most)

    def _statement(self, template):
        has_territory = self.request.territory_id is not None
        return _statement(template, bool(self.params["others"]), has_territory)

    def ceiling_of(self, potential, worker_id=0):
        """Return bound and id that nobody comes before who has that potential, and no
        lower id."""
        near = self.params["w_distance"]
        bound = scoring.rounded(self.worth * potential + near + 2e-9)
        return bound, 0 if near else worker_id


class _Best:
    """The judged, and the best ``limit`` of them, one per worker."""

    def __init__(self, limit):
        self.limit = limit
        self.judged = {}
        self._scores = {}

    def add(self, verdicts):
        for verdict in verdicts:
            self.judged[verdict.membership_id] = verdict
            if not verdict.reasons:
                worker = verdict.worker_id
                score = max(verdict.score, self._scores.get(worker, 0.0))
                self._scores[worker] = score

    def worst(self):
        """Return points and id of the last of the best; None while they are too few."""
        if len(self._scores) < self.limit:
            return None
        best = nsmallest(self.limit, ((-n, w) for w, n in self._scores.items()))
        return -best[-1][0], best[-1][1]

    def beat(self, bound, worker_id):
        """Tell whether nobody with that bound, or that one and a later id, can be
        among the best."""
        worst = self.worst()
        return worst is not None and (-worst[0], worst[1]) < (-bound, worker_id)


class CrowdMatcher(models.AbstractModel):
    """The search for the best candidates."""

    _inherit = "crowd.matcher"

    @api.model
    def _find_field(self, ask):
        """Return where to look for an :class:`Ask`."""
        field = Field(ask)
        request = ask.request
        levels = dict(request.skills)
        if request.language_id:
            levels[LANGUAGE - request.language_id] = 0
        levels = levels or {NO_SKILL: 0}
        field.drive(self._choose_driver(field, sorted(levels)), levels)
        return field

    @api.model
    def _choose_driver(self, field, qualifications):
        """Return the rarest qualification in reach."""
        if len(qualifications) == 1:
            return qualifications[0]
        self.env.cr.execute(*field.rarest(qualifications))
        return self.env.cr.fetchone()[0]

    @api.model
    def _search_best(self, ask, field, limit):
        """Judge members until nobody left can be among the best ``limit``.

        :return: the verdicts on them, one per membership
        """
        best = _Best(limit)
        if field.is_wide:
            self._search_wide(ask, field, best)
        else:
            self._search_cells(ask, field, best)
        return list(best.judged.values())

    @api.model
    def _search_cells(self, ask, field, best):
        """Lower the floor until everybody above it was judged, and that is enough."""
        wanted = 2 * best.limit + 10  # some of them will be busy
        row = next(iter(self._run(*field.probe(wanted))), None)
        floor, most, step = row[0] if row else 0.0, MOST_ROWS, FIRST_STEP
        while True:
            rows = self._run(*field.scan(floor, most))
            ceiling = (floor, math.inf) if floor > 0.0 else NOBODY
            if len(rows) == most:
                ceiling = rows[-1][2], rows[-1][1]
            if self._judge_rows(ask, best, rows, ceiling):
                return
            worst = best.worst()
            floor = max(0.0, worst[0] if worst else ceiling[0] - step)
            most, step = most * 4, step * 2

    @api.model
    def _search_wide(self, ask, field, best):
        """Go on by falling potential until nobody left can be among the best."""
        most = MOST_ROWS
        while True:
            found = self._run(*field.wide(most))
            rows = [row for row in found if row[2] is not None]
            rows.sort(key=lambda row: (-row[2], row[1]))
            is_cut = len(found) == most
            ceiling = self._ceiling_after(field, *found[-1]) if is_cut else NOBODY
            if self._judge_rows(ask, best, rows, ceiling):
                return
            most *= 4

    @api.model
    def _ceiling_after(self, field, _member, worker_id, _bound, potential):
        """Return what nobody after the last row by potential comes before: others of
        the same potential have later ids, those of the next lower one may have any."""
        params = dict(field.params, potential=potential)
        (lower,) = self._run(NEXT_POTENTIAL, params)[0]
        ceilings = [field.ceiling_of(potential, worker_id)]
        if lower is not None:
            ceilings.append(field.ceiling_of(lower))
        return min(ceilings, key=lambda found: (-found[0], found[1]))

    @api.model
    def _run(self, statement, params):
        self.env.cr.execute(statement, params)
        return self.env.cr.fetchall()

    @api.model
    def _judge_rows(self, ask, best, rows, ceiling):
        """Judge rows by falling bound, page by page, as long as it can matter.

        :param ceiling: bound and worker id that nobody who is not among the rows comes
            before
        :return: whether nobody left can be among the best
        """
        wanted = [(member, 0, math.inf) for member in ask.preferred_members]
        rows = [row for row in wanted + rows if row[0] not in best.judged]
        start, end = 0, best.limit + FIRST_PAGE
        if len(rows) < end + PAGE // 2:
            end = len(rows)  # not worth a page of its own
        while start < len(rows):
            if best.beat(rows[start][2], rows[start][1]):
                break
            page = dict.fromkeys(row[0] for row in rows[start:end])
            best.add(self._weigh_members(ask, page))
            start, end = end, end + PAGE
        return ceiling == NOBODY or best.beat(*ceiling)
