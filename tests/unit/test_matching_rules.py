"""The hard rules: each keeps out whom it should, alone, and says by how much."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_facts import REQUEST, km_north, worker

from crowd_service.matching import REASONS, Schedule, Worker, judge, rank
from crowd_service.matching.filters import FILTERS
from crowd_service.matching.reasons import CODES, CURABLE


def reasons(request=REQUEST, **facts):
    return dict(judge(request, worker(**facts)).reasons)


def only_reason(code, request=REQUEST, **facts):
    """Return the data of ``code``, having made sure that no other rule speaks."""
    found = judge(request, worker(**facts))
    assert found.excluded_reason == code
    assert [name for name, _data in found.reasons] == [code]
    return found.reasons[0][1]


def is_near_miss(request=REQUEST, **facts):
    return bool(rank(request, [worker(**facts)]).near_misses)


def test_every_reason_has_a_filter_in_the_same_order():
    times = ("away", "absent", "calendar", "appointment")
    assert tuple(FILTERS) == tuple(code for code in CODES if code not in times)
    assert set(CODES) >= CURABLE
    assert all(len(code) <= 12 and label for code, label in REASONS)


def test_a_fit_worker_has_no_reason():
    found = judge(REQUEST, worker())
    assert found.excluded_reason == ""
    assert found.distance_km == pytest.approx(5, rel=1e-3)


def test_archived():
    assert only_reason("archived", is_active=False) == {}
    assert not is_near_miss(is_active=False)


@pytest.mark.parametrize(
    ("audience", "worker_type", "is_fit"),
    [
        ("crowd", "friend", True),
        ("crowd", "professional", True),
        ("crowd", "partner_staff", True),
        ("crowd", "technician", False),
        ("both", "technician", True),
        ("both", "friend", True),
        ("experts", "technician", True),
        ("experts", "friend", False),
    ],
)
def test_type(audience, worker_type, is_fit):
    request = replace(REQUEST, audience=audience)
    found = judge(request, worker(worker_type=worker_type))
    assert found.excluded_reason == ("" if is_fit else "type")


def test_community():
    assert only_reason("community", does_service=False) == {"community_id": 3}
    assert not is_near_miss(does_service=False)


@pytest.mark.parametrize(
    ("state", "is_curable"),
    [
        ("applied", True),
        ("verified", True),
        ("paused", True),
        ("suspended", False),
        ("left", False),
    ],
)
def test_membership(state, is_curable):
    assert only_reason("membership", membership_state=state) == {"state": state}
    assert is_near_miss(membership_state=state) is is_curable


def test_no_membership_is_one_reason():
    stranger = {
        "membership_id": None,
        "community_id": None,
        "membership_state": "",
        "does_service": False,
        "capacity": 0,
    }
    assert only_reason("membership", **stranger) == {"state": ""}
    assert not is_near_miss(**stranger)


def test_own_ticket():
    request = replace(REQUEST, customer_ids=frozenset({100, 200}))
    only_reason("own_ticket", request)
    assert not reasons(request, partner_ids=frozenset({5})).get("own_ticket")


def test_unreachable():
    only_reason("unreachable", is_reachable=False)


def test_asked_and_gave_back():
    only_reason("asked", was_asked=True)
    only_reason("gave_back", gave_back=True)
    assert judge(REQUEST, worker(was_asked=True, gave_back=True)).excluded_reason == (
        "gave_back"
    )


def test_skill():
    assert only_reason("skill", levels={8: 100}) == {"skill_ids": (7,)}
    assert only_reason("skill", levels={}) == {"skill_ids": (7, 8)}
    assert is_near_miss(levels={})


def test_level():
    assert only_reason("level", levels={7: 49, 8: 0}) == {"levels": ((7, 49, 50),)}
    assert not reasons(levels={7: 50, 8: 0}).get("level")
    assert is_near_miss(levels={7: 49, 8: 0})


def test_no_skills_needed():
    assert not judge(replace(REQUEST, skills={}), worker(levels={})).excluded_reason


def test_unlocated_on_site_only():
    only_reason("unlocated", lat=None, lon=None)
    remote = replace(REQUEST, is_remote=True, lat=None, lon=None)
    assert not judge(remote, worker(lat=None, lon=None)).excluded_reason


def test_null_island_is_a_place():
    request = replace(REQUEST, lat=0.0, lon=0.0)
    found = judge(request, worker(lat=0.0, lon=0.0))
    assert (found.excluded_reason, found.distance_km) == ("", 0.0)


def test_radius():
    data = only_reason("radius", **km_north(34.2))
    assert data["over_km"] == pytest.approx(4.2, abs=0.05)
    assert is_near_miss(**km_north(44.9))
    assert not is_near_miss(**km_north(45.1))


def test_radius_zero_is_the_customers_house():
    request = replace(REQUEST, radius_km=0.0)
    assert not judge(request, worker(**km_north(0))).excluded_reason
    assert judge(request, worker(**km_north(0.1))).excluded_reason == "radius"


def test_own_radius():
    data = only_reason("own_radius", own_radius_km=4.0)
    assert data["over_km"] == pytest.approx(1, abs=0.02)
    assert not reasons(own_radius_km=0.0).get("own_radius")
    assert is_near_miss(own_radius_km=4.0)


def test_capacity():
    data = only_reason("capacity", open_jobs=2, capacity=2)
    assert data == {"open_jobs": 2, "capacity": 2}
    only_reason("capacity", capacity=0)
    assert is_near_miss(open_jobs=1)


def test_daily_cap():
    data = only_reason("daily_cap", accepted_today=3, daily_cap=3)
    assert data == {"accepted": 3, "cap": 3}
    assert not reasons(accepted_today=9, daily_cap=0).get("daily_cap")


def test_two_reasons_are_no_near_miss():
    assert not is_near_miss(open_jobs=1, levels={7: 10, 8: 10})


def test_blocked_by_the_customer():
    assert only_reason("blocked", is_blocked=True) == {}
    assert not is_near_miss(is_blocked=True)


def test_expired_certificate():
    request = replace(REQUEST, now=datetime(2026, 5, 13, 9))
    last = date(2026, 5, 1)
    data = only_reason("expired", request, valid_until={7: last})
    assert data == {"expired": ((7, last, 12),)}
    assert is_near_miss(request, valid_until={7: last})
    on_the_day = replace(request, now=datetime(2026, 5, 1, 23, 59))
    assert not judge(on_the_day, worker(valid_until={7: last})).excluded_reason
    unasked = {99: date(2000, 1, 1)}
    assert not judge(request, worker(valid_until=unasked)).excluded_reason


def test_certificate_must_hold_on_the_day_of_the_work():
    window = (datetime(2026, 5, 2, 9), datetime(2026, 5, 2, 12))
    request = replace(REQUEST, now=datetime(2026, 4, 30), window=window)
    last = date(2026, 5, 1)
    data = only_reason("expired", request, valid_until={7: last})
    assert data == {"expired": ((7, last, -1),)}, "a day from now"


def test_language():
    request = replace(REQUEST, language_id=4)
    assert only_reason("language", request) == {"language_id": 4}
    assert not judge(request, worker(language_ids=frozenset({4}))).excluded_reason


def test_territory():
    request = replace(REQUEST, territory_id=4)
    elsewhere = {"territory_ids": frozenset({5})}
    assert only_reason("territory", request, **elsewhere) == {"territory_id": 4}
    assert not judge(request, worker()).excluded_reason, "he works everywhere"
    assert not judge(REQUEST, worker(**elsewhere)).excluded_reason


def test_the_first_reason_counts():
    found = judge(REQUEST, worker(was_asked=True, levels={}, open_jobs=5))
    assert found.excluded_reason == "asked"
    assert [code for code, _data in found.reasons] == ["asked", "skill", "capacity"]


@given(
    st.builds(
        Worker,
        worker_id=st.integers(1, 9),
        worker_type=st.sampled_from(["friend", "technician"]),
        lat=st.none() | st.floats(-90, 90),
        lon=st.floats(-180, 180),
        membership_id=st.none() | st.integers(1, 9),
        membership_state=st.sampled_from(["", "active", "left", "paused"]),
        levels=st.dictionaries(st.sampled_from([7, 8]), st.integers(0, 100)),
        open_jobs=st.integers(0, 3),
        does_service=st.booleans(),
        schedule=st.just(Schedule()),
    )
)
def test_judging_never_fails_and_always_explains(anybody):
    found = judge(REQUEST, anybody)
    assert bool(found.excluded_reason) == (found.score == 0.0)
    assert found.reasons
    assert found.excluded_reason in ("", *CODES)
