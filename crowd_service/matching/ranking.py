"""From a request and the workers' facts to a ranked list and its near misses."""

from collections import Counter
from typing import NamedTuple, Optional

from .entities import Candidate, MatchResult, Survey, Worker
from .filters import failed_rules, is_near_miss
from .geo import distance_km, travel_minutes
from .reasons import CODES
from .scoring import job_cost, rounded, score_parts

NEAR_MISSES_PER_REASON = 10


class Verdict(NamedTuple):
    """What the rules make of a worker, before it is told in a :class:`Candidate`.

    Excluded: ``reasons`` are the rules he fails, as remarks, and there are no parts.
    """

    worker: Worker
    distance_km: Optional[float]
    reasons: tuple = ()
    parts: Optional[dict] = None
    score: float = 0.0

    @property
    def worker_id(self):
        return self.worker.worker_id

    @property
    def membership_id(self):
        return self.worker.membership_id

    @property
    def excluded_reason(self):
        return self.reasons[0][0] if self.reasons else ""


def weigh(request, worker):
    """Return the :class:`Verdict` on ``worker``."""
    distance = _distance(request, worker)
    reasons = failed_rules(request, worker, distance)
    if reasons:
        return Verdict(worker, distance, reasons)
    parts = score_parts(request, worker, distance)
    return Verdict(worker, distance, (), parts, rounded(sum(parts.values())))


def tell(request, verdict, rank=0):
    """Return the :class:`Candidate` of a verdict, with all that speaks for him."""
    worker, distance = verdict.worker, verdict.distance_km
    found = {
        "worker_id": worker.worker_id,
        "name": worker.name,
        "worker_type": worker.worker_type,
        "membership_id": worker.membership_id,
        "community_id": worker.community_id,
        "distance_km": distance,
        "travel_minutes": None if distance is None else travel_minutes(distance),
    }
    if verdict.reasons:
        return Candidate(
            **found, excluded_reason=verdict.excluded_reason, reasons=verdict.reasons
        )
    return Candidate(
        **found,
        rank=rank,
        parts=verdict.parts,
        score=verdict.score,
        reasons=_praise(request, worker, distance),
    )


def judge(request, worker):
    """Return the unranked :class:`Candidate` that the rules make of ``worker``."""
    return tell(request, weigh(request, worker))


def best_of_each(verdicts):
    """Return one verdict (or candidate) per worker: of several memberships the one that speaks most
    for him.

    The best score of those that pass; if none passes, the one that fails the fewest
    rules, and those late in the order of judging.
    """
    best = {}
    for verdict in verdicts:
        known = best.setdefault(verdict.worker_id, verdict)
        if known is not verdict and _for_him(verdict) < _for_him(known):
            best[verdict.worker_id] = verdict
    return list(best.values())


def rank(request, workers, limit=50):
    """Return the :class:`MatchResult` of judging all ``workers``, one row per
    membership.

    The order of ``workers`` does not matter: ties end in the worker's id.
    """
    weighed = [weigh(request, worker) for worker in workers]
    return sort_out(request, weighed, weighed, limit)


def sort_out(request, ranked, near, limit=50):
    """Return the :class:`MatchResult` of two lists of verdicts.

    :param ranked: among them are the best ``limit``
    :param near: among them, with all memberships of a worker, are the near misses
    """
    fit = [verdict for verdict in best_of_each(ranked) if not verdict.reasons]
    fit.sort(key=by_score)
    excluded = [verdict for verdict in best_of_each(near) if verdict.reasons]
    return MatchResult(
        ranked=tuple(tell(request, v, n) for n, v in enumerate(fit[:limit], 1)),
        near_misses=tuple(tell(request, v) for v in _near_misses(request, excluded)),
    )


def survey(request, workers):
    """Return the :class:`Survey` of judging all ``workers``."""
    weighed = best_of_each(weigh(request, worker) for worker in workers)
    counts = Counter(verdict.excluded_reason for verdict in weighed)
    fit = counts.pop("", 0)
    return Survey(looked_at=len(weighed), fit=fit, excluded=dict(counts))


def by_score(verdict):
    """Sort key: the best first, ties by the worker's id."""
    return -verdict.score, verdict.worker_id


def _for_him(verdict):
    code = verdict.excluded_reason
    return (
        len(verdict.reasons) if code else 0,
        -CODES.index(code) if code else 0,
        -verdict.score,
        verdict.membership_id or 0,
    )


def _distance(request, worker):
    """Return None for remote work and unknown places."""
    if request.is_remote or request.lat is None or not worker.is_located:
        return None
    return distance_km(request.lat, request.lon, worker.lat, worker.lon)


def _by_distance(verdict):
    unknown = verdict.distance_km is None
    return unknown, verdict.distance_km or 0.0, verdict.worker_id


def _near_misses(request, excluded):
    """Return the nearest of each reason, all together nearest first."""
    kept, per_reason = [], Counter()
    for verdict in sorted(excluded, key=_by_distance):
        if not is_near_miss(request, verdict.reasons):
            continue
        code = verdict.excluded_reason
        per_reason[code] += 1
        if per_reason[code] <= NEAR_MISSES_PER_REASON:
            kept.append(verdict)
    return kept


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
