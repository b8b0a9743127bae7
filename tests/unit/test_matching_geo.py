"""Distances and boxes against an independent library, and at the corners of the map."""

import math

import pytest
from geopy.distance import geodesic, great_circle
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crowd_service.matching import geo

LATS = st.floats(-90, 90)
LONS = st.floats(-180, 180)
PLACES = st.tuples(LATS, LONS)
RADII = st.floats(0, 2000)
HALF_WAY_ROUND = math.pi * geo.EARTH_RADIUS_KM


@given(PLACES, PLACES)
def test_distance_is_the_great_circle(one, other):
    expected = great_circle(one, other).km
    assert geo.distance_km(*one, *other) == pytest.approx(expected, rel=1e-5, abs=1e-5)


@given(PLACES, PLACES)
def test_distance_is_within_half_a_percent_of_the_ellipsoid(one, other):
    found = geo.distance_km(*one, *other)
    assume(found < 0.99 * HALF_WAY_ROUND)  # near the antipode geopy may not converge
    assert found == pytest.approx(geodesic(one, other).km, rel=0.0057, abs=1e-3)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((46.948, 7.4474), (47.3769, 8.5417)),  # Bern, Zurich
        ((46.948, 7.4474), (46.9167, 7.4667)),
        ((52.52, 13.405), (48.137, 11.575)),  # Berlin, Munich
        ((0.0, 0.0), (0.2, 0.2)),
    ],
)
def test_distance_in_the_field(one, other):
    found = geo.distance_km(*one, *other)
    assert found == pytest.approx(geodesic(one, other).km, rel=0.005)


@given(PLACES, PLACES)
def test_distance_has_no_direction(one, other):
    assert geo.distance_km(*one, *other) == pytest.approx(geo.distance_km(*other, *one))


@given(PLACES, PLACES)
def test_distance_is_finite_and_at_most_half_way_round(one, other):
    assert 0 <= geo.distance_km(*one, *other) <= HALF_WAY_ROUND * (1 + 1e-12)


def test_distance_across_the_antimeridian():
    assert geo.distance_km(0, 179.9, 0, -179.9) == pytest.approx(22.24, rel=0.01)
    assert geo.distance_km(10, 180, 10, -180) == pytest.approx(0, abs=1e-9)


def test_distance_at_the_poles_ignores_the_longitude():
    assert geo.distance_km(90, 0, 90, 120) == pytest.approx(0, abs=1e-9)
    assert geo.distance_km(90, 0, -90, 77) == pytest.approx(HALF_WAY_ROUND)


@given(PLACES, PLACES, st.floats(1, 2))
@example((0.0, 179.9), (0.0, -179.9), 1.0)
@example((0.0, -180.0), (0.0, 180.0), 1.0)
@example((0.0, 0.0), (0.0, 0.0), 1.0)
@example((89.9, 10.0), (89.9, -170.0), 1.0)
@example((-90.0, 0.0), (-89.95, 123.0), 1.0)
def test_box_holds_whoever_is_in_the_circle(centre, place, slack):
    radius = geo.distance_km(*centre, *place) * slack
    assert geo.bounding_box(*centre, radius).contains(*place)


@given(PLACES, st.floats(0, 360), RADII)
def test_box_holds_the_rim(centre, bearing, radius):
    point = great_circle(kilometers=radius).destination(centre, bearing)
    place = point.latitude, point.longitude
    assume(geo.distance_km(*centre, *place) <= radius)
    assert geo.bounding_box(*centre, radius).contains(*place)


@given(PLACES, RADII)
def test_box_has_at_most_two_ordered_intervals(centre, radius):
    box = geo.bounding_box(*centre, radius)
    assert -90 <= box.south <= box.north <= 90
    assert 1 <= len(box.lons) <= 2
    assert all(-180 <= west <= east <= 180 for west, east in box.lons)


def test_box_is_no_larger_than_it_must_be():
    box = geo.bounding_box(46.948, 7.4474, 30)
    ((west, east),) = box.lons
    assert box.north - box.south == pytest.approx(2 * 30 / 111.195, rel=1e-3)
    assert east - west == pytest.approx(2 * 30 / (111.195 * 0.6826), rel=1e-3)


def test_box_is_cut_at_the_antimeridian():
    assert [
        round(edge) for pair in geo.bounding_box(0, 179.9, 56).lons for edge in pair
    ] == [
        179,
        180,
        -180,
        -180,
    ]


def test_box_round_a_pole_is_the_whole_band():
    for lat in (89.9, -89.9, 90.0, -90.0):
        assert geo.bounding_box(lat, 12.0, 30).lons == ((-180.0, 180.0),)


def test_box_of_more_than_the_earth_is_the_earth():
    box = geo.bounding_box(10, 10, 30_000)
    assert (box.south, box.north, box.lons) == (-90.0, 90.0, ((-180.0, 180.0),))


def test_travel_minutes_of_nothing():
    assert geo.travel_minutes(0) == 0


@given(st.floats(0, 500), st.floats(0, 500))
def test_travel_minutes_grow_with_the_distance(one, other):
    near, far = sorted((one, other))
    assert geo.travel_minutes(near) <= geo.travel_minutes(far)


@given(st.floats(0.1, 500))
def test_travel_is_between_town_and_road_speed(km):
    way = km * geo.DETOUR_FACTOR
    minutes = geo.travel_minutes(km)
    assert way / geo.ROAD_KMH * 60 <= minutes <= way / geo.TOWN_KMH * 60 + 1


@given(st.floats(0, 20_000))
def test_distance_band_holds_the_distance(km):
    low, high = geo.distance_band(km)
    assert low <= km
    assert high is None or km < high


def test_distance_bands():
    edges = [geo.distance_band(km) for km in (0, 2, 5, 10, 20, 30, 50, 100, 5000)]
    assert edges == [
        (0, 2),
        (2, 5),
        (5, 10),
        (10, 20),
        (20, 30),
        (30, 50),
        (50, 100),
        (100, None),
        (100, None),
    ]
