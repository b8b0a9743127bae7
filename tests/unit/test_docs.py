"""The pictures in the docs are the tables in the code."""

from pathlib import Path

import pytest

from crowd_service.workflow import DISPATCH, ESCALATION, MEMBERSHIP, OFFER

STATES = Path(__file__).parents[2] / "docs" / "states.md"


@pytest.mark.parametrize("table", [DISPATCH, OFFER, ESCALATION, MEMBERSHIP])
def test_states_are_drawn_as_they_are(table):
    assert table.mermaid() in STATES.read_text()
