"""Inside or outside, in numba; imported at the first question (see :mod:`jinyun.hdmap.lanegrid`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.hdmap.lanegrid import CELL_M, EAST, EMPTY, LENGTH, NORTH, REACH_M, RINGS, S, X, Y, key, slot
from jinyun.hdmap.nearest import FARTHEST_OUT_M, Floats, Ints

ALONG_COSINE = 0.8660254
"""A lane within 30 degrees of a heading runs along it."""
MOST_LANES = 64
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def inside(x: Floats, y: Floats, corners: Floats, first: NDArray[np.int64], found: Ints) -> None:
    """Enter the first outline that each place is in; ``first`` are its rows of ``corners``."""
    areas = len(first) - 1
    box = np.empty((areas, 4))
    for a in range(areas):
        box[a, 0], box[a, 1], box[a, 2], box[a, 3] = np.inf, -np.inf, np.inf, -np.inf
        for k in range(first[a], first[a + 1]):
            box[a, 0], box[a, 1] = min(box[a, 0], corners[k, 0]), max(box[a, 1], corners[k, 0])
            box[a, 2], box[a, 3] = min(box[a, 2], corners[k, 1]), max(box[a, 3], corners[k, 1])
    for n in range(len(x)):
        px, py = x[n], y[n]
        for a in range(areas):
            if not (box[a, 0] <= px <= box[a, 1] and box[a, 2] <= py <= box[a, 3]):
                continue
            within, last = False, first[a + 1] - 1
            for k in range(first[a], first[a + 1]):
                if (corners[k, 1] > py) != (corners[last, 1] > py):
                    share = (py - corners[k, 1]) / (corners[last, 1] - corners[k, 1])
                    if px < corners[k, 0] + share * (corners[last, 0] - corners[k, 0]):
                        within = not within
                last = k
            if within:
                found[n] = a
                break


@_compiled
def covering(
    x: Floats, y: Floats, heading: Floats, beyond_m: float, half: Floats, extent: Floats, wanted: NDArray[np.bool_],
    pieces: Floats, lane_of: Ints, cells: NDArray[np.int64], named: Ints, found: Ints, which: Ints,
) -> None:  # fmt: skip
    """Enter how many wanted lanes cover each place, at most 64, and into each row of ``which`` as many as it holds."""
    widest = 0.0
    for row in range(len(half)):
        if wanted[row]:
            widest = max(widest, half[row])
    rings = min(max(int(np.ceil((widest + beyond_m - REACH_M) / CELL_M)), 0), RINGS)
    seen = np.empty(MOST_LANES, np.int32)
    for n in range(len(x)):
        px, py = x[n], y[n]
        if not (np.isfinite(px) and np.isfinite(py)) or abs(px) > FARTHEST_OUT_M or abs(py) > FARTHEST_OUT_M:
            continue
        headed = np.isfinite(heading[n])
        east, north = (np.sin(heading[n]), np.cos(heading[n])) if headed else (0.0, 0.0)
        i0, j0 = int(np.floor(px / CELL_M)), int(np.floor(py / CELL_M))
        many = 0
        for i in range(i0 - rings, i0 + rings + 1):
            for j in range(j0 - rings, j0 + rings + 1):
                at = slot(cells, key(i, j))
                if cells[at, 0] == EMPTY:
                    continue
                for k in range(cells[at, 1], cells[at, 1] + cells[at, 2]):
                    p = named[k]
                    row, piece = lane_of[p], pieces[p]
                    if not wanted[row] or many == MOST_LANES:
                        continue
                    if headed and east * piece[EAST] + north * piece[NORTH] < ALONG_COSINE:
                        continue
                    rx, ry = px - piece[X], py - piece[Y]
                    raw = rx * piece[EAST] + ry * piece[NORTH]
                    along = min(max(raw, 0.0), piece[LENGTH])
                    station = piece[S] + along
                    past = -np.inf  # how far before the lane's beginning or beyond its end, where it ends square
                    if station < 1e-3:
                        past = -raw
                    elif station > extent[row] - 1e-3:
                        past = raw - piece[LENGTH]
                    if past > beyond_m:
                        continue
                    if past > 0:
                        along = raw
                    dx, dy = rx - along * piece[EAST], ry - along * piece[NORTH]
                    if half[row] + beyond_m < 0 or dx * dx + dy * dy > (half[row] + beyond_m) ** 2:
                        continue
                    known = False
                    for c in range(many):
                        known = known or seen[c] == row
                    if not known:
                        seen[many] = row
                        many += 1
        found[n] = many
        for c in range(min(many, which.shape[1])):
            which[n, c] = seen[c]
