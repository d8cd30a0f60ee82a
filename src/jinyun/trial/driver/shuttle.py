"""The zone's automated shuttle (:mod:`jinyun.vehicle.shuttle`) in the driver's seat.

What the adapter does and does not: the mission's way becomes the shuttle's guideline on a one-lane map of its own; what is
sensed and what is heard both reach it as its own object list (not as RSM bytes); signals reach it as its camera's; what is
posted (signs, hazards, closed lanes, advice) as stretches of its guideline. Its lags of drive and steering are not
simulated here; its front stands where the tested vehicle's front stands.
"""

from __future__ import annotations

import math
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from jinyun import __version__, hdmap
from jinyun.hdmap import Map
from jinyun.shapes import Kind
from jinyun.shapes import Light as Colour
from jinyun.trial.driver import interface
from jinyun.trial.driver.interface import Command, Mission, Observation
from jinyun.trial.road.making import Stretch, add_road, document, to_bytes
from jinyun.vehicle.shuttle.body import FRONT_M, WHEELBASE_M, Pose
from jinyun.vehicle.shuttle.driving import Senses, Shuttle
from jinyun.vehicle.shuttle.guideline import Guideline, Halt, StopLine
from jinyun.vehicle.shuttle.modes import Mode
from jinyun.vehicle.shuttle.objects import SEEN
from jinyun.vehicle.shuttle.posted import Posted
from jinyun.zone import Projection

KINDS = {"vehicle": Kind.MOTOR, "cyclist": Kind.NON_MOTOR, "pedestrian": Kind.PEDESTRIAN}
COLOURS = {"red": Colour.RED, "yellow": Colour.YELLOW, "green": Colour.PERMISSIVE_GREEN}
PIECE_M = 5.0
HEIGHT_M = 1.7
JUNCTION_M = 20.0
"""How far beyond its line a junction is taken to reach."""
_maps: dict[bytes, Map] = {}


class Seated:
    """A shuttle as a driver of the interface."""

    name, version = "shuttle", __version__

    def begin(self, mission: Mission) -> None:
        """Take a new mission."""
        self.base_m = float(mission.s_m[0])
        self.front_m = mission.front_m
        self.numbers: dict[str, int] = {}
        self.lines: dict[str, int] = {}
        self.shuttle = Shuttle(_map(mission), _guideline(mission), Projection(106.4, 29.5), -self.base_m, road=False)
        self.taken = False

    def drive(self, observation: Observation) -> Command:
        """Return what the shuttle commands."""
        own, t, shuttle = observation.own, observation.t_s, self.shuttle
        back = FRONT_M - self.front_m
        x, y = own.x_m - back * math.cos(own.h_rad), own.y_m - back * math.sin(own.h_rad)
        pose = Pose(x, y, _clockwise(own.h_rad), own.v_mps, own.a_mps2, -math.atan(self._bend() * WHEELBASE_M))
        if "domain" in observation.troubles and shuttle.modes.mode is Mode.AUTOMATED and shuttle.modes.open is None:
            shuttle.modes.request("asked", t, shuttle.odometer_m)
        if "intervene" in observation.troubles and not self.taken:
            shuttle.modes.take(Mode.MANUAL, t, shuttle.odometer_m)
            self.taken = True
        accel, steer = shuttle.step(t, round(t * 1e6), pose, self._senses(observation))
        self.bend = -math.tan(steer) / WHEELBASE_M
        risk = shuttle.modes.mode is Mode.MINIMAL_RISK
        if self.taken:
            return Command(accel, self.bend, "", "released")
        if risk:
            return Command(accel, self.bend, "hazard", "minimal risk")
        return Command(accel, self.bend, "", "takeover" if shuttle.modes.open is not None else "")

    bend = 0.0

    def _bend(self) -> float:
        return self.bend

    def _senses(self, observation: Observation) -> Senses:
        rows = np.zeros(len(observation.seen), SEEN)
        for k, one in enumerate(observation.seen):
            number = self.numbers.setdefault(one.name, len(self.numbers) + 1)
            rows[k] = (
                number, KINDS.get(one.kind, Kind.UNKNOWN), 0, one.x_m, one.y_m, _clockwise(one.h_rad), one.v_mps,
                one.length_m, one.width_m, HEIGHT_M,
            )  # fmt: skip
        lights = []
        for light in observation.lights:
            if light.id not in self.lines:
                self.lines[light.id] = len(self.lines) + 1
                at = light.line_m - self.base_m
                line = StopLine(at, self.lines[light.id], self.lines[light.id], 1, 1, at + JUNCTION_M)
                self.shuttle.line = replace(self.shuttle.line, stop_lines=(*self.shuttle.line.stop_lines, line))
            lights.append((self.lines[light.id], 1, int(COLOURS.get(light.state, Colour.UNAVAILABLE))))
        blind = "sensor" in observation.troubles
        posted = tuple(told for one in observation.posted if (told := self._posted(one)) is not None)
        return Senses(None if blind else rows, observation.t_s, tuple(lights), posted=posted)

    def _posted(self, one: interface.Posted) -> Posted | None:
        """Return what is posted in the shuttle's words, None where it says nothing to who drives on the mission's lane."""
        begin, end = one.s_m - self.base_m, one.end_m - self.base_m
        if one.kind == "stop":
            return Posted("stop", begin, end)
        if one.kind == "closed":
            return Posted("closed", begin, end) if one.lane == 0 else None
        return Posted("speed", begin, end, one.speed_mps) if math.isfinite(one.speed_mps) else None


def _clockwise(h_rad: float) -> float:
    return (math.pi / 2 - h_rad) % (2 * math.pi)


def _guideline(mission: Mission) -> Guideline:
    n = len(mission.s_m)
    end = mission.stop_m if math.isfinite(mission.stop_m) else float(mission.s_m[-1]) - 5.0
    half = np.full(n, mission.lane_width_m / 2)
    beside = np.where(mission.left_m >= mission.lane_width_m * 1.4, mission.lane_width_m, 0.0)
    return Guideline(
        "trial", n * 0.5, False, mission.x_m, mission.y_m, (np.pi / 2 - mission.h_rad) % (2 * np.pi),
        -mission.curvature_1pm, half, half, beside, np.minimum(mission.limit_mps, mission.wanted_mps),
        np.zeros(n, np.int32), np.zeros(n, bool), (), (), (Halt("end", end - float(mission.s_m[0])),),
    )  # fmt: skip


def _map(mission: Mission) -> Map:
    """Return a map of one lane along the mission's way: what the shuttle foresees others on."""
    key = mission.x_m.tobytes() + mission.y_m.tobytes()
    if key not in _maps:
        if len(_maps) > 32:
            _maps.clear()
        step = int(PIECE_M * 2)
        bends = [float(mission.curvature_1pm[k : k + step].mean()) for k in range(0, len(mission.s_m) - step, step)]
        root = document("trial")
        stretches = [Stretch(PIECE_M, bend if abs(bend) > 1e-5 else 0.0) for bend in bends]
        shift = mission.lane_width_m / 2
        h = float(mission.h_rad[0])
        start = float(mission.x_m[0]) - shift * math.sin(h), float(mission.y_m[0]) + shift * math.cos(h), h
        add_road(root, "1", stretches, right=1, width_m=mission.lane_width_m, limit_kmh=60, start=start)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "way.xodr"
            path.write_bytes(to_bytes(root))
            _maps[key] = hdmap.read(path, origin=(106.4, 29.5))
    return _maps[key]


def make() -> Seated:
    """Return a shuttle to be tested."""
    return Seated()
