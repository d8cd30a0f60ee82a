"""Sensor data shared (感知共享): which tracks somebody is told of, and SSM's words for them (T/CSAE 157-2020).

Told is who the road sees in the region asked about and who does not tell of itself: whoever sends BSM is heard directly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.cooperation.wording import CLOUD, heading, offset, position, speed
from jinyun.shapes import SEEN_BY_ITSELF, SEEN_BY_ROAD, Kind
from jinyun.zone import Projection

if TYPE_CHECKING:
    from jinyun.cloud.apps.scene import Scene

KINDS = {Kind.UNKNOWN: "unknown", Kind.MOTOR: "motor", Kind.NON_MOTOR: "non-motor", Kind.PEDESTRIAN: "pedestrian"}
_RADIUS_M = (500.0, 200.0, 100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
_RADIUS_NAMES = ("a500m", "a200m", "a100m", "a50m", "a20m", "a10m", "a5m", "a2m", "a1m", "a50cm", "a20cm", "a10cm", "a5cm",
                 "a2cm", "a1cm")  # fmt: skip
_SPEED = ((100.0, "prec100ms"), (10.0, "prec10ms"), (5.0, "prec5ms"), (1.0, "prec1ms"), (0.1, "prec0-1ms"),
          (0.05, "prec0-05ms"), (0.01, "prec0-01ms"))  # fmt: skip
_HEADING = ((10.0, "prec10deg"), (5.0, "prec05deg"), (1.0, "prec01deg"), (0.1, "prec0-1deg"), (0.05, "prec0-05deg"),
            (0.0125, "prec0-0125deg"))  # fmt: skip
RADIUS_UNIT_M = 0.1
"""ReferencePath.pathRadius."""
MOST_POINTS = 32 * 8


def region(info: Mapping[str, Any], projection: Projection) -> list[tuple[NDArray[np.float64], float]]:
    """Return the paths (n, 2) and radii (m) that a sensorSharing request asks about, unplaced ones left out."""
    long, lat = info["refPos"]["long"], info["refPos"]["lat"]
    found = []
    for path in info.get("detectArea", ())[:8]:
        at = []
        for point in path["activePath"][:MOST_POINTS]:
            form, of = point["offsetLL"]
            base = (0, 0) if form == "position-LatLon" else (long, lat)
            at.append((base[0] + of["lon"], base[1] + of["lat"]))
        placed = [p for p in at if abs(p[0]) <= 1_800_000_000 and abs(p[1]) <= 900_000_000]
        if placed:
            x, y = projection([p[0] * 1e-7 for p in placed], [p[1] * 1e-7 for p in placed])
            found.append((np.column_stack([x, y]), path["pathRadius"] * RADIUS_UNIT_M))
    return found


def within(paths: list[tuple[NDArray[np.float64], float]], x_m: NDArray[np.float64], y_m: NDArray[np.float64]
           ) -> NDArray[np.bool_]:  # fmt: skip
    """Return which places lie within the radius of any of the paths."""
    inside = np.zeros(len(x_m), np.bool_)
    for line, radius in paths:
        begins = line[:-1] if len(line) > 1 else line
        leg = np.diff(line, axis=0) if len(line) > 1 else np.zeros((1, 2))
        for (x, y), (dx, dy) in zip(begins, leg, strict=True):
            share = np.clip(((x_m - x) * dx + (y_m - y) * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
            with np.errstate(invalid="ignore"):
                inside |= np.hypot(x_m - x - share * dx, y_m - y - share * dy) <= radius
    return inside


def told(scene: Scene, row: int, paths: list[tuple[NDArray[np.float64], float]], most: int) -> NDArray[np.int64]:
    """Return the rows of those that one is told of, the nearest first."""
    tracks = scene.tracks
    seen = (tracks["seen_by"] & SEEN_BY_ROAD > 0) & (tracks["seen_by"] & SEEN_BY_ITSELF == 0)
    seen &= within(paths, tracks["x_m"], tracks["y_m"])
    seen[row] = False
    rows = np.flatnonzero(seen)
    away = np.hypot(tracks["x_m"][rows] - tracks["x_m"][row], tracks["y_m"][rows] - tracks["y_m"][row])
    return rows[np.lexsort((tracks["id"][rows], away))][:most]


def place_class(sd_m: float) -> str:
    """Return PositionConfidence of one standard deviation per axis: the least radius that holds 95 % (two of them)."""
    if not np.isfinite(sd_m) or 2 * sd_m > _RADIUS_M[0]:
        return "unavailable"
    return _RADIUS_NAMES[sum(radius >= 2 * sd_m for radius in _RADIUS_M) - 1]


def _class(sd: float, table: tuple[tuple[float, str], ...]) -> str:
    fits = [name for most, name in table if 2 * sd <= most] if np.isfinite(sd) else []
    return fits[-1] if fits else "unavailable"


def message(rows: NDArray[np.void], x_m: float, y_m: float, projection: Projection, t_us: int) -> dict[str, Any]:
    """Return the value of an SSM (but for ``msgCnt``) that tells of TRACK rows, from a place."""
    reference = position(projection, x_m, y_m)
    return {
        "id": CLOUD, "equipmentType": "rsu", "secMark": t_us // 1000 % 60_000, "sensorPos": reference,
        "participants": [_participant(row, reference, projection, t_us) for row in rows],
    }  # fmt: skip


def _participant(row: np.void, reference: Mapping[str, int], projection: Projection, t_us: int) -> dict[str, Any]:
    number = int(row["id"]) % 65_535 + 1
    motion = {"speedCfd": _class(float(row["speed_sd_mps"]), _SPEED)}
    motion["headingCfd"] = _class(float(np.degrees(row["heading_sd_rad"])), _HEADING)
    body: dict[str, Any] = {
        "ptcType": KINDS.get(Kind(int(row["kind"])), "unknown"), "ptcId": number, "source": "integrated",
        "secMark": t_us // 1000 % 60_000,
        "pos": offset(position(projection, float(row["x_m"]), float(row["y_m"])), reference),
        "posConfidence": {"pos": place_class(float(row["position_sd_m"]))},
        "speed": speed(float(row["speed_mps"])), "heading": heading(float(row["heading_rad"])), "motionCfd": motion,
        "size": {"width": _cm(row["width_m"], 1023), "length": _cm(row["length_m"], 4095)},
    }  # fmt: skip
    if row["classification"]:
        body["vehicleClass"] = {"classification": int(row["classification"])}
    existence = float(row["existence"])
    return {"ptc": body, "tracking": number} | (
        {"typeConfidence": int(np.clip(round(existence * 200), 0, 200))} if np.isfinite(existence) else {}
    )


def _cm(metres: float, most: int) -> int:
    return int(np.clip(round(float(metres) * 100), 0, most)) if np.isfinite(metres) else 0
