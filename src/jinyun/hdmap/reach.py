"""What lies within reach: the lanes one can be on within some seconds, and the stop line ahead (停止线距离)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.hdmap.nearest import extents_m
from jinyun.hdmap.route import CARS, CHANGE_S

if TYPE_CHECKING:
    from jinyun.hdmap.precise import Map

FARTHEST_LINE_M = 1000.0
"""A stop line farther ahead concerns nobody."""
MOST_PASSES = 64
"""Lanes that lie between a place and the stop line ahead of it, at most."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The lanes within reach of place ``i`` are the rows ``first[i]`` to ``first[i + 1]`` of the other columns.

    ``arrival_s`` is when the lane's beginning is reached at the speed limits, ``until_m`` how far along the lane one gets;
    the lane the place is on comes first, with 0 seconds.
    """

    first: NDArray[np.int64]
    lane: NDArray[np.int32]
    arrival_s: NDArray[np.float64]
    until_m: NDArray[np.float64]


def reachable(
    map: Map,
    lane: ArrayLike,
    s_m: ArrayLike,
    seconds: float,
    *,
    speed_mps: float | None = None,
    kinds: Sequence[int] = CARS,
    changes: bool = True,
) -> Reach:
    """Return the lanes that can be reached from each place within ``seconds``, by way of the network.

    At the speed limits, or everywhere at ``speed_mps``; a change of lane takes 3 s, without ``changes`` there is none. A
    place on no lane (-1) reaches none.
    """
    from jinyun.hdmap import lanegraph  # numba takes a second to load: not before a question is asked

    lanes, stations = np.broadcast_arrays(np.atleast_1d(np.asarray(lane)), np.atleast_1d(np.asarray(s_m)))
    start, start_m = np.ascontiguousarray(lanes, np.int32), np.ascontiguousarray(stations, np.float64)
    if speed_mps is None:
        graph = map.ways.graph("time", kinds)
    else:
        graph = map.ways.graph("length", kinds)
        graph = graph._replace(cost=graph.cost / max(speed_mps, 1e-3))
    change = CHANGE_S if changes else np.inf
    work, first = lanegraph.room(graph), np.zeros(len(start) + 1, np.int64)
    none = np.empty(0, np.int32), np.empty(0)
    total = lanegraph.around(graph, work, start, start_m, change, seconds, first, *none, False)
    found, arrival = np.empty(total, np.int32), np.empty(total)
    lanegraph.around(graph, work, start, start_m, change, seconds, first, found, arrival, True)
    own = np.flatnonzero((start >= 0) & np.isfinite(start_m))
    own = own[np.isfinite(graph.cost[start[own]])]
    at = first[own]  # the place's own lane before those reached from it
    found, arrival = np.insert(found, at, start[own]), np.insert(arrival, at, 0.0)
    begin = np.insert(np.zeros(total), at, start_m[own])
    first = first + np.searchsorted(own, np.arange(len(first)))
    length = graph.length[found]
    pace = length / np.maximum(graph.cost[found], 1e-9)
    return Reach(first, found, arrival, np.minimum(begin + (seconds - arrival) * pace, length))


@dataclass(frozen=True, slots=True)
class LineAhead:
    """For each lane: the stop line ahead of its beginning (row of ``stop_lines``, -1 none) and how far off it is."""

    line: NDArray[np.int32]
    metres: NDArray[np.float64]


def lines_ahead(map: Map) -> LineAhead:
    """Return for every lane the nearest stop line ahead, along its successors where it has none of its own."""
    n = len(map.lanes["id"])
    line, metres = np.full(n, -1, np.int32), np.full(n, np.inf)
    own = map.stop_lines["lane"].astype(np.int64)
    x, y = ((map.stop_lines[f"{axis}1_m"] + map.stop_lines[f"{axis}2_m"]) / 2 for axis in "xy")
    for row in np.flatnonzero((own >= 0) & (own < n)).tolist():
        lane = int(own[row])
        at = _station(map, lane, float(x[row]), float(y[row]))
        if at < metres[lane]:
            line[lane], metres[lane] = row, at
    with_own = line >= 0
    first, follows = map.successors_first["row"].astype(np.int64), map.successors["lane"]
    start = np.repeat(np.arange(n), np.diff(first))
    length = extents_m(map.lanes, map.points)
    for _ in range(MOST_PASSES):
        way = length[start] + metres[follows]
        way = np.where(with_own[start] | (way > FARTHEST_LINE_M), np.inf, way)
        order = np.lexsort((way, start))
        lanes, nearest = np.unique(start[order], return_index=True)
        best = order[nearest]
        better = way[best] < metres[lanes]
        if not better.any():
            break
        metres[lanes[better]], line[lanes[better]] = way[best][better], line[follows[best[better]]]
    return LineAhead(line, metres)


def _station(map: Map, lane: int, x_m: float, y_m: float) -> float:
    """Return where along a lane a place lies abreast."""
    first, count = int(map.lanes["first"][lane]), int(map.lanes["count"][lane])
    rows = slice(first, first + count)
    line, s = map.lane_line(lane), map.points["s_m"][rows]
    way = np.diff(line, axis=0)
    share = ((np.array([x_m, y_m]) - line[:-1]) * way).sum(1) / np.maximum((way**2).sum(1), 1e-12)
    share = np.clip(share, 0, 1)
    k = int(np.argmin(np.hypot(*(line[:-1] + share[:, None] * way - [x_m, y_m]).T)))
    return float(s[k] + share[k] * (s[k + 1] - s[k]))


def to_stop_line(map: Map, lane: ArrayLike, s_m: ArrayLike) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the stop line ahead of each place (row of ``stop_lines``, -1 none within 1 km) and the metres to it.

    Along the lane, and along the nearest of the lanes that follow where it has no stop line. Beyond the line of its own
    lane the metres are negative, until the junction begins: who has run over it is told so. NaN for none.
    """
    rows, stations = np.broadcast_arrays(np.atleast_1d(np.asarray(lane)), np.atleast_1d(np.asarray(s_m)))
    known = rows >= 0
    ahead = map.lines_ahead
    line = np.where(known, ahead.line[rows], -1).astype(np.int32)
    metres = np.where(line >= 0, ahead.metres[rows] - stations, np.nan)
    return line, metres
