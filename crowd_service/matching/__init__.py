"""Who could do a job, and how well: pure Python, nothing here knows Odoo."""

from .entities import PARTS, Candidate, MatchResult, Request, Worker
from .filters import NEAR_FACTOR
from .geo import bounding_box, distance_band, distance_km, travel_minutes
from .ranking import judge, rank
from .reasons import REASONS

__all__ = [
    "NEAR_FACTOR",
    "PARTS",
    "REASONS",
    "Candidate",
    "MatchResult",
    "Request",
    "Worker",
    "bounding_box",
    "distance_band",
    "distance_km",
    "judge",
    "rank",
    "travel_minutes",
]
