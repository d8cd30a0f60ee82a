"""Who comes from behind a parked bus: hidden from the shuttle until late, seen by the road from the beginning."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jinyun.bench.shuttle.loops import UNITS_WITHIN_M, WALKERS, automated_line
from jinyun.hdmap.courses import courses
from jinyun.shapes import Kind, Light
from jinyun.vehicle.shuttle.body import FRONT_M, LENGTH_M, MIDDLE_M, WIDTH_M, Pose
from jinyun.vehicle.shuttle.guideline import STEP_M, Guideline, guideline
from jinyun.world.offline import FreeClock
from jinyun.world.roadside import Roadside
from jinyun.world.shuttle import Shuttles
from jinyun.world.shuttle_actors import Actors
from jinyun.world.shuttle_screens import screens
from jinyun.world.shuttle_sensing import Blocks, OwnSensors
from jinyun.world.street import DOING, Snapshot
from tests.hdmap.reference import reference

SEEDS = (303, 313, 323)
SPEED_MPS = 11.0
NOTHING: dict[str, Any] = {
    name: np.zeros(0, kind)
    for name, kind in {
        "slot": np.int64, "number": np.uint32, "kind": np.uint8, "classification": np.uint8, "x_m": float, "y_m": float,
        "heading_rad": float, "speed_mps": float, "accel_mps2": float, "yaw_rate_rps": float, "length_m": float,
        "width_m": float, "height_m": float, "doing": DOING,
    }.items()
}  # fmt: skip
EMPTY = Snapshot(time_s=0.0, vehicles=0, persons=0, **NOTHING)


@cache
def scene() -> tuple[Guideline, Roadside, OwnSensors, tuple[float, ...]]:
    zone, map = reference()
    line = guideline(zone, map, automated_line(zone).model_copy(update={"automated": 1}))
    near = [unit for unit in zone.rsus if np.hypot(line.x_m - unit.x_m, line.y_m - unit.y_m).min() < UNITS_WITHIN_M]
    units = Roadside(replace(zone, rsus=tuple(near)), map, 1)
    return line, units, OwnSensors(Blocks.of(map), 1), screens(line, map, units.visible)


def company(seed: int) -> Actors:
    line, _, _, hides = scene()
    numbers = count(1)
    street: Any = SimpleNamespace(admit=lambda: ((n := next(numbers)), n), dismiss=lambda slot: None)
    return Actors(street, line, seed, WALKERS, False, 0, hides)


def first_seen_s(actors: Actors, at_m: float) -> tuple[float, float]:
    """Return for how many seconds the road, and the car, have seen who steps out at ``at_m`` when it would get there."""
    line, units, car, _ = scene()
    by_road = by_car = np.inf
    at_x, at_y, _ = line.place(at_m, 0.0)
    for front_m in np.arange(at_m - 80.0, at_m, SPEED_MPS * 0.1).tolist():
        actors.direct(EMPTY, "", front_m - FRONT_M, SPEED_MPS)
        now = actors.with_guests(EMPTY)
        x, y, heading = line.place(front_m - FRONT_M, 0.0)
        walker = (now.kind == Kind.PEDESTRIAN) & (
            np.hypot(now.x_m - at_x, now.y_m - at_y) < 12.0
        )  # and none of the others
        if units.visible(now)[walker].any():
            by_road = min(by_road, front_m)
        if walker[car.visible(now, Pose(float(x), float(y), float(heading)), 0)].any():
            by_car = min(by_car, front_m)
    return (at_m - by_road) / SPEED_MPS, (at_m - by_car) / SPEED_MPS


@pytest.mark.parametrize("seed", SEEDS)
def test_the_road_sees_who_comes_from_behind_a_bus_seconds_before_the_car_does(seed: int) -> None:
    actors = company(seed)
    assert len(actors.hidden) == WALKERS // 2
    for at_m in actors.hidden:
        by_road_s, by_car_s = first_seen_s(actors, at_m)
        assert by_road_s - by_car_s > 1.5
        assert 1.5 < by_car_s < 3.0  # late, and yet it can brake for them


def driven_past(seed: int, at_m: float, road: bool) -> tuple[float, float]:
    """Return the hardest acceleration (m/s2) and the least gap (m) to who steps out at ``at_m``, all lights green."""
    (here, map), (line, units, _, _) = reference(), scene()
    actors, street = company(seed), type("Street", (), {"enter": lambda *_, **__: "v1"})()
    shuttles = Shuttles(here, map, street, seed)
    course = next(one for one in courses(here, map) if one.line.id == line.line)
    placed = shuttles.add(course, line, at_m - 75.0, "S1", road)
    x, y, heading = (float(its) for its in line.place(at_m - 75.0 - FRONT_M, 0.0))
    placed.pose = Pose(x, y, heading, 11.0)
    many = len(line.stop_lines)
    green = np.full(many, int(Light.PROTECTED_GREEN)), np.full(many, 99.0)
    lights = np.array([at.node for at in line.stop_lines]), np.array([at.phase for at in line.stop_lines]), *green
    clock, hardest, least = FreeClock(), 0.0, np.inf
    for k in range(140):
        actors.direct(EMPTY, "", placed.shuttle.s_m, placed.pose.speed_mps)
        now = replace(actors.with_guests(EMPTY), time_s=0.1 * k)
        said = units.rsm(now, clock) if road else []
        shuttles._drive(placed, now, clock.utc_us(now.time_s), said, lights, clock.due_s(now.time_s))
        hardest = min(hardest, placed.pose.accel_mps2)
        middle_x, middle_y = placed.pose.ahead(MIDDLE_M)
        for row in np.flatnonzero(now.kind == Kind.PEDESTRIAN).tolist():
            dx, dy = now.x_m[row] - middle_x, now.y_m[row] - middle_y
            sin, cos = np.sin(placed.pose.heading_rad), np.cos(placed.pose.heading_rad)
            off = abs(dx * sin + dy * cos) - LENGTH_M / 2, abs(dx * cos - dy * sin) - WIDTH_M / 2
            least = min(least, float(np.hypot(max(off[0], 0.0), max(off[1], 0.0))) - now.length_m[row] / 2)
    return hardest, least


def test_a_shuttle_that_hears_the_road_yields_gently_where_one_alone_brakes_in_an_emergency() -> None:
    seed = 313
    at_m = company(seed).hidden[1]
    hardest, least = driven_past(seed, at_m, road=True)
    alone, near = driven_past(seed, at_m, road=False)
    assert hardest > -2.6
    assert alone < -3.2
    assert min(least, near) > 0.3  # nobody is touched either way


def test_buses_stand_beside_the_shuttles_lane() -> None:
    line = scene()[0]
    now = company(SEEDS[0]).with_guests(EMPTY)
    buses = np.flatnonzero(now.kind == Kind.MOTOR)
    assert len(buses) == WALKERS // 2
    for k in buses.tolist():
        away = np.hypot(line.x_m - now.x_m[k], line.y_m - now.y_m[k])
        at = int(np.argmin(away))
        assert float(away[at]) - now.width_m[k] / 2 > line.right_m[at]
        assert now.length_m[k] < STEP_M * len(line.x_m)


def test_the_same_seed_gives_the_same_company_and_another_seed_another() -> None:
    assert company(SEEDS[0]).hidden == company(SEEDS[0]).hidden
    assert len({company(seed).hidden for seed in SEEDS}) == len(SEEDS)


def test_without_places_that_hide_everybody_steps_out_in_the_open() -> None:
    numbers = count(1)
    street: Any = SimpleNamespace(admit=lambda: ((n := next(numbers)), n), dismiss=lambda slot: None)
    actors = Actors(street, scene()[0], 303, WALKERS, False, 0)
    assert actors.hidden == ()
    assert len(actors.with_guests(EMPTY).number) == 0
