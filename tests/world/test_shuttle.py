"""Automated shuttles in the street: what their sensors can see, and what a judge of their driving finds."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from jinyun.bench.shuttle import figures_of
from jinyun.bench.shuttle.judge import Judge, apart
from jinyun.shapes import Kind
from jinyun.vehicle.shuttle.body import MIDDLE_M, Pose
from jinyun.world import shuttle_actors
from jinyun.world.shuttle_sensing import Blocks, OwnSensors
from jinyun.world.street import DOING, Snapshot
from tests.hdmap.reference import reference

NOWHERE = Blocks(np.zeros((0, 4)))


def snapshot(*rows: tuple[int, Kind, float, float, float, float, tuple[float, float, float]]) -> Snapshot:
    """Return a street of (number, kind, x, y, heading, speed, size)."""
    number, kind, x, y, heading, speed, size = zip(*rows, strict=True)
    sizes, n = np.array(size, float).reshape(-1, 3), len(rows)
    return Snapshot(
        time_s=0.0, slot=np.arange(n), number=np.array(number, np.uint32), kind=np.array(kind, np.uint8),
        classification=np.zeros(n, np.uint8), x_m=np.array(x, float), y_m=np.array(y, float),
        heading_rad=np.array(heading, float), speed_mps=np.array(speed, float), accel_mps2=np.zeros(n),
        yaw_rate_rps=np.zeros(n), length_m=sizes[:, 0], width_m=sizes[:, 1], height_m=sizes[:, 2], vehicles=n, persons=0,
        doing=np.zeros(n, DOING),
    )  # fmt: skip


CAR, BUS, MAN = (4.6, 1.8, 1.5), (12.0, 2.55, 3.2), (0.5, 0.5, 1.7)
HERE = Pose(0.0, -MIDDLE_M, 0.0)


def seen(street: Snapshot, blocks: Blocks = NOWHERE) -> set[int]:
    return {int(street.number[k]) for k in OwnSensors(blocks, 1).visible(street, HERE, 999)}


def test_a_bus_hides_a_man_behind_it_and_a_car_does_not() -> None:
    assert seen(snapshot((1, Kind.MOTOR, 0, 15, 0, 0, BUS), (2, Kind.PEDESTRIAN, 0, 30, 0, 0, MAN))) == {1}
    assert seen(snapshot((1, Kind.MOTOR, 0, 15, 0, 0, CAR), (2, Kind.PEDESTRIAN, 0, 30, 0, 0, MAN))) == {1, 2}
    assert seen(snapshot((1, Kind.MOTOR, 6, 15, 0, 0, BUS), (2, Kind.PEDESTRIAN, 0, 30, 0, 0, MAN))) == {1, 2}


def test_a_building_hides_whoever_is_behind_its_corner() -> None:
    wall = Blocks(np.array([[5.0, 10.0, 40.0, 10.0], [5.0, 10.0, 5.0, 40.0]]))
    street = snapshot((1, Kind.PEDESTRIAN, 20, 30, 0, 0, MAN), (2, Kind.PEDESTRIAN, 0, 30, 0, 0, MAN))
    assert seen(street, wall) == {2}
    assert seen(street) == {1, 2}


def test_nobody_is_seen_beyond_the_range_of_their_kind() -> None:
    assert seen(snapshot((1, Kind.MOTOR, 0, 75, 0, 0, CAR), (2, Kind.PEDESTRIAN, 0, 55, 0, 0, MAN))) == {1}


def test_an_object_keeps_its_number_and_noise_has_the_size_that_is_said() -> None:
    sensors, street = OwnSensors(NOWHERE, 3), snapshot((1, Kind.MOTOR, 0, 30, 0, 5, CAR))
    lists = [sensors.look(street, HERE, 999) for _ in range(400)]
    assert {int(row["number"]) for listed in lists for row in listed} == {1}
    off = np.concatenate([listed["x_m"] for listed in lists])
    assert off.std() == pytest.approx(0.10, rel=0.2)
    assert 0.01 < 1 - len(off) / 400 < 0.06  # the misses


def judge() -> Judge:
    lights = SimpleNamespace(getIDList=lambda: [])
    return Judge(reference()[1], SimpleNamespace(trafficlight=lights), "v9", 9, [], reference()[0].profile)


def test_bodies_touch_when_no_line_parts_them() -> None:
    box = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [0.0, 2.0]])
    assert not apart(box, box + np.array([3.9, 0.0]))
    assert apart(box, box + np.array([4.1, 0.0]))
    turned = (box - [2, 1]) @ np.array([[0.8, 0.6], [-0.6, 0.8]])
    assert apart(box, turned + np.array([2.0, 4.1]))
    assert not apart(box, turned + np.array([2.0, 2.9]))


def test_a_contact_is_found_once_and_is_the_shuttles_fault_only_when_it_drove_into_it() -> None:
    x, y = 5000.0, 5000.0  # off the map: only contacts are asked about
    shuttle = (9, Kind.MOTOR, x, y, 0.0, 4.0, (5.9, 2.06, 2.65))
    found = judge()
    for ahead in (8.0, 5.0, 4.8):
        found.watch(snapshot(shuttle, (1, Kind.MOTOR, x, y + ahead, 0.0, 0.0, CAR)), False)
    assert [contact["at_fault"] for contact in found.drive.contacts] == [True]
    found = judge()
    standing = (9, Kind.MOTOR, x, y, 0.0, 0.0, (5.9, 2.06, 2.65))
    found.watch(snapshot(standing, (1, Kind.MOTOR, x, y - 5.0, 0.0, 3.0, CAR)), False)
    assert [contact["at_fault"] for contact in found.drive.contacts] == [False]


def lane_pose(d_m: float, turned: float = 0.0) -> tuple[float, float, float]:
    """Return a place on the middle of a lane of the map, so far to its right, and the heading."""
    map = reference()[1]
    line = map.lane_line(map.lane_row("yungu.8+_3"))
    a, b = line[len(line) // 2 - 1], line[len(line) // 2]
    heading = float(np.arctan2(*(b - a)))
    x, y = (a + b) / 2
    return float(x + d_m * np.cos(heading)), float(y - d_m * np.sin(heading)), heading + turned


@pytest.mark.parametrize(
    ("d_m", "indicates", "many"), [(0.0, False, 0), (0.5, False, 0), (1.2, False, 1), (1.2, True, 0)]
)
def test_a_line_that_is_crossed_without_indicating_is_a_departure(d_m: float, indicates: bool, many: int) -> None:
    x, y, heading = lane_pose(d_m)
    found = judge()
    for _ in range(3):
        found.watch(snapshot((9, Kind.MOTOR, x, y, heading, 5.0, (5.9, 2.06, 2.65))), indicates)
    assert len(found.drive.departures) == many


def test_driving_against_the_lane_is_found() -> None:
    x, y, heading = lane_pose(0.0, np.pi)
    found = judge()
    found.watch(snapshot((9, Kind.MOTOR, x, y, heading, 5.0, (5.9, 2.06, 2.65))), False)
    assert len(found.drive.wrong_way) == 1


def test_comfort_is_the_share_of_steps_within_every_limit() -> None:
    found = judge()
    for accel, lateral in ((0.0, 0.0), (0.1, 0.0), (0.1, 1.6), (1.6, 0.0), (1.6, 0.0)):
        found.comfort(accel, lateral, 5.0, False)
    assert (found.drive.moving_steps, found.drive.comfortable_steps) == (5, 2)
    found.comfort(-6.0, 0.0, 5.0, True)
    assert (found.drive.moving_steps, found.drive.emergency_steps, found.drive.hard_brakings) == (5, 1, 1)


def test_figures_of_no_loops_are_none() -> None:
    assert figures_of([]) == {"loops": 0}


def test_a_car_is_told_to_cut_in_only_where_its_own_way_leads_on() -> None:
    lanes = (("e_0", 90.0, 0.1, 1, False, ()), ("e_1", 400.0, 0.1, 0, True, ("f_0",)))
    api = SimpleNamespace(vehicle=SimpleNamespace(getBestLanes=lambda _: lanes))
    assert [shuttle_actors._leads_on(api, "v1", lane) for lane in ("e_0", "e_1", "e_2")] == [False, True, False]
