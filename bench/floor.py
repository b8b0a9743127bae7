"""The floor: the nearest 50 of a cell straight from the covering index, without scoring.

What no search can do without: it looks in growing rings until 50 are found or the radius is reached, in one statement that
reads nothing but the index. Who has all qualifications counts; level, load, calendar and all the rest are not asked. Remote work has no nearest: its floor
are the first 50 by the potential that the table keeps.
"""

from odoo.addons.crowd_service.matching import cells as grid
from odoo.addons.crowd_service.models.crowd_worker_search import LANGUAGE, NO_SKILL

from .record import Statement, replay

RINGS_KM = (0.7, 1.4, 2.8, 5.6, 11.2, 22.4, 44.8)
NEAREST = """
WITH RECURSIVE span AS (
    SELECT * FROM unnest(%(rings)s, %(bands)s::int2[], %(firsts)s::int2[],
                         %(lasts)s::int2[]) AS s(ring, band, first, last)
), found AS (
    SELECT 0 AS ring, ARRAY[]::int4[] AS ids, 0 AS number
     UNION ALL
    SELECT r.ring + 1, n.ids, cardinality(n.ids)
      FROM found r
     CROSS JOIN LATERAL (
           SELECT COALESCE(array_agg(membership_id), ARRAY[]::int4[]) AS ids
             FROM (SELECT t.membership_id
                     FROM span s
                    CROSS JOIN LATERAL (
                          SELECT membership_id,
                                 (lat - %(lat)s) ^ 2
                                 + ((lon - %(lon)s) * %(shrink)s) ^ 2 AS far
                            FROM crowd_worker_search w
                           WHERE w.company_id = %(company)s
                             AND w.community_id = ANY(%(communities)s)
                             AND w.qualification = %(driver)s AND w.band = s.band
                             AND w.cell BETWEEN s.first AND s.last
                             AND NOT EXISTS (
                                 SELECT FROM unnest(%(others)s::int4[]) AS o(id)
                                  WHERE NOT EXISTS (
                                        SELECT FROM crowd_worker_search x
                                         WHERE x.membership_id = w.membership_id
                                           AND x.qualification = o.id))) t
                    WHERE s.ring = r.ring + 1
                      AND t.far <= (%(kms)s)[r.ring + 1] ^ 2
                    ORDER BY t.far LIMIT 50) nearest) n
     WHERE r.number < 50 AND r.ring < %(last_ring)s
)
SELECT unnest(ids) FROM found ORDER BY ring DESC LIMIT 50
"""
FIRST = """
SELECT worker_id FROM crowd_worker_search
 WHERE company_id = %(company)s AND qualification = %(driver)s
   AND community_id = ANY(%(communities)s)
 ORDER BY potential DESC, worker_id LIMIT 50
"""
RAREST = """
SELECT qualification FROM crowd_worker_search
 WHERE qualification = ANY(%s) GROUP BY 1 ORDER BY count(*) LIMIT 1
"""


class Floor:
    """The floor of one ticket: statement and parameters, made before the clock runs."""

    def __init__(self, env, ticket):
        ask = env["crowd.matcher"]._read_ask(ticket)
        request = ask.request
        wanted = _wanted(request)
        driver = _rarest(env.cr, wanted)
        params = {
            "company": ask.company_id,
            "communities": ask.community_ids,
            "driver": driver,
            "others": [one for one in wanted if one != driver],
        }
        if not request.is_remote:
            params.update(_rings(request))
        query = FIRST if request.is_remote else NEAREST
        self.statement = Statement(query, params, True)

    def run(self, connection):
        """Return the milliseconds that it takes on a bare connection."""
        return replay(connection, [self.statement])


def _wanted(request):
    """Return the qualifications that people must have."""
    wanted = list(request.skills) or [NO_SKILL]
    if request.language_id:
        wanted.append(LANGUAGE - request.language_id)
    return wanted


def _rarest(cr, wanted):
    if len(wanted) == 1:
        return wanted[0]
    cr.execute(RAREST, [wanted])
    return cr.fetchone()[0]


def _rings(request):
    """Return the spans of the index that hold each ring; distances on a plane will do."""
    kms = [km for km in RINGS_KM if km < request.radius_km] + [request.radius_km]
    spans = [
        (ring, *span)
        for ring, km in enumerate(kms, start=1)
        for span in grid.spans(request.lat, request.lon, km)
    ]
    rings, bands, firsts, lasts = (list(column) for column in zip(*spans))
    return {
        "rings": rings,
        "bands": bands,
        "firsts": firsts,
        "lasts": lasts,
        "kms": [km / grid.KM_PER_DEGREE for km in kms],
        "last_ring": len(kms),
        "lat": request.lat,
        "lon": request.lon,
        "shrink": grid.cells_per_degree(grid.band_of(request.lat)) / 20,
    }
