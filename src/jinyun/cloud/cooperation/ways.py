"""The way of a vehicle through a junction (通行路径): from where it is over lanes, the junction's lanes and on, in one line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.prediction.roadway import Roads
from jinyun.hdmap import Map
from jinyun.hdmap.conflicts import path_of

Floats = NDArray[np.float64]

EXIT_M = 45.0
"""A way goes on so far beyond the junction, where it leads so far."""
MOST_LANES = 4
"""Lanes on the way to the junction."""
LEAST_STEP_M = 0.05
"""Points nearer than this to the one before are left out: a piece has a direction."""


@dataclass(frozen=True)
class Way:
    """A line of points (n, 2) and their stations; the middle of the vehicle is at station 0."""

    line: Floats
    s: Floats
    link: int
    """Row of the map's ``links``, -1 for a way through no junction."""
    line_m: float
    """Where the stop line of that link is, by station."""
    inner_m: float
    """Where the junction begins: conflicts' stations count from the stop line, this is where its lanes begin."""
    out_m: float
    """Where the junction ends."""
    cap_mps: float
    """The speed that bends and limits allow from the stop line on until the junction is left."""
    lanes: tuple[int, ...]


def ways(map: Map, roads: Roads, lane: int, s_m: float, reach_m: float, turns: int = 15) -> list[Way]:
    """Return the ways of one on a lane through the junction ahead: one for each link with one of ``turns`` (hdmap.Turn).

    Empty where none lies within ``reach_m``. A lane inside a junction is itself the way: one, without a line ahead.
    """
    if lane < 0 or not np.isfinite(s_m):
        return []
    if roads.inner[lane]:
        return _within(map, roads, lane, s_m)
    chain, gone = [lane], -s_m
    while True:
        here = chain[-1]
        gone += float(roads.extent_m[here])
        links = map.ways_on.get(here, [])
        if links and map.edges["end"][map.lanes["edge"][here]] >= 0:
            break
        onward = map.successors_of(here).tolist()
        if len(onward) != 1 or len(chain) >= MOST_LANES or gone > reach_m or onward[0] in chain:
            return []
        chain.append(int(onward[0]))
    if gone > reach_m:
        return []
    turning = map.links["turn"]
    return [_through(map, roads, chain, s_m, gone, link) for link in links if int(turning[link]) & turns]


def _through(map: Map, roads: Roads, chain: list[int], s_m: float, gone: float, link: int) -> Way:
    inner = path_of(link, map.links, map.successors_first["row"], map.successors["lane"])
    end = int(map.links["end"][link])
    lanes = [*chain, *inner, end]
    line_m = float(roads.line_m[chain[-1]])
    back = float(roads.extent_m[chain[-1]]) - line_m if np.isfinite(line_m) else 0.0
    through = float(sum(roads.extent_m[row] for row in inner))
    points, s = _line(map, roads, lanes, s_m, gone + through + EXIT_M)
    return Way(points, s, link, gone - back, gone, gone + through, _cap(roads, [*inner, end]), tuple(lanes))


def _within(map: Map, roads: Roads, lane: int, s_m: float) -> list[Way]:
    """Return the way of one in a junction, without a link: to the end of its lane and on."""
    lanes, gone = [lane], float(roads.extent_m[lane]) - s_m
    while len(lanes) < MOST_LANES and gone < EXIT_M:
        onward = map.successors_of(lanes[-1]).tolist()
        if not onward or onward[0] in lanes:
            break
        lanes.append(int(onward[0]))
        if not roads.inner[lanes[-1]]:
            break
        gone += float(roads.extent_m[lanes[-1]])
    points, s = _line(map, roads, lanes, s_m, gone + EXIT_M)
    return [Way(points, s, -1, 0.0, 0.0, gone, _cap(roads, lanes), tuple(lanes))]


def straight_on(map: Map, roads: Roads, lane: int, s_m: float, far_m: float) -> Way:
    """Return the way along a lane and those that follow it, the least turning first, for ``far_m``."""
    lanes, gone = [lane], float(roads.extent_m[lane]) - s_m
    while gone < far_m and len(lanes) < 2 * MOST_LANES:
        onward = [row for row in map.successors_of(lanes[-1]).tolist() if row not in lanes]
        if not onward:
            break
        out = roads.heading[roads.first[lanes[-1]] + roads.points[lanes[-1]] - 1]
        turn = [abs(np.sin((roads.heading[roads.first[r] + roads.points[r] - 1] - out) / 2)) for r in onward]
        lanes.append(int(onward[int(np.argmin(turn))]))
        gone += float(roads.extent_m[lanes[-1]])
    points, s = _line(map, roads, lanes, s_m, far_m)
    return Way(points, s, -1, gone, gone, gone, _cap(roads, lanes), tuple(lanes))


def _cap(roads: Roads, lanes: list[int]) -> float:
    """Return the speed that the bends and limits of lanes allow."""
    caps = [float(roads.limit_mps[row]) for row in lanes]
    for row in lanes:
        if roads.inner[row] and roads.points[row]:
            caps.append(float(np.sqrt(max(roads.cap2[roads.first[row]], 1.0))))
    return min(caps)


def _line(map: Map, roads: Roads, lanes: list[int], s_m: float, far_m: float) -> tuple[Floats, Floats]:
    pieces = [map.lane_line(row) for row in lanes]
    points = np.vstack(pieces)
    own = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    keep = np.concatenate([[True], np.diff(own) >= LEAST_STEP_M])
    points = points[keep]
    s = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))]) - s_m
    rows = np.flatnonzero((s > LEAST_STEP_M) & (s < far_m - LEAST_STEP_M))
    ends = [_at(points, s, t) for t in (0.0, min(far_m, float(s[-1])))]
    line = np.vstack([ends[0], points[rows], ends[1]])
    s = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    return np.ascontiguousarray(line), s


def _at(points: Floats, s: Floats, station: float) -> Floats:
    k = int(np.clip(np.searchsorted(s, station) - 1, 0, len(s) - 2))
    share = (station - s[k]) / (s[k + 1] - s[k])
    place: Floats = points[k] + share * (points[k + 1] - points[k])
    return place
