"""What the rules are about: a request, the workers, and what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

#: A code and the data that its wording needs: ``("radius", {"over_km": 4.2})``.
Remark = tuple[str, Mapping[str, Any]]

PARTS = ("distance", "quality", "skill", "fairness")


@dataclass(frozen=True)
class Request:
    """What a ticket asks for.

    ``skills`` maps skill ids to least levels (0-100), ``audience`` is "crowd", "both"
    or "experts", ``customer_ids`` are partners that must not work on it, and
    ``mean_quality`` is the mean of all ratings of the crowd (None: nobody was rated).
    """

    service_id: int
    lat: Optional[float] = None
    lon: Optional[float] = None
    radius_km: float = 0.0
    is_remote: bool = False
    skills: Mapping[int, int] = field(default_factory=dict)
    audience: str = "both"
    customer_ids: frozenset[int] = frozenset()
    mean_quality: Optional[float] = None


@dataclass(frozen=True)
class Worker:
    """The facts about one worker at the moment of the match.

    Membership facts are those of his best membership in the ticket's company;
    ``membership_id`` is None when he has none there. ``lat`` is None when his
    position is unknown. ``levels`` maps his skills to levels (0-100), at least those
    that the request names. ``recent_offers`` were sent within the last seven days.
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
    levels: Mapping[int, int] = field(default_factory=dict)
    open_jobs: int = 0
    accepted_today: int = 0
    recent_offers: int = 0
    was_asked: bool = False
    gave_back: bool = False

    @property
    def is_located(self):
        """Tell whether his position is known; 0, 0 is a place."""
        return self.lat is not None and self.lon is not None


@dataclass(frozen=True)
class Candidate:
    """A worker, judged.

    Ranked: ``rank`` from 1, ``score`` (0-100) is the sum of ``parts``, ``reasons``
    speak for him. Excluded: ``excluded_reason`` is the code of the first rule he
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
    parts: Mapping[str, float] = field(
        default_factory=lambda: dict.fromkeys(PARTS, 0.0)
    )
    rank: int = 0
    excluded_reason: str = ""
    reasons: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class MatchResult:
    """Everybody who was looked at.

    ``ranked`` holds the best ``limit``, best first, of ``ranked_count``;
    ``near_misses`` those whom one curable reason keeps out; ``excluded`` counts
    workers per first reason; ``looked_at`` is the number of workers judged.
    """

    ranked: tuple[Candidate, ...] = ()
    near_misses: tuple[Candidate, ...] = ()
    ranked_count: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    looked_at: int = 0
