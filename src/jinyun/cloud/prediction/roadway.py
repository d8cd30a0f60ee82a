"""What prediction needs to know of a map, worked out once for each revision: lines, bends, ways on, lights, crossings.

Rows are those of the map's tables. A bend is driven no faster than its lateral acceleration allows; the speeds that
this leaves along a lane already hold the braking before it, so that a tick looks up one number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.lanes import RIDDEN
from jinyun.hdmap import Map, Turn
from jinyun.hdmap.nearest import extents_m

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

LATERAL_MPS2 = 3.0
"""Lateral acceleration that drivers take in a bend; above 4 is uncomfortable (AASHTO's side friction at low speed)."""
SLOWING_MPS2 = 2.0
"""How hard drivers brake before a bend."""
BEND_M = 3.0
"""A bend is the turn over so many metres: a kink between two short pieces is none of its own."""
UNKNOWN_MPS = 60 / 3.6
"""Limit of a lane whose limit nobody knows: that of most city roads."""
WIDTH_M = 3.2
"""Width of a lane whose width nobody knows."""
PRIOR = {Turn.STRAIGHT: 1.0, Turn.LEFT: 1.0, Turn.RIGHT: 1.0, Turn.U_TURN: 0.1}
"""How often one way on is taken beside another of the same lane, when nothing else is known: most who go straight on take
the lanes that lead nowhere else."""


class Roads(NamedTuple):
    """Columns by lane, by point, by way on (``after``), by signal group and by crossing; NaN or infinity where none is."""

    # by lane
    first: NDArray[np.int64]
    points: NDArray[np.int64]  # how many
    extent_m: Floats
    limit_mps: Floats
    half_m: Floats
    ridden: NDArray[np.bool_]
    inner: NDArray[np.bool_]
    left: Ints
    right: Ints
    line: Ints  # the stop line of the lane itself
    line_m: Floats  # and its station, infinity for none
    after_first: Ints
    # by point
    x: Floats
    y: Floats
    s: Floats
    heading: Floats  # of the lane there, without leaps of a whole turn
    east: Floats  # its sine and cosine
    north: Floats
    cap2: Floats  # square of the speed that the bends from here to the lane's end allow
    # by way on
    after: Ints
    turn: NDArray[np.uint8]
    group: Ints
    prior: Floats
    # by signal group
    code: NDArray[np.int64]  # region, node and phase in one number
    # by crossing
    end_x: Floats  # (n, 2): where its middle line begins and ends
    end_y: Floats
    crossing_group: Ints


@dataclass(frozen=True, slots=True)
class Roadway:
    """A map, and what prediction needs to know of it."""

    map: Map
    roads: Roads


def roadway(map: Map) -> Roadway:
    """Return the map with what prediction needs to know of it; made once for a revision, some milliseconds a kilometre."""
    lanes, points = map.lanes, map.points
    first, count = lanes["first"].astype(np.int64), lanes["count"].astype(np.int64)
    heading, cap2 = _bends(map, first, count)
    limit = lanes["speed_limit_mps"].astype(np.float64)
    width = lanes["width_m"].astype(np.float64)
    line, line_m = _lines(map)
    turn, group, prior = _ways_on(map)
    region = int(map.about["region"][0]) if len(map.about["region"]) else 0
    node = map.junctions["node"].astype(np.int64)
    of = map.groups["junction"].astype(np.int64)
    code = code_of(region, node[of] if len(node) else of, map.groups["phase"])
    end_x, end_y, crossing_group = _crossings(map, code, node, region)
    roads = Roads(
        first=first, points=count, extent_m=np.ascontiguousarray(extents_m(lanes, points)),
        limit_mps=np.where(limit > 0, limit, UNKNOWN_MPS), half_m=np.where(width > 0, width, WIDTH_M) / 2,
        ridden=np.isin(lanes["kind"], RIDDEN), inner=lanes["junction"] >= 0,
        left=np.where(lanes["junction"] < 0, lanes["left"], -1).astype(np.int32),
        right=np.where(lanes["junction"] < 0, lanes["right"], -1).astype(np.int32),
        line=line, line_m=line_m, after_first=map.successors_first["row"].astype(np.int32),
        x=points["x_m"].astype(np.float64), y=points["y_m"].astype(np.float64), s=points["s_m"].astype(np.float64),
        heading=heading, east=np.sin(heading), north=np.cos(heading), cap2=cap2,
        after=map.successors["lane"].astype(np.int32), turn=turn, group=group, prior=prior,
        code=code, end_x=end_x, end_y=end_y, crossing_group=crossing_group,
    )  # fmt: skip
    return Roadway(map, roads)


_reals, _rows, _wide, _marks = np.zeros(0), np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.uint8)
NOWHERE = Roads(
    first=_wide, points=_wide, extent_m=_reals, limit_mps=_reals, half_m=_reals, ridden=_marks.astype(np.bool_),
    inner=_marks.astype(np.bool_), left=_rows, right=_rows, line=_rows, line_m=_reals, after_first=_rows, x=_reals, y=_reals,
    s=_reals, heading=_reals, east=_reals, north=_reals, cap2=_reals, after=_rows, turn=_marks, group=_rows, prior=_reals,
    code=_wide, end_x=np.zeros((0, 2)), end_y=np.zeros((0, 2)), crossing_group=_rows,
)  # fmt: skip
"""Where there is no map."""


def code_of(region: int | NDArray[np.int64], node: NDArray[np.int64], phase: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return region, node and phase as one number."""
    code: NDArray[np.int64] = np.asarray(region) << 24 | node << 8 | phase.astype(np.int64)
    return code


def _bends(map: Map, first: NDArray[np.int64], count: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the heading at every point, and the square of the speed that the bends of its lane from there on allow."""
    x, y, s = (map.points[name].astype(np.float64) for name in ("x_m", "y_m", "s_m"))
    heading, cap2 = np.zeros(len(x)), np.full(len(x), np.inf)
    for begin, many in zip(first.tolist(), count.tolist(), strict=True):
        if many < 2:
            continue
        rows = slice(begin, begin + many)
        dx, dy = np.diff(x[rows]), np.diff(y[rows])
        piece = np.unwrap(np.arctan2(dx, dy))
        heading[rows] = np.concatenate([piece[:1], (piece[1:] + piece[:-1]) / 2, piece[-1:]])
        middle = s[rows][:-1] + np.diff(s[rows]) / 2
        before, after = (np.interp(s[rows] + by, middle, piece) for by in (-BEND_M / 2, BEND_M / 2))
        bend = np.abs(after - before) / BEND_M
        own = LATERAL_MPS2 / np.maximum(bend, 1e-6) + 2 * SLOWING_MPS2 * s[rows]
        cap2[rows] = np.minimum.accumulate(own[::-1])[::-1] - 2 * SLOWING_MPS2 * s[rows]
    return heading, cap2


def _lines(map: Map) -> tuple[Ints, Floats]:
    """Return the stop line of each lane itself (not of the lanes that follow) and its station."""
    ahead, own = map.lines_ahead, map.stop_lines["lane"]
    has = np.zeros(len(map.lanes["id"]), np.bool_)
    has[own[(own >= 0) & (own < len(has))]] = True
    return np.where(has, ahead.line, -1).astype(np.int32), np.where(has, ahead.metres, np.inf)


def _ways_on(map: Map) -> tuple[NDArray[np.uint8], Ints, Floats]:
    """Return turn, signal group and prior weight of every way on; ways that turn alike share their weight."""
    follows, lanes = map.successors["lane"].astype(np.int64), len(map.lanes["id"])
    row = map.successors_first["row"].astype(np.int64)
    start = np.repeat(np.arange(lanes), row[1:] - row[:-1])
    links, via = map.links, map.links["via"].astype(np.int64)
    pair = links["start"].astype(np.int64) * lanes + np.where(via >= 0, via, links["end"])
    order = np.argsort(pair, kind="stable")
    at = np.searchsorted(pair[order], start * lanes + follows)
    turn, group = np.zeros(len(follows), np.uint8), np.full(len(follows), -1, np.int32)
    if len(order):
        row = order[np.minimum(at, len(order) - 1)]
        known = pair[row] == start * lanes + follows
        turn[known], group[known] = links["turn"][row[known]], links["group"][row[known]]
    weight = np.ones(len(follows))
    for bit, prior in PRIOR.items():
        weight = np.where(turn & bit > 0, prior, weight)
    alike = start * 16 + np.minimum(turn, 15)
    _, which, share = np.unique(alike, return_inverse=True, return_counts=True)
    return turn, group, weight / share[which]


def _crossings(map: Map, code: NDArray[np.int64], node: NDArray[np.int64], region: int) -> tuple[Floats, Floats, Ints]:
    """Return both ends of every crossing's middle line, and its signal group."""
    table, points = map.crossings, map.crossing_points
    first, last = table["first"], table["first"] + table["count"] - 1
    fit = table["count"] >= 2
    first, last = first[fit], last[fit]
    x, y = (np.column_stack([points[name][first], points[name][last]]).reshape(-1, 2) for name in ("x_m", "y_m"))
    junction, phase = table["junction"][fit].astype(np.int64), table["phase"][fit]
    lit = (junction >= 0) & (phase > 0)
    its = code_of(region, node[np.maximum(junction, 0)] if len(node) else junction, phase)
    order = np.argsort(code, kind="stable")
    at = np.minimum(np.searchsorted(code[order], its), max(len(code) - 1, 0))
    group = np.where(lit & (code[order][at] == its), order[at], -1) if len(code) else np.full(len(its), -1)
    return np.ascontiguousarray(x, np.float64), np.ascontiguousarray(y, np.float64), group.astype(np.int32)
