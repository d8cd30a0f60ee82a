"""Who comes to a junction without lights (路口参与者), as the planner wants it: who can be told, who has a plan, who has none.

Who drives behind one that is planned, in its lane, follows it: it is a constraint to all but that one. On foot counts who
walks near the junction, straight on. All others are constraints whether they have a unit or not: a plan relies on nobody who
has not asked for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jinyun.cloud.cooperation.reserving import Driver, Other, Plan
from jinyun.cloud.cooperation.ways import Way, ways
from jinyun.shapes import Kind

if TYPE_CHECKING:
    from jinyun.cloud.apps.scene import Scene

NEAR_M = 30.0
"""Who walks nearer than this to the junction's middle counts."""
WALKS_MPS = 0.3
WALK_M = 20.0
NOT_ASIDE_M = 0.8
"""Who drives farther from its lane's middle is told nothing: its body is not where its way is."""


@dataclass(frozen=True)
class Gathered:
    """One junction: drivers, constraints, and the ways of all drivers by track."""

    junction: int
    drivers: tuple[Driver, ...]
    others: tuple[Other, ...]


def junction_of(scene: Scene, way: Way) -> int:
    """Return the row of the junction a way leads through, -1 none."""
    if way.link < 0:
        return -1
    start = scene.map.links["start"][way.link]
    return int(scene.map.edges["end"][scene.map.lanes["edge"][start]])


def ways_of(scene: Scene, row: int, reach_m: float, turns: int = 15) -> list[Way]:
    """Return the ways of one through the junction ahead of it."""
    located = scene.located
    return ways(
        scene.map, scene.roadway.roads, int(located.lane[row]), float(located.s_m[row]), reach_m, turns
    )  # fmt: skip


def gather(
    scene: Scene,
    junction: int,
    asking: Mapping[int, int],
    agreed: Mapping[int, Plan],
    reach_m: float,
    slack_mps2: float,
) -> Gathered:
    """Return who comes to a junction: ``asking`` are rows with the turns they mean, ``agreed`` tracks with a plan."""
    x, y = (scene.tracks[name] for name in ("x_m", "y_m"))
    away = np.hypot(x - scene.map.junctions["x_m"][junction], y - scene.map.junctions["y_m"][junction])
    with np.errstate(invalid="ignore"):
        near = np.flatnonzero(away <= reach_m + NEAR_M)
    inside = scene.map.lanes["junction"]
    speed = np.nan_to_num(scene.tracks["speed_mps"].astype(np.float64))
    found: list[tuple[int, list[Way]]] = []
    walkers = []
    for row in near.tolist():
        if scene.tracks["kind"][row] == Kind.PEDESTRIAN:
            if away[row] <= NEAR_M and speed[row] > WALKS_MPS and np.isfinite(scene.tracks["heading_rad"][row]):
                walkers.append(_on_foot(scene, row, speed[row], slack_mps2))
            continue
        lane = int(scene.located.lane[row])
        its = [
            way for way in ways_of(scene, row, reach_m, asking.get(row, 15))
            if junction_of(scene, way) == junction or (way.link < 0 and inside[lane] == junction)
        ]  # fmt: skip
        if its:
            found.append((row, its))
    found.sort(key=lambda one: one[1][0].line_m)
    ahead: dict[int, tuple[int, float]] = {}  # by lane: the planned one that comes next to the line, so far
    drivers, others = [], list(walkers)
    for row, its in found:
        track, way = int(scene.id[row]), its[0]
        lanes = [lane for lane in way.lanes if not scene.roadway.roads.inner[lane]][:-1] or [way.lanes[0]]
        lead = ahead.get(lanes[-1]) if way.link >= 0 else None
        if track in agreed:
            ahead[lanes[-1]] = track, way.line_m
        elif row in asking and len(its) == 1 and way.link >= 0 and _drivable(scene, row, way):
            leader = (lead[0], way.line_m - lead[1]) if lead else (0, np.inf)
            drivers.append(
                Driver(
                    track, way, float(speed[row]), float(scene.half_length_m[row]), float(scene.half_width_m[row]),
                    bool(scene.on_duty[row]), *leader,
                )
            )  # fmt: skip
            ahead[lanes[-1]] = track, way.line_m
        else:
            follows = (lead[0], way.line_m - lead[1]) if lead else (0, np.inf)
            others.append(
                Other(tuple(its), float(speed[row]), float(scene.half_length_m[row]), float(scene.half_width_m[row]),
                      slack_mps2, *follows)
            )  # fmt: skip
    return Gathered(junction, tuple(drivers), tuple(others))


def _drivable(scene: Scene, row: int, way: Way) -> bool:
    """Return whether one drives in the middle of its lane, along it, still before the line."""
    return bool(
        scene.along.keeps[row]
        and abs(scene.located.offset_m[row]) <= NOT_ASIDE_M
        and way.line_m > scene.half_length_m[row]
    )


def _on_foot(scene: Scene, row: int, speed: float, slack: float) -> Other:
    heading = float(scene.tracks["heading_rad"][row])
    here = np.array([scene.tracks["x_m"][row], scene.tracks["y_m"][row]])
    line = np.vstack([here, here + WALK_M * np.array([np.sin(heading), np.cos(heading)])])
    way = Way(line, np.array([0.0, WALK_M]), -1, 0.0, 0.0, WALK_M, 2.0, ())
    return Other((way,), speed, float(scene.half_length_m[row]), float(scene.half_width_m[row]), slack)
