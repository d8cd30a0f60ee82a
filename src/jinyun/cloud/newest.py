"""The newest row of each vehicle (最新自述): what vehicles say of themselves, for as long as it holds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.rows import joined, taken

KEPT_US = 1_000_000
"""A word is kept so long; a vehicle that still means it repeats it ten times a second."""


class Newest:
    """The newest row of each vehicle of the last second, ordered by ``vehicle_id``; rows have that and ``event_us``."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.rows: NDArray[np.void] = np.empty(0, dtype)
        self._taken: list[NDArray[np.void]] = []

    def take(self, rows: NDArray[np.void]) -> None:
        """Note what one window brought."""
        if len(rows):
            self._taken.append(rows)

    def settle(self, now_us: int) -> None:
        """Keep the newest row of each vehicle that is not older than a second at ``now_us``."""
        rows = joined([self.rows, *self._taken], self.rows.dtype)
        self._taken = []
        rows = taken(rows, np.abs(now_us - rows["event_us"]) <= KEPT_US)
        rows = taken(rows, np.lexsort((rows["event_us"], rows["vehicle_id"])))
        last = np.append(rows["vehicle_id"][1:] != rows["vehicle_id"][:-1], True)[: len(rows)]
        self.rows = taken(rows, last)

    def of(self, vehicle_id: NDArray[np.uint64]) -> NDArray[np.void]:
        """Return the row of each vehicle, zeros for those that say nothing (and for id 0)."""
        nothing = np.zeros(1, self.rows.dtype)
        at = np.searchsorted(self.rows["vehicle_id"], vehicle_id)
        known = (at < len(self.rows)) & (vehicle_id != 0)
        known[known] = self.rows["vehicle_id"][at[known]] == vehicle_id[known]
        return taken(joined([self.rows, nothing], self.rows.dtype), np.where(known, at, len(self.rows)))
