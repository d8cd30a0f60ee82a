"""Scenes for the tests of applications: a drawn road and who is on it, through the real matching and prediction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from jinyun.cloud.apps.scene import UNIT, Scene
from jinyun.cloud.lanes import Lanes
from jinyun.cloud.prediction import predict, roadway
from jinyun.hdmap import Map
from jinyun.shapes import REPORT, SEEN_BY_ITSELF, SEEN_BY_ROAD, SIGNAL, TRACK, Kind
from tests.hdmap.drawn import lanes_of

T_US = 1_790_000_000_000_000
BODIES = {
    "car": (Kind.MOTOR, 10, 4.6, 1.8, 1.5), "truck": (Kind.MOTOR, 28, 11.8, 2.5, 3.8), "bus": (Kind.MOTOR, 54, 12.0, 2.55, 3.2),
    "ambulance": (Kind.MOTOR, 65, 5.8, 2.1, 2.6), "bicycle": (Kind.NON_MOTOR, 85, 1.8, 0.7, 1.7),
    "walker": (Kind.PEDESTRIAN, 82, 0.5, 0.5, 1.7),
}  # fmt: skip


@dataclass(frozen=True)
class Mover:
    """Somebody in a scene; its id is its place in the list, from 1 on."""

    x_m: float
    y_m: float
    heading_deg: float
    speed_mps: float
    body: str = "car"
    accel_mps2: float = 0.0
    connected: bool = True
    report: dict[str, int] = field(default_factory=dict)


def scene(map: Map, movers: Iterable[Mover], signals: Iterable[dict[str, int]] = (), **more: Any) -> Scene:
    """Return the scene of ``movers`` on a map; ``signals`` are rows of SIGNAL as mappings."""
    who = list(movers)
    tracks, reports = np.zeros(len(who), TRACK), np.zeros(len(who), REPORT)
    for i, one in enumerate(who):
        row = tracks[i]
        row["id"] = i + 1
        row["kind"], row["classification"], row["length_m"], row["width_m"], row["height_m"] = BODIES[one.body]
        row["x_m"], row["y_m"], row["speed_mps"] = one.x_m, one.y_m, one.speed_mps
        row["heading_rad"], row["accel_mps2"] = np.radians(one.heading_deg), one.accel_mps2
        row["seen_by"] = SEEN_BY_ROAD | (SEEN_BY_ITSELF if one.connected else 0)
        row["vehicle_id"] = 1000 + i if one.connected else 0
        row["position_sd_m"], row["speed_sd_mps"], row["heading_sd_rad"], row["existence"] = 0.2, 0.15, 0.02, 0.99
        row["last_us"] = T_US
        for name, value in one.report.items():
            reports[i][name] = value
        reports[i]["vehicle_id"] = row["vehicle_id"] if one.report else 0
    lit = np.zeros(len(list(signals)), SIGNAL)
    for i, one_signal in enumerate(signals):
        lit[i]["event_us"] = T_US
        for name, value in one_signal.items():
            lit[i][name] = value
    road = roadway(map)
    lanes = Lanes(map)
    located = lanes.step(tracks)
    paths = predict(tracks, lit, road, T_US, history=lanes.history)
    units = more.pop("units", np.empty(0, UNIT))
    return Scene(T_US, tracks, located, paths, lit, reports, map, road, units, **more)


@cache
def straight(lanes: int = 2, length_m: float = 600.0, speed_mps: float = 16.0) -> Map:
    """Return a road to the north of so many lanes, lane 0 the rightmost with its middle at x = 0, to the left at -3.5."""
    lines = [[(-3.5 * k, 0.0), (-3.5 * k, length_m)] for k in range(lanes)]
    return lanes_of(lines, edge=[0] * lanes, index=list(range(lanes)), speed_mps=speed_mps)


@cache
def both_ways(length_m: float = 800.0) -> Map:
    """Return a road of one lane each way: to the north at x = 0, to the south at x = -3.5."""
    lines = [[(0.0, 0.0), (0.0, length_m)], [(-3.5, length_m), (-3.5, 0.0)]]
    return lanes_of(lines, edge=[0, 1], speed_mps=22.0)
