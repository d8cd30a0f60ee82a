"""Latency: histograms of a fixed 40 kB whatever the number of messages, and the hops of a message's way."""

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

    def merge(self, other: Histogram) -> None:
        """Add another histogram's counts."""
        self._counts += other._counts

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


RECENT = 5
"""Intervals that the hops speak of: as many seconds in a running zone."""


class Hops:
    """Where a message's time goes between its receipt and the picture that holds it; over the last seconds."""

    NAMES = ("decode", "fuse", "predict", "advise", "receive_to_picture")

    def __init__(self) -> None:
        self._intervals = [self._fresh()]

    @classmethod
    def _fresh(cls) -> dict[str, Histogram]:
        return {name: Histogram() for name in cls.NAMES}

    def spent(self, decode_s: float, fuse_s: float, messages: int) -> None:
        """Note how long a window of messages was decoded and fused: each of them waited for all."""
        for name, seconds in (("decode", decode_s), ("fuse", fuse_s)):
            self._intervals[-1][name].add(np.full(messages, round(seconds * 1e6), np.int64))

    def predicted(self, seconds: float) -> None:
        """Note how long a frame's lanes and prediction took."""
        self._intervals[-1]["predict"].add(np.array([round(seconds * 1e6)], np.int64))

    def advised(self, seconds: float) -> None:
        """Note how long the applications of a frame took, their messages included."""
        self._intervals[-1]["advise"].add(np.array([round(seconds * 1e6)], np.int64))

    def fused(self, delays_us: NDArray[np.int64]) -> None:
        """Note how long after their receipt messages were in the picture."""
        self._intervals[-1]["receive_to_picture"].add(delays_us)

    def told(self) -> dict[str, dict[str, float | None]]:
        """Return p50 and p99 (ms) of each hop over the last intervals, and begin a new one."""
        result = {}
        for name in self.NAMES:
            together = Histogram()
            for interval in self._intervals:
                together.merge(interval[name])
            result[name] = {"p50": together.percentile_ms(0.5), "p99": together.percentile_ms(0.99)}
        self._intervals = [*self._intervals[1 - RECENT :], self._fresh()]
        return result
