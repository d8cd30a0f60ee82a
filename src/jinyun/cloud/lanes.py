"""On which lane every track is (车道级定位): matched once a frame, in view of where it was in the frame before.

The memory is one :class:`jinyun.hdmap.match.History` whose rows are those of the frame's tracks, carried over by track id;
a track that leaves the frame is forgotten. It depends on the map and the frames alone, so a replay finds the same lanes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map
from jinyun.hdmap.match import History, match
from jinyun.rows import taken
from jinyun.shapes import Kind

DRIVEN = (LaneKind.CAR, LaneKind.BUS, LaneKind.INNER)
"""Lanes of motor vehicles, and of those of whom nobody knows what they are."""
RIDDEN = (LaneKind.BICYCLE, LaneKind.INNER_BICYCLE)
"""Lanes of bicycles; where there are none they ride on those of the others."""


@dataclass(frozen=True, slots=True)
class Located:
    """Columns beside the tracks: row of the map's ``lanes`` (-1 for none: on foot, off the map), station on it, offset to the
    right of its middle line (both metres, NaN for none) and the share of the likelihood that it has among all near ones."""

    lane: NDArray[np.int32]
    s_m: NDArray[np.float64]
    offset_m: NDArray[np.float64]
    certainty: NDArray[np.float64]


class Lanes:
    """The lanes of a frame's tracks, and the memory for the next."""

    def __init__(self, map: Map) -> None:
        self.map = map
        self.history = History(0)
        self._ids = np.zeros(0, np.uint32)

    def step(self, tracks: NDArray[np.void]) -> Located:
        """Return where each of ``tracks`` (TRACK rows of one frame, in any order) is; :attr:`history` is then beside them."""
        ids = tracks["id"]
        self.history = self._carried(ids)
        self._ids = ids.copy()
        n = len(tracks)
        found = Located(np.full(n, -1, np.int32), *(np.full(n, np.nan) for _ in range(3)))
        rider = tracks["kind"] == Kind.NON_MOTOR
        motor = (tracks["kind"] == Kind.MOTOR) | (tracks["kind"] == Kind.UNKNOWN)
        placed = np.isfinite(tracks["x_m"]) & np.isfinite(tracks["y_m"])
        self.history.forget(np.flatnonzero(~placed | ~(rider | motor)))
        for who, kinds in ((rider, (*RIDDEN, *DRIVEN)), (motor, DRIVEN)):
            rows = np.flatnonzero(who & placed)
            if not len(rows):
                continue
            its = taken(tracks, rows)
            on = match(
                self.map, its["x_m"], its["y_m"], its["heading_rad"], sd_m=its["position_sd_m"], kinds=kinds,
                history=self.history, rows=rows,
            )  # fmt: skip
            found.lane[rows], found.s_m[rows] = on.lane, on.s_m
            found.offset_m[rows], found.certainty[rows] = on.offset_m, on.certainty
        return found

    def _carried(self, ids: NDArray[np.uint32]) -> History:
        """Return the history with the rows of ``ids``, empty for those who were not there."""
        carried = History(len(ids))
        if not len(self._ids):
            return carried
        order = np.argsort(self._ids, kind="stable")
        at = order[np.minimum(np.searchsorted(self._ids[order], ids), len(order) - 1)]
        known = self._ids[at] == ids
        for name in ("lane", "s_m", "score", "at_m"):
            getattr(carried, name)[known] = getattr(self.history, name)[at[known]]
        return carried
