"""Crossings and who comes to them (过街点): the lanes that a crossing leads over, and how far every car is from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.cooperation.state import speed_of
from jinyun.hdmap.precise import LaneKind

if TYPE_CHECKING:
    from jinyun.cloud.apps.scene import Scene
    from jinyun.hdmap import Map

LIKELY = 0.1
"""Ways less likely than this are not looked at."""
DRIVEN = (LaneKind.CAR, LaneKind.BUS, LaneKind.INNER)


class Coming(NamedTuple):
    """One car on its way to a crossing: its row, metres from its front to the crossing's edge, and its speed."""

    row: int
    metres: float
    speed_mps: float


def line_of(map: Map, crossing: int) -> NDArray[np.float64]:
    """Return both ends of a crossing's middle line, shape (2, 2)."""
    first, count = int(map.crossings["first"][crossing]), int(map.crossings["count"][crossing])
    rows = [first, first + count - 1]
    return np.column_stack([map.crossing_points["x_m"][rows], map.crossing_points["y_m"][rows]])


def at(map: Map, x_m: float, y_m: float, within_m: float) -> int:
    """Return the crossing at which a place is (row), -1 where none is so near."""
    best, least = -1, within_m
    for crossing in range(len(map.crossings["id"])):
        a, b = line_of(map, crossing)
        way = b - a
        share = np.clip(((np.array([x_m, y_m]) - a) @ way) / max(float(way @ way), 1e-9), 0, 1)
        away = float(np.hypot(*(a + share * way - [x_m, y_m])))
        if away < least:
            best, least = crossing, away
    return best


def lanes_over(map: Map, crossing: int) -> dict[int, float]:
    """Return the driven lanes that a crossing leads over, and the station on each."""
    a, b = line_of(map, crossing)
    low, high = np.minimum(a, b) - 1.0, np.maximum(a, b) + 1.0
    x, y, s = (map.points[name] for name in ("x_m", "y_m", "s_m"))
    found: dict[int, float] = {}
    for lane in np.flatnonzero(np.isin(map.lanes["kind"], DRIVEN)).tolist():
        first, count = int(map.lanes["first"][lane]), int(map.lanes["count"][lane])
        rows = slice(first, first + count)
        if x[rows].max() < low[0] or x[rows].min() > high[0] or y[rows].max() < low[1] or y[rows].min() > high[1]:
            continue
        px, py = x[rows], y[rows]
        dx, dy, ex, ey = np.diff(px), np.diff(py), b[0] - a[0], b[1] - a[1]
        cross = dx * ey - dy * ex
        with np.errstate(divide="ignore", invalid="ignore"):
            u = ((a[0] - px[:-1]) * ey - (a[1] - py[:-1]) * ex) / cross
            v = ((a[0] - px[:-1]) * dy - (a[1] - py[:-1]) * dx) / cross
        hits = np.flatnonzero((u >= 0) & (u <= 1) & (v >= 0) & (v <= 1))
        if len(hits):
            k = int(hits[0])
            found[lane] = float(s[rows][k] + u[k] * (s[rows][k + 1] - s[rows][k]))
    return found


def coming(scene: Scene, crossing: int, over: dict[int, float], reach_m: float) -> list[Coming]:
    """Return the cars within reach whose ways lead over a crossing, the nearest first; who is on it has negative metres."""
    middle = line_of(scene.map, crossing).mean(axis=0)
    half = float(scene.map.crossings["width_m"][crossing]) / 2
    away = np.hypot(scene.tracks["x_m"] - middle[0], scene.tracks["y_m"] - middle[1])
    with np.errstate(invalid="ignore"):
        near = np.flatnonzero(scene.driven & (scene.located.lane >= 0) & (away <= reach_m))
    extent, found = scene.roadway.roads.extent_m, []
    for row in near.tolist():
        metres = np.inf
        speed = speed_of(scene, row)
        back = float(scene.half_length_m[row]) + half
        for path in range(int(scene.paths.first[row]), int(scene.paths.first[row + 1])):
            if scene.paths.probability[path] < LIKELY:
                continue
            gone = -float(scene.located.s_m[row])
            for lane in scene.paths.lane[path].tolist():
                if lane < 0:
                    break
                if lane in over and gone + over[lane] > -back:
                    metres = min(metres, gone + over[lane] - back)
                    break
                gone += float(extent[lane])
        own = int(scene.located.lane[row])
        if own in over and over[own] - float(scene.located.s_m[row]) > -back:
            metres = min(metres, over[own] - float(scene.located.s_m[row]) - back)
        if metres <= reach_m:
            found.append(Coming(row, metres, speed))
    return sorted(found, key=lambda one: (one.metres, one.row))
