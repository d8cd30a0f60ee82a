"""How a ride feels: accelerations along and across, jerk, yaw rate; a difference quotient needs its time step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def jerk_mps3(accel: Floats, dt: float) -> Floats:
    """Return the change of an acceleration [m/s³]; one value fewer than accelerations."""
    return np.diff(accel) / dt


def lateral_mps2(v: Floats, h: Floats, dt: float) -> Floats:
    """Return the acceleration across the heading [m/s²]: speed times yaw rate."""
    return v[1:] * yaw_rps(h, dt)


def yaw_rps(h: Floats, dt: float) -> Floats:
    """Return the yaw rate [rad/s], counter-clockwise."""
    return (np.remainder(np.diff(h) + np.pi, 2 * np.pi) - np.pi) / dt
