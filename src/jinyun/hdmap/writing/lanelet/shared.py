"""Borders of lanes as ways that neighbours share, between nodes that lanes share where one follows another.

In Lanelet2 a lane follows another exactly if it begins with the two nodes with which that one ends, and lies beside
another exactly if both name one way. So nodes are given by what the map says follows, not by where places coincide.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from jinyun.hdmap import curve
from jinyun.hdmap.curve import Line
from jinyun.hdmap.precise import LaneKind, Map
from jinyun.hdmap.writing.misfit import farthest_m

SHARED_M = 0.03
"""Borders of neighbours that are nowhere farther apart are one way."""
TOLERANCE_M = 0.003
"""Points nearer to their way are left out."""
LEFT, RIGHT = 0, 1
START, END = 0, -1
Corner = tuple[int, int, int]
"""Lane, end and side."""


@dataclass
class Ways:
    """Places of nodes, shape (n, 3); nodes of each way; and the ways (left, right) of each lane. Ids are rows."""

    nodes: list[Line] = field(default_factory=list)
    ways: list[list[int]] = field(default_factory=list)
    of_lane: dict[int, tuple[int, int]] = field(default_factory=dict)

    def node(self, place: Line) -> int:
        """Add a node."""
        self.nodes.append(place)
        return len(self.nodes) - 1

    def way(self, places: Line) -> int:
        """Add a way with nodes of its own, a ring where it ends where it begins."""
        ring = len(places) > 2 and bool(np.allclose(places[0], places[-1]))
        nodes = [self.node(place) for place in (places[:-1] if ring else places)]
        self.ways.append([*nodes, nodes[0]] if ring else nodes)
        return len(self.ways) - 1


def borders(map: Map, lanes: list[int]) -> Ways:
    """Return the borders of ``lanes`` as ways."""
    chosen = set(lanes)
    beside = {
        lane: left for lane in lanes if (left := int(map.lanes["left"][lane])) in chosen and _one(map, lane, left)
    }
    corners = _Corners()
    for lane in lanes:
        for after in map.successors_of(lane).tolist():
            if after in chosen and LaneKind.CROSSING not in map.lanes["kind"][[lane, after]]:
                for side in (LEFT, RIGHT):
                    corners.join((lane, END, side), (after, START, side))
    for lane, left in beside.items():
        for end in (START, END):
            corners.join((lane, end, LEFT), (left, end, RIGHT))
    lines = {lane: _lines(map, lane) for lane in lanes}
    for lane in lanes:
        for end in (START, END):
            for side in (LEFT, RIGHT):
                corners.note((lane, end, side), lines[lane][side][end])
    made = Ways()
    node_of: dict[Corner, int] = {}

    def end_node(corner: Corner) -> int:
        root = corners.root(corner)
        if root not in node_of:
            node_of[root] = made.node(corners.place(root))
        return node_of[root]

    def add(lane: int, side: int) -> int:
        line = lines[lane][side]
        inner = [made.node(line[k]) for k in curve.corners(line, TOLERANCE_M)[1:-1].tolist()]
        made.ways.append([end_node((lane, START, side)), *inner, end_node((lane, END, side))])
        return len(made.ways) - 1

    left_way = {lane: add(lane, LEFT) for lane in lanes}
    shared = {left: left_way[lane] for lane, left in beside.items()}
    for lane in lanes:
        made.of_lane[lane] = left_way[lane], shared[lane] if lane in shared else add(lane, RIGHT)
    return made


def _lines(map: Map, lane: int) -> tuple[Line, Line]:
    first, count = int(map.lanes["first"][lane]), int(map.lanes["count"][lane])
    z = map.points["z_m"][first : first + count]
    left, right = map.borders(lane)
    return np.column_stack([left, z]), np.column_stack([right, z])


def _one(map: Map, lane: int, left: int) -> bool:
    """Return whether a lane's left border and its left neighbour's right one are one."""
    a, b = map.borders(lane)[LEFT], map.borders(left)[RIGHT]
    if np.abs(a[[0, -1]] - b[[0, -1]]).max() > SHARED_M:
        return False
    return max(farthest_m(a, b), farthest_m(b, a)) <= SHARED_M


class _Corners:
    """Corners of lanes that are one node; its place is the mean of theirs."""

    def __init__(self) -> None:
        self._parent: dict[Corner, Corner] = {}
        self._places: dict[Corner, list[Line]] = {}

    def root(self, corner: Corner) -> Corner:
        while (above := self._parent.setdefault(corner, corner)) != corner:
            self._parent[corner] = self._parent[above]
            corner = above
        return corner

    def join(self, one: Corner, other: Corner) -> None:
        self._parent[self.root(one)] = self.root(other)

    def note(self, corner: Corner, place: Line) -> None:
        self._places.setdefault(self.root(corner), []).append(place)

    def place(self, root: Corner) -> Line:
        mean: Line = np.mean(self._places[root], axis=0)
        return mean
