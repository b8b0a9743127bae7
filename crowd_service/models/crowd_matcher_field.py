"""Where a request looks, and the statements that look there with their parameters.

In the area a statement goes cell by cell, in each by falling potential, and leaves a
cell as soon as nobody left in it can reach the floor. A first probe of a few rows per
cell tells a good floor. Remote work and very wide areas take the potential alone.
"""

import math

from .. import matching
from ..matching import cells as grid
from ..matching import scoring
from ..matching.entities import STANDARD_WEIGHTS
from .crowd_matcher_sql import (
    COUNT_CELLS,
    COUNT_WIDE,
    GIVEN,
    PROBE,
    SCAN,
    WIDE,
    array,
    constants,
    statement_of,
)

MOST_CELLS = 2500
PROBED_KM = 5.5  # farther within the cell, and slower at this hour than at the best
PROBED_CELLS, PROBED_ROWS = 20, 24  # nearest cells, and rows of each
POLAR_LATITUDE, DATE_LINE = 75.0, 170.0  # beyond, a plane is no good for distances
NOT_MORE = 0.99  # of the true distance, at most, is a plane's
COUNT_UP_TO = 4000
PREFERRED_BOUND = 1000.0  # more than anybody can have
MAX_RATE = 2**31 - 1  # of the search table
EPSILON = 1e-6  # km; far more than the rounding of floats


class Field:
    """Where a request looks: the statements and their parameters."""

    def __init__(self, ask):
        request = ask.request
        self.request = request
        self._similar = ask.similar
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
            "bands": array(band for band, _cell, _km in self.cells),
            "cells": array(cell for _band, cell, _km in self.cells),
            "kms": array(
                math.floor(km * 1000) / 1000 for _band, _cell, km in self.cells
            ),
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
            "kinds": self._kinds(),
            "count_up_to": COUNT_UP_TO,
            "preferred": list(ask.preferences),
            "preferred_bound": PREFERRED_BOUND,
        }

    def _kinds(self):
        """Return the kinds of workers that the communities do not tell apart."""
        kinds = self.request.narrow.worker_types
        externals = set(matching.EXTERNALS)
        is_mixed = not externals.issubset(kinds) and bool(externals.intersection(kinds))
        return list(kinds) if is_mixed else []

    def _point_params(self, ask):
        points, request = self.points, self.request
        newcomer = points["fairness"] * scoring.NEWCOMER_SHARE
        return {
            "w_distance": 0.0 if request.is_remote else points["distance"],
            "w_quality": points["quality"],
            "w_response": points["response"],
            "w_experience": points["experience"],
            "w_newness": newcomer,
            "w_calm": points["fairness"] - newcomer,
            "w_cost": points["cost"],
            "w_below_price": points["cost"] * scoring.BELOW_PRICE,
            "free_rate": 0 if request.minutes else MAX_RATE,
            "full_rate": self._full_rate(),
            "halving_tickets": scoring.HALVING_TICKETS,
            "newcomer_ratings": float(scoring.NEWCOMER_RATINGS),
            "bucket_bits": 8 * ask.bucket,
        }

    def _full_rate(self):
        """Return the hundredths an hour from which on the work costs the price.

        A hair less, for floats: costs are compared in hundredths.
        """
        request = self.request
        return round(request.price, 2) * 6000 / (request.minutes or 1) * (1 - 1e-9)

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

    def scan(self, most, floor=None, wanted=0):
        """Return statement and parameters for rows with a bound of at least ``floor``.

        :param wanted: without a floor: find one that about so many rows reach
        """
        near, radius = self.params["w_distance"], self.params["radius"]
        worth = self.worth or 1e-9
        slope = near / radius / worth  # potential needed for each km
        reach = abs(self.request.lat) + radius / grid.KM_PER_DEGREE
        is_plain = reach < POLAR_LATITUDE and abs(self.request.lon) < DATE_LINE
        params = dict(
            self.params,
            floor=floor,
            most=most,
            wanted=wanted,
            least=0.0,
            probed_rows=PROBED_ROWS,
            probed_km=self._probed_km(),
            typical_worth=self._typical_worth(),
            within_km=PROBED_KM,
            worth=worth,
            slope=slope,
            plane_slope=slope * NOT_MORE * grid.KM_PER_DEGREE if is_plain else 0.0,
            shrink=math.cos(math.radians(reach)) ** 2,
        )
        statement = self._statement(SCAN, PROBE if floor is None else GIVEN)
        return statement, self._complete(params)

    def _typical_worth(self):
        """Return what a point with the standard weights is worth here on the average."""
        parts = [n for n in STANDARD_WEIGHTS if n not in ("distance", "preference")]
        standard = sum(STANDARD_WEIGHTS[part] for part in parts)
        return sum(self.points[part] for part in parts) / standard

    def _probed_km(self):
        """Return how far the cells of the probe are."""
        kms = sorted(km for _band, _cell, km in self.cells)
        return min(kms[:PROBED_CELLS][-1], self.request.radius_km)

    def wide(self, most, potential=math.inf, least=0.0):
        """Return statement and parameters for ``most`` rows by falling potential.

        :param potential: where to begin
        :param least: the bound that rows must have to be looked at any further
        """
        params = dict(self.params, most=most, from_potential=potential, least=least)
        return self._statement(WIDE), self._complete(params)

    def _complete(self, params):
        return dict(constants(params), **self._similar)

    def _statement(self, template, floor=""):
        filters = (
            bool(self.params["others"]),
            self.request.territory_id is not None,
            bool(self.params["kinds"]),
            bool(self.params["preferred"]),
        )
        return statement_of(template, *filters, floor)

    def ceiling_of(self, potential, worker_id=0):
        """Return bound and id that nobody comes before who has that potential, and no
        lower id."""
        near = self.params["w_distance"]
        bound = scoring.rounded(self.worth * potential + near + 2e-9)
        return bound, 0 if near else worker_id
