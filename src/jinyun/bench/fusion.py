"""Fusion: one frame of the twin, from the sightings of two devices to tracks, for two hundred to twenty thousand participants.

The scene is synthetic: participants at two thousand a square kilometre, cars, cyclists and pedestrians each at a speed and
on an arc of their own, seen ten times a second by two devices that number them differently, scatter, miss and invent.
Measured is ``twin.step`` in CPU time of one thread, after the frames in which everybody is new.
"""

from __future__ import annotations

import gc
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.bench.machine import describe
from jinyun.cloud import twin
from jinyun.shapes import SEEN_BY_ROAD, SIGHTING, SIGNAL, Kind

SIZES = (200, 1000, 5000, 20_000)
PER_KM2 = 2000
FRAMES, FIRST_FRAMES = 30, 6
T0_US = 1_795_000_000_000_000
PLACE_SD_M, SPEED_SD_MPS, HEADING_SD_RAD = 0.3, 0.3, 0.05
MISSED, INVENTED = 0.03, 0.01
DELAYS_US = (60_000, 110_000)
"""From measurement to frame, of each device."""
_KINDS = np.array([Kind.MOTOR, Kind.NON_MOTOR, Kind.PEDESTRIAN], np.uint8)
_SPEED_MPS = np.array([12.0, 4.5, 1.3])
_SIZE_M = np.array([[4.6, 1.8, 1.5], [1.8, 0.7, 1.6], [0.5, 0.55, 1.7]])


class Scene:
    """Participants who move, and two devices that see them."""

    def __init__(self, count: int, seed: int = 1) -> None:
        rng = self.rng = np.random.default_rng(seed)
        side_m = 1000 * np.sqrt(count / PER_KM2)
        self.side_m = side_m
        self.x, self.y = rng.random(count) * side_m, rng.random(count) * side_m
        self.heading = rng.random(count) * 2 * np.pi
        which = rng.choice(3, count, p=[0.6, 0.15, 0.25])
        self.kind, self.size = _KINDS[which], _SIZE_M[which]
        self.speed = _SPEED_MPS[which] * (0.5 + rng.random(count))
        self.yaw = rng.normal(0, 0.03, count)

    def step(self, dt_s: float) -> None:
        """Move everybody on."""
        self.heading += self.yaw * dt_s
        self.x += self.speed * dt_s * np.sin(self.heading)
        self.y += self.speed * dt_s * np.cos(self.heading)

    def sightings(self, now_us: int) -> NDArray[np.void]:
        """Return what both devices report in the frame of ``now_us``."""
        return np.concatenate([self._seen_by(device, now_us) for device in range(len(DELAYS_US))])

    def _seen_by(self, device: int, now_us: int) -> NDArray[np.void]:
        rng, count = self.rng, len(self.x)
        who = np.flatnonzero(rng.random(count) >= MISSED)
        ghosts = rng.poisson(INVENTED * count)
        n = len(who)
        rows = np.zeros(n + ghosts, SIGHTING)
        rows["source"], rows["by"] = device, SEEN_BY_ROAD
        rows["event_us"], rows["receive_us"] = now_us - DELAYS_US[device], now_us - 10_000
        rows["position_sd_m"] = PLACE_SD_M
        back_s = DELAYS_US[device] / 1e6
        seen = rows[:n]
        seen["participant"] = (who * 7 + 3 * device) % 65_536 + device
        seen["kind"] = self.kind[who]
        heading = self.heading[who] - self.yaw[who] * back_s / 2
        seen["x_m"] = self.x[who] - self.speed[who] * back_s * np.sin(heading) + rng.normal(0, PLACE_SD_M, n)
        seen["y_m"] = self.y[who] - self.speed[who] * back_s * np.cos(heading) + rng.normal(0, PLACE_SD_M, n)
        seen["speed_mps"] = np.maximum(self.speed[who] + rng.normal(0, SPEED_SD_MPS, n), 0)
        seen["heading_rad"] = self.heading[who] + rng.normal(0, HEADING_SD_RAD, n)
        for column, name in enumerate(("length_m", "width_m", "height_m")):
            seen[name] = self.size[who, column]
        false = rows[n:]
        false["participant"] = 70_000 + rng.integers(0, 1 << 30, ghosts)
        false["kind"] = rng.choice(_KINDS, ghosts)
        false["x_m"], false["y_m"] = rng.random((2, ghosts)) * self.side_m
        false["speed_mps"], false["heading_rad"] = rng.random(ghosts), rng.random(ghosts) * 2 * np.pi
        for name in ("length_m", "width_m", "height_m"):
            false[name] = 1.5
        return rows


def frame_ms(count: int, frames: int = FRAMES) -> tuple[float, int]:
    """Return (median CPU time of a frame in ms, tracks in the last frame) for ``count`` participants."""
    scene, state, signals = Scene(count), twin.State(), np.empty(0, SIGNAL)
    took: list[float] = []
    shown = 0
    for n in range(FIRST_FRAMES + frames):
        now_us = T0_US + n * twin.TICK_US
        scene.step(twin.TICK_US / 1e6)
        seen = scene.sightings(now_us)
        begin = time.thread_time()
        frame = twin.step(state, seen, signals, now_us)
        took.append((time.thread_time() - begin) * 1000)
        shown = len(frame.tracks)
    return float(np.median(took[FIRST_FRAMES:])), shown


def measure(sizes: tuple[int, ...] = SIZES, frames: int = FRAMES) -> dict[str, Any]:
    """Measure each size and how the cost grows: ``ms_{participants}`` and ``exponent`` (of the cost over the number).

    ``tracks_{participants}`` says how many tracks the last frame shows. Peers are quoted, not measured.
    """
    frame_ms(50, 3)  # compiles the kernels
    figures: dict[str, float] = {}
    gc.freeze()
    try:
        for size in sizes:
            figures[f"ms_{size}"], figures[f"tracks_{size}"] = frame_ms(size, frames)
    finally:
        gc.unfreeze()
    costs = np.log([figures[f"ms_{size}"] for size in sizes])
    figures["exponent"] = float(np.polyfit(np.log(sizes), costs, 1)[0]) if len(sizes) > 1 else float("nan")
    peers = {
        "nearest open cloud-control platform": {
            "ms_1000": 672.0,
            "ms_5000": 9300.0,
            "source": "measured elsewhere; CPU, fusion alone; not measured here",
        }
    }
    return {"bench": "fusion", "machine": describe(), "figures": figures, "peers": peers}
