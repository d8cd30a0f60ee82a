"""The map's bench measures what it says, in the shape that the README's table is made from."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jinyun.bench import map as bench
from tests.hdmap.reference import reference

OURS = ("match_points_per_s", "match_points_per_s_500km", "nearest_points_per_s", "nearest_points_per_s_500km",
        "history_points_per_s", "load_s", "load_s_net", "index_s", "counted_share", "match_vs_sumolib")  # fmt: skip
SHARES = ("wrong_lane_share", "wrong_lane_share_alone", "wrong_lane_share_nearest", "wrong_lane_share_strict")


@pytest.mark.long
def test_measure_has_every_figure_and_says_on_what_machine() -> None:
    reference()
    result = bench.measure(seconds=0.2, street_s=1.0, rounds=1)
    assert result["bench"] == "map" and result["machine"]["python"]
    figures = result["figures"]
    assert all(isinstance(value, float) and math.isfinite(value) for value in figures.values())
    assert all(figures[name] > 0 for name in OURS) and all(0 <= figures[name] < 0.2 for name in SHARES)
    assert figures["road_km_500km"] > 500 and figures["street_points"] > 1000
    assert result["peers"]["sumolib"]["load_s"] > 0
    installed = not isinstance(result["peers"].get("lanelet2", ""), str)
    assert ("match_vs_lanelet2" in figures) == installed


def test_a_tiled_map_is_the_map_again_and_again() -> None:
    map = reference()[1]
    large = bench.tiled(map, 4)
    lanes = len(map.lanes["id"])
    assert len(large.lanes["id"]) == 4 * lanes and len(set(large.lanes["id"].tolist())) == 4 * lanes
    x, y, heading = bench.scattered(map, 500, np.random.default_rng(1))
    here = map.match(x, y, heading)
    there = large.match(x + bench.TILE_M, y + bench.TILE_M, heading)
    assert (there.lane == here.lane + 3 * lanes).all() and there.s_m == pytest.approx(here.s_m, abs=1e-6)
    row = int(here.lane[0])
    assert (large.successors_of(row + 3 * lanes) == map.successors_of(row) + 3 * lanes).all()
    assert (large.lanes["left"][row + lanes] - lanes == map.lanes["left"][row]) or map.lanes["left"][row] < 0


def test_scattered_places_lie_beside_their_lanes() -> None:
    map = reference()[1]
    x, y, heading = bench.scattered(map, 2000, np.random.default_rng(2))
    _, offset, _ = map.nearest_lane(x, y, heading, bench.RIDDEN)
    assert np.abs(offset).mean() == pytest.approx(0.3 * math.sqrt(2 / math.pi), rel=0.15)
