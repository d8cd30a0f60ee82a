"""How the borders of lanes are painted, told from the lanes themselves: what lies beside a border decides.

Another lane of the same direction: a broken line; one of the other direction: the yellow middle line; nothing: the solid
edge. Neighbours share a border, so the border of the right-hand one is enough.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from jinyun.hdmap.precise import Columns, LaneKind

Floats = NDArray[np.float64]

STEP_M = 12.0
"""Lanes are looked at in pieces of at most this length."""
SAME_M = 0.7
"""How near two lanes' borders must be to be one border."""
SHORTEST_M = 18.0
"""Shorter lanes are tapers and links between lanes; they are not painted."""
ALONG_M = 9.0
LEAST_COSINE = 0.94
_WHEELS = (LaneKind.CAR, LaneKind.BUS, LaneKind.BICYCLE)


class Marking(IntEnum):
    """What is painted along a border of a lane."""

    NONE = 0
    EDGE = 1
    DIVIDER = 2
    MIDDLE = 3


def markings(lanes: Columns, points: Columns) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the :class:`Marking` at the left and at the right border of every lane, shape (n,) each.

    ``lanes`` has first, count, kind, width_m, ``points`` x_m, y_m, both in metres. A border is judged at the middle of
    its lane. Lanes inside junctions and for walkers have none.
    """
    n = len(lanes["kind"])
    left, right = np.zeros(n, np.uint8), np.zeros(n, np.uint8)
    lane, place, way = _pieces(lanes, points)
    if not len(lane):
        return left, right
    width = lanes["width_m"].astype(np.float64)
    starts = np.flatnonzero(np.diff(lane, prepend=-1))
    counts = np.diff(np.append(starts, len(lane)))
    length = _lengths(lanes, points)[lane[starts]]
    middle = (starts + counts // 2)[length >= SHORTEST_M]
    from_lane = lane[middle]
    normal = np.column_stack([way[middle, 1], -way[middle, 0]])
    across = normal * (width[from_lane] / 2)[:, None]
    borders = np.vstack([place[middle] + across, place[middle] - across])
    found, same = _beside(borders, np.tile(from_lane, 2), np.vstack([way[middle]] * 2), lane, place, way, width)
    k = len(middle)
    right[from_lane] = np.where(found[:k] < 0, Marking.EDGE, Marking.NONE)
    kind = lanes["kind"]
    rides = (kind[from_lane] == LaneKind.BICYCLE) | (kind[found[k:]] == LaneKind.BICYCLE)
    beside = np.where(rides, Marking.EDGE, Marking.DIVIDER)
    left[from_lane] = np.where(found[k:] < 0, Marking.EDGE, np.where(same[k:], beside, Marking.MIDDLE))
    return left, right


def _lengths(lanes: Columns, points: Columns) -> Floats:
    step = np.hypot(np.diff(points["x_m"], append=0.0), np.diff(points["y_m"], append=0.0)).astype(np.float64)
    total = np.concatenate([[0.0], np.cumsum(step)])
    first = lanes["first"].astype(np.int64)
    lengths: Floats = total[first + np.maximum(lanes["count"].astype(np.int64) - 1, 0)] - total[first]
    return lengths


def _pieces(lanes: Columns, points: Columns) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Return the lane, the middle and the direction of every piece of the lanes that carry wheels."""
    rows = np.flatnonzero(np.isin(lanes["kind"], _WHEELS))
    spans = np.maximum(lanes["count"][rows].astype(np.int64) - 1, 0)
    lane = np.repeat(rows, spans)
    at = np.repeat(lanes["first"][rows].astype(np.int64) - (np.cumsum(spans) - spans), spans) + np.arange(spans.sum())
    x, y = points["x_m"].astype(np.float64), points["y_m"].astype(np.float64)
    begin, step = np.column_stack([x[at], y[at]]), np.column_stack([x[at + 1] - x[at], y[at + 1] - y[at]])
    length = np.hypot(step[:, 0], step[:, 1])
    real = length >= 0.05
    lane, begin, step, length = lane[real], begin[real], step[real], length[real]
    steps = np.ceil(length / STEP_M).astype(np.int64)
    of = np.repeat(np.arange(len(lane)), steps)
    share = (np.arange(len(of)) - np.repeat(np.cumsum(steps) - steps, steps) + 0.5) / steps[of]
    return lane[of], begin[of] + step[of] * share[:, None], (step / length[:, None])[of]


def _beside(
    borders: Floats, own: NDArray[np.int64], heading: Floats, lane: NDArray[np.int64], place: Floats, way: Floats,
    width: Floats,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:  # fmt: skip
    """Return the lane whose border passes nearest to each given place of a border (-1 none), and whether it leads alike."""
    reach = float(np.hypot(ALONG_M, width.max() / 2 + SAME_M))
    near: Any = cKDTree(borders).sparse_distance_matrix(cKDTree(place), reach, output_type="coo_matrix")
    b, p = near.row.astype(np.int64), near.col.astype(np.int64)
    other = lane[p]
    gone = borders[b] - place[p]
    cosine = np.sum(heading[b] * way[p], axis=1)
    along = np.sum(gone * way[p], axis=1)
    across = gone[:, 0] * way[p, 1] - gone[:, 1] * way[p, 0]
    gap = np.abs(np.abs(across) - width[other] / 2)
    fits = (other != own[b]) & (np.abs(along) <= ALONG_M) & (np.abs(cosine) >= LEAST_COSINE) & (gap < SAME_M)
    b, other, cosine, gap = b[fits], other[fits], cosine[fits], gap[fits]
    order = np.lexsort((other, gap, b))
    best = order[np.flatnonzero(np.diff(b[order], prepend=-1))]
    found, same = np.full(len(borders), -1, np.int64), np.zeros(len(borders), np.bool_)
    found[b[best]], same[b[best]] = other[best], cosine[best] > 0
    return found, same
