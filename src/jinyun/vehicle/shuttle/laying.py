"""Laying what is posted onto the way (标志落线): on which stretches of a guideline a path, an area or a bare place holds.

Something holds along its path in its direction, else round its place, else from its place on to the end of its road.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import Map
from jinyun.vehicle.shuttle.guideline import STEP_M, Guideline

ASIDE_M = 8.0
"""A sign's place or path so near to the way stands at it."""
WITH_RAD = 0.75
"""A path within this angle of the way is of its direction."""
LEAST_M = 5.0
"""Shorter stretches are none."""
Path = Sequence[tuple[float, float]]


def held(
    x_m: float, y_m: float, path: Path, radius_m: float, map: Map, line: Guideline, aside_m: float = ASIDE_M
) -> NDArray[np.bool_]:
    """Return on which columns of the guideline holds what has a path, a place with a radius, or a place only."""
    if path:
        places = np.array(path, np.float64)
        if len(places) > 1:
            return _along(places, max(radius_m, aside_m), line)
        return np.asarray(np.hypot(line.x_m - places[0, 0], line.y_m - places[0, 1]) < max(radius_m, aside_m))
    away = np.hypot(line.x_m - x_m, line.y_m - y_m)
    if radius_m > 0:
        return np.asarray(away < radius_m)
    found = np.zeros(len(away), np.bool_)
    at = int(np.argmin(away))
    edges = map.lanes["edge"][line.lane]
    if away[at] < aside_m:
        for k in range(len(away)):
            here = (at + k) % len(away)
            if edges[here] != edges[at]:
                break
            found[here] = True
    return found


def stretches(on: NDArray[np.bool_], line: Guideline) -> list[tuple[int, int]]:
    """Return (begin, end) of the runs of columns; one over the seam of a loop ends beyond its length."""
    n = len(on)
    if on.all():
        return [(0, n)]
    first = int(np.argmin(on)) if line.loop else 0  # begin where nothing holds, so that no run is cut
    turned = np.concatenate([[False], np.roll(on, -first), [False]])
    edge = np.flatnonzero(turned[1:] != turned[:-1])
    runs = [(int(a) + first, int(b) + first) for a, b in zip(edge[::2], edge[1::2], strict=True)]
    return [(a % n, a % n + b - a) for a, b in runs if (b - a) * STEP_M >= LEAST_M]


def _along(path: NDArray[np.float64], aside_m: float, line: Guideline) -> NDArray[np.bool_]:
    """Return which columns lie within ``aside_m`` of a path and lead its way."""
    found = np.zeros(len(line.x_m), np.bool_)
    for (x0, y0), (x1, y1) in pairwise(path):
        long = float(np.hypot(x1 - x0, y1 - y0))
        if long < 0.01:
            continue
        ux, uy = (x1 - x0) / long, (y1 - y0) / long
        dx, dy = line.x_m - x0, line.y_m - y0
        along, across = dx * ux + dy * uy, dx * uy - dy * ux
        with_it = np.cos(line.heading_rad - np.arctan2(ux, uy)) > np.cos(WITH_RAD)
        found |= (along >= 0) & (along <= long) & (np.abs(across) < aside_m) & with_it
    return found
