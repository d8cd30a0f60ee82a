"""The driver's seat: what a driver senses and hears in a playing scenario, and how its vehicle follows its commands."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from jinyun.trial.driver.interface import Command, Driver, Light, Mission, Observation, Own, Posted, Seen, Trouble
from jinyun.trial.driver.way import mission_of, project
from jinyun.trial.fault import TrialError
from jinyun.trial.storyboard.actor import Actor
from jinyun.trial.storyboard.stage import Stage

EGO = "Ego"
HEARD_M = 300.0
"""Range of messages (T/CSAE 157 asks for 200 m and more, 300 m for some applications)."""
MOST_ACCEL_MPS2, MOST_BRAKING_MPS2 = 4.0, 9.0
MOST_CURVATURE_1PM = 0.2
MOST_LATERAL_MPS2 = 8.0
HUMAN_BRAKING_MPS2 = 3.0


@dataclass(frozen=True)
class Befalling:
    """Something that befalls the driver at a time; ``human_s`` after its request a human takes over, NaN nobody does."""

    kind: Trouble
    time_s: float
    human_s: float = math.nan


@dataclass(frozen=True)
class Setting:
    """What a case adds to its scenario: signals and signs along the way, troubles, who is connected, how far one sees."""

    wanted_mps: float | None = None
    arrive_m: float = math.nan
    stop_m: float = math.nan
    stop_d_m: float = 0.0
    change_by_m: float = math.nan
    change_d_m: float = 0.0
    lights: tuple[tuple[str, float, bool], ...] = ()
    """(signal, stop line, whether it is only told by message)."""
    posted: tuple[tuple[Posted, bool], ...] = ()
    troubles: tuple[Befalling, ...] = ()
    connected: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    emergency: frozenset[str] = frozenset()
    visibility_m: float = 150.0
    cooperation: bool = False
    way_m: float = 800.0


class Seat:
    """Drives one actor of a stage with a driver; keeps what was commanded."""

    def __init__(self, driver: Driver, setting: Setting, name: str = EGO) -> None:
        self.driver, self.setting, self.name = driver, setting, name
        self.mission: Mission | None = None
        self.commands: list[tuple[float, float, float, str, str]] = []
        self.track: list[tuple[float, float]] = []
        """(along the way, aside) at each step, before it."""
        self.requested_s = self.released_s = self.human_s = math.nan
        self.near_m = 0.0

    def drive(self, stage: Stage, dt: float) -> None:
        """Ask the driver and move its vehicle by one step."""
        actor = stage.actor(self.name)
        if self.mission is None:
            self._sit(actor, stage)
        observation = self.observe(stage, actor)
        command = self.driver.drive(observation)
        if not (math.isfinite(command.accel_mps2) and math.isfinite(command.curvature_1pm)):
            raise TrialError(f"{self.driver.name}: at {stage.t_s:.1f} s: its command is no number")
        command = self._human(observation, command)
        self.commands.append(
            (round(stage.t_s, 6), command.accel_mps2, command.curvature_1pm, command.lamps, command.request)
        )
        move(actor, command, dt)
        actor.locate()

    def _sit(self, actor: Actor, stage: Stage) -> None:
        setting = self.setting
        mission = mission_of(actor, stage.network, setting.way_m, setting.wanted_mps)
        self.mission = replace(
            mission, arrive_m=setting.arrive_m, stop_m=setting.stop_m, stop_d_m=setting.stop_d_m,
            change_by_m=setting.change_by_m, change_d_m=setting.change_d_m,
        )  # fmt: skip
        self.driver.begin(self.mission)

    def observe(self, stage: Stage, actor: Actor) -> Observation:
        """Return what the driver knows now."""
        mission, setting = self.mission, self.setting
        assert mission is not None
        s, d, h = project(mission, actor.x_m, actor.y_m, self.near_m)
        self.near_m = s
        self.track.append((s, d))
        turned = math.remainder(actor.h_rad - h, 2 * math.pi)
        own = Own(actor.x_m, actor.y_m, actor.h_rad, actor.v_mps, actor.a_mps2, s, d, turned, s + mission.front_m,
                  actor.entity.length_m, actor.entity.width_m, actor.entity.wheelbase_m)  # fmt: skip
        blind = any(one.kind == "sensor" and stage.t_s >= one.time_s for one in setting.troubles)
        seen = []
        for other in stage.actors.values():
            if other is not actor and other.present and other.placed:
                found = self._seen(stage, actor, other, blind, h)
                if found is not None:
                    seen.append(found)
        lights = []
        for id, line, told in setting.lights:
            state = stage.signals.get(id, "")
            near = 0 <= line - own.front_m + 20 <= (HEARD_M if setting.cooperation else setting.visibility_m)
            if near and (setting.cooperation or not told):
                remaining = stage.remaining_s(id) if setting.cooperation else math.nan
                lights.append(Light(id, line, state, remaining, told))
        posted = tuple(
            replace(one, heard=told) for one, told in setting.posted
            if (not told or (setting.cooperation and one.s_m - s <= HEARD_M)) and one.end_m >= s - 20
        )  # fmt: skip
        troubles = tuple(one.kind for one in setting.troubles if stage.t_s >= one.time_s - 1e-9)
        return Observation(stage.t_s, own, tuple(seen), tuple(lights), posted, troubles)

    def _seen(self, stage: Stage, actor: Actor, other: Actor, blind: bool, h: float) -> Seen | None:
        mission, setting = self.mission, self.setting
        assert mission is not None
        x, y = other.centre
        ax, ay = actor.centre
        away = math.hypot(x - ax, y - ay)
        sensed = not blind and other.name not in setting.hidden and away <= setting.visibility_m
        if sensed and away > 3.0:
            sensed = not _hidden_behind(stage, actor, other)
        heard = setting.cooperation and other.name in setting.connected and away <= HEARD_M
        if not sensed and not heard:
            return None
        s, d, way = project(mission, x, y)
        v = other.v_mps
        moving = other.h_rad
        return Seen(
            other.name, kind_of(other), x, y, other.h_rad, v, other.a_mps2, other.entity.length_m, other.entity.width_m,
            s, d, v * math.cos(moving - way), v * math.sin(moving - way), not sensed,
            other.name in setting.emergency and (heard or away < 60),
        )  # fmt: skip

    def _human(self, observation: Observation, command: Command) -> Command:
        """Let a human take the wheel: by intervening, or some seconds after a request; a human brakes to a stop."""
        t = observation.t_s
        if command.request in ("takeover", "minimal risk") and math.isnan(self.requested_s):
            self.requested_s = t
        if command.request == "released" and math.isnan(self.released_s):
            self.released_s = t
        has = False
        for one in self.setting.troubles:
            if one.kind == "intervene":
                has = has or (t >= one.time_s and command.request == "released")
            else:
                has = has or t >= self.requested_s + one.human_s  # NaN: nobody was asked, or nobody comes
        if not has:
            return command
        self.human_s = t if math.isnan(self.human_s) else self.human_s
        return Command(
            -HUMAN_BRAKING_MPS2 if observation.own.v_mps > 0 else 0.0, command.curvature_1pm, "", command.request
        )


def kind_of(actor: Actor) -> str:
    """Return what a participant is, in the words drivers know."""
    entity = actor.entity
    if entity.kind == "pedestrian":
        return "pedestrian"
    if entity.kind == "object":
        return "object"
    return "cyclist" if entity.category in ("bicycle", "motorbike") else "vehicle"


def _hidden_behind(stage: Stage, actor: Actor, other: Actor) -> bool:
    """Return whether the line of sight runs through somebody else's box that is high enough."""
    p, q = np.array(actor.centre), np.array(other.centre)
    for third in stage.actors.values():
        if third is actor or third is other or not third.present or third.entity.height_m < 1.9:
            continue
        x, y = third.centre
        c, s = math.cos(third.h_rad), math.sin(third.h_rad)
        a = ((p[0] - x) * c + (p[1] - y) * s, -(p[0] - x) * s + (p[1] - y) * c)
        b = ((q[0] - x) * c + (q[1] - y) * s, -(q[0] - x) * s + (q[1] - y) * c)
        if _cuts(a, b, third.entity.length_m / 2, third.entity.width_m / 2):
            return True
    return False


def _cuts(a: tuple[float, float], b: tuple[float, float], half_length: float, half_width: float) -> bool:
    """Return whether a piece cuts a box around the origin (slabs)."""
    low, high = 0.0, 1.0
    for k, half in ((0, half_length), (1, half_width)):
        step = b[k] - a[k]
        if abs(step) < 1e-12:
            if abs(a[k]) > half:
                return False
            continue
        one, two = (-half - a[k]) / step, (half - a[k]) / step
        low, high = max(low, min(one, two)), min(high, max(one, two))
    return low < high


def move(actor: Actor, command: Command, dt: float) -> None:
    """Move a vehicle by one step of a kinematic bicycle; commands beyond its limits are cut to them."""
    v = actor.v_mps
    accel = min(max(command.accel_mps2, -MOST_BRAKING_MPS2), MOST_ACCEL_MPS2)
    moving = dt if v + accel * dt >= 0 or accel >= 0 else v / -accel  # it stands before the step is over
    after = max(v + accel * dt, 0.0)
    along = v * moving + accel * moving * moving / 2
    most = MOST_CURVATURE_1PM if v < 1 else min(MOST_CURVATURE_1PM, MOST_LATERAL_MPS2 / (v * v))
    curvature = min(max(command.curvature_1pm, -most), most)
    turn = curvature * along
    middle = actor.h_rad + turn / 2
    actor.x_m += along * math.cos(middle)
    actor.y_m += along * math.sin(middle)
    actor.h_rad += turn
    actor.a_mps2 = (after - v) / dt
    actor.v_mps = after
    actor.odometer_m += along
    actor.aside_mps = after * math.sin(actor.turned_rad)
