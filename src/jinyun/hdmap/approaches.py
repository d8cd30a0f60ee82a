"""The ways into every junction: which lanes come from which junction upstream, through all parts of their road.

This is how MAP messages see a network: a node, the links that enter it, their lanes numbered from 1 on the left. Lanes on
which nobody drives or rides are none of a link's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jinyun.hdmap.precise import Map

MOST_PARTS = 200
"""Parts that a road between two junctions may have."""
RIDDEN = (0, 1, 2)
"""Kinds of lanes that a link names: for cars, buses, bicycles."""


@dataclass(frozen=True, slots=True)
class Approach:
    """The lanes of a link, the leftmost first: the row of each at the junction, and all its rows from upstream on."""

    upstream: int
    lanes: tuple[int, ...]
    chains: tuple[tuple[int, ...], ...]


class Approaches:
    """All approaches of a map; :attr:`jinyun.hdmap.Map.approaches`."""

    def __init__(self, map: Map) -> None:
        self._map = map
        self._edge_of = map.lanes["edge"].astype(np.int64)
        self._start, self._end = map.edges["start"][self._edge_of], map.edges["end"][self._edge_of]
        self._before = map.parts_before
        self._ridden = np.isin(map.lanes["kind"], RIDDEN) & (map.lanes["junction"] < 0)

    def of(self, junction: int) -> tuple[Approach, ...]:
        """Return the approaches of a junction in the order of their upstream junctions' rows."""
        return self._by_junction.get(junction, ())

    def number(self, lane: int) -> tuple[int, int]:
        """Return where the road of a lane leads, and the number there of the lane that it becomes.

        The junction at the road's far end, -1 where there is none, and 0 where the lane ends on the way.
        """
        return self._numbers.get(lane, (-1, 0))

    @cached_property
    def _by_junction(self) -> dict[int, tuple[Approach, ...]]:
        found: dict[int, dict[int, list[tuple[int, tuple[int, ...]]]]] = {}
        edges, first, count = self._map.edges, self._map.edges["first"], self._map.edges["count"]
        for edge in np.flatnonzero(edges["end"] >= 0).tolist():
            lanes = [lane for lane in range(first[edge] + count[edge] - 1, first[edge] - 1, -1) if self._ridden[lane]]
            chains = [self._chain(lane) for lane in lanes]
            starts = [int(self._start[chain[0]]) for chain in chains]
            known = [start for start in starts if start >= 0]
            for lane, chain, start in zip(lanes, chains, starts, strict=True):
                begin = start if start >= 0 or not known else known[0]  # a pocket begins on the way
                if begin >= 0 and begin != edges["end"][edge]:
                    found.setdefault(int(edges["end"][edge]), {}).setdefault(begin, []).append((lane, chain))
        return {
            junction: tuple(
                Approach(start, tuple(lane for lane, _ in its), tuple(chain for _, chain in its))
                for start, its in sorted(by_start.items())
            )
            for junction, by_start in found.items()
        }

    def _chain(self, lane: int) -> tuple[int, ...]:
        """Return the lane and its earlier parts, back to the junction upstream."""
        chain, seen = [lane], {lane}
        while self._start[chain[0]] < 0 and len(chain) < MOST_PARTS:
            options = [other for other in self._before.get(chain[0], ()) if other not in seen and self._ridden[other]]
            if not options:
                break
            chain.insert(0, min(options, key=lambda other: (self._gap_m(other, chain[0]), other)))
            seen.add(chain[0])
        return tuple(chain)

    def _gap_m(self, lane: int, onward: int) -> float:
        """Return how far the end of a lane lies from the beginning of another, to 0.1 m."""
        points, first, count = self._map.points, self._map.lanes["first"], self._map.lanes["count"]
        a, b = int(first[lane]) + int(count[lane]) - 1, int(first[onward])
        gap = np.hypot(points["x_m"][a] - points["x_m"][b], points["y_m"][a] - points["y_m"][b])
        return round(float(gap), 1)

    @cached_property
    def _numbers(self) -> dict[int, tuple[int, int]]:
        """Where each lane of a road leads: through the lane that goes straight on where several follow."""
        numbers: dict[int, tuple[int, int]] = {}
        best: dict[int, float] = {}
        for junction, approaches in self._by_junction.items():
            for approach in approaches:
                for number, chain in enumerate(approach.chains, start=1):
                    gap = 0.0
                    for k in range(len(chain) - 1, -1, -1):
                        gap += self._gap_m(chain[k], chain[k + 1]) if k + 1 < len(chain) else 0.0
                        if chain[k] not in best or gap < best[chain[k]]:
                            best[chain[k]] = gap
                            numbers[chain[k]] = junction, number
                    for lane in chain:
                        self._beside(lane, junction, numbers)
        return numbers

    def _beside(self, lane: int, junction: int, numbers: dict[int, tuple[int, int]]) -> None:
        """Let the lanes beside, which may end on the way, know at least where the road leads."""
        edge = int(self._edge_of[lane])
        first = int(self._map.edges["first"][edge])
        for other in range(first, first + int(self._map.edges["count"][edge])):
            numbers.setdefault(other, (junction, 0))
