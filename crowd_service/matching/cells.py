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

    ``km`` is no more than the distance to the nearest point of the cell. The way to a
    meridian less than 90 degrees away is ``asin(cos lat * sin d)``.
    """
    found, most = [], radius_km + MARGIN_KM
    cos_lat = math.cos(math.radians(lat))
    for band, first, last in spans(lat, lon, radius_km):
        north_km = _km_to_band(lat, band)
        scale = cells_per_degree(band)
        for cell in range(first, last + 1):
            outside = _degrees_outside((lon - cell / scale) % 360.0, 1 / scale)
            km = EARTH_RADIUS_KM * math.asin(cos_lat * math.sin(math.radians(outside)))
            if km < north_km:
                km = north_km
            if km <= most:
                found.append((band, cell, km))
    return found


def _km_to_band(lat, band):
    """Return the km to the nearer edge of a band; 0 inside."""
    south = band / BANDS_PER_DEGREE
    outside = max(south - lat, lat - south - 1 / BANDS_PER_DEGREE, 0.0)
    return outside * KM_PER_DEGREE


def _degrees_outside(offset, width):
    """Return the degrees, at most 90, to the nearer of a cell's meridians; 0 between.

    :param offset: degrees eastwards from the western one, 0 to 360
    """
    if offset <= width:
        return 0.0
    east, west = offset - width, 360.0 - offset
    return min(east, west, 90.0)
