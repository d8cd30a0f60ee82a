"""A shuttle driven among people, cars and lights that a test puts there."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun.hdmap import Map
from jinyun.shapes import Kind, Light
from jinyun.vehicle.shuttle.behaviour import REASONS
from jinyun.vehicle.shuttle.guideline import Guideline
from jinyun.zone import Zone
from tests.vehicle.shuttle.drives import Somebody, drive, least_gap_m

STRAIGHT_M = 640.0
"""A station on yungu.8+, 300 m before a junction and beyond a stop."""


def at(line: Guideline, number: int, kind: Kind, s_m: float, d_m: float, turn_rad: float, speed_mps: float) -> Somebody:
    x, y, heading = line.place(s_m, d_m)
    return Somebody(number, kind, float(x), float(y), float(heading) + turn_rad, speed_mps)


def test_a_car_that_stands_in_its_lane_is_passed_and_the_lane_taken_again(
    here: Zone, precise_map: Map, loop: Guideline
) -> None:
    def others(t: float) -> list[Somebody]:
        return [at(loop, 1, Kind.MOTOR, STRAIGHT_M + 70.0, 0.0, 0.0, 0.0)]

    found = drive(here, precise_map, loop, STRAIGHT_M, 26.0, others)
    assert {"pass", "merge"} <= set(found.state)
    assert least_gap_m(found, others) > 0.3
    assert loop.ahead(STRAIGHT_M + 70.0, found.front_m[-1]) < 200  # it is beyond
    assert abs(found.shuttle.d_m) < 0.3
    assert min(found.accel_mps2) > -1.6


def test_who_drives_on_while_it_is_passed_is_followed_and_not_raced(
    here: Zone, precise_map: Map, loop: Guideline
) -> None:
    def others(t: float) -> list[Somebody]:
        gone = max(t - 10.5, 0.0) * 9.0
        return [at(loop, 1, Kind.MOTOR, STRAIGHT_M + 70.0 + gone, 0.0, 0.0, 9.0 if gone else 0.0)]

    found = drive(here, precise_map, loop, STRAIGHT_M, 22.0, others)
    assert found.state[-1] != "pass"
    assert abs(found.shuttle.d_m) < 0.4
    assert least_gap_m(found, others) > 0.3


def test_a_car_that_stands_where_both_lanes_are_taken_is_waited_for(
    here: Zone, precise_map: Map, loop: Guideline
) -> None:
    def others(t: float) -> list[Somebody]:
        beside = [at(loop, 2 + k, Kind.MOTOR, STRAIGHT_M + 8.0 * k, -3.5, 0.0, 0.0) for k in range(12)]
        return [at(loop, 1, Kind.MOTOR, STRAIGHT_M + 70.0, 0.0, 0.0, 0.0), *beside]

    found = drive(here, precise_map, loop, STRAIGHT_M, 20.0, others)
    assert found.speed_mps[-1] == 0.0
    assert found.reason[-1] in ("follow", "wait_to_pass")
    gap = loop.ahead(found.front_m[-1], STRAIGHT_M + 70.0 - 2.3)
    assert 1.0 < gap < 8.0


@pytest.mark.parametrize(("speed_mps", "ahead_m"), [(8.0, 20.0), (8.0, 26.0), (10.8, 30.0), (10.8, 36.0), (10.8, 44.0)])
def test_behind_what_suddenly_lies_there_it_stands_with_room(
    speed_mps: float, ahead_m: float, here: Zone, precise_map: Map, loop: Guideline
) -> None:
    lies_m = STRAIGHT_M + 20.0 + ahead_m

    def others(t: float) -> list[Somebody]:
        return [at(loop, 1, Kind.MOTOR, lies_m + 2.3, 0.0, 0.0, 0.0)] if t * speed_mps > 20.0 else []

    found = drive(here, precise_map, loop, STRAIGHT_M, 14.0, others, speed_mps=speed_mps)
    stands = found.speed_mps.index(0.0)
    assert 1.0 < loop.ahead(found.front_m[stands], lies_m) < 4.0
    assert min(found.accel_mps2) > -5.0


def test_who_drives_slowly_ahead_is_followed(here: Zone, precise_map: Map, loop: Guideline) -> None:
    def others(t: float) -> list[Somebody]:
        return [at(loop, 1, Kind.MOTOR, STRAIGHT_M + 35.0 + 3.0 * t, 0.0, 0.0, 3.0)]

    found = drive(here, precise_map, loop, STRAIGHT_M, 16.0, others, speed_mps=8.0)
    assert found.speed_mps[-1] == pytest.approx(3.0, abs=0.6)
    assert found.reason[-1] == "follow"
    assert least_gap_m(found, others) > 1.0
    assert min(found.accel_mps2) > -1.6


def test_somebody_who_walks_across_is_let_go(here: Zone, precise_map: Map, loop: Guideline) -> None:
    def others(t: float) -> list[Somebody]:
        return [at(loop, 1, Kind.PEDESTRIAN, STRAIGHT_M + 60.0, 9.0 - 1.3 * t, -np.pi / 2, 1.3)] if t < 13 else []

    found = drive(here, precise_map, loop, STRAIGHT_M, 18.0, others, speed_mps=8.0)
    assert least_gap_m(found, others) > 0.8
    assert "yield_pedestrian" in found.reason
    assert found.speed_mps[-1] > 5.0  # and then it goes on
    assert min(found.accel_mps2) > -3.5


def test_one_who_runs_out_from_where_nobody_saw_them_is_not_touched(
    here: Zone, precise_map: Map, loop: Guideline
) -> None:
    def others(t: float) -> list[Somebody]:
        if not 1.2 <= t < 7:
            return []
        return [at(loop, 1, Kind.PEDESTRIAN, STRAIGHT_M + 26.0, 6.0 - 2.4 * t, -np.pi / 2, 2.4)]

    found = drive(here, precise_map, loop, STRAIGHT_M, 8.0, others, speed_mps=9.0)
    assert least_gap_m(found, others) > 0.1
    assert min(found.accel_mps2) < -2.0


def test_it_stops_before_a_red_line_and_goes_at_green(here: Zone, precise_map: Map, loop: Guideline) -> None:
    line = next(its for its in loop.stop_lines if its.s_m > STRAIGHT_M)

    def light(t: float, node: int) -> int:
        return int(Light.RED if t < 22 else Light.PROTECTED_GREEN)

    found = drive(here, precise_map, loop, line.s_m - 90.0, 30.0, light=light, speed_mps=10.0)
    stood = [front for t, front in zip(found.t_s, found.front_m, strict=True) if t < 22]
    before = loop.ahead(max(stood), line.s_m)
    assert 0.3 < before < 1.5
    assert "red_light" in found.reason
    assert loop.ahead(line.s_m, found.front_m[-1]) < 60  # it has passed the line by now
    assert min(found.accel_mps2) > -1.6


def test_at_a_late_yellow_it_goes_on_instead_of_braking_hard(here: Zone, precise_map: Map, loop: Guideline) -> None:
    line = next(its for its in loop.stop_lines if its.s_m > STRAIGHT_M)

    def light(t: float, node: int) -> int:
        return int(Light.PROTECTED_GREEN if t < 1.0 else Light.YELLOW if t < 4.0 else Light.RED)

    found = drive(here, precise_map, loop, line.s_m - 25.0, 6.0, light=light, speed_mps=10.0)
    crossed = next(t for t, front in zip(found.t_s, found.front_m, strict=True) if loop.ahead(line.s_m, front) < 200)
    assert crossed < 4.0
    assert min(found.accel_mps2) > -1.6


@pytest.mark.parametrize("speed_mps", [5.5, 6.5, 7.5])
def test_a_stop_for_which_gentle_braking_is_not_enough_is_made_firmly(
    here: Zone, precise_map: Map, loop: Guideline, speed_mps: float
) -> None:
    line = next(its for its in loop.stop_lines if its.s_m > STRAIGHT_M)
    found = drive(
        here, precise_map, loop, line.s_m - 0.8 - speed_mps**2 / 3.4 - 0.35 * speed_mps, 9.0,
        light=lambda t, node: int(Light.RED), speed_mps=speed_mps,
    )  # fmt: skip
    assert all(loop.ahead(front, line.s_m) < 200 for front in found.front_m)
    assert found.speed_mps[-1] < 0.05 and min(found.accel_mps2) > -3.2


@pytest.mark.parametrize("before_m", [13.0, 16.0, 20.0])
def test_a_gentle_stop_for_a_yellow_is_carried_through(
    here: Zone, precise_map: Map, loop: Guideline, before_m: float
) -> None:
    line = next(its for its in loop.stop_lines if its.s_m > STRAIGHT_M)

    def light(t: float, node: int) -> int:
        return int(Light.YELLOW if t < 6.0 else Light.RED)

    found = drive(here, precise_map, loop, line.s_m - before_m, 9.0, light=light, speed_mps=5.0)
    assert all(loop.ahead(front, line.s_m) < 200 for front in found.front_m)
    assert found.speed_mps[-1] < 0.05


def test_it_docks_within_ten_centimetres_and_waits_until_it_is_let_go(
    here: Zone, precise_map: Map, loop: Guideline
) -> None:
    halt = loop.halts[2]
    found = drive(here, precise_map, loop, halt.s_m - 70.0, 26.0, speed_mps=8.0)
    assert found.shuttle.docked_s is not None
    assert abs(loop.ahead(found.front_m[-1], halt.s_m + 1.0) - 1.0) < 0.1
    assert found.reason[-1] == "dwell"
    assert found.speed_mps[-1] == 0.0


def test_bends_are_taken_slowly_enough_for_people_who_stand(here: Zone, precise_map: Map, loop: Guideline) -> None:
    bend = float(np.argmax(np.abs(loop.curvature))) * 0.5
    found = drive(here, precise_map, loop, bend - 60.0, 24.0, speed_mps=6.0)
    lateral = [pose.speed_mps * abs(pose.yaw_rps) for pose in found.poses]
    assert max(lateral) < 1.5
    assert loop.ahead(bend, found.front_m[-1]) < 300  # it has passed the bend


def test_every_reason_that_is_shown_has_words_in_both_languages() -> None:
    for zh, en in REASONS.values():
        assert zh
        assert en
        assert zh != en
    assert all(any("\u4e00" <= c <= "\u9fff" for c in zh) for zh, _ in REASONS.values())


def test_a_guideline_lies_in_the_middle_of_the_lanes_and_stops_lie_on_it(precise_map: Map, loop: Guideline) -> None:
    lane, off, _ = precise_map.nearest_lane(loop.x_m, loop.y_m, loop.heading_rad, (0, 1, 4))
    assert np.abs(off).max() < 0.15
    assert (lane == loop.lane).mean() > 0.99
    for halt in loop.halts:
        x, y, _ = loop.place(halt.s_m, 0.0)
        row = [str(id) for id in precise_map.stops["id"]].index(halt.id)
        its, _, s = precise_map.nearest_lane(x, y, None, (0, 1))
        assert its[0] == precise_map.stops["lane"][row]
        assert precise_map.stops["end_m"][row] - s[0] == pytest.approx(2.0, abs=0.15)


def test_stop_lines_lie_before_what_they_protect(loop: Guideline) -> None:
    for line in loop.stop_lines:
        crossing = min(loop.crossings, key=lambda its: loop.ahead(line.s_m, its.s_m))
        assert 0.3 < loop.ahead(line.s_m, crossing.s_m) < 8.0
        assert line.turn in (1, 4)
