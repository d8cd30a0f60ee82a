"""The lane that comes the other way (对向车道): beside a lane's left border, found on the map once for each revision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.prediction.roadway import Roads
from jinyun.hdmap import LaneKind, Map

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

PLACES = 8
"""Places along a lane at which the one opposite is looked for."""
ASIDE_M = 1.2
"""Its middle line lies so near to where it must for one to drive over to it: farther away is a median between."""
STRAIGHT_ON_RAD = 0.5
"""Upstream through a junction goes who turns no more than this."""
MOST_LANES = 12
KEPT = 4
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")
_known: dict[str, Opposite] = {}


@dataclass(frozen=True, slots=True)
class Opposite:
    """By lane and place along it, shape (n, 8): the lane opposite (-1 none) and the station on it abreast of the place."""

    lane: Ints
    s_m: Floats
    before_first: NDArray[np.int64]
    before: Ints  # lanes that lead to each, those of lane ``i`` from ``before_first[i]`` on


def opposite(map: Map, roads: Roads) -> Opposite:
    """Return the lanes that come the other way; worked out once for a revision of the map."""
    revision = str(map.about["revision"][0]) if len(map.about["revision"]) else ""
    found = _known.get(revision)
    if found is None or len(found.lane) != len(roads.first):
        found = _found(map, roads)
        while len(_known) >= KEPT:
            _known.pop(next(iter(_known)))
        _known[revision] = found
    return found


def _found(map: Map, roads: Roads) -> Opposite:
    n = len(roads.first)
    lane, station = np.full((n, PLACES), -1, np.int32), np.full((n, PLACES), np.nan)
    driven = np.isin(map.lanes["kind"], [LaneKind.CAR, LaneKind.BUS])
    alone = np.flatnonzero(driven & (roads.left < 0) & (roads.points >= 2))
    if len(alone):
        share = (np.arange(PLACES) + 0.5) / PLACES
        at = share * roads.extent_m[alone][:, None]
        x, y, course = np.empty_like(at), np.empty_like(at), np.empty_like(at)
        for k, row in enumerate(alone.tolist()):
            rows = slice(int(roads.first[row]), int(roads.first[row] + roads.points[row]))
            x[k], y[k] = (np.interp(at[k], roads.s[rows], line[rows]) for line in (roads.x, roads.y))
            course[k] = np.interp(at[k], roads.s[rows], roads.heading[rows])
        over = 2 * roads.half_m[alone][:, None]
        x, y = x - over * np.cos(course), y + over * np.sin(course)
        other, offset, s = map.nearest_lane(
            x.ravel(), y.ravel(), (course + np.pi).ravel() % (2 * np.pi), [LaneKind.CAR, LaneKind.BUS]
        )
        heading = np.full(len(other), np.nan)
        for k in np.flatnonzero(other >= 0).tolist():
            rows = slice(int(roads.first[other[k]]), int(roads.first[other[k]] + roads.points[other[k]]))
            heading[k] = np.interp(s[k], roads.s[rows], roads.heading[rows])
        with np.errstate(invalid="ignore"):
            fits = (other >= 0) & (np.abs(offset) <= ASIDE_M) & (np.cos(heading - course.ravel()) < -0.9)
        lane[alone] = np.where(fits, other, -1).reshape(at.shape)
        station[alone] = np.where(fits, s, np.nan).reshape(at.shape)
    first = map.predecessors_first["row"].astype(np.int64)
    return Opposite(lane, station, first, map.predecessors["lane"].astype(np.int32))


@_compiled
def oncoming(
    hosts: NDArray[np.int64], lane: Ints, station: Floats, opposite_lane: Ints, opposite_s: Floats,
    before_first: NDArray[np.int64], before: Ints, extent_m: Floats, point: NDArray[np.int64], points: NDArray[np.int64],
    course: Floats, begins: NDArray[np.int64], who: NDArray[np.int64], counts: NDArray[np.bool_], most_m: float, row: Ints,
    away_m: Floats,
) -> None:  # fmt: skip
    """Enter for each host the next one that comes towards it in the opposite lane (-1 nobody), middle to middle.

    ``begins`` and ``who`` are :class:`.ahead.Occupied`, ``counts`` those that are looked for.
    """
    for h in range(len(hosts)):
        i = hosts[h]
        row[h], away_m[h] = -1, np.nan
        own = lane[i]
        place = min(
            max(int(station[i] / max(extent_m[own], 0.1) * opposite_lane.shape[1]), 0), opposite_lane.shape[1] - 1
        )
        here = opposite_lane[own, place]
        if here < 0:
            continue
        middle = (place + 0.5) / opposite_lane.shape[1] * extent_m[own]
        at = opposite_s[own, place] - (station[i] - middle)  # the other way it counts down
        gone = 0.0
        for _ in range(MOST_LANES):
            high = begins[here + 1] - 1
            while high >= begins[here] and row[h] < 0:
                j = who[high]
                if j != i and counts[j] and station[j] < at:
                    row[h], away_m[h] = j, gone + at - station[j]
                high -= 1
            gone += at
            if row[h] >= 0 or gone > most_m:
                break
            best, least = -1, STRAIGHT_ON_RAD
            for k in range(before_first[here], before_first[here + 1]):
                up = before[k]
                if points[up] < 2 or points[here] < 2:
                    continue
                turn = abs(course[point[up]] - course[point[here]])
                turn = abs((turn + np.pi) % (2 * np.pi) - np.pi)
                joint = abs((course[point[up] + points[up] - 1] - course[point[here]] + np.pi) % (2 * np.pi) - np.pi)
                if joint < STRAIGHT_ON_RAD and (best < 0 or turn < least):
                    best, least = up, turn
            if best < 0:
                break
            here = best
            at = extent_m[here]
        if not away_m[h] <= most_m:
            row[h], away_m[h] = -1, np.nan
