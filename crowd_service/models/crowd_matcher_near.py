"""Near misses: those whom little keeps out, looked for where they are likely.

A second statement with a few bounded searches, each from the customer outwards. So
near misses are examples, not a count: ``crowd.matcher._survey`` counts everybody.
"""

import math
from functools import lru_cache

from odoo import api, models

from .. import matching
from ..matching import cells as grid
from .crowd_matcher_field import EPSILON
from .crowd_matcher_sql import (
    DISTANCE,
    KIND,
    OPEN_JOBS,
    OTHERS,
    TERRITORY,
    array,
    constants,
)
from .crowd_worker_search import NO_SKILL, NOT_ACTIVE, NOWHERE

ROWS_PER_CELL = 100
MOST_OF_A_KIND = 30
INNER_MARGIN_KM = 13  # no cell is longer across
POLAR_LATITUDE = 85  # beyond, cells tell too little of how near they are

ROWS = """
SELECT t.membership_id, t.level, t.valid_until, t.own_radius_km, t.capacity,
       t.worker_id, {km} AS km
  FROM crowd_worker_search t
 WHERE t.company_id = %(company)s AND t.community_id = ANY(%(communities)s)
   AND NOT t.worker_id = ANY(%(out)s)
"""
MEMBERS = ROWS.format(km=DISTANCE)
IN_CELL = MEMBERS + " AND t.band = c.band AND t.cell = c.cell"
OUTWARDS = (
    """
(SELECT t.worker_id
   FROM unnest(%(near_bands)s::int2[], %(near_cells)s::int2[], %(near_kms)s::float8[])
        AS c(band, cell, km)
  CROSS JOIN LATERAL ("""
    + IN_CELL
    + """
        AND t.qualification = {qualification} LIMIT %(rows)s) t
  WHERE {misses} LIMIT %(most)s)
"""
)
EVERYWHERE = (
    """
(SELECT t.worker_id
   FROM (
"""
    + MEMBERS
    + """
        AND t.qualification = {qualification} ORDER BY t.potential DESC LIMIT %(rows)s) t
  WHERE {misses} LIMIT %(most)s)
"""
)
UNLOCATED = (
    """
(SELECT t.worker_id
   FROM (
"""
    + MEMBERS
    + """
        AND t.qualification = %(driver)s AND t.band = %(nowhere)s AND t.cell = %(nowhere)s LIMIT %(rows)s) t
  LIMIT %(most)s)
"""
)
IN_REACH = "t.km <= %(reach)s AND "
UNFIT = """
(t.level < %(level)s OR t.valid_until < %(day)s
 OR t.own_radius_km > 0 AND t.km > t.own_radius_km
 OR {open_jobs} >= t.capacity {others} {territory})
"""
WITHOUT_SKILL = """
NOT EXISTS (SELECT FROM crowd_worker_search x
             WHERE x.membership_id = t.membership_id
               AND x.qualification = %(driver)s)
"""
BEYOND = "c.km > %(inner)s AND t.km > %(reach)s AND t.km <= %(near_reach)s"


@lru_cache(maxsize=None)
def _statement(is_wide, is_remote, others, territory, has_kinds):
    """Return the statement that looks for all kinds of near misses."""
    unfit = UNFIT.format(
        open_jobs=OPEN_JOBS,
        others=OTHERS.replace("AND NOT EXISTS", "OR EXISTS", 1) if others else "",
        territory=TERRITORY.replace("AND (", "OR NOT (", 1) if territory else "",
    )
    kinds = [
        ("%(driver)s", unfit),
        ("%(no_skill)s", WITHOUT_SKILL),
        ("%(not_active)s", "TRUE"),
    ]
    search = EVERYWHERE if is_wide else OUTWARDS
    within = IN_REACH + (KIND.replace("AND", "", 1) + " AND " if has_kinds else "")
    parts = [
        search.format(qualification=kind, misses=within + misses)
        for kind, misses in kinds
    ]
    if not is_wide:
        parts.append(search.format(qualification="%(driver)s", misses=BEYOND))
    if not is_remote:
        parts.append(UNLOCATED)
    return " UNION ".join(parts)


class CrowdMatcher(models.AbstractModel):
    """The search for near misses."""

    _inherit = "crowd.matcher"

    @api.model
    def _search_near(self, ask, field, judged):
        """Return the verdicts on all memberships of those whom little may keep out.

        :param judged: the verdicts of the search for the best
        """
        params = constants(dict(field.params, **self._near_params(field)))
        statement = _statement(
            field.is_wide,
            field.request.is_remote,
            bool(params["others"]),
            params["territory"] is not None,
            bool(params["kinds"]),
        )
        self.env.cr.execute(statement, params)
        found = {row[0] for row in self.env.cr.fetchall()}
        found.update(verdict.worker_id for verdict in judged if verdict.reasons)
        found.difference_update(v.worker_id for v in judged if not v.reasons)
        for worker_id in found:  # who is kept out gets no points, so nobody counts
            ask.similar_counts.setdefault(worker_id, 0)
        return self._weigh_workers(ask, sorted(found))

    @api.model
    def _near_params(self, field):
        request, near = field.request, []
        near_reach = request.radius_km * matching.NEAR_FACTOR
        if not field.is_wide:
            near = grid.cells(request.lat, request.lon, near_reach)
            near.sort(key=lambda cell: cell[2])
        return {
            "near_bands": array(band for band, _cell, _km in near),
            "near_cells": array(cell for _band, cell, _km in near),
            "near_kms": array(km for _band, _cell, km in near),
            "near_reach": math.inf if field.is_wide else near_reach + EPSILON,
            # cells that lie wholly within reach hold nobody beyond it
            "inner": -1.0
            if abs(request.lat or 0.0) > POLAR_LATITUDE
            else request.radius_km - INNER_MARGIN_KM,
            "rows": ROWS_PER_CELL,
            "most": MOST_OF_A_KIND,
            "no_skill": NO_SKILL,
            "not_active": NOT_ACTIVE,
            "nowhere": NOWHERE,
        }
