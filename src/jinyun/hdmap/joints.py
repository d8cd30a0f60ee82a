"""Where lanes meet end to end: their borders meet there too, so that a border has no gap where one lane follows another.

A net of SUMO gives lanes a middle line and a width. Borders made of these stop at right angles to each lane, and lanes
that follow each other at an angle leave wedges between them. Here the lanes of an edge end on one line across all of
them, and a lane inside a junction begins and ends as wide and as slanted as the lanes outside that it joins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.hdmap import curve
from jinyun.hdmap.curve import Line
from jinyun.hdmap.tables import Columns

STRAIGHT_M = 0.05
"""The ends of an edge's lanes lie on one line if they stray from it by no more."""
STEEPEST = 0.8
"""Least cosine between that line and a lane's own cross-section; a more slanted end is no cross-section."""
SHARED_M = 0.1
"""Borders of neighbours that end this near to each other end in one point."""
APART_M = 1.5
"""A lane inside a junction that begins or ends this near to the lane it joins is led to its end."""
Rows = NDArray[np.integer]


def meet(
    lanes: Columns, edges: Columns, points: Columns, pairs: ArrayLike, outside: NDArray[np.bool_]
) -> tuple[Columns, Columns]:
    """Return the tables of lanes and points with borders that meet at joints.

    ``pairs`` are (lane, the lane after it), shape (n, 2), without those of walkers; ``outside`` marks the lanes that
    keep their places, all others lie within junctions. Width and length of the lanes within follow.
    """
    ends = _Ends(lanes, points)
    for edge in np.unique(lanes["edge"][outside]).tolist():
        first, count = int(edges["first"][edge]), int(edges["count"][edge])
        if count > 1:
            ends.slant(np.arange(first, first + count), 0)
            ends.slant(np.arange(first, first + count), -1)
    after, before = _only(pairs, 0, len(outside)), _only(pairs, 1, len(outside))
    inner = np.flatnonzero(~outside)
    for row in inner.tolist():
        ends.join(row, int(before[row]), int(after[row]), outside)
    for row in inner.tolist():
        follower = int(after[row])
        if follower >= 0 and not outside[follower] and before[follower] == row:
            ends.average(row, follower)
    return ends.tables()


def _only(pairs: ArrayLike, column: int, lanes: int) -> NDArray[np.int64]:
    """Return for each lane in ``column`` of the pairs the lane in the other one, -1 where there is none or several."""
    table = np.unique(np.asarray(pairs, np.int64).reshape(-1, 2), axis=0)
    found = np.full(lanes, -1, np.int64)
    found[table[:, column]] = table[:, 1 - column]
    found[np.bincount(table[:, column], minlength=lanes) > 1] = -1
    return found


class _Ends:
    """Middle lines and borders of all lanes while their ends are moved."""

    def __init__(self, lanes: Columns, points: Columns) -> None:
        self._lanes, self._points = dict(lanes), points
        self._first = lanes["first"].astype(np.int64)
        self._last = self._first + lanes["count"].astype(np.int64) - 1
        self._middle = np.column_stack([points["x_m"], points["y_m"]])
        self._sides = {side: np.column_stack([points[f"{side}_{k}_m"] for k in "xy"]) for side in ("left", "right")}
        self._width = lanes["width_m"].astype(np.float64)

    def _at(self, row: int, end: int) -> int:
        return int(self._first[row] if end == 0 else self._last[row])

    def slant(self, rows: Rows, end: int) -> None:
        """Let lanes of one edge (from the right) end on the line through the ends of their middle lines."""
        at = self._first[rows] if end == 0 else self._last[rows]
        middle = self._middle[at]
        across = middle[0] - middle[-1]
        if not (size := float(np.hypot(*across))):
            return
        across /= size
        stray = (middle - middle[-1]) @ np.array([-across[1], across[0]])
        own = self._sides["right"][at] - self._sides["left"][at]
        own /= np.maximum(np.hypot(own[:, 0], own[:, 1]), 1e-9)[:, None]
        cosine = own @ across
        if np.abs(stray).max() > STRAIGHT_M or cosine.min() < STEEPEST:
            return
        reach = across * (self._width[rows] / 2 / cosine)[:, None]
        left, right = middle - reach, middle + reach
        shared = np.hypot(*(left[:-1] - right[1:]).T) < SHARED_M
        left[:-1][shared] = right[1:][shared] = (left[:-1][shared] + right[1:][shared]) / 2
        for row, its_left, its_right in zip(rows.tolist(), left, right, strict=True):
            self._put(row, end, its_left, its_right)

    def join(self, row: int, before: int, after: int, outside: NDArray[np.bool_]) -> None:
        """Let a lane within a junction begin and end as the lanes outside do that it joins."""
        ends = {0: (before, -1), -1: (after, 0)}
        rows = slice(self._first[row], self._last[row] + 1)
        middle = self._middle[rows]
        s = curve.stations(middle)
        share = s / max(float(s[-1]), 1e-9)
        width = np.full(len(middle), self._width[row])
        found: dict[int, tuple[Line, Line]] = {}
        moves = {}
        for end, (other, its_end) in ends.items():
            if other < 0 or not outside[other]:
                continue
            at = self._at(other, its_end)
            left, right = self._sides["left"][at], self._sides["right"][at]
            move = self._middle[at] - middle[end]
            if np.hypot(*move) > APART_M:
                continue
            found[end], moves[end] = (left.copy(), right.copy()), move
            part = share if end else 1 - share
            width += part * (self._width[other] - self._width[row])
        for end, move in moves.items():
            part = share if end else 1 - share
            middle = middle + part[:, None] * move
        self._middle[rows] = middle
        for side, sign in (("left", -1), ("right", 1)):
            self._sides[side][rows] = curve.abreast(middle, [0], sign * width / 2)
        self._lanes["width_m"][row] = np.trapezoid(width, share) if s[-1] > 0 else width.mean()
        for end, (left, right) in found.items():
            self._put(row, end, left, right)

    def average(self, row: int, follower: int) -> None:
        """Let two lanes within a junction meet halfway between their borders."""
        here, there = self._at(row, -1), self._at(follower, 0)
        left, right = ((self._sides[side][here] + self._sides[side][there]) / 2 for side in ("left", "right"))
        if np.hypot(*(self._middle[here] - self._middle[there])) < STRAIGHT_M:
            self._put(row, -1, left, right)
            self._put(follower, 0, left, right)

    def _put(self, row: int, end: int, left: Line, right: Line) -> None:
        """Set both borders' ends; points of a border that would lie beyond its end are drawn back before it."""
        rows = np.arange(self._first[row], self._last[row] + 1)
        if end:
            rows = rows[::-1]
        way = self._middle[rows[1]] - self._middle[rows[0]]  # into the lane
        way /= max(float(np.hypot(*way)), 1e-9)
        for side, place in (("left", left), ("right", right)):
            border = self._sides[side]
            border[rows[0]] = place
            beyond = (border[rows[1:-1]] - place) @ way <= 0
            count = len(beyond) if beyond.all() else int(np.argmin(beyond))
            if count:
                to, share = border[rows[count + 1]], np.arange(1, count + 1) / (count + 1)
                border[rows[1 : count + 1]] = place + share[:, None] * (to - place)

    def tables(self) -> tuple[Columns, Columns]:
        """Return lanes and points as they are now."""
        steps = np.hypot(*np.diff(self._middle, axis=0, prepend=self._middle[:1]).T)
        steps[self._first] = 0
        total = np.cumsum(steps)
        count = self._last - self._first + 1
        points = {
            **self._points, "x_m": self._middle[:, 0], "y_m": self._middle[:, 1],
            "s_m": total - np.repeat(total[self._first], count),
        }  # fmt: skip
        for side, border in self._sides.items():
            points[f"{side}_x_m"], points[f"{side}_y_m"] = border[:, 0], border[:, 1]
        return self._lanes, points
