"""Probe data (浮动车数据): what connected vehicles tell of the lanes they drive, by lane and minute, without anybody's id.

For each lane and minute: how many vehicles came to it, the mean of their speeds, how long its length takes at their harmonic
mean (Wardrop 1952), and how often one began to brake hard. What too few vehicles told is withheld: it would be somebody's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jinyun.shapes import SEEN_BY_ITSELF

if TYPE_CHECKING:
    from jinyun.cloud.apps.scene import Scene

PROBE = np.dtype(
    [
        ("begin_us", np.int64),
        ("lane", np.int32),
        ("section", np.int32),
        ("samples", np.int32),
        ("vehicles", np.int32),
        ("speed_mps", np.float32),
        ("travel_s", np.float32),
        ("hard_braking", np.int32),
        ("valid", np.bool_),
    ]
)
"""One lane in one minute; speed and travel time NaN where ``valid`` is false: too few vehicles, or samples."""
MINUTE_US = 60_000_000
SAMPLE_US = 1_000_000
KEPT_MINUTES = 120
CREEPS_MPS = 0.5
"""Who is slower counts as so fast in travel times: a stand of some seconds is no journey that never ends."""


@dataclass
class Probes:
    """The running minute and those before; ids of tracks only from one sample to the next."""

    begin_us: int = 0
    sampled_us: int = 0
    sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 5)))
    past: deque[NDArray[np.void]] = field(default_factory=lambda: deque(maxlen=KEPT_MINUTES))
    _lane_of: tuple[NDArray[np.uint32], NDArray[np.int32]] = (np.empty(0, np.uint32), np.empty(0, np.int32))
    _braking: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, np.uint32))

    def take(self, scene: Scene, parameters: Mapping[str, float]) -> None:
        """Sum up one frame."""
        lanes = len(scene.map.lanes["id"])
        if not self.begin_us or len(self.sums) != lanes:
            self.begin_us, self.sums = scene.t_us // MINUTE_US * MINUTE_US, np.zeros((lanes, 5))
        if scene.t_us >= self.begin_us + MINUTE_US:
            self._close(scene, parameters)
            self.begin_us, self.sums = scene.t_us // MINUTE_US * MINUTE_US, np.zeros((lanes, 5))
        tracks = scene.tracks
        speed = tracks["speed_mps"].astype(np.float64)
        own = scene.driven & (tracks["seen_by"] & SEEN_BY_ITSELF > 0) & (scene.located.lane >= 0) & np.isfinite(speed)
        with np.errstate(invalid="ignore"):
            hard = own & (tracks["accel_mps2"] <= -parameters["hard_mps2"])
        begins = hard & ~np.isin(tracks["id"], self._braking)
        if begins.any():
            self.sums[:, 4] += np.bincount(scene.located.lane[begins], minlength=lanes)
        self._braking = tracks["id"][hard].copy()
        if scene.t_us - self.sampled_us < SAMPLE_US:
            return
        self.sampled_us = scene.t_us
        lane, ids = scene.located.lane[own], tracks["id"][own]
        came = ~_same(ids, lane, *self._lane_of)
        self._lane_of = ids.copy(), lane.copy()
        v = speed[own]
        for column, values in enumerate((np.ones(len(v)), v, 1 / np.maximum(v, CREEPS_MPS), came.astype(float))):
            self.sums[:, column] += np.bincount(lane, values, minlength=lanes)

    def _close(self, scene: Scene, parameters: Mapping[str, float]) -> None:
        rows = np.flatnonzero(self.sums[:, 0] + self.sums[:, 4] > 0)
        made = np.zeros(len(rows), PROBE)
        samples, total, slowness, vehicles, hard = self.sums[rows].T
        made["begin_us"], made["lane"] = self.begin_us, rows
        made["section"] = scene.map.lanes["section"][rows]
        made["samples"], made["vehicles"], made["hard_braking"] = samples, vehicles, hard
        made["valid"] = valid = (vehicles >= parameters["least_vehicles"]) & (samples >= parameters["least_samples"])
        many = np.maximum(samples, 1)
        made["speed_mps"] = np.where(valid, total / many, np.nan)
        made["travel_s"] = np.where(valid, scene.roadway.roads.extent_m[rows] * slowness / many, np.nan)
        made["hard_braking"][~valid] = 0
        self.past.append(made)

    def query(
        self, from_us: int = 0, until_us: int = 2**62, *, lane: int | None = None, section: int | None = None
    ) -> NDArray[np.void]:
        """Return the PROBE rows of closed minutes in [from_us, until_us), of one lane or section or of all."""
        rows = np.concatenate([np.empty(0, PROBE), *self.past])
        keep = (rows["begin_us"] >= from_us) & (rows["begin_us"] < until_us)
        if lane is not None:
            keep &= rows["lane"] == lane
        if section is not None:
            keep &= rows["section"] == section
        return rows[keep]


def _same(
    ids: NDArray[np.uint32], lane: NDArray[np.int32], before: NDArray[np.uint32], on: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Return who was on the same lane a sample ago."""
    if not len(before):
        return np.zeros(len(ids), np.bool_)
    order = np.argsort(before, kind="stable")
    at = order[np.minimum(np.searchsorted(before[order], ids), len(order) - 1)]
    same: NDArray[np.bool_] = (before[at] == ids) & (on[at] == lane)
    return same
