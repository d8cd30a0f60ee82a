"""Who is on the simulated street: types of participants with their sizes, and what a vehicle does beside moving."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jinyun.shapes import Kind


@dataclass(frozen=True)
class Body:
    """A type of participant: its class in SUMO and in T/CSAE 53, and its size."""

    sumo_class: str
    kind: Kind
    classification: int
    length_m: float
    width_m: float
    height_m: float
    share: float
    traits: str


STEERED = 'lcMaxSpeedLatStanding="0" lcMaxSpeedLatFactor="0.15"'
"""Nobody slides aside: across the lane a car moves by its wheels, at most so much of its speed (8.5 degrees)."""
SHUTTLE = 'accel="1.1" decel="2.2" tau="1.5" sigma="0" maxSpeed="11.2"'
KEPT = 'timeToTeleport="-1"'
"""However long it stands it is not taken off the street: a shuttle may be one that drives itself."""
BODIES = {
    "sedan": Body("passenger", Kind.MOTOR, 10, 4.75, 1.83, 1.46, 0.46, 'accel="2.4" decel="2.8" tau="1.3" sigma="0.3"'),
    "suv": Body("passenger", Kind.MOTOR, 10, 4.72, 1.90, 1.70, 0.32, 'accel="2.3" decel="2.8" tau="1.3" sigma="0.3"'),
    "hatchback": Body(
        "passenger", Kind.MOTOR, 10, 4.05, 1.74, 1.52, 0.14, 'accel="2.3" decel="2.8" tau="1.3" sigma="0.3"'
    ),
    "van": Body("delivery", Kind.MOTOR, 20, 5.35, 1.99, 2.30, 0.08, 'accel="2.0" decel="2.7" tau="1.3" sigma="0.3"'),
    "lorry": Body(
        "truck", Kind.MOTOR, 27, 8.20, 2.45, 3.45, 0.7, 'accel="1.2" decel="2.4" tau="1.5" sigma="0.3" maxSpeed="22"'
    ),
    "heavy": Body(
        "truck", Kind.MOTOR, 28, 11.8, 2.50, 3.80, 0.3, 'accel="1.0" decel="2.2" tau="1.6" sigma="0.3" maxSpeed="21"'
    ),
    "bus": Body(
        "bus", Kind.MOTOR, 54, 12.0, 2.55, 3.20, 0, 'accel="1.1" decel="2.2" tau="1.5" sigma="0.3" maxSpeed="17"'
    ),
    "shuttle": Body("bus", Kind.MOTOR, 50, 5.90, 2.06, 2.65, 0, f"{SHUTTLE} {KEPT}"),
    "bicycle": Body("bicycle", Kind.NON_MOTOR, 85, 1.75, 0.62, 1.65, 0.5, 'maxSpeed="4.6" sigma="0.6"'),
    "ebike": Body("bicycle", Kind.NON_MOTOR, 85, 1.80, 0.70, 1.65, 0.5, 'maxSpeed="6.9" accel="1.4" sigma="0.5"'),
    "walker": Body("pedestrian", Kind.PEDESTRIAN, 82, 0.5, 0.55, 1.70, 1, ""),
}
"""Sizes are typical ones of the Chinese market; classification codes are T/CSAE 53 BasicVehicleClass."""
CARS = ("sedan", "suv", "hatchback", "van")
TRUCKS = ("lorry", "heavy")
CYCLES = ("bicycle", "ebike")

DOING = np.dtype(
    [
        ("lights", np.uint16),  # ExteriorLights, bit 0 of the standard is 1 << 8
        ("events", np.uint16),  # VehicleEventFlags, bit 0 of the standard is 1 << 12
        ("braking", np.uint8),  # bits: 2 traction control at work, 4 anti-lock brakes, 8 stability control
        ("response", np.uint8),  # ResponseType, 0 not in use
        ("siren", np.uint8),  # SirenInUse, 2 in use
        ("lightbar", np.uint8),  # LightbarInUse, 2 in use
    ]
)
"""What a vehicle does beside moving, as its own unit would say it (T/CSAE 53 BSM)."""
LEFT_LAMP, RIGHT_LAMP, HAZARD_LAMPS = 1 << 6, 1 << 5, 1 << 4
SIGNALS = ((2, LEFT_LAMP), (1, RIGHT_LAMP), (4, HAZARD_LAMPS))
"""Bits of SUMO's vehicle signals and the lamps they are."""
