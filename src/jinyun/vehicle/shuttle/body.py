"""The shuttle's body and how it moves: a kinematic bicycle whose drive and steering follow their commands with a lag.

Its place is the middle of the rear axle. Sizes are those of the zone's shuttle; the lags and limits are our own choice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

LENGTH_M, WIDTH_M, HEIGHT_M = 5.90, 2.06, 2.65
WHEELBASE_M = 3.70
REAR_M = 1.00
"""From the rear axle to the rear end."""
FRONT_M = LENGTH_M - REAR_M
"""From the rear axle to the front end."""
MIDDLE_M = LENGTH_M / 2 - REAR_M
"""From the rear axle to the middle of the body."""
DRIVE_LAG_S, STEER_LAG_S = 0.20, 0.12
MOST_STEER_RAD, MOST_STEER_RPS = 0.60, 0.70
BEST_ACCEL_MPS2, BEST_BRAKE_MPS2 = 2.0, 7.5
SUBSTEP_S = 0.02
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(slots=True)
class Pose:
    """Where the shuttle is and how it moves: rear axle, heading clockwise from north, steering to the right positive."""

    x_m: float
    y_m: float
    heading_rad: float
    speed_mps: float = 0.0
    accel_mps2: float = 0.0
    steer_rad: float = 0.0

    @property
    def yaw_rps(self) -> float:
        """Turning rate, clockwise."""
        return self.speed_mps * math.tan(self.steer_rad) / WHEELBASE_M

    def ahead(self, metres: float) -> tuple[float, float]:
        """Return the place so far ahead of the rear axle."""
        return self.x_m + metres * math.sin(self.heading_rad), self.y_m + metres * math.cos(self.heading_rad)


def move(pose: Pose, accel_mps2: float, steer_rad: float, seconds: float) -> Pose:
    """Return the pose ``seconds`` later under commands for acceleration and steering; it never rolls backwards."""
    return Pose(*_move(pose.x_m, pose.y_m, pose.heading_rad, pose.speed_mps, pose.accel_mps2, pose.steer_rad,
                       accel_mps2, steer_rad, seconds))  # fmt: skip


@_compiled
def _move(
    x: float, y: float, heading: float, speed: float, accel: float, steer: float, want_accel: float, want_steer: float,
    seconds: float,
) -> tuple[float, float, float, float, float, float]:  # fmt: skip
    want_accel = min(max(want_accel, -BEST_BRAKE_MPS2), BEST_ACCEL_MPS2)
    want_steer = min(max(want_steer, -MOST_STEER_RAD), MOST_STEER_RAD)
    steps = max(round(seconds / SUBSTEP_S), 1)
    dt = seconds / steps
    for _ in range(steps):
        accel += (want_accel - accel) * (1.0 - np.exp(-dt / DRIVE_LAG_S))
        rate = (want_steer - steer) * (1.0 - np.exp(-dt / STEER_LAG_S)) / dt
        steer += min(max(rate, -MOST_STEER_RPS), MOST_STEER_RPS) * dt
        after = speed + accel * dt
        if after <= 0.0:
            after = 0.0
            if accel < 0.0 and want_accel <= 0.0:
                accel = 0.0  # it stands
        middle = (speed + after) / 2
        turn = middle * np.tan(steer) / WHEELBASE_M * dt
        x += middle * dt * np.sin(heading + turn / 2)
        y += middle * dt * np.cos(heading + turn / 2)
        heading = (heading + turn) % (2 * np.pi)
        speed = after
    return x, y, heading, speed, accel, steer
