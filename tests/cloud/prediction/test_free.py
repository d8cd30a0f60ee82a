"""Prediction off the lanes: turns by their closed form, people on foot by where they head and what their light says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from jinyun.cloud.prediction import TIMES_S, Manner, free, predict, roadway
from jinyun.shapes import Kind, Light
from tests.cloud.prediction.scenes import NOBODY, NOW_US, lights, of, share, tracks
from tests.hdmap.town import town

TOWN = roadway(town())
"""Its crossing runs along x = -12 from y = -10 to y = 3; its light is phase 3."""


def coasted(v: float, course: float, accel: float, yaw: float, turn_fade_s: float, accel_fade_s: float) -> np.ndarray:
    samples = np.zeros((1, len(TIMES_S), 6))
    one = [np.array([value]) for value in (3.0, -7.0, v, course, accel, yaw, 0.3, 0.2, 0.02)]
    free.coast(np.array([0]), *one, turn_fade_s, accel_fade_s, TIMES_S, 0, samples)
    return samples[0]


@pytest.mark.parametrize("yaw", [0.25, -0.4])
def test_a_lasting_turn_is_a_circle(yaw: float) -> None:
    got = coasted(8.0, 1.0, 0.0, yaw, 1e9, 1e9)
    east = 3 + 8 / yaw * (np.cos(1.0) - np.cos(1 + yaw * TIMES_S))
    north = -7 + 8 / yaw * (np.sin(1 + yaw * TIMES_S) - np.sin(1.0))
    assert np.abs(got[:, 0] - east).max() < 0.02 and np.abs(got[:, 1] - north).max() < 0.02
    assert np.cos(got[:, 2] - (1 + yaw * TIMES_S)) == pytest.approx(1.0) and got[:, 3] == pytest.approx(8.0)


def test_off_the_map_turn_and_acceleration_fade_as_the_equations_of_motion_say() -> None:
    v, course, accel, yaw = 10.0, 2.0, 1.5, 0.3

    def motion(t: float, y: np.ndarray) -> list[float]:
        return [y[3] * np.sin(y[2]), y[3] * np.cos(y[2]), yaw * np.exp(-t / free.TURN_FADE_S),
                accel * np.exp(-t / free.ACCEL_FADE_S)]  # fmt: skip

    true = solve_ivp(motion, (0, 5), [900.0, 900.0, course, v], t_eval=TIMES_S, rtol=1e-9, atol=1e-9).y
    who = {"x_m": 900.0, "y_m": 900.0, "speed_mps": v, "heading_rad": course, "accel_mps2": accel, "yaw_rps": yaw}
    for road in (TOWN, None):  # beyond every lane, and without a map
        paths = predict(tracks(who), NOBODY, road, NOW_US)
        assert paths.manner.tolist() == [Manner.FREE] and paths.lane.max() == -1 and paths.line[0] == -1
        assert np.hypot(paths.x_m[0] - true[0], paths.y_m[0] - true[1]).max() < 0.03
        assert paths.speed_mps[0] == pytest.approx(true[3], abs=1e-3)


def test_braking_ends_in_standing_and_an_unknown_heading_in_staying() -> None:
    paths = predict(tracks({"speed_mps": 2.0, "accel_mps2": -4.0}, {"speed_mps": 6.0, "heading_rad": np.nan}), NOBODY,
                    None, NOW_US)  # fmt: skip
    assert paths.speed_mps[0, -1] == 0 and np.all(np.diff(paths.x_m[0]) >= 0)
    assert np.all(paths.x_m[1] == 0) and paths.along_sd_m[1, -1] > 6 * 5 and np.isnan(paths.heading_rad[1]).all()


def test_on_foot_one_waits_for_red_and_goes_over_by_green() -> None:
    stands = tracks({"kind": Kind.PEDESTRIAN, "x_m": -12.0, "y_m": -10.5, "heading_rad": 0.0})
    red, green = (
        predict(stands, lights((3, light, 20.0)), TOWN, NOW_US) for light in (Light.RED, Light.PROTECTED_GREEN)
    )
    assert share(red, 0, manner=Manner.WAIT) == 1.0 and np.ptp(red.y_m) == 0
    assert 0.4 < share(green, 0, manner=Manner.CROSS) < 0.9
    row = next(row for row in of(green, 0) if green.manner[row] == Manner.CROSS)
    assert green.y_m[row, -1] > -7 and green.x_m[row] == pytest.approx(-12.0, abs=0.1)


def test_who_walks_to_a_red_crossing_stops_at_the_kerb_and_starts_with_the_green() -> None:
    walks = tracks({"kind": Kind.PEDESTRIAN, "x_m": -12.0, "y_m": -12.0, "heading_rad": 0.0, "speed_mps": 1.3})
    paths = predict(walks, lights((3, Light.RED, 2.5)), TOWN, NOW_US)
    row = next(row for row in of(paths, 0) if paths.manner[row] == Manner.CROSS)
    y, v = paths.y_m[row], paths.speed_mps[row]
    waiting = (TIMES_S > 1.7) & (TIMES_S < 3.4)
    assert y[waiting] == pytest.approx(-10.0, abs=0.1) and np.all(v[waiting] == 0)
    assert y[-1] > -9.0 and share(paths, 0, manner=Manner.WALK) > 0
    away = predict(tracks({"kind": Kind.PEDESTRIAN, "x_m": 60.0, "y_m": 60.0, "heading_rad": 1.0, "speed_mps": 1.3}),
                   NOBODY, TOWN, NOW_US)  # fmt: skip
    assert away.manner.tolist() == [Manner.WALK]
    assert np.hypot(away.x_m[0] - 60, away.y_m[0] - 60) == pytest.approx(1.3 * TIMES_S, rel=1e-5)
