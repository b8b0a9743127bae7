"""Who takes part: companies, customers, services, members."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from math import asin, cos, exp, log, radians, sin, sqrt
from typing import Optional

from .lots import draw

EARTH_KM = 6371.0088
RADIUS_KM = 30
MOST_ASKED = 60  # who lives farther is not looked at
TECHNICIANS_ASKED = 0.25  # share of the technicians at hand, for what others can do
#: Share of externals who joined within the year, and how much more in the campaign.
NEW_SHARE, RECRUITING = 0.55, 4
#: Share of active externals who stopped answering some day.
SILENT_SHARE = 0.15


@dataclass(frozen=True)
class User:
    user_id: int
    partner_id: int


@dataclass(frozen=True)
class Firm:
    """A company: its people inside, and what its records need."""

    company_id: int
    zone: str
    team_id: int
    order_team_id: int
    agents: tuple
    dispatcher: User
    manager: User
    technicians: tuple
    categories: dict
    remote_location_id: Optional[int] = None


@dataclass(frozen=True)
class Service:
    """``family`` is its name in all companies, ``texts`` what customers say of it."""

    service_id: int
    company_id: int
    family: str
    name: str
    minutes: int
    price: float
    deadline_hours: int
    is_remote: bool
    audience: str
    weight: float
    category: str = ""
    texts: tuple = ()


@dataclass(frozen=True)
class Place:
    """A customer and where he lives; ``is_hard``: where the crowd does not work."""

    location_id: int
    company_id: int
    customer_id: int
    name: str
    email: str
    lat: float
    lon: float
    territory_id: Optional[int] = None
    area: str = ""
    is_hard: bool = False
    weight: float = 1.0


@dataclass(frozen=True)
class Member:
    """A membership and its worker; ``zeal`` is how likely he answers, 0 to 1."""

    membership_id: int
    worker_id: int
    partner_id: int
    community_id: int
    company_id: int
    worker_type: str
    state: str
    lat: Optional[float]
    lon: Optional[float]
    user_id: Optional[int] = None
    since: Optional[date] = None  # he was asked on that day already
    joined: Optional[date] = None
    left: Optional[date] = None
    zeal: float = 0.5
    talent: float = 0.9

    @property
    def is_external(self):
        return self.worker_type != "technician"

    def is_with_us(self, day):
        """Tell whether he could be asked on a day."""
        return self.joined <= day and (self.left is None or day < self.left)


@dataclass
class Cast:
    """Everybody.

    :param firms: by company; ``services`` by id
    :param skilled: ``{service id: ids of the memberships that have its skills}``
    :param skills: ``{service id: (id, name) of the skill it needs first}``
    """

    firms: dict
    services: dict
    places: list
    members: list
    skilled: dict
    skills: dict
    known: dict = field(default_factory=dict)

    def around(self, place):
        """Return ``(member, km)`` of the company's workers, the nearest first."""
        key = "around", place.location_id
        if key not in self.known:
            found = [
                (member, distance(member, place))
                for member in self.members
                if member.company_id == place.company_id
            ]
            found.sort(key=lambda pair: (pair[1] or 999.0, pair[0].membership_id))
            self.known[key] = found
        return self.known[key]

    def able(self, service, place):
        """Return ``(member, km)`` of who could do it there, the nearest first."""
        key = service.service_id, place.location_id
        if key not in self.known:
            self.known[key] = [
                (member, km)
                for member, km in self.around(place)
                if self.hurdle(service, member, km) is None
                and (member.is_external <= (service.audience != "experts"))
                and (member.is_external or service.audience != "crowd")
            ]
        return self.known[key]

    def hurdle(self, service, member, km):
        """Return the code of why somebody cannot do it, or None."""
        if member.membership_id not in self.skilled.get(service.service_id, ()):
            return "skill"
        if service.is_remote:
            return None
        if km is None:
            return "unlocated"
        return "radius" if km > reach(member) else None

    def technicians(self, place):
        """Return ``(member, km)`` of the nearest technicians of the company."""
        key = "technicians", place.location_id
        if key not in self.known:
            own = [pair for pair in self.around(place) if not pair[0].is_external]
            self.known[key] = own[:4]
        return self.known[key]

    def choose(self, lots, service, place, day, quantity, without=()):
        """Return up to ``quantity`` pairs of :meth:`able`, the likely ones first."""
        drawn, seen = [], set(without)
        for member, km in self.able(service, place):
            if member.worker_id in seen or not member.is_with_us(day):
                continue
            seen.add(member.worker_id)  # some are in two communities
            if not member.is_external and _is_spared(service, lots):
                continue
            weight = _weight(member, km, service)
            drawn.append((-log(1 - lots.random()) / weight, member, km))
            if len(drawn) >= MOST_ASKED:
                break
        drawn.sort(key=lambda item: item[0])
        return [(member, km) for _key, member, km in drawn[:quantity]]


def reach(member):
    """Return how many kilometres somebody goes at most."""
    return RADIUS_KM if member.is_external else 3 * RADIUS_KM


def _is_spared(service, lots):
    """Tell whether a technician has other work: only he can do some of it."""
    return service.audience != "experts" and lots.random() > TECHNICIANS_ASKED


def _weight(member, km, service):
    """Return how gladly the match would ask him."""
    near = 1.0 if service.is_remote else exp(-(km or 0) / 12)
    return (0.3 + near) * (0.6 + member.zeal)


def globe_km(one, other):
    """Return the kilometres between two positions in degrees, on a globe."""
    lat, other_lat = radians(one[0]), radians(other[0])
    part = (
        sin((lat - other_lat) / 2) ** 2
        + cos(lat) * cos(other_lat) * sin(radians(one[1] - other[1]) / 2) ** 2
    )
    return 2 * EARTH_KM * asin(sqrt(part))


def distance(member, place):
    """Return the kilometres between worker and place, None if one is unknown."""
    if member.lat is None or place.lat is None:
        return None
    return round(globe_km((member.lat, member.lon), (place.lat, place.lon)), 1)


def enrol(members, year, seed):
    """Return the members with the days on which they joined and left, and their ways.

    Half of the externals came within the year, month by month, most with the campaign.
    Whose membership has ended left some day of it; others fell silent.
    """
    return [_enrol(m, year, draw(seed, "member", m.membership_id)) for m in members]


def _enrol(member, year, lots):
    talent = 0.75 + 0.25 * lots.random() ** 0.5
    if not member.is_external:
        joined = _draw_early(year, lots)
        return replace(member, joined=joined, zeal=0.6, talent=talent)
    is_new = lots.random() < NEW_SHARE
    joined = (_draw_joined if is_new else _draw_early)(year, lots)
    if member.since:
        joined = min(joined, member.since)
    left = _draw_left(joined, year, lots) if member.state != "active" else None
    zeal = 0.0 if lots.random() < SILENT_SHARE else lots.random()
    return replace(member, joined=joined, left=left, zeal=zeal, talent=talent)


def _draw_early(year, lots):
    return year.first - timedelta(days=lots.randrange(30, 900))


def _draw_joined(year, lots):
    """Return a day of the year, most likely one of the campaign's."""
    days = [year.day(number) for number in range(year.days - 3)]
    weights = [RECRUITING if year.is_campaign(day) else 1 for day in days]
    return lots.choices(days, weights)[0]


def _draw_left(joined, year, lots):
    begin = max(joined, year.first)
    days = max((year.today - begin).days, 2)
    return begin + timedelta(days=lots.randrange(1, days))
