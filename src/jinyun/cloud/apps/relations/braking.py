"""Whether somebody can still stop, and does (制动): the deceleration it takes, the room it needs, the braking under way.

The deceleration to avoid a crash (DRAC: Cooper and Ferguson, Traffic studies at T-junctions, 1976) and the distance to
stop with a reaction time before it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.apps.relations.known import known
from jinyun.cloud.prediction import TIMES_S, Paths

Floats = NDArray[np.float64]
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")
STEP_S, LAST_S = float(TIMES_S[0]), float(TIMES_S[-1])

LEAST_ROOM_M = 0.3
"""No room is taken for smaller."""
ENOUGH = 0.75
"""Who brakes with so much of what it takes is taken to have seen it: drivers brake harder towards the end."""


def to_stop_mps2(speed_mps: Floats, room_m: Floats) -> Floats:
    """Return the deceleration that stops within so many metres."""
    needed: Floats = speed_mps**2 / (2 * np.maximum(room_m, LEAST_ROOM_M))
    return needed


def goes_on(speed_mps: Floats, accel_mps2: Floats, room_m: Floats) -> NDArray[np.bool_]:
    """Return who does not brake as it takes to stop within so many metres; an unknown acceleration is none."""
    return -known(accel_mps2) < ENOUGH * to_stop_mps2(speed_mps, room_m)


def too_late(speed_mps: Floats, room_m: Floats, reaction_s: float, braking_mps2: float) -> NDArray[np.bool_]:
    """Return who no longer stops within so many metres when it brakes so hard after that reaction time."""
    return room_m < speed_mps * reaction_s + speed_mps**2 / (2 * braking_mps2)


def gone_m(paths: Paths, path: NDArray[np.int32], speed_mps: Floats, after_s: Floats) -> Floats:
    """Return how far each of some ways has led after so many seconds; the whole of it where it takes longer or is unknown."""
    metres = np.empty(len(path))
    _gone(paths.speed_mps, path, speed_mps, after_s, metres)
    return metres


@_compiled
def _gone(
    speeds: NDArray[np.float32], path: NDArray[np.int32], now_mps: Floats, after_s: Floats, metres: Floats
) -> None:
    for n in range(len(path)):
        left = min(max(after_s[n], 0.0), LAST_S) if after_s[n] == after_s[n] else LAST_S
        gone, before = 0.0, now_mps[n]
        for k in range(speeds.shape[1]):
            step = (before + speeds[path[n], k]) / 2 * STEP_S
            if left <= STEP_S:
                gone += left / STEP_S * step
                break
            gone, left, before = gone + step, left - STEP_S, float(speeds[path[n], k])
        metres[n] = gone
