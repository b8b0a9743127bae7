"""The transition tables: complete, closed, and as the product promises them."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowd_service.matching import geo, privacy
from crowd_service.workflow import (
    DISPATCH,
    ESCALATION,
    MEMBERSHIP,
    OFFER,
    IllegalMove,
    TransitionTable,
    desk_hours,
    transition,
)

TABLES = [DISPATCH, ESCALATION, MEMBERSHIP, OFFER]
by_name = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@pytest.mark.parametrize("module", [transition, desk_hours, geo, privacy])
def test_examples_in_the_documentation(module):
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


@by_name
def test_every_state_can_be_reached_from_the_first(table):
    seen, todo = set(), [table.states[0]]
    while todo:
        state = todo.pop()
        if state not in seen:
            seen.add(state)
            todo += table.moves[state]
    assert seen == set(table.states)


@by_name
def test_from_every_state_there_is_an_end_or_a_way_on(table):
    ends = set(table.final)
    for _state in table.states:
        ends |= {s for s in table.states if ends & set(table.moves[s])}
    if table.final:
        assert ends == set(table.states)
    else:
        assert all(table.moves.values())


@by_name
def test_no_move_leads_to_where_one_is(table):
    assert not [s for s in table.states if table.allows(s, s)]


@by_name
def test_open_and_final_states_are_all_states(table):
    assert set(table.open) | set(table.final) == set(table.states)
    assert not set(table.open) & set(table.final)


@by_name
def test_check_raises_exactly_where_allows_says_no(table):
    for source in table.states:
        for target in table.states:
            if table.allows(source, target):
                table.check(source, target)
            else:
                with pytest.raises(IllegalMove) as error:
                    table.check(source, target)
                assert error.value.source == source
                assert error.value.target == target


@by_name
def test_the_drawing_shows_every_move(table):
    lines = table.mermaid().splitlines()
    moves = sum(len(targets) for targets in table.moves.values())
    assert lines[0] == "stateDiagram-v2"
    assert len(lines) == 1 + moves + len(table.final)
    assert all(f"    {state} --> [*]" in lines for state in table.final)


@given(st.data())
def test_a_walk_along_the_table_is_a_path(data):
    table = data.draw(st.sampled_from(TABLES))
    walk = [table.states[0]]
    for _step in range(data.draw(st.integers(0, 12))):
        targets = table.moves[walk[-1]]
        if not targets:
            break
        walk.append(data.draw(st.sampled_from(targets)))
    assert table.is_path(walk)


def test_is_path_refuses_jumps_and_unknown_states():
    assert not DISPATCH.is_path(["draft", "done"])
    assert not DISPATCH.is_path(["draft", "nowhere"])
    assert DISPATCH.is_path([])


def test_a_table_with_an_unknown_target_is_refused():
    with pytest.raises(ValueError, match="slammed"):
        TransitionTable("door", {"open": ("slammed",)})


def test_an_unknown_source_is_an_error():
    with pytest.raises(KeyError):
        OFFER.allows("nowhere", "sent")


def test_dispatch_ends():
    assert set(DISPATCH.final) == {"done", "unsolved", "cancelled"}


@pytest.mark.parametrize("state", DISPATCH.open)
def test_every_open_dispatch_can_be_cancelled(state):
    assert DISPATCH.allows(state, "cancelled")


@pytest.mark.parametrize("state", [s for s in DISPATCH.open if s != "escalated"])
def test_every_open_dispatch_can_be_escalated(state):
    assert DISPATCH.allows(state, "escalated")


@pytest.mark.parametrize("state", [s for s in DISPATCH.open if s != "paused"])
def test_every_open_dispatch_can_wait(state):
    assert DISPATCH.allows(state, "paused")


def test_work_ends_only_after_somebody_had_the_job():
    for end in ("done", "unsolved"):
        sources = {s for s in DISPATCH.states if DISPATCH.allows(s, end)}
        assert sources == {"assigned", "in_progress"}


def test_only_an_offer_that_was_sent_can_be_answered():
    for answer in ("accepted", "declined", "expired", "lost"):
        assert [s for s in OFFER.states if OFFER.allows(s, answer)] == ["sent"]


def test_only_the_holder_gives_back_or_completes():
    for end in ("backed_out", "no_show", "completed"):
        assert [s for s in OFFER.states if OFFER.allows(s, end)] == ["accepted"]


def test_taking_the_job_and_acknowledging_are_two_things():
    assert ESCALATION.allows("open", "taken")
    assert ESCALATION.allows("open", "acknowledged")
    assert ESCALATION.allows("acknowledged", "taken")
    assert not ESCALATION.allows("taken", "acknowledged")


def test_nobody_becomes_active_without_leaving_the_waiting_room():
    assert not MEMBERSHIP.allows("left", "active")
    assert MEMBERSHIP.allows("applied", "active")
