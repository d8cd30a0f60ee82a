"""The lane of every motor vehicle, in view of where it was: twice a second each, the work spread over the frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map
from jinyun.hdmap.match import History, match
from jinyun.rows import taken

LOOK_US = 500_000
"""How often each vehicle's lane is looked for."""
SPREAD, SPREAD_US = 5, 100_000
"""Vehicles that come at once are looked for again in so many turns, so far apart."""
_KINDS = (LaneKind.CAR, LaneKind.BUS, LaneKind.INNER)
_HISTORY = ("lane", "s_m", "score", "at_m")
_OWN = ("_looked_us", "_lane", "_s_m", "_certainty")


class Followed:
    """Vehicles by their track ids, sorted, each with a slot of the history and of what was found last."""

    def __init__(self, map: Map) -> None:
        self._map = map
        self._ids, self._slots = np.empty(0, np.int64), np.empty(0, np.int64)
        self._history = History(256)
        self._free = list(range(255, -1, -1))
        self._looked_us, self._lane = np.zeros(256, np.int64), np.full(256, -1, np.int64)
        self._s_m, self._certainty = np.full(256, np.nan), np.zeros(256)

    def look(self, ids: NDArray[np.int64], tracks: NDArray[np.void], t_us: int) -> NDArray[np.bool_]:
        """Take the vehicles of a frame (``ids`` sorted, a row of ``tracks`` each); return whose lane was looked for."""
        slots = np.full(len(ids), -1, np.int64)
        if len(self._ids) and len(ids):
            at = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
            slots = np.where(self._ids[at] == ids, self._slots[at], -1)
        fresh = np.flatnonzero(slots < 0)
        if len(ids) - len(fresh) < len(self._ids):
            left = np.zeros(len(self._lane), np.bool_)
            left[self._slots] = True
            left[slots[slots >= 0]] = False
            gone = np.flatnonzero(left)
            self._history.forget(gone)
            self._lane[gone] = -1
            self._free += gone.tolist()
        while len(self._free) < len(fresh):
            self._grow()
        slots[fresh] = [self._free.pop() for _ in range(len(fresh))]
        self._ids, self._slots = ids, slots
        due = np.abs(t_us - self._looked_us[slots]) >= LOOK_US
        due[fresh] = True
        self._looked_us[slots[due]] = t_us
        self._looked_us[slots[fresh]] -= SPREAD_US * (ids[fresh] % SPREAD)
        which = taken(tracks, due)
        found = match(
            self._map, which["x_m"], which["y_m"], which["heading_rad"], sd_m=which["position_sd_m"], kinds=_KINDS,
            history=self._history, rows=slots[due],
        )  # fmt: skip
        self._lane[slots[due]], self._s_m[slots[due]] = found.lane, found.s_m
        self._certainty[slots[due]] = np.nan_to_num(found.certainty)
        return due

    def _grow(self) -> None:
        old = self._history
        n = len(old)
        self._history = History(2 * n)
        for name in _HISTORY:
            getattr(self._history, name)[:n] = getattr(old, name)
        for name in _OWN:
            column = getattr(self, name)
            setattr(self, name, np.concatenate([column, np.zeros_like(column)]))
        self._lane[n:] = -1
        self._free += range(2 * n - 1, n - 1, -1)

    def row(self, id: int) -> int:
        """Return the row of a vehicle in the last frame, -1 where it was not there."""
        at = int(np.searchsorted(self._ids, id))
        return at if at < len(self._ids) and self._ids[at] == id else -1

    def at(self, row: int) -> tuple[int, float, float]:
        """Return (lane, -1 without; station, m; certainty) of a vehicle in a row, as last looked for."""
        slot = self._slots[row]
        return int(self._lane[slot]), float(self._s_m[slot]), float(self._certainty[slot])

    def lane_of(self, id: int) -> int:
        """Return the lane a vehicle was on when last looked for, -1 without."""
        row = self.row(id)
        return int(self._lane[self._slots[row]]) if row >= 0 else -1
