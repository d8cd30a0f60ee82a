"""Prediction on lanes, held against physics and common sense on the road."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest

from jinyun.cloud.prediction import TIMES_S, Lamp, Manner, Paths, predict, roadway
from jinyun.hdmap import Map, Turn
from jinyun.shapes import Kind, Light
from tests.cloud.prediction.scenes import NOBODY, NOW_US, aside, lights, of, share, tracks
from tests.hdmap.drawn import lanes_of
from tests.hdmap.town import town

TOWN = roadway(town())
"""Lane 0 (y = -5.25) leads straight on east, lane 1 (y = -1.75) straight on and left; the lines are at x = -16."""
GREEN, RED = lights((1, Light.PROTECTED_GREEN, 30.0)), lights((1, Light.RED, 30.0))


def bend(radius_m: float) -> Map:
    """A straight of 100 m east, a right bend of a quarter circle, and a straight south; one lane each."""
    turn = [(radius_m * np.sin(a), -radius_m * (1 - np.cos(a))) for a in np.linspace(0, np.pi / 2, 31)]
    on = [(radius_m, -radius_m), (radius_m, -radius_m - 200)]
    return lanes_of([[(-100, 0), (-50, 0), (0, 0)], turn, on], edge=[0, 1, 2], after=[(0, 1), (1, 2)])


def test_on_a_straight_lane_one_keeps_to_it_at_ones_speed() -> None:
    paths = predict(tracks({"x_m": 20.0, "y_m": -4.85, "speed_mps": 12.0}), NOBODY, TOWN, NOW_US)
    assert paths.probability[0] > 0.95 and paths.manner[0] == Manner.FOLLOW
    assert paths.x_m[0] == pytest.approx(20 + 12 * TIMES_S, abs=0.2)
    off = paths.y_m[0] + 5.25
    assert np.all(np.diff(np.abs(off)) < 0) and abs(off[-1]) < 0.1
    assert paths.speed_mps[0] == pytest.approx(12.0)
    assert np.all(np.diff(paths.along_sd_m[0]) > 0)


@pytest.mark.parametrize("radius_m", [10.0, 20.0])
def test_a_bend_is_driven_no_faster_than_its_lateral_acceleration_allows(radius_m: float) -> None:
    map = bend(radius_m)
    paths = predict(tracks({"x_m": -40.0, "speed_mps": 14.0}), NOBODY, roadway(map), NOW_US)
    x, y, v = paths.x_m[0], paths.y_m[0], paths.speed_mps[0]
    inside = (x > 1) & (y > 1 - radius_m)
    assert inside.sum() >= 3 and np.all(v[inside] ** 2 / radius_m < 4.2)  # on its way in it brakes still
    assert v[-1] ** 2 / radius_m == pytest.approx(3.0, abs=0.3)  # nor does it creep
    line = np.vstack([map.lane_line(lane) for lane in range(3)])
    assert aside(np.column_stack([x, y]), line).max() < 0.3
    # speed and way belong together
    gone = np.hypot(np.diff(x), np.diff(y))
    assert gone == pytest.approx((v[1:] + v[:-1]) / 4, abs=0.35)


def test_red_holds_and_green_does_not() -> None:
    car = tracks({"x_m": -60.0, "y_m": -5.25, "speed_mps": 12.0})
    red, green = (predict(car, its, TOWN, NOW_US) for its in (RED, GREEN))
    assert share(red, 0, manner=Manner.STOP) > 0.9
    assert share(green, 0, manner=Manner.FOLLOW) > 0.9
    row = red.first[0]
    front = red.x_m[row] + 2.0
    assert front[-1] < -15.0 and np.all(np.diff(red.speed_mps[row]) <= 1e-6) and red.speed_mps[row][-1] < 3.0
    assert red.line[row] == 0 and red.line_m[row] == pytest.approx(-15 - -58.0, abs=1.5)
    assert green.x_m[green.first[0]][-1] == pytest.approx(0.0, abs=3.0)
    gone = predict(car, NOBODY, TOWN, NOW_US)  # nobody knows the light: nobody is held
    assert share(gone, 0, manner=Manner.STOP) == 0.0


def test_who_cannot_stop_passes_a_light_that_turns_yellow() -> None:
    yellow = lights((1, Light.YELLOW, 3.0))
    near, far = ({"x_m": x, "y_m": -5.25, "speed_mps": 14.0} for x in (-25.0, -80.0))
    paths = predict(tracks(near, far), yellow, TOWN, NOW_US)
    assert share(paths, 0, manner=Manner.GO) > 0.9
    assert share(paths, 1, manner=Manner.STOP) > 0.9


def test_the_left_lamp_speaks_for_the_left_turn() -> None:
    car = tracks({"x_m": -45.0, "y_m": -1.75, "speed_mps": 8.0})
    left = [
        share(predict(car, GREEN, TOWN, NOW_US, lamps=[lamp]), 0, turn=int(Turn.LEFT))
        for lamp in (Lamp.OFF, Lamp.UNKNOWN, Lamp.LEFT)
    ]
    assert left[0] < left[1] < left[2]
    assert left[0] < 0.3 and left[1] == pytest.approx(0.5, abs=0.2) and left[2] > 0.8


def test_both_ways_on_lie_on_their_lanes() -> None:
    map = TOWN.map
    paths = predict(tracks({"x_m": -40.0, "y_m": -1.75, "speed_mps": 10.0}), GREEN, TOWN, NOW_US)
    ends = {}
    for row in of(paths, 0):
        lanes = [lane for lane in paths.lane[row].tolist() if lane >= 0]
        line = np.vstack([map.lane_line(lane) for lane in lanes])
        places = np.column_stack([paths.x_m[row], paths.y_m[row]])
        assert aside(places, line).max() < 0.2
        ends[int(paths.turn[row])] = places[-1]
    assert ends[int(Turn.STRAIGHT)][0] > 5 and ends[int(Turn.LEFT)][1] > 0


def test_a_queue_starts_one_after_the_other() -> None:
    queue = [{"x_m": -18.0 - 6.5 * k, "y_m": -5.25} for k in range(4)]
    paths = predict(tracks(*queue), lights((1, Light.RED, 1.0)), TOWN, NOW_US)
    rows = [int(paths.first[k]) for k in range(4)]
    started = [TIMES_S[np.argmax(paths.speed_mps[row] > 0.3)] for row in rows]
    assert started[0] >= 1.5 and all(b > a for a, b in pairwise(started))
    x = paths.x_m[rows]
    assert np.all(x[:-1] - x[1:] > 4.0)  # nobody drives into the one ahead
    held = predict(tracks(*queue), RED, TOWN, NOW_US)
    assert np.abs(held.x_m - held.x_m[:, :1]).max() < 1.0  # but for closing up


def test_nobody_runs_into_one_who_stands_ahead() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        gap, v = rng.uniform(25, 70), rng.uniform(5, 15)
        paths = predict(tracks({"x_m": 120.0, "y_m": -5.25}, {"x_m": 120 - gap, "y_m": -5.25, "speed_mps": v}), NOBODY,
                        TOWN, NOW_US)  # fmt: skip
        ahead, behind = paths.x_m[paths.first[0]], paths.x_m[paths.first[1]]
        assert v * v / (2 * (gap - 4.0)) > 6.0 or np.all(ahead - behind > 3.9)


def test_who_drifts_over_the_border_changes_lane() -> None:
    angle = np.pi / 2 + np.arctan2(1.0, 12.0)  # to the right
    paths = predict(tracks({"x_m": 40.0, "y_m": -2.75, "speed_mps": 12.0, "heading_rad": angle}), NOBODY, TOWN, NOW_US)
    assert share(paths, 0, manner=Manner.CHANGE) > 0.5
    row = next(row for row in of(paths, 0) if paths.manner[row] == Manner.CHANGE)
    assert paths.lane[row, 0] == 2 and paths.y_m[row, -1] == pytest.approx(-5.25, abs=0.4)


def crowd() -> np.ndarray:
    rng = np.random.default_rng(8)
    who = [
        {"x_m": rng.uniform(-150, 150), "y_m": rng.choice([-5.25, -1.75]) + rng.normal(0, 0.3),
         "speed_mps": rng.uniform(0, 14), "heading_rad": np.pi / 2 + rng.normal(0, 0.05), "accel_mps2": rng.normal(0, 1)}
        for _ in range(40)
    ]  # fmt: skip
    who += [{"x_m": rng.uniform(-20, 0), "y_m": rng.uniform(-15, 5), "speed_mps": 1.2, "kind": Kind.PEDESTRIAN,
             "heading_rad": rng.uniform(0, 6)} for _ in range(10)]  # fmt: skip
    who += [{"x_m": 500.0, "y_m": 500.0, "speed_mps": 9.0, "yaw_rps": 0.1}, {"x_m": np.nan, "y_m": np.nan}]
    return tracks(*who)


def same(one: Paths, other: Paths, rows: np.ndarray) -> None:
    for field in fields(Paths):
        if field.name not in ("first", "track"):
            assert np.array_equal(getattr(one, field.name), getattr(other, field.name)[rows], equal_nan=True), (
                field.name
            )


def test_probabilities_sum_to_one_and_neither_order_nor_repetition_changes_anything() -> None:
    who = crowd()
    signals = lights((1, Light.YELLOW, 2.0), (2, Light.RED, 9.0), (3, Light.PROTECTED_GREEN, 20.0))
    paths = predict(who, signals, TOWN, NOW_US)
    assert len(set(paths.manner.tolist())) >= 5
    assert np.add.reduceat(paths.probability, paths.first[:-1]) == pytest.approx(np.ones(len(who)), abs=1e-5)
    assert np.array_equal(paths.track, np.repeat(np.arange(len(who)), np.diff(paths.first)))
    for track in range(len(who)):
        assert np.all(np.diff(paths.probability[list(of(paths, track))]) <= 0)
    same(paths, predict(who, signals, TOWN, NOW_US), np.arange(len(paths.track)))
    order = np.random.default_rng(1).permutation(len(who))
    mixed = predict(who[order], signals, TOWN, NOW_US)
    place = np.argsort(order)
    same(paths, mixed, np.concatenate([np.arange(mixed.first[k], mixed.first[k + 1]) for k in place]))


def test_places_nobody_knows_and_nobody_at_all() -> None:
    paths = predict(crowd(), NOBODY, TOWN, NOW_US)
    lost = int(paths.first[-2])
    assert np.isnan(paths.x_m[lost]).all() and paths.probability[lost] == 1.0 and paths.manner[lost] == Manner.FREE
    assert np.isfinite(paths.x_m[:lost]).all() and np.isfinite(paths.along_sd_m[:lost]).all()
    empty = predict(tracks(), NOBODY, TOWN, NOW_US)
    assert empty.first.tolist() == [0] and empty.x_m.shape == (0, 10) and empty.lane.shape == (0, 8)
    with pytest.raises(ValueError, match="1 lamps for 2 tracks"):
        predict(tracks({}, {}), NOBODY, TOWN, NOW_US, lamps=[0])
