"""When somebody has time, against a reference that looks at every single minute."""

from dataclasses import replace

from availability_reference import GRID, MINUTE, Reference, cases
from hypothesis import given
from matching_facts import worker

from crowd_service.matching.availability import obstacle
from crowd_service.matching.calendars import LOOK_AHEAD


@given(cases())
def test_like_the_reference(case):
    request, schedule = case
    hindrance = obstacle(request, worker(schedule=schedule))
    assert (hindrance and hindrance[0]) == Reference(request, schedule).code()


@given(cases())
def test_who_can_begin_next_can_begin_then(case):
    request, schedule = case
    schedule = replace(schedule, presence="calendar", jobs=())
    request = replace(request, window=None)
    hindrance = obstacle(request, worker(schedule=schedule))
    if hindrance and hindrance[0] == "calendar":
        moment, reference = hindrance[1]["next"], Reference(request, schedule)
        stop = moment or request.now + LOOK_AHEAD / 5
        minute = request.now
        while minute < stop:
            assert not reference.works(minute) or reference.is_absent(minute)
            minute += GRID * MINUTE
        if moment:
            later = replace(request, now=moment)
            assert obstacle(later, worker(schedule=schedule)) is None


@given(cases())
def test_who_is_back_is_no_longer_away(case):
    request, schedule = case
    hindrance = obstacle(replace(request, window=None), worker(schedule=schedule))
    if hindrance and hindrance[0] in ("away", "absent") and hindrance[1]["until"]:
        later = replace(request, window=None, now=hindrance[1]["until"])
        again = obstacle(later, worker(schedule=schedule))
        assert not again or again[0] != hindrance[0]
