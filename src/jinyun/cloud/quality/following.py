"""The lane of every motor vehicle, in view of where it was: twice a second, for all of them at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map
from jinyun.hdmap.match import History, match

_KINDS = (LaneKind.CAR, LaneKind.BUS, LaneKind.INNER)


class Followed:
    """Vehicles by their track ids, sorted, each with a slot of the history."""

    def __init__(self, map: Map) -> None:
        self._map = map
        self._ids, self._slots = np.empty(0, np.int64), np.empty(0, np.int64)
        self._history = History(256)
        self._free = list(range(255, -1, -1))
        self._match = match(map, [], [], [])

    def look(self, ids: NDArray[np.int64], tracks: NDArray[np.void]) -> None:
        """Take the vehicles of a frame (``ids`` sorted, a row of ``tracks`` each)."""
        slots = np.full(len(ids), -1, np.int64)
        if len(self._ids) and len(ids):
            at = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
            slots = np.where(self._ids[at] == ids, self._slots[at], -1)
        gone = np.setdiff1d(self._slots, slots)
        self._history.forget(gone)
        self._free += gone.tolist()
        fresh = np.flatnonzero(slots < 0)
        while len(self._free) < len(fresh):
            self._grow()
        slots[fresh] = [self._free.pop() for _ in range(len(fresh))]
        self._ids, self._slots = ids, slots
        self._match = match(
            self._map, tracks["x_m"], tracks["y_m"], tracks["heading_rad"], sd_m=tracks["position_sd_m"], kinds=_KINDS,
            history=self._history, rows=slots,
        )  # fmt: skip

    def _grow(self) -> None:
        old = self._history
        n = len(old)
        self._history = History(2 * n)
        for name in ("lane", "s_m", "score", "at_m"):
            getattr(self._history, name)[:n] = getattr(old, name)
        self._free += range(2 * n - 1, n - 1, -1)

    def row(self, id: int) -> int:
        """Return the row of a vehicle among those last looked at, -1 where it was not there."""
        at = int(np.searchsorted(self._ids, id))
        return at if at < len(self._ids) and self._ids[at] == id else -1

    def at(self, row: int) -> tuple[int, float, float]:
        """Return (lane, -1 without; station, m; certainty) of a vehicle in a row."""
        return int(self._match.lane[row]), float(self._match.s_m[row]), float(np.nan_to_num(self._match.certainty[row]))

    def lane_of(self, id: int) -> int:
        """Return the lane a vehicle was on when last looked at, -1 without."""
        row = self.row(id)
        return int(self._match.lane[row]) if row >= 0 else -1
