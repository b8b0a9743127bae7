"""Points, their order, and the list that comes of it."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_facts import REQUEST, km_north, worker

from crowd_service.matching import PARTS, judge, rank
from crowd_service.matching.scoring import (
    PRIOR_RATINGS,
    UNRATED_MEAN,
    WEIGHTS,
    score_parts,
    smoothed_quality,
    weights,
)

REMOTE = replace(REQUEST, is_remote=True, lat=None, lon=None)
FACTS = st.fixed_dictionaries(
    {
        "quality": st.floats(1, 5),
        "quality_count": st.integers(0, 1000),
        "recent_offers": st.integers(0, 500),
        "open_jobs": st.integers(0, 9),
        "capacity": st.just(10),
        "levels": st.fixed_dictionaries(
            {7: st.integers(50, 100), 8: st.integers(0, 100)}
        ),
    }
)


def parts(request=REQUEST, **facts):
    return judge(request, worker(**facts)).parts


def test_weights_sum_up_to_a_hundred():
    assert tuple(WEIGHTS) == PARTS
    assert sum(WEIGHTS.values()) == 100
    assert sum(weights(REMOTE).values()) == pytest.approx(100)
    assert weights(REMOTE)["distance"] == 0


@given(FACTS, st.floats(0, 30), st.sampled_from([REQUEST, REMOTE]))
def test_parts_stay_within_their_weights_and_sum_up(facts, km, request):
    somebody = worker(**facts, **km_north(0))
    found = score_parts(request, somebody, None if request.is_remote else km)
    most = weights(request)
    assert all(0 <= found[part] <= most[part] + 1e-9 for part in PARTS)
    assert judge(request, somebody).score == pytest.approx(
        sum(judge(request, somebody).parts.values())
    )


def test_distance_part():
    assert parts(**km_north(0))["distance"] == pytest.approx(35)
    assert parts(**km_north(15))["distance"] == pytest.approx(17.5, abs=0.02)
    assert parts(**km_north(29.999))["distance"] == pytest.approx(0, abs=0.01)
    assert parts(replace(REQUEST, radius_km=0.0), **km_north(0))["distance"] == 35


@given(FACTS, st.floats(1, 5))
def test_smoothed_quality_lies_between_own_and_crowd_mean(facts, mean):
    somebody = worker(**facts)
    found = smoothed_quality(replace(REQUEST, mean_quality=mean), somebody)
    low, high = sorted((mean, somebody.quality))
    assert low - 1e-9 <= found <= high + 1e-9


def test_newcomer_has_the_crowds_mean():
    request = replace(REQUEST, mean_quality=4.6)
    assert smoothed_quality(request, worker()) == 4.6
    assert smoothed_quality(REQUEST, worker()) == UNRATED_MEAN


def test_one_bad_star_is_an_accident_many_are_not():
    request = replace(REQUEST, mean_quality=4.6)
    once = smoothed_quality(request, worker(quality=1.0, quality_count=1))
    always = smoothed_quality(request, worker(quality=1.0, quality_count=100))
    assert once == pytest.approx((PRIOR_RATINGS * 4.6 + 1) / (PRIOR_RATINGS + 1))
    assert once > 3.9
    assert always < 1.2


def test_fifty_good_ratings_beat_one_perfect_one():
    request = replace(REQUEST, mean_quality=4.0)
    one = smoothed_quality(request, worker(quality=5.0, quality_count=1))
    fifty = smoothed_quality(request, worker(quality=4.8, quality_count=50))
    assert fifty > one


def test_skill_part():
    assert parts(levels={7: 50, 8: 0})["skill"] == 0
    assert parts(levels={7: 75, 8: 50})["skill"] == pytest.approx(7.5)
    assert parts(levels={7: 100, 8: 100})["skill"] == 15
    assert parts(replace(REQUEST, skills={}))["skill"] == 15
    assert parts(replace(REQUEST, skills={7: 100}), levels={7: 100})["skill"] == 15


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 50))
def test_fairness_falls_with_offers(one, other, ratings):
    few, many = sorted((one, other))
    facts = {"quality": 4.0, "quality_count": ratings}
    little = parts(recent_offers=few, **facts)["fairness"]
    much = parts(recent_offers=many, **facts)["fairness"]
    assert little >= much


def test_fairness_part():
    assert parts()["fairness"] == 20
    assert parts(quality=4.0, quality_count=3)["fairness"] == pytest.approx(16)
    asked = parts(quality=4.0, quality_count=9, recent_offers=4)
    assert asked["fairness"] == pytest.approx(8)
    busy = parts(quality=4.0, quality_count=9, open_jobs=1, capacity=2)
    assert busy["fairness"] == pytest.approx(16 / (1 + 3 / 4))


def test_remote_has_no_distance():
    found = judge(REMOTE, worker(**km_north(5000)))
    assert (found.distance_km, found.travel_minutes) == (None, None)
    assert found.parts["distance"] == 0
    assert ("remote", {}) in found.reasons


def test_praise_says_why():
    found = judge(
        REQUEST,
        worker(quality=4.8, quality_count=12, recent_offers=2, levels={7: 80, 8: 0}),
    )
    codes = dict(found.reasons)
    assert set(codes) == {"distance", "rating", "above_level", "offers"}
    assert codes["rating"] == {"stars": 4.8, "count": 12}
    assert codes["above_level"] == {"skill_ids": (7,)}
    assert codes["offers"] == {"count": 2}


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
    assert (result.ranked_count, result.looked_at) == (7, 10)
    assert [c.worker_id for c in result.near_misses] == [8, 9, 10]
    assert result.excluded == {"radius": 3}
    assert len(rank(REQUEST, fit, limit=None).ranked) == 7


def test_near_misses_are_ten_per_reason_and_nearest_first():
    far = [worker(worker_id=n, **km_north(30 + n)) for n in range(1, 14)]
    busy = [worker(worker_id=n, open_jobs=1, **km_north(n / 10)) for n in (20, 21)]
    lost = [worker(worker_id=30, lat=None, lon=None)]
    crowd = far + busy + lost
    random.Random(1).shuffle(crowd)
    result = rank(REQUEST, crowd)
    ids = [c.worker_id for c in result.near_misses]
    assert ids == [20, 21, *range(1, 11), 30]
    assert result.excluded == {"radius": 13, "capacity": 2, "unlocated": 1}


def test_nobody():
    result = rank(REQUEST, [])
    assert (result.ranked, result.near_misses, result.looked_at) == ((), (), 0)
