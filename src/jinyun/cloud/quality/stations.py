"""Stations: who speaks for which junction, one row each, and the signal groups each of them speaks of.

A station is a sender's SPAT of one node; a junction with two senders has two. All checks keep their state in columns, a row
per station or per group, so that a message costs a few look-ups and no object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.quality.layout import Node
from jinyun.cloud.quality.spat import Heard

FORGOTTEN_US = 600_000_000
"""A station silent for so long is forgotten, and its findings end: a unit that was taken away is no fault for ever."""
MOST_OF_ONE = 64
"""Junctions that one sender may speak for; a SPAT holds 32."""
MOST_GROUPS = 64
"""Signal groups of one station; a junction's state holds 16."""
MOST_STATIONS, MOST_ALL_GROUPS = 20_000, 100_000
NOBODY = -1


class Stations:
    """The table of stations and of their groups; rows are used again."""

    def __init__(self) -> None:
        self.row_of: dict[tuple[int, int, int], int] = {}  # (source, region, node)
        self.by_node: dict[Node, list[int]] = {}
        self._of_source: dict[int, int] = {}
        self._free: list[int] = []
        self._free_groups: list[int] = []
        self.used = self.groups_used = 0
        self.fresh: set[int] = set()  # stations that are new or have new groups, since last asked
        self.refused: list[tuple[int, Node]] = []  # senders that spoke for one junction too many, since last asked
        self.source, self.region, self.node = (np.full(64, NOBODY, np.int64) for _ in range(3))
        self.last_us = np.zeros(64, np.int64)  # receipt
        self.groups = np.zeros(64, np.int64)
        self.group_of = np.full((64, 256), NOBODY, np.int32)  # by phase
        self.station = np.full(256, NOBODY, np.int64)
        self.phase, self.bit = np.zeros(256, np.int64), np.full(256, NOBODY, np.int64)
        self.on_grow: list[Callable[[int, int], None]] = []
        self.on_clear: list[Callable[[list[int], list[int]], None]] = []

    def node_at(self, row: int) -> Node:
        """Return (region, node) of a station."""
        return int(self.region[row]), int(self.node[row])

    def alive(self) -> list[int]:
        """Return the rows in use."""
        return list(self.row_of.values())

    def at(self, heard: Heard) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the station of each junction's state and the group of each phase, made on first sight; -1 where full."""
        keys = zip(heard.source.tolist(), heard.region.tolist(), heard.node.tolist(), strict=True)
        known = self.row_of.get
        rows = [row if (row := known(key)) is not None else self._make(key) for key in keys]
        station = np.array(rows, np.int64)
        of_phase = station[heard.junction]
        group = np.where(of_phase >= 0, self.group_of[of_phase, heard.phase], NOBODY).astype(np.int64)
        for p in np.flatnonzero((group < 0) & (of_phase >= 0)).tolist():
            group[p] = self.group(int(of_phase[p]), int(heard.phase[p]))
            self.fresh.add(int(of_phase[p]))
        np.maximum.at(self.last_us, station[station >= 0], heard.receive_us[station >= 0])
        return station, group

    def _make(self, key: tuple[int, int, int]) -> int:
        source, region, node = key
        if source < 0:
            return NOBODY
        if self._of_source.get(source, 0) >= MOST_OF_ONE or len(self.row_of) >= MOST_STATIONS:
            if len(self.refused) < MOST_OF_ONE:
                self.refused.append((source, (region, node)))
            return NOBODY
        row = self._free.pop() if self._free else self.used
        if row == self.used:
            self.used += 1
            if self.used > len(self.source):
                self._grow(2 * len(self.source), len(self.station))
        self.row_of[key] = row
        self.by_node.setdefault((region, node), []).append(row)
        self._of_source[source] = self._of_source.get(source, 0) + 1
        self.source[row], self.region[row], self.node[row] = key
        return row

    def group(self, station: int, phase: int) -> int:
        """Return the row of a station's group, made on first sight; -1 where there are too many."""
        row = int(self.group_of[station, phase])
        if row >= 0:
            return row
        if self.groups[station] >= MOST_GROUPS or self.groups_used - len(self._free_groups) >= MOST_ALL_GROUPS:
            return NOBODY
        row = self._free_groups.pop() if self._free_groups else self.groups_used
        if row == self.groups_used:
            self.groups_used += 1
            if self.groups_used > len(self.station):
                self._grow(len(self.source), 2 * len(self.station))
        self.station[row], self.phase[row], self.bit[row] = station, phase, self.groups[station]
        self.group_of[station, phase] = row
        self.groups[station] += 1
        return row

    def groups_at(self, station: int) -> list[int]:
        """Return the groups of a station in the order of their bits."""
        rows = self.group_of[station][self.group_of[station] >= 0]
        return [int(row) for row in rows[np.argsort(self.bit[rows])]]

    def forget(self, now_us: int) -> None:
        """Free the rows of stations that have been silent for ten minutes."""
        gone = {key: row for key, row in self.row_of.items() if now_us - self.last_us[row] > FORGOTTEN_US}
        if not gone:
            return
        groups = [group for row in gone.values() for group in self.groups_at(row)]
        for (source, region, node), row in gone.items():
            del self.row_of[source, region, node]
            self.by_node[region, node].remove(row)
            if not self.by_node[region, node]:
                del self.by_node[region, node]
            self.fresh.discard(row)
            self._of_source[source] -= 1
            if not self._of_source[source]:
                del self._of_source[source]
        rows = list(gone.values())
        self.source[rows] = self.region[rows] = self.node[rows] = NOBODY
        self.last_us[rows] = self.groups[rows] = 0
        self.group_of[rows] = NOBODY
        self.station[groups] = self.bit[groups] = NOBODY
        self._free += rows
        self._free_groups += groups
        for clear in self.on_clear:
            clear(rows, groups)

    def _grow(self, stations: int, groups: int) -> None:
        for name in ("source", "region", "node"):
            setattr(self, name, enlarged(getattr(self, name), stations, NOBODY))
        for name in ("last_us", "groups"):
            setattr(self, name, enlarged(getattr(self, name), stations, 0))
        self.group_of = enlarged(self.group_of, stations, NOBODY)
        self.station, self.bit = enlarged(self.station, groups, NOBODY), enlarged(self.bit, groups, NOBODY)
        self.phase = enlarged(self.phase, groups, 0)
        for grow in self.on_grow:
            grow(stations, groups)


def enlarged(array: NDArray[Any], rows: int, fill: Any) -> NDArray[Any]:
    """Return ``array`` with at least ``rows`` rows, new ones filled with ``fill``."""
    if rows <= len(array):
        return array
    more = np.full((rows, *array.shape[1:]), fill, array.dtype)
    more[: len(array)] = array
    return more
