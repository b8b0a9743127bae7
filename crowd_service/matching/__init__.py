"""Who could do a job, and how well: pure Python, nothing here knows Odoo."""

from .availability import Schedule
from .entities import (
    EXTERNALS,
    PARTS,
    STANDARD_WEIGHTS,
    Candidate,
    MatchResult,
    Narrow,
    Request,
    Survey,
    Worker,
)
from .filters import NEAR_FACTOR
from .geo import (
    EARTH_RADIUS_KM,
    bounding_box,
    distance_band,
    distance_km,
    travel_minutes,
)
from .ranking import best_of_each, judge, rank, sort_out, survey, tell, weigh
from .reasons import REASONS

__all__ = [
    "EARTH_RADIUS_KM",
    "EXTERNALS",
    "NEAR_FACTOR",
    "PARTS",
    "REASONS",
    "STANDARD_WEIGHTS",
    "Candidate",
    "MatchResult",
    "Narrow",
    "Request",
    "Schedule",
    "Survey",
    "Worker",
    "best_of_each",
    "bounding_box",
    "distance_band",
    "distance_km",
    "judge",
    "rank",
    "sort_out",
    "survey",
    "tell",
    "travel_minutes",
    "weigh",
]
