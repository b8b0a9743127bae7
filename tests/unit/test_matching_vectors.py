"""The same facts, and what has to come of them, as for the search table in SQL."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from matching_facts import REQUEST, km_north, worker

from crowd_service.matching import PARTS, STANDARD_WEIGHTS, hours, judge
from crowd_service.matching.cells import band_of, cell_of, cells
from crowd_service.matching.scoring import score_parts

STEP = 0.0021  # points; one step of the quality more, when floats are a little more
VECTORS = Path(__file__).resolve().parents[2] / "crowd_service/tests/vectors"
TABLE = json.loads((VECTORS / "matching.json").read_text())


def request_of(row):
    means = {
        {"stars": "mean_quality"}.get(name, "mean_" + name): value
        for name, value in row["means"].items()
    }
    numbers = {name: TABLE[name] for name in ("price", "minutes", "radius_km")}
    return replace(REQUEST, **numbers, **means)


def worker_of(row):
    facts = dict(row["facts"], **row.get("load", {}), **km_north(row["km"]))
    return worker(capacity=99, preference=row.get("preference", ""), **facts)


@pytest.mark.parametrize("row", TABLE["members"], ids=lambda row: row["name"])
def test_shares_and_score(row):
    request, somebody = request_of(row), worker_of(row)
    parts = score_parts(request, somebody, row["km"])
    for part in PARTS:
        expected = STANDARD_WEIGHTS[part] * row["shares"][part]
        assert parts[part] == pytest.approx(expected, abs=STEP), part
    assert sum(parts.values()) == pytest.approx(row["score"], abs=STEP)
    # the distance of judge is that of the coordinates, which are rounded
    assert judge(request, somebody).score == pytest.approx(row["score"], abs=0.01)


@pytest.mark.parametrize("row", TABLE["cells"], ids=lambda row: str(row["lat"]))
def test_cells(row):
    band = band_of(row["lat"])
    assert (band, cell_of(row["lon"], band)) == (row["band"], row["cell"])
    found = {(b, c) for b, c, _km in cells(row["lat"], row["lon"], 0.1)}
    assert (row["band"], row["cell"]) in found


@pytest.mark.parametrize("row", TABLE["buckets"], ids=lambda row: row["moment"])
def test_buckets(row):
    moment = datetime.strptime(row["moment"], "%Y-%m-%d %H:%M")
    assert hours.bucket(moment) == row["bucket"]
