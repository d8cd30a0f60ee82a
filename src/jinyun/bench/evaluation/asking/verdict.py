"""What came of the cases of one application (判定): what was due and came, what came and was not due."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import numpy as np


@dataclass(slots=True)
class Verdict:
    """Counts of what was due (``positive``), of what must not come (``negative``), and what came of either."""

    positive: int = 0
    negative: int = 0
    told: int = 0
    wrong: int = 0
    took_ms: list[float] = field(default_factory=list)

    def due(self, came: bool) -> None:
        """Note something that is due."""
        self.positive += 1
        self.told += came

    def undue(self, came: bool) -> None:
        """Note something that must not come."""
        self.negative += 1
        self.wrong += came

    def took(self, began: float) -> None:
        """Note how long the answer took since ``began`` (time.perf_counter)."""
        self.took_ms.append((time.perf_counter() - began) * 1000)

    def figures(self) -> dict[str, float]:
        """Return the figures; what has no value is left out."""
        came = self.told + self.wrong
        found = {
            "positive": self.positive, "negative": self.negative, "cases": self.positive + self.negative,
            "recall": self.told / self.positive if self.positive else math.nan,
            "precision": self.told / came if came else math.nan, "wrong": self.wrong,
            "latency_p99_ms": float(np.percentile(self.took_ms, 99)) if self.took_ms else math.nan,
        }  # fmt: skip
        return {name: round(float(value), 4) for name, value in found.items() if math.isfinite(value)}
