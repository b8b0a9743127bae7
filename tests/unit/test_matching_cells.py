"""The grid: whoever lies in a circle lies in one of its cells, everywhere on Earth."""

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from crowd_service.matching import distance_km
from crowd_service.matching.cells import band_of, cell_of, cells, spans
from crowd_service.matching.geo import EARTH_RADIUS_KM

LATITUDES = st.floats(-90, 90) | st.floats(88.5, 90) | st.sampled_from([0, 90, -90])
LONGITUDES = st.floats(-180, 180) | st.sampled_from([180, -180, 179.99, 0])
ANGLES = st.floats(0, 2 * math.pi)


def place(lat, lon, km, bearing):
    """Return the place ``km`` away in a direction, with the digits that Odoo keeps."""
    lat, lon, angle = math.radians(lat), math.radians(lon), km / EARTH_RADIUS_KM
    sine = math.sin(lat) * math.cos(angle)
    sine += math.cos(lat) * math.sin(angle) * math.cos(bearing)
    there = math.asin(max(-1.0, min(1.0, sine)))
    east = math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(lat),
        math.cos(angle) - math.sin(lat) * math.sin(there),
    )
    lon = (math.degrees(lon + east) + 180) % 360 - 180
    return round(math.degrees(there), 5), round(lon, 5)


@settings(max_examples=500)
@given(LATITUDES, LONGITUDES, st.sampled_from([1, 5, 30, 60]), st.floats(0, 1), ANGLES)
@example(0.0, 179.99, 30, 0.9, math.pi / 2)
@example(89.9, 0.0, 30, 0.9, 0.0)
def test_whoever_is_near_lies_in_a_cell(lat, lon, radius, share, bearing):
    there = place(lat, lon, radius * share, bearing)
    km = distance_km(lat, lon, *there)
    if km > radius:
        return
    band = band_of(there[0])
    found = {(b, c): nearest for b, c, nearest in cells(lat, lon, radius)}
    nearest = found.get((band, cell_of(there[1], band)))
    assert nearest is not None
    assert nearest <= km + 1e-6


def test_cells_are_small_integers():
    for lat in (-90, -89.99, 0, 47, 89.99, 90):
        for lon in (-180, 0, 180):
            band = band_of(lat)
            assert abs(band) <= 1800
            assert abs(cell_of(lon, band)) <= 3600


def test_few_cells_even_at_the_poles():
    assert len(cells(46.9, 7.4, 30)) < 150
    assert len(cells(90, 0, 30)) < 300
    assert len(cells(0, 180, 30)) < 150


def test_spans_are_halved_by_the_antimeridian():
    assert len(spans(0, 0, 3)) * 2 == len(spans(0, 180, 3))
