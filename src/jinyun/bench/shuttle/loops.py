"""One loop of the shuttle's line (一圈): the street about it, the shuttle, its company and its judge, without a broker."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.bench.shuttle.judge import Judge
from jinyun.hdmap import Map
from jinyun.hdmap.courses import courses
from jinyun.vehicle.shuttle.behaviour import State
from jinyun.vehicle.shuttle.body import FRONT_M
from jinyun.vehicle.shuttle.driving import Shuttle
from jinyun.vehicle.shuttle.guideline import HALT_BEFORE_END_M, Guideline, guideline
from jinyun.world.offline import FreeClock
from jinyun.world.roadside import Roadside
from jinyun.world.shuttle import CAMERA_M, RADIO_M, Placed, Shuttles
from jinyun.world.shuttle_actors import Actors
from jinyun.world.shuttle_screens import screens
from jinyun.world.street import Snapshot, Street
from jinyun.zone import TransitLine, Zone

UNITS_WITHIN_M = 130.0
"""Roadside units farther from the line have nothing to tell the shuttle."""
MOST_S = 2400.0
BREAKABLE = ("A6", "A7", "A8", "C2", "R2", "H1", "H2", "A5")
DENSE = 2.0
WALKERS = 6
DARK = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
"""The lights where the camera reads none."""


@dataclass(frozen=True, slots=True)
class Case:
    """One loop to be driven: its seed, whether it is one of the hard ones, and whether the road tells anything."""

    seed: int
    hard: bool
    road: bool

    @property
    def name(self) -> str:
        """A name for its file."""
        return f"{self.seed:03d}-{'hard' if self.hard else 'usual'}-{'road' if self.road else 'alone'}"


def automated_line(zone: Zone) -> TransitLine:
    """Return the zone's first shuttle line; raises :class:`ValueError` where it has none."""
    for line in zone.lines:
        if line.kind == "shuttle":
            return line
    raise ValueError(f"zone {zone.id} has no shuttle line")


def _heard(zone: Zone, placed: Placed) -> NDArray[np.bool_] | None:
    """Return which units the shuttle can hear, None as long as it is nowhere."""
    pose = placed.pose
    if pose is None:
        return None
    return np.array([math.hypot(rsu.x_m - pose.x_m, rsu.y_m - pose.y_m) <= RADIO_M for rsu in zone.rsus], np.bool_)


def _reads_lights(shuttle: Shuttle) -> bool:
    line = shuttle.line
    return any(at.phase and line.ahead(shuttle.s_m, at.s_m) < CAMERA_M for at in line.stop_lines)


def drive(zone: Zone, map: Map, line: Guideline | None, case: Case, most_s: float = MOST_S) -> dict[str, Any]:
    """Drive a loop and return what the judge and the shuttle say of it, as JSON holds it."""
    its = automated_line(zone).model_copy(update={"automated": 1})
    line = line or guideline(zone, map, its)
    near = [rsu for rsu in zone.rsus if np.hypot(line.x_m - rsu.x_m, line.y_m - rsu.y_m).min() < UNITS_WITHIN_M]
    lines = tuple(its if one.id == its.id else one for one in zone.lines)
    zone = replace(zone, lines=lines, rsus=tuple(near))
    course = next(one for one in courses(zone, map) if one.line.id == its.id)
    street = Street(zone, map, case.seed, course.edges, DENSE if case.hard else 1.0, automated=True)
    try:
        return _driven(zone, map, line, case, street, course, its, most_s)
    finally:
        street.close()


def _driven(
    zone: Zone, map: Map, line: Guideline, case: Case, street: Street, course: Any, its: TransitLine, most_s: float
) -> dict[str, Any]:
    units, clock = Roadside(zone, map, case.seed), FreeClock()
    rng = np.random.default_rng([case.seed, 7])
    broken: frozenset[int] = frozenset()
    if case.hard:
        name = BREAKABLE[int(rng.integers(len(BREAKABLE)))]
        broken = frozenset({int(map.junctions["node"][map.junction_row(name)])})
        state = street.signal_state(name)
        street.api.trafficlight.setRedYellowGreenState(name, "o" * len(state))
    shuttles = Shuttles(zone, map, street, case.seed, broken)
    begin = int(rng.integers(len(line.halts)))
    placed = shuttles.add(course, line, line.halts[begin].s_m, "S1", case.road)
    shuttle = placed.shuttle
    hides = screens(line, map, units.visible) if case.hard else ()
    actors = Actors(street, line, case.seed, WALKERS if case.hard else 0, case.hard, 1 if case.hard else 0, hides)
    if case.hard:
        onward = {edge: course.edges[k:] + course.edges[:k] for k, edge in enumerate(course.edges)}
        actors.park(onward, {int(row): str(map.lanes["id"][row]) for row in np.unique(line.lane)})
    judge: Judge | None = None
    now: Snapshot = street.step()
    began_s, left_s, ended_s = now.time_s, math.nan, math.nan
    while now.time_s < began_s + most_s:
        t = now.time_s
        messages = units.messages(street, now, clock, _heard(zone, placed)) if case.road else []
        lights = units.lights(street) if _reads_lights(shuttle) else DARK
        shuttles.step(now, clock.utc_us(t), messages, lights, clock.due_s(t))
        if placed.pose is not None:
            actors.direct(now, placed.id, shuttle.s_m, placed.pose.speed_mps)
        now = actors.with_guests(street.step())
        if placed.pose is None or placed.number not in now.number:
            continue
        if judge is None:
            judge = Judge(
                map, street.api, placed.id, placed.number, placed.edges[: 2 * len(course.edges)], zone.profile
            )
        pose = placed.pose
        emergency = shuttle.state is State.EMERGENCY
        judge.watch(now, shuttle.state in (State.PASS, State.MERGE))
        judge.comfort(pose.accel_mps2, pose.speed_mps * pose.yaw_rps, pose.speed_mps, emergency, shuttle.reason)
        if shuttle.docked_s is not None and now.time_s - shuttle.docked_s > its.dwell_s:
            if math.isnan(left_s):
                left_s = now.time_s
            else:
                judge.stopped(line.halts[shuttle.halt].id, pose.ahead(FRONT_M), HALT_BEFORE_END_M)
                if shuttle.halt == begin:
                    ended_s = shuttle.docked_s
                    break
            shuttle.depart()
    assert judge is not None, "the shuttle found no room to begin"
    found = asdict(judge.drive)
    return found | {
        "seed": case.seed, "hard": case.hard, "road": case.road, "broken": sorted(broken),
        "loop_min": (ended_s - left_s) / 60, "finished": not math.isnan(ended_s),
        "plan_ms": [round(ms, 2) for ms in list(shuttle.plan_cpu_ms)[5:]],
        "plan_wall_ms": [round(ms, 2) for ms in list(shuttle.plan_ms)[5:]],
        "takeovers": [asdict(one) for one in shuttle.modes.takeovers],
        "stepped_out": actors.stepped_out, "cut_in": actors.cut_in, "lorries": len(actors.lorries),
        "odometer_m": shuttle.odometer_m, "simulated": True,
    }  # fmt: skip
