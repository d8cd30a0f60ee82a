"""A shuttle on its guideline with whom a test puts there, without a street: what it is told is what is so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jinyun.hdmap import Map
from jinyun.shapes import Kind, Light
from jinyun.vehicle.shuttle.body import FRONT_M, LENGTH_M, WIDTH_M, Pose, move
from jinyun.vehicle.shuttle.driving import Senses, Shuttle
from jinyun.vehicle.shuttle.guideline import Guideline
from jinyun.vehicle.shuttle.objects import SEEN
from jinyun.vehicle.shuttle.posted import Posted
from jinyun.zone import Zone

STEP_S = 0.1
SIZES = {Kind.MOTOR: (4.6, 1.8, 1.5), Kind.NON_MOTOR: (1.8, 0.7, 1.6), Kind.PEDESTRIAN: (0.5, 0.5, 1.7)}


@dataclass(frozen=True)
class Somebody:
    """One other at an instant."""

    number: int
    kind: Kind
    x_m: float
    y_m: float
    heading_rad: float
    speed_mps: float


@dataclass
class Driven:
    """What was noted ten times a second."""

    t_s: list[float]
    front_m: list[float]  # station, running on
    speed_mps: list[float]
    accel_mps2: list[float]
    state: list[str]
    reason: list[str]
    poses: list[Pose]
    shuttle: Shuttle


def drive(
    here: Zone, map: Map, line: Guideline, from_m: float, seconds: float,
    others: Callable[[float], list[Somebody]] = lambda t: [],
    light: Callable[[float, int], int] = lambda t, node: int(Light.PROTECTED_GREEN), speed_mps: float = 0.0,
    posted: tuple[Posted, ...] = (), rsi: Callable[[float], tuple[bytes, ...]] = lambda t: (),
) -> Driven:  # fmt: skip
    """Drive from where the front is at ``from_m``; ``others``, ``light`` (of every node) and ``rsi`` are by the time."""
    shuttle = Shuttle(map, line, here.project, (from_m - FRONT_M) % line.length_m)
    x, y, heading = line.place(from_m - FRONT_M, 0.0)
    pose = Pose(float(x), float(y), float(heading), speed_mps)
    out = Driven([], [], [], [], [], [], [], shuttle)
    for k in range(round(seconds / STEP_S)):
        t = k * STEP_S
        listed = np.zeros(len(found := others(t)), SEEN)
        for row, one in enumerate(found):
            long, wide, high = SIZES[one.kind]
            listed[row] = (one.number, one.kind, 0, one.x_m, one.y_m, one.heading_rad, one.speed_mps, long, wide, high)
        lights = tuple((at.node, at.phase, light(t, at.node)) for at in line.stop_lines if at.phase)
        for half in range(2):
            senses = Senses(
                listed if half == 0 else None, t, lights if half == 0 else (), rsi=rsi(t) if half == 0 else (),
                posted=posted,
            )  # fmt: skip
            pose = move(
                pose, *shuttle.step(t + half * STEP_S / 2, round((t + half * 0.05) * 1e6), pose, senses), STEP_S / 2
            )
        out.t_s.append(t)
        out.front_m.append(shuttle.s_m + FRONT_M)
        out.speed_mps.append(pose.speed_mps)
        out.accel_mps2.append(pose.accel_mps2)
        out.state.append(shuttle.state.value)
        out.reason.append(shuttle.reason)
        out.poses.append(pose)
    return out


def least_gap_m(driven: Driven, others: Callable[[float], list[Somebody]]) -> float:
    """Return how near the shuttle's outline came to the middle of anybody, less half of their width (a lower bound)."""
    least = np.inf
    for t, pose in zip(driven.t_s, driven.poses, strict=True):
        for one in others(t + STEP_S):
            dx, dy = one.x_m - pose.x_m, one.y_m - pose.y_m
            along = dx * np.sin(pose.heading_rad) + dy * np.cos(pose.heading_rad) - (FRONT_M - LENGTH_M / 2)
            across = dx * np.cos(pose.heading_rad) - dy * np.sin(pose.heading_rad)
            away = np.hypot(max(abs(along) - LENGTH_M / 2, 0), max(abs(across) - WIDTH_M / 2, 0))
            least = min(least, float(away) - SIZES[one.kind][1] / 2)
    return float(least)
