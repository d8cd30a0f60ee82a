"""Ways over the network of lanes: how far from one place to another, and by which lanes (车道级路径).

Where nothing is said, the ways are those of cars: bus lanes, cycle tracks and sidewalks are none of theirs. Lanes are
changed between junctions only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.hdmap.nearest import extents_m

if TYPE_CHECKING:
    from jinyun.hdmap.lanegraph import Graph
    from jinyun.hdmap.precise import Map

CAR, BUS, BICYCLE, SIDEWALK, INNER, AREA, CROSSING, INNER_BICYCLE = range(8)
CARS = (CAR, INNER)
"""Kinds of lanes that cars go on."""
BUSES = (CAR, BUS, INNER)
BICYCLES = (BICYCLE, INNER_BICYCLE)
CHANGE_M = 30.0
"""A change of lane is worth this detour."""
CHANGE_S = 3.0
"""A change of lane is worth this time: what one takes."""
UNKNOWN_MPS = 40 / 3.6
"""Speed on a lane whose limit nobody knows."""


@dataclass(frozen=True, slots=True)
class Route:
    """A way over lanes: their rows in order, for each whether it is entered by a change of lane, metres and seconds.

    ``time_s`` is that at the speed limits, ``cost`` what the search added up (with changes of lane).
    """

    lanes: NDArray[np.int32]
    changed: NDArray[np.bool_]
    length_m: float
    time_s: float
    cost: float


class Ways:
    """The lanes of a map as graphs, each made when first asked for; :attr:`jinyun.hdmap.Map.ways`."""

    def __init__(self, map: Map) -> None:
        self._lanes, self._first, self._follows = map.lanes, map.successors_first["row"], map.successors["lane"]
        self._length_m = extents_m(map.lanes, map.points)
        self._graphs: dict[tuple[str, tuple[int, ...]], Graph] = {}

    def graph(self, by: Literal["length", "time"], kinds: Sequence[int]) -> Graph:
        """Return the lanes of ``kinds`` as a graph whose costs are metres or seconds."""
        from jinyun.hdmap.lanegraph import Graph  # numba takes a second to load: not before a question is asked

        key = by, tuple(int(kind) for kind in kinds)
        if key not in self._graphs:
            length = np.maximum(self._length_m, 0.0)
            usable = np.isin(self._lanes["kind"], key[1]) & np.isfinite(length)
            limit = self._lanes["speed_limit_mps"].astype(np.float64)
            cost = length if by == "length" else length / np.where(limit > 0, limit, UNKNOWN_MPS)
            between = usable & (self._lanes["junction"] < 0)
            left, right = (np.where(between, self._lanes[side], -1).astype(np.int32) for side in ("left", "right"))
            self._graphs[key] = Graph(np.where(usable, cost, np.nan), length, left, right, self._first, self._follows)
        return self._graphs[key]

    def distance_m(
        self, lane: ArrayLike, s_m: ArrayLike, to_lane: ArrayLike, to_s_m: ArrayLike, *,
        most_m: float = np.inf, kinds: Sequence[int] = CARS, changes: bool = True,
    ) -> NDArray[np.float64]:  # fmt: skip
        """Return the metres along lanes from each place to another by the shortest way; NaN where none is that short.

        ``changes``: whether lanes may be changed, which takes no metres. A lane of -1 has no way.
        """
        from jinyun.hdmap import lanegraph

        places = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v)) for v in (lane, s_m, to_lane, to_s_m)))
        start, goal = (np.ascontiguousarray(v, np.int32) for v in places[::2])
        start_m, goal_m = (np.ascontiguousarray(v, np.float64) for v in places[1::2])
        graph, found = self.graph("length", kinds), np.full(len(start), np.nan)
        change = 0.0 if changes else np.inf
        lanegraph.costs(graph, lanegraph.room(graph), start, start_m, goal, goal_m, change, most_m, found)
        return found

    def route(
        self, lane: int, s_m: float, to_lane: int, to_s_m: float, *,
        by: Literal["length", "time"] = "time", kinds: Sequence[int] = CARS, change_cost: float | None = None,
    ) -> Route | None:  # fmt: skip
        """Return the best way from a place on a lane to one on another, None where there is none.

        ``change_cost`` is what a change of lane costs beside, in metres or seconds (default 30 m or 3 s; infinity
        forbids it). Raises ``IndexError`` for a row that is no lane.
        """
        from jinyun.hdmap import lanegraph

        n = len(self._lanes["id"])
        if not (0 <= lane < n and 0 <= to_lane < n):
            raise IndexError(f"the map has lanes 0 to {n - 1}, not {lane} and {to_lane}")
        graph = self.graph(by, kinds)
        change = (CHANGE_M if by == "length" else CHANGE_S) if change_cost is None else change_cost
        work, reached = lanegraph.room(graph), np.empty(n, np.int32)
        cost, last, _ = lanegraph.search(graph, work, 0, lane, s_m, to_lane, to_s_m, change, np.inf, reached)
        if not np.isfinite(cost):
            return None
        way = self._way(work.before, lane, to_lane, last)
        beside = np.zeros(len(way), bool)
        beside[1:] = (self._lanes["left"][way[:-1]] == way[1:]) | (self._lanes["right"][way[:-1]] == way[1:])
        shares = np.append(~beside[1:], True).astype(np.float64)  # of lanes beside each other the last is counted
        length = graph.length[way]
        shares[int(np.argmax(shares))] -= min(s_m / max(float(length[0]), 1e-6), 1.0)
        shares[-1] -= 1 - to_s_m / max(float(length[-1]), 1e-6)
        seconds = self.graph("time", kinds).cost[way]
        return Route(way, beside, float(shares @ length), float(shares @ seconds), float(cost))

    def _way(self, before: NDArray[np.int32], lane: int, to_lane: int, last: int) -> NDArray[np.int32]:
        """Return the lanes from ``lane`` to ``to_lane`` by the labels of a search; ``last`` see ``lanegraph.search``."""
        from jinyun.hdmap.lanegraph import FROM_START

        back: list[int] = []
        if last < 0:
            here = to_lane
            while here >= 0:
                back.append(here)
                here = int(before[here])
            last = FROM_START - here
        changes = [last]
        for side in ("right", "left"):  # by which lanes the start was left
            changes = [last]
            while changes[-1] != lane and self._lanes[side][changes[-1]] >= 0:
                changes.append(int(self._lanes[side][changes[-1]]))
            if changes[-1] == lane:
                break
        return np.array([*changes[::-1], *back[::-1]], np.int32)
