"""What the integers of the wire measure: step, unit and the values that say "not known" (T/CSAE 53 and 157).

A type's entry holds for every member of that type; a number without a type of its own has the entry of its member,
``Type.member``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

G_MPS2 = 9.80665


@dataclass(frozen=True, slots=True)
class Quantity:
    """``value * step`` in ``unit`` for people; ``si`` times that in SI; ``unknown`` are values that are none."""

    step: float
    unit: str
    si: float = 1.0
    unknown: tuple[int, ...] = ()


_DEG = math.pi / 180


def _angle(step: float, *unknown: int) -> Quantity:
    return Quantity(step, "°", _DEG, unknown)


def _metres(step: float, *unknown: int) -> Quantity:
    return Quantity(step, "m", 1.0, unknown)


def _place(*unknown: int) -> Quantity:
    return Quantity(1e-7, "°", 1.0, unknown)  # a geographic coordinate stays in degrees


QUANTITIES: dict[str, Quantity] = {
    # time
    "DSecond": Quantity(0.001, "s", 1.0, (65535,)),
    "MinuteOfTheYear": Quantity(1, "min", 60.0, (527040,)),
    "TimeMark": Quantity(0.1, "s", 1.0, (36001,)),
    "TimeOffset": Quantity(0.01, "s", 1.0, (65535,)),
    "DTimeOffset": Quantity(1, "min", 60.0),
    "PlanningDuration": Quantity(0.1, "s"),
    # place
    "Latitude": _place(900000001),
    "Longitude": _place(1800000001),
    "Elevation": _metres(0.1, -4096),
    "SemiMajorAxisAccuracy": _metres(0.05, 255),
    "SemiMinorAxisAccuracy": _metres(0.05, 255),
    "SemiMajorAxisOrientation": _angle(360 / 65535, 65535),
    **{f"OffsetLL-B{bits}": _place() for bits in (12, 14, 16, 18, 22, 24)},
    **{f"VertOffset-B{bits:02}": _metres(0.1, -(1 << bits - 1)) for bits in range(7, 13)},
    "Radius": _metres(0.1),
    "LaneWidth": _metres(0.01),
    "ST-Point.s-axis": _metres(0.1),
    "ST-Point.t-axis": _metres(0.01),
    # motion
    "Speed": Quantity(0.02, "m/s", 1.0, (8191,)),
    "Heading": _angle(0.0125, 28800),
    "CoarseHeading": _angle(1.5, 240),
    "SteeringWheelAngle": _angle(1.5, 127),
    "Acceleration": Quantity(0.01, "m/s²", 1.0, (2001,)),
    "VerticalAcceleration": Quantity(0.02, "g", G_MPS2, (-127,)),
    "YawRate": Quantity(0.01, "°/s", _DEG),
    "Pitch": _angle(0.0125),
    "Roll": _angle(0.0125),
    "Yaw": _angle(0.0125),
    "PitchRate": Quantity(0.01, "°/s", _DEG),
    "RollRate": Quantity(0.01, "°/s", _DEG),
    "RadiusOfCurvature": _metres(0.1),
    # size
    "VehicleWidth": _metres(0.01),
    "VehicleLength": _metres(0.01),
    "VehicleHeight": _metres(0.05),
    "SizeValue": _metres(0.1),
    "PersonalSafetyMessage.overallRadius": _metres(0.1),
    "Non-motorDataExtension.overallRadius": _metres(0.1),
    "PAMDrive.heightRestriction": _metres(0.1),
    "Req-SignalPriority.distance2Intersection": _metres(0.1),
    # certainty
    "Confidence": Quantity(0.5, "%", 0.01),
}


def si(type_name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return wire integers in SI units (radians, seconds, metres; coordinates in degrees), NaN where there is none.

    ``values`` is a column of :mod:`jinyun.net.csae.batch` or a number; absent and "not known" both become NaN. Raises
    ``KeyError`` for a type that measures nothing.
    """
    quantity = QUANTITIES[type_name]
    raw = np.asarray(values)
    known = raw != -(2**31)
    for code in quantity.unknown:
        known &= raw != code
    return np.where(known, raw * (quantity.step * quantity.si), np.nan)
