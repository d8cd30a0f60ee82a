"""Curves: what holds for every line, and values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jinyun.hdmap import curve

coordinate = st.integers(-2000, 2000).map(float)
points = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=9, unique=True)


@given(points)
def test_a_spline_passes_every_point_it_is_given(given_points: list[tuple[float, float]]) -> None:
    line, rows = curve.spline(given_points)
    assert np.allclose(line[rows], given_points, atol=1e-6)


def test_a_closed_course_is_smooth_across_its_seam() -> None:
    turn = np.radians(np.arange(0, 361, 30))
    line, _ = curve.spline(np.column_stack([500 * np.cos(turn), 500 * np.sin(turn)]))
    assert np.abs(np.hypot(*line.T) - 500).max() < 1.0
    first, last = line[1] - line[0], line[-1] - line[-2]
    assert float(first @ last) / (np.linalg.norm(first) * np.linalg.norm(last)) > 0.999


def test_a_parallel_of_a_circle_is_a_circle() -> None:
    turn = np.radians(np.arange(0, 181, 2))
    circle = np.column_stack([100 * np.cos(turn), 100 * np.sin(turn)])  # anticlockwise: its right side is outside
    assert np.hypot(*curve.parallel(circle, 5.0).T) == pytest.approx(np.full(len(turn), 105.0), abs=0.01)


def test_right_of_north_is_east() -> None:
    north = np.array([[0.0, 0.0], [0.0, 10.0]])
    assert curve.parallel(north, 3.0) == pytest.approx(np.array([[3.0, 0.0], [3.0, 10.0]]))
    assert curve.headings_rad(north) == pytest.approx([0.0, 0.0])


def test_a_part_keeps_the_points_between() -> None:
    line = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]])
    assert curve.part(line, 5, 15) == pytest.approx(np.array([[5.0, 0.0], [10.0, 0.0], [10.0, 5.0]]))
    assert curve.length_m(line) == 20


@given(points, st.floats(0.01, 50))
def test_a_simplified_line_stays_within_its_tolerance(
    given_points: list[tuple[float, float]], tolerance: float
) -> None:
    line = np.array(given_points)
    kept = curve.simplified(line, tolerance)
    assert np.array_equal(kept[[0, -1]], line[[0, -1]])
    for point in line:
        starts, ways = kept[:-1], np.diff(kept, axis=0)
        along = np.clip(((point - starts) * ways).sum(1) / np.maximum((ways**2).sum(1), 1e-12), 0, 1)
        assert np.linalg.norm(point - starts - along[:, None] * ways, axis=1).min() <= tolerance + 1e-6


def test_many_points_are_simplified_as_few_are() -> None:
    rng = np.random.default_rng(3)
    line = np.column_stack([np.arange(200.0), np.cumsum(rng.normal(0, 1, 200))])
    whole = curve.corners(line, 1.5)
    few = curve.FEW
    try:
        curve.FEW = 1000
        assert np.array_equal(curve.corners(line, 1.5), whole)
    finally:
        curve.FEW = few
