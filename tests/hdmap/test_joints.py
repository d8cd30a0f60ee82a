"""Borders meet where lanes do: across an edge's end, and from a lane outside a junction into one within it."""

import numpy as np

from jinyun.hdmap import LaneKind, Map, joints, tables


def test_no_lane_of_the_reference_zone_ends_with_a_gap(precise_map: Map) -> None:
    walked = np.isin(precise_map.lanes["kind"], (LaneKind.AREA, LaneKind.CROSSING))
    met = 0
    for row in np.flatnonzero(~walked).tolist():
        for follower in precise_map.successors_of(row).tolist():
            if not walked[follower]:
                ends, begins = precise_map.borders(row), precise_map.borders(follower)
                gaps = [float(np.hypot(*(a[-1] - b[0]))) for a, b in zip(ends, begins, strict=True)]
                assert max(gaps) < 1e-6, precise_map.lanes["id"][[row, follower]]
                assert np.allclose(precise_map.lane_line(row)[-1], precise_map.lane_line(follower)[0])
                met += 1
    assert met > 4000


def test_neighbours_of_an_edge_end_in_one_point(precise_map: Map) -> None:
    left = precise_map.lanes["left"]
    for row in np.flatnonzero(left >= 0).tolist():
        if not str(precise_map.lanes["id"][row]).startswith(":"):
            here, there = precise_map.borders(row)[0], precise_map.borders(int(left[row]))[1]
            assert np.abs(here[[0, -1]] - there[[0, -1]]).max() < 1e-6, precise_map.lanes["id"][row]


def test_a_lane_within_a_junction_begins_as_slanted_and_wide_as_the_one_before() -> None:
    """Two lanes 3 m wide end on a line slanted by atan(1/3); the lane that follows the left one is 2 m wide."""
    lines = [[(0, 0), (0, 5), (0, 11)], [(-3, 0), (-3, 5), (-3, 10)], [(-3, 10), (-3, 20)]]
    count = np.array([len(line) for line in lines])
    middle = np.array([place for line in lines for place in line], float)
    half = np.repeat([1.5, 1.5, 1.0], count)
    lanes = {
        "edge": np.array([0, 0, 1]), "first": np.cumsum(count) - count, "count": count,
        "width_m": np.array([3.0, 3, 2]), "length_m": np.array([11.0, 10, 10]),
    }  # fmt: skip
    edges = {"first": np.array([0, 2]), "count": np.array([2, 1])}
    points = tables.filled("points", {
        "x_m": middle[:, 0], "y_m": middle[:, 1], "left_x_m": middle[:, 0] - half, "left_y_m": middle[:, 1],
        "right_x_m": middle[:, 0] + half, "right_y_m": middle[:, 1],
    })  # fmt: skip
    lanes, points = joints.meet(lanes, edges, points, [(1, 2)], np.array([True, True, False]))
    left, right = (np.column_stack([points[f"{side}_x_m"], points[f"{side}_y_m"]]) for side in ("left", "right"))
    assert np.allclose(left[[2, 5]], [[-1.5, 10.5], [-4.5, 9.5]])
    assert np.allclose(right[[2, 5]], [[1.5, 11.5], [-1.5, 10.5]])
    assert np.allclose(left[6], left[5]) and np.allclose(right[6], right[5])
    assert np.allclose(left[7], [-4, 20]) and np.allclose(right[7], [-2, 20])
    assert np.isclose(lanes["width_m"][2], 2.5)
