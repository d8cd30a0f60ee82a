"""What the zone's signs say on a shuttle's way (标志): stretches of its guideline with the speeds that are posted there.

A sign holds along its path, else round its place, else from its place on to the end of its road. Hazards are not read: they
say what is there, not which lane it takes; who stands there is seen by sensors, the car's or the road's.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import Map
from jinyun.vehicle.shuttle.guideline import STEP_M, Guideline
from jinyun.vehicle.shuttle.posted import Posted
from jinyun.zone import Notice

ASIDE_M = 8.0
"""A sign's place or path so near to the way stands at it."""
WITH_RAD = 0.75
"""A path within this angle of the way is of its direction."""
LEAST_M = 5.0
"""Shorter stretches are none."""


def posted_on(signs: Sequence[Notice], map: Map, line: Guideline) -> tuple[Posted, ...]:
    """Return the speeds that signs post on the way; other signs say nothing that a shuttle does not know of its map."""
    found = []
    for sign in signs:
        if sign.limit_kmh is None:
            continue
        for begin, end in _stretches(_held(sign, map, line), line):
            found.append(Posted("speed", begin * STEP_M, end * STEP_M, sign.limit_kmh / 3.6))
    return tuple(found)


def _held(sign: Notice, map: Map, line: Guideline) -> NDArray[np.bool_]:
    """Return on which columns of the guideline a sign holds."""
    if sign.path:
        path = np.array(sign.path, np.float64)
        if len(path) > 1:
            return _along(path, max(sign.radius_m, ASIDE_M), line)
        return np.asarray(np.hypot(line.x_m - path[0, 0], line.y_m - path[0, 1]) < max(sign.radius_m, ASIDE_M))
    away = np.hypot(line.x_m - sign.x_m, line.y_m - sign.y_m)
    if sign.radius_m > 0:
        return np.asarray(away < sign.radius_m)
    held = np.zeros(len(away), np.bool_)
    at = int(np.argmin(away))
    edges = map.lanes["edge"][line.lane]
    if away[at] < ASIDE_M:
        for k in range(len(away)):
            here = (at + k) % len(away)
            if edges[here] != edges[at]:
                break
            held[here] = True
    return held


def _along(path: NDArray[np.float64], aside_m: float, line: Guideline) -> NDArray[np.bool_]:
    """Return which columns lie within ``aside_m`` of a path and lead its way."""
    held = np.zeros(len(line.x_m), np.bool_)
    for (x0, y0), (x1, y1) in pairwise(path):
        long = float(np.hypot(x1 - x0, y1 - y0))
        if long < 0.01:
            continue
        ux, uy = (x1 - x0) / long, (y1 - y0) / long
        dx, dy = line.x_m - x0, line.y_m - y0
        along, across = dx * ux + dy * uy, dx * uy - dy * ux
        with_it = np.cos(line.heading_rad - np.arctan2(ux, uy)) > np.cos(WITH_RAD)
        held |= (along >= 0) & (along <= long) & (np.abs(across) < aside_m) & with_it
    return held


def _stretches(held: NDArray[np.bool_], line: Guideline) -> list[tuple[int, int]]:
    """Return (begin, end) of the runs of columns; one over the seam of a loop ends beyond its length."""
    n = len(held)
    if held.all():
        return [(0, n)]
    first = int(np.argmin(held)) if line.loop else 0  # begin where nothing holds, so that no run is cut
    turned = np.concatenate([[False], np.roll(held, -first), [False]])
    edge = np.flatnonzero(turned[1:] != turned[:-1])
    runs = [(int(a) + first, int(b) + first) for a, b in zip(edge[::2], edge[1::2], strict=True)]
    return [(a % n, a % n + b - a) for a, b in runs if (b - a) * STEP_M >= LEAST_M]
