"""Points, their order, and the list that comes of it."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_facts import REQUEST, km_north, worker

from crowd_service.matching import (
    PARTS,
    STANDARD_WEIGHTS,
    best_of_each,
    judge,
    rank,
    survey,
)
from crowd_service.matching.scoring import (
    PRIOR_RATINGS,
    UNRATED_MEAN,
    points,
    response_value,
    score_parts,
    smoothed_stars,
    smoothed_success,
)

REMOTE = replace(REQUEST, is_remote=True, lat=None, lon=None)
FACTS = st.fixed_dictionaries(
    {
        "quality": st.floats(1, 5),
        "quality_count": st.integers(0, 1000),
        "recent_offers": st.integers(0, 500),
        "open_jobs": st.integers(0, 9),
        "capacity": st.just(10),
        "solved_count": st.integers(0, 40),
        "job_count": st.integers(40, 80),
        "response_sum": st.floats(0, 20),
        "response_count": st.integers(20, 60),
        "similar_count": st.integers(0, 60),
        "preference": st.sampled_from(["", "liked", "asked_for"]),
        "cost_rate": st.floats(0, 500),
    }
)


def parts(request=REQUEST, **facts):
    return judge(request, worker(**facts)).parts


def test_weights_sum_up_to_a_hundred():
    assert sum(STANDARD_WEIGHTS.values()) == 100
    assert sum(points(REMOTE).values()) == pytest.approx(100)
    assert points(REMOTE)["distance"] == 0
    assert points(REMOTE)["quality"] == pytest.approx(20 * 100 / 70)


def test_remote_with_points_for_distance_only():
    only = dict.fromkeys(PARTS, 0.0)
    request = replace(REMOTE, weights=dict(only, distance=100.0))
    assert points(request) == only


def test_weights_are_the_requests():
    weights = dict.fromkeys(PARTS, 0.0)
    request = replace(REQUEST, weights=dict(weights, cost=60.0, fairness=40.0))
    assert judge(request, worker()).score == pytest.approx(100)
    assert parts(request)["distance"] == 0


@given(FACTS, st.floats(0, 30), st.sampled_from([REQUEST, REMOTE]))
def test_parts_stay_within_their_weights_and_sum_up(facts, km, request):
    somebody = worker(**facts, **km_north(0))
    found = score_parts(request, somebody, None if request.is_remote else km)
    most = points(request)
    assert all(0 <= found[part] <= most[part] + 1e-9 for part in PARTS)
    assert judge(request, somebody).score == pytest.approx(
        sum(judge(request, somebody).parts.values()), abs=1e-4
    )


def test_distance_part():
    assert parts(**km_north(0))["distance"] == pytest.approx(30)
    assert parts(**km_north(15))["distance"] == pytest.approx(15, abs=0.02)
    assert parts(**km_north(29.999))["distance"] == pytest.approx(0, abs=0.01)
    assert parts(replace(REQUEST, radius_km=0.0), **km_north(0))["distance"] == 30


@given(FACTS, st.floats(1, 5))
def test_smoothed_stars_lies_between_own_and_crowd_mean(facts, mean):
    somebody = worker(**facts)
    found = smoothed_stars(replace(REQUEST, mean_quality=mean), somebody)
    low, high = sorted((mean, somebody.quality))
    assert low - 1e-9 <= found <= high + 1e-9


def test_newcomer_has_the_crowds_mean():
    request = replace(REQUEST, mean_quality=4.6)
    assert smoothed_stars(request, worker()) == 4.6
    assert smoothed_stars(REQUEST, worker()) == UNRATED_MEAN


def test_one_bad_star_is_an_accident_many_are_not():
    request = replace(REQUEST, mean_quality=4.6)
    once = smoothed_stars(request, worker(quality=1.0, quality_count=1))
    always = smoothed_stars(request, worker(quality=1.0, quality_count=100))
    assert once == pytest.approx((PRIOR_RATINGS * 4.6 + 1) / (PRIOR_RATINGS + 1))
    assert once > 3.9
    assert always < 1.2


def test_fifty_good_ratings_beat_one_perfect_one():
    request = replace(REQUEST, mean_quality=4.0)
    one = smoothed_stars(request, worker(quality=5.0, quality_count=1))
    fifty = smoothed_stars(request, worker(quality=4.8, quality_count=50))
    assert fifty > one


def test_success_is_smoothed_as_well():
    request = replace(REQUEST, mean_success=0.9)
    assert smoothed_success(request, worker()) == pytest.approx(0.9)
    once = smoothed_success(request, worker(job_count=1))
    always = smoothed_success(request, worker(job_count=100))
    assert once == pytest.approx(0.75)
    assert always < 0.05


def test_quality_part():
    best = {"quality": 5.0, "quality_count": 10**6}
    done = {"solved_count": 10**6, "job_count": 10**6}
    failed = {"solved_count": 0, "job_count": 10**6}
    assert parts(**best, **done)["quality"] == pytest.approx(20, abs=0.01)
    assert parts(**best, **failed)["quality"] == pytest.approx(12, abs=0.01)
    assert parts()["quality"] == pytest.approx(20 * (0.6 * 0.75 + 0.4 * 0.8))


def test_response_part():
    assert [response_value(minutes) for minutes in (0, 10, 30, None)] == [
        1.0,
        0.5,
        0.25,
        0.0,
    ]
    request = replace(REQUEST, mean_response=0.4)
    assert parts(request)["response"] == pytest.approx(6)
    silent = parts(request, response_count=15)["response"]
    quick = parts(request, response_count=15, response_sum=15.0)["response"]
    assert (silent, quick) == (pytest.approx(1.5), pytest.approx(12.75))


def test_experience_part():
    assert parts()["experience"] == 0
    assert parts(similar_count=2)["experience"] == pytest.approx(5)
    assert parts(similar_count=50)["experience"] == pytest.approx(10 * 50 / 52)


def test_preference_part():
    assert parts()["preference"] == 0
    assert parts(preference="liked")["preference"] == 3
    assert parts(preference="asked_for")["preference"] == 5


def test_cost_part():
    request = replace(REQUEST, minutes=90, price=60.0)
    assert parts(request)["cost"] == 5
    assert parts(request, cost_rate=20.0)["cost"] == 2.5
    assert parts(request, cost_rate=1000.0)["cost"] == 0
    assert parts(replace(request, price=0.0))["cost"] == 5
    assert parts(replace(request, price=0.0), cost_rate=1.0)["cost"] == 0


def test_cost_points_tell_no_rate():
    """Agents see the points: of the cost they say what the words say, no more."""
    request = replace(REQUEST, minutes=60, price=60.0)
    told = {parts(request, cost_rate=float(rate))["cost"] for rate in range(1, 60)}
    assert told == {2.5}
    assert parts(request, cost_rate=60.0)["cost"] == 0


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 50))
def test_fairness_falls_with_offers(one, other, ratings):
    few, many = sorted((one, other))
    facts = {"quality": 4.0, "quality_count": ratings}
    little = parts(recent_offers=few, **facts)["fairness"]
    much = parts(recent_offers=many, **facts)["fairness"]
    assert little >= much


def test_fairness_part():
    assert parts()["fairness"] == 15
    assert parts(quality=4.0, quality_count=3)["fairness"] == pytest.approx(12)
    asked = parts(quality=4.0, quality_count=9, recent_offers=4)
    assert asked["fairness"] == pytest.approx(6)
    busy = parts(quality=4.0, quality_count=9, open_jobs=1, capacity=2)
    assert busy["fairness"] == pytest.approx(12 / (1 + 3 / 4))


def test_remote_has_no_distance():
    found = judge(REMOTE, worker(**km_north(5000)))
    assert (found.distance_km, found.travel_minutes) == (None, None)
    assert found.parts["distance"] == 0
    assert ("remote", {}) in found.reasons


def test_praise_says_why():
    codes = dict(judge(REQUEST, worker()).reasons)
    assert set(codes) == {"distance", "newcomer", "offers"}
    found = judge(
        replace(REQUEST, minutes=30, price=40.0),
        worker(
            quality=4.8,
            quality_count=12,
            recent_offers=2,
            preference="liked",
            solved_count=9,
            job_count=10,
            similar_count=3,
            answer_minutes=2.2,
            open_jobs=1,
            capacity=2,
            cost_rate=20.0,
        ),
    )
    codes = dict(found.reasons)
    codes.pop("distance")
    assert codes == {
        "liked": {},
        "rating": {"stars": 4.8, "count": 12},
        "success": {"solved": 9, "jobs": 10},
        "similar": {"count": 3},
        "response": {"minutes": 2.2},
        "offers": {"count": 2},
        "open_jobs": {"count": 1},
        "cost": {"percent": 25.0},
    }


def test_of_two_memberships_the_better_one_speaks():
    full = worker(membership_id=1, open_jobs=1)
    poor = worker(membership_id=2, quality=1.0, quality_count=50)
    good = worker(membership_id=3, quality=5.0, quality_count=50)
    paused = worker(membership_id=4, membership_state="paused")
    for crowd, best in (
        ([full, poor, good, paused], 3),
        ([full, poor], 2),
        ([full, paused], 1),
        ([worker(membership_id=5, was_asked=True, open_jobs=1), paused], 4),
    ):
        judged = [judge(REQUEST, one) for one in crowd]
        for order in (judged, judged[::-1]):
            assert [c.membership_id for c in best_of_each(order)] == [best]


def test_ranks_begin_with_one_and_ties_end_in_the_id():
    result = rank(REQUEST, [worker(worker_id=n) for n in (9, 2, 5)])
    assert [(c.rank, c.worker_id) for c in result.ranked] == [(1, 2), (2, 5), (3, 9)]


@given(st.lists(FACTS, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_the_facts_does_not_matter(crowd, shuffler):
    workers = [worker(worker_id=n, **facts) for n, facts in enumerate(crowd, 1)]
    shuffled = workers[:]
    shuffler.shuffle(shuffled)
    assert rank(REQUEST, workers) == rank(REQUEST, shuffled)


def test_limit_cuts_the_ranked_only():
    fit = [worker(worker_id=n, **km_north(n)) for n in range(1, 8)]
    far = [worker(worker_id=n, **km_north(31)) for n in range(8, 11)]
    result = rank(REQUEST, fit + far, limit=3)
    assert [c.worker_id for c in result.ranked] == [1, 2, 3]
    assert [c.worker_id for c in result.near_misses] == [8, 9, 10]
    assert len(rank(REQUEST, fit, limit=None).ranked) == 7


def test_survey_counts_workers_by_their_first_reason():
    fit = [worker(worker_id=n, membership_id=n) for n in (1, 1, 2)]
    far = [worker(worker_id=3, levels={}, **km_north(31))]
    found = survey(REQUEST, fit + far)
    assert (found.looked_at, found.fit) == (3, 2)
    assert found.excluded == {"skill": 1}


def test_near_misses_are_ten_per_reason_and_nearest_first():
    far = [worker(worker_id=n, **km_north(30 + n)) for n in range(1, 14)]
    busy = [worker(worker_id=n, open_jobs=1, **km_north(n / 10)) for n in (20, 21)]
    lost = [worker(worker_id=30, lat=None, lon=None)]
    crowd = far + busy + lost
    random.Random(1).shuffle(crowd)
    result = rank(REQUEST, crowd)
    ids = [c.worker_id for c in result.near_misses]
    assert ids == [20, 21, *range(1, 11), 30]


def test_nobody():
    result = rank(REQUEST, [])
    assert (result.ranked, result.near_misses) == ((), ())
