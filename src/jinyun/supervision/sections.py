"""Declared sections (申报路段): whether a place lies on the roads that a declaration names and that are open for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import Map, fence, opening


class Sections:
    """The lanes of declared roads of one map."""

    def __init__(self, map: Map, beyond_m: float, states: Path | None = None) -> None:
        """Take the map's word of what is open, but for sections of which the file ``states`` says otherwise."""
        self.map, self.beyond_m, self.states = map, beyond_m, states
        self._open, self._written = map.lanes["open"].astype(bool), 0
        roads = map.edges["road"].astype(str)
        self._road_of = roads[map.lanes["edge"]]
        self._inner = map.lanes["junction"] >= 0
        self._marked: dict[tuple[str, ...], NDArray[np.bool_]] = {}

    @property
    def roads(self) -> list[str]:
        """The roads that the map knows and that are open for tests, wholly or in part."""
        return sorted({str(road) for road in self._road_of[self._open]} - {""})

    def unknown(self, roads: Sequence[str]) -> list[str]:
        """Return which of the declared roads the map does not know as open."""
        known = set(self.roads)
        return [road for road in roads if road not in known]

    def renew(self) -> None:
        """Take in what the file says now, if it was written since."""
        if self.states is None or not self.states.exists():
            return
        written = self.states.stat().st_mtime_ns
        if written != self._written:
            self._written = written
            self._open = opening.lanes_open(self.map, opening.read(self.states))
            self._marked.clear()

    def _lanes(self, roads: tuple[str, ...]) -> NDArray[np.bool_]:
        """Return the lanes of these roads and those inside the junctions between them."""
        if roads not in self._marked:
            own = np.isin(self._road_of, roads) & self._open & ~self._inner
            edges = np.unique(self.map.lanes["edge"][own])
            junctions = np.union1d(self.map.edges["start"][edges], self.map.edges["end"][edges])
            within = self._inner & np.isin(self.map.lanes["junction"], junctions[junctions >= 0])
            self._marked[roads] = own | within
        return self._marked[roads]

    def holds(self, roads: Sequence[str], x_m: float, y_m: float) -> bool:
        """Return whether a place (zone's metres) lies on one of these roads."""
        lanes = self._lanes(tuple(roads))
        if not lanes.any():
            return False
        return bool(fence.covering(self.map, [x_m], [y_m], lanes=lanes, beyond_m=self.beyond_m)[0])
