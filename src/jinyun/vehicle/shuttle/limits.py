"""Limits of speed on the way (限速与弯道): stretches where bends or the lanes' limits ask for less than the top speed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.vehicle.shuttle.guideline import STEP_M, Guideline

TOP_MPS = 11.1
"""40 km/h."""
BEND_MPS2 = 1.05
"""Sideways acceleration in bends."""
SAME_MPS = 2.5
"""A stretch whose speed rises by more than this is two."""
Floats = NDArray[np.float64]


def slow_stretches(line: Guideline) -> Floats:
    """Return rows (from, to, speed) of the whole line; metres along it and m/s."""
    speed = np.minimum(np.sqrt(BEND_MPS2 / np.maximum(np.abs(line.curvature), 1e-6)), line.limit_mps)
    low = speed < TOP_MPS - 0.1
    rows, k, n = [], 0, len(low)
    while k < n:
        if low[k]:
            end = k
            least = float(speed[k])
            while end < n and low[end] and (speed[end] < least + SAME_MPS):
                least = min(least, float(speed[end]))
                end += 1
            rows.append((k * STEP_M, end * STEP_M, least))
            k = end
        else:
            k += 1
    return np.array(rows, np.float64).reshape(-1, 3)


def slow_ahead(line: Guideline, stretches: Floats, s_m: float, within_m: float) -> Floats:
    """Return the stretches that reach to ``s_m`` or begin within some metres of it, as metres ahead of it."""
    rows = []
    for begin, end, speed in stretches.tolist():
        a = line.ahead(s_m, begin)
        b = a + end - begin
        if a > line.length_m / 2:
            a, b = a - line.length_m, b - line.length_m
        if b > 0 and a < within_m:
            rows.append((a, b, speed))
    return np.array(rows, np.float64).reshape(-1, 3)
