"""The grid of the search table: bands of latitude, cut into cells about as wide.

A band is 1/20 degree of latitude (5.6 km) high. Its cells are 1/20 degree divided by
the cosine of its middle latitude wide, so that they are about square everywhere; near
the poles a band has few cells. Bands and cells are small integers; the search table
holds those of each worker, computed by the same formula in SQL.
"""

import math

from .geo import EARTH_RADIUS_KM, bounding_box

BANDS_PER_DEGREE = 20
KM_PER_DEGREE = math.radians(EARTH_RADIUS_KM)
MARGIN_KM = 1e-6  # far more than the rounding of floats


def band_of(lat):
    """Return the band of a latitude, -1800 to 1800.

    >>> band_of(0.0), band_of(-0.01), band_of(90.0)
    (0, -1, 1800)
    """
    return math.floor(lat * BANDS_PER_DEGREE)


def cells_per_degree(band):
    """Return how many cells one degree of longitude has in a band."""
    middle = math.radians((band + 0.5) / BANDS_PER_DEGREE)
    return BANDS_PER_DEGREE * abs(math.cos(middle))


def cell_of(lon, band):
    """Return the cell of a longitude in a band.

    >>> cell_of(0.0, 0), cell_of(179.99, 0), cell_of(-180.0, 1799)
    (0, 3599, -2)
    """
    return math.floor(lon * cells_per_degree(band))


def spans(lat, lon, radius_km):
    """Return ``[(band, first cell, last cell), ...]`` that hold the whole circle."""
    box = bounding_box(lat, lon, radius_km)
    found = []
    for band in range(band_of(box.south), band_of(box.north) + 1):
        scale = cells_per_degree(band)
        found += [
            (band, math.floor(west * scale), math.floor(east * scale))
            for west, east in box.lons
        ]
    return found


def cells(lat, lon, radius_km):
    """Return ``[(band, cell, km), ...]`` of the circle's cells.

    ``km`` is no more than the distance to the nearest point of the cell.
    """
    found = []
    for band, first, last in spans(lat, lon, radius_km):
        north_km = _km_to_band(lat, band)
        scale = cells_per_degree(band)
        for cell in range(first, last + 1):
            km = max(north_km, _km_to_meridians(lat, lon, cell / scale, 1 / scale))
            if km <= radius_km + MARGIN_KM:
                found.append((band, cell, km))
    return found


def _km_to_band(lat, band):
    """Return the km to the nearer edge of a band; 0 inside."""
    south = band / BANDS_PER_DEGREE
    outside = max(south - lat, lat - south - 1 / BANDS_PER_DEGREE, 0.0)
    return outside * KM_PER_DEGREE


def _km_to_meridians(lat, lon, west, width):
    """Return the km to the nearer of a cell's two meridians; 0 between them.

    The way to a meridian less than 90 degrees away is ``asin(cos lat * sin d)``.
    """
    offset = (lon - west) % 360.0
    outside = min(offset - width, 360.0 - offset) if offset > width else 0.0
    if outside <= 0.0:
        return 0.0
    if outside >= 90.0:
        outside = 90.0
    ratio = math.cos(math.radians(lat)) * math.sin(math.radians(outside))
    return EARTH_RADIUS_KM * math.asin(min(1.0, ratio))
