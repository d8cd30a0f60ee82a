"""Soak: hours at half the highest rate, and what the cloud's memory does meanwhile.

The same cars, broker and cloud as in :mod:`jinyun.bench.zone`. Memory is that of the cloud and of its applications'
process, sampled ten times a minute. Its slope is a least-squares line over what comes after the first quarter of the
time, in which windows, rings and rollups fill.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jinyun import zone as zones
from jinyun.bench.brokered import brokered
from jinyun.bench.machine import describe
from jinyun.bench.zone import CAR_HZ, trial

RATE = 25_000
"""Messages a second: half of what ``jinyun bench zone`` found sustained."""
SECONDS = 7200.0
EVERY_S, TELL_S = 6.0, 600.0
FILLING = 0.25


class Memory:
    """The cloud's memory at some instants."""

    def __init__(self) -> None:
        self.at_s: list[float] = []
        self.mb: list[float] = []
        self._began = time.monotonic()

    def __call__(self, status: Mapping[str, Any], mb: float) -> None:
        now_s = time.monotonic() - self._began
        if not self.at_s or now_s - self.at_s[-1] >= EVERY_S:
            if not self.at_s or now_s // TELL_S > self.at_s[-1] // TELL_S:
                received = sum(status.get("received", {}).values())
                gone = {name: status.get(name) for name in ("lost", "refused", "shed")}
                print(f"{now_s / 60:.0f} min: {mb:.1f} MB, {received} received, {gone}", file=sys.stderr, flush=True)
            self.at_s.append(now_s)
            self.mb.append(mb)

    def figures(self) -> dict[str, float]:
        """Return where it stood after filling, where it ended, its highest, and its slope in MB an hour."""
        at_s, mb = np.array(self.at_s), np.array(self.mb)
        after = at_s >= FILLING * at_s[-1]
        tenth = max(1, int(after.sum()) // 10)
        slope = np.polyfit(at_s[after], mb[after], 1)[0] * 3600 if after.sum() > 1 else float("nan")
        return {
            "rss_mb_after_filling": round(float(np.median(mb[after][:tenth])), 1),
            "rss_mb_at_end": round(float(np.median(mb[after][-tenth:])), 1),
            "rss_mb_highest": round(float(mb.max()), 1),
            "rss_mb_slope_per_h": round(float(slope), 2),
        }


def measure(seconds: float = SECONDS) -> dict[str, Any]:
    """Drive for ``seconds`` at half rate; return memory, what was lost, and the times of the last window."""
    zone = zones.load(zones.find())
    memory = Memory()
    with tempfile.TemporaryDirectory(prefix="jinyun-bench-") as name, brokered(Path(name)) as where:
        one = trial(zone, RATE // CAR_HZ, where, seconds, memory)
    figures = memory.figures() | {
        "seconds": seconds,
        "sent": one.sent,
        "sent_per_s": round(one.offered_per_s),
        "lost": one.missing,
        "refused": int(one.status["refused"]),
        "shed": int(one.status["shed"]),
        "p99_ms_last": one.hop("receive_to_picture", "p99"),
        "cloud_cores": round(one.cores["cloud"], 2),
    }
    return {"bench": "soak", "machine": describe(), "figures": figures, "peers": {}}
