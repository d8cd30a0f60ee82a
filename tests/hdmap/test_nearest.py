"""Which lane a place is on, against a plain search over every piece of every lane."""

import numpy as np
import pytest

from jinyun.hdmap import LaneKind, Map


def pieces(map: Map) -> tuple[np.ndarray, np.ndarray]:
    """Return where every piece of every lane begins, and its way."""
    lines = [map.lane_line(row) for row in np.flatnonzero(map.lanes["kind"] != LaneKind.AREA)]
    return np.vstack([line[:-1] for line in lines]), np.vstack([np.diff(line, axis=0) for line in lines])


def nearest_of(begins: np.ndarray, ways: np.ndarray, x: float, y: float) -> float:
    """Return the distance to the nearest piece by looking at every one."""
    to = np.array([x, y]) - begins
    along = np.clip((to * ways).sum(1) / np.maximum((ways**2).sum(1), 1e-12), 0, 1)
    return float(np.linalg.norm(to - along[:, None] * ways, axis=1).min())


def test_the_nearest_lane_is_the_nearest_of_all(precise_map: Map) -> None:
    rng = np.random.default_rng(5)
    rows = rng.integers(0, len(precise_map.points["x_m"]), 200)
    x = precise_map.points["x_m"][rows] + rng.normal(0, 4, 200)
    y = precise_map.points["y_m"][rows] + rng.normal(0, 4, 200)
    lane, offset, _ = precise_map.nearest_lane(x, y)
    every = pieces(precise_map)
    assert (lane >= 0).all()
    for k in range(200):
        assert abs(offset[k]) == pytest.approx(nearest_of(*every, float(x[k]), float(y[k])), abs=1e-6)


def test_a_point_on_a_lane_is_on_that_lane_at_that_station(precise_map: Map) -> None:
    kinds = precise_map.lanes["kind"]
    normal = np.flatnonzero(np.isin(kinds, [LaneKind.CAR, LaneKind.BUS, LaneKind.BICYCLE, LaneKind.SIDEWALK]))
    normal = normal[[not str(precise_map.lanes["id"][row]).startswith(":") for row in normal]]
    rng = np.random.default_rng(6)
    lanes = rng.choice(normal, 400)
    share = rng.uniform(0.1, 0.9, 400)
    x, y, heading, station = (np.zeros(400) for _ in range(4))
    for k, row in enumerate(lanes):
        line = precise_map.lane_line(int(row))
        s = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        station[k] = share[k] * s[-1]
        j = min(int(np.searchsorted(s, station[k], side="right")) - 1, len(line) - 2)
        way = (line[j + 1] - line[j]) / (s[j + 1] - s[j])
        x[k], y[k] = line[j] + way * (station[k] - s[j]) + 0.4 * np.array([way[1], -way[0]])
        heading[k] = np.arctan2(way[0], way[1])
    found, offset, s_found = precise_map.nearest_lane(x, y, heading, kinds=[0, 1, 2, 3])
    same = found == lanes
    assert same.mean() > 0.985  # under the bridge two roads cross
    assert offset[same] == pytest.approx(np.full(same.sum(), 0.4), abs=0.05)
    assert s_found[same] == pytest.approx(station[same], abs=0.2)


def test_the_heading_decides_where_two_roads_cross(precise_map: Map) -> None:
    """Where the expressway passes over the boulevard, a car is on the road it drives along."""
    over = precise_map.lane_row("express.1+_1")
    line = precise_map.lane_line(over)
    under = [row for row, id in enumerate(precise_map.lanes["id"]) if str(id).startswith("xinghan.9+_")]
    middle = precise_map.lane_line(under[-1])
    gap = np.linalg.norm(line[:, None] - middle[None], axis=2)
    i, _ = np.unravel_index(int(np.argmin(gap)), gap.shape)
    at = line[i]
    way = line[min(i + 1, len(line) - 1)] - line[i - 1]
    along, _, _ = precise_map.nearest_lane([at[0]], [at[1]], [np.arctan2(*way)])
    across, _, _ = precise_map.nearest_lane([at[0]], [at[1]], [np.arctan2(*way) + np.pi / 2])
    assert str(precise_map.lanes["id"][along[0]]).startswith("express")
    assert not str(precise_map.lanes["id"][across[0]]).startswith("express.1+_1")


def test_nobody_is_on_a_lane_far_from_all_roads_or_nowhere(precise_map: Map) -> None:
    lane, offset, s = precise_map.nearest_lane([-60_000.0, np.nan, -2200.0], [0.0, 0.0, -2000.0])
    assert lane.tolist() == [-1, -1, -1]
    assert np.isnan(offset).all() and np.isnan(s).all()


def test_no_places_give_no_lanes(precise_map: Map) -> None:
    lane, _, _ = precise_map.nearest_lane([], [])
    assert len(lane) == 0
