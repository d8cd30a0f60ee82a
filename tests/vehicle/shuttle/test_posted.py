"""What is posted on the way: speeds, stop signs and closed lanes, on a straight with nobody there."""

from __future__ import annotations

import pytest

from jinyun.hdmap import Map
from jinyun.vehicle.shuttle.guideline import Guideline
from jinyun.vehicle.shuttle.posted import Posted, closed, slow_ahead
from jinyun.zone import Zone
from tests.vehicle.shuttle.drives import drive
from tests.vehicle.shuttle.test_driving import STRAIGHT_M


def test_a_posted_speed_is_kept_on_its_stretch_and_only_there(here: Zone, precise_map: Map, loop: Guideline) -> None:
    sign = Posted("speed", STRAIGHT_M + 80, STRAIGHT_M + 120, 20 / 3.6)
    found = drive(here, precise_map, loop, STRAIGHT_M, 24.0, speed_mps=10.0, posted=(sign,))
    on = [v for v, front in zip(found.speed_mps, found.front_m, strict=True) if sign.s_m <= front <= sign.end_m]
    assert max(on) <= 20 / 3.6 + 0.01
    assert min(on) > 15 / 3.6
    assert max(v for v, front in zip(found.speed_mps, found.front_m, strict=True) if front > sign.end_m) > 30 / 3.6
    assert min(found.accel_mps2) > -1.6
    assert "posted" in found.reason


def test_at_a_stop_sign_one_stands_before_its_line_and_goes_on(here: Zone, precise_map: Map, loop: Guideline) -> None:
    sign = Posted("stop", STRAIGHT_M + 70, STRAIGHT_M + 71)
    found = drive(here, precise_map, loop, STRAIGHT_M, 24.0, speed_mps=10.0, posted=(sign,))
    stood = [front for v, front in zip(found.speed_mps, found.front_m, strict=True) if v < 0.02]
    assert 0.3 < sign.s_m - max(stood) < 1.5
    assert found.front_m[-1] > sign.end_m
    assert "stop_sign" in found.reason


def test_a_closed_lane_is_left_before_it_and_taken_again_behind_it(
    here: Zone, precise_map: Map, loop: Guideline
) -> None:
    sign = Posted("closed", STRAIGHT_M + 90, STRAIGHT_M + 130)
    found = drive(here, precise_map, loop, STRAIGHT_M, 34.0, speed_mps=9.0, posted=(sign,))
    rear = [front - 5.0 for front in found.front_m]
    for pose, front, back in zip(found.poses, found.front_m, rear, strict=True):
        if front > sign.s_m and back < sign.end_m:
            x, y, _ = loop.place(found.shuttle.line.ahead(0.0, front - 3.5), 0.0)
            assert ((pose.x_m - float(x)) ** 2 + (pose.y_m - float(y)) ** 2) ** 0.5 > 2.0
    assert front > sign.end_m
    assert abs(found.shuttle.d_m) < 0.4
    assert "pass_closed" in found.reason


def test_what_is_posted_behind_binds_nothing(loop: Guideline) -> None:
    sign = Posted("speed", 100.0, 150.0, 5.0)
    assert len(slow_ahead([sign], loop, 160.0, 100.0)) == 0
    rows = slow_ahead([sign], loop, 60.0, 100.0)
    assert rows[0, 2] == pytest.approx(4.85)
    assert rows[0, 0] < 40.0
    assert len(closed([Posted("closed", 100.0, 150.0)], loop, 300.0, 95.0)) == 0
