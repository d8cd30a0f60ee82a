"""How the reference driver looks at others: who is ahead in its way, who will be, and where it must let somebody cross."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jinyun.trial.driver.interface import Observation, Seen

if TYPE_CHECKING:
    from jinyun.trial.driver.reference import Reference

STANDING_MPS = 0.4
MARGIN_M = 0.35
ANTICIPATION_S = 2.5
YIELD_S = 6.0
BEFORE_M = 2.5
"""How far before the course of somebody who crosses it stops."""
CLEAR_S = 1.2
CREEP_MPS = 1.5
REMEMBERS_S = 30.0
"""So long it remembers somebody who came towards it and is hidden now."""
PASSING_M = 6.5
"""How much farther it stops behind what it will pass."""
AHEAD_S = 8.0
"""How far ahead the course of somebody is looked at where ways bend."""


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody in the driver's own terms; half sizes are along and across its lane."""

    name: str
    kind: str
    s_m: float
    d_m: float
    vs_mps: float
    vd_mps: float
    v_mps: float
    half_s: float
    half_d: float
    slow: bool
    emergency: bool
    x_m: float
    y_m: float
    h_rad: float
    yaw_rps: float

    @property
    def turns(self) -> bool:
        """Whether it goes round a bend across the way, not only over to another lane."""
        return abs(self.yaw_rps) > 0.05 and abs(self.vd_mps) > 0.35 * abs(self.vs_mps)


def known(observation: Observation, driver: Reference) -> list[Other]:
    """Return those whom the driver takes note of, by its abilities."""
    found = []
    for one in observation.seen:
        if one.heard and not driver.can("cooperation"):
            continue
        if not _noticed(one, driver):
            continue
        turn = math.atan2(one.vd_mps, one.vs_mps) if one.v_mps > 0.2 else _lying(one, observation)
        c, s = abs(math.cos(turn)), abs(math.sin(turn))
        half_s, half_d = (one.length_m * c + one.width_m * s) / 2, (one.length_m * s + one.width_m * c) / 2
        standing = one.v_mps < STANDING_MPS
        slow = standing or (one.vs_mps > 0 and abs(one.vd_mps) < 0.5 and one.v_mps < 6.0)
        if one.kind == "pedestrian" and standing:
            slow = abs(one.d_m) < 2.0
        if (
            standing
            and one.kind == "vehicle"
            and any(light.state in ("red", "yellow") and light.line_m > one.s_m for light in observation.lights)
        ):
            slow = False  # it waits at a light: one waits behind it
        yaw = driver.yaw_of(one.name, one.h_rad, observation.t_s)
        found.append(Other(
            one.name, one.kind, one.s_m, one.d_m, one.vs_mps, one.vd_mps, one.v_mps, half_s, half_d, slow, one.emergency,
            one.x_m, one.y_m, one.h_rad, yaw,
        ))  # fmt: skip
    return found + _remembered(found, observation.t_s, driver)


def _remembered(found: list[Other], t_s: float, driver: Reference) -> list[Other]:
    """Return those who came towards it a moment ago and are hidden now, where they must be if they kept their speed."""
    there = {other.name for other in found}
    for other in found:
        if other.vs_mps < -0.5:
            driver.memory[other.name] = (t_s, other)
    kept = []
    for name, (seen_s, other) in driver.memory.items():
        if name not in there and t_s - seen_s <= REMEMBERS_S:
            since = t_s - seen_s
            kept.append(replace(other, s_m=other.s_m + other.vs_mps * since, d_m=other.d_m + other.vd_mps * since))
    return kept


def _lying(one: Seen, observation: Observation) -> float:
    way = observation.own.h_rad - observation.own.turned_rad
    return one.h_rad - way


def _noticed(one: Seen, driver: Reference) -> bool:
    if one.kind == "pedestrian":
        return driver.can("pedestrian")
    if one.kind == "cyclist":
        return driver.can("cyclist")
    if one.kind == "object" or one.v_mps < STANDING_MPS:
        return driver.can("obstacle")
    return True


def ahead(observation: Observation, seen: list[Other], driver: Reference, goal: float) -> list[tuple[float, float]]:
    """Return gap and speed of all who are ahead in its way or about to come into it along with it."""
    own, mission = observation.own, driver.mission
    found = []
    for other in seen:
        gap = other.s_m - other.half_s - own.front_m
        if other.s_m < own.s_m + mission.front_m / 2 or gap > 150:
            continue
        at = _aside_then(own.d_m, goal, gap, own.v_mps, other.vs_mps)
        near = other.half_d + mission.width_m / 2 + MARGIN_M
        aside = other.d_m - at
        along = other.vs_mps > 0.3 or other.v_mps < STANDING_MPS
        if abs(aside) < near:
            if abs(other.vd_mps) > max(abs(other.vs_mps), 0.5) and other.v_mps >= STANDING_MPS:
                continue  # it crosses: see yields
            if other.v_mps >= STANDING_MPS and other.kind == "vehicle":
                entering = abs(other.vd_mps) > 0.25 and abs(aside) > 0.6
                if not driver.can("lead") or (entering and not driver.can("cut_in")):
                    continue
            if other.slow and other.v_mps < STANDING_MPS and driver.can("passing"):
                room = gap - PASSING_M - driver.manner.standing_m
                if (
                    own.v_mps < CREEP_MPS or own.v_mps**2 < 2 * driver.manner.braking_mps2 * room
                ):  # room to swing out, without hard braking
                    gap -= PASSING_M
            found.append((gap, max(other.vs_mps, 0.0)))
        elif (
            along
            and other.v_mps >= STANDING_MPS
            and other.vd_mps * aside < 0
            and abs(other.vd_mps) > 0.2
            and driver.can("cut_in")
        ):
            enters = (abs(aside) - near) / abs(other.vd_mps)
            if enters < ANTICIPATION_S and other.vs_mps > abs(other.vd_mps):
                found.append((gap, max(other.vs_mps, 0.0)))
    return found


def _aside_then(d: float, goal: float, gap: float, v: float, speed: float) -> float:
    """Return where across the road it will be when it comes up to somebody."""
    if abs(goal - d) < 0.2:
        return goal
    seconds = gap / max(v - max(speed, 0.0), 0.5)
    takes = abs(goal - d) / 0.9 + 0.8
    return d + (goal - d) * min(max(seconds / takes, 0.0), 1.0)


def _met(other: Other, near: float, goal: float, driver: Reference) -> tuple[float, float, float, float] | None:
    """Return when somebody enters and leaves the driver's way, where that is along it, and half its length there.

    On a straight way by its speeds; where the way or the other turns, by places along its arc.
    """
    if not driver.winding and not other.turns:
        aside = other.d_m - goal
        enters, leaves = sorted(((-near - aside) / other.vd_mps, (near - aside) / other.vd_mps))
        if leaves < 0:
            return None
        enters = max(enters, 0.0)
        at = other.s_m + other.vs_mps * (enters + leaves) / 2
        return enters, leaves, at, other.half_s + abs(other.vs_mps) * (leaves - enters) / 2
    t = np.arange(0.0, AHEAD_S + 0.01, 0.25)
    h = other.h_rad + other.yaw_rps * t / 2  # the chord of an arc
    x, y = other.x_m + other.v_mps * t * np.cos(h), other.y_m + other.v_mps * t * np.sin(h)
    s, d = driver.along(x, y)
    inside = np.flatnonzero((np.abs(d - goal) < near) & (s > driver.now_s - 2.0))
    if not len(inside):
        return None
    first = int(inside[0])
    breaks = np.flatnonzero(np.diff(inside) > 1)
    last = int(inside[breaks[0]] if len(breaks) else inside[-1])
    part = s[first : last + 1]
    size = max(other.half_s, other.half_d)
    return (
        float(t[first]),
        float(t[last]),
        float(part.min() + part.max()) / 2,
        size + float(part.max() - part.min()) / 2,
    )


def yields(observation: Observation, seen: list[Other], driver: Reference, goal: float) -> list[float]:
    """Return where its front must stop to let those pass who cross its way."""
    own, mission = observation.own, driver.mission
    lines = []
    for other in seen:
        if other.v_mps < STANDING_MPS or (abs(other.vd_mps) < 0.35 and not driver.winding):
            continue
        crossing = abs(other.vd_mps) > 0.45 * abs(other.vs_mps) or other.vs_mps < -0.5 or other.turns
        if not crossing or (other.kind == "vehicle" and not driver.can("crossing")):
            continue
        near = other.half_d + mission.width_m / 2 + (0.9 if other.kind != "vehicle" else 0.6)
        met = _met(other, near, goal, driver)
        if met is None:
            continue
        enters, leaves, at, reach = met
        if enters > YIELD_S + (4.0 if own.v_mps < 1 else 0.0):
            continue
        line = at - reach - BEFORE_M
        room = at - reach - own.front_m
        if at + reach < own.front_m - mission.length_m or room < -2.0:
            continue
        v = max(own.v_mps, 2.0)
        arrives, gone = room / v, (at + reach + mission.length_m - own.front_m) / v
        if gone < enters - CLEAR_S and own.v_mps > 2.0:
            continue  # it is through before
        if arrives > leaves + 0.8 and other.kind == "vehicle":
            continue  # the other is through before
        if own.v_mps**2 / (2 * max(room, 0.1)) > 9.0 and gone < enters:
            continue
        lines.append(max(line, own.front_m + min(room, 0.3)) if room > 0 else own.front_m + 0.1)
    return lines
