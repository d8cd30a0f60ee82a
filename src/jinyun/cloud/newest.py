"""What vehicles say of themselves beside their motion, the newest of each, for as long as it holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.shapes import REPORT

KEPT_US = 1_000_000
"""A word is kept so long; a vehicle that still means it repeats it ten times a second."""


class Reports:
    """The newest REPORT of each vehicle of the last second, ordered by ``vehicle_id``."""

    def __init__(self) -> None:
        self.rows: NDArray[np.void] = np.empty(0, REPORT)
        self._taken: list[NDArray[np.void]] = []

    def take(self, rows: NDArray[np.void]) -> None:
        """Note what one window brought."""
        if len(rows):
            self._taken.append(rows)

    def settle(self, now_us: int) -> None:
        """Keep the newest word of each vehicle that is not older than a second at ``now_us``."""
        rows = np.concatenate([self.rows, *self._taken])
        self._taken = []
        rows = rows[np.abs(now_us - rows["event_us"]) <= KEPT_US]
        rows = rows[np.lexsort((rows["event_us"], rows["vehicle_id"]))]
        last = np.append(rows["vehicle_id"][1:] != rows["vehicle_id"][:-1], True)[: len(rows)]
        self.rows = rows[last]

    def of(self, vehicle_id: NDArray[np.uint64]) -> NDArray[np.void]:
        """Return the report of each vehicle, zeros for those that say nothing (and for id 0)."""
        found = np.zeros(len(vehicle_id), REPORT)
        if len(self.rows):
            at = np.minimum(np.searchsorted(self.rows["vehicle_id"], vehicle_id), len(self.rows) - 1)
            known = (self.rows["vehicle_id"][at] == vehicle_id) & (vehicle_id != 0)
            found[known] = self.rows[at[known]]
        return found
