"""Whether somebody can still stop, and does (制动): the deceleration it takes, the room it needs, the braking under way.

The deceleration to avoid a crash (DRAC: Cooper and Ferguson, Traffic studies at T-junctions, 1976) and the distance to
stop with a reaction time before it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.prediction import TIMES_S, Paths

Floats = NDArray[np.float64]

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
    return -np.nan_to_num(accel_mps2) < ENOUGH * to_stop_mps2(speed_mps, room_m)


def too_late(speed_mps: Floats, room_m: Floats, reaction_s: float, braking_mps2: float) -> NDArray[np.bool_]:
    """Return who no longer stops within so many metres when it brakes so hard after that reaction time."""
    return room_m < speed_mps * reaction_s + speed_mps**2 / (2 * braking_mps2)


def gone_m(paths: Paths, path: NDArray[np.int32], speed_mps: Floats, after_s: Floats) -> Floats:
    """Return how far each of some ways has led after so many seconds; the whole of it where it takes longer or is unknown."""
    speeds = np.column_stack([speed_mps, paths.speed_mps[path].astype(np.float64)])
    step_s = float(TIMES_S[0])
    gone = np.column_stack([np.zeros(len(path)), np.cumsum((speeds[:, 1:] + speeds[:, :-1]) / 2 * step_s, axis=1)])
    at = np.clip(np.nan_to_num(after_s, nan=np.inf, posinf=TIMES_S[-1]), 0.0, TIMES_S[-1]) / step_s
    k = np.minimum(at.astype(np.int64), len(TIMES_S) - 1)
    row = np.arange(len(path))
    metres: Floats = gone[row, k] + (at - k) * (gone[row, k + 1] - gone[row, k])
    return metres
