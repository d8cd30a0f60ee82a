"""Profiles of speed against plain physics: closed forms against integration, stops to the centimetre, limits kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jinyun.vehicle.shuttle.body import FRONT_M
from jinyun.vehicle.shuttle.pacing import DT_S, FAR_M, STEPS, profile, slowing_m

NONE, NOBODY = np.zeros((0, 3)), np.zeros((0, 5))
ACCEL, BRAKE, JERK = 1.2, 1.25, 1.25


def closed_loop(
    speed: float, stop_m: float, seconds: float, lead: np.ndarray = NOBODY, top: float = 11.1
) -> np.ndarray:
    """Return (station, speed, acceleration) every 0.2 s of a plan that is renewed each time from where it has come to."""
    s, v, a = np.empty(STEPS + 1), np.empty(STEPS + 1), np.empty(STEPS + 1)
    here, accel, rows = 0.0, 0.0, []
    for k in range(round(seconds / DT_S)):
        now = lead.copy()
        now[:, 0] += now[:, 1] * k * DT_S - here
        profile(speed, accel, stop_m - here, top, NONE, now, ACCEL, BRAKE, JERK, s, v, a)
        here, speed, accel = here + s[1], float(v[1]), float(a[1])
        rows.append((here, speed, accel))
    return np.array(rows)


def integrated_m(v: float, a: float, w: float, brake: float, jerk: float) -> float:
    """Return the least metres to slow to ``w``, by trying how far one can brake before the brake must be let go."""
    dt, s = 0.001, 0.0
    for _ in range(60_000):
        letting_go = a < 0 and v - a * a / (2 * jerk) <= w
        if (letting_go and a + jerk * dt >= 0) or (a >= 0 and v <= w):
            return s
        after = a + jerk * dt if letting_go else max(a - jerk * dt, -brake)
        slower = v + (a + after) / 2 * dt
        s, v, a = s + (v + slower) / 2 * dt, slower, after
    raise AssertionError("does not slow down")


@settings(max_examples=60, deadline=None)
@given(st.floats(0.5, 12), st.floats(-1.2, 1.2), st.floats(0, 1))
def test_the_way_that_slowing_takes_is_what_integration_gives(v: float, a: float, share: float) -> None:
    w = share * v * 0.95
    if a < 0 and v - a * a / (2 * JERK) < w:
        return  # it is slower than that already when the brake is let go
    assert slowing_m(v, a, w, BRAKE, JERK) == pytest.approx(integrated_m(v, a, w, BRAKE, JERK), abs=0.06)


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 11), st.floats(0, 60))
def test_a_stop_that_can_be_made_is_made_to_five_centimetres_and_in_comfort(speed: float, spare: float) -> None:
    stop = slowing_m(speed, 0.0, 0.0, BRAKE * 0.9, JERK * 0.75) + 0.5 + spare
    drive = closed_loop(speed, stop, 60)
    assert abs(drive[-1, 0] - stop) < 0.05
    assert drive[-1, 1] == 0.0
    assert np.abs(drive[:, 2]).max() <= BRAKE + 1e-6
    while_moving = drive[:-1, 1] > 0.05
    assert np.abs(np.diff(drive[:, 2]) / DT_S)[while_moving].max(initial=0) <= JERK + 1e-6


def test_nobody_drives_faster_than_asked() -> None:
    drive = closed_loop(0.0, FAR_M * 2, 40)
    assert drive[:, 1].max() <= 11.1 + 0.01
    assert drive[-1, 1] > 11.0


def test_a_slower_stretch_is_entered_slowly_enough() -> None:
    s, v, a = np.empty(STEPS + 1), np.empty(STEPS + 1), np.empty(STEPS + 1)
    here, speed, accel, inside = 0.0, 10.0, 0.0, []
    for _ in range(100):
        slow = np.array([[60.0 - here, 80.0 - here, 3.5]])
        profile(speed, accel, FAR_M * 2, 11.1, slow, NOBODY, ACCEL, BRAKE, JERK, s, v, a)
        here, speed, accel = here + s[1], float(v[1]), float(a[1])
        if 60.0 <= here <= 80.0:
            inside.append(speed)
    assert inside
    assert max(inside) <= 3.6
    assert speed > 9.0  # and it is fast again beyond


@pytest.mark.parametrize(("lead_mps", "gap_m"), [(0.0, 60.0), (4.0, 30.0), (8.0, 15.0)])
def test_who_drives_ahead_is_never_touched(lead_mps: float, gap_m: float) -> None:
    lead = np.array([[FRONT_M + gap_m, lead_mps, 0.0, 1.9, 2.5]])
    drive = closed_loop(9.0, FAR_M * 2, 40, lead)
    rear = FRONT_M + gap_m + lead_mps * DT_S * (1 + np.arange(len(drive)))
    gap = rear - drive[:, 0] - FRONT_M
    assert gap.min() > 1.5
    assert drive[-1, 1] == pytest.approx(lead_mps, abs=0.3)


def test_a_firm_brake_is_let_go_at_once_when_nothing_asks_for_it_any_more() -> None:
    s, v, a = np.empty(STEPS + 1), np.empty(STEPS + 1), np.empty(STEPS + 1)
    profile(6.0, -4.0, FAR_M * 2, 11.1, NONE, NOBODY, ACCEL, BRAKE, JERK, s, v, a)
    assert v.min() > 3.0  # let go at the gentle level's jerk it would come to a stand
    jerk = np.diff(a) / DT_S
    assert (jerk[a[:-1] < -BRAKE] <= 4.0 + 1e-9).all() and (jerk[a[:-1] >= -BRAKE - 1e-9] <= JERK + 1e-9).all()


@settings(max_examples=80, deadline=None)
@given(st.floats(3.0, 11.0), st.floats(-5.0, -1.5), st.floats(0.0, 30.0))
def test_a_firm_brake_is_let_go_only_as_far_as_a_stop_allows(speed: float, accel: float, spare: float) -> None:
    stop = slowing_m(speed, -BRAKE * 0.9, 0.0, BRAKE * 0.9, JERK * 0.75) + 1.0 + spare
    s, v, a = np.empty(STEPS + 1), np.empty(STEPS + 1), np.empty(STEPS + 1)
    profile(speed, accel, stop, 11.1, NONE, NOBODY, ACCEL, BRAKE, JERK, s, v, a)
    assert s[-1] <= stop + 0.05
    assert (np.diff(a)[a[:-1] < -BRAKE] >= 0).all()  # and never brakes again as firmly as it did


@pytest.mark.parametrize(("stop_m", "least", "most"), [(20.0, -3.8, -2.5), (10.5, -7.0, -5.0)])
def test_an_emergency_is_braked_for_early_and_as_hard_as_one_can_only_where_it_must(
    stop_m: float, least: float, most: float
) -> None:
    s, v, a = np.empty(STEPS + 1), np.empty(STEPS + 1), np.empty(STEPS + 1)
    profile(10.0, 0.0, stop_m, 11.1, NONE, NOBODY, 0.0, 7.0, 25.0, s, v, a)
    assert s[-1] <= stop_m + 0.05
    assert v[-1] == 0.0
    assert least <= a.min() < most
