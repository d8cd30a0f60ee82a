"""Along one lane: the gap to the one ahead, in metres and seconds, and how hard one must brake for it.

``gap`` is from bumper to bumper [m], ``v`` the follower's and ``ahead`` the leader's speed along the lane [m/s].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def time_headway_s(gap: ArrayLike, v: ArrayLike) -> Floats:
    """Return the time the follower needs for the gap at its speed [s]; infinity where it stands, NaN without gap."""
    gap, v = np.asarray(gap, np.float64), np.asarray(v, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        headway: Floats = np.where(v > 1e-9, gap / v, np.inf)
    return np.where(np.isnan(gap), np.nan, headway)


def ttc_s(gap: ArrayLike, v: ArrayLike, ahead: ArrayLike) -> Floats:
    """Return the time to collision along the lane [s] (Hayward 1972); infinity where the gap does not close."""
    gap, closing = np.asarray(gap, np.float64), np.asarray(v, np.float64) - np.asarray(ahead, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        time: Floats = np.where(closing > 1e-9, np.maximum(gap, 0.0) / closing, np.inf)
    return np.where(np.isnan(gap), np.nan, time)


def drac_mps2(gap: ArrayLike, v: ArrayLike, ahead: ArrayLike) -> Floats:
    """Return the deceleration rate to avoid a crash [m/s²]: closing speed squared over twice the gap.

    D. Cooper, N. Ferguson, Traffic Engineering & Control 17 (1976); 0 where the gap does not close.
    """
    gap, closing = np.asarray(gap, np.float64), np.asarray(v, np.float64) - np.asarray(ahead, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate: Floats = np.where(closing > 0, np.where(gap > 0, closing * closing / (2 * gap), np.inf), 0.0)
    return np.where(np.isnan(gap), np.nan, rate)


def required_mps2(gap: ArrayLike, v: ArrayLike, ahead: ArrayLike, ahead_accel: ArrayLike) -> Floats:
    """Return the longitudinal acceleration needed to just not touch the one ahead [m/s²], at most 0.

    The leader keeps its acceleration (ALongReq of commonroad-crime; W. Wachenfeld et al., 2016): its own less the DRAC.
    """
    needed = np.asarray(ahead_accel, np.float64) - drac_mps2(gap, v, ahead)
    return np.minimum(needed, 0.0)


def exposed_s(ttc: ArrayLike, below_s: float, dt: float) -> float:
    """Return for how long a time to collision was below a threshold [s] (TET; M. Minderhoud, P. Bovy, AAP 33, 2001)."""
    ttc = np.asarray(ttc, np.float64)
    return float((np.nan_to_num(ttc, nan=np.inf) <= below_s).sum() * dt)


def integrated_s2(ttc: ArrayLike, below_s: float, dt: float) -> float:
    """Return by how much, over time, a time to collision was below a threshold [s²] (TIT; Minderhoud, Bovy 2001)."""
    ttc = np.nan_to_num(np.asarray(ttc, np.float64), nan=np.inf)
    return float(np.where(ttc <= below_s, below_s - ttc, 0.0).sum() * dt)


def brake_threat(required: ArrayLike, most_mps2: float) -> Floats:
    """Return the needed over the possible deceleration (BTN; M. Brännström et al., 2008)."""
    return np.abs(np.asarray(required, np.float64)) / most_mps2
