"""Applications: what all of them cost a frame, at one thousand, five thousand and twenty thousand participants.

Participants are scattered over science-city (simulated), cars and buses on lanes with the lane's heading and up to its limit,
cyclists on theirs, people beside the road; every light burns by chance. ``ms_{n}`` is :meth:`Applications.ask` with what
several of them share (who is ahead, whose ways meet) and :meth:`Book.turn`; ``prediction_ms_{n}`` and ``lanes_ms_{n}`` are
what the frame needs besides. One core, the time of this thread, medians over the frames. ``{app}_ms_5000`` is one
application's own part, which holds what it is the first to ask of the scene.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun import hdmap, zone
from jinyun.bench.machine import describe
from jinyun.bench.map import scattered
from jinyun.cloud.apps import CATALOGUE, Applications, Scene
from jinyun.cloud.apps.scene import UNIT
from jinyun.cloud.lanes import Lanes
from jinyun.cloud.prediction import predict, roadway
from jinyun.hdmap import Map
from jinyun.shapes import REPORT, SEEN_BY_ITSELF, SEEN_BY_ROAD, SIGNAL, TRACK, Kind, Light

SIZES = (1000, 5000, 20_000)
FRAMES = 15
T0_US = 1_795_000_000_000_000
CYCLISTS, WALKERS, CONNECTED, LIT = 0.1, 0.2, 0.3, 0.05
BESIDE_M = 9.0
"""How far from the lanes' middle lines people walk."""
LIGHTS = (Light.RED, Light.RED, Light.PROTECTED_GREEN, Light.PERMISSIVE_GREEN, Light.YELLOW)
_SIZE_M = {Kind.MOTOR: (4.6, 1.8, 1.5), Kind.NON_MOTOR: (1.8, 0.7, 1.7), Kind.PEDESTRIAN: (0.5, 0.5, 1.7)}


class Crowd:
    """Participants of a map who move straight on, so that frames differ as frames do."""

    def __init__(self, map: Map, count: int, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        x, y, heading = scattered(map, count, rng)
        kind = rng.choice(
            [Kind.MOTOR, Kind.NON_MOTOR, Kind.PEDESTRIAN], count, p=[1 - CYCLISTS - WALKERS, CYCLISTS, WALKERS]
        )
        walks = kind == Kind.PEDESTRIAN
        aside = np.where(walks, rng.choice([-BESIDE_M, BESIDE_M], count), 0.0)
        rows = self.tracks = np.zeros(count, TRACK)
        rows["id"] = np.arange(1, count + 1)
        rows["kind"] = kind
        rows["x_m"], rows["y_m"] = x + aside * np.cos(heading), y - aside * np.sin(heading)
        rows["heading_rad"] = heading
        fast = np.where(walks, 1.4, np.where(kind == Kind.NON_MOTOR, 4.5, 14.0))
        rows["speed_mps"] = fast * np.where(rng.random(count) < 0.3, 0.0, rng.random(count))
        rows["accel_mps2"] = rng.normal(0, 0.7, count)
        for of, sizes in _SIZE_M.items():
            for name, value in zip(("length_m", "width_m", "height_m"), sizes, strict=True):
                rows[name][kind == of] = value
        rows["position_sd_m"], rows["speed_sd_mps"], rows["heading_sd_rad"] = 0.3, 0.3, 0.03
        rows["existence"] = 0.99
        says = (kind == Kind.MOTOR) & (rng.random(count) < CONNECTED)
        rows["vehicle_id"] = np.where(says, rows["id"], 0)
        rows["seen_by"] = np.where(says, SEEN_BY_ROAD | SEEN_BY_ITSELF, SEEN_BY_ROAD)
        self.reports = np.zeros(count, REPORT)
        told = says & (rng.random(count) < LIT)
        self.reports["vehicle_id"] = np.where(told, rows["vehicle_id"], 0)
        self.reports["lights"] = np.where(told, rng.choice([1 << 6, 1 << 5, 1 << 4], count), 0)

    def step(self, dt_s: float) -> None:
        """Move everybody on."""
        rows = self.tracks
        rows["x_m"] += rows["speed_mps"] * dt_s * np.sin(rows["heading_rad"])
        rows["y_m"] += rows["speed_mps"] * dt_s * np.cos(rows["heading_rad"])


def lights(map: Map, now_us: int, seed: int = 1) -> NDArray[np.void]:
    """Return a light for every signal group of a map, by chance."""
    rng = np.random.default_rng(seed)
    rows = np.zeros(len(map.groups["phase"]), SIGNAL)
    rows["region"] = int(map.about["region"][0])
    rows["node"], rows["phase"] = map.junctions["node"][map.groups["junction"]], map.groups["phase"]
    rows["light"] = rng.choice(LIGHTS, len(rows))
    rows["event_us"], rows["likely_end_us"] = now_us, now_us + (rng.random(len(rows)) * 30e6).astype(np.int64)
    return rows


def frames_ms(map: Map, profile: zone.Profile, count: int, frames: int = FRAMES) -> dict[str, float]:
    """Return the median costs of a frame with ``count`` participants, in ms of one thread: what the module says."""
    crowd, lanes, road, asked = Crowd(map, count), Lanes(map), roadway(map), Applications(profile)
    took: dict[str, list[float]] = {"": [], "prediction_": [], "lanes_": []}
    each: list[NDArray[np.float64]] = []
    said = 0
    for n in range(frames + 2):
        now_us = T0_US + n * 100_000
        crowd.step(0.1)
        signals = lights(map, now_us)
        begin = time.thread_time()
        located = lanes.step(crowd.tracks)
        found = time.thread_time()
        paths = predict(crowd.tracks, signals, road, now_us, history=lanes.history)
        ahead = time.thread_time()
        scene = Scene(
            now_us, crowd.tracks, located, paths, signals, crowd.reports, map, road, np.empty(0, UNIT)
        )  # fmt: skip
        asked.cost_ms[:] = 0
        said = len(asked.step(scene).opened) + said
        took[""].append((time.thread_time() - ahead) * 1000)
        took["prediction_"].append((ahead - found) * 1000)
        took["lanes_"].append((found - begin) * 1000)
        each.append(asked.cost_ms / 0.02)
    figures = {f"{part}ms_{count}": float(np.median(values[2:])) for part, values in took.items()}
    figures[f"opened_{count}"] = said
    for about, cost in zip(CATALOGUE, np.median(each[2:], axis=0), strict=True):
        figures[f"{about.id.lower()}_ms_{count}"] = float(cost)
    return figures


def measure(sizes: tuple[int, ...] = SIZES, frames: int = FRAMES) -> dict[str, Any]:
    """Measure each size; peers are quoted, not measured."""
    here = zone.load(zone.find())
    map = hdmap.open(here)
    frames_ms(map, here.profile, 100, 1)  # compiles the kernels
    figures: dict[str, float] = {"applications": len(CATALOGUE)}
    for size in sizes:
        figures |= frames_ms(map, here.profile, size, frames)
    peers = {
        "nearest open cloud-control platform": {
            "collision_ms_1000": 1200.0, "collision_ms_5000": 28_600.0, "pipeline_ms_5000": 41_000.0,
            "source": "measured elsewhere; CPU, of 8 applications at most; not measured here",
        }
    }  # fmt: skip
    return {"bench": "apps", "machine": describe(), "figures": figures, "peers": peers}
