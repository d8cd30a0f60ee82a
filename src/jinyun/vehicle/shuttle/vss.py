"""The shuttle in the words of COVESA's Vehicle Signal Specification (VSS): names, units and values as its tree has them.

Where VSS has no name for a thing, it stands under ``Private.Jinyun`` as VSS asks of private branches.
"""

from __future__ import annotations

import math
from typing import Any

from jinyun.vehicle.shuttle.behaviour import State
from jinyun.vehicle.shuttle.body import Pose
from jinyun.vehicle.shuttle.driving import Shuttle
from jinyun.vehicle.shuttle.modes import Mode
from jinyun.zone import Projection

STEERING_RATIO = 16.0
"""Steering wheel to road wheel; our own choice."""
BRAKE_LAMP_MPS2 = -0.7
LEVELS = {Mode.MANUAL: "SAE_0", Mode.REMOTE: "SAE_0", Mode.AUTOMATED: "SAE_4", Mode.MINIMAL_RISK: "SAE_4"}


def signals(vin: str, shuttle: Shuttle, pose: Pose, project: Projection, charge: float | None = None) -> dict[str, Any]:
    """Return signals by VSS path; ``charge`` is the state of charge, 0 to 1, None where nobody knows it."""
    lon, lat = project.inverse([pose.x_m], [pose.y_m])
    passing, merging = shuttle.state is State.PASS, shuttle.state is State.MERGE
    found: dict[str, Any] = {
        "Vehicle.VehicleIdentification.VIN": vin,
        "Vehicle.Speed": round(pose.speed_mps * 3.6, 2),
        "Vehicle.TraveledDistance": round(shuttle.odometer_m / 1000, 3),
        "Vehicle.Acceleration.Longitudinal": round(pose.accel_mps2, 3),
        "Vehicle.Acceleration.Lateral": round(-pose.speed_mps * pose.yaw_rps, 3),  # VSS: positive to the left
        "Vehicle.AngularVelocity.Yaw": round(-math.degrees(pose.yaw_rps), 3),
        "Vehicle.CurrentLocation.Latitude": round(float(lat[0]), 8),
        "Vehicle.CurrentLocation.Longitude": round(float(lon[0]), 8),
        "Vehicle.CurrentLocation.Heading": round(math.degrees(pose.heading_rad) % 360, 3),
        "Vehicle.Chassis.SteeringWheel.Angle": round(-math.degrees(pose.steer_rad) * STEERING_RATIO),
        "Vehicle.Body.Lights.Brake.IsActive": "ACTIVE" if pose.accel_mps2 < BRAKE_LAMP_MPS2 else "INACTIVE",
        "Vehicle.Body.Lights.DirectionIndicator.Left.IsSignaling": passing,
        "Vehicle.Body.Lights.DirectionIndicator.Right.IsSignaling": merging or shuttle.docked_s is not None,
        "Vehicle.Body.Lights.Hazard.IsSignaling": shuttle.state in (State.EMERGENCY, State.MINIMAL_RISK),
        "Vehicle.ADAS.ActiveAutonomyLevel": LEVELS[shuttle.modes.mode],
        "Private.Jinyun.Mode": shuttle.modes.mode.value,
        "Private.Jinyun.State": shuttle.state.value,
        "Private.Jinyun.Reason": shuttle.reason,
    }
    if charge is not None:
        found["Vehicle.Powertrain.TractionBattery.StateOfCharge.Current"] = round(charge * 100, 1)
    return found
