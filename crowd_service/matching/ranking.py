"""From a request and the workers' facts to a ranked list and its near misses."""

from collections import Counter
from dataclasses import replace

from .entities import Candidate, MatchResult
from .filters import failed_rules, is_near_miss
from .geo import distance_km, travel_minutes
from .scoring import score_parts

NEAR_MISSES_PER_REASON = 10


def judge(request, worker):
    """Return the unranked :class:`Candidate` that the rules make of ``worker``."""
    distance = _distance(request, worker)
    reasons = failed_rules(request, worker, distance)
    found = Candidate(
        worker_id=worker.worker_id,
        name=worker.name,
        worker_type=worker.worker_type,
        membership_id=worker.membership_id,
        community_id=worker.community_id,
        distance_km=distance,
        travel_minutes=None if distance is None else travel_minutes(distance),
    )
    if reasons:
        return replace(found, excluded_reason=reasons[0][0], reasons=reasons)
    parts = score_parts(request, worker, distance)
    return replace(
        found,
        parts=parts,
        score=sum(parts.values()),
        reasons=_praise(request, worker, distance),
    )


def rank(request, workers, limit=50):
    """Return the :class:`MatchResult` of judging all ``workers``.

    The order of ``workers`` does not matter: ties end in the worker's id.
    """
    judged = [judge(request, worker) for worker in workers]
    fit = sorted((c for c in judged if not c.excluded_reason), key=_by_score)
    excluded = [c for c in judged if c.excluded_reason]
    return MatchResult(
        ranked=tuple(replace(c, rank=n) for n, c in enumerate(fit[:limit], 1)),
        near_misses=_near_misses(request, excluded),
        ranked_count=len(fit),
        excluded=dict(Counter(c.excluded_reason for c in excluded)),
        looked_at=len(judged),
    )


def _distance(request, worker):
    """Return None for remote work and unknown places."""
    if request.is_remote or request.lat is None or not worker.is_located:
        return None
    return distance_km(request.lat, request.lon, worker.lat, worker.lon)


def _by_score(candidate):
    return -candidate.score, candidate.worker_id


def _by_distance(candidate):
    unknown = candidate.distance_km is None
    return unknown, candidate.distance_km or 0.0, candidate.worker_id


def _near_misses(request, excluded):
    """Return the nearest of each reason, all together nearest first."""
    kept, per_reason = [], Counter()
    for candidate in sorted(excluded, key=_by_distance):
        code = candidate.excluded_reason
        if not is_near_miss(request, candidate.reasons):
            continue
        per_reason[code] += 1
        if per_reason[code] <= NEAR_MISSES_PER_REASON:
            kept.append(candidate)
    return tuple(kept)


def _praise(request, worker, distance):
    """Return what speaks for a ranked worker, as remarks."""
    remarks = [("remote", {})] if distance is None else [("distance", {"km": distance})]
    if worker.quality_count:
        stars = {"stars": worker.quality, "count": worker.quality_count}
        remarks.append(("rating", stars))
    else:
        remarks.append(("newcomer", {}))
    above = tuple(
        skill_id
        for skill_id, least in sorted(request.skills.items())
        if worker.levels.get(skill_id, 0) > least
    )
    if above:
        remarks.append(("above_level", {"skill_ids": above}))
    remarks.append(("offers", {"count": worker.recent_offers}))
    if worker.open_jobs:
        remarks.append(("open_jobs", {"count": worker.open_jobs}))
    return tuple(remarks)
