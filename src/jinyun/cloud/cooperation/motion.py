"""Motion planned ahead (规划运动): slow down, perhaps wait, go on - as pieces of constant acceleration along a way.

A motion is an array of rows (from when, from where, speed then, acceleration) in seconds, metres, m/s and m/s²; the last piece
has no end. Stations are metres of the middle of the body along its way from where it is now.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")

STANDS_MPS = 0.3
"""Who is slower stands."""


class Limits(NamedTuple):
    """How a vehicle may be asked to drive: fastest on its way, how hard it speeds up and slows down (m/s, m/s²)."""

    cap_mps: float
    accel_mps2: float
    brake_mps2: float


@_compiled
def at(motion: Floats, t_s: float) -> tuple[float, float]:
    """Return (station, speed) at an instant."""
    k = 0
    while k + 1 < len(motion) and motion[k + 1, 0] <= t_s:
        k += 1
    t = t_s - motion[k, 0]
    return motion[k, 1] + motion[k, 2] * t + 0.5 * motion[k, 3] * t * t, motion[k, 2] + motion[k, 3] * t


@_compiled
def stations(motion: Floats, t_s: Floats) -> Floats:
    """Return the station at each of several instants."""
    found = np.empty(len(t_s))
    for k in range(len(t_s)):
        found[k] = at(motion, t_s[k])[0]
    return found


@_compiled
def when(motion: Floats, far_m: float) -> float:
    """Return the first instant at which a motion has come so far; 0 where it has already, infinity where it never does."""
    if far_m <= motion[0, 1]:
        return 0.0
    for k in range(len(motion)):
        s, v, a = motion[k, 1], motion[k, 2], motion[k, 3]
        if k + 1 < len(motion) and motion[k + 1, 1] < far_m:
            continue
        away = far_m - s
        if a == 0.0:
            return motion[k, 0] + away / v if v > 0 else np.inf
        root = v * v + 2 * a * away
        if root < 0:
            return np.inf
        return motion[k, 0] + 2 * away / (v + np.sqrt(root)) if v + np.sqrt(root) > 0 else np.inf
    return np.inf


@_compiled
def slowing(speed_mps: float, low_mps: float, wait_s: float, cap_mps: float, accel: float, brake: float) -> Floats:
    """Return the motion that slows to ``low_mps``, keeps that for ``wait_s``, and speeds up to ``cap_mps``."""
    rows = np.zeros((4, 4))
    rows[0, 2] = speed_mps
    n, t, s, v = 0, 0.0, 0.0, speed_mps
    if v > low_mps:
        rows[0, 3] = -brake
        t, s, v, n = (v - low_mps) / brake, (v * v - low_mps * low_mps) / (2 * brake), low_mps, 1
    if wait_s > 0:
        rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3] = t, s, v, 0.0
        t, s, n = t + wait_s, s + v * wait_s, n + 1
    if v < cap_mps:
        rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3] = t, s, v, accel
        t, s, v, n = t + (cap_mps - v) / accel, s + (cap_mps * cap_mps - v * v) / (2 * accel), cap_mps, n + 1
    rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3] = t, s, v, 0.0
    return rows[: n + 1].copy()


@_compiled
def _lowest(
    speed_mps: float, low: float, top: float, entry_m: float, t_s: float, cap: float, accel: float, brake: float
) -> float:
    """Return the speed to slow to so as to be at ``entry_m`` at ``t_s``, between ``low`` and ``top``."""
    below, above = low, top
    for _ in range(30):
        middle = (below + above) / 2
        if when(slowing(speed_mps, middle, 0.0, cap, accel, brake), entry_m) > t_s:
            below = middle
        else:
            above = middle
    return above


@_compiled
def first(speed_mps: float, entry_m: float, cap: float, accel: float, brake: float) -> Floats:
    """Return the motion that is soonest at ``entry_m``, no rows where it cannot be slow enough there."""
    low = min(speed_mps, cap)
    if (speed_mps * speed_mps - low * low) / (2 * brake) > max(entry_m, 0.0):
        return np.empty((0, 4))
    made: Floats = slowing(speed_mps, low, 0.0, cap, accel, brake)
    return made


@_compiled
def rolling(speed_mps: float, entry_m: float, t_s: float, cap: float, accel: float, brake: float) -> Floats:
    """Return the motion that slows down and is at ``entry_m`` at ``t_s`` without standing, no rows where it cannot be."""
    none = np.empty((0, 4))
    top = min(speed_mps, cap)
    low = np.sqrt(max(speed_mps * speed_mps - 2 * brake * entry_m, 0.0))
    if entry_m <= 0 or low > top or speed_mps <= STANDS_MPS:
        return none
    if t_s > when(slowing(speed_mps, low, 0.0, cap, accel, brake), entry_m):
        return none
    least = _lowest(speed_mps, low, top, entry_m, t_s, cap, accel, brake)
    made: Floats = slowing(speed_mps, least, 0.0, cap, accel, brake)
    return made


@_compiled
def standing(
    speed_mps: float, entry_m: float, hold_m: float, t_s: float, cap: float, accel: float, brake: float
) -> Floats:
    """Return the motion that stands no farther than ``hold_m`` and is at ``entry_m`` at ``t_s``, no rows where it cannot be.

    It stands at ``hold_m``; where braking so gently takes too long, earlier.
    """
    none = np.empty((0, 4))
    if entry_m <= 0:
        return none
    if speed_mps <= STANDS_MPS:
        wait = t_s - when(slowing(0.0, 0.0, 0.0, cap, accel, brake), entry_m)
        return slowing(0.0, 0.0, wait, cap, accel, brake) if wait >= 0 else none
    soonest_m = speed_mps * speed_mps / (2 * brake)
    if hold_m < soonest_m:
        return none
    for place in range(2):
        at_m = hold_m if place == 0 else soonest_m
        hard = min(speed_mps * speed_mps / (2 * at_m), brake)
        wait = t_s - speed_mps / hard - when(slowing(0.0, 0.0, 0.0, cap, accel, brake), entry_m - at_m)
        if wait >= 0:
            made: Floats = slowing(speed_mps, 0.0, wait, cap, accel, hard)
            return made
    return none
