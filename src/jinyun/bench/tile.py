"""Tile: one tile of the map is loaded as if it were one of thousands, and held against what the sizing model says of it.

The scene of :mod:`.fusion` reaches 200 m beyond a tile of 1 km on all sides, in a map of as many partitions as there can
be. The partition that owns the tile gets what it would be told: its own participants and those of its rim, and nobody
else's. It fuses, says what it believes and keeps a checkpoint as often as a worker does; without a broker. Measured is the
CPU time of one thread; ``of_predicted`` is that over the cores that :mod:`jinyun.cloud.engine.sizing` counts for the fusion
of as many participants.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from jinyun.bench.fusion import PER_KM2, T0_US, Scene
from jinyun.bench.machine import describe
from jinyun.cloud.engine import sizing
from jinyun.cloud.engine.partition import Partition
from jinyun.cloud.engine.tiles import MOST_PARTS, Tiling
from jinyun.cloud.engine.worker import KEEP_S
from jinyun.cloud.twin import TICK_US

TILING = Tiling(MOST_PARTS)
AROUND_M = 200.0
SETTLE_TICKS = 30
SECONDS = 6.0
KEPT_TICKS = round(KEEP_S * sizing.FRAME_HZ)


def measure(seconds: float = SECONDS) -> dict[str, Any]:
    """Return what one tile costs; ``seconds`` of the scene are counted, after three in which everybody is new."""
    side_km = (TILING.tile_m + 2 * AROUND_M) / 1000
    scene = Scene(round(PER_KM2 * side_km**2))
    here = int(TILING.owner(np.array([TILING.tile_m / 2]), np.array([TILING.tile_m / 2]))[0])
    partition, kept = Partition(here), 0.0
    sums = dict.fromkeys(("participants", "own", "told", "fusing_s", "keeping_s"), 0.0)
    ticks = max(10, round(seconds * 10))
    for n in range(SETTLE_TICKS + ticks):
        now_us = T0_US + n * TICK_US
        scene.step(TICK_US / 1e6)
        seen = scene.sightings(now_us)
        for axis in ("x_m", "y_m"):
            seen[axis] -= AROUND_M
        rows, bounds = TILING.split(seen["x_m"], seen["y_m"])
        told = seen[rows[bounds[here] : bounds[here + 1]]]
        began = time.process_time()
        partition.take(told, now_us)
        beliefs = partition.beliefs(TILING)
        fused = time.process_time()
        if n % KEPT_TICKS == 0:
            partition.checkpoint()
            kept = time.process_time() - fused
        if n < SETTLE_TICKS:
            continue
        sums["participants"] += np.count_nonzero(beliefs["owned"])
        sums["own"] += np.count_nonzero(TILING.owner(told["x_m"], told["y_m"]) == here)
        sums["told"] += len(told)
        sums["fusing_s"] += fused - began
        sums["keeping_s"] += kept / KEPT_TICKS
    mean = {name: value / ticks for name, value in sums.items()}
    cores = (mean["fusing_s"] + mean["keeping_s"]) * sizing.FRAME_HZ
    predicted = mean["participants"] * sizing.per_participant()[0]
    figures = {
        "participants": mean["participants"],
        "copies": mean["told"] / mean["own"],
        "fusion_ms": mean["fusing_s"] * 1000,
        "checkpoint_ms": mean["keeping_s"] * KEPT_TICKS * 1000,
        "cores": cores,
        "predicted_cores": predicted,
        "of_predicted": cores / predicted,
        "tiles_a_core": 1 / cores,
    }
    return {"bench": "tile", "machine": describe(), "figures": figures, "peers": {}}
