"""Automated shuttles in the simulated street: each gets its senses from the simulation and is placed in it every step.

SUMO's rules for who drives itself (``moveToXY``): it is placed at every step, its route reaches far beyond the next
junction, and speed and lane-change models are off; then others yield to it and follow it like anybody else. The
shuttle believes itself a little off where it is (a slow drift, as of a lidar map match).
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import Map
from jinyun.hdmap.courses import Course
from jinyun.shapes import Light
from jinyun.vehicle.shuttle.body import FRONT_M, Pose, move
from jinyun.vehicle.shuttle.driving import Senses, Shuttle
from jinyun.vehicle.shuttle.guideline import Guideline
from jinyun.vehicle.shuttle.modes import Mode
from jinyun.world.sending import Message
from jinyun.world.shuttle_sensing import Blocks, OwnSensors
from jinyun.world.shuttle_signs import posted_on
from jinyun.world.street import STEP_S, Snapshot, Street
from jinyun.zone import Zone

SUBSTEPS = 2
"""Control runs at 20 Hz."""
RADIO_M = 350.0
NETWORK_S = 0.005
CAMERA_M = 75.0
"""So far the camera reads a signal head."""
DRIFT_SD_M, DRIFT_TIME_S, HEADING_SD_RAD = 0.04, 25.0, math.radians(0.15)
LAPS = 120
ASK_AGAIN_S = 10.0
"""One that found no room on its lane for so long asks again; more than the simulation's patience."""
ANSWERS_S, DRIVES_S = 2.5, 12.0
"""The safety driver takes over so long after a request and drives at least so long."""


@dataclass(slots=True)
class SafetyDriver:
    """The driver on board, as simulated: answers a request after a moment, drives with less patience, gives the wheel back."""

    taken_s: float = math.nan

    def tick(self, shuttle: Shuttle, now_s: float) -> None:
        """Answer a request that is open, and give back when the road is clear again."""
        modes = shuttle.modes
        if shuttle.blocked(now_s):
            modes.request("blocked", now_s, shuttle.odometer_m)
        if modes.open is not None and now_s - modes.open[0] >= ANSWERS_S:
            modes.take(Mode.MANUAL, now_s, shuttle.odometer_m)
            self.taken_s, shuttle.boldly = now_s, True
        moved = shuttle.plan is not None and float(shuttle.plan.speed_mps[0]) > 3.0 and abs(shuttle.d_m) < 0.5
        if modes.mode is Mode.MANUAL and now_s - self.taken_s > DRIVES_S and moved:
            modes.give_back(now_s)
            shuttle.boldly = False


@dataclass(slots=True)
class Placed:
    """An automated shuttle on the street."""

    id: str  # SUMO's
    name: str
    shuttle: Shuttle
    sensors: OwnSensors
    number: int
    edges: list[str]
    entry: tuple[int, float]  # index of the lane, metres along it
    line_id: str
    ask_s: float = math.inf
    pose: Pose | None = None
    believed: Pose | None = None
    drift: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    list_: tuple[float, NDArray[np.void]] | None = None
    waiting: deque[Message] = field(default_factory=deque)
    commands: tuple[float, float] = (0.0, 0.0)
    driver: SafetyDriver = field(default_factory=SafetyDriver)


class Shuttles:
    """The automated shuttles of a street; :meth:`step` between two steps of the street."""

    def __init__(self, zone: Zone, map: Map, street: Street, seed: int, broken: frozenset[int] = frozenset()) -> None:
        """``broken`` are nodes whose signals are out of order: no SPAT, and a flashing yellow light."""
        self._zone, self._map, self._street, self._seed = zone, map, street, seed
        self._blocks = Blocks.of(map)
        self._rng = np.random.default_rng([seed, 23])
        self.all: list[Placed] = []
        self._added = 0
        self.broken = broken
        self._units = {rsu.id: (k, rsu.x_m, rsu.y_m, rsu.node or 0) for k, rsu in enumerate(zone.rsus)}

    def add(self, course: Course, line: Guideline, at_m: float, name: str, road: bool = True) -> Placed:
        """Put a shuttle on the line with its front at station ``at_m``, which must lie on a road, not in a junction."""
        shuttle = Shuttle(self._map, line, self._zone.project, (at_m - FRONT_M) % line.length_m, road)
        shuttle.posted = posted_on(self._zone.signs, self._map, line)  # it has the zone's signs on its map
        edges, lane, along = self._entry(course, line, at_m)
        id = self._street.enter(edges, lane, along, line=course.line.id)
        sensors = OwnSensors(self._blocks, self._seed + self._added)
        self._added += 1
        placed = Placed(id, name, shuttle, sensors, int(id[1:]), edges, (lane, along), course.line.id)
        self.all.append(placed)
        return placed

    def retire(self, name: str) -> None:
        """Take a shuttle off the street: it leaves the line."""
        for placed in [one for one in self.all if one.name == name]:
            self.all.remove(placed)
            if placed.id in self._street.api.vehicle.getIDList():
                self._street.api.vehicle.remove(placed.id)

    def _entry(self, course: Course, line: Guideline, at_m: float) -> tuple[list[str], int, float]:
        x, y, _ = line.place(at_m, 0.0)
        row = int(line.lane[int(at_m / 0.5) % len(line.lane)])
        _, _, s = self._map.nearest_lane(x, y, None, [int(self._map.lanes["kind"][row])])
        lane_id = str(self._map.lanes["id"][row])
        edge, _, index = lane_id.rpartition("_")
        k = course.edges.index(edge)
        return (course.edges[k:] + course.edges[:k]) * LAPS, int(index), float(s[0])

    def step(
        self, now: Snapshot, now_us: int, messages: list[Message], lights: tuple[NDArray[Any], ...], due_s: float
    ) -> None:
        """Let every shuttle sense the snapshot, drive for one step and be placed where it is then.

        ``messages`` are those of the roadside since the last step, ``lights`` what burns (node, phase, light, seconds
        left), ``due_s`` the instant of the snapshot on the clock that messages are due by.
        """
        api = self._street.api
        here = set(api.vehicle.getIDList())
        for placed in self.all:
            if placed.pose is None:
                if placed.id not in here:
                    self._ask_again(placed, now.time_s)
                    continue
                self._begin(placed)
            elif placed.id not in here:  # the simulation lost it: that is a defect, and must not go unseen
                raise RuntimeError(f"{placed.name}: the street no longer knows {placed.id}")
            self._drive(placed, now, now_us, messages, lights, due_s)
            pose = placed.pose
            assert pose is not None
            x, y = pose.ahead(FRONT_M)
            api.vehicle.moveToXY(placed.id, "", -1, x, y, math.degrees(pose.heading_rad) % 360, 2, 10)

    def _ask_again(self, placed: Placed, now_s: float) -> None:
        """Let one that found no room in time ask for it anew: the simulation gives up after some seconds."""
        if not math.isfinite(placed.ask_s):
            placed.ask_s = now_s + ASK_AGAIN_S
        elif now_s >= placed.ask_s:
            lane, along = placed.entry
            placed.id = self._street.enter(placed.edges, lane, along, line=placed.line_id)
            placed.number = int(placed.id[1:])
            placed.ask_s = now_s + ASK_AGAIN_S

    def _begin(self, placed: Placed) -> None:
        api = self._street.api
        api.vehicle.setSpeedMode(placed.id, 0)
        api.vehicle.setLaneChangeMode(placed.id, 0)
        x, y = api.vehicle.getPosition(placed.id)
        heading = math.radians(api.vehicle.getAngle(placed.id))
        speed = api.vehicle.getSpeed(placed.id)
        placed.pose = Pose(x - FRONT_M * math.sin(heading), y - FRONT_M * math.cos(heading), heading, speed)

    def _drive(
        self,
        placed: Placed,
        now: Snapshot,
        now_us: int,
        messages: list[Message],
        lights: tuple[NDArray[Any], ...],
        due_s: float,
    ) -> None:
        pose, shuttle = placed.pose, placed.shuttle
        assert pose is not None
        for message in messages:
            unit = self._units.get(message.sender)
            told = message.kind in ("rsm", "rsi") or (
                message.kind == "spat" and unit is not None and unit[3] not in self.broken
            )
            if unit is not None and told and math.hypot(unit[1] - pose.x_m, unit[2] - pose.y_m) <= RADIO_M:
                placed.waiting.append(message)
        rsm, spat, rsi = [], [], []
        later: deque[Message] = deque()
        for message in placed.waiting:
            received_s = message.due_s + NETWORK_S
            if received_s > due_s:
                later.append(message)
            elif message.kind == "rsm":
                rsm.append(
                    (message.payload, self._units[message.sender][0], now_us - round((due_s - received_s) * 1e6))
                )
            elif message.kind == "rsi":
                rsi.append(message.payload)
            else:
                spat.append(message.payload)
        placed.waiting = later
        listed = placed.list_
        placed.list_ = (now.time_s, placed.sensors.look(now, pose, placed.number))
        seen_lights = self._seen(shuttle, lights)
        keep = math.exp(-STEP_S / DRIFT_TIME_S)
        scale = np.array([DRIFT_SD_M, DRIFT_SD_M, HEADING_SD_RAD])
        placed.drift = keep * placed.drift + math.sqrt(1 - keep**2) * scale * self._rng.standard_normal(3)
        for k in range(SUBSTEPS):
            first = k == 0
            senses = Senses(
                None if not first or listed is None else listed[1], 0.0 if listed is None else listed[0],
                seen_lights if first else (), tuple(rsm) if first else (), tuple(spat) if first else (),
                tuple(rsi) if first else (),
            )  # fmt: skip
            believed = Pose(
                pose.x_m + placed.drift[0], pose.y_m + placed.drift[1], pose.heading_rad + placed.drift[2],
                pose.speed_mps, pose.accel_mps2, pose.steer_rad,
            )  # fmt: skip
            after_s = k * STEP_S / SUBSTEPS
            placed.commands = shuttle.step(now.time_s + after_s, now_us + round(after_s * 1e6), believed, senses)
            pose = move(pose, *placed.commands, STEP_S / SUBSTEPS)
            if first:
                placed.believed = believed
        placed.pose = pose
        placed.driver.tick(shuttle, now.time_s + STEP_S)

    def _seen(self, shuttle: Shuttle, lights: tuple[NDArray[Any], ...]) -> tuple[tuple[int, int, int], ...]:
        """Return what the camera reads: the group of the next stop lines, where their heads are near enough."""
        node, phase, light, _ = lights
        found = []
        for line in shuttle.line.stop_lines:
            ahead = shuttle.line.ahead(shuttle.s_m, line.s_m)
            if line.phase and ahead < CAMERA_M:
                if line.node in self.broken:
                    found.append((line.node, line.phase, int(Light.FLASHING_YELLOW)))
                    continue
                rows = np.flatnonzero((node == line.node) & (phase == line.phase))
                found += [(line.node, line.phase, int(light[k])) for k in rows.tolist()]
        return tuple(found)
