"""Telling what was found: kernels write events, each cause speaks at most once a second, and says how often it was seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

PERIOD_US = 1_000_000
"""A cause that lasts is told this often; its episode stays open meanwhile."""
MOST_CAUSES = 50_000
CODE, SUBJECT, A, B, C, T = range(6)
"""Columns of an event: what, which station or group, up to three values, when."""


def events(rows: int) -> NDArray[np.int64]:
    """Return room for as many events as ``rows`` columns of input can cause."""
    return np.zeros((rows + 16, 6), np.int64)


class Telling:
    """When each cause was last told, and how often it was seen since."""

    def __init__(self) -> None:
        self._next_us: dict[Any, int] = {}
        self._seen: dict[Any, int] = {}

    def due(self, cause: Any, now_us: int, count: int = 1) -> int:
        """Note that a cause was seen; return how often since it was last told where it is to be told now, else 0."""
        seen = self._seen.pop(cause, 0) + count
        if 0 < self._next_us.get(cause, 0) - now_us <= PERIOD_US:  # a clock that was set back waits for nothing
            self._seen[cause] = seen
            return 0
        if len(self._next_us) >= MOST_CAUSES:
            self._next_us.clear()
            self._seen.clear()
        self._next_us[cause] = now_us + PERIOD_US
        return seen
