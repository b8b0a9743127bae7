"""Finding the best candidates without looking at everybody.

Every row of the search table has a bound: the most points it can have. Those with the
highest bounds are judged with all facts, until the worst of the best ``limit`` has
more points than anybody left can have. So the result is exact for the full score.

In the area the query goes cell by cell, in each by falling potential, and leaves a cell
as soon as nobody left in it can reach the floor. Remote work and very wide areas take
the potential alone. The rarest of the needed qualifications drives, the others filter.
"""

import math

from odoo import api, models

from .. import matching
from ..matching import cells as grid
from ..matching import scoring
from ..matching.entities import STANDARD_WEIGHTS
from .crowd_worker_search import LANGUAGE, NO_SKILL

FIRST_PAGE = 40  # judged beyond the limit before asking whether that was enough
PAGE = 60
MOST_CELLS = 2000
ROWS_PER_PROBE = 800
MOST_ROWS = 400
COUNT_UP_TO = 1000
FIRST_STEP = 8.0  # points to go down when too few can be asked
NOBODY_LEFT = -math.inf
EPSILON = 1e-6  # points and km; far more than the rounding of floats

POINTS = """
       %(w_quality)s * t.quality / 10000.0::float8
       + %(w_response)s * ((t.responses >> %(bucket_bits)s) & 127) / 127.0::float8
       + %(w_experience)s * t.experience / 10000.0::float8
       + %(w_newness)s * t.newness / 10000.0::float8
       + CASE WHEN t.cost_rate = 0 THEN %(w_cost)s
              ELSE GREATEST(0, %(w_cost)s - %(cost_loss)s * t.cost_rate) END
"""
DISTANCE = """
       CASE WHEN %(is_remote)s THEN 0 ELSE %(diameter)s * asin(sqrt(LEAST(1,
           sin(radians(t.lat - %(lat)s) / 2) ^ 2
           + %(cos_lat)s * cos(radians(t.lat))
             * sin(radians(t.lon - %(lon)s) / 2) ^ 2))) END
"""
FITS = """
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
CELLS = """
  FROM unnest(%(bands)s::int2[], %(cells)s::int2[], %(least)s::int2[])
       AS c(band, cell, least)
 CROSS JOIN unnest(%(communities)s::int4[]) AS m(id)
 CROSS JOIN LATERAL (
"""
IN_CELL = """
 WHERE t.community_id = m.id AND t.qualification = %(driver)s
   AND t.band = c.band AND t.cell = c.cell AND t.potential >= c.least
"""
WIDE = """
  FROM unnest(%(communities)s::int4[]) AS m(id)
 CROSS JOIN LATERAL (
"""
IN_COMMUNITY = """
 WHERE t.community_id = m.id AND t.qualification = %(driver)s
   AND t.potential >= %(least_wide)s
"""
DEEP = "ORDER BY t.potential DESC LIMIT %(deep)s"
BOUNDED = """
SELECT membership_id, worker_id, bound, max(depth) OVER () AS deepest
  FROM (SELECT s.membership_id, s.worker_id, s.depth,
               s.points + %(w_calm)s
               + %(w_distance)s * (1 - s.km / %(radius)s) AS bound
        {source}
        SELECT t.membership_id, t.worker_id, t.own_radius_km, {depth} AS depth,
               {points} AS points, {km} AS km
          FROM crowd_worker_search t {where} {fits} {limit}
        ) s
         WHERE s.km <= %(reach)s
           AND (s.own_radius_km = 0 OR s.km <= s.own_radius_km + %(epsilon)s)
       ) found
 WHERE bound >= %(floor)s
 ORDER BY bound DESC, membership_id
 LIMIT %(most)s
"""
COUNTS = """
SELECT q.id
  FROM unnest(%(qualifications)s::int4[]) WITH ORDINALITY AS q(id, place)
 CROSS JOIN LATERAL (
       SELECT count(*)
         FROM (SELECT {source}
               SELECT FROM crowd_worker_search t {where} LIMIT %(count_up_to)s
               ) s LIMIT %(count_up_to)s) few
       ) n
 ORDER BY n.count, q.place
 LIMIT 1
"""


def _bounded(is_wide, is_probe, fits):
    """Return the statement that finds rows and their bounds.

    :param is_probe: only the first of each cell or community, telling how deep it went
    """
    return BOUNDED.format(
        source=WIDE if is_wide else CELLS,
        where=IN_COMMUNITY if is_wide else IN_CELL,
        depth="row_number() OVER (ORDER BY t.potential DESC)" if is_probe else "0",
        limit=DEEP if is_probe else "",
        points=POINTS,
        km=DISTANCE,
        fits=fits,
    )


def _counted(is_wide):
    """Return the statement that names the rarest of some qualifications in reach."""
    where = IN_COMMUNITY if is_wide else IN_CELL
    return COUNTS.format(
        source=WIDE if is_wide else CELLS, where=where.replace("%(driver)s", "q.id")
    )


class Field:
    """Where a request looks: the statements, their parameters, and how far it came."""

    def __init__(self, ask):
        request = ask.request
        self.request = request
        self.points = scoring.points(request)
        self.cells = [] if request.is_remote else self._cells()
        communities = len(ask.community_ids)
        self.is_wide = request.is_remote or len(self.cells) * communities > MOST_CELLS
        self.fits = FITS
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
            "communities": ask.community_ids,
            "bands": [band for band, _cell, _km in self.cells],
            "cells": [cell for _band, cell, _km in self.cells],
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
        price = request.price
        return {
            "w_distance": 0.0 if request.is_remote else points["distance"],
            "w_quality": points["quality"],
            "w_response": points["response"],
            "w_experience": points["experience"],
            "w_newness": newcomer,
            "w_calm": points["fairness"] - newcomer,
            "w_cost": points["cost"],
            "cost_loss": points["cost"] * request.minutes / 6000 / price
            if price > 0
            else points["cost"] * 1e9,
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
        if others:
            self.fits += OTHERS
        if self.request.territory_id:
            self.fits += TERRITORY

    def probe(self):
        """Return statement and parameters for the most promising rows everywhere."""
        places = 1 if self.is_wide else max(1, len(self.cells))
        deep = max(4, ROWS_PER_PROBE // places)
        params = dict(self.with_floor(-1.0), deep=deep, most=MOST_ROWS)
        return _bounded(self.is_wide, True, self.fits), params

    def scan(self, floor, most):
        """Return statement and parameters for rows with a bound of ``floor``."""
        params = dict(self.with_floor(floor - EPSILON), most=most)
        return _bounded(self.is_wide, False, self.fits), params

    def with_floor(self, floor):
        """Return the parameters for rows with a bound of at least ``floor``."""
        near, radius = self.params["w_distance"], self.params["radius"]
        return dict(
            self.params,
            floor=floor,
            least=[
                self._least(floor - near * max(0.0, 1 - km / radius))
                for _band, _cell, km in self.cells
            ],
            least_wide=self._least(floor - near),
        )

    def _least(self, points):
        """Return the least potential that can bring so many points."""
        if self.worth <= 0.0:
            return 0
        return max(0, min(32767, math.floor(100 * points / self.worth) - 1))


class _Best:
    """The judged, and the best ``limit`` of them, one per worker."""

    def __init__(self, limit):
        self.limit = limit
        self.judged = {}
        self._scores = {}

    def add(self, candidates):
        for candidate in candidates:
            self.judged[candidate.membership_id] = candidate
            if not candidate.excluded_reason:
                worker = candidate.worker_id
                score = max(candidate.score, self._scores.get(worker, 0.0))
                self._scores[worker] = score

    def worst(self):
        """Return the points of the last of the best; -1 while there are too few."""
        if len(self._scores) < self.limit:
            return -1.0
        return sorted(self._scores.values(), reverse=True)[self.limit - 1]


class CrowdMatcher(models.AbstractModel):
    """The search for the best candidates."""

    _inherit = "crowd.matcher"

    @api.model
    def _find_field(self, ask):
        """Return where to look for an :class:`Ask`."""
        field = Field(ask)
        field.drive(*self._choose_driver(ask, field))
        return field

    @api.model
    def _search_best(self, ask, field, limit):
        """Judge members until nobody left can be among the best ``limit``.

        :return: judged :class:`matching.Candidate` s, one per membership
        """
        best = _Best(limit)
        best.add(self._judge_workers(ask, sorted(ask.preferences)))
        rows, ceiling = self._probe(field, best.limit)
        most, step = MOST_ROWS, FIRST_STEP
        while not self._judge_rows(ask, best, rows, ceiling):
            worst = best.worst()
            floor = worst if worst >= 0.0 else ceiling - step
            most, step = most * 4, step * 2
            rows, ceiling = self._scan(field, max(0.0, floor), most)
        return list(best.judged.values())

    @api.model
    def _judge_rows(self, ask, best, rows, ceiling):
        """Judge rows by falling bound, page by page, as long as it can matter.

        :param ceiling: nobody who is not among the rows has a greater bound
        :return: whether nobody left can be among the best
        """
        rows = [row for row in rows if row[0] not in best.judged]
        start, end = 0, best.limit + FIRST_PAGE
        while start < len(rows):
            if best.worst() > rows[start][2] + EPSILON:
                return True
            page = [row[0] for row in rows[start:end]]
            best.add(self._judge_members(ask, page))
            start, end = end, end + PAGE
        return best.worst() > ceiling + EPSILON

    @api.model
    def _choose_driver(self, ask, field):
        """Return the rarest qualification in reach, and the least levels of all."""
        request = ask.request
        levels = dict(request.skills)
        if request.language_id:
            levels[LANGUAGE - request.language_id] = 0
        if len(levels) < 2:
            levels = levels or {NO_SKILL: 0}
            return next(iter(levels)), levels
        params = dict(field.with_floor(-1.0), qualifications=sorted(levels))
        self.env.cr.execute(_counted(field.is_wide), params)
        return self.env.cr.fetchone()[0], levels

    @api.model
    def _probe(self, field, limit):
        """Return the first rows to judge, by falling bound, and their ceiling."""
        statement, params = field.probe()
        self.env.cr.execute(statement, params)
        rows = self.env.cr.fetchall()
        if len(rows) < MOST_ROWS and (not rows or rows[0][3] < params["deep"]):
            return rows, NOBODY_LEFT
        wanted = limit + FIRST_PAGE
        floor = rows[wanted - 1][2] if len(rows) >= wanted else 0.0
        return self._scan(field, floor, MOST_ROWS)

    @api.model
    def _scan(self, field, floor, most):
        """Return at most ``most`` rows with a bound of at least ``floor``, by falling
        bound, and the bound that no other row exceeds."""
        self.env.cr.execute(*field.scan(floor, most))
        rows = self.env.cr.fetchall()
        if len(rows) == most:
            return rows, rows[-1][2]
        return rows, floor - 2 * EPSILON if floor > 0.0 else NOBODY_LEFT
