"""How well somebody fits, in named parts of at most 100 points together.

=========== ====== ==========================================================
part        points what earns them
=========== ====== ==========================================================
distance    35     living near the customer, linear down to the radius
quality     30     the customers' stars, smoothed for those with few ratings
skill       15     levels above the least ones
fairness    20     having been asked little lately, and being new
=========== ====== ==========================================================

Remote work has no distance: its points go to the other parts in proportion.
"""

from .entities import PARTS

WEIGHTS = {"distance": 35.0, "quality": 30.0, "skill": 15.0, "fairness": 20.0}
#: The crowd's mean counts like so many ratings: one bad day moves a newcomer's mean
#: by at most a sixth of the way, fifty ratings speak for themselves.
PRIOR_RATINGS = 5
#: Stars assumed where nobody has been rated yet.
UNRATED_MEAN = 4.0
MIN_STARS, MAX_STARS = 1.0, 5.0
#: So many offers in a week halve the points for being asked little.
HALVING_OFFERS = 4.0
#: An open job weighs as much as so many offers.
JOB_WEIGHT = 3.0
#: Part of the fairness that newcomers get, fading with their first ratings.
NEWCOMER_SHARE = 0.2
NEWCOMER_RATINGS = 3


def weights(request):
    """Return the points of each part; they sum up to 100."""
    if not request.is_remote:
        return WEIGHTS
    rest = sum(WEIGHTS.values()) - WEIGHTS["distance"]
    scale = sum(WEIGHTS.values()) / rest
    return dict({n: w * scale for n, w in WEIGHTS.items()}, distance=0.0)


def distance_share(request, worker, distance_km):
    """Return ``1 - distance / radius``: 1 at the customer's, 0 at the edge."""
    if distance_km is None:
        return 0.0
    if not request.radius_km:
        return 1.0
    return _clip(1 - distance_km / request.radius_km)


def smoothed_quality(request, worker):
    """Return the Bayesian mean of his stars, 1 to 5.

    ``(PRIOR * crowd's mean + count * own mean) / (PRIOR + count)``
    """
    mean = UNRATED_MEAN if request.mean_quality is None else request.mean_quality
    ratings = worker.quality_count
    return (PRIOR_RATINGS * mean + ratings * worker.quality) / (PRIOR_RATINGS + ratings)


def quality_share(request, worker, distance_km):
    """Return the smoothed quality, scaled from 1-5 stars to 0-1."""
    stars = smoothed_quality(request, worker)
    return _clip((stars - MIN_STARS) / (MAX_STARS - MIN_STARS))


def skill_share(request, worker, distance_km):
    """Return how far his levels are above the least ones, 0 to 1, as a mean.

    A skill that must be mastered fully, and a service without skills, count as 1.
    """
    shares = [
        _clip((worker.levels.get(skill_id, 0) - least) / (100 - least))
        if least < 100
        else 1.0
        for skill_id, least in sorted(request.skills.items())
    ]
    return sum(shares) / len(shares) if shares else 1.0


def fairness_share(request, worker, distance_km):
    """Return 1 for a newcomer nobody asks, towards 0 for those asked all the time.

    ``0.8 / (1 + (offers + 3 * open jobs) / 4) + 0.2 * (1 - ratings / 3)``, offers of
    the last seven days; the second term is never below 0.
    """
    load = worker.recent_offers + JOB_WEIGHT * worker.open_jobs
    calm = 1 / (1 + load / HALVING_OFFERS)
    newness = _clip(1 - worker.quality_count / NEWCOMER_RATINGS)
    return (1 - NEWCOMER_SHARE) * calm + NEWCOMER_SHARE * newness


SHARES = {
    "distance": distance_share,
    "quality": quality_share,
    "skill": skill_share,
    "fairness": fairness_share,
}


def score_parts(request, worker, distance_km):
    """Return the points of each part, ``{part: points}``."""
    points = weights(request)
    return {
        part: points[part] * SHARES[part](request, worker, distance_km)
        for part in PARTS
    }


def _clip(share):
    return min(1.0, max(0.0, share))
