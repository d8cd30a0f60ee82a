"""Green-wave speed advice followed (绿波车速引导): stops and energy of a simulated street with it, beside the same without.

Streets of one seed run one after the other. But in the first, every car that advice reaches drives the advised speed, as far
as its driver's own safety lets it; SUMO does the rest. The advice is the application's own, once a second, with lights
whose told ends are off by a normal error of ``spat_sd_s`` (0 and 1 s). A stop is a speed below 0.5 m/s after one of 3 m/s.
Energy is what the wheels take without recuperation: rolling, air and speeding up of a car of 1,700 kg (Wong, Theory of ground
vehicles); no engine is assumed. Cars alone count, per kilometre that they drove. Simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun import hdmap, zone
from jinyun.bench.machine import describe
from jinyun.cloud.apps import CATALOGUE, Scene, parameters
from jinyun.cloud.apps.scene import UNIT
from jinyun.cloud.lanes import Lanes
from jinyun.cloud.prediction import predict, roadway
from jinyun.hdmap import Map
from jinyun.shapes import REPORT, SEEN_BY_ITSELF, SIGNAL, TRACK, Kind
from jinyun.world.signals import Signals
from jinyun.world.street import STEP_S, Snapshot, Street
from jinyun.zone import Zone

Floats = NDArray[np.float64]
SECONDS, SEED = 180.0, 3
T0_US = 1_795_000_000_000_000
EVERY = 10
"""Steps between two looks at who is advised."""
STOPPED_MPS, DROVE_MPS = 0.5, 3.0
MASS_KG, ROLLING, DRAG_M2, AIR_KGM3, GRAVITY = 1700.0, 0.01, 0.65, 1.2, 9.81
KWH = 3.6e6
_COLUMNS = (
    "x_m",
    "y_m",
    "speed_mps",
    "heading_rad",
    "length_m",
    "width_m",
    "height_m",
    "accel_mps2",
    "kind",
    "classification",
)


@dataclass(slots=True)
class Driven:
    """What the cars of a street did: metres, stops, joules at the wheels, seconds, and how often advice was followed."""

    metres: float = 0.0
    stops: int = 0
    joules: float = 0.0
    seconds: float = 0.0
    advised: int = 0


def measure(seconds: float = SECONDS, seed: int = SEED) -> dict[str, Any]:
    """Run the street without advice and with it, exact and with an error of the lights' ends."""
    here = zone.load(zone.find())
    map = hdmap.open(here)
    without = _drive(here, map, seconds, seed, None)
    figures: dict[str, float] = {"seconds": seconds, **_told("without", without)}
    for name, sd_s in (("with", 0.0), ("with_spat_error_1s", 1.0)):
        found = _drive(here, map, seconds, seed, sd_s)
        figures |= _told(name, found)
        figures[f"{name}_stops_saved"] = round(1 - _per_km(found, found.stops) / _per_km(without, without.stops), 4)
        figures[f"{name}_energy_saved"] = round(1 - _per_km(found, found.joules) / _per_km(without, without.joules), 4)
    return {"bench": "glosa", "machine": describe(), "simulated": True, "figures": figures, "peers": {}}


def _per_km(driven: Driven, what: float) -> float:
    return what / max(driven.metres / 1000, 1e-9)


def _told(name: str, driven: Driven) -> dict[str, float]:
    return {
        f"{name}_stops_per_km": round(_per_km(driven, driven.stops), 4),
        f"{name}_kwh_per_100_km": round(_per_km(driven, driven.joules) * 100 / KWH, 3),
        f"{name}_mean_kmh": round(driven.metres / max(driven.seconds, 1e-9) * 3.6, 2),
        f"{name}_advised": driven.advised,
    }


def _drive(here: Zone, map: Map, seconds: float, seed: int, sd_s: float | None) -> Driven:
    """Run one street; with ``sd_s`` the advice is followed, and the told ends of the lights are off by so much."""
    street, found = Street(here, map, seed), Driven()
    guide = _Guide(here, map, seed, sd_s) if sd_s is not None else None
    before: dict[int, tuple[float, bool]] = {}
    try:
        for step in range(round(seconds / STEP_S)):
            now = street.step()
            cars = np.flatnonzero((now.kind == Kind.MOTOR) & np.isin(now.classification, (10, 20)))
            speeds = dict(zip(now.number[cars].tolist(), now.speed_mps[cars].tolist(), strict=True))
            before = _note(found, speeds, before)
            if guide is not None and step % EVERY == 0:
                found.advised += guide.follow(street, now)
    finally:
        street.close()
    return found


def _note(
    found: Driven, speeds: dict[int, float], before: dict[int, tuple[float, bool]]
) -> dict[int, tuple[float, bool]]:
    """Add one step of all cars; return their speeds and whether each has driven since its last stop."""
    after = {}
    for number, v in speeds.items():
        was, drove = before.get(number, (v, False))
        mean = (v + was) / 2
        found.metres += mean * STEP_S
        found.seconds += STEP_S
        force = MASS_KG * (v - was) / STEP_S + MASS_KG * GRAVITY * ROLLING + DRAG_M2 * AIR_KGM3 / 2 * mean**2
        found.joules += max(force, 0.0) * mean * STEP_S
        stops = drove and v < STOPPED_MPS
        found.stops += stops
        after[number] = v, (drove or v > DROVE_MPS) and not stops
    return after


class _Guide:
    """The application at work on the street's truth, and cars that follow it."""

    def __init__(self, here: Zone, map: Map, seed: int, sd_s: float) -> None:
        self.map, self.road, self.lanes, self.sd_s = map, roadway(map), Lanes(map), sd_s
        self.about = next(about for about in CATALOGUE if about.id == "GLOSA")
        self.given = parameters(here.profile, "GLOSA")
        rows = [row for row in range(len(map.junctions["id"])) if map.junctions["steps"][row] > 0]
        self.programs, self.names = Signals(map, rows), [str(map.junctions["id"][row]) for row in rows]
        self.node = map.junctions["node"][rows]
        self.rng = np.random.default_rng([seed, 5])
        self.held: set[str] = set()

    def follow(self, street: Street, now: Snapshot) -> int:
        """Let those who are advised drive so, give back those who no longer are, and return how many are."""
        scene = self._scene(street, now)
        said = self.about.advise(scene, self.given)
        vehicle, here = street.api.vehicle, set(street.api.vehicle.getIDList())
        advised = {f"v{int(one['receiver'])}": float(one["value"]) / 3.6 for one in said}
        for id in self.held & here - set(advised):
            vehicle.setSpeed(id, -1)
        for id, speed in advised.items():
            if id in here:
                vehicle.setSpeed(id, speed)
        self.held = set(advised) & here
        return len(self.held)

    def _scene(self, street: Street, now: Snapshot) -> Scene:
        t_us = T0_US + round(now.time_s * 1e6)
        tracks = np.zeros(len(now.number), TRACK)
        for name in _COLUMNS:
            tracks[name] = getattr(now, name)
        tracks["id"], tracks["last_us"], tracks["existence"], tracks["sources"] = now.number, t_us, 1.0, 1
        tracks["position_sd_m"], tracks["speed_sd_mps"], tracks["heading_sd_rad"] = 0.3, 0.2, 0.02
        tracks["seen_by"], tracks["vehicle_id"] = SEEN_BY_ITSELF, now.number
        told = self.programs.told(*street.signal_steps(self.names))
        lights = np.zeros(len(told.phase), SIGNAL)
        lights["region"] = int(self.map.about["region"][0])
        lights["node"], lights["phase"], lights["light"] = self.node[told.junction], told.phase, told.light
        known = np.isfinite(told.ends_s)
        ends = np.where(known, told.ends_s, 0.0) + self.rng.normal(0.0, self.sd_s, len(known))
        lights["event_us"] = t_us
        lights["likely_end_us"] = np.where(known, t_us + (np.maximum(ends, 0.1) * 1e6).astype(np.int64), 0)
        located = self.lanes.step(tracks)
        paths = predict(tracks, lights, self.road, t_us, history=self.lanes.history)
        return Scene(
            t_us, tracks, located, paths, lights, np.zeros(len(tracks), REPORT), self.map, self.road, np.empty(0, UNIT)
        )  # fmt: skip
