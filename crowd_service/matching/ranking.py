"""From a request and the workers' facts to a ranked list and its near misses."""

from collections import Counter
from dataclasses import replace
from itertools import groupby

from .entities import Candidate, MatchResult, Survey
from .filters import failed_rules, is_near_miss
from .geo import distance_km, travel_minutes
from .reasons import CODES
from .scoring import job_cost, rounded, score_parts

NEAR_MISSES_PER_REASON = 10


def judge(request, worker):
    """Return the unranked :class:`Candidate` that the rules make of ``worker``."""
    distance = _distance(request, worker)
    reasons = failed_rules(request, worker, distance)
    parts = None if reasons else score_parts(request, worker, distance)
    found = {
        "worker_id": worker.worker_id,
        "name": worker.name,
        "worker_type": worker.worker_type,
        "membership_id": worker.membership_id,
        "community_id": worker.community_id,
        "distance_km": distance,
        "travel_minutes": None if distance is None else travel_minutes(distance),
    }
    if reasons:
        return Candidate(**found, excluded_reason=reasons[0][0], reasons=reasons)
    return Candidate(
        **found,
        parts=parts,
        score=rounded(sum(parts.values())),
        reasons=_praise(request, worker, distance),
    )


def best_of_each(candidates):
    """Return one candidate per worker: of several memberships the one that speaks most
    for him.

    The best score of those that pass; if none passes, the one that fails the fewest
    rules, and those late in the order of judging.
    """
    ordered = sorted(candidates, key=lambda c: (c.worker_id, *_for_him(c)))
    return [next(group) for _id, group in groupby(ordered, lambda c: c.worker_id)]


def rank(request, workers, limit=50):
    """Return the :class:`MatchResult` of judging all ``workers``, one row per
    membership.

    The order of ``workers`` does not matter: ties end in the worker's id.
    """
    return sort_out(request, [judge(request, worker) for worker in workers], limit)


def sort_out(request, candidates, limit=50):
    """Return the :class:`MatchResult` of judged ``candidates``."""
    judged = best_of_each(candidates)
    fit = sorted((c for c in judged if not c.excluded_reason), key=by_score)
    excluded = [c for c in judged if c.excluded_reason]
    return MatchResult(
        ranked=tuple(replace(c, rank=n) for n, c in enumerate(fit[:limit], 1)),
        near_misses=_near_misses(request, excluded),
    )


def survey(request, workers):
    """Return the :class:`Survey` of judging all ``workers``."""
    judged = best_of_each(judge(request, worker) for worker in workers)
    counts = Counter(c.excluded_reason for c in judged)
    fit = counts.pop("", 0)
    return Survey(looked_at=len(judged), fit=fit, excluded=dict(counts))


def by_score(candidate):
    """Sort key: the best first, ties by the worker's id."""
    return -candidate.score, candidate.worker_id


def _for_him(candidate):
    late = CODES.index(candidate.excluded_reason) if candidate.excluded_reason else 0
    return (
        len(candidate.reasons) if candidate.excluded_reason else 0,
        -late,
        -candidate.score,
        candidate.membership_id or 0,
    )


def _distance(request, worker):
    """Return None for remote work and unknown places."""
    if request.is_remote or request.lat is None or not worker.is_located:
        return None
    return distance_km(request.lat, request.lon, worker.lat, worker.lon)


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
    if worker.preference:
        remarks.append((worker.preference, {}))
    if worker.quality_count:
        stars = {"stars": worker.quality, "count": worker.quality_count}
        remarks.append(("rating", stars))
    else:
        remarks.append(("newcomer", {}))
    if worker.job_count:
        jobs = {"solved": worker.solved_count, "jobs": worker.job_count}
        remarks.append(("success", jobs))
    if worker.similar_count:
        remarks.append(("similar", {"count": worker.similar_count}))
    if worker.answer_minutes is not None:
        remarks.append(("response", {"minutes": worker.answer_minutes}))
    remarks.append(("offers", {"count": worker.recent_offers}))
    if worker.open_jobs:
        remarks.append(("open_jobs", {"count": worker.open_jobs}))
    cost = job_cost(request, worker)
    if cost and request.price > 0:
        remarks.append(("cost", {"percent": 100 * cost / request.price}))
    return tuple(remarks)
