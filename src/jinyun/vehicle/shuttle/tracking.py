"""Tracking (轨迹跟踪): what drive and steering must do so that the rear axle follows the trajectory in spite of their lags."""

from __future__ import annotations

import math

from jinyun.vehicle.shuttle.body import DRIVE_LAG_S, STEER_LAG_S, WHEELBASE_M, Pose
from jinyun.vehicle.shuttle.guideline import Guideline
from jinyun.vehicle.shuttle.sampling import Trajectory

PLACE_GAIN, SPEED_GAIN = 0.5, 1.1
"""Acceleration for a metre and for a metre per second behind (1/s2, 1/s)."""
ASIDE_GAIN, HEADING_GAIN = 0.025, 0.9
"""Curvature (1/m) for a metre aside, and steering for a radian of heading."""
MOST_ASIDE = 0.04


def track(line: Guideline, meant: Trajectory, pose: Pose, s_m: float, d_m: float, now_s: float) -> tuple[float, float]:
    """Return the commands (acceleration in m/s2, steering in rad) for the pose, which lies at (s_m, d_m) of the line.

    ``s_m`` counts as the trajectory's stations do.
    """
    place_m, speed, _ = meant.at(now_s)
    _, _, soon = meant.at(now_s + DRIVE_LAG_S)
    behind = place_m - s_m
    accel = soon + PLACE_GAIN * behind + SPEED_GAIN * (speed - pose.speed_mps)
    _, later, _ = meant.at(now_s + 0.6)
    if speed < 0.02 and later < 0.02:  # it stands: hold it with the brake
        accel = -min(max(2.5 * pose.speed_mps, 0.2), 1.0) if pose.speed_mps < 0.25 else min(accel, -1.0)
    ahead_m = s_m + pose.speed_mps * (STEER_LAG_S + 0.05)
    _, _, heading, _ = line.at(s_m)
    _, _, _, curvature = line.at(ahead_m)
    wanted, slope, _ = meant.offset(s_m)
    _, _, bend = meant.offset(ahead_m)
    course = float(heading) + math.atan2(slope, 1.0 - wanted * float(curvature))
    turn = (course - pose.heading_rad + math.pi) % (2 * math.pi) - math.pi
    along = float(curvature) / (1.0 - d_m * float(curvature)) + bend
    aside = min(max(ASIDE_GAIN * (wanted - d_m), -MOST_ASIDE), MOST_ASIDE)
    steer = math.atan(WHEELBASE_M * (along + aside)) + HEADING_GAIN * turn
    return accel, steer
