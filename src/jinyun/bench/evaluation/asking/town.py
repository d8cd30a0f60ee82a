"""The town of the cases (测例场景): the zone's map, whom a case puts on it, and one step of the cooperation."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.bench.evaluation.asking.verdict import Verdict
from jinyun.cloud.apps import CATALOGUE, Scene, parameters
from jinyun.cloud.apps.scene import UNIT
from jinyun.cloud.cooperation import conducting
from jinyun.cloud.cooperation.hearing import Heard
from jinyun.cloud.cooperation.state import Outgoing, State
from jinyun.cloud.lanes import Lanes
from jinyun.cloud.prediction import predict, roadway
from jinyun.cloud.roadevents import NOTHING, Posted, RoadEvents
from jinyun.hdmap import LaneKind, Map
from jinyun.shapes import REPORT, SEEN_BY_ITSELF, SEEN_BY_ROAD, SIGNAL, TRACK, Kind
from jinyun.zone import Zone

T0_US = 1_795_000_000_000_000
LONG_M = 180.0
CAR, BUS, AMBULANCE = 10, 54, 65
SIZES = {Kind.MOTOR: (4.6, 1.8), Kind.NON_MOTOR: (1.8, 0.7), Kind.PEDESTRIAN: (0.5, 0.5)}
SIREN = 2


@dataclass
class Town:
    """A map and the present case: who is where, and what the cooperation remembers."""

    zone: Zone
    map: Map
    state: State = field(default_factory=State)
    now_s: float = 0.0
    rows: list[dict[str, Any]] = field(default_factory=list)
    posted: Posted = NOTHING

    def __post_init__(self) -> None:
        self.road, self._lanes, self._first = roadway(self.map), Lanes(self.map), 1
        self.events = RoadEvents(self.road, self.zone.project)
        self.parameters = {about.id: parameters(self.zone.profile, about.id) for about in CATALOGUE}
        kind, length = self.map.lanes["kind"], self.map.lanes["length_m"]
        self.long = np.flatnonzero((kind == LaneKind.CAR) & (length >= LONG_M))
        self.units = np.zeros(len(self.zone.rsus), UNIT)
        self.units["x_m"], self.units["y_m"] = (
            [getattr(rsu, name) for rsu in self.zone.rsus] for name in ("x_m", "y_m")
        )

    def clear(self) -> None:
        """Begin another case."""
        self._first += len(self.rows)
        self.state, self.rows, self.now_s, self.posted = State(), [], 0.0, NOTHING

    def line(self, lane: int) -> NDArray[np.float64]:
        """Return the middle line of a lane as rows of station, x and y."""
        first, count = int(self.map.lanes["first"][lane]), int(self.map.lanes["count"][lane])
        return np.column_stack([self.map.points[name][first : first + count] for name in ("s_m", "x_m", "y_m")])

    def on(self, lane: int, s_m: float, speed_mps: float, **more: Any) -> int:
        """Put a vehicle on a lane and return its place among those of the case."""
        s, x, y = self.line(lane).T
        k = int(np.clip(np.searchsorted(s, s_m) - 1, 0, len(s) - 2))
        heading = float(np.arctan2(x[k + 1] - x[k], y[k + 1] - y[k]))
        return self.at(float(np.interp(s_m, s, x)), float(np.interp(s_m, s, y)), heading, speed_mps, **more)

    def at(
        self, x_m: float, y_m: float, heading_rad: float, speed_mps: float, kind: Kind = Kind.MOTOR, unit: bool = True,
        classification: int = CAR, siren: bool = False, length_m: float = 0.0,
    ) -> int:  # fmt: skip
        """Put somebody at a place and return its place among those of the case."""
        self.rows.append({
            "x_m": x_m, "y_m": y_m, "heading_rad": heading_rad, "speed_mps": speed_mps, "kind": kind, "unit": unit,
            "classification": classification, "siren": siren, "length_m": length_m or SIZES[kind][0],
        })  # fmt: skip
        return len(self.rows) - 1

    def vehicle(self, who: int) -> int:
        """Return the id that somebody of the case tells in its messages."""
        return 10_000 + self._first + who

    def octets(self, who: int) -> bytes:
        """Return that id as eight octets."""
        return self.vehicle(who).to_bytes(8, "big")

    def place(self, x_m: float, y_m: float) -> dict[str, int]:
        """Return a place in the units of messages."""
        lon, lat = self.zone.project.inverse([x_m], [y_m])
        return {"long": round(float(lon[0]) * 1e7), "lat": round(float(lat[0]) * 1e7)}

    def vir(self, who: int, *reqs: dict[str, Any], bits: int = 0) -> Heard:
        """Return a VIR of somebody: requests, and its intention as sixteen bits."""
        asked: dict[str, Any] = {"reqs": list(reqs)} if reqs else {}
        if bits:
            asked["currentBehavior"] = bits.to_bytes(2, "big"), 14
        row = self.rows[who]
        value = {"id": self.octets(who), "refPos": self.place(row["x_m"], row["y_m"]), "intAndReq": asked}
        return Heard("vir", 1, self.now_us, value)

    @property
    def now_us(self) -> int:
        return T0_US + round(self.now_s * 1e6)

    def step(self, *heard: Heard, verdict: Verdict | None = None) -> list[Outgoing]:
        """Take what was heard, let the cooperation go one step and return what it says."""
        n = len(self.rows)
        tracks, reports = np.zeros(n, TRACK), np.zeros(n, REPORT)
        for name in ("x_m", "y_m", "heading_rad", "speed_mps", "kind", "classification", "length_m"):
            tracks[name] = [row[name] for row in self.rows]
        tracks["id"] = self._first + np.arange(n)
        tracks["width_m"], tracks["height_m"] = [SIZES[row["kind"]][1] for row in self.rows], 1.6
        unit = np.array([row["unit"] for row in self.rows], np.bool_)
        tracks["seen_by"] = SEEN_BY_ROAD | np.where(unit, SEEN_BY_ITSELF, 0)
        tracks["vehicle_id"] = reports["vehicle_id"] = np.where(unit, [self.vehicle(k) for k in range(n)], 0)
        tracks["position_sd_m"], tracks["speed_sd_mps"], tracks["heading_sd_rad"] = 0.2, 0.2, 0.02
        tracks["existence"], tracks["last_us"], tracks["sources"] = 0.99, self.now_us, 2
        reports["siren"] = [SIREN if row["siren"] else 0 for row in self.rows]
        reports["response"] = [1 if row["siren"] else 0 for row in self.rows]
        began = time.perf_counter()
        located, dark = self._lanes.step(tracks), np.empty(0, SIGNAL)
        paths = predict(tracks, dark, self.road, self.now_us, history=self._lanes.history)
        scene = Scene(
            self.now_us, tracks, located, paths, dark, reports, self.map, self.road, self.units, posted=self.posted
        )
        self.state, out = conducting.step(self.state, scene, heard, lambda vehicle: -1, self.parameters)
        if verdict is not None:
            verdict.took(began)
        return out

    def told(self, out: list[Outgoing], application: str, who: int) -> list[tuple[str, ...]]:
        """Return the behaviours that somebody is told in RSC."""
        return [
            one.content.behaviour for one in out
            if one.application == application and one.message == "rsc" and one.vehicle == self.vehicle(who)
        ]  # fmt: skip


def request(kind: str, info: dict[str, Any], number: int = 1, life_s: float = 10.0) -> dict[str, Any]:
    """Return one request of a VIR."""
    return {"reqID": number, "status": "request", "info": (kind, info), "lifeTime": round(life_s * 100)}
