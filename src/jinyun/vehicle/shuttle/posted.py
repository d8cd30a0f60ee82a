"""What is posted on the way (标志与道路信息): speeds, stop signs and closed lanes, read by the camera or told by the road.

A speed holds while the front is on its stretch, and is slowed down to before it. At a stop sign one stands and looks, and
goes on. A closed stretch of the own lane is passed like somebody who stands there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jinyun.shapes import Kind
from jinyun.vehicle.shuttle.behaviour import BEFORE_LINE_M, CREEP_S, Verdict
from jinyun.vehicle.shuttle.body import FRONT_M
from jinyun.vehicle.shuttle.guideline import Guideline
from jinyun.vehicle.shuttle.objects import OBJECT

CLOSED_ID = 1 << 48
"""Closed stretches are known as objects under this number and those after it."""
EARLY_M = 2.0
"""So far before its stretch a speed is kept."""
SLOWER_MPS = 0.15
"""Kept below what is posted: a speedometer and a plan that is tracked are not exact."""
LONGEST_M = 60.0
"""A closed stretch is seen so far at once."""
NEAR_M = 3.0
"""Who stands so near to a stop sign's line stands at it."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Posted:
    """One thing that is posted: ``speed`` on a stretch (metres along the line), ``stop`` at its beginning, ``closed``."""

    kind: Literal["speed", "stop", "closed"]
    s_m: float
    end_m: float
    speed_mps: float = math.nan


def slow_ahead(posted: Sequence[Posted], line: Guideline, s_m: float, within_m: float) -> Floats:
    """Return rows (from, to, speed) as the rear axle at ``s_m`` has them ahead."""
    rows = []
    for one in posted:
        if one.kind != "speed":
            continue
        a = _ahead(line, s_m, one.s_m)
        b = a + min(one.end_m - one.s_m, line.length_m)
        if b > FRONT_M and a < within_m:
            rows.append((a - FRONT_M - EARLY_M, b - FRONT_M, max(one.speed_mps - SLOWER_MPS, 0.5)))
    return np.array(rows, np.float64).reshape(-1, 3)


def binds(posted: Sequence[Posted], line: Guideline, s_m: float, speed_mps: float) -> bool:
    """Return whether a speed that is posted here or just ahead is what one drives at."""
    return bool((slow_ahead(posted, line, s_m, 25.0)[:, 2] < speed_mps + 0.5).any())


def _ahead(line: Guideline, from_m: float, to_m: float) -> float:
    """Return the metres along the line to a station, negative behind."""
    ahead = line.ahead(from_m, to_m)
    return ahead - line.length_m if line.loop and ahead > line.length_m / 2 else ahead


def closed(posted: Sequence[Posted], line: Guideline, s_m: float, within_m: float) -> NDArray[np.void]:
    """Return the closed stretches of the own lane near ``s_m`` as standing objects as wide as the lane."""
    rows = []
    for k, one in enumerate(posted):
        if one.kind != "closed":
            continue
        begin = _ahead(line, s_m, one.s_m)
        end = min(begin + one.end_m - one.s_m, within_m)
        if end < -LONGEST_M or begin > within_m:
            continue
        begin = max(begin, -LONGEST_M)
        row = np.zeros(1, OBJECT)
        x, y, heading = line.place(s_m + (begin + end) / 2, 0.0)
        row["id"], row["kind"], row["standing_s"] = CLOSED_ID + k, Kind.MOTOR, 1e4
        row["x_m"], row["y_m"], row["heading_rad"] = x, y, heading
        row["length_m"], row["height_m"] = end - begin, 1.0
        row["width_m"] = 1.4 * float(line.left_m[0])  # what drives past in the next lane does not touch it
        rows.append(row)
    return np.concatenate(rows) if rows else np.zeros(0, OBJECT)


class StopSigns:
    """At which stop signs one has stood."""

    def __init__(self) -> None:
        self._stood: dict[float, float] = {}

    def verdict(
        self, posted: Sequence[Posted], line: Guideline, s_m: float, within_m: float, speed_mps: float, passed_s: float
    ) -> Verdict:
        """Return how far the front may go for stop signs; ``passed_s`` is the time since this was asked last."""
        best = Verdict(math.inf)
        for one in posted:
            to_line = _ahead(line, s_m, one.s_m) - FRONT_M
            if one.kind != "stop" or not -0.3 < to_line < within_m:
                continue
            stood = self._stood.get(one.s_m, 0.0)
            if speed_mps < 0.05 and to_line < NEAR_M:
                stood = self._stood[one.s_m] = stood + passed_s
            if stood < CREEP_S and to_line - BEFORE_LINE_M < best.stop_m:
                best = Verdict(max(to_line - BEFORE_LINE_M, 0.0), "stop_sign")
        return best
