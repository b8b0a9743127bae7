"""What the rules are about: a request, the workers, and what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Optional

from .availability import Schedule

#: A code and the data that its wording needs: ``("radius", {"over_km": 4.2})``.
Remark = tuple[str, Mapping[str, Any]]

#: The parts of the score and the points that each can give, unless configured.
STANDARD_WEIGHTS = {
    "distance": 30.0,
    "quality": 20.0,
    "response": 15.0,
    "experience": 10.0,
    "fairness": 15.0,
    "preference": 5.0,
    "cost": 5.0,
}
PARTS = tuple(STANDARD_WEIGHTS)
#: Kinds of workers who are no employees.
EXTERNALS = ("friend", "professional", "partner_staff")
NOTHING: Mapping = MappingProxyType({})
NO_POINTS: Mapping = MappingProxyType(dict.fromkeys(PARTS, 0.0))


@dataclass(frozen=True)
class Narrow:
    """Whom a step of a ladder asks, of those whom the service is meant for.

    Nothing given: everybody. ``radius_km`` replaces that of the service.
    """

    worker_types: tuple[str, ...] = ()
    community_ids: tuple[int, ...] = ()
    radius_km: Optional[float] = None


@dataclass(frozen=True)
class Request:
    """What a ticket asks for.

    ``skills`` maps skill ids to least levels (0-100), ``audience`` is "crowd", "both"
    or "experts", ``narrow`` says whom of them. ``customer_ids`` are partners that must not work on it. ``now`` is
    the moment of the match and ``window`` the wished ``(from, to)``, None for "as soon
    as possible"; all naive UTC. ``minutes`` is the planned work. ``weights`` are the
    points of the parts. The means are those of the crowd, None when nothing is known.
    ``price`` is what the customer pays, in the company's currency.
    """

    service_id: int
    lat: Optional[float] = None
    lon: Optional[float] = None
    radius_km: float = 0.0
    is_remote: bool = False
    skills: Mapping[int, int] = field(default_factory=dict)
    audience: str = "both"
    narrow: Narrow = Narrow()
    customer_ids: frozenset[int] = frozenset()
    language_id: Optional[int] = None
    territory_id: Optional[int] = None
    now: datetime = datetime(2000, 1, 1)
    window: Optional[tuple[datetime, datetime]] = None
    minutes: int = 60
    price: float = 0.0
    weights: Mapping[str, float] = field(default_factory=lambda: STANDARD_WEIGHTS)
    mean_quality: Optional[float] = None
    mean_success: Optional[float] = None
    mean_response: Optional[float] = None

    @property
    def day(self):
        """Return the day of the work (UTC): certificates must be valid on it."""
        return (self.window[0] if self.window else self.now).date()


class Worker(NamedTuple):
    """The facts about one worker in one membership, at the moment of the match.

    ``membership_id`` is None when he has none in the ticket's company. ``lat`` is None
    when his position is unknown. ``levels`` maps his skills to levels (0-100) and
    ``valid_until`` those with an end to its day, at least those that the request
    names. No ``territory_ids``: he works everywhere. ``recent_offers`` were sent
    within the last seven days. ``quality`` are the mean stars (1-5) of
    ``quality_count`` ratings; ``solved_count`` of ``job_count`` ended jobs were solved.
    ``response_sum`` is the sum of his responses (0-1 each, see ``scoring``) to
    ``response_count`` offers at this part of the week, ``answer_minutes`` the mean
    time he took to answer those that he did answer. ``similar_count`` similar tickets
    he solved. ``preference`` is "asked_for", "liked" or "". ``cost_rate`` is the cost
    of an hour in the company's currency.
    """

    worker_id: int
    name: str = ""
    worker_type: str = "friend"
    lat: Optional[float] = None
    lon: Optional[float] = None
    own_radius_km: float = 0.0
    partner_ids: frozenset[int] = frozenset()
    is_active: bool = True
    is_reachable: bool = True
    membership_id: Optional[int] = None
    community_id: Optional[int] = None
    membership_state: str = ""
    does_service: bool = True
    capacity: int = 1
    daily_cap: int = 0
    quality: float = 0.0
    quality_count: int = 0
    job_count: int = 0
    solved_count: int = 0
    response_sum: float = 0.0
    response_count: int = 0
    answer_minutes: Optional[float] = None
    similar_count: int = 0
    preference: str = ""
    cost_rate: float = 0.0
    levels: Mapping[int, int] = NOTHING
    valid_until: Mapping[int, date] = NOTHING
    language_ids: frozenset[int] = frozenset()
    territory_ids: frozenset[int] = frozenset()
    schedule: Schedule = Schedule()
    open_jobs: int = 0
    accepted_today: int = 0
    recent_offers: int = 0
    was_asked: bool = False
    gave_back: bool = False
    is_blocked: bool = False

    @property
    def is_located(self):
        """Tell whether his position is known; 0, 0 is a place."""
        return self.lat is not None and self.lon is not None


class Candidate(NamedTuple):
    """A worker, judged.

    Ranked: ``rank`` from 1, ``score`` (0-100) is the sum of ``parts``, rounded to
    1/10000, ``reasons`` speak for him. Excluded: ``excluded_reason`` is the code of the first rule he
    fails, ``reasons`` are all of them, score and parts are zero.
    ``distance_km`` and ``travel_minutes`` are None when they are unknown or, for
    remote work, of no matter.
    """

    worker_id: int
    name: str
    worker_type: str
    membership_id: Optional[int]
    community_id: Optional[int]
    distance_km: Optional[float]
    travel_minutes: Optional[int]
    score: float = 0.0
    parts: Mapping[str, float] = NO_POINTS
    rank: int = 0
    excluded_reason: str = ""
    reasons: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class MatchResult:
    """What a match found.

    ``ranked`` holds the best ``limit``, best first; ``near_misses`` those whom one
    curable reason keeps out, among the workers nearest to being asked.
    """

    ranked: tuple[Candidate, ...] = ()
    near_misses: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class Survey:
    """Everybody counted: ``looked_at`` workers, ``fit`` of them can be asked,
    ``excluded`` counts the others by the first rule they fail."""

    looked_at: int = 0
    fit: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
