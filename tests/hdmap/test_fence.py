"""Inside or outside, against areas whose shares are known and against a plain winding count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jinyun.hdmap import Map, fence
from tests.hdmap.drawn import lanes_of

corner = st.tuples(st.integers(-20, 20), st.integers(-20, 20))


def winds(x: float, y: float, outline: list[tuple[int, int]]) -> float:
    """Return how often the outline goes round a place: the sum of the angles under which its sides are seen."""
    ways = np.array(outline, float) - [x, y]
    angle = np.arctan2(ways[:, 1], ways[:, 0])
    turn = (np.diff(np.append(angle, angle[0])) + np.pi) % (2 * np.pi) - np.pi
    return float(turn.sum() / (2 * np.pi))


@settings(max_examples=60, deadline=None)
@given(st.lists(corner, min_size=3, max_size=8, unique=True), st.lists(corner, min_size=1, max_size=5))
def test_a_place_is_in_where_the_outline_goes_round_it_an_odd_number_of_times(
    outline: list[tuple[int, int]], at: list[tuple[int, int]]
) -> None:
    x, y = np.array(at, float).T
    x, y = x + 0.37, y + 0.41  # nearly never on an edge between corners of whole numbers
    found = fence.inside(x, y, [outline])
    for k in range(len(x)):
        times = winds(x[k], y[k], outline)
        assert (found[k] == 0) == (round(times) % 2 == 1)


def test_the_first_of_several_areas_is_named() -> None:
    square = [(0, 0), (10, 0), (10, 10), (0, 10)]
    other = [(5, 5), (15, 5), (15, 15), (5, 15)]
    assert fence.inside([1, 7, 12, 20, np.nan], [1, 7, 12, 20, 1], [square, other]).tolist() == [0, 0, 1, -1, -1]
    assert fence.inside([1.0], [1.0], []).tolist() == [-1]


def cross() -> Map:
    return lanes_of([[(-50, 0), (50, 0)], [(0, -50), (0, 50)]], edge=[0, 1], width_m=4.0)


def test_lanes_that_cover_a_place_are_counted() -> None:
    x, y = [0.0, 20.0, 20.0, 20.0, 51.0, 51.0], [0.0, 1.9, 2.1, -1.9, 0.0, 5.0]
    assert fence.covering(cross(), x, y).tolist() == [2, 1, 0, 1, 0, 0]
    assert fence.covering(cross(), x, y, beyond_m=1.5).tolist() == [2, 1, 1, 1, 1, 0]
    assert fence.covering(cross(), [0.0], [0.0], [0.1]).tolist() == [1]
    assert fence.covering(cross(), [0.0], [0.0], lanes=np.array([False, True])).tolist() == [1]


def test_half_of_a_street_that_is_open_is_inside(precise_map: Map) -> None:
    """The middle of every open lane is on open road, that of a closed one is not unless an open one crosses it."""
    rows = np.flatnonzero((precise_map.lanes["kind"] == 0) & (precise_map.lanes["junction"] < 0))
    at = precise_map.lanes["first"][rows].astype(int) + precise_map.lanes["count"][rows].astype(int) // 2
    inside = precise_map.on_open_road(precise_map.points["x_m"][at], precise_map.points["y_m"][at])
    open_ = precise_map.lanes["open"][rows]
    assert inside[open_].all() and open_.sum() > 100
    assert inside[~open_].mean() < 0.1
    assert not precise_map.on_open_road([1e5, np.nan], [0.0, 0.0]).any()


def test_outlines_of_junctions_hold_their_middles(precise_map: Map) -> None:
    areas = precise_map.areas
    rows = np.flatnonzero((areas["kind"] == 0) & (areas["junction"] >= 0))
    corners = np.column_stack([precise_map.area_points[key] for key in ("x_m", "y_m")])
    outlines = [corners[f : f + c] for f, c in zip(areas["first"][rows], areas["count"][rows], strict=True)]
    signals = np.flatnonzero(precise_map.junctions["control"] == "signal")
    found = fence.inside(precise_map.junctions["x_m"][signals], precise_map.junctions["y_m"][signals], outlines)
    assert (areas["junction"][rows][found] == signals).mean() == pytest.approx(1.0)
