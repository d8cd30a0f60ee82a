"""Energy (能耗): what driving takes from the battery, from the forces on the vehicle, and how far what is left will do.

Parameters are our own choice for an electric shuttle of this size, not a product's.
"""

from __future__ import annotations

from dataclasses import dataclass

from jinyun.vehicle.shuttle.body import HEIGHT_M, WIDTH_M

EMPTY_KG, PERSON_KG = 3200.0, 70.0
ROLLING, DRAG, AIR_KG_M3, GRAVITY = 0.011, 0.62, 1.2, 9.81
DRIVE_SHARE, BRAKE_SHARE = 0.86, 0.60
"""Share of the battery's energy that reaches the wheels, and of the braking energy that comes back."""
AUXILIARY_KW = 1.9
"""Computers, sensors, air conditioning, doors."""
CAPACITY_KWH = 34.0
RESERVE = 0.20
"""A vehicle whose charge would fall below this share does not leave for another round."""


@dataclass(slots=True)
class Battery:
    """The charge of one vehicle."""

    kwh: float = CAPACITY_KWH
    used_kwh: float = 0.0

    @property
    def share(self) -> float:
        """State of charge, 0 to 1."""
        return self.kwh / CAPACITY_KWH

    def drive(self, speed_mps: float, accel_mps2: float, passengers: int, seconds: float) -> None:
        """Take what ``seconds`` at a speed and an acceleration use."""
        used = power_kw(speed_mps, accel_mps2, passengers) * seconds / 3600
        self.kwh = min(max(self.kwh - used, 0.0), CAPACITY_KWH)
        self.used_kwh += used

    def lasts(self, round_kwh: float) -> bool:
        """Return whether another round can be driven without touching the reserve."""
        return self.kwh - round_kwh >= RESERVE * CAPACITY_KWH


def power_kw(speed_mps: float, accel_mps2: float, passengers: int) -> float:
    """Return the power from the battery (negative: into it) on a level road."""
    kg = EMPTY_KG + PERSON_KG * passengers
    air = 0.5 * AIR_KG_M3 * DRAG * WIDTH_M * HEIGHT_M * speed_mps**2
    force = kg * accel_mps2 + air + (kg * GRAVITY * ROLLING if speed_mps > 0 else 0.0)
    wheel_kw = force * speed_mps / 1000
    return (wheel_kw / DRIVE_SHARE if wheel_kw >= 0 else wheel_kw * BRAKE_SHARE) + AUXILIARY_KW
