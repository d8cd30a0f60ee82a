"""Measures against closed forms, geometry done another way, and values of commonroad-crime."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jinyun.trial.measure import along, boxes, comfort, crossing

place = st.floats(-40, 40)
angle = st.floats(-math.pi, math.pi)
speed = st.floats(0, 25)


def test_ttc_behind_somebody_is_gap_over_closing_speed() -> None:
    assert boxes.ttc_s(0, 0, 0, 20, 4, 2, 34, 0, 0, 10, 4, 2) == pytest.approx(3.0)
    assert along.ttc_s(30, 20, 10) == pytest.approx(3.0)


def test_ttc_of_those_who_part_or_miss_is_infinite_and_of_those_who_touch_is_zero() -> None:
    assert boxes.ttc_s(0, 0, 0, 10, 4, 2, 30, 0, 0, 12, 4, 2) == math.inf
    assert boxes.ttc_s(0, 0, 0, 10, 4, 2, 30, 2.1, 0, 0, 4, 2) == math.inf
    assert boxes.ttc_s(0, 0, 0, 10, 4, 2, 3, 0, 0, 0, 4, 2) == 0


def test_ttc_where_ways_cross_is_when_the_nearer_sides_meet() -> None:
    """One drives east at 10 m/s from 50 m before, the other north at 10 m/s from 50 m before: corner to corner at 4.7 s."""
    assert boxes.ttc_s(-50, 0, 0, 10, 4, 2, 0, -50, math.pi / 2, 10, 4, 2) == pytest.approx((50 - 3) / 10)


@given(place, place, angle, speed, place, place, angle, speed)
@settings(max_examples=40, deadline=None)
def test_ttc_is_the_first_time_at_which_the_moved_boxes_overlap(
    x1: float, y1: float, h1: float, v1: float, x2: float, y2: float, h2: float, v2: float
) -> None:
    told = float(boxes.ttc_s(x1, y1, h1, v1, 4.3, 1.9, x2, y2, h2, v2, 1.8, 0.6))
    t = np.arange(0, 8, 0.01)
    moved = boxes.overlap(
        x1 + v1 * t * math.cos(h1), y1 + v1 * t * math.sin(h1), h1, 4.3, 1.9,
        x2 + v2 * t * math.cos(h2), y2 + v2 * t * math.sin(h2), h2, 1.8, 0.6
    )  # fmt: skip
    first = t[moved][0] if moved.any() else math.inf
    if first < 7.9:
        assert told == pytest.approx(first, abs=0.0101)
    elif told < 7.9:  # a graze that lies between two steps
        at = boxes.distance_m(
            x1 + v1 * told * math.cos(h1), y1 + v1 * told * math.sin(h1), h1, 4.3, 1.9,
            x2 + v2 * told * math.cos(h2), y2 + v2 * told * math.sin(h2), h2, 1.8, 0.6,
        )  # fmt: skip
        assert float(at[0]) < 1e-6


@given(place, place, angle, place, place, angle)
@settings(max_examples=60, deadline=None)
def test_the_distance_of_boxes_is_that_of_their_densest_outlines(
    x1: float, y1: float, h1: float, x2: float, y2: float, h2: float
) -> None:
    def outline(x: float, y: float, h: float, length: float, width: float) -> np.ndarray:  # type: ignore[type-arg]
        u = np.linspace(-1, 1, 81)
        one = np.ones_like(u)
        points = np.concatenate([np.column_stack(p) for p in ((u, one), (u, -one), (one, u), (-one, u))]) * [
            length / 2,
            width / 2,
        ]
        turn = np.array([[math.cos(h), math.sin(h)], [-math.sin(h), math.cos(h)]])
        return points @ turn + [x, y]

    told = float(boxes.distance_m(x1, y1, h1, 4.3, 1.9, x2, y2, h2, 5.0, 2.0)[0])
    a, b = outline(x1, y1, h1, 4.3, 1.9), outline(x2, y2, h2, 5.0, 2.0)
    dense = float(np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1)).min())
    if told > 0:
        assert dense - 0.08 <= told <= dense + 1e-9
    assert told == 0 or told > 0


def test_drac_and_required_deceleration_are_what_just_suffices() -> None:
    """Closing at 10 m/s with 25 m left: 2 m/s²; behind one who brakes at 3 m/s²: 5 m/s² in all."""
    assert along.drac_mps2(25, 20, 10) == pytest.approx(2.0)
    assert along.required_mps2(25, 20, 10, 0.0) == pytest.approx(-2.0)
    assert along.required_mps2(25, 20, 10, -3.0) == pytest.approx(-5.0)
    assert along.drac_mps2(25, 10, 20) == 0


def test_exposure_counts_and_integrates_what_lies_below() -> None:
    ttc = np.array([math.inf, 2.0, 1.0, 0.5, 1.5, math.nan])
    assert along.exposed_s(ttc, 1.5, 0.1) == pytest.approx(0.3)
    assert along.integrated_s2(ttc, 1.5, 0.1) == pytest.approx((0.5 + 1.0 + 0.0) * 0.1)


def test_post_encroachment_time_of_two_who_cross_is_the_pause_between_them() -> None:
    """East at 10 m/s through the origin from t = 0 at x = -30; north at 10 m/s through it from y = -60.

    Boxes of 4 by 2 m: the first overlaps the other's way while |x| <= 3: from 2.7 to 3.3 s; the second from 5.7 s on.
    """
    t = np.arange(0, 10.001, 0.1)
    still = np.zeros_like(t)
    met = crossing.encroachment(t, -30 + 10 * t, still, still, 4, 2, still, -60 + 10 * t, still + math.pi / 2, 4, 2)
    assert met.first
    assert met.pet_s == pytest.approx(5.7 - 3.3, abs=0.11)
    assert met.et_s == pytest.approx(0.6, abs=0.11)


def test_ways_that_do_not_meet_have_no_encroachment() -> None:
    t = np.arange(0, 5, 0.1)
    still = np.zeros_like(t)
    assert math.isnan(crossing.encroachment(t, 10 * t, still, still, 4, 2, 10 * t, still + 4, still, 4, 2).pet_s)


def test_the_closest_encounter_of_points_is_where_their_distance_is_least() -> None:
    near, after = boxes.closest(0, 0, 10, 0, 50, 5, 0, 0)
    assert (float(near), float(after)) == pytest.approx((5.0, 5.0))
    near, after = boxes.closest(0, 0, -10, 0, 50, 5, 0, 0)
    assert (float(near), float(after)) == pytest.approx((math.hypot(50, 5), 0.0))


def test_driving_a_circle_has_the_lateral_acceleration_of_a_circle() -> None:
    t = np.arange(0, 5, 0.1)
    v, radius = 10.0, 50.0
    h = v / radius * t
    assert comfort.lateral_mps2(np.full_like(t, v), h, 0.1) == pytest.approx(np.full(len(t) - 1, v * v / radius))
