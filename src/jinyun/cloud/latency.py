"""Latency histograms: percentiles over a whole run in a fixed 40 kB, whatever the number of messages."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BIN_US = 200
BINS = 5000
"""Bins of 0.2 ms up to 1 s; longer ones fall into the last."""


class Histogram:
    """Counts of delays; ``percentile`` reads them to a bin's width."""

    def __init__(self) -> None:
        self._counts = np.zeros(BINS, np.int64)

    def add(self, delays_us: NDArray[np.int64]) -> None:
        """Count delays in microseconds; a negative one (a clock step) counts as zero."""
        bins = np.clip(delays_us // BIN_US, 0, BINS - 1).astype(np.int64)
        self._counts += np.bincount(bins, minlength=BINS)

    @property
    def total(self) -> int:
        return int(self._counts.sum())

    def percentile_ms(self, share: float) -> float | None:
        """Return the delay in ms that ``share`` (0..1) of all messages stayed within, None without any."""
        total = self.total
        if total == 0:
            return None
        at = int(np.searchsorted(np.cumsum(self._counts), share * total))
        return round((min(at, BINS - 1) + 1) * BIN_US / 1000, 1)
