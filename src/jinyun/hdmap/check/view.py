"""What several rules look at, worked out once for a map."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.check.rule import DRIVEN, RIDDEN, Floats, Rows
from jinyun.hdmap.precise import Map


class View:
    """A map as the rules see it: ends and directions of lanes, pairs of lanes that follow each other."""

    def __init__(self, map: Map) -> None:
        self.map = map
        lanes = map.lanes
        self.first = lanes["first"].astype(np.int64)
        self.last = self.first + lanes["count"].astype(np.int64) - 1
        self.driven = np.isin(lanes["kind"], DRIVEN)
        self.ridden = np.isin(lanes["kind"], RIDDEN)
        self.inside = lanes["junction"] >= 0
        self.x, self.y, self.z = (map.points[key] for key in ("x_m", "y_m", "z_m"))

    def lane(self, row: int | np.integer) -> str:
        """Return a lane's name."""
        return f"lane {self.map.lanes['id'][row]}"

    def junction(self, row: int | np.integer) -> str:
        """Return a junction's name."""
        return f"junction {self.map.junctions['id'][row]}" if row >= 0 else "no junction"

    @cached_property
    def pairs(self) -> tuple[Rows, Rows]:
        """Lanes that are driven or ridden on, and one that follows on each."""
        first, follows = self.map.successors_first["row"].astype(np.int64), self.map.successors["lane"].astype(np.int64)
        before = np.repeat(np.arange(len(self.first)), np.diff(first))
        both = self.ridden[before] & self.ridden[follows]
        return before[both], follows[both]

    @cached_property
    def steps(self) -> tuple[Rows, Floats, Floats, Floats]:
        """Every piece of every lane: the row of the point it begins at, its way east and north, its length."""
        starts = np.setdiff1d(np.arange(len(self.x)), self.last, assume_unique=True)
        dx, dy = self.x[starts + 1] - self.x[starts], self.y[starts + 1] - self.y[starts]
        return starts, dx, dy, np.hypot(dx, dy)

    @cached_property
    def lane_of_point(self) -> Rows:
        """The lane of every row of points."""
        return np.repeat(np.arange(len(self.first)), self.last - self.first + 1)

    @cached_property
    def headings(self) -> tuple[Floats, Floats]:
        """The direction of each lane at its beginning and at its end, over its first and last metre or so."""
        return self._heading(self.first, 1), self._heading(self.last, -1)

    def _heading(self, at: Rows, step: int) -> Floats:
        other = at + step
        s = self.map.points["s_m"]
        for _ in range(8):
            more = (np.abs(s[np.clip(other, 0, len(s) - 1)] - s[at]) < 1.0) & (other > self.first) & (other < self.last)
            other = np.where(more, other + step, other)
        other = np.clip(other, self.first, self.last)
        dx, dy = (self.x[other] - self.x[at]) * step, (self.y[other] - self.y[at]) * step
        heading: Floats = np.where(np.hypot(dx, dy) > 1e-6, np.arctan2(dx, dy), np.nan)
        return heading

    @cached_property
    def boxes(self) -> Floats:
        """The bounds of each lane's middle line: west, east, south, north."""
        bounds = [of.reduceat(values, self.first) for values in (self.x, self.y) for of in (np.minimum, np.maximum)]
        return np.column_stack(bounds) if len(self.first) else np.empty((0, 4))

    @cached_property
    def width(self) -> Floats:
        """The lane's width at every point, from border to border."""
        points = self.map.points
        width: Floats = np.hypot(points["left_x_m"] - points["right_x_m"], points["left_y_m"] - points["right_y_m"])
        return width

    @cached_property
    def overlaps(self) -> list[tuple[int, int, float, float]]:
        """Lanes outside junctions that lie on another: see :func:`jinyun.hdmap.check.overlaps.overlapping`."""
        from jinyun.hdmap.check.overlaps import overlapping

        return overlapping(self)

    @cached_property
    def fringe(self) -> NDArray[np.bool_]:
        """Whether each edge's end (second column) or start (first) is where the network ends."""
        control = np.append(self.map.junctions["control"], "none")
        return np.column_stack([control[self.map.edges[key]] == "fringe" for key in ("start", "end")])

    def middle(self, row: int | np.integer) -> tuple[float, float]:
        """Return the middle point of a lane."""
        at = (self.first[row] + self.last[row]) // 2
        return float(self.x[at]), float(self.y[at])


def turned(a: Floats, b: Floats) -> Floats:
    """Return how far direction ``b`` is turned from ``a``, -pi to pi."""
    difference: Floats = (b - a + np.pi) % (2 * np.pi) - np.pi
    return difference
