"""What is agreed in the standard's words (消息编写): RSC for suggestions; values that :mod:`jinyun.net.downlink` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jinyun.cloud.cooperation.agreements import Suggestion
from jinyun.hdmap.message import offset_ll
from jinyun.zone import Projection

CLOUD = b"CLOUD   "
"""Who speaks: eight octets of id."""
BEHAVIOURS = (
    "goStraightForward", "laneChangingToLeft", "laneChangingToRight", "rampIn", "rampOut",
    "intersectionStraightThrough", "intersectionTurnLeft", "intersectionTurnRight", "intersectionUTurn", "stop-and-go",
    "stop", "slow-down", "speed-up", "parking",
)  # fmt: skip
"""Bits of DriveBehavior in their order."""
INFOS = (
    "cooperativeLaneChanging", "cooperativeVehMerging", "laneChangingAtIntersection", "no-signalIntersectionPassing",
    "dynamicLaneManagement", "laneReservation", "laneRestriction", "signalPriority",
)  # fmt: skip
"""Bits of CoordinationInfo in their order."""
FASTEST, LONGEST = 8190, 65_535
MOST_COORDINATED = 16
"""Vehicles in one RSC."""


def id_of(vehicle: int) -> bytes:
    """Return the eight octets of a vehicle's id."""
    return vehicle.to_bytes(8, "big")


def bits(names: Sequence[str], of: Sequence[str]) -> tuple[bytes, int]:
    """Return a BIT STRING with these bits of ``of`` set; raises ``ValueError`` for a name that it has not."""
    number = 0
    octets = (len(of) + 7) // 8
    for name in names:
        number |= 1 << (8 * octets - 1 - of.index(name))
    return number.to_bytes(octets, "big"), len(of)


def position(project: Projection, x_m: float, y_m: float) -> dict[str, int]:
    """Return Position3D of a place of the zone."""
    lon, lat = project.inverse([x_m], [y_m])
    return {"lat": round(float(lat[0]) * 1e7), "long": round(float(lon[0]) * 1e7)}


def offset(place: Mapping[str, int], reference: Mapping[str, int]) -> dict[str, Any]:
    """Return PositionOffsetLLV of a place from a reference, in the smallest form that holds it."""
    east, north = place["long"] - reference["long"], place["lat"] - reference["lat"]
    try:
        return {"offsetLL": offset_ll(east, north)}
    except ValueError:  # too far for an offset: the place itself
        return {"offsetLL": ("position-LatLon", {"lon": place["long"], "lat": place["lat"]})}


def speed(mps: float) -> int:
    """Return Speed (0.02 m/s); 8191 where it is unknown."""
    return int(np.clip(np.rint(mps / 0.02), 0, FASTEST)) if np.isfinite(mps) else FASTEST + 1


def heading(rad: float) -> int:
    """Return Heading (0.0125 degrees); 28800 where it is unknown."""
    return round(np.degrees(rad) % 360 / 0.0125) % 28_800 if np.isfinite(rad) else 28_800


def hundredths(seconds: float) -> int:
    """Return TimeOffset (10 ms), at least one."""
    return int(np.clip(round(seconds * 100), 1, LONGEST))


def coordination(suggestions: Sequence[Suggestion], project: Projection, x_m: float, y_m: float, t_us: int
                 ) -> dict[str, Any]:  # fmt: skip
    """Return the value of an RSC (but for ``msgCnt``) that says each suggestion to its vehicle; sixteen at most."""
    reference = position(project, x_m, y_m)
    return {
        "id": CLOUD, "secMark": t_us // 1000 % 60_000, "refPos": reference,
        "coordinates": [_one(its, project, reference) for its in suggestions[:MOST_COORDINATED]],
    }  # fmt: skip


def _one(suggestion: Suggestion, project: Projection, reference: Mapping[str, int]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "vehId": id_of(suggestion.vehicle),
        "driveSuggestion": {
            "suggestion": bits(suggestion.behaviour, BEHAVIOURS), "lifeTime": hundredths(suggestion.life_s),
        },
    }  # fmt: skip
    if suggestion.guidance:
        said["pathGuidance"] = [
            {
                "pos": offset(position(project, point.x_m, point.y_m), reference), "speed": speed(point.speed_mps),
                "heading": heading(point.heading_rad), "estimatedTime": hundredths(point.after_s),
            }
            for point in suggestion.guidance
        ]  # fmt: skip
    if suggestion.info:
        said["info"] = bits((suggestion.info,), INFOS)
    return said
