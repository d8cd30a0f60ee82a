"""The reference driver: plain, readable, deterministic. IDM behind others, stops where it must, passes what stands.

IDM: M. Treiber, A. Hennecke, D. Helbing, Phys. Rev. E 62 (2000) 1805. It is a yardstick of the proving ground, not a product.
``lacks`` names abilities that it does not have, for the bad drivers (:mod:`.faulty`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from jinyun.trial.driver import lateral, others
from jinyun.trial.driver.interface import Command, Floats, Mission, Observation
from jinyun.trial.driver.way import STEP_M

ABILITIES = frozenset({
    "red_light", "green_light", "lead", "obstacle", "pedestrian", "cyclist", "cut_in", "crossing", "speed_limit",
    "lane_keeping", "stopping", "passing", "changing", "release", "takeover_request", "minimal_risk", "headway",
    "cooperation", "comfort", "stop_sign",
})  # fmt: skip


@dataclass(frozen=True)
class Manner:
    """How it drives; none of it a standard's."""

    accel_mps2: float = 1.5
    braking_mps2: float = 2.0
    hardest_mps2: float = 8.0
    gap_s: float = 1.6
    standing_m: float = 2.5
    jerk_mps3: float = 4.0
    aside_mps2: float = 2.0
    line_m: float = 1.0
    """How far before a line its front stops."""


def _approached(speeds: Floats, braking_mps2: float) -> Floats:
    """Return the speeds from which those further along the way are reached by braking gently; points lie 0.5 m apart."""
    rise = 2 * braking_mps2 * STEP_M * np.arange(len(speeds))
    least = np.minimum.accumulate((speeds * speeds + rise)[::-1])[::-1]
    found: Floats = np.sqrt(least - rise)
    return found


class Reference:
    """A driver of the interface; see the module."""

    version = "1"

    def __init__(self, lacks: Iterable[str] = (), name: str = "reference", manner: Manner | None = None) -> None:
        self.name, self.manner = name, manner or Manner()
        self.lacks = frozenset(lacks)
        if unknown := self.lacks - ABILITIES:
            raise ValueError(f"no ability {', '.join(sorted(unknown))}")

    def can(self, ability: str) -> bool:
        return ability not in self.lacks

    def begin(self, mission: Mission) -> None:
        """Take a new mission."""
        self.mission = mission
        self.accel = 0.0
        self.aside = lateral.Aside()
        self.asked_s = math.nan
        self.stopped: set[float] = set()
        self.headings: dict[str, tuple[float, float]] = {}
        self.memory: dict[str, tuple[float, others.Other]] = {}
        self.now_s = 0.0
        self.winding = float(np.abs(mission.curvature_1pm).max()) > 1e-3
        bend = np.abs(mission.curvature_1pm)
        slow = np.sqrt(self.manner.aside_mps2 / np.maximum(bend, 1e-4))
        self.bends, self.limits = _approached(slow, 1.2), _approached(mission.limit_mps, 1.2)

    def yaw_of(self, name: str, h_rad: float, t_s: float) -> float:
        """Return how fast somebody turns, from its headings now and a step ago [rad/s]."""
        before = self.headings.get(name)
        self.headings[name] = (t_s, h_rad)
        if before is None or t_s - before[0] < 1e-6:
            return 0.0
        yaw = math.remainder(h_rad - before[1], 2 * math.pi) / (t_s - before[0])
        return yaw if abs(yaw) < 1.5 else 0.0

    def along(self, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
        """Return lengths along the way and offsets to its left for places."""
        mission = self.mission
        away = (mission.x_m[None, :] - x_m[:, None]) ** 2 + (mission.y_m[None, :] - y_m[:, None]) ** 2
        k = away.argmin(axis=1)
        h = mission.h_rad[k]
        ex, ey = x_m - mission.x_m[k], y_m - mission.y_m[k]
        return mission.s_m[k] + ex * np.cos(h) + ey * np.sin(h), -ex * np.sin(h) + ey * np.cos(h)

    def drive(self, observation: Observation) -> Command:
        """Return what to do now."""
        if not self.can("cooperation"):
            observation = replace(
                observation,
                lights=tuple(light for light in observation.lights if not light.heard),
                posted=tuple(one for one in observation.posted if not one.heard),
            )
        own, mission, manner = observation.own, self.mission, self.manner
        request, risk = self._troubles(observation)
        self.now_s = own.s_m
        seen = others.known(observation, self)
        goal = self.aside.goal(observation, seen, self)
        curvature = self.aside.steer(observation, mission, goal, self)
        wanted = self._wanted(observation)
        accel = manner.accel_mps2 * (1 - (own.v_mps / wanted) ** 4) if wanted > 0.1 else -manner.braking_mps2
        if own.v_mps > wanted:
            accel = min(max((wanted - own.v_mps) / 0.4, -1.5 * manner.braking_mps2), 0.0)
        for gap, speed in others.ahead(observation, seen, self, goal):
            accel = min(accel, self._follow(own.v_mps, gap, speed))
        for line in self._lines(observation, seen, goal):
            accel = min(accel, self._stop(own.v_mps, line - own.front_m))
        if risk:
            accel = min(accel, -2.0 if risk == 1 else -3.5) if own.v_mps > 0 else -1.0
        accel = self._smooth(accel, own.v_mps, observation.t_s)
        lamps = "hazard" if risk else self.aside.lamps
        return Command(accel, curvature, lamps, request)  # type: ignore[arg-type]

    def _troubles(self, observation: Observation) -> tuple[str, int]:
        """Return what is requested and whether a minimal-risk manoeuvre runs (1 gently, 2 firmly)."""
        troubles, t = observation.troubles, observation.t_s
        if "intervene" in troubles and self.can("release"):
            return "released", 0
        if "sensor" not in troubles and "domain" not in troubles:
            return "", 0
        if math.isnan(self.asked_s):
            self.asked_s = t
        waited = t - self.asked_s
        asks = "takeover" if self.can("takeover_request") else ""
        if "sensor" in troubles or waited >= 10.0:
            return asks, (2 if "sensor" in troubles else 1) if self.can("minimal_risk") else 0
        return asks, 0

    def _wanted(self, observation: Observation) -> float:
        """Return the speed it would drive at if it were alone."""
        own, mission = observation.own, self.mission
        obeys = self.can("speed_limit")
        wanted = mission.wanted_mps
        if obeys:
            wanted = min(wanted, mission.at(mission.limit_mps, own.s_m))
        braking = 1.2
        wanted = min(wanted, mission.at(self.bends, own.s_m))
        if obeys:
            wanted = min(wanted, mission.at(self.limits, own.front_m + 1.0))
        if self.aside.waits_for is not None:  # let the one beside get ahead
            wanted = min(wanted, max(self.aside.waits_for - 2.5, 3.0))
        for one in observation.posted:
            if math.isnan(one.speed_mps) or not obeys or own.s_m > one.end_m:
                continue
            before = max(one.s_m - own.front_m - 2.0 - 0.4 * own.v_mps, 0.0)
            wanted = min(wanted, math.sqrt(one.speed_mps**2 + 2 * braking * before))
        return wanted - 0.15 if obeys else wanted

    def _follow(self, v: float, gap: float, speed: float) -> float:
        """Return the acceleration behind somebody ``gap`` ahead who drives ``speed`` along the way."""
        manner = self.manner
        time_gap = manner.gap_s if self.can("headway") or speed < 0.5 else 0.35
        room = max(gap, 0.1)
        closing = v - speed
        desired = manner.standing_m + max(
            v * time_gap + v * closing / (2 * math.sqrt(manner.accel_mps2 * manner.braking_mps2)), 0.0
        )
        accel = manner.accel_mps2 * (1 - (desired / room) ** 2)
        if closing > 0:  # what is needed at least, so that it is never too little
            needed = closing * closing / (2 * max(gap - 0.5, 0.05))
            accel = (
                min(accel, -needed * 1.05) if needed > manner.braking_mps2 else max(accel, -manner.braking_mps2 * 1.5)
            )
        else:
            accel = max(accel, -manner.braking_mps2)
        return max(accel, -manner.hardest_mps2)

    def _stop(self, v: float, room: float) -> float:
        """Return the acceleration that lets the front stand after ``room``."""
        manner = self.manner
        if room <= 0.05:
            return -manner.hardest_mps2 if v > 1.0 else -manner.braking_mps2
        allowed = math.sqrt(2 * manner.braking_mps2 * 0.8 * room)
        if v > allowed:
            return max(-v * v / (2 * room), -manner.hardest_mps2)
        return min((allowed - v) / 0.6, manner.accel_mps2)

    def _lines(self, observation: Observation, seen: list[others.Other], goal: float) -> list[float]:
        """Return the places along the way where its front must stop."""
        own, mission, manner = observation.own, self.mission, self.manner
        lines = []
        for light in observation.lights:
            room = light.line_m - own.front_m
            if room < -1.0 or not self.can("red_light"):
                continue
            needed = own.v_mps**2 / (2 * max(room, 0.1))
            if (
                light.state == "red"
                or (light.state == "yellow" and needed < 3.0)
                or (not self.can("green_light") and own.v_mps < 0.5 and room < 4)
            ):
                lines.append(light.line_m - manner.line_m)
        for one in observation.posted:
            if one.kind == "stop" and one.s_m not in self.stopped and self.can("stop_sign"):
                lines.append(one.s_m - manner.line_m)
                if own.v_mps < 0.05 and 0 <= one.s_m - own.front_m < 2.5:
                    self.stopped.add(one.s_m)
            if one.kind == "closed" and own.front_m < one.s_m and self.aside.blocked(one, goal, mission):
                lines.append(one.s_m - 3.0)
        if math.isfinite(mission.stop_m) and self.can("stopping"):
            lines.append(mission.stop_m)
        lines += others.yields(observation, seen, self, goal)
        return lines

    def _smooth(self, accel: float, v: float, t_s: float) -> float:
        """Change the acceleration gently, except in need."""
        manner = self.manner
        if not self.can("comfort") and accel > -0.5 and v > 3 and round(t_s * 10) % 20 < 2:  # a nervous foot
            return accel - 3.5
        step = manner.jerk_mps3 * 0.1
        if accel < -3.0:
            self.accel = accel
        else:
            self.accel = min(max(accel, self.accel - step), self.accel + step)
            if v < 0.3 and accel <= 0:
                self.accel = accel
        return max(self.accel, -manner.hardest_mps2)
