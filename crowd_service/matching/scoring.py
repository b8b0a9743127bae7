"""How well somebody fits, in named parts of at most 100 points together.

=========== ====== ==========================================================
part        points what earns them
=========== ====== ==========================================================
distance    30     living near the customer, linear down to the radius
quality     20     the customers' stars and the share of jobs solved
response    15     answering offers, and quickly, at this time of the week
experience  10     having solved similar tickets
fairness    15     having been asked little lately, and being new
preference   5     the customer asked for him, or had him before and liked him
cost         5     costing less than the customer pays
=========== ====== ==========================================================

The points are :data:`~.entities.STANDARD_WEIGHTS` unless the request brings others.
Each part is its points times a share between 0 and 1. Remote work has no distance: its
points go to the other parts in proportion.
"""

import math

from .entities import PARTS

#: The crowd's mean counts like so many ratings: one bad day moves a newcomer's mean
#: by at most a sixth of the way, fifty ratings speak for themselves. See ``smoothed``.
PRIOR_RATINGS = 5
PRIOR_JOBS = 5
PRIOR_OFFERS = 5
#: Assumed where nobody has been rated, no job has ended, nobody has been asked yet.
UNRATED_MEAN = 4.0
UNTRIED_SUCCESS = 0.8
UNASKED_RESPONSE = 0.5
MIN_STARS, MAX_STARS = 1.0, 5.0
#: Part of the quality that the stars make; the share of solved jobs makes the rest.
STARS_SHARE = 0.6
#: An answer after so many minutes counts half of one at once.
HALVING_MINUTES = 10.0
#: So many similar tickets earn half the points for experience.
HALVING_TICKETS = 2.0
#: So many of his last solved tickets are looked at.
LAST_TICKETS = 20
#: So many offers in a week halve the points for being asked little.
HALVING_OFFERS = 4.0
#: An open job weighs as much as so many offers.
JOB_WEIGHT = 3.0
#: Part of the fairness that newcomers get, fading with their first ratings.
NEWCOMER_SHARE = 0.2
NEWCOMER_RATINGS = 3
#: Quality and response are told in steps, so that a database can hold them exactly.
QUALITY_STEPS, RESPONSE_STEPS = 10000, 100
#: Scores are rounded to so many parts of a point: equals are equal.
SCORE_STEPS = 10000
# of the points for low cost, of whoever costs something, but less than the price
BELOW_PRICE = 0.5
PREFERENCE_SHARES = {"asked_for": 1.0, "liked": 0.6, "": 0.0}


def smoothed(total, count, mean, prior):
    """Return ``(prior * mean + total) / (prior + count)``, a Bayesian average.

    The mean of ``count`` observations that sum up to ``total``, drawn towards the
    crowd's ``mean`` as if that had been observed ``prior`` times before: shrinkage
    after Efron and Morris, "Stein's Paradox in Statistics", 1977. Newcomers stand
    where the crowd stands, and one bad or good day moves nobody far.

    >>> smoothed(1.0, 1, 4.0, 5), smoothed(50.0, 50, 4.0, 5)
    (3.5, 1.2727272727272727)
    """
    return (prior * mean + total) / (prior + count)


def points(request):
    """Return the points of each part of a request; for remote work without distance."""
    if not request.is_remote:
        return request.weights
    total = sum(request.weights.values())
    rest = total - request.weights["distance"]
    if not rest:
        return dict.fromkeys(PARTS, 0.0)
    scale = total / rest
    return dict({n: w * scale for n, w in request.weights.items()}, distance=0.0)


def distance_share(request, worker, distance_km):
    """Return ``1 - distance / radius``: 1 at the customer's, 0 at the edge."""
    if distance_km is None:
        return 0.0
    if not request.radius_km:
        return 1.0
    return _clip(1 - distance_km / request.radius_km)


def smoothed_stars(request, worker):
    """Return the Bayesian mean of his stars, 1 to 5."""
    mean = UNRATED_MEAN if request.mean_quality is None else request.mean_quality
    ratings = worker.quality_count
    return smoothed(worker.quality * ratings, ratings, mean, PRIOR_RATINGS)


def smoothed_success(request, worker):
    """Return the Bayesian mean of the share of his jobs that were solved, 0 to 1."""
    mean = UNTRIED_SUCCESS if request.mean_success is None else request.mean_success
    return smoothed(worker.solved_count, worker.job_count, mean, PRIOR_JOBS)


def quality_share(request, worker, distance_km):
    """Return six tenths of the stars, scaled from 1-5 to 0-1, and four of success.

    Rounded up to steps of 1/10000.
    """
    stars = (smoothed_stars(request, worker) - MIN_STARS) / (MAX_STARS - MIN_STARS)
    success = smoothed_success(request, worker)
    share = STARS_SHARE * _clip(stars) + (1 - STARS_SHARE) * _clip(success)
    return _steps_up(share, QUALITY_STEPS)


def response_value(minutes):
    """Return what one offer shows: 1 for an answer at once, 0 for none (None).

    ``1 / (1 + minutes / 10)``; a "no" is an answer as well.

    >>> response_value(0), response_value(10), response_value(None)
    (1.0, 0.5, 0.0)
    """
    return 0.0 if minutes is None else 1 / (1 + minutes / HALVING_MINUTES)


def response_share(request, worker, distance_km):
    """Return the Bayesian mean of his responses at this part of the week, 0 to 1.

    Rounded up to whole percents.
    """
    mean = UNASKED_RESPONSE if request.mean_response is None else request.mean_response
    share = smoothed(worker.response_sum, worker.response_count, mean, PRIOR_OFFERS)
    return _steps_up(_clip(share), RESPONSE_STEPS)


def experience_share(request, worker, distance_km):
    """Return ``n / (n + 2)`` of the ``n`` similar tickets he solved."""
    return experience(worker.similar_count)


def experience(tickets):
    """Return what so many similar tickets are worth, 0 to 1."""
    return tickets / (tickets + HALVING_TICKETS)


def newness(worker):
    """Return 1 for the unrated, fading to 0 with the first three ratings."""
    return _clip(1 - worker.quality_count / NEWCOMER_RATINGS)


def fairness_share(request, worker, distance_km):
    """Return 1 for a newcomer nobody asks, towards 0 for those asked all the time.

    ``0.8 / (1 + (offers + 3 * open jobs) / 4) + 0.2 * (1 - ratings / 3)``, offers of
    the last seven days; the second term is never below 0.
    """
    load = worker.recent_offers + JOB_WEIGHT * worker.open_jobs
    return (1 - NEWCOMER_SHARE) * calm(load) + NEWCOMER_SHARE * newness(worker)


def calm(load):
    """Return 1 for whom nobody asks, towards 0 with the ``load`` in offers."""
    return 1 / (1 + load / HALVING_OFFERS)


def preference_share(request, worker, distance_km):
    """Return 1 if the customer asked for him, 0.6 if he had him before and liked him."""
    return PREFERENCE_SHARES[worker.preference]


def job_cost(request, worker):
    """Return what the planned work costs the company, in its currency."""
    return worker.cost_rate * request.minutes / 60


def cost_share(request, worker, distance_km):
    """Return 1 when he costs nothing, a half below the price, 0 from the price on.

    No finer: agents see the points, and what somebody costs is for managers.
    """
    cost = job_cost(request, worker)
    if not cost:
        return 1.0
    return BELOW_PRICE if round(cost, 2) < round(request.price, 2) else 0.0


SHARES = {
    "distance": distance_share,
    "quality": quality_share,
    "response": response_share,
    "experience": experience_share,
    "fairness": fairness_share,
    "preference": preference_share,
    "cost": cost_share,
}


def score_parts(request, worker, distance_km):
    """Return the points of each part, ``{part: points}``."""
    most = points(request)
    return {
        part: most[part] * share(request, worker, distance_km)
        for part, share in SHARES.items()
    }


def _clip(share):
    return 0.0 if share < 0.0 else 1.0 if share > 1.0 else share


def _steps_up(share, steps):
    return math.ceil(share * steps) / steps


def rounded(score):
    """Return a score rounded to 1/10000 of a point."""
    return math.floor(score * SCORE_STEPS + 0.5) / SCORE_STEPS
