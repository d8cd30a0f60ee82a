"""Which lane is a place on? Pieces of all lanes in a grid (:mod:`jinyun.hdmap.lanegrid`) answer for a batch of places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

FARTHEST_M = 25.0
"""How far a lane is looked for."""
PIECE_M = 25.0
"""Longer pieces are cut, so that each is named by few cells."""
AGAINST_M = 6.0
"""Metres added for a lane that runs across the heading; twice that for one against it."""
LONGEST_LANE_M = 200_000.0
"""A longer lane is a fault of its file (a wrong unit, a lost digit) and is not looked for."""
WIDTH_M = 3.2
"""Width of a lane whose width nobody knows."""
FARTHEST_OUT_M = 1e8
"""Nothing on Earth is farther from a zone's origin."""


class LaneIndex:
    """Pieces of lanes in a grid; ``rows`` are the lanes to be found."""

    def __init__(
        self, lanes: Mapping[str, NDArray[Any]], points: Mapping[str, NDArray[Any]], rows: NDArray[np.intp]
    ) -> None:
        from jinyun.hdmap import lanegrid  # numba takes a second to load: not before a question is asked

        x, y, s = (np.asarray(points[key], np.float64) for key in ("x_m", "y_m", "s_m"))
        self.pieces, self.lane = _cut(lanes["first"][rows], lanes["count"][rows], np.asarray(rows, np.int32), x, y, s)
        order = np.argsort(_morton(self.pieces), kind="stable")  # what lies together in the street, lies so in memory
        self.pieces, self.lane = np.ascontiguousarray(self.pieces[order]), self.lane[order]
        self.cells, self.named, self.blocks = lanegrid.grid(self.pieces)
        self.kind = np.asarray(lanes["kind"])
        self.extent_m = extents_m(lanes, points)
        width = np.asarray(lanes["width_m"], np.float64)
        self.half_m = np.where(np.isfinite(width) & (width > 0), width, WIDTH_M) / 2
        self._wanted: dict[tuple[int, ...] | None, NDArray[np.bool_]] = {None: np.ones(len(self.kind), np.bool_)}

    def wanted(self, kinds: Sequence[int] | None) -> NDArray[np.bool_]:
        """Return for each lane of the map whether it is of one of ``kinds``; None means any."""
        key = None if kinds is None else tuple(int(kind) for kind in kinds)
        if key not in self._wanted:
            self._wanted[key] = np.isin(self.kind, key or ())
        return self._wanted[key]

    def nearest(
        self, x_m: ArrayLike, y_m: ArrayLike, heading_rad: ArrayLike | None, kinds: Sequence[int] | None
    ) -> tuple[Ints, Floats, Floats]:
        """See :meth:`jinyun.hdmap.Map.nearest_lane`."""
        from jinyun.hdmap import lanegrid

        x, y, heading = places(x_m, y_m, heading_rad)
        lane, offset, s = np.full(len(x), -1, np.int32), np.full(len(x), np.nan), np.full(len(x), np.nan)
        grid = (self.pieces, self.lane, self.cells, self.named, self.blocks)
        lanegrid.nearest(x, y, heading, self.wanted(kinds), *grid, lane, offset, s)
        return lane, offset, s


def extents_m(lanes: Mapping[str, NDArray[Any]], points: Mapping[str, NDArray[Any]]) -> Floats:
    """Return the station at which each lane ends: the length of its line, which may differ from the length it is given."""
    last = lanes["first"].astype(np.int64) + lanes["count"].astype(np.int64) - 1
    return np.where(last >= 0, np.append(points["s_m"], 0.0)[last], 0.0)


def places(x_m: ArrayLike, y_m: ArrayLike, heading_rad: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """Return places and headings as columns of one length; no heading is NaN."""
    x, y = np.atleast_1d(np.asarray(x_m, np.float64)), np.atleast_1d(np.asarray(y_m, np.float64))
    x, y = np.broadcast_arrays(x, y)
    heading = np.broadcast_to(np.asarray(np.nan if heading_rad is None else heading_rad, np.float64), x.shape)
    return np.ascontiguousarray(x), np.ascontiguousarray(y), np.ascontiguousarray(heading)


def _cut(first: NDArray[Any], count: NDArray[Any], rows: Ints, x: Floats, y: Floats, s: Floats) -> tuple[Floats, Ints]:
    """Return the pieces of lanes, shape (n, 6): begin, unit vector, length, station; and the lane of each."""
    pieces = np.maximum(count.astype(np.int64) - 1, 0)
    start = np.repeat(first.astype(np.int64) - np.cumsum(pieces) + pieces, pieces) + np.arange(pieces.sum())
    lane = np.repeat(rows, pieces)
    length = np.hypot(x[start + 1] - x[start], y[start + 1] - y[start])
    whole = np.zeros(int(rows.max(initial=-1)) + 1)
    np.add.at(whole, lane, length)
    near = np.maximum(np.abs(x[start]), np.abs(y[start])) < FARTHEST_OUT_M
    fit = np.isfinite(length) & near & (whole[lane] <= LONGEST_LANE_M)
    start, lane, length = start[fit], lane[fit], length[fit]
    parts = np.maximum(np.ceil(length / PIECE_M).astype(np.int64), 1)
    of = np.repeat(parts, parts)
    share = (np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)) / of
    start, lane, length = (np.repeat(each, parts) for each in (start, lane, length))
    dx, dy, ds = x[start + 1] - x[start], y[start + 1] - y[start], s[start + 1] - s[start]
    safe = np.maximum(length, 1e-9)
    cut = (x[start] + share * dx, y[start] + share * dy, dx / safe, dy / safe, length / of, s[start] + share * ds)
    return np.column_stack(cut), lane.astype(np.int32)


def _morton(pieces: Floats) -> NDArray[np.uint64]:
    """Return a number for each piece that is alike for pieces that lie together (Z-order of 50 m squares)."""
    code = np.zeros(len(pieces), np.uint64)
    for shift, axis in enumerate((0, 1)):
        low = pieces[:, axis].min(initial=0.0)
        value = np.minimum((pieces[:, axis] - low) / 50.0, 2.0**31).astype(np.uint64)
        for bit in range(31):
            code |= (value >> np.uint64(bit) & np.uint64(1)) << np.uint64(2 * bit + shift)
    return code
