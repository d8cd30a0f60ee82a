"""Whose lane is looked for when: everybody twice a second, few at a time, and what was found stays theirs."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun.cloud.quality.following import LOOK_US, Followed
from jinyun.hdmap import LaneKind, Map
from jinyun.shapes import TRACK
from tests.hdmap.reference import reference

T0_US = 1_795_000_000_000_000
VEHICLES = 60


@pytest.fixture(scope="module")
def map() -> Map:
    return reference()[1]


def vehicles(map: Map, ids: np.ndarray, lanes: np.ndarray) -> np.ndarray:
    """Return vehicles that stand in the middle of lanes, heading along them."""
    rows = np.zeros(len(ids), TRACK)
    rows["id"], rows["position_sd_m"] = ids, 0.3
    for k, lane in enumerate(lanes.tolist()):
        line = map.lane_line(lane)
        middle = len(line) // 2
        way = line[middle] - line[middle - 1]
        rows["x_m"][k], rows["y_m"][k] = (line[middle] + line[middle - 1]) / 2
        rows["heading_rad"][k] = np.arctan2(*way)
    return rows


def test_everybody_is_looked_for_twice_a_second_and_not_all_at_once(map: Map) -> None:
    cars = np.flatnonzero((map.lanes["kind"] == LaneKind.CAR) & (map.lanes["length_m"] > 60))[:VEHICLES]
    ids, followed = np.arange(100, 100 + VEHICLES), Followed(map)
    tracks = vehicles(map, ids, cars)
    assert followed.look(ids, tracks, T0_US).all()
    looked_us = np.full(VEHICLES, T0_US)
    for tick in range(1, 31):
        now_us = T0_US + tick * 100_000
        due = followed.look(ids, tracks, now_us)
        assert due.sum() <= VEHICLES / 3
        assert (now_us - looked_us <= LOOK_US).all()
        looked_us[due] = now_us
    found = [followed.lane_of(int(id)) for id in ids]
    assert np.mean(np.array(found) == cars) > 0.9  # lanes may lie over one another


def test_lanes_stay_with_their_vehicles_when_others_come_and_go(map: Map) -> None:
    lanes = np.flatnonzero((map.lanes["kind"] == LaneKind.CAR) & (map.lanes["length_m"] > 60))[:300]
    followed, rng = Followed(map), np.random.default_rng(3)
    expected: dict[int, int] = {}
    for tick in range(20):
        ids = np.sort(rng.choice(300, rng.integers(1, 300), replace=False))
        followed.look(ids, vehicles(map, ids, lanes[ids]), T0_US + tick * 100_000)
        for id in ids.tolist():
            expected.setdefault(id, followed.lane_of(id))
            assert followed.lane_of(id) == expected[id]
        gone = np.setdiff1d(np.arange(300), ids)
        assert all(followed.row(id) == -1 and followed.lane_of(id) == -1 for id in gone.tolist())
