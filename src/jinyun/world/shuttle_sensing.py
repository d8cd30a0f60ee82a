"""What a shuttle's own sensors list (simulated): a roof lidar with cameras, their range, what hides what, and errors.

A body is seen where the ray from the roof to its top passes over, or its outline beside, every vehicle and building in
front of it. Figures are our own choice for a roof lidar of usual kind; nothing of it is a product's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.hdmap import Map
from jinyun.shapes import Kind
from jinyun.vehicle.shuttle.body import MIDDLE_M, Pose
from jinyun.vehicle.shuttle.objects import SEEN
from jinyun.world.motion import MOST, Snapshot

RANGE_M = {Kind.MOTOR: 80.0, Kind.NON_MOTOR: 60.0, Kind.PEDESTRIAN: 50.0}
ROOF_M = 2.85
LOW_M = 1.2
"""Lower bodies hide nothing."""
EDGES_M = 130.0
"""So far off built blocks are looked at."""
POSITION_SD_M, SPEED_SD_MPS, HEADING_SD_RAD, SIZE_SD_M = 0.10, 0.20, np.radians(2.0), 0.10
MISS = 0.03
LATENCY_S = 0.1
BUILT = 5
"""Kind of area of the map: a built block."""
Floats = NDArray[np.float64]
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True, slots=True)
class Blocks:
    """Edges of built blocks: rows x1, y1, x2, y2."""

    edges: Floats

    @classmethod
    def of(cls, map: Map) -> Blocks:
        """Return the edges of the map's built blocks."""
        rows = []
        for k in np.flatnonzero(map.areas["kind"] == BUILT).tolist():
            first, count = int(map.areas["first"][k]), int(map.areas["count"][k])
            x, y = (map.area_points[name][first : first + count] for name in ("x_m", "y_m"))
            rows.append(np.column_stack([x, y, np.roll(x, -1), np.roll(y, -1)]))
        return cls(np.concatenate(rows) if rows else np.zeros((0, 4)))


class OwnSensors:
    """One shuttle's sensors; ``range_factor`` is what the weather leaves of their range."""

    def __init__(self, blocks: Blocks, seed: int, range_factor: float = 1.0) -> None:
        self._edges = blocks.edges
        self._rng = np.random.default_rng([seed, 17])
        self._reach = np.zeros(max(Kind) + 1)
        for kind, reach_m in RANGE_M.items():
            self._reach[kind] = reach_m * range_factor
        self._number = np.zeros(MOST, np.int64)
        self._owner = np.zeros(MOST, np.uint32)
        self._next = 1

    def visible(self, street: Snapshot, pose: Pose, self_number: int) -> NDArray[np.intp]:
        """Return the rows of the snapshot that can be seen from the shuttle's roof."""
        x, y = pose.ahead(MIDDLE_M)
        shown: NDArray[np.intp] = _shown(
            x, y, self_number, self._reach, street.number, street.kind, street.x_m, street.y_m, street.heading_rad,
            street.length_m, street.width_m, street.height_m, self._edges,
        )  # fmt: skip
        return shown

    def look(self, street: Snapshot, pose: Pose, self_number: int) -> NDArray[np.void]:
        """Return the object list (:data:`jinyun.vehicle.shuttle.objects.SEEN`) of the instant of the snapshot."""
        rows = self.visible(street, pose, self_number)
        rows = rows[self._rng.random(len(rows)) >= MISS]
        n, noise = len(rows), self._rng.standard_normal
        slot, number = street.slot[rows], street.number[rows]
        for k in np.flatnonzero(self._owner[slot] != number).tolist():
            self._owner[slot[k]], self._number[slot[k]] = number[k], self._next
            self._next += 1
        seen = np.zeros(n, SEEN)
        seen["number"], seen["kind"] = self._number[slot], street.kind[rows]
        seen["classification"] = street.classification[rows]
        seen["x_m"] = street.x_m[rows] + noise(n) * POSITION_SD_M
        seen["y_m"] = street.y_m[rows] + noise(n) * POSITION_SD_M
        speed = street.speed_mps[rows]
        seen["speed_mps"] = np.maximum(speed + noise(n) * SPEED_SD_MPS * np.clip(speed, 0.1, 1), 0)
        seen["heading_rad"] = (street.heading_rad[rows] + noise(n) * HEADING_SD_RAD) % (2 * np.pi)
        seen["length_m"] = np.maximum(street.length_m[rows] + noise(n) * SIZE_SD_M, 0.2)
        seen["width_m"] = np.maximum(street.width_m[rows] + noise(n) * SIZE_SD_M / 2, 0.2)
        seen["height_m"] = street.height_m[rows]
        return seen


@_compiled
def _cross(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float) -> bool:
    d1 = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    d2 = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
    if d1 * d2 > 0.0:
        return False
    d3 = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx)
    d4 = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx)
    return d3 * d4 < 0.0


@_compiled
def _through(
    ax: float, ay: float, bx: float, by: float, ox: float, oy: float, heading: float, half_l: float, half_w: float
) -> bool:
    """Return whether the ray from a to b passes over the oriented body."""
    sin, cos = np.sin(heading), np.cos(heading)
    a_l, a_w = (ax - ox) * sin + (ay - oy) * cos, (ax - ox) * cos - (ay - oy) * sin
    d_l = (bx - ox) * sin + (by - oy) * cos - a_l
    d_w = (bx - ox) * cos - (by - oy) * sin - a_w
    low, high = 0.0, 1.0
    for a, d, half in ((a_l, d_l, half_l), (a_w, d_w, half_w)):
        if abs(d) < 1e-9:
            if abs(a) > half:
                return False
        else:
            t1, t2 = (-half - a) / d, (half - a) / d
            low, high = max(low, min(t1, t2)), min(high, max(t1, t2))
    return low <= high


@_compiled
def _shown(
    x: float, y: float, self_number: int, reach: Floats, number: NDArray[np.uint32], kind: NDArray[np.uint8],
    all_x: Floats, all_y: Floats, all_heading: Floats, length: Floats, width: Floats, all_height: Floats, edges: Floats,
) -> NDArray[np.intp]:  # fmt: skip
    """Return the rows of those that are seen from (x, y); ``reach`` is the range by kind."""
    rows, n = np.empty(len(all_x), np.intp), 0
    far = np.empty(len(all_x))
    for row in range(len(all_x)):
        away = np.hypot(all_x[row] - x, all_y[row] - y)
        if away <= reach[kind[row]] and number[row] != self_number:
            rows[n], far[n] = row, away
            n += 1
    rows = rows[:n]
    if n == 0:
        return rows
    near, walls = np.empty(len(edges), np.intp), 0
    for e in range(len(edges)):
        if np.hypot(edges[e, 0] - x, edges[e, 1] - y) < EDGES_M:
            near[walls] = e
            walls += 1
    ox, oy, heading, height = all_x[rows], all_y[rows], all_heading[rows], all_height[rows]
    half_l, half_w = length[rows] / 2, width[rows] / 2
    shown = np.zeros(n, np.bool_)
    for i in range(n):
        # Three rays: to the middle and to both ends of what it shows across; one that passes is enough.
        ux, uy = (ox[i] - x) / max(far[i], 0.1), (oy[i] - y) / max(far[i], 0.1)
        slant = heading[i] - np.arctan2(ux, uy)
        across = (half_l[i] * abs(np.sin(slant)) + half_w[i] * abs(np.cos(slant))) * 0.85
        for ray in range(-1, 2):
            tx, ty = ox[i] + ray * across * uy, oy[i] - ray * across * ux
            low_x, high_x, low_y, high_y = min(x, tx), max(x, tx), min(y, ty), max(y, ty)
            blocked = False
            for e in near[:walls]:
                ax, ay, bx, by = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
                if max(ax, bx) < low_x or min(ax, bx) > high_x or max(ay, by) < low_y or min(ay, by) > high_y:
                    continue
                if _cross(x, y, tx, ty, ax, ay, bx, by):
                    blocked = True
                    break
            if blocked:
                continue
            for j in range(n):
                if j == i or height[j] < LOW_M or far[j] + 0.3 >= far[i]:
                    continue
                if height[j] <= ROOF_M - (ROOF_M - height[i]) * far[j] / max(far[i], 0.5):
                    continue  # the ray to the top passes over it
                if _through(x, y, tx, ty, ox[j], oy[j], heading[j], half_l[j], half_w[j]):
                    blocked = True
                    break
            if not blocked:
                shown[i] = True
                break
    return rows[shown]
