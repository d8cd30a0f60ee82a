"""Which lane is a place on? A grid over the pieces of all lanes answers for many places at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

CELL_M = 12.5
"""Side of a grid cell."""
FARTHEST_M = 25.0
"""How far a lane is looked for."""
NEAR_M = 6.0
"""Nearly every place on a street has a lane so near: looked for first, among far fewer pieces."""
PIECE_M = 25.0
AGAINST_M = 6.0
"""Metres added for a lane that runs across the heading; twice that for one against it."""


class LaneIndex:
    """Pieces of lanes (at most 25 m long) in two grids of cells, each cell naming every piece within 6 or 25 m of it."""

    def __init__(
        self, lanes: Mapping[str, NDArray[Any]], points: Mapping[str, NDArray[Any]], rows: NDArray[np.intp]
    ) -> None:
        first, count = lanes["first"][rows].astype(np.int64), lanes["count"][rows].astype(np.int64)
        pieces = count - 1
        lane = np.repeat(rows, pieces)
        start = np.repeat(first - np.concatenate([[0], np.cumsum(pieces)[:-1]]), pieces) + np.arange(pieces.sum())
        x, y, s = points["x_m"], points["y_m"], points["s_m"]
        parts = np.maximum(np.ceil((s[start + 1] - s[start]) / PIECE_M).astype(np.int64), 1)
        self._lane = np.repeat(lane, parts).astype(np.int32)
        step = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
        whole = np.repeat(start, parts)
        of = np.repeat(parts, parts)
        self._x, self._y = _at(x, whole, step / of), _at(y, whole, step / of)
        self._dx = _at(x, whole, (step + 1) / of) - self._x
        self._dy = _at(y, whole, (step + 1) / of) - self._y
        self._length = np.maximum(np.hypot(self._dx, self._dy), 1e-9)
        self._s = s[whole] + step / of * (s[whole + 1] - s[whole])
        self._kind = lanes["kind"][self._lane]
        self._grids: dict[float, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}  # made when first asked for

    def _grid(self, reach_m: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pieces within ``reach_m`` of each cell, cell after cell, and where each cell's begin."""
        x0, x1 = np.minimum(self._x, self._x + self._dx), np.maximum(self._x, self._x + self._dx)
        y0, y1 = np.minimum(self._y, self._y + self._dy), np.maximum(self._y, self._y + self._dy)
        self._west, self._south = float(x0.min()) - 2 * FARTHEST_M, float(y0.min()) - 2 * FARTHEST_M
        self._columns = int((x1.max() - self._west + 2 * FARTHEST_M) / CELL_M) + 1
        self._rows = int((y1.max() - self._south + 2 * FARTHEST_M) / CELL_M) + 1
        i0 = ((x0 - reach_m - self._west) / CELL_M).astype(np.int64)
        i1 = ((x1 + reach_m - self._west) / CELL_M).astype(np.int64)
        j0 = ((y0 - reach_m - self._south) / CELL_M).astype(np.int64)
        j1 = ((y1 + reach_m - self._south) / CELL_M).astype(np.int64)
        wide, high = i1 - i0 + 1, j1 - j0 + 1
        each = wide * high
        piece = np.repeat(np.arange(len(each)), each)
        k = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
        cell = (i0[piece] + k % wide[piece]) + (j0[piece] + k // wide[piece]) * self._columns
        order = np.argsort(cell, kind="stable")
        return piece[order], np.searchsorted(cell[order], np.arange(self._columns * self._rows + 1))

    def nearest(
        self, x_m: ArrayLike, y_m: ArrayLike, heading_rad: ArrayLike | None, kinds: Sequence[int] | None
    ) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
        """See :meth:`jinyun.hdmap.Map.nearest_lane`."""
        x, y = np.atleast_1d(np.asarray(x_m, np.float64)), np.atleast_1d(np.asarray(y_m, np.float64))
        heading = None if heading_rad is None else np.broadcast_to(np.asarray(heading_rad, np.float64), x.shape)
        lane, offset, s, cost = self._look(x, y, heading, kinds, NEAR_M)
        far = np.flatnonzero(~(cost <= NEAR_M))  # a lane beyond may cost less than one near that runs otherwise
        if len(far):
            again = self._look(x[far], y[far], None if heading is None else heading[far], kinds, FARTHEST_M)
            lane[far], offset[far], s[far] = again[:3]
        return lane, offset, s

    def _look(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        heading: NDArray[np.float64] | None,
        kinds: Sequence[int] | None,
        reach_m: float,
    ) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return lane, offset, station and cost of the best lane within ``reach_m`` of each place."""
        if reach_m not in self._grids:
            self._grids[reach_m] = self._grid(reach_m)
        pieces, begins = self._grids[reach_m]
        n = len(x)
        lane, offset, s = np.full(n, -1, np.int32), np.full(n, np.nan), np.full(n, np.nan)
        paid = np.full(n, np.nan)
        known = np.isfinite(x) & np.isfinite(y)
        i = np.floor((np.where(known, x, 0) - self._west) / CELL_M).astype(np.int64)
        j = np.floor((np.where(known, y, 0) - self._south) / CELL_M).astype(np.int64)
        inside = known & (i >= 0) & (i < self._columns) & (j >= 0) & (j < self._rows)
        cell = np.where(inside, i + j * self._columns, 0)
        many = np.where(inside, begins[cell + 1] - begins[cell], 0)
        asked = np.repeat(np.arange(n), many)
        piece = pieces[np.repeat(begins[cell] - np.cumsum(many) + many, many) + np.arange(many.sum())]
        if kinds is not None:
            wanted = np.isin(self._kind[piece], kinds)
            asked, piece = asked[wanted], piece[wanted]
        if not len(piece):
            return lane, offset, s, paid
        ex, ey, size = self._dx[piece], self._dy[piece], self._length[piece]
        px, py = x[asked] - self._x[piece], y[asked] - self._y[piece]
        along = np.clip((px * ex + py * ey) / size, 0, size)
        away = np.hypot(px - along * ex / size, py - along * ey / size)
        cost = away
        if heading is not None:
            agreement = (np.sin(heading[asked]) * ex + np.cos(heading[asked]) * ey) / size
            cost = away + AGAINST_M * (1 - np.where(np.isfinite(agreement), agreement, 1.0))
        first = np.flatnonzero(np.concatenate([[True], asked[1:] > asked[:-1]]))  # a place's candidates stand together
        least = np.minimum.reduceat(cost, first)
        equal = np.flatnonzero(cost == np.repeat(least, np.diff(np.append(first, len(cost)))))
        best = equal[np.concatenate([[True], asked[equal][1:] > asked[equal][:-1]])]
        best = best[away[best] <= reach_m]
        to = asked[best]
        lane[to], paid[to] = self._lane[piece[best]], cost[best]
        right = (px[best] * ey[best] - py[best] * ex[best]) / size[best]
        offset[to] = np.copysign(away[best], right)
        s[to] = self._s[piece[best]] + along[best]
        return lane, offset, s, paid


def _at(values: NDArray[Any], row: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    between: NDArray[np.float64] = values[row] + share * (values[row + 1] - values[row])
    return between
