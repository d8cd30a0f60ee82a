"""Who crosses which stop line between two frames: all participants against all stop lines of a zone, by a grid."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.quality import meeting
from jinyun.hdmap import Map

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CELL_M = 20.0
REACH_M = 10.0
"""A stop line is known in all cells within this: farther than anybody drives between two frames."""
TOLERANCE_RAD = np.radians(45.0)
"""Who crosses a stop line in another direction than its lane leads is not coming to that light."""
SPREAD = 1 << 24
_HALF = 1 << 23


@njit(cache=True)
def _crossed(
    x0: Floats,
    y0: Floats,
    x1: Floats,
    y1: Floats,
    cells: Ints,
    first: Ints,
    lines: Ints,
    ends: Floats,
    ahead: Floats,
    found: Ints,
    share: Floats,
) -> int:
    """Write (participant, line) of those whose way crosses a line, with the share of the way before it; return how many."""
    n = 0
    for i in range(len(x0)):
        cell = (int(np.floor(x1[i] / CELL_M)) + _HALF) * SPREAD + int(np.floor(y1[i] / CELL_M)) + _HALF
        at = np.searchsorted(cells, cell)
        if at >= len(cells) or cells[at] != cell:
            continue
        dx, dy = x1[i] - x0[i], y1[i] - y0[i]
        length = np.hypot(dx, dy)
        for k in range(first[at], first[at + 1]):
            line = lines[k]
            ex, ey = ends[line, 2] - ends[line, 0], ends[line, 3] - ends[line, 1]
            d = dx * ey - dy * ex
            if d == 0.0 or dx * ahead[line, 0] + dy * ahead[line, 1] < np.cos(TOLERANCE_RAD) * length:
                continue
            qx, qy = ends[line, 0] - x0[i], ends[line, 1] - y0[i]
            t, u = (qx * ey - qy * ex) / d, (qx * dy - qy * dx) / d
            if 0.0 < t <= 1.0 and 0.0 <= u <= 1.0 and n < len(found):
                found[n, 0], found[n, 1], share[n] = i, line, t
                n += 1
    return n


class StopLines:
    """The stop lines of a map that belong to a lane; ``row`` of each in the map's table."""

    def __init__(self, map: Map) -> None:
        table = map.stop_lines
        self.row = np.flatnonzero((table["lane"] >= 0) & (table["junction"] >= 0)).astype(np.int64)
        self.lane = table["lane"][self.row].astype(np.int64)
        self.junction, self.phase = (
            table["junction"][self.row].astype(np.int64),
            table["phase"][self.row].astype(np.int64),
        )
        self.turn = table["turn"][self.row].astype(np.int64)
        self._ends = np.column_stack([table[name][self.row] for name in ("x1_m", "y1_m", "x2_m", "y2_m")]).reshape(
            -1, 4
        )
        headings = np.array([meeting.heading_rad(map.lane_line(int(lane)), True) for lane in self.lane])
        self._ahead = np.column_stack([np.sin(headings), np.cos(headings)]).reshape(-1, 2)
        self._cells, self._first, self._lines = self._grid()

    def _grid(self) -> tuple[Ints, Ints, Ints]:
        keys: list[int] = []
        lines: list[int] = []
        low = np.minimum(self._ends[:, :2], self._ends[:, 2:]) - REACH_M
        high = np.maximum(self._ends[:, :2], self._ends[:, 2:]) + REACH_M
        for line, (a, b) in enumerate(
            zip(np.floor(low / CELL_M).astype(int), np.floor(high / CELL_M).astype(int), strict=True)
        ):
            for east in range(a[0], b[0] + 1):
                for north in range(a[1], b[1] + 1):
                    keys.append((east + _HALF) * SPREAD + north + _HALF)
                    lines.append(line)
        order = np.argsort(np.array(keys, np.int64), kind="stable")
        cells, counts = np.unique(np.array(keys, np.int64), return_counts=True)
        return cells, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), np.array(lines, np.int64)[order]

    def crossed(self, x0: Floats, y0: Floats, x1: Floats, y1: Floats) -> tuple[Ints, Ints, Floats]:
        """Return (participant, line, share of the way before it) of who moves from (x0, y0) to (x1, y1) across a line."""
        found, share = np.empty((len(x0) + 16, 2), np.int64), np.empty(len(x0) + 16)
        n = _crossed(x0, y0, x1, y1, self._cells, self._first, self._lines, self._ends, self._ahead, found, share)
        return found[:n, 0], found[:n, 1], share[:n]
